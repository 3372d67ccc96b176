/* decode_reloc.h - does a relocation that the module loader refused really not fit? */
#ifndef KD_MODULE_DECODE_RELOC_H
#define KD_MODULE_DECODE_RELOC_H

#include "core/context.h"
#include "family/fields.h"

typedef enum kd_reloc_kind { KD_RELOC_S, KD_RELOC_A, KD_RELOC_Z } kd_reloc_kind;

typedef struct kd_reloc_type {
    const char *arch;
    uint64_t type;
    const char *name;
    unsigned bits, scale;
    kd_reloc_kind kind; /* S distance, A sign-extended value, Z zero-extended value */
} kd_reloc_type;

typedef enum kd_reloc_answer {
    KD_RELOC_UNKNOWN, /* the message does not print what the decision needs */
    KD_RELOC_OUT,     /* out of reach: the arithmetic bears the message out */
    KD_RELOC_INSIDE   /* inside the reach: it does not */
} kd_reloc_answer;

typedef struct kd_reloc_verdict {
    kd_str arch;
    const kd_reloc_type *type; /* NULL: not in the table */
    kd_reloc_answer answer;
    bool has_distance;
    int64_t units;       /* distance as the field counts it (words) */
    int64_t distance;    /* bytes */
    int64_t least, most; /* reach in bytes, or of the value */
    uint64_t misses;     /* bytes beyond the reach */
    bool any_place;      /* out of reach from wherever kernel code can be */
} kd_reloc_verdict;

void kd_reloc_judge(const kdf_module_reloc *reloc, const kd_context *context,
                    kd_reloc_verdict *out);

#endif
