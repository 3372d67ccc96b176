/* open.h - an event while it is open: its recogniser, its blocks, what it did not take. Layer:
 * core. */
#ifndef KD_CORE_OPEN_H
#define KD_CORE_OPEN_H

#include "core/parser.h"
#include "core/tracker.h"

#define KD_PATIENCE 24u
#define KD_MAX_PATIENCE 64u

struct kd_open {
    kd_open *next;
    const kd_parser *parser;
    kd_parse parse;
    kd_block_state states[KD_MAX_BLOCKS];
    /* numbers of lines that it did not take since the last it took */
    uint64_t foreign[KD_MAX_PATIENCE];
    uint32_t foreign_count;
    bool tired;        /* to be closed for want of lines */
    bool grown;        /* it took lines beside its first */
    const char *block; /* that took the line at hand; NULL: the recogniser itself */
};

/* NULL: no memory. */
kd_open *kd_open_new(kd_mem *mem, kd_dress *dress, const kd_parser *parser);
void kd_open_free(kd_mem *mem, kd_open *open, bool with_event);

/* Does the one refuse every line that the other refuses? */
bool kd_open_alike(const kd_open *one, const kd_open *other);

/* What recogniser and blocks remember from line to line. A line that is refused leaves no trace in
 * it. */
typedef struct kd_open_memory {
    kd_block_state states[KD_MAX_BLOCKS];
    uint32_t own[KD_COUNT(((kd_parse *)NULL)->own)];
} kd_open_memory;

/* Both are done for each line that is offered. */
static inline void kd_open_remember(const kd_open *open, kd_open_memory *out)
{
    memcpy(out->states, open->states, sizeof out->states);
    memcpy(out->own, open->parse.own, sizeof out->own);
}

static inline void kd_open_restore(kd_open *open, const kd_open_memory *from)
{
    memcpy(open->states, from->states, sizeof open->states);
    memcpy(open->parse.own, from->own, sizeof open->parse.own);
}

#endif
