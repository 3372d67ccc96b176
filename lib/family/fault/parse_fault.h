/* parse_fault.h - the parts of an oops that warnings print too. */
#ifndef KD_FAULT_PARSE_FAULT_H
#define KD_FAULT_PARSE_FAULT_H

#include "core/parser.h"
#include "family/fields.h"

extern const kd_block kd_block_registers;  /* kdf_oops: registers, ip, lr */
extern const kd_block kd_block_page_table; /* kdf_oops: page_table */
extern const kd_block kd_block_code;       /* kdf_code */

/* parse->own of an oops: the headline proper was seen; the die line was; the line on which an
 * address that a wrap tore off may stand; half a headline was seen */
enum { KD_OOPS_HEADLINE, KD_OOPS_DIE, KD_OOPS_LATE, KD_OOPS_TORN };

/* The line with "[#1]". */
bool kd_oops_take_die(kd_parse *parse, kdf_oops *oops, kd_str text);
/* The line of skb_over_panic() or skb_under_panic(). */
void kd_oops_put_skb(kd_parse *parse, kdf_oops *oops, kd_str text);
/* Those of an oops, for a body that begins with a kdf_oops. */
extern const kd_block_use kd_oops_blocks[];

/* What else the architectures print about the fault: syndromes, failing addresses. */
bool kd_oops_take_fault(kd_parse *parse, kdf_oops *oops, kd_str text);
/* The oops is whole: settles its kind and whom to ask first. */
void kd_oops_settle(kd_parse *parse, bool headline_seen);
/* Lines before the event that name a kernel address. */
void kd_oops_read_notes(kd_parse *parse, kdf_oops *oops);
/* Adds a register of the first dump, with a copy of its name; the first value of a name counts. */
void kd_put_register(kd_parse *parse, kdf_oops *oops, kd_str name, uint64_t value);
/* Of one that is named by a prefix of a few letters and a number. */
void kd_put_numbered(kd_parse *parse, kdf_oops *oops, const char *prefix, uint64_t value,
                     unsigned number);
/* "[<c0101234>] name+0x1/0x2", "c0101234: name", "<name+0x1/0x2>", "(name+0x1/0x2)": what is there
 * of it. */
bool kd_scan_code_address(kd_scan *in, kdf_symbol *out, kd_src src);
/* The registers of mips, loongarch, s390, parisc, sparc, xtensa, m68k, microblaze. */
bool kd_take_other_registers(kd_parse *parse, kdf_oops *oops, kd_str text);

/* "Krnl Code:" of s390, and the rows below it. */
bool kd_take_krnl_code(kd_parse *parse, kdf_oops *oops, kd_str text);

/* Rows of the stack dump, and what announces them. */
bool kd_take_stack(kd_parse *parse, kdf_oops *oops, kd_str text);

/* Does the line stand above registers or a stack, and belong to them? */
bool kd_headless_is_above(kd_str text);
/* Does it tell that what stands below is part of a report, was asked for, or is nobody's fault? */
bool kd_headless_belongs(kd_str text);

/* Adds a copy of a line that was found above. False: no memory. */
bool kd_headless_keep(kd_parse *parse, kd_list *lines, const kd_line *line);
/* Hands those lines, the nearest first in the list, to the block in the order of the log. */
void kd_headless_replay(kd_parse *parse, const kd_list *lines, const kd_block *block, void *group,
                        kd_block_state state);

/* arc prints the task before it says what happened. */
void kd_oops_look_back_for_task(kd_parse *parse, kdf_oops *oops);

#endif
