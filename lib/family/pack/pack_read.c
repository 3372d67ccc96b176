/* pack_read.c - the JSON text of a pack, checked: a wrong entry is told by its number and id.
 * Layer: family. */
#include "base/mem.h"
#include "family/fields.h"
#include "family/pack/pack.h"
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define LARGEST_PACK ((size_t)1 << 20)
#define MOST_ENTRIES 1000u
#define MOST_ITEMS 32u
#define LONGEST_ITEM ((size_t)4000)

typedef struct reader {
    kd_packs *packs;
    kd_pack_entry *entry;
    kd_str pack;     /* its name */
    size_t number;   /* of the entry, from 1; 0: outside */
    const char *key; /* that is being read */
    kd_pack_error error;
    kd_status status;
} reader;

/* Always false. */
static bool refuse(reader *in, const char *what)
{
    const char *id = in->entry && in->entry->id.len > 0 ? in->entry->id.ptr : "no id";
    if (in->error.room > 0 && in->number > 0)
        snprintf(in->error.text, in->error.room, "entry %zu (%.80s): %s%s%.160s", in->number, id,
                 in->key ? in->key : "", in->key ? ": " : "", what);
    else if (in->error.room > 0)
        snprintf(in->error.text, in->error.room, "%s%s%.160s", in->key ? in->key : "",
                 in->key ? ": " : "", what);
    in->status = in->packs->mem->failed ? KD_E_NOMEM : KD_E_INVAL;
    return false;
}

/* ---- texts and lists ------------------------------------------------------------------------- */

static bool read_text(reader *in, json_object *value, size_t longest, kd_str *out)
{
    if (!json_object_is_type(value, json_type_string))
        return refuse(in, "is no text");
    size_t len = (size_t)json_object_get_string_len(value);
    const char *text = json_object_get_string(value);
    if (len == 0 || len > longest)
        return refuse(in, len ? "is too long" : "is empty");
    if (memchr(text, '\0', len))
        return refuse(in, "holds a NUL");
    kd_str copy = kd_arena_str(&in->packs->arena, (kd_str){ text, len + 1 });
    if (copy.len == 0)
        return refuse(in, "out of memory");
    *out = (kd_str){ copy.ptr, len };
    return true;
}

static bool read_texts(reader *in, json_object *value, size_t shortest, kd_list *out)
{
    if (!json_object_is_type(value, json_type_array) ||
        json_object_array_length(value) > MOST_ITEMS)
        return refuse(in, "is no list of at most 32 texts");
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        kd_str *item = KD_LIST_ADD(&in->packs->arena, out, kd_str);
        if (!item)
            return refuse(in, "out of memory");
        if (!read_text(in, json_object_array_get_idx(value, i), LONGEST_ITEM, item))
            return false;
        if (item->len < shortest)
            return refuse(in, "a text of it has fewer than 4 bytes");
    }
    return true;
}

/* One of the names; its place. */
static bool read_choice(reader *in, json_object *value, const char *(*name_of)(int), int count,
                        int *out)
{
    const char *text =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    for (int i = 0; i < count; i++)
        if (text[0] && strcmp(text, name_of(i)) == 0) {
            *out = i;
            return true;
        }
    return refuse(in, "is none of its words");
}

static const char *severity_name(int i)
{
    return kd_severity_name((kd_severity)i);
}
static const char *confidence_name(int i)
{
    return kd_confidence_name((kd_confidence)i);
}
static const char *impact_name(int i)
{
    return kd_impact_name((kd_impact)i);
}
static const char *suspect_name(int i)
{
    return kd_suspect_name((kd_suspect)i);
}
static const char *type_name(int i)
{
    static const char *const names[] = {
        [KD_PACK_TEXT] = "text", [KD_PACK_NUMBER] = "number", [KD_PACK_HEX] = "hex"
    };
    return names[i];
}
static const char *action_name(int i)
{
    static const char *const names[] = { "replace", "reboot", "update", "reconfigure",
                                         "report",  "watch",  "none" };
    return names[i];
}

/* ---- the parts of an entry ------------------------------------------------------------------- */

static bool read_anchors(reader *in, json_object *value)
{
    return read_texts(in, value, 4, &in->entry->anchors) &&
           (in->entry->anchors.count > 0 || refuse(in, "is empty"));
}

static bool read_kind(reader *in, json_object *value)
{
    static const kd_kind *const kinds[] = { &kd_kind_pack_message, &kd_kind_clock_error,
                                            &kd_kind_firmware_error };
    const char *text =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    for (size_t i = 0; i < KD_COUNT(kinds); i++)
        if (strcmp(text, kinds[i]->name) == 0) {
            in->entry->kind = kinds[i];
            return true;
        }
    return refuse(in, "is none of pack_message, clock_error and firmware_error");
}

