/* decode_page_pointer.h - which address was handed to free_pages()?
 *
 * free_pages(addr) turns its address into a struct page pointer: P = vmemmap + ((addr - linear) >>
 * 12) * 64. From P in the registers the page of addr is computed back.
 */
#ifndef KD_FREE_DECODE_PAGE_POINTER_H
#define KD_FREE_DECODE_PAGE_POINTER_H

#include "core/context.h"
#include "family/fields.h"

typedef enum kd_free_class {
    KD_FREE_UNKNOWN,
    KD_FREE_STRUCT_PAGE,
    KD_FREE_VMALLOC,
    KD_FREE_KMAP,
    KD_FREE_USER,
    KD_FREE_IMAGE, /* of the kernel's image, or of a module */
    KD_FREE_LINEAR /* a good address: no finding */
} kd_free_class;

typedef struct kd_free_case {
    kd_free_class class;
    bool kfree;          /* the caller was kfree(), not free_pages() */
    unsigned page_shift; /* bits of an address within a page */
    bool by_image;       /* riscv: `linear` is the distance of the image from where it was loaded */
    const char *assumed; /* what the bases rest on; NULL: nothing */
    bool proved;
    bool recovered;        /* KASLR: both bases were computed from registers */
    bool confirmed;        /* ... and another register lies in the linear map so found */
    kd_str page_register;  /* holds P */
    uint64_t code;         /* by_image: the program counter */
    uint64_t page, member; /* P; offset of the member that was accessed */
    uint64_t linear, vmemmap, vmemmap_end, vmalloc, vmalloc_end;
    uint64_t pfn;                             /* of P: (P - vmemmap) / 64 */
    uint64_t argument;                        /* page of the address that was passed */
    kd_str exact_register;                    /* holds the very argument; empty: none does */
    uint64_t exact, exact_pfn, exact_address; /* as a struct page: its pfn and linear address */
    kd_str witness_register;                  /* confirms the linear map */
    uint64_t witness;
    uint32_t struct_size; /* 32-bit arm: bytes of a struct page */
    bool has_order;
    uint64_t order; /* the order argument, where its register still holds it */
} kd_free_case;

/* Only for faults inside the functions that free pages or objects. */
void kd_free_case_of(const kdf_oops *oops, const kd_context *context, kd_free_case *out);

#endif
