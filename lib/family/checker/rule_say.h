/* rule_say.h - what the rules about checkers' reports say alike. */
#ifndef KD_CHECKER_RULE_SAY_H
#define KD_CHECKER_RULE_SAY_H

#include "core/diag.h"
#include "family/fields.h"

/* A report, and "foo() [mod]" for whose it is, or words for nobody. */
typedef struct kd_finding {
    const kdf_check *check;
    kd_str place;
    char room[160];
} kd_finding;

bool kd_check_find(const kd_view *view, kd_finding *out);
/* Do these words stand in what the checker calls it? */
bool kd_check_says(const kdf_check *check, const char *words);
/* Freed memory was used: by its words, or, where they are lost, because a stack of who freed it is
 * printed. */
bool kd_check_was_freed(const kdf_check *check);
bool kd_check_wrong_free(const kdf_check *check);

/* Size and kind of the access; the object, and where in it. */
void kd_check_say_access(kd_emit *out, const kdf_check *check);
/* Who stands first in the stack of that role. */
void kd_check_say_who(const kd_view *view, kd_emit *out, const char *role, const char *words);
/* The headline, and whose turn it is. */
void kd_check_say_end(const kd_view *view, kd_emit *out);

#endif
