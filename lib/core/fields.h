/* fields.h - how the structs of events are described. The structs and their descriptions are made
 * from the families' rows: family/fields.h. Layer: core. */
#ifndef KD_CORE_FIELDS_H
#define KD_CORE_FIELDS_H

#include "base/mem.h"

/* Where a value was read: 0 absent, KD_DERIVED computed, else index + 1 into the event's lines. */
typedef uint32_t kd_src;
#define KD_DERIVED UINT32_MAX

typedef struct kd_u64 {
    uint64_t v;
    kd_src src;
} kd_u64;
typedef struct kd_u64 kd_hex;
typedef struct kd_i64 {
    int64_t v;
    kd_src src;
} kd_i64;
typedef struct kd_text {
    kd_str v;
    kd_src src;
} kd_text;
typedef struct kd_bool {
    bool v;
    kd_src src;
} kd_bool;
typedef struct kd_list {
    void *items;
    uint32_t count, cap;
} kd_list;
typedef struct kd_pair {
    kd_str name;
    uint64_t v;
    kd_src src;
} kd_pair;
typedef struct kd_row {
    kd_str name;
    kd_list values;
} kd_row; /* values: kd_u64 */

typedef kd_list kd_texts;    /* of kd_text */
typedef kd_list kd_u64s;     /* of kd_u64 */
typedef kd_list kd_map_u64;  /* of kd_pair */
typedef kd_list kd_map_hex;  /* of kd_pair */
typedef kd_list kd_map_u64s; /* of kd_row */

typedef enum kd_field_type {
    KDF_u64,
    KDF_i64,
    KDF_hex,
    KDF_text,
    KDF_bool,
    KDF_texts,
    KDF_u64s,
    KDF_map_u64,
    KDF_map_hex,
    KDF_map_u64s,
    KDF_one,
    KDF_many,
    KDF_flat
} kd_field_type;

typedef struct kd_fields kd_fields;
typedef struct kd_field {
    const char *name;
    kd_str key; /* of the JSON member, as it is written: KD_JSON_KEY(name) */
    kd_field_type type;
    size_t at;              /* offset in the struct */
    const kd_fields *group; /* of one, many, flat */
    const char *doc;
} kd_field;
struct kd_fields {
    const char *name;
    const kd_field *rows;
    size_t count, size; /* size of the struct */
    const char *doc;
};

typedef struct kd_kind {
    const char *name;
    const kd_fields *fields;
    kd_severity severity; /* of its events, where no rule says more */
    const char *identity; /* see core/identity.h */
    const char *doc;
    size_t index; /* in kd_kinds */
    bool is_fact; /* read for the context, never reported */
} kd_kind;

/* All kinds, in the order of their rows; made in family/. */
extern const kd_kind *const kd_kinds[];
extern const size_t kd_kind_count;

/* A zeroed item at the end of the list, grown inside the arena; NULL when refused. */
KD_MUST_CHECK void *kd_list_add(kd_arena *arena, kd_list *list, size_t item_size);
#define KD_LIST_ADD(arena, list, type) ((type *)kd_list_add((arena), (list), sizeof(type)))
/* Room for one more; false when refused. */
KD_MUST_CHECK bool kd_list_grow(kd_arena *arena, kd_list *list, size_t item_size);
KD_MUST_CHECK static inline bool kd_list_room(kd_arena *arena, kd_list *list, size_t item_size)
{
    return list->count < list->cap || kd_list_grow(arena, list, item_size);
}
#define KD_LIST_ROOM(arena, list, type) kd_list_room((arena), (list), sizeof(type))
#define KD_ITEMS(list, type) ((type *)(list).items)

/* Sets a field, unless it has a value: the first stays. */
#define KD_SETTER(type, value)                                              \
    static inline void kd_set_##type(kd_##type *field, value v, kd_src src) \
    {                                                                       \
        if (!field->src)                                                    \
            *field = (kd_##type){ v, src };                                 \
    }
KD_SETTER(u64, uint64_t)
KD_SETTER(i64, int64_t)
KD_SETTER(text, kd_str)
KD_SETTER(bool, bool)
#undef KD_SETTER
/* clang-format off */
#define kd_set(field, value, src)                                                                  \
    _Generic((field), kd_u64 *: kd_set_u64, kd_i64 *: kd_set_i64, kd_text *: kd_set_text,          \
             kd_bool *: kd_set_bool)((field), (value), (src))
/* clang-format on */

/* Sets a field that was computed, unless the log itself gave it. */
#define kd_derive(field, value) kd_set(field, value, KD_DERIVED)

/* The pair of that name, or NULL. */
const kd_pair *kd_map_get(const kd_list *map, kd_str name);
static inline const kd_pair *kd_map_find(const kd_list *map, const char *name)
{
    return kd_map_get(map, kd_str_of(name));
}

/* The field of that path through groups ("blame.function"), not into lists; `at`: where it stands
 * in the struct. NULL: there is none. */
const kd_field *kd_fields_find(const kd_fields *fields, kd_str path, size_t *at);

/* By path: "gfp.value", "meminfo.zones[0].free_kb", "registers.rdi". KD_E_INVAL: no such field.
 * An absent value gives KD_NONE. @param src  where it was read; may be NULL */
kd_status kd_fields_get(const kd_fields *fields, const void *record, kd_str path, kd_value *out,
                        kd_src *src);

#endif