/* Words of a scale. */
static bool read_level(reader *in, const char *key, json_object *value)
{
    kd_pack_entry *entry = in->entry;
    int found = 0;
    if (key[0] == 's') {
        if (read_choice(in, value, severity_name, KD_FATAL + 1, &found))
            entry->severity = (kd_severity)found;
    } else if (key[0] == 'i') {
        if (read_choice(in, value, impact_name, KD_IMPACT_MACHINE_DOWN + 1, &found))
            entry->impact = (kd_impact)found;
    } else if (read_choice(in, value, confidence_name, KD_CERTAIN, &found)) {
        entry->confidence = (kd_confidence)found;
    } else {
        refuse(in, "is neither possible nor likely: a pack proves nothing");
    }
    return in->status == KD_OK;
}

static bool read_action(reader *in, json_object *value)
{
    int found = 0;
    return read_choice(in, value, action_name, 7, &found) &&
           read_text(in, value, 20, &in->entry->action);
}

static bool read_suspect(reader *in, json_object *value)
{
    int found = 0;
    if (!json_object_is_type(value, json_type_object))
        return refuse(in, "is no object");
    json_object_object_foreach(value, key, member)
    {
        bool right = false;
        if (strcmp(key, "class") == 0) {
            right = read_choice(in, member, suspect_name, KD_SUSPECT_UNKNOWN + 1, &found);
            if (right)
                in->entry->suspect = (kd_suspect)found;
        } else if (strcmp(key, "name") == 0) {
            right = read_text(in, member, 200, &in->entry->suspect_name);
        } else if (strcmp(key, "why") == 0) {
            right = read_text(in, member, 400, &in->entry->suspect_why);
        } else {
            refuse(in, "takes class, name and why");
        }
        if (!right)
            return false;
    }
    return in->entry->suspect != KD_SUSPECT_NONE || refuse(in, "has no class");
}

static bool read_flag(reader *in, json_object *value, bool *out)
{
    if (!json_object_is_type(value, json_type_boolean))
        return refuse(in, "is neither true nor false");
    *out = json_object_get_boolean(value);
    return true;
}

static bool read_fields(reader *in, json_object *value)
{
    if (!json_object_is_type(value, json_type_object))
        return refuse(in, "is no object");
    json_object_object_foreach(value, key, member)
    {
        kd_pack_entry *entry = in->entry;
        int type = 0;
        size_t len = strlen(key);
        if (entry->field_count == KD_PACK_MOST_FIELDS)
            return refuse(in, "has more than 16 members");
        if (len == 0 || len > 32 || strspn(key, "abcdefghijklmnopqrstuvwxyz_0123456789") != len)
            return refuse(in, "a name is no word of small letters, digits and _");
        if (!read_choice(in, member, type_name, KD_PACK_HEX + 1, &type))
            return refuse(in, "a type is none of text, number and hex");
        kd_str name = kd_arena_str(&in->packs->arena, (kd_str){ key, len + 1 });
        if (name.len == 0)
            return refuse(in, "out of memory");
        entry->fields[entry->field_count++] =
            (kd_pack_field){ .name = { name.ptr, len }, .type = (kd_pack_type)type };
    }
    return true;
}

static bool read_version(reader *in, json_object *value, uint32_t *out)
{
    kd_str text;
    if (!read_text(in, value, 40, &text))
        return false;
    *out = kd_kernel_parse(text);
    return *out != 0 || refuse(in, "is no kernel release");
}

static bool read_when(reader *in, json_object *value)
{
    if (!json_object_is_type(value, json_type_object))
        return refuse(in, "is no object");
    json_object_object_foreach(value, key, member)
    {
        bool right;
        if (strcmp(key, "arch") == 0)
            right = read_text(in, member, 200, &in->entry->archs);
        else if (strcmp(key, "from") == 0)
            right = read_version(in, member, &in->entry->from);
        else if (strcmp(key, "until") == 0)
            right = read_version(in, member, &in->entry->until);
        else
            right = refuse(in, "takes arch, from and until");
        if (!right)
            return false;
    }
    return true;
}

/* ---- examples -------------------------------------------------------------------------------- */

