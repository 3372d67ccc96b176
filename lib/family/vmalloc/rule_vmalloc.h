/* rule_vmalloc.h - what the rules on vmalloc() and the module area share. */
#ifndef KD_VMALLOC_RULE_VMALLOC_H
#define KD_VMALLOC_RULE_VMALLOC_H

#include "family/alloc/rule_alloc.h"
#include "family/fields.h"
#include "family/vmalloc/decode_module_area.h"
#include "family/vmalloc/decode_vmalloc_area.h"
#include "family/vmalloc/decode_vmalloc_request.h"

/* Which range was searched, and by what it is known. */
typedef enum kd_searched {
    KD_SEARCHED_VMALLOC, /* the vmalloc area */
    KD_SEARCHED_MODULES, /* the module area */
    KD_SEARCHED_BOTH     /* the module area in silence, then the vmalloc area (arm with PLTs) */
} kd_searched;
typedef enum kd_searched_by {
    KD_BY_NOTHING, /* nothing tells: the likeliest of the two */
    KD_BY_WIDTH,   /* nothing tells, but a 64-bit vmalloc area does not fill up */
    KD_BY_TRACE,   /* the functions of the stack */
    KD_BY_PLACE,   /* the range that the message names */
    KD_BY_SIZE,    /* the size of the range that the message names */
    KD_BY_EXECMEM  /* execmem's own message */
} kd_searched_by;

typedef struct kd_space_case {
    bool usable;          /* false: see kd_space_case_of() */
    const kd_event *vmap; /* the message of the range search, or NULL */
    const kdf_vmap *hole;
    const kdf_vmalloc *failure; /* NULL: only the range search spoke */
    kd_vmalloc_caller caller;
    kd_module_area modules;
    kd_vmalloc_area area;
    kd_hole_fit fit; /* how hole and failure belong together */
    bool near;       /* and their lines stand close to each other */
    bool wide;       /* 64-bit addresses */
    bool is_execmem;
    kd_searched searched;
    kd_searched_by by;
    uint64_t page, pages, bytes; /* of the request; of the hole where only that is known */
} kd_space_case;

/* Worked out once for all rules. NULL: the event is no failure for want of addresses, or another
 * event speaks for it. */
const kd_space_case *kd_space_case_of(const kd_view *view);

/* Is that old text (to 5.12) likelier a request for more than all RAM? */
bool kd_space_is_too_large(const kd_view *view, const kd_space_case *s);

/* Evidence, arithmetic and facts that all of them say. */
void kd_say_request(const kd_view *view, kd_emit *out, const kd_space_case *s);
void kd_say_searched(const kd_view *view, kd_emit *out, const kd_space_case *s);
void kd_say_free_ram(const kd_view *view, kd_emit *out);
/* "insmod wanted N bytes": the subject, or "Something". */
kd_str kd_who_wanted(const kdf_vmalloc *failure);
/* "(xt_alloc_table_info(): an iptables table ...)", where the trace tells. */
void kd_say_purpose(kd_emit *out, const kd_view *view, const kd_vmalloc_caller *caller);
/* "Retrying.", or a try with huge pages: the kernel asks again. */
void kd_say_retrying(kd_emit *out, const kd_space_case *s);
/* Opens the diagnosis: who wanted how much, and which range has no hole for it. */
void kd_say_wanted(kd_emit *out, const kd_space_case *s, kd_confidence confidence,
                   const char *for_what, const char *range);

#endif
