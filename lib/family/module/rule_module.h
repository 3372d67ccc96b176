/* rule_module.h - what the rules on modules share. */
#ifndef KD_MODULE_RULE_MODULE_H
#define KD_MODULE_RULE_MODULE_H

#include "core/diag.h"
#include "family/fields.h"

/* The words of the tools for the same failure, before or after it. */
void kd_say_module_tools(const kd_view *view, kd_emit *out, kd_str module, const char *words);

/* The event as a failed load for one of these reasons, or NULL. */
const kdf_module_load *kd_module_load_of(const kd_view *view, const char *reasons);
/* Evidence, impact and the tools' words. */
void kd_say_module_end(const kd_view *view, kd_emit *out, const kdf_module_load *load);

#endif
