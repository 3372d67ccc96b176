/* rules.c - the list of built-in rules, from rules.def. Layer: rules. */
#include "core/diag.h"

#define KD_RULE(function, id, severity, wakes, title)                      \
    kd_status kd_check_##function(const kd_view *view, kd_emit *out, void *user); \
    extern const char kd_doc_##function[];
#include "core/rules.def"
#undef KD_RULE

extern const kd_rule kd_builtin_rules[];
extern const size_t kd_builtin_rule_count;

const kd_rule kd_builtin_rules[] = {
#define KD_RULE(function, id, severity, wakes, title) \
    { sizeof(kd_rule),   id,  title, KD_##severity, wakes, kd_doc_##function, \
      kd_check_##function, NULL },
#include "core/rules.def"
#undef KD_RULE
    { 0, NULL, NULL, KD_INFO, NULL, NULL, NULL, NULL }
};
const size_t kd_builtin_rule_count = KD_COUNT(kd_builtin_rules) - 1;
