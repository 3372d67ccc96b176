/* alloc_rules.c - look-up in alloc_rules.def. */
#include "family/alloc/alloc_rules.h"

#include <stddef.h>

struct row {
    uint32_t from, until;
    uint8_t rule, choice;
};

#define KD_ALLOC_RULE(what, from, until, choice) { from, until, KD_AR_##what, choice },
#define KD_ALLOC_DRIFT(what, from, until, choice)
static const struct row mainline[] = {
#include "family/alloc/alloc_rules.def"
};
#undef KD_ALLOC_RULE
#undef KD_ALLOC_DRIFT

#define KD_ALLOC_RULE(what, from, until, choice)
#define KD_ALLOC_DRIFT(what, from, until, choice) { from, until, KD_AR_##what, choice },
static const struct row drifts[] = {
#include "family/alloc/alloc_rules.def"
};
#undef KD_ALLOC_RULE
#undef KD_ALLOC_DRIFT

static bool apply(const struct row *rows, size_t count, uint32_t version,
                  struct kd_alloc_rules *out)
{
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        if (!kd_version_in(version, rows[i].from, rows[i].until))
            continue;
        out->choice[rows[i].rule] = rows[i].choice;
        any = true;
    }
    return any;
}

void kd_alloc_rules_find(uint32_t version, struct kd_alloc_rules *out)
{
    *out = (struct kd_alloc_rules){ { 0 } };
    if (version < KD_OLDEST)
        version = KD_OLDEST;
    /* Half-open rows cannot hold the greatest number. */
    if (version == KD_NEWEST)
        version--;
    (void)apply(mainline, sizeof(mainline) / sizeof(mainline[0]), version, out);
}

bool kd_alloc_rules_find_drift(uint32_t version, struct kd_alloc_rules *out)
{
    kd_alloc_rules_find(version, out);
    return apply(drifts, sizeof(drifts) / sizeof(drifts[0]), version, out);
}
