/* pack_when.c - conditions of packs, read: kernel, values, other events. Layer: family. */
#include <stddef.h>
#include <string.h>

#include "core/lists.h"
#include "family/pack/pack_reader.h"

#define A_DAY 86400u

/* ---- other events ---------------------------------------------------------------------------- */

static bool read_other(kd_pack_reader *in, const kd_json_value *value, kd_pack_other *other)
{
    static const kd_pack_member members[] = {
        KD_MEMBER("event", kd_pack_read_words, offsetof(kd_pack_other, events), 0, 0),
        KD_MEMBER("within", kd_pack_read_u32, offsetof(kd_pack_other, within), 1, A_DAY),
        KD_MEMBER("same_device", kd_pack_read_flag, offsetof(kd_pack_other, same_device), 0, 0),
        KD_MEMBER("has", kd_pack_read_text, offsetof(kd_pack_other, has), 0, 200),
        KD_MEMBER("frames", kd_pack_read_texts, offsetof(kd_pack_other, frames), 3, 100),
    };
    other->within = 60;
    if (!kd_pack_read_item(in, value, members, KD_COUNT(members), other))
        return false;
    return other->events.len > 0 || kd_pack_refuse(in, "names no event");
}

bool kd_pack_read_others(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *member, void *to)
{
    size_t count = value->type == KD_JSON_LIST ? value->count : 0;
    (void)member;
    if (count == 0 || count > 8)
        return kd_pack_refuse(in, "is no list of 1 to 8 events");
    for (const kd_json_value *item = value->first; item; item = item->next) {
        kd_pack_other *other = KD_LIST_ADD(in->arena, (kd_list *)to, kd_pack_other);
        if (!other)
            return kd_pack_refuse(in, "out of memory");
        if (!read_other(in, item, other))
            return false;
    }
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool read_wanted(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member, void *to)
{
    static const kd_pack_member texts = { .least = 1, .most = 200 };
    (void)member;
    if (value->type != KD_JSON_OBJECT || value->count == 0)
        return kd_pack_refuse(in, "fields is no object with members");
    for (const kd_json_value *values = value->first; values; values = values->next) {
        kd_pack_wanted *wanted = KD_LIST_ADD(in->arena, (kd_list *)to, kd_pack_wanted);
        kd_str name = kd_arena_str(in->arena, (kd_str){ values->key.ptr, values->key.len + 1 });
        if (!wanted || name.len == 0)
            return kd_pack_refuse(in, "out of memory");
        wanted->field = (kd_str){ name.ptr, name.len - 1 };
        if (!kd_pack_read_texts(in, values, &texts, &wanted->values))
            return false;
    }
    return true;
}

bool kd_pack_read_when(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                       void *to)
{
    static const kd_pack_member members[] = {
        KD_MEMBER("arch", kd_pack_read_text, offsetof(kd_pack_when, archs), 0, 200),
        KD_MEMBER("from", kd_pack_read_release, offsetof(kd_pack_when, from), 0, 0),
        KD_MEMBER("until", kd_pack_read_release, offsetof(kd_pack_when, until), 0, 0),
        KD_MEMBER("fields", read_wanted, offsetof(kd_pack_when, fields), 0, 0),
        KD_MEMBER("after", kd_pack_read_others, offsetof(kd_pack_when, after), 0, 0),
        KD_MEMBER("before", kd_pack_read_others, offsetof(kd_pack_when, before), 0, 0),
        KD_MEMBER("not_after", kd_pack_read_others, offsetof(kd_pack_when, not_after), 0, 0),
    };
    (void)member;
    return kd_pack_read_item(in, value, members, KD_COUNT(members), to);
}

/* ---- do the names mean something? ------------------------------------------------------------ */

static bool is_event(const kd_packs *packs, kd_str word)
{
    for (size_t i = 0; i < kd_kind_count; i++)
        if (!kd_kinds[i]->is_fact && kd_str_is(word, kd_kinds[i]->name))
            return true;
    for (uint32_t i = 0; i < packs->entries.count; i++)
        if (kd_str_eq(kd_packs_at(packs, i)->id, word))
            return true;
    return false;
}

typedef struct naming {
    const kd_packs *packs;
    const kd_pack_entry *entry;
    kd_pack_error error;
} naming;

static bool refuse_name(const naming *of, const char *what, kd_str word)
{
    kd_str_print(of->error.text, of->error.room, "%.*s: %s: %.*s", KD_FMT(of->entry->id), what,
                 KD_FMT(word));
    return false;
}

static bool check_others(const naming *of, const kd_list *others, bool may_be_itself)
{
    for (uint32_t i = 0; i < others->count; i++) {
        kd_str rest = KD_ITEMS(*others, kd_pack_other)[i].events, word;
        while (kd_str_split(&rest, ' ', &word)) {
            if (!is_event(of->packs, word))
                return refuse_name(of, "no kind of events and no entry has this name", word);
            if (!may_be_itself && kd_str_eq(word, of->entry->id))
                return refuse_name(of, "an entry does not explain itself", word);
        }
    }
    return true;
}

static bool check_when(const naming *of, const kd_pack_when *when)
{
    for (uint32_t i = 0; i < when->fields.count; i++) {
        kd_str name = KD_ITEMS(when->fields, kd_pack_wanted)[i].field;
        uint32_t k = 0;
        const kd_list *fields = &of->entry->fields;
        while (k < fields->count && !kd_str_eq(KD_ITEMS(*fields, kd_pack_field)[k].name, name))
            k++;
        if (k == fields->count)
            return refuse_name(of, "when: the entry has no such field", name);
    }
    return check_others(of, &when->after, true) && check_others(of, &when->before, true) &&
           check_others(of, &when->not_after, true);
}

bool kd_packs_check_names(const kd_packs *packs, kd_packs_mark from, kd_pack_error error)
{
    for (uint32_t i = from.entries; i < packs->entries.count; i++) {
        const kd_pack_entry *entry = kd_packs_at(packs, i);
        naming of = { packs, entry, error };
        if (!check_when(&of, &entry->when) || !check_others(&of, &entry->caused_by, false) ||
            !check_others(&of, &entry->explains, false))
            return false;
        for (uint32_t k = 0; k < entry->cases.count; k++)
            if (!check_when(&of, &KD_ITEMS(entry->cases, kd_pack_case)[k].when))
                return false;
    }
    return true;
}
