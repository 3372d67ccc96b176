/* accounting.c - look-up in accounting.def. */
#include "family/memdump/accounting.h"

#include <string.h>

#define KD_ACCOUNT(name, printed, inside, growth, always, from, until) \
    { name, KD_PRINTED_##printed, inside, KD_GROWTH_##growth, always, from, until },
const kd_counter kd_counters[] = {
#include "family/memdump/accounting.def"
};
#undef KD_ACCOUNT

const size_t kd_counter_count = sizeof kd_counters / sizeof kd_counters[0];

const kd_counter *kd_counter_find(const char *name, uint32_t version)
{
    const kd_counter *first = NULL;
    for (size_t i = 0; i < kd_counter_count; i++) {
        const kd_counter *row = &kd_counters[i];
        if (row->name[0] != name[0] || strcmp(row->name, name) != 0)
            continue;
        if (kd_version_in(version, row->from, row->until))
            return row;
        first = first ? first : row;
    }
    return first;
}

static bool is_beside(const kd_counter *row, const kd_counter *other)
{
    return row->name[0] == other->name[0] && strcmp(row->name, other->name) == 0;
}

bool kd_counter_counts(const kd_counter *row, uint32_t version)
{
    const kd_counter *end = kd_counters + kd_counter_count, *first = row;
    while (first > kd_counters && is_beside(row, first - 1))
        first--;
    for (const kd_counter *at = first; at < end && is_beside(row, at); at++)
        if (kd_version_in(version, at->from, at->until))
            return at == row;
    return first == row;
}

bool kd_counter_is_due(const kd_counter *counter, uint32_t version)
{
    if (!counter->always)
        return false;
    if (version == 0)
        return counter->from == KD_OLDEST && counter->until == KD_NEWEST;
    return kd_version_in(version < KD_OLDEST ? KD_OLDEST : version, counter->from, counter->until);
}
