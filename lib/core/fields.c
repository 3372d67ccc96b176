/* fields.c - lists of events, and values by path. Layer: core. */
#include "core/fields.h"

#include <string.h>

#include "base/scan.h"

bool kd_list_grow(kd_arena *arena, kd_list *list, size_t item_size)
{
    uint32_t cap = list->cap ? list->cap * 2 : 4;
    size_t used = list->count * item_size, size = cap * item_size;
    char *wider = kd_arena_room(arena, size);
    if (!wider)
        return false;
    if (used > 0)
        memcpy(wider, list->items, used);
    memset(wider + used, 0, size - used);
    list->items = wider;
    list->cap = cap;
    return true;
}

void *kd_list_add(kd_arena *arena, kd_list *list, size_t item_size)
{
    if (!kd_list_room(arena, list, item_size))
        return NULL;
    return (char *)list->items + item_size * list->count++;
}

const kd_pair *kd_map_get(const kd_list *map, kd_str name)
{
    const kd_pair *pairs = map->items;
    const char last = name.len ? name.ptr[name.len - 1] : 0; /* names of registers differ there */
    for (size_t i = 0; i < map->count; i++)
        if (pairs[i].name.len == name.len &&
            (name.len == 0 || pairs[i].name.ptr[name.len - 1] == last) &&
            kd_str_eq(pairs[i].name, name))
            return &pairs[i];
    return NULL;
}

/* ---- by path --------------------------------------------------------------------------------- */

/* Adds to `at` where the group stands that has it, when that is a flat one. */
static const kd_field *find_row(const kd_fields *fields, kd_str name, size_t *at)
{
    for (size_t i = 0; i < fields->count; i++) {
        const kd_field *row = &fields->rows[i];
        if (row->type == KDF_flat) {
            size_t inner = *at + row->at;
            const kd_field *found = find_row(row->group, name, &inner);
            if (found) {
                *at = inner;
                return found;
            }
        } else if (kd_str_is(name, row->name)) {
            return row;
        }
    }
    return NULL;
}

const kd_field *kd_fields_find(const kd_fields *fields, kd_str path, size_t *at)
{
    kd_scan in = kd_scan_of(path);
    kd_str name, rest;
    *at = 0;
    if (!kd_scan_name(&in, &name))
        return NULL;
    const kd_field *row = find_row(fields, name, at);
    if (!row)
        return NULL;
    *at += row->at;
    if (kd_scan_at_end(&in))
        return row;
    size_t inner;
    if (row->type != KDF_one || !kd_scan_char(&in, '.') || !kd_scan_rest(&in, &rest) ||
        !(row = kd_fields_find(row->group, rest, &inner)))
        return NULL;
    *at += inner;
    return row;
}

static void put_scalar(const kd_field *row, const void *at, kd_value *out, kd_src *src)
{
    const kd_u64 *number = at;
    switch (row->type) {
    case KDF_i64:
        *src = ((const kd_i64 *)at)->src;
        *out = (kd_value){ .type = KD_I64, .as.i = ((const kd_i64 *)at)->v };
        break;
    case KDF_text:
        *src = ((const kd_text *)at)->src;
        *out = (kd_value){ .type = KD_TEXT, .as.s = ((const kd_text *)at)->v };
        break;
    case KDF_bool:
        *src = ((const kd_bool *)at)->src;
        *out = (kd_value){ .type = KD_BOOL, .as.b = ((const kd_bool *)at)->v };
        break;
    default:
        *src = number->src;
        *out = (kd_value){ .type = row->type == KDF_hex ? KD_HEX : KD_U64, .as.u = number->v };
        break;
    }
    if (*src == 0)
        *out = (kd_value){ .type = KD_NONE };
}

static kd_status get_pair(const kd_list *map, kd_str name, kd_type type, kd_value *out, kd_src *src)
{
    const kd_pair *pair = kd_map_get(map, name);
    *out = pair ? (kd_value){ .type = type, .as.u = pair->v } : (kd_value){ .type = KD_NONE };
    *src = pair ? pair->src : *src;
    return KD_OK;
}

static kd_status get_list(const kd_field *row, const kd_list *list, kd_scan in, kd_value *out,
                          kd_src *src);

/* "registers[0]": the name of the first. */
static kd_status get_name(const kd_field *row, const kd_list *map, kd_scan in, kd_value *out)
{
    uint64_t index;
    if (!kd_scan_char(&in, '[') || !kd_scan_u64(&in, &index) || !kd_scan_char(&in, ']') ||
        !kd_scan_at_end(&in))
        return KD_E_INVAL;
    *out = (kd_value){ .type = KD_NONE };
    if (index >= map->count)
        return KD_OK;
    bool rows = row->type == KDF_map_u64s;
    kd_str name = rows ? KD_ITEMS(*map, kd_row)[index].name : KD_ITEMS(*map, kd_pair)[index].name;
    *out = (kd_value){ .type = KD_TEXT, .as.s = name };
    return KD_OK;
}

