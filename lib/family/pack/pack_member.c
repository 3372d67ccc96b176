/* pack_member.c - members of a pack's objects: texts, lists, numbers, words. Layer: family. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/context.h"
#include "family/pack/pack_reader.h"

bool kd_pack_refuse(kd_pack_reader *in, const char *what)
{
    const char *key = in->key ? in->key : "", *colon = in->key ? ": " : "";
    if (in->error.room > 0 && in->number > 0)
        snprintf(in->error.text, in->error.room, "%s %zu (%.80s): %.40s%s%.200s", in->list,
                 in->number, in->id.len > 0 ? in->id.ptr : "no id", key, colon, what);
    else if (in->error.room > 0)
        snprintf(in->error.text, in->error.room, "%.40s%s%.200s", key, colon, what);
    in->status = in->packs->mem->failed ? KD_E_NOMEM : KD_E_INVAL;
    return false;
}

void kd_pack_note_id(kd_pack_reader *in, const kd_json_value *item)
{
    const kd_json_value *id = kd_json_member(item, "id", KD_JSON_TEXT);
    if (id)
        in->id = kd_str_of(id->text.ptr);
}

/* ---- objects --------------------------------------------------------------------------------- */

static bool refuse_member(kd_pack_reader *in, kd_str key, const kd_pack_member *members,
                          size_t count)
{
    char text[240];
    int len = snprintf(text, sizeof text, "no member is named \"%.*s\": it takes ",
                       key.len > 40 ? 40 : (int)key.len, key.ptr);
    for (size_t i = 0; i < count && len > 0 && (size_t)len < sizeof text; i++)
        len +=
            snprintf(text + len, sizeof text - (size_t)len, "%s%s", i ? ", " : "", members[i].key);
    return kd_pack_refuse(in, text);
}

static bool read_object(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *members, size_t count, void *to, bool outermost)
{
    if (value->type != KD_JSON_OBJECT)
        return kd_pack_refuse(in, "is no object");
    for (const kd_json_value *item = value->first; item; item = item->next) {
        size_t i = 0;
        while (i < count && !kd_str_is(item->key, members[i].key))
            i++;
        if (i == count)
            return refuse_member(in, item->key, members, count);
        if (outermost)
            in->key = members[i].key;
        if (!members[i].read(in, item, &members[i], (char *)to + members[i].at))
            return false;
        if (outermost)
            in->key = NULL;
    }
    return true;
}

bool kd_pack_read_object(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *members, size_t count, void *to)
{
    return read_object(in, value, members, count, to, true);
}

bool kd_pack_read_item(kd_pack_reader *in, const kd_json_value *value,
                       const kd_pack_member *members, size_t count, void *to)
{
    return read_object(in, value, members, count, to, false);
}

/* ---- values ---------------------------------------------------------------------------------- */

bool kd_pack_read_text(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                       void *to)
{
    if (value->type != KD_JSON_TEXT)
        return kd_pack_refuse(in, "is no text");
    size_t len = value->text.len;
    const char *text = value->text.ptr;
    if (len == 0 || len > member->most)
        return kd_pack_refuse(in, len ? "is too long" : "is empty");
    if (memchr(text, '\0', len))
        return kd_pack_refuse(in, "holds a NUL");
    kd_str copy = kd_arena_str(in->arena, (kd_str){ text, len + 1 });
    if (copy.len == 0)
        return kd_pack_refuse(in, "out of memory");
    *(kd_str *)to = (kd_str){ copy.ptr, len };
    return true;
}

bool kd_pack_read_texts(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member, void *to)
{
    const kd_pack_member one = { .most = member->most };
    if (value->type != KD_JSON_LIST || value->count > KD_PACK_MOST_ITEMS)
        return kd_pack_refuse(in, "is no list of at most 32 texts");
    if (value->count == 0)
        return kd_pack_refuse(in, "is empty");
    for (const kd_json_value *text = value->first; text; text = text->next) {
        kd_str *item = KD_LIST_ADD(in->arena, (kd_list *)to, kd_str);
        if (!item)
            return kd_pack_refuse(in, "out of memory");
        if (!kd_pack_read_text(in, text, &one, item))
            return false;
        if (item->len < member->least)
            return kd_pack_refuse(in, "a text of it has fewer than 4 bytes");
    }
    return true;
}

bool kd_pack_read_words(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member, void *to)
{
    const kd_pack_member one = { .most = 80, .least = 1 };
    kd_list words = { .count = 0 };
    kd_str *all = to;
    (void)member;
    if (!kd_pack_read_texts(in, value, &one, &words))
        return false;
    for (uint32_t i = 0; i < words.count; i++) {
        kd_str word = KD_ITEMS(words, kd_str)[i];
        if (memchr(word.ptr, ' ', word.len))
            return kd_pack_refuse(in, "a word of it holds a blank");
        *all = kd_arena_format(in->arena, "%.*s%s%.*s%c", KD_FMT(*all), i ? " " : "", KD_FMT(word),
                               '\0');
        if (all->len == 0)
            return kd_pack_refuse(in, "out of memory");
        all->len--; /* without the NUL */
    }
    return true;
}

bool kd_pack_read_flag(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                       void *to)
{
    (void)member;
    if (value->type != KD_JSON_FLAG)
        return kd_pack_refuse(in, "is neither true nor false");
    *(bool *)to = value->flag;
    return true;
}

bool kd_pack_read_u32(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                      void *to)
{
    char why[64];
    int64_t number = value->type == KD_JSON_NUMBER ? value->number : -1;
    if (number < (int64_t)member->least || number > (int64_t)member->most) {
        snprintf(why, sizeof why, "%s is no number from %zu to %zu", member->key, member->least,
                 member->most);
        return kd_pack_refuse(in, why);
    }
    *(uint32_t *)to = (uint32_t)number;
    return true;
}

bool kd_pack_read_choice(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *member, void *to)
{
    const char *text = value->type == KD_JSON_TEXT ? value->text.ptr : "";
    for (int i = 0; i < (int)member->most; i++)
        if (text[0] && strcmp(text, member->name_of(i)) == 0) {
            *(int *)to = i;
            return true;
        }
    return kd_pack_refuse(in, "is none of its words");
}

bool kd_pack_read_release(kd_pack_reader *in, const kd_json_value *value,
                          const kd_pack_member *member, void *to)
{
    const kd_pack_member one = { .most = 40 };
    kd_str text;
    (void)member;
    if (!kd_pack_read_text(in, value, &one, &text))
        return false;
    uint32_t version = kd_kernel_parse(text);
    *(uint32_t *)to = version;
    return version != 0 || kd_pack_refuse(in, "is no kernel release");
}
