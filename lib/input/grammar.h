/* grammar.h - known prefixes by their grammars. Layer: input. */
#ifndef KD_INPUT_GRAMMAR_H
#define KD_INPUT_GRAMMAR_H

#include "base/scan.h"
#include "input/line.h"

/* Takes every known prefix off; the scanner stands at the message then. */
void kd_grammar_take(kd_scan *in, kd_line *line);

#endif
