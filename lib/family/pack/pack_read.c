/* pack_read.c - the JSON text of a pack, checked: a wrong entry is told by its number and id.
 * Layer: family. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "family/fields.h"
#include "family/pack/pack_reader.h"

#define LARGEST_PACK ((size_t)1 << 20)
#define MOST_ENTRIES 1000u
#define A_DAY 86400u

/* ---- the parts of an entry ------------------------------------------------------------------- */

static bool read_kind(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                      void *to)
{
    static const kd_kind *const kinds[] = { &kd_kind_pack_message, &kd_kind_clock_error,
                                            &kd_kind_firmware_error };
    const char *text = value->type == KD_JSON_TEXT ? value->text.ptr : "";
    (void)member;
    for (size_t i = 0; i < KD_COUNT(kinds); i++)
        if (strcmp(text, kinds[i]->name) == 0) {
            *(const kd_kind **)to = kinds[i];
            return true;
        }
    return kd_pack_refuse(in, "is none of pack_message, clock_error and firmware_error");
}

static bool read_type(kd_pack_reader *in, const kd_json_value *value, kd_pack_field *field)
{
    static const kd_pack_member type_of = { .most = 80 };
    const struct kd_word_decoder *decoder;
    kd_pack_type type;
    return kd_pack_read_text(in, value, &type_of, &field->type) &&
           (kd_pack_type_of(field, &type, &decoder) ||
            kd_pack_refuse(in, "a type is none of text, number, hex, and no decoder"));
}

static bool read_fields(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member, void *to)
{
    kd_list *fields = to;
    (void)member;
    if (value->type != KD_JSON_OBJECT)
        return kd_pack_refuse(in, "is no object");
    for (const kd_json_value *type = value->first; type; type = type->next) {
        const char *key = type->key.ptr;
        size_t len = type->key.len;
        if (fields->count == KD_PACK_MOST_FIELDS)
            return kd_pack_refuse(in, "has more than 16 members");
        if (len == 0 || len > 32 || strspn(key, "abcdefghijklmnopqrstuvwxyz_0123456789") != len)
            return kd_pack_refuse(in, "a name is no word of small letters, digits and _");
        kd_str name = kd_arena_str(in->arena, (kd_str){ key, len + 1 });
        kd_pack_field *field = KD_LIST_ADD(in->arena, fields, kd_pack_field);
        if (name.len == 0 || !field)
            return kd_pack_refuse(in, "out of memory");
        field->name = (kd_str){ name.ptr, len };
        if (!read_type(in, type, field))
            return false;
    }
    return true;
}

static bool read_repeat(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member, void *to)
{
    static const kd_pack_member members[] = {
        KD_MEMBER("count", kd_pack_read_u32, offsetof(kd_pack_repeat, count), 2,
                  KD_PACK_MOST_REPEATS),
        KD_MEMBER("within", kd_pack_read_u32, offsetof(kd_pack_repeat, within), 1, A_DAY),
    };
    const kd_pack_repeat *repeat = to;
    (void)member;
    return kd_pack_read_item(in, value, members, KD_COUNT(members), to) &&
           ((repeat->count > 0 && repeat->within > 0) ||
            kd_pack_refuse(in, "needs count and within"));
}

/* ---- examples -------------------------------------------------------------------------------- */

static bool read_log(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                     void *to)
{
    static const kd_pack_member line_of = { .most = 1000 };
    size_t count = value->type == KD_JSON_LIST ? value->count : 0;
    kd_str text = { "", 0 };
    (void)member;
    if (count == 0 || count > 64)
        return kd_pack_refuse(in, "a log is no list of 1 to 64 lines");
    for (const kd_json_value *item = value->first; item; item = item->next) {
        kd_str line;
        if (!kd_pack_read_text(in, item, &line_of, &line))
            return false;
        text = kd_arena_format(in->arena, "%.*s%.*s\n", KD_FMT(text), KD_FMT(line));
        if (text.len == 0 || text.len > 4000)
            return kd_pack_refuse(in, "a log is longer than 4000 bytes");
    }
    *(kd_str *)to = text;
    return true;
}

static bool read_expected(kd_pack_reader *in, const kd_json_value *value,
                          const kd_pack_member *member, void *to)
{
    static const kd_pack_member text_of = { .most = 1000 };
    (void)member;
    if (value->type != KD_JSON_OBJECT)
        return kd_pack_refuse(in, "fields is no object");
    for (const kd_json_value *text = value->first; text; text = text->next) {
        kd_pack_value *expected = KD_LIST_ADD(in->arena, (kd_list *)to, kd_pack_value);
        kd_str name = kd_arena_str(in->arena, (kd_str){ text->key.ptr, text->key.len + 1 });
        if (!expected || name.len == 0)
            return kd_pack_refuse(in, "out of memory");
        expected->name = (kd_str){ name.ptr, name.len - 1 };
        if (!kd_pack_read_text(in, text, &text_of, &expected->value))
            return false;
    }
    return true;
}