/* "free.Unmovable" and "free.Unmovable[3]": a name may hold any byte, so that it is what the path
 * begins with. */
static kd_status get_row(const kd_list *map, kd_str path, kd_value *out, kd_src *src)
{
    static const kd_field numbers = { .name = "", .type = KDF_u64s };
    const kd_row *rows = map->items;
    *out = (kd_value){ .type = KD_NONE };
    for (uint32_t i = 0; i < map->count; i++) {
        kd_str rest = kd_str_from(path, rows[i].name.len);
        if (path.len >= rows[i].name.len &&
            kd_str_eq((kd_str){ path.ptr, rows[i].name.len }, rows[i].name) &&
            (rest.len == 0 || rest.ptr[0] == '['))
            return get_list(&numbers, &rows[i].values, kd_scan_of(rest), out, src);
    }
    return KD_OK;
}

static kd_status get_item(const kd_field *row, const kd_list *list, uint64_t index, kd_value *out,
                          kd_src *src)
{
    if (index >= list->count) {
        *out = (kd_value){ .type = KD_NONE };
        return KD_OK;
    }
    if (row->type == KDF_texts) {
        const kd_text *text = &KD_ITEMS(*list, kd_text)[index];
        *out = (kd_value){ .type = KD_TEXT, .as.s = text->v };
        *src = text->src;
    } else {
        const kd_u64 *number = &KD_ITEMS(*list, kd_u64)[index];
        *out = (kd_value){ .type = KD_U64, .as.u = number->v };
        *src = number->src;
    }
    return KD_OK;
}

static kd_status get_list(const kd_field *row, const kd_list *list, kd_scan in, kd_value *out,
                          kd_src *src)
{
    uint64_t index;
    if (kd_scan_at_end(&in)) {
        *out = (kd_value){ .type = KD_LIST, .as.count = list->count };
        return KD_OK;
    }
    if (!kd_scan_char(&in, '[') || !kd_scan_u64(&in, &index) || !kd_scan_char(&in, ']'))
        return KD_E_INVAL;
    if (row->type != KDF_many)
        return kd_scan_at_end(&in) ? get_item(row, list, index, out, src) : KD_E_INVAL;
    if (!kd_scan_char(&in, '.'))
        return KD_E_INVAL;
    kd_str rest;
    kd_scan_rest(&in, &rest);
    if (index >= list->count) {
        *out = (kd_value){ .type = KD_NONE };
        return KD_OK;
    }
    const char *item = (const char *)list->items + index * row->group->size;
    return kd_fields_get(row->group, item, rest, out, src);
}

kd_status kd_fields_get(const kd_fields *fields, const void *record, kd_str path, kd_value *out,
                        kd_src *src)
{
    kd_scan in = kd_scan_of(path);
    kd_str name, rest;
    kd_src ignored;
    size_t offset = 0;
    src = src ? src : &ignored;
    *src = 0;
    if (!kd_scan_name(&in, &name))
        return KD_E_INVAL;
    const kd_field *row = find_row(fields, name, &offset);
    if (!row)
        return KD_E_INVAL;
    const char *at = (const char *)record + offset + row->at;
    if (row->type >= KDF_texts && row->type <= KDF_u64s)
        return get_list(row, (const kd_list *)(const void *)at, in, out, src);
    if (row->type == KDF_many)
        return get_list(row, (const kd_list *)(const void *)at, in, out, src);
    if (kd_scan_at_end(&in) && row->type < KDF_texts) {
        put_scalar(row, at, out, src);
        return KD_OK;
    }
    const kd_list *map = (const kd_list *)(const void *)at; /* unless it is one */
    if (kd_scan_at_end(&in) && row->type != KDF_one) {
        *out = (kd_value){ .type = KD_LIST, .as.count = map->count };
        return KD_OK;
    }
    if (row->type >= KDF_map_u64 && row->type <= KDF_map_u64s && *in.at == '[')
        return get_name(row, map, in, out);
    if (!kd_scan_char(&in, '.') || !kd_scan_rest(&in, &rest))
        return KD_E_INVAL;
    if (row->type == KDF_one)
        return kd_fields_get(row->group, at, rest, out, src);
    if (row->type == KDF_map_u64 || row->type == KDF_map_hex)
        return get_pair(map, rest, row->type == KDF_map_hex ? KD_HEX : KD_U64, out, src);
    if (row->type == KDF_map_u64s)
        return get_row(map, rest, out, src);
    return KD_E_INVAL;
}
