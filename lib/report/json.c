/* json.c - one object as JSON, by the tables of its fields and members. Layer: report. */
#include "base/utf8.h"
#include "report/members.h"
#include "report/store.h"

/* "e12", "d3" */
static void put_id(kd_json *out, char letter, uint64_t id)
{
    char room[KD_DIGITS + 1];
    kd_str digits = kd_str_digits(room + 1, id);
    char *at = room + sizeof room - digits.len - 1;
    *at = letter;
    kd_json_text(out, (kd_str){ at, digits.len + 1 });
}

static void put_value(kd_json *out, const kd_value *value)
{
    switch (value->type) {
    case KD_BOOL: kd_json_bool(out, value->as.b); break;
    case KD_U64: kd_json_u64(out, value->as.u); break;
    case KD_I64: kd_json_i64(out, value->as.i); break;
    case KD_HEX: kd_json_hex(out, value->as.u); break;
    default: kd_json_text(out, value->as.s); break;
    }
}

static void put_ids(kd_json *out, const kd_list *list, char letter)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        put_id(out, letter, KD_ITEMS(*list, uint64_t)[i]);
    kd_json_close(out, ']');
}

/* ---- fields by their descriptors ------------------------------------------------------------- */

static bool has_value(const kd_field *row, const void *at)
{
    if (row->type == KDF_flat || row->type == KDF_one)
        return kd_has_fields(row->group, at);
    if (row->type >= KDF_texts)
        return ((const kd_list *)at)->count > 0;
    switch (row->type) {
    case KDF_i64: return ((const kd_i64 *)at)->src != 0;
    case KDF_text: return ((const kd_text *)at)->src != 0;
    case KDF_bool: return ((const kd_bool *)at)->src != 0;
    default: return ((const kd_u64 *)at)->src != 0;
    }
}

bool kd_has_fields(const kd_fields *fields, const void *record)
{
    for (size_t i = 0; i < fields->count; i++)
        if (has_value(&fields->rows[i], (const char *)record + fields->rows[i].at))
            return true;
    return false;
}

static void put_numbers(kd_json *out, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        kd_json_u64(out, KD_ITEMS(*list, kd_u64)[i].v);
    kd_json_close(out, ']');
}

static void put_text_list(kd_json *out, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        kd_json_text(out, KD_ITEMS(*list, kd_text)[i].v);
    kd_json_close(out, ']');
}

/* Recognisers keep one value a name; names that differ only in bytes that are no UTF-8 become the
 * same key, and an object has a key once. */
_Static_assert(offsetof(kd_pair, name) == 0 && offsetof(kd_row, name) == 0 &&
                   offsetof(kd_fact, name) == 0,
               "is_said() reads the name of each");

/* Of the names so far a bit for the length and two bytes of each: where its bit is new, so is a
 * name. */
typedef struct names {
    uint64_t bits[4];
} names;

/* False: another one of them may be the same. */
static bool is_first(kd_str name, names *seen)
{
    size_t last = name.len ? (unsigned char)name.ptr[name.len - 1] : 0;
    size_t first = name.len ? (unsigned char)name.ptr[0] : 0;
    size_t at = (last + 11 * name.len + 37 * first) & 255;
    uint64_t bit = UINT64_C(1) << (at & 63);
    bool is_new = !(seen->bits[at >> 6] & bit);
    seen->bits[at >> 6] |= bit;
    return is_new;
}

static bool is_said(const char *first, size_t item_size, uint32_t index, names *seen)
{
    const kd_str name = *(const kd_str *)(const void *)(first + index * item_size);
    bool ascii = kd_str_ascii(name) == name.len; /* nothing that is repaired becomes the same */
    bool is_new = is_first(name, seen) && ascii;
    for (uint32_t i = 0; !is_new && i < index; i++) {
        const kd_str other = *(const kd_str *)(const void *)(first + i * item_size);
        if (ascii ? kd_str_eq(name, other) : kd_utf8_same(name, other))
            return true;
    }
    return false;
}

static void put_map(kd_json *out, const kd_list *list, bool hex)
{
    const kd_pair *pairs = list->items;
    names seen = { { 0 } };
    kd_json_open(out, '{');
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_said(list->items, sizeof *pairs, i, &seen))
            continue;
        kd_json_key(out, pairs[i].name);
        if (hex)
            kd_json_hex(out, pairs[i].v);
        else
            kd_json_u64(out, pairs[i].v);
    }
    kd_json_close(out, '}');
}

static void put_map_of_lists(kd_json *out, const kd_list *list)
{
    const kd_row *rows = list->items;
    names seen = { { 0 } };
    kd_json_open(out, '{');
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_said(list->items, sizeof *rows, i, &seen))
            continue;
        kd_json_key(out, rows[i].name);
        put_numbers(out, &rows[i].values);
    }
    kd_json_close(out, '}');
}