static bool read_logs(kd_pack_reader *in, const kd_json_value *value, kd_list *out, bool fires)
{
    static const kd_pack_member members[] = {
        KD_MEMBER("lines", read_log, offsetof(kd_pack_example, log), 0, 0),
        KD_MEMBER("fields", read_expected, offsetof(kd_pack_example, values), 0, 0),
    };
    size_t count = value->type == KD_JSON_LIST ? value->count : 0;
    if (count == 0 || count > KD_PACK_MOST_ITEMS)
        return kd_pack_refuse(in, "is no list of 1 to 32 logs");
    for (const kd_json_value *item = value->first; item; item = item->next) {
        kd_pack_example *example = KD_LIST_ADD(in->arena, out, kd_pack_example);
        if (!example)
            return kd_pack_refuse(in, "out of memory");
        if (!(fires ? kd_pack_read_item(in, item, members, KD_COUNT(members), example)
                    : read_log(in, item, NULL, &example->log)))
            return false;
        if (example->log.len == 0)
            return kd_pack_refuse(in, "an example has no lines");
    }
    return true;
}

bool kd_pack_read_examples(kd_pack_reader *in, const kd_json_value *value,
                           const kd_pack_member *member, void *to)
{
    (void)member;
    return read_logs(in, value, to, true);
}

bool kd_pack_read_near_misses(kd_pack_reader *in, const kd_json_value *value,
                              const kd_pack_member *member, void *to)
{
    (void)member;
    return read_logs(in, value, to, false);
}

/* ---- an entry -------------------------------------------------------------------------------- */

#define AT(member) offsetof(kd_pack_entry, member)
#define SAYS(member) (AT(says) + offsetof(kd_pack_says, member))

static const kd_pack_member entry_members[] = {
    KD_MEMBER("id", kd_pack_read_text, AT(id), 0, 80),
    KD_MEMBER("title", kd_pack_read_text, AT(title), 0, 100),
    KD_MEMBER("kind", read_kind, AT(kind), 0, 0),
    KD_MEMBER("severity", kd_pack_read_severity, AT(says), 0, 0),
    KD_MEMBER("confidence", kd_pack_read_confidence, AT(says), 0, 0),
    KD_MEMBER("impact", kd_pack_read_impact, AT(says), 0, 0),
    KD_MEMBER("anchors", kd_pack_read_texts, AT(anchors), 4, 4000),
    KD_MEMBER("pattern", kd_pack_read_text, AT(pattern), 0, 1000),
    KD_MEMBER("fields", read_fields, AT(fields), 0, 0),
    KD_MEMBER("device", kd_pack_read_text, AT(device), 0, 32),
    KD_MEMBER("tells", kd_pack_read_texts, AT(tells), 1, 32),
    KD_MEMBER("repeat", read_repeat, AT(repeat), 0, 0),
    KD_MEMBER("follows", kd_pack_read_texts, AT(follows), 1, 4000),
    KD_MEMBER("stack", kd_pack_read_flag, AT(stack), 0, 0),
    KD_MEMBER("when", kd_pack_read_when, AT(when), 0, 0),
    KD_MEMBER("cases", kd_pack_read_cases, AT(cases), 0, 0),
    KD_MEMBER("caused_by", kd_pack_read_others, AT(caused_by), 0, 0),
    KD_MEMBER("explains", kd_pack_read_others, AT(explains), 0, 0),
    KD_MEMBER("explanation", kd_pack_read_text, SAYS(explanation), 0, 1200),
    KD_MEMBER("remedies", kd_pack_read_texts, SAYS(remedies), 1, 4000),
    KD_MEMBER("links", kd_pack_read_texts, SAYS(links), 1, 4000),
    KD_MEMBER("suspect", kd_pack_read_suspect, AT(says), 0, 0),
    KD_MEMBER("action", kd_pack_read_action, SAYS(action), 0, 0),
    KD_MEMBER("examples", kd_pack_read_examples, AT(examples), 0, 0),
    KD_MEMBER("near_misses", kd_pack_read_near_misses, AT(near_misses), 0, 0),
};

bool kd_pack_is_id(kd_str id)
{
    return strchr(id.ptr, '.') &&
           strspn(id.ptr, "abcdefghijklmnopqrstuvwxyz0123456789.-") == id.len;
}

static bool is_whole(kd_pack_reader *in, const kd_pack_entry *entry)
{
    if (entry->id.len == 0)
        return kd_pack_refuse(in, "no id");
    if (!kd_pack_is_id(entry->id))
        return kd_pack_refuse(in, "the id is not of the form \"site.what-happened\"");
    if (entry->title.len == 0 || entry->says.explanation.len == 0)
        return kd_pack_refuse(in, "no title, or no explanation");
    if (entry->anchors.count == 0)
        return kd_pack_refuse(in, "no anchors");
    if (entry->pattern.len == 0 && entry->fields.count > 0)
        return kd_pack_refuse(in, "fields without a pattern");
    if (entry->examples.count == 0)
        return kd_pack_refuse(in, "no example that fires");
    return entry->near_misses.count > 0 || kd_pack_refuse(in, "no near miss");
}

