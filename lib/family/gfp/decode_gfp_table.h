/* decode_gfp_table.h - which version's table a mask of a log is decoded with. */
#ifndef KD_GFP_DECODE_GFP_TABLE_H
#define KD_GFP_DECODE_GFP_TABLE_H

#include "core/context.h"
#include "family/fields.h"
#include "family/gfp/decode_gfp.h"
#include "family/gfp/decode_version_signs.h"

typedef struct kd_gfp_table {
    uint32_t version; /* packed; 0: nothing tells, the newest */
    kd_gfp_config config;
    const char *by;   /* "given", "read", "assumed"; NULL: the log has no version */
    kd_str note;      /* what the text's own signs and names tell; empty: nothing to say */
    bool contradicts; /* the log has a version, and its text is not of it */
} kd_gfp_table;

/* By the version of the log, the distribution of its release, the signs of the text, and the
 * names that the kernel printed. @param bounds  may be NULL  @param arena  for the note; NULL: the
 * note is left out */
void kd_gfp_table_choose(const kdf_gfp *gfp, const kd_context *context,
                         const kd_version_bounds *bounds, kd_arena *arena, kd_gfp_table *out);

void kd_gfp_table_decode(uint64_t mask, const kd_gfp_table *table, kd_gfp_meaning *out);

/* "5.4" of a packed version. */
kd_str kd_version_text(kd_arena *arena, uint32_t version);

#endif
