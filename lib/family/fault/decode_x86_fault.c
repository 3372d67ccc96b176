/* decode_x86_fault.c - the error code of an x86 page fault. */
#include "family/fault/decode_x86_fault.h"

#include <stdio.h>
#include <string.h>

/* In the order in which the kernel asks. */
static const char *reason_of(const kd_x86_fault *fault)
{
    if (!fault->present)
        return "not-present page";
    if (fault->reserved)
        return "reserved bit violation";
    if (fault->pk)
        return "protection keys violation";
    return fault->rmp ? "RMP violation" : "permissions violation";
}

void kd_x86_fault_decode(uint64_t code, kd_x86_fault *out)
{
    memset(out, 0, sizeof *out);
    out->value = code;
    out->unknown_bits = code;
#define KD_X86_FAULT(shift, field)         \
    out->field = (code >> (shift)&1) != 0; \
    out->unknown_bits &= ~(UINT64_C(1) << (shift));
#include "family/fault/x86_fault.def"
    out->access = out->fetch ? "execute" : out->write ? "write" : "read";
    snprintf(out->text, sizeof out->text, "%s %s, %s", out->user ? "user" : "supervisor",
             out->fetch   ? "instruction fetch"
             : out->write ? "write access"
                          : "read access",
             reason_of(out));
}