static bool has_field(const kd_pack_entry *entry, kd_str name)
{
    for (uint32_t i = 0; i < entry->fields.count; i++)
        if (kd_str_eq(KD_ITEMS(entry->fields, kd_pack_field)[i].name, name))
            return true;
    return false;
}

static bool names_fields(kd_pack_reader *in, const kd_pack_entry *entry)
{
    for (uint32_t i = 0; i < entry->tells.count; i++)
        if (!has_field(entry, KD_ITEMS(entry->tells, kd_str)[i]))
            return kd_pack_refuse(in, "tells names what is none of its fields");
    return entry->device.len == 0 || has_field(entry, entry->device) ||
           kd_pack_refuse(in, "device is none of its fields");
}

static bool has_id(const kd_packs *packs, kd_str id)
{
    uint32_t i = 0;
    while (i < packs->entries.count && !kd_str_eq(kd_packs_at(packs, i)->id, id))
        i++;
    return i < packs->entries.count;
}

static bool check_pattern(kd_pack_reader *in, const kd_pack_entry *entry)
{
    char why[200] = "";
    return entry->pattern.len == 0 ||
           kd_pack_check_pattern(in->packs, entry, (kd_pack_error){ why, sizeof why }) ||
           kd_pack_refuse(in, why);
}

static bool read_entry(kd_pack_reader *in, const kd_json_value *value)
{
    kd_pack_entry *entry = kd_arena_alloc(in->arena, sizeof *entry);
    if (!entry)
        return kd_pack_refuse(in, "out of memory");
    *entry = (kd_pack_entry){ .pack = in->pack, .kind = &kd_kind_pack_message };
    entry->says.severity = KD_WARNING;
    kd_pack_note_id(in, value);
    if (!kd_pack_read_object(in, value, entry_members, KD_COUNT(entry_members), entry) ||
        !is_whole(in, entry) || !names_fields(in, entry))
        return false;
    if (has_id(in->packs, entry->id))
        return kd_pack_refuse(in, "its id is taken");
    if (!check_pattern(in, entry))
        return false;
    const kd_pack_entry **place =
        KD_LIST_ADD(in->arena, &in->packs->entries, const kd_pack_entry *);
    if (!place)
        return kd_pack_refuse(in, "out of memory");
    *place = entry;
    return true;
}

/* ---- the pack -------------------------------------------------------------------------------- */

static bool read_list(kd_pack_reader *in, const kd_json_value *list, const char *what,
                      bool (*read)(kd_pack_reader *in, const kd_json_value *value))
{
    if (list->type != KD_JSON_LIST || list->count > MOST_ENTRIES || list->count == 0)
        return kd_pack_refuse(in, "no list of 1 to 1000 entries");
    in->list = what;
    for (const kd_json_value *item = list->first; item; item = item->next) {
        in->number++;
        in->id = (kd_str){ "", 0 };
        if (!read(in, item))
            return false;
    }
    in->number = 0;
    in->key = NULL;
    return true;
}

static bool read_pack(kd_pack_reader *in, const kd_json_value *root)
{
    static const kd_pack_member name_of = { .most = 80 };
    if (root->type != KD_JSON_OBJECT)
        return kd_pack_refuse(in, "is no JSON object");
    const kd_json_value *format = kd_json_find(root, "format"), *name = kd_json_find(root, "name");
    const kd_json_value *entries = kd_json_find(root, "entries");
    const kd_json_value *known = kd_json_find(root, "known");
    if (!format || format->type != KD_JSON_TEXT || !kd_str_is(format->text, "kdiag-pack/1"))
        return kd_pack_refuse(in, "\"format\" is not \"kdiag-pack/1\"");
    if (!name || !kd_pack_read_text(in, name, &name_of, &in->pack))
        return kd_pack_refuse(in, "no name");
    if (!entries && !known)
        return kd_pack_refuse(in, "no list of 1 to 1000 entries");
    return (!entries || read_list(in, entries, "entry", read_entry)) &&
           (!known || read_list(in, known, "known", kd_pack_read_known));
}

kd_status kd_packs_add(kd_packs *packs, kd_str json, kd_pack_error error)
{
    kd_pack_reader in = { .packs = packs, .arena = &packs->arena, .error = error, .list = "" };
    kd_packs_mark before = kd_packs_here(packs);
    packs->arena.mem = packs->mem;
    if ((json.len == 0 || json.len > LARGEST_PACK) &&
        !kd_pack_refuse(&in, "is empty, or larger than 1 MiB"))
        return in.status;
    kd_arena tree = { .mem = packs->mem };
    const kd_json_value *root;
    const char *why = kd_json_read(&tree, json, &root);
    if (why)
        kd_pack_refuse(&in, why);
    else
        read_pack(&in, root);
    kd_arena_free(&tree);
    if (in.status != KD_OK)
        kd_packs_cut(packs, before);
    return in.status;
}
