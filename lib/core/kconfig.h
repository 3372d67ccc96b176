/* kconfig.h - values out of the text of a kernel .config. Layer: core.
 *
 * Nothing is copied: texts point into the file's text. Blanks and CR around a line do no harm. When
 * an option stands twice, the last line counts, as in the kernel's own reader.
 */
#ifndef KD_CORE_KCONFIG_H
#define KD_CORE_KCONFIG_H

#include "base/str.h"

typedef enum kd_config_kind {
    KD_CONFIG_ABSENT, /* no line names it */
    KD_CONFIG_N,      /* "# CONFIG_X is not set", or =n */
    KD_CONFIG_Y,
    KD_CONFIG_M,
    KD_CONFIG_NUMBER, /* decimal, or hex with 0x */
    KD_CONFIG_TEXT,   /* in quotes; escapes are left as they stand */
    KD_CONFIG_BAD     /* a line names it, but its value is none of these */
} kd_config_kind;

typedef struct kd_config_value {
    kd_config_kind kind;
    uint64_t number; /* of a KD_CONFIG_NUMBER; negative ones in two's complement */
    bool negative;
    kd_str text;   /* KD_CONFIG_TEXT: between the quotes; else the value as it stands */
    uint64_t line; /* where it stands, from 1; 0: absent */
} kd_config_value;

/* `name` with its "CONFIG_". False when no line names it; *out is always filled in. */
bool kd_config_get(kd_str kconfig, const char *name, kd_config_value *out);

/* Is it y or m? */
bool kd_config_on(kd_str kconfig, const char *name);

/* The number, or `otherwise` when it is absent or not a number. */
uint64_t kd_config_number(kd_str kconfig, const char *name, uint64_t otherwise);

#endif
