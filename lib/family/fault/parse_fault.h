/* parse_fault.h - the parts of an oops that warnings print too. */
#ifndef KD_FAULT_PARSE_FAULT_H
#define KD_FAULT_PARSE_FAULT_H

#include "core/parser.h"
#include "family/fields.h"

extern const kd_block kd_block_registers;  /* kdf_oops: registers, ip, lr */
extern const kd_block kd_block_page_table; /* kdf_oops: page_table */
extern const kd_block kd_block_code;       /* kdf_code */

#endif
