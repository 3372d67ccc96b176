/* clean.h - what terminals and web pages did to the bytes of a line. Layer: input. */
#ifndef KD_INPUT_CLEAN_H
#define KD_INPUT_CLEAN_H

#include "input/line.h"

/* Nearly every line. */
static inline bool kd_is_clean(kd_str raw)
{
    raw.len -= kd_str_ends(raw, "\r");
    return kd_str_plain(raw) == raw.len && !kd_str_ends(raw, "^M");
}

/* Undoes it in `room`, which has as many bytes as raw and may be raw itself; false: there is
 * nothing to undo.
 * @param forms  KD_FORM_COLOUR, KD_FORM_HTML are added */
bool kd_clean(kd_str raw, char *room, kd_str *out, unsigned *forms);

/* The message that a JSON object (or a flow mapping of YAML) on this line carries, and what else it
 * tells of it; the message is written to `room`, which has as many bytes as raw. */
bool kd_carried(kd_str raw, char *room, kd_line *line);

#endif