static bool read_log(reader *in, json_object *value, kd_str *out)
{
    size_t count =
        json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
    kd_str text = { "", 0 };
    if (count == 0 || count > 64)
        return refuse(in, "a log is no list of 1 to 64 lines");
    for (size_t i = 0; i < count; i++) {
        kd_str line;
        if (!read_text(in, json_object_array_get_idx(value, i), 1000, &line))
            return false;
        text = kd_arena_format(&in->packs->arena, "%.*s%.*s\n", KD_FMT(text), KD_FMT(line));
        if (text.len == 0 || text.len > 4000)
            return refuse(in, "a log is longer than 4000 bytes");
    }
    *out = text;
    return true;
}

static bool read_expected(reader *in, json_object *value, kd_pack_example *example)
{
    if (!json_object_is_type(value, json_type_object))
        return refuse(in, "fields is no object");
    json_object_object_foreach(value, key, member)
    {
        kd_pack_value *expected = KD_LIST_ADD(&in->packs->arena, &example->values, kd_pack_value);
        kd_str name = kd_arena_str(&in->packs->arena, (kd_str){ key, strlen(key) + 1 });
        if (!expected || name.len == 0)
            return refuse(in, "out of memory");
        expected->name = (kd_str){ name.ptr, name.len - 1 };
        if (!read_text(in, member, 1000, &expected->value))
            return false;
    }
    return true;
}

static bool read_example(reader *in, json_object *value, kd_pack_example *example)
{
    bool read = false;
    if (!json_object_is_type(value, json_type_object))
        return refuse(in, "is no list of objects with lines and fields");
    json_object_object_foreach(value, key, member)
    {
        bool right;
        if (strcmp(key, "lines") == 0)
            right = read = read_log(in, member, &example->log);
        else if (strcmp(key, "fields") == 0)
            right = read_expected(in, member, example);
        else
            right = refuse(in, "takes lines and fields");
        if (!right)
            return false;
    }
    return read || refuse(in, "an example has no lines");
}

static bool read_logs(reader *in, json_object *value, kd_list *out, bool fires)
{
    size_t count =
        json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
    if (count == 0 || count > MOST_ITEMS)
        return refuse(in, "is no list of 1 to 32 logs");
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_object_array_get_idx(value, i);
        kd_pack_example *example = KD_LIST_ADD(&in->packs->arena, out, kd_pack_example);
        if (!example)
            return refuse(in, "out of memory");
        if (!(fires ? read_example(in, item, example) : read_log(in, item, &example->log)))
            return false;
    }
    return true;
}

/* ---- an entry -------------------------------------------------------------------------------- */

static bool read_member(reader *in, const char *key, json_object *value, kd_str *pattern)
{
    kd_pack_entry *entry = in->entry;
    in->key = key;
    bool right = true;
    if (strcmp(key, "id") == 0)
        right = read_text(in, value, 80, &entry->id);
    else if (strcmp(key, "title") == 0)
        right = read_text(in, value, 100, &entry->title);
    else if (strcmp(key, "kind") == 0)
        right = read_kind(in, value);
    else if (strcmp(key, "severity") == 0 || strcmp(key, "confidence") == 0 ||
             strcmp(key, "impact") == 0)
        right = read_level(in, key, value);
    else if (strcmp(key, "anchors") == 0)
        right = read_anchors(in, value);
    else if (strcmp(key, "pattern") == 0)
        right = read_text(in, value, 1000, pattern);
    else if (strcmp(key, "fields") == 0)
        right = read_fields(in, value);
    else if (strcmp(key, "follows") == 0)
        right = read_texts(in, value, 1, &entry->follows);
    else if (strcmp(key, "stack") == 0)
        right = read_flag(in, value, &entry->stack);
    else if (strcmp(key, "when") == 0)
        right = read_when(in, value);
    else if (strcmp(key, "explanation") == 0)
        right = read_text(in, value, 1200, &entry->explanation);
    else if (strcmp(key, "remedies") == 0)
        right = read_texts(in, value, 1, &entry->remedies);
    else if (strcmp(key, "links") == 0)
        right = read_texts(in, value, 1, &entry->links);
    else if (strcmp(key, "suspect") == 0)
        right = read_suspect(in, value);
    else if (strcmp(key, "action") == 0)
        right = read_action(in, value);
    else if (strcmp(key, "examples") == 0)
        right = read_logs(in, value, &entry->examples, true);
    else if (strcmp(key, "near_misses") == 0)
        right = read_logs(in, value, &entry->near_misses, false);
    else
        right = refuse(in, "no member of an entry has this name");
    in->key = NULL;
    return right;
}

