/* printer.h - who printed a stack, and why: where the report's head is lost, its trace tells. */
#ifndef KD_FAULT_PRINTER_H
#define KD_FAULT_PRINTER_H

#include "core/event.h"
#include "kdiag.h"

typedef struct kd_printer {
    const char *anchor, *name, *found;
    kd_impact impact;
} kd_printer;

/* The row of the function below which the stack was printed; NULL: another function, or none.
 * @param frame  gets its place in the trace; may be NULL */
const kd_printer *kd_printer_of(const kd_list *backtrace, uint32_t *frame);
/* Is what it found so little that a stack alone, with nothing above it, is no event? */
bool kd_printer_is_least(const kd_printer *printer);
/* Is that function part of printing such a report? `bare` as kd_bare_name() gives it. */
bool kd_printer_passes(kd_str bare);

#endif