static void put_groups(kd_json *out, const kd_fields *fields, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++) {
        kd_json_open(out, '{');
        kd_put_fields(out, fields, (const char *)list->items + i * fields->size);
        kd_json_close(out, '}');
    }
    kd_json_close(out, ']');
}

static void put_one(kd_json *out, const kd_fields *fields, const void *record)
{
    kd_json_open(out, '{');
    kd_put_fields(out, fields, record);
    kd_json_close(out, '}');
}

static void put_field(kd_json *out, const kd_field *row, const void *at)
{
    switch (row->type) {
    case KDF_u64: kd_json_u64(out, ((const kd_u64 *)at)->v); break;
    case KDF_i64: kd_json_i64(out, ((const kd_i64 *)at)->v); break;
    case KDF_hex: kd_json_hex(out, ((const kd_hex *)at)->v); break;
    case KDF_text: kd_json_text(out, ((const kd_text *)at)->v); break;
    case KDF_bool: kd_json_bool(out, ((const kd_bool *)at)->v); break;
    case KDF_texts: put_text_list(out, at); break;
    case KDF_u64s: put_numbers(out, at); break;
    case KDF_map_u64: put_map(out, at, false); break;
    case KDF_map_hex: put_map(out, at, true); break;
    case KDF_map_u64s: put_map_of_lists(out, at); break;
    case KDF_many: put_groups(out, row->group, at); break;
    case KDF_one: put_one(out, row->group, at); break;
    case KDF_flat: break;
    }
}

void kd_put_fields(kd_json *out, const kd_fields *fields, const void *record)
{
    for (size_t i = 0; i < fields->count; i++) {
        const kd_field *row = &fields->rows[i];
        const void *at = (const char *)record + row->at;
        if (row->type == KDF_flat) {
            kd_put_fields(out, row->group, at);
        } else if (has_value(row, at)) {
            kd_json_name(out, row->key);
            put_field(out, row, at);
        }
    }
}

/* ---- members by their tables ----------------------------------------------------------------- */

static void put_ranges(kd_json *out, const kd_member *row, const void *object)
{
    kd_walk walk = { 0, 0 };
    kd_range range;
    kd_json_open(out, '[');
    while (row->range(object, &walk, &range)) {
        kd_json_open(out, '[');
        kd_json_u64(out, range.first);
        kd_json_u64(out, range.last);
        kd_json_close(out, ']');
    }
    kd_json_close(out, ']');
}

static void put_texts(kd_json *out, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        kd_json_text(out, KD_ITEMS(*list, kd_str)[i]);
    kd_json_close(out, ']');
}

static void put_facts(kd_json *out, const kd_list *list)
{
    const kd_fact *facts = list->items;
    names seen = { { 0 } };
    kd_json_open(out, '{');
    for (uint32_t i = 0; i < list->count; i++) {
        const kd_value *value = &facts[i].value;
        if (value->type < KD_BOOL || value->type > KD_TEXT ||
            is_said(list->items, sizeof *facts, i, &seen))
            continue;
        kd_json_key(out, facts[i].name);
        put_value(out, value);
    }
    kd_json_close(out, '}');
}

static void put_items(kd_json *out, const kd_members *members, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        kd_put(out, members, (const char *)list->items + i * members->size);
    kd_json_close(out, ']');
}

static void put_body(kd_json *out, const kd_event *event)
{
    kd_put_fields(out, event->kind->fields, event->body);
}

/* What is no single value. */
static void put_part(kd_json *out, const kd_member *row, const void *object)
{
    const void *at = (const char *)object + row->at;
    switch (row->type) {
    case KDM_texts: put_texts(out, at); break;
    case KDM_ids: put_ids(out, at, row->letter); break;
    case KDM_ranges: put_ranges(out, row, object); break;
    case KDM_facts: put_facts(out, at); break;
    case KDM_groups: put_items(out, row->of, at); break;
    case KDM_id: put_id(out, row->letter, *(const uint64_t *)at); break;
    default: kd_put(out, row->of, at); break;
    }
}

static void put_member(kd_json *out, const kd_member *row, const void *object)
{
    bool single = row->type <= KDM_call && row->type != KDM_id;
    kd_value value = { .type = KD_NONE };
    if (!kd_member_present(row, object))
        return;
    if (single)
        value = kd_member_value(row, object);
    if (single && value.type == KD_NONE)
        return;
    kd_json_name(out, row->key);
    if (single)
        put_value(out, &value);
    else
        put_part(out, row, object);
}

void kd_put(kd_json *out, const kd_members *members, const void *object)
{
    kd_json_open(out, '{');
    for (size_t i = 0; i < members->count; i++)
        if (members->rows[i].type == KDM_fields)
            put_body(out, object);
        else
            put_member(out, &members->rows[i], object);
    kd_json_close(out, '}');
}
