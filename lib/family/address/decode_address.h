/* decode_address.h - what kind of address a number is. */
#ifndef KD_ADDRESS_DECODE_ADDRESS_H
#define KD_ADDRESS_DECODE_ADDRESS_H

#include "core/context.h"
#include "family/fields.h"

typedef enum kd_address_class {
    KD_AT_UNKNOWN, /* nothing is known of that machine or kernel */
#define KD_CLASS(name, word, words) KD_AT_##name,
#include "family/address/layout.def"
    KD_ADDRESS_CLASSES
} kd_address_class;

/* "vmalloc"; "" for KD_AT_UNKNOWN. */
const char *kd_address_word(kd_address_class class);
/* "vmalloc range" */
const char *kd_address_words(kd_address_class class);

/* The layout of one report. */
typedef struct kd_address_map {
    const kd_context *context;
    const char *arch;    /* NULL: not known */
    size_t first_region; /* row of that architecture */
    uint64_t va_bits;    /* 0: not known */
    uint64_t page_kb;
    uint32_t version;   /* 0: not known */
    uint64_t split;     /* PAGE_OFFSET of i386 and arm */
    bool va_assumed;    /* va_bits is what the registers agree with, not read */
    bool split_assumed; /* nothing in the log tells it */
    bool moved;         /* x86-64: RANDOMIZE_MEMORY has moved the bases */
    bool base_assumed;  /* x86-64: that they are not moved is likely, not proven */
    uint64_t linear_start, vmemmap_start; /* moved: where they begin; 0: not known */
    const kd_pair *page, *paged; /* registers that tell it: a struct page, and its page. NULL: RAM
                                  * is so small that the per-CPU base tells it */
    uint64_t linear_low,
        linear_high;                /* moved: lies in the linear map for sure, as far as RAM goes */
    uint64_t stack;                 /* the stack pointer; 0: unknown */
    uint64_t per_cpu;               /* where the per-CPU data of this CPU begin; 0: unknown */
    uint64_t stack_low, stack_high; /* first and last byte of the stack that was in use */
} kd_address_map;

typedef struct kd_address {
    kd_address_class class;
    bool assumed; /* the log does not settle it: the default of such kernels */
} kd_address;

/* From the context and the registers of a report. `code`: the address of an instruction,
 * of the kernel image if one is printed, else of a module; 0: none. */
void kd_address_map_of(const kd_context *context, const kd_list *registers, uint64_t code,
                       bool kasan, kd_address_map *out);

/* RAM, or so much that few machines have more, in bytes. */
uint64_t kd_most_ram(const kd_context *context);
/* x86-64 with moved bases: where they begin, as far as the registers tell. */
void kd_address_find_starts(kd_address_map *map, const kd_list *registers);

kd_address kd_address_at(const kd_address_map *map, uint64_t value);

/* The first of the addresses whose shadow byte stands there; 0: it is no shadow, or not known how.
 */
uint64_t kd_shadowed_address(const kd_address_map *map, uint64_t value);
/* Is the value at the shadow of an address that is no kernel's: where KASAN looks before the kernel
 * uses a small number, or one of user space, as a pointer? *offset: where shadows begin. */
bool kd_shadow_of_low(const kd_address_map *map, uint64_t value, uint64_t *offset, uint64_t *low);
/* The page frame of an address in the linear map. False: it is none, or its start is not known. */
bool kd_linear_frame(const kd_address_map *map, uint64_t value, uint64_t *frame);
/* Where the page of the struct page at `value` is in the linear map. False: it is none, or the
 * bases are not known. */
bool kd_page_linear(const kd_address_map *map, uint64_t value, uint64_t *linear);
/* The page frame that the struct page at `value` is of, too. */
bool kd_page_frame(const kd_address_map *map, uint64_t value, uint64_t *frame, uint64_t *linear);

#endif
