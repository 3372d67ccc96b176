/* fields.h - the structs, descriptors and kinds that fields.def declares. Layer: event. */
#ifndef KD_EVENT_FIELDS_H
#define KD_EVENT_FIELDS_H

#include "base/mem.h"

/* Where a value was read: 0 absent, KD_DERIVED computed, else index + 1 into the event's lines. */
typedef uint32_t kd_src;
#define KD_DERIVED UINT32_MAX

typedef struct kd_u64 { uint64_t v; kd_src src; } kd_u64;
typedef struct kd_u64 kd_hex;
typedef struct kd_i64 { int64_t v; kd_src src; } kd_i64;
typedef struct kd_text { kd_str v; kd_src src; } kd_text;
typedef struct kd_bool { bool v; kd_src src; } kd_bool;
typedef struct kd_list { void *items; uint32_t count, cap; } kd_list;
typedef struct kd_pair { kd_str name; uint64_t v; kd_src src; } kd_pair;
typedef struct kd_row { kd_str name; kd_list values; } kd_row; /* values: kd_u64 */

typedef kd_list kd_texts;    /* of kd_text */
typedef kd_list kd_u64s;     /* of kd_u64 */
typedef kd_list kd_map_u64;  /* of kd_pair */
typedef kd_list kd_map_hex;  /* of kd_pair */
typedef kd_list kd_map_u64s; /* of kd_row */

#define KD_GROUP(group, doc) typedef struct kdf_##group {
#define KD_FIELD(group, type, name, doc) kd_##type name;
#define KD_ONE(group, other, name, doc) kdf_##other name;
#define KD_MANY(group, other, name, doc) kd_list name;
#define KD_FLAT(group, other) kdf_##other other;
#define KD_END(group) } kdf_##group;
#define KD_KIND(kind, group, doc)
#include "core/fields.def"
#undef KD_GROUP
#undef KD_FIELD
#undef KD_ONE
#undef KD_MANY
#undef KD_FLAT
#undef KD_END
#undef KD_KIND

typedef enum kd_field_type {
    KDF_u64, KDF_i64, KDF_hex, KDF_text, KDF_bool, KDF_texts, KDF_u64s,
    KDF_map_u64, KDF_map_hex, KDF_map_u64s, KDF_one, KDF_many, KDF_flat
} kd_field_type;

typedef struct kd_fields kd_fields;
typedef struct kd_field {
    const char *name;
    kd_field_type type;
    size_t at;               /* offset in the struct */
    const kd_fields *group;  /* of one, many, flat */
    const char *doc;
} kd_field;
struct kd_fields {
    const char *name;
    const kd_field *rows;
    size_t count, size; /* size of the struct */
    const char *doc;
};

#define KD_GROUP(group, doc) extern const kd_fields kd_fields_##group;
#define KD_FIELD(group, type, name, doc)
#define KD_ONE(group, other, name, doc)
#define KD_MANY(group, other, name, doc)
#define KD_FLAT(group, other)
#define KD_END(group)
#define KD_KIND(kind, group, doc)
#include "core/fields.def"
#undef KD_GROUP
#undef KD_KIND

typedef struct kd_kind {
    const char *name;
    const kd_fields *fields;
    const char *doc;
} kd_kind;
/* Kinds by name, so that a recogniser writes kd_kind_null_deref. */
#define KD_GROUP(group, doc)
#define KD_KIND(kind, group, doc) extern const kd_kind kd_kind_##kind;
#include "core/fields.def"
#undef KD_GROUP
#undef KD_FIELD
#undef KD_ONE
#undef KD_MANY
#undef KD_FLAT
#undef KD_END
#undef KD_KIND

/* All kinds, in the order of fields.def, NULL-terminated. */
extern const kd_kind *const kd_kinds[];

/* A zeroed item at the end of the list, grown inside the arena; NULL when refused. */
void *kd_list_add(kd_arena *arena, kd_list *list, size_t item_size);
#define KD_LIST_ADD(arena, list, type) ((type *)kd_list_add((arena), (list), sizeof(type)))
#define KD_ITEMS(list, type) ((type *)(list).items)

/* The pair of that name, or NULL. */
const kd_pair *kd_map_find(const kd_list *map, const char *name);

/* By path: "gfp.value", "meminfo.zones[0].free_kb", "registers.rdi". KD_E_INVAL: no such field.
 * An absent value gives KD_NONE. @param src  where it was read; may be NULL */
kd_status kd_fields_get(const kd_fields *fields, const void *record, kd_str path, kd_value *out,
                        kd_src *src);

#endif
