/* block.h - the parts that many messages share; see block/. Layer: event. */
#ifndef KD_EVENT_BLOCK_H
#define KD_EVENT_BLOCK_H

#include "core/parser.h"

extern const kd_block kd_block_task;       /* kdf_task: CPU, hardware, workqueue, modules */
extern const kd_block kd_block_trace;      /* kd_list of kdf_frame */
extern const kd_block kd_block_registers;  /* kdf_oops: registers, ip, lr */
extern const kd_block kd_block_page_table; /* kdf_oops: page_table */
extern const kd_block kd_block_code;       /* kdf_code */
extern const kd_block kd_block_meminfo;    /* kdf_meminfo */

#endif
