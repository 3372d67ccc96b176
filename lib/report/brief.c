/* brief.c - the report in at most 2 kB: one line a problem, for monitors, trackers and agents.
 * Layer: report. */
#include <string.h>

#include "report/page.h"
#include "report/store.h"

#define MOST_BYTES 2000u
/* Of the first line. */
#define FIRST_COLUMNS 80u

/* A line of the room that is left; false: it does not fit. */
typedef struct brief {
    kd_sink sink;
    size_t room;
} brief;

static bool put_line(brief *out, kd_str text)
{
    if (text.len + 1 > out->room)
        return false;
    kd_sink_put(&out->sink, text);
    kd_sink_put(&out->sink, KD_STR("\n"));
    out->room -= text.len + 1;
    return true;
}

/* Plain printable ASCII: what goes into a pager or a ticket is no place for surprises. */
static void make_plain(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = '?';
}

/* Of a pack's entry the signature has the id alone: what happened stands in its title. */
static kd_str what_happened(const kd_problem *problem)
{
    bool repeats = problem->rule && kd_str_has(problem->bug_title, problem->rule);
    return repeats && problem->title.len > 0 ? problem->title : problem->bug_title;
}

/* "2 problems; worst: fatal null_deref in foo [mod]" */
static kd_str first_line(const kd_report *report, char *room, size_t size)
{
    const kd_problems *problems = &report->problems;
    if (problems->standing == 0 && report->seen.len > 0)
        return kd_str_print(room, size, "unknown: bad news seen and not analysed in %llu lines",
                            KD_LLU(report->stats.lines));
    if (problems->standing == 0)
        return kd_str_print(room, size, "OK: no problem in %llu lines",
                            KD_LLU(report->stats.lines));
    const kd_problem *worst = problems->items.items[0];
    kd_str line = kd_str_print(room, size, "%s: %zu problem%s: %.*s",
                               kd_severity_name(worst->severity), problems->standing,
                               problems->standing == 1 ? "" : "s", KD_FMT(what_happened(worst)));
    line.len = line.len < FIRST_COLUMNS ? line.len : FIRST_COLUMNS;
    return line;
}

/* "p1 error alloc.fragmented certain, 3 times, line 12, suspect driver foo: TITLE" */
static kd_str problem_line(const kd_problem *problem, char *room, size_t size)
{
    char suspect[96] = "", times[32] = "";
    if (problem->suspect)
        kd_str_print(suspect, sizeof suspect, ", suspect %s%s%.*s",
                     kd_suspect_name(problem->suspect), problem->suspect_name.len ? " " : "",
                     KD_FMT(problem->suspect_name));
    if (problem->count > 1)
        kd_str_print(times, sizeof times, ", %llu times", KD_LLU(problem->count));
    return kd_str_print(room, size, "p%llu %s %s %s%s, line %llu%s: %.*s", KD_LLU(problem->id),
                        kd_severity_name(problem->severity),
                        problem->rule ? problem->rule : "undiagnosed",
                        problem->rule ? kd_confidence_name(problem->confidence) : "-", times,
                        KD_LLU(problem->first_line), suspect, KD_FMT(what_happened(problem)));
}

kd_status kd_brief_write(const kd_report *report, kd_write_fn write, void *user)
{
    char room[320];
    brief out = { .room = MOST_BYTES };
    kd_sink_init(&out.sink, write, user);
    kd_str line = first_line(report, room, sizeof room);
    make_plain(room, line.len);
    put_line(&out, line);
    for (size_t i = 0; i < report->problems.standing; i++) {
        line = problem_line(report->problems.items.items[i], room, sizeof room);
        make_plain(room, line.len);
        /* room for the last line */
        if (out.room < line.len + 40) {
            put_line(&out, kd_str_print(room, sizeof room, "and %zu more problems",
                                        report->problems.standing - i));
            break;
        }
        put_line(&out, line);
    }
    for (size_t i = 0; i < report->seen.len; i++) {
        const kd_seen *seen = &report->seen.items[i];
        put_line(&out, kd_str_print(room, sizeof room,
                                    "seen, not analysed: %llu x \"%.*s\", first line %llu",
                                    KD_LLU(seen->count), KD_FMT(seen->wording),
                                    KD_LLU(seen->first_line)));
    }
    return kd_sink_end(&out.sink);
}
