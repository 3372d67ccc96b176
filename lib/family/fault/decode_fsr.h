/* decode_fsr.h - the fault status of 32-bit arm: the number of "Oops: 817 [#1]". */
#ifndef KD_FAULT_DECODE_FSR_H
#define KD_FAULT_DECODE_FSR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct kd_fsr {
    bool lpae;       /* long descriptors */
    bool fetch;      /* of an instruction (the kernel marks it in bit 31) */
    bool write;      /* of data; else a read, or a fetch */
    unsigned domain; /* short descriptors; on many cores not valid for section translation faults */
    unsigned status; /* index in the kernel's table */
    char name[64];   /* in the kernel's words */
} kd_fsr;

void kd_fsr_decode(uint64_t value, kd_fsr *out);

#endif
