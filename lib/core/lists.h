/* lists.h - the lists that the families' rows make: family/lists.c. Core walks them and knows no
 * family by name. Layer: core. */
#ifndef KD_CORE_LISTS_H
#define KD_CORE_LISTS_H

#include "core/context.h"
#include "core/parser.h"

/* A line is offered to the last one first. */
extern const kd_parser *const kd_parsers[];
extern const size_t kd_parser_count;

/* Teaches the context what the part of the event tells; texts are copied into the arena. */
typedef struct kd_learner {
    const kd_fields *group;
    void (*learn)(kd_context *context, const kd_event *event, const void *part, kd_arena *arena);
} kd_learner;
extern const kd_learner kd_learners[];
extern const size_t kd_learner_count;

/* Fills in what the numbers of the part mean; fields it adds are KD_DERIVED. False: the text of the
 * event contradicts the version that the context has. */
typedef struct kd_decoder {
    const kd_fields *group;
    bool (*decode)(kd_event *event, void *part, const kd_context *context);
} kd_decoder;
extern const kd_decoder kd_decoders[];
extern const size_t kd_decoder_count;

/* A number that has a meaning of its own: "gfp", "esr". */
typedef struct kd_number {
    const char *word;
    const kd_kind *kind; /* of events that hold such a number */
    const char *group;   /* path in their body; its member "value" is the number */
    /* Where the group does not hold the number itself: fills in what a log would have said. */
    void (*put)(void *group, uint64_t value, const kd_context *context, kd_arena *arena);
} kd_number;
extern const kd_number kd_numbers[];
extern const size_t kd_number_count;

extern const kd_rule kd_builtin_rules[];
extern const size_t kd_builtin_rule_count;

#endif
