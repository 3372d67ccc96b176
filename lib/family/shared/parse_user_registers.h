/* parse_user_registers.h - the registers of user space below a stack trace. */
#ifndef KD_SHARED_PARSE_USER_REGISTERS_H
#define KD_SHARED_PARSE_USER_REGISTERS_H

#include "base/str.h"

/* A row of such a dump? *rows, 0 at first, says how many rows may still come. */
bool kd_take_user_registers(uint32_t *rows, kd_str text);

#endif
