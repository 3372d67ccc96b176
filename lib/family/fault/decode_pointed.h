/* decode_pointed.h - registers and stack words that are recognisable pointers. */
#ifndef KD_FAULT_DECODE_POINTED_H
#define KD_FAULT_DECODE_POINTED_H

#include "core/context.h"
#include "family/address/decode_address.h"
#include "family/fields.h"

/* Fills oops->pointers. */
void kd_decode_pointed(kd_event *event, kdf_oops *oops, const kd_context *context);

/* The layout that this report's registers agree with. */
void kd_oops_map(const kdf_oops *oops, const kd_context *context, kd_address_map *out);

/* Are pointers of that machine 64 bits wide? */
bool kd_is_64_bit(const kd_context *context, const kdf_oops *oops);

/* Which function that the report prints, with an address, the value lies in. */
typedef struct kd_symbol_place {
    kd_str function;
    uint64_t offset, size;
} kd_symbol_place;
bool kd_symbol_at(const kdf_oops *oops, uint64_t value, kd_symbol_place *out);

#endif
