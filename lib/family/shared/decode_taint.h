/* decode_taint.h - what the taint of a kernel says, from letters or from the number. */
#ifndef KD_SHARED_DECODE_TAINT_H
#define KD_SHARED_DECODE_TAINT_H

#include "base/str.h"

#define KD_TAINT_MAX 64 /* more than there are letters, and one for each bit of a number */

typedef struct kd_taint_flag {
    char letter; /* '?' for a bit without a letter */
    bool vendor; /* not of the mainline kernel of this version: name says "VENDOR_DEFINED" */
    bool has_bit;
    uint8_t bit;      /* of /proc/sys/kernel/tainted */
    const char *name; /* the kernel's word: "OOT_MODULE" */
} kd_taint_flag;

typedef struct kd_taint {
    kd_taint_flag flags[KD_TAINT_MAX]; /* by bit; letters of vendors last, as they came */
    size_t count;
    uint64_t bits; /* all that have a known place */
    size_t taken;  /* kd_taint_letters(): bytes up to the last character of the taint */
} kd_taint;

/*
 * What stands after "Tainted: ": "G           O", "P WC O", "GF          O--------------", also
 * "[W]=WARN, [O]=OOT_MODULE". Letters are unique, so lost blanks do no harm. 'G' only says that 'P'
 * is not set; blanks (no-break ones, too) and '-' stand for bits that are not. Stops at anything
 * else (the release). "Not tainted" has no flag. `version` 0: unknown, the newest names.
 */
void kd_taint_letters(kd_str raw, uint32_t version, kd_taint *out);

/* The number of /proc/sys/kernel/tainted. */
void kd_taint_number(uint64_t number, uint32_t version, kd_taint *out);

/* Is this letter set? */
bool kd_taint_has(const kd_taint *taint, char letter);

#endif
