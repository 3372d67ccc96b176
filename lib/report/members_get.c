/* members_get.c - members by path. Layer: report. */
#include "report/members.h"

/* ---- by path --------------------------------------------------------------------------------- */

/* A name may have two rows of which one is present. */
static const kd_member *find(const kd_members *members, kd_str name, const void *object)
{
    const kd_member *found = NULL;
    for (size_t i = 0; i < members->count; i++) {
        const kd_member *row = &members->rows[i];
        if (kd_str_is(name, row->name) && (!found || (row->present && row->present(object))))
            found = row;
    }
    return found;
}

static kd_value u64_value(uint64_t value)
{
    return (kd_value){ .type = KD_U64, .as.u = value };
}

bool kd_member_present(const kd_member *row, const void *object)
{
    const void *at = (const char *)object + row->at;
    if (row->type == KDM_known && !kd_by_name(((const kd_known *)at)->by))
        return false;
    return !row->present || row->present(object);
}

kd_value kd_member_value(const kd_member *row, const void *object)
{
    const kd_value none = { .type = KD_NONE };
    const void *at = (const char *)object + row->at;
    switch (row->type) {
    case KDM_id:
    case KDM_u64: return u64_value(*(const uint64_t *)at);
    case KDM_u32: return *(const uint32_t *)at ? u64_value(*(const uint32_t *)at) : none;
    case KDM_some: return *(const uint64_t *)at ? u64_value(*(const uint64_t *)at) : none;
    case KDM_bool: return (kd_value){ .type = KD_BOOL, .as.b = *(const bool *)at };
    case KDM_words:
        if (((const kd_str *)at)->len == 0)
            return none;
        return (kd_value){ .type = KD_TEXT, .as.s = *(const kd_str *)at };
    case KDM_text: return (kd_value){ .type = KD_TEXT, .as.s = *(const kd_str *)at };
    case KDM_call: return row->call(object);
    default: return none;
    }
}

/* "[2]" behind a list's name */
static bool take_index(kd_scan *in, uint64_t *index)
{
    return kd_scan_char(in, '[') && kd_scan_u64(in, index) && kd_scan_char(in, ']');
}

/* "lines", "lines[0]", "lines[0][1]" */
static kd_status get_range(const kd_member *row, const void *object, kd_scan in, kd_value *out)
{
    uint64_t index = UINT64_MAX, end = 0, count = 0;
    kd_range range = { 0, 0 };
    kd_walk walk = { 0, 0 };
    bool whole = kd_scan_at_end(&in);
    if (!whole && !take_index(&in, &index))
        return KD_E_INVAL;
    bool pair = kd_scan_at_end(&in);
    if (!pair && (!take_index(&in, &end) || !kd_scan_at_end(&in)))
        return KD_E_INVAL;
    while (count <= index && row->range(object, &walk, &range))
        count++;
    if (whole)
        *out = (kd_value){ .type = KD_LIST, .as.count = (size_t)count };
    else if (count <= index || end > 1)
        *out = (kd_value){ .type = KD_NONE };
    else if (pair)
        *out = (kd_value){ .type = KD_LIST, .as.count = 2 };
    else
        *out = u64_value(end == 0 ? range.first : range.last);
    return KD_OK;
}

static kd_status get_item(const kd_member *row, const kd_list *list, kd_scan in, kd_value *out)
{
    uint64_t index;
    kd_str rest;
    if (kd_scan_at_end(&in)) {
        *out = (kd_value){ .type = KD_LIST, .as.count = list->count };
        return KD_OK;
    }
    if (!take_index(&in, &index))
        return KD_E_INVAL;
    if (row->type == KDM_groups) {
        if (!kd_scan_char(&in, '.') || !kd_scan_rest(&in, &rest))
            return KD_E_INVAL;
        /* a name that is none is one in any item */
        static const char nothing[sizeof(kd_evidence)];
        const char *item =
            index < list->count ? (const char *)list->items + index * row->of->size : nothing;
        kd_status status = kd_members_get(row->of, item, rest, out);
        if (index >= list->count)
            *out = (kd_value){ .type = KD_NONE };
        return status;
    }
    if (!kd_scan_at_end(&in))
        return KD_E_INVAL;
    if (index >= list->count)
        *out = (kd_value){ .type = KD_NONE };
    else if (row->type == KDM_texts)
        *out = (kd_value){ .type = KD_TEXT, .as.s = KD_ITEMS(*list, kd_str)[index] };
    else
        *out = u64_value(KD_ITEMS(*list, uint64_t)[index]);
    return KD_OK;
}

static kd_status get_fact(const kd_list *facts, kd_scan in, kd_value *out)
{
    kd_str name;
    *out = (kd_value){ .type = KD_LIST, .as.count = facts->count };
    if (kd_scan_at_end(&in))
        return KD_OK;
    *out = (kd_value){ .type = KD_NONE };
    if (!kd_scan_char(&in, '.') || !kd_scan_rest(&in, &name))
        return KD_E_INVAL;
    for (uint32_t i = 0; i < facts->count; i++)
        if (kd_str_eq(KD_ITEMS(*facts, kd_fact)[i].name, name))
            *out = KD_ITEMS(*facts, kd_fact)[i].value;
    return KD_OK;
}

static kd_status get_group(const kd_member *row, const void *object, const void *at, kd_scan in,
                           kd_value *out)
{
    kd_str rest;
    if (!kd_scan_char(&in, '.') || !kd_scan_rest(&in, &rest))
        return KD_E_INVAL;
    kd_status status = kd_members_get(row->of, at, rest, out);
    if (!kd_member_present(row, object))
        *out = (kd_value){ .type = KD_NONE };
    return status;
}

kd_status kd_members_get(const kd_members *members, const void *object, kd_str path, kd_value *out)
{
    kd_scan in = kd_scan_of(path);
    kd_str name;
    *out = (kd_value){ .type = KD_NONE };
    const kd_member *row = kd_scan_name(&in, &name) ? find(members, name, object) : NULL;
    if (!row)
        return KD_E_INVAL;
    const void *at = (const char *)object + row->at;
    switch (row->type) {
    case KDM_ranges: return get_range(row, object, in, out);
    case KDM_facts: return get_fact(at, in, out);
    case KDM_known:
    case KDM_group: return get_group(row, object, at, in, out);
    case KDM_texts:
    case KDM_ids:
    case KDM_groups: return get_item(row, at, in, out);
    default: break;
    }
    if (!kd_scan_at_end(&in))
        return KD_E_INVAL;
    if (kd_member_present(row, object))
        *out = kd_member_value(row, object);
    if (row->known && out->type != KD_NONE)
        out->line = ((const kd_known *)(const void *)((const char *)object + row->known))->line;
    return KD_OK;
}
