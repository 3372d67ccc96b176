/* decode_x86_fault.h - the error code of an x86 page fault. */
#ifndef KD_FAULT_DECODE_X86_FAULT_H
#define KD_FAULT_DECODE_X86_FAULT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct kd_x86_fault {
    uint64_t value;
    bool present;      /* the page was there and its permissions forbade it; else: no page there */
    bool write, fetch; /* neither: a read */
    bool user;         /* the CPU was in user mode; else: in the kernel, or on its behalf */
    bool reserved;     /* a reserved bit is set in a page-table entry: the table is corrupt */
    bool pk;           /* a protection key forbade it */
    bool shadow_stack, sgx, rmp;
    uint64_t unknown_bits;
    const char *access; /* "read", "write", "execute" */
    /* In the kernel's words: "supervisor read access, not-present page". The kernel adds in which
     * mode the CPU was; that comes from CS, which the code does not hold. */
    char text[80];
} kd_x86_fault;

/* "Oops: 0002" shows the lower 16 bits only: rmp needs the "#PF: error_code(...)" line. */
void kd_x86_fault_decode(uint64_t code, kd_x86_fault *out);

#endif
