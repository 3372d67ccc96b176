/* pack_repeat.c - messages that mean something only where they come again and again.
 *
 * The times of the last ones are kept for the few entries and devices that came last: log text
 * does not choose how much memory that is. Layer: family.
 */
#include "base/mem.h"
#include "family/pack/pack.h"
#include "input/line.h"

static kd_pack_tally *find_tally(kd_pack_use *use, const kd_pack_entry *entry, uint64_t device)
{
    if (!use->tallies)
        use->tallies = kd_mem_resize(use->mem, NULL, 0, KD_PACK_TALLIES * sizeof *use->tallies);
    if (!use->tallies)
        return NULL;
    for (uint32_t i = 0; i < KD_PACK_TALLIES && i < use->next_tally; i++)
        if (use->tallies[i].entry == entry && use->tallies[i].device == device)
            return &use->tallies[i];
    kd_pack_tally *tally = &use->tallies[use->next_tally % KD_PACK_TALLIES];
    use->next_tally++;
    *tally = (kd_pack_tally){ .entry = entry, .device = device };
    return tally;
}

/* The time of the one so many before the last. */
static uint64_t time_before(const kd_pack_tally *tally, uint32_t back)
{
    return tally->times_us[(tally->at + KD_PACK_MOST_REPEATS - 1 - back) % KD_PACK_MOST_REPEATS];
}

static void note(kd_pack_tally *tally, const kd_line *line)
{
    uint64_t now = line->has_time ? line->time_us : 0;
    /* a time that goes back begins another boot */
    if (tally->count > 0 && line->has_time && now < time_before(tally, 0))
        tally->count = 0;
    tally->times_us[tally->at] = now;
    tally->at = (tally->at + 1) % KD_PACK_MOST_REPEATS;
    tally->count += tally->count < KD_PACK_MOST_REPEATS;
    tally->line = line->number;
}

bool kd_pack_count(kd_pack_use *use, const kd_pack_entry *entry, kd_str device, const kd_line *line,
                   uint64_t *seconds)
{
    kd_pack_tally *tally = find_tally(use, entry, kd_str_hash(KD_HASH_START, device));
    uint32_t count = entry->repeat.count;
    *seconds = 0;
    if (!tally)
        return false;
    /* a line that is read again, joined with the next or without its padding, is counted once */
    if (tally->count == 0 || tally->line != line->number)
        note(tally, line);
    if (tally->count < count)
        return false;
    uint64_t took = time_before(tally, 0) - time_before(tally, count - 1);
    *seconds = took / 1000000;
    return took <= entry->repeat.within * UINT64_C(1000000);
}
