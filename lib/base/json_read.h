/* json_read.h - a JSON reader: strict, the whole tree in an arena, every allocation looked at.
 * Layer: base.
 */
#ifndef KD_BASE_JSON_READ_H
#define KD_BASE_JSON_READ_H

#include "base/mem.h"

#define KD_JSON_DEPTH 16u
#define KD_JSON_MEMBERS 64u /* of one object */

typedef enum kd_json_type {
    KD_JSON_NULL,
    KD_JSON_FLAG,
    KD_JSON_NUMBER,   /* whole, of 64 bits */
    KD_JSON_FRACTION, /* any other: its value is not kept */
    KD_JSON_TEXT,
    KD_JSON_LIST,
    KD_JSON_OBJECT
} kd_json_type;

typedef struct kd_json_value kd_json_value;
struct kd_json_value {
    kd_json_type type;
    bool flag;
    int64_t number;
    kd_str text;  /* valid UTF-8, a NUL behind it */
    kd_str key;   /* of a member; the same */
    size_t count; /* of items or members */
    const kd_json_value *first, *next;
};

/* One value, and nothing behind it. NULL: read; else what is wrong, or that there was no memory
 * (see mem->failed). */
KD_MUST_CHECK const char *kd_json_read(kd_arena *arena, kd_str text, const kd_json_value **out);

/* NULL: no object, or it has no member of that name (and type). */
const kd_json_value *kd_json_find(const kd_json_value *of, const char *name);
const kd_json_value *kd_json_member(const kd_json_value *of, const char *name, kd_json_type type);

#endif
