/* decode_dataflow.h - does the value that a call returned reach the faulting access? */
#ifndef KD_FAULT_DECODE_DATAFLOW_H
#define KD_FAULT_DECODE_DATAFLOW_H

#include "core/context.h"
#include "family/fields.h"

/*
 * Follows the return register from the return address of a call to the faulting instruction, over
 * the `distance` bytes before the marker of the code line. True when every instruction between
 * decodes, none of them calls or branches, and the base of the faulting access holds the returned
 * value unchanged, and 0 as base gives the address of the fault. False also when the code line does
 * not reach back that far.
 */
bool kd_result_reaches_fault(const kdf_oops *oops, const kd_context *context, uint64_t distance);

#endif
