/* lists.c - recognisers, learners, decoders and rules, made from the families' rows. Layer: family.
 */
#include "core/lists.h"

#include "core/diag.h"
#include "family/fields.h"

#define KD_PARSER(name) extern const kd_parser kd_parser_##name;
#define KD_LEARNER(name, group)                                                        \
    void kd_learn_##name(kd_context *context, const kd_event *event, const void *part, \
                         kd_arena *arena);
#define KD_DECODER(name, group) \
    bool kd_decode_##name(kd_event *event, void *part, const kd_context *context);
#define KD_VALUE_PUT(word, kind, path, name) \
    void kd_put_##name(void *group, uint64_t value, const kd_context *context, kd_arena *arena);
#define KD_RULE(function, id, severity, wakes, title)                             \
    kd_status kd_check_##function(const kd_view *view, kd_emit *out, void *user); \
    extern const char kd_doc_##function[];
#include "family/families.def"

const kd_parser *const kd_parsers[] = {
#define KD_PARSER(name) &kd_parser_##name,
#include "family/families.def"
};
const size_t kd_parser_count = KD_COUNT(kd_parsers);

const kd_learner kd_learners[] = {
#define KD_LEARNER(name, group) { &kd_fields_##group, kd_learn_##name },
#include "family/families.def"
};
const size_t kd_learner_count = KD_COUNT(kd_learners);

const kd_decoder kd_decoders[] = {
#define KD_DECODER(name, group) { &kd_fields_##group, kd_decode_##name },
#include "family/families.def"
};
const size_t kd_decoder_count = KD_COUNT(kd_decoders);

const kd_number kd_numbers[] = {
#define KD_VALUE(word, kind, path) { word, &kd_kind_##kind, path, NULL },
#define KD_VALUE_PUT(word, kind, path, name) { word, &kd_kind_##kind, path, kd_put_##name },
#include "family/families.def"
};
const size_t kd_number_count = KD_COUNT(kd_numbers);

const kd_rule kd_builtin_rules[] = {
#define KD_RULE(function, id, severity, wakes, title)                             \
    {                                                                             \
        sizeof(kd_rule),     id,  title, KD_##severity, wakes, kd_doc_##function, \
        kd_check_##function, NULL                                                 \
    },
#include "family/families.def"
};
const size_t kd_builtin_rule_count = KD_COUNT(kd_builtin_rules);
