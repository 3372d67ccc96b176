/* fields.c - descriptions and kinds, made from the families' rows. Layer: family. */
#include "family/fields.h"
#include "base/json.h"

#define KD_GROUP(group, doc) static const kd_field rows_##group[] = {
#define ROW(group, member, name, type, other, doc) \
    { name, KD_JSON_KEY(name), type, offsetof(kdf_##group, member), other, doc },
#define KD_FIELD(group, type, name, doc) ROW(group, name, #name, KDF_##type, NULL, doc)
#define KD_FIELD_AS(group, type, member, name, doc) ROW(group, member, name, KDF_##type, NULL, doc)
#define KD_ONE(group, other, name, doc) ROW(group, name, #name, KDF_one, &kd_fields_##other, doc)
#define KD_MANY(group, other, name, doc) ROW(group, name, #name, KDF_many, &kd_fields_##other, doc)
#define KD_FLAT(group, other) ROW(group, other, #other, KDF_flat, &kd_fields_##other, "")
#define KD_END(group) \
    }                 \
    ;
#include "family/families.def"

#define KD_GROUP(group, doc)                                                            \
    const kd_fields kd_fields_##group = { #group, rows_##group, KD_COUNT(rows_##group), \
                                          sizeof(kdf_##group), doc };
#include "family/families.def"

enum {
#define KD_KIND(kind, group, severity, identity, doc) INDEX_##kind,
#define KD_FACT(kind, group) INDEX_##kind,
#include "family/families.def"
};

#define KD_KIND(kind, group, severity, identity, doc)                                    \
    const kd_kind kd_kind_##kind = { #kind, &kd_fields_##group, KD_##severity, identity, \
                                     doc,   INDEX_##kind,       false };
#define KD_FACT(kind, group)                                           \
    const kd_kind kd_kind_##kind = {                                   \
        #kind, &kd_fields_##group, KD_INFO, "", "", INDEX_##kind, true \
    };
#include "family/families.def"

const kd_kind *const kd_kinds[] = {
#define KD_KIND(kind, group, severity, identity, doc) &kd_kind_##kind,
#define KD_FACT(kind, group) &kd_kind_##kind,
#include "family/families.def"
};
const size_t kd_kind_count = KD_COUNT(kd_kinds);
