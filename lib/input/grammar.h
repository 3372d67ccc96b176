/* grammar.h - known prefixes by their grammars. Layer: input. */
#ifndef KD_INPUT_GRAMMAR_H
#define KD_INPUT_GRAMMAR_H

#include "base/scan.h"
#include "input/line.h"

#define KD_GRAMMAR_WORDS 2u /* a bit for each row */
#define KD_GRAMMAR_FIRSTS 6u
#define KD_GRAMMAR_THENS 15u

/* Which rows a text may fit, compiled from them: by the sorts of its beginning and of what ends its
 * first word, by its first character and, behind a bracket, its second. */
typedef struct kd_grammars {
    uint64_t first[KD_GRAMMAR_FIRSTS][KD_GRAMMAR_WORDS], then[KD_GRAMMAR_THENS][KD_GRAMMAR_WORDS];
    uint64_t begins[256][KD_GRAMMAR_WORDS], inside[256][KD_GRAMMAR_WORDS];
    uint64_t bare[KD_GRAMMAR_WORDS]; /* those without a bracket: their second may be any */
} kd_grammars;

void kd_grammars_init(kd_grammars *out);

/* Takes every known prefix off; the scanner stands at the message then.
 * @param all  NULL: the same, but slowly */
void kd_grammar_take(const kd_grammars *all, kd_scan *in, kd_line *line);

#endif
