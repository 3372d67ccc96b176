/* rule_pointer.h - what the rules about bad pointers share. */
#ifndef KD_POINTER_RULE_POINTER_H
#define KD_POINTER_RULE_POINTER_H

#include "core/diag.h"
#include "family/address/decode_address.h"
#include "family/fields.h"
#include "family/pointer/decode_pointer.h"

/* The address, where it happened, whom to ask. */
void kd_pointer_say_fault(const kd_view *view, kd_emit *out, const kdf_oops *oops);
/* The same without whom to ask: for pointers that others spoiled. */
void kd_pointer_say_place(const kd_view *view, kd_emit *out, const kdf_oops *oops);

/* The registers and the instruction give the address of the fault: that is the proof which pointer
 * it was. */
void kd_pointer_say(const kd_view *view, kd_emit *out, const kdf_oops *oops, const kd_pointer *p);

/* With KASAN: which address the shadow byte of the fault stands for. */
void kd_pointer_say_shadow(kd_emit *out, const kd_pointer *p);

/* Is the address that x86-64 was given none at all? */
bool kd_is_non_canonical(const kdf_oops *oops, const kd_pointer *p, uint64_t *value);

/* Of a fault in the first page: address, syndrome, and by which operand it was met. */
void kd_null_say_fault(const kd_view *view, kd_emit *out, const kdf_oops *oops);
void kd_null_say_operand(kd_emit *out, const kdf_oops *oops);

/* kd_bad_value() and kd_oops_map() of the oops that the view's event is: found once. */
bool kd_view_bad_value(const kd_view *view, const kdf_oops *oops, kd_pointer *out);
void kd_view_map(const kd_view *view, const kdf_oops *oops, kd_address_map *out);

/* In which region of the layout the address lies. */
void kd_pointer_say_class(const kd_view *view, kd_emit *out, const kdf_oops *oops);

/* Proof of where the linear map begins, where it is not where this kernel has it without KASLR. */
void kd_pointer_say_bases(const kd_view *view, kd_emit *out, const kd_address_map *map);

/* Where the pointer came from, by the instructions before the faulting one. */
void kd_pointer_say_origin(const kd_view *view, kd_emit *out, const kdf_oops *oops);

/* Earlier events of the boot that tell of the pointer, or of where it stood: checkers, the
 * hardware, another oops. */
void kd_pointer_say_links(const kd_view *view, kd_emit *out, const kdf_oops *oops);

/* Was that bit flipped in an earlier oops of the boot, too? Says so. */
bool kd_say_flipped_before(const kd_view *view, kd_emit *out, uint64_t bit);

/* Of a flipped bit: did the memory of this boot report errors of its own? */
void kd_say_bad_memory(const kd_view *view, kd_emit *out);

/* "[#6]": this oops is not the first. */
void kd_say_counted(const kd_view *view, kd_emit *out, const kdf_oops *oops);

#endif