static bool is_whole(reader *in)
{
    const kd_pack_entry *entry = in->entry;
    if (entry->id.len == 0)
        return refuse(in, "no id");
    if (!strchr(entry->id.ptr, '.') ||
        strspn(entry->id.ptr, "abcdefghijklmnopqrstuvwxyz0123456789.-") != entry->id.len)
        return refuse(in, "the id is not of the form \"site.what-happened\"");
    if (entry->title.len == 0 || entry->explanation.len == 0)
        return refuse(in, "no title, or no explanation");
    if (entry->anchors.count == 0)
        return refuse(in, "no anchors");
    if (entry->examples.count == 0)
        return refuse(in, "no example that fires");
    return entry->near_misses.count > 0 || refuse(in, "no near miss");
}

static bool has_id(const kd_packs *packs, kd_str id)
{
    uint32_t i = 0;
    while (i < packs->entries.count && !kd_str_eq(kd_packs_at(packs, i)->id, id))
        i++;
    return i < packs->entries.count;
}

static bool read_entry(reader *in, json_object *value)
{
    kd_arena *arena = &in->packs->arena;
    kd_str pattern = { NULL, 0 };
    in->entry = kd_arena_alloc(arena, sizeof *in->entry);
    if (!in->entry)
        return refuse(in, "out of memory");
    in->entry->pack = in->pack;
    in->entry->kind = &kd_kind_pack_message;
    in->entry->severity = KD_WARNING;
    in->entry->confidence = KD_POSSIBLE;
    if (!json_object_is_type(value, json_type_object))
        return refuse(in, "is no object");
    json_object_object_foreach(value, key,
                               member) if (!read_member(in, key, member, &pattern)) return false;
    if (!is_whole(in))
        return false;
    if (has_id(in->packs, in->entry->id))
        return refuse(in, "its id is taken");
    if (pattern.len == 0 && in->entry->field_count > 0)
        return refuse(in, "fields without a pattern");
    if (pattern.len > 0) {
        char why[200] = "";
        if (!kd_pack_compile(in->packs, in->entry, pattern, (kd_pack_error){ why, sizeof why })) {
            kd_pack_release(in->entry);
            return refuse(in, why);
        }
    }
    kd_pack_entry **place = KD_LIST_ADD(arena, &in->packs->entries, kd_pack_entry *);
    if (!place) {
        kd_pack_release(in->entry);
        return refuse(in, "out of memory");
    }
    *place = in->entry;
    return true;
}

static bool read_pack(reader *in, json_object *root)
{
    json_object *format, *name, *entries;
    if (!json_object_is_type(root, json_type_object))
        return refuse(in, "is no JSON object");
    if (!json_object_object_get_ex(root, "format", &format) ||
        !json_object_is_type(format, json_type_string) ||
        strcmp(json_object_get_string(format), "kdiag-pack/1") != 0)
        return refuse(in, "\"format\" is not \"kdiag-pack/1\"");
    if (!json_object_object_get_ex(root, "name", &name) || !read_text(in, name, 80, &in->pack))
        return refuse(in, "no name");
    if (!json_object_object_get_ex(root, "entries", &entries) ||
        !json_object_is_type(entries, json_type_array) ||
        json_object_array_length(entries) > MOST_ENTRIES || json_object_array_length(entries) == 0)
        return refuse(in, "no list of 1 to 1000 entries");
    for (in->number = 1; in->number <= json_object_array_length(entries); in->number++)
        if (!read_entry(in, json_object_array_get_idx(entries, in->number - 1)))
            return false;
    return true;
}

kd_status kd_packs_add(kd_packs *packs, kd_str json, kd_pack_error error)
{
    reader in = { .packs = packs, .error = error, .status = KD_OK };
    uint32_t before = packs->entries.count;
    packs->arena.mem = packs->mem;
    if ((json.len == 0 || json.len > LARGEST_PACK) &&
        !refuse(&in, "is empty, or larger than 1 MiB"))
        return in.status;
    json_tokener *tokener = json_tokener_new_ex(16);
    if (!tokener)
        return KD_E_NOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *root = json_tokener_parse_ex(tokener, json.ptr, (int)json.len);
    enum json_tokener_error why = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    while (root && end < json.len && memchr(" \t\r\n", json.ptr[end], 4))
        end++;
    if (!root && why == json_tokener_continue)
        refuse(&in, "the JSON ends too early");
    else if (!root)
        refuse(&in, json_tokener_error_desc(why));
    else if (end < json.len)
        refuse(&in, "more than one JSON value");
    else
        read_pack(&in, root);
    json_object_put(root);
    json_tokener_free(tokener);
    if (in.status != KD_OK)
        kd_packs_cut(packs, before);
    return in.status;
}

void kd_packs_cut(kd_packs *packs, uint32_t count)
{
    while (packs->entries.count > count)
        kd_pack_release(kd_packs_at(packs, --packs->entries.count));
}
