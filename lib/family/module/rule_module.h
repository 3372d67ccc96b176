/* rule_module.h - what the rules on modules share. */
#ifndef KD_MODULE_RULE_MODULE_H
#define KD_MODULE_RULE_MODULE_H

#include "core/diag.h"
#include "family/fields.h"

/* The tools complain right after the kernel: so many events further it is another failure. */
#define KD_MODULE_EVENTS 64u

/* "(err -22)": the symbol is there, and was refused for what another line says. */
bool kd_is_symbol_refused(const kdf_module_load *load);

/* The kernel's name of a module has '_' where its file's has '-'. */
bool kd_is_same_module(kd_str a, kd_str b);

/* The words of the tools for the same failure, before or after it. */
void kd_say_module_tools(const kd_view *view, kd_emit *out, kd_str module, const char *words);

/* The event as a failed load for one of these reasons, or NULL. */
const kdf_module_load *kd_module_load_of(const kd_view *view, const char *reasons);
/* Evidence, impact and the tools' words. */
void kd_say_module_end(const kd_view *view, kd_emit *out, const kdf_module_load *load);

#endif
