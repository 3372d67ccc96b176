/* capture.c - what the order of the lines tells of the capture. Layer: api.
 *
 * Only lines that are read are looked at: those with an anchor, and those that events wait for.
 */
#include "api/capture.h"

#include <string.h>

/* A line that short may come twice by itself. */
#define SHORTEST 12u
/* So many lines that come once end it. */
#define MOST_MISSED 3u
/* So many pairs of lines that go back tell more than CPUs whose clocks differ. */
#define FEWEST_BACK 6u
#define FEWEST_REVERSED 4u

static uint64_t hash_of(const kd_line *line)
{
    return line->raw.len < SHORTEST ? 0 : kd_str_hash(KD_HASH_START, line->raw);
}

/* A header that stands there twice at once begins it: a report goes on below its header. A message
 * of one line may well come twice, also at one time where the clock is coarse. */
bool kd_capture_is_copy(kd_capture *capture, const kd_line *line, bool busy)
{
    bool next = line->number == capture->number + 1;
    uint64_t hash = next && capture->hash && capture->len == line->raw.len ? hash_of(line) : 0;
    bool same = hash && hash == capture->hash && !capture->copy;
    if (same && ((capture->opened && busy) || (capture->fact && line->has_time)))
        capture->doubles = true;
    if (!capture->doubles || !next)
        return false;
    if (same) {
        capture->missed = 0;
        capture->doubled++;
    } else if (!capture->copy && capture->hash && ++capture->missed >= MOST_MISSED) {
        capture->doubles = false;
    }
    capture->copy = same;
    capture->number = same ? line->number : capture->number;
    return same;
}

/* Wall times of one form, which begins with the larger unit. */
static int compare_wall(const kd_capture *capture, const kd_line *line)
{
    if (line->wall_time.len != capture->wall_len || capture->wall_len == 0)
        return 0;
    return memcmp(line->wall_time.ptr, capture->wall, capture->wall_len);
}

static void count_order(kd_capture *capture, const kd_line *line)
{
    int order = 0;
    if (line->has_time && capture->has_time)
        order = line->time_us > capture->time_us ? 1 : line->time_us < capture->time_us ? -1 : 0;
    else if (!line->has_time && !capture->has_time)
        order = compare_wall(capture, line);
    capture->forward += order > 0;
    capture->back += order < 0;
}

void kd_capture_note(kd_capture *capture, const kd_line *line, bool opened, bool fact)
{
    if (capture->number > 0)
        count_order(capture, line);
    capture->number = line->number;
    /* only a header is looked for again, and each line once lines come twice */
    capture->hash = opened || fact || capture->doubles ? hash_of(line) : 0;
    capture->len = line->raw.len;
    capture->copy = false;
    capture->opened = opened;
    capture->fact = fact;
    capture->has_time = line->has_time;
    capture->time_us = line->time_us;
    capture->wall_len = line->wall_time.len <= KD_CAPTURE_WALL ? line->wall_time.len : 0;
    if (capture->wall_len > 0)
        memcpy(capture->wall, line->wall_time.ptr, capture->wall_len);
}

unsigned kd_capture_forms(const kd_capture *capture)
{
    unsigned forms = capture->doubled > 1 ? (unsigned)KD_FORM_DOUBLED : 0;
    if (capture->back >= FEWEST_REVERSED && capture->back >= 5 * capture->forward)
        forms |= (unsigned)KD_FORM_REVERSED;
    else if (capture->back >= FEWEST_BACK && capture->back * 3 >= capture->forward)
        forms |= (unsigned)KD_FORM_UNORDERED;
    return forms;
}
