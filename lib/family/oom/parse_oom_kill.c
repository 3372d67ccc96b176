/* parse_oom_kill.c - the OOM killer ran.
 *
 *   COMM invoked oom-killer: gfp_mask=0x201da, order=0, oom_adj=0                2.6.32 - 2.6.35
 *   ... gfp_mask=0x201da, order=0, oom_adj=0, oom_score_adj=0                    2.6.36 - 3.6
 *   ... gfp_mask=0x201da, order=0, oom_score_adj=0                               3.7 - 4.5
 *   ... gfp_mask=0x24201ca(GFP_HIGHUSER_MOVABLE|__GFP_COLD), order=0, ...        4.6 - 4.8
 *   ... gfp_mask=0x14201ca(NAMES), nodemask=(null), order=0, oom_score_adj=0     4.9 - 4.20
 *   ... gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0        5.0+
 *   COMM cpuset=/ mems_allowed=0                                                 to 4.20
 *
 * dump_header(). The task line, a trace, the control group or the memory dump, the tables and
 * the kill follow: block/oom_*.c. The header is rate-limited and the kill is not, and logs begin
 * anywhere: oom_kill_rest takes what stands without a header. order=-1 is sysrq-f.
 */
#include <stddef.h>

#include "family/fields.h"
#include "family/gfp/parse_gfp.h"
#include "family/memdump/parse_meminfo.h"
#include "family/oom/parse_oom.h"
#include "family/shared/parse_shared.h"

/* Between the parts other CPUs may print a lot. */
#define OOM_PATIENCE 64u

/* ---- the header ------------------------------------------------------------------------------ */

/* Mails in their raw form write "=3D" for "=". */
static void skip_quoted_equals(kd_scan *in)
{
    kd_scan_literal(in, "3D");
}

static bool take_signed(kd_parse *parse, kd_str word, const char *key, kd_i64 *field)
{
    kd_scan in = kd_scan_of(word);
    int64_t value;
    if (!kd_str_starts(word, key))
        return false;
    in.at += kd_str_of(key).len;
    skip_quoted_equals(&in);
    if (kd_scan_i64(&in, &value))
        kd_put(parse, field, value);
    return true;
}

/* "nodemask=0-1,3, order=0, oom_score_adj=0": a blank follows the comma between two keys. */
static bool read_keys(kd_parse *parse, kdf_oom *oom, kd_scan in)
{
    kd_str word;
    bool any = false;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        while (word.len > 0 && word.ptr[word.len - 1] == ',')
            word.len--;
        if (kd_str_starts(word, "nodemask=")) {
            kd_put(parse, &oom->scope.nodemask, kd_str_from(word, sizeof "nodemask=" - 1));
            any = true;
        }
        any |= take_signed(parse, word, "order=", &oom->order) ||
               take_signed(parse, word, "oom_score_adj=", &oom->oom_score_adj) ||
               take_signed(parse, word, "oom_adj=", &oom->oom_adj);
    }
    return any;
}

/* "gfp_mask=0x201da(NAMES), order=0, ..." */
static bool read_request(kd_parse *parse, kdf_oom *oom, kd_scan *in)
{
    kd_scan_blanks(in);
    if (kd_scan_char(in, '='))
        kd_scan_blanks(in); /* where a raw mail broke the line */
    if (!kd_scan_literal(in, "gfp_mask="))
        return false;
    skip_quoted_equals(in);
    kdf_gfp gfp = oom->gfp;
    if (!kd_scan_gfp(in, parse, &gfp))
        return false;
    if (gfp.ends_line) /* a comma follows it: some of its digits may be lost */
        return true;
    oom->gfp = gfp;
    kd_scan_char(in, ',');
    read_keys(parse, oom, *in);
    return true;
}

/* ---- is it still the same report? ------------------------------------------------------------ */

/* A report is printed in seconds; over a slow console large ones take minutes. */
#define LONGEST_SECONDS 300u
#define DAY_SECONDS 86400u

/* "Thu Dec  7 00:05:14 2017", "Dec  7 00:05:14": seconds of the day. */
static bool read_clock(kd_str wall, uint32_t *seconds)
{
    for (size_t i = 0; i + 8 <= wall.len; i++) {
        const char *at = wall.ptr + i;
        bool clock = at[2] == ':' && at[5] == ':';
        for (size_t k = 0; clock && k < 8; k++)
            clock = k == 2 || k == 5 || kd_is_digit(at[k]);
        if (!clock)
            continue;
        *seconds = (uint32_t)((at[0] - '0') * 36000 + (at[1] - '0') * 3600 + (at[3] - '0') * 600 +
                              (at[4] - '0') * 60 + (at[6] - '0') * 10 + (at[7] - '0'));
        return *seconds < DAY_SECONDS;
    }
    return false;
}

/* Excerpts of two reports joined: minutes lie between the lines. */
static bool is_another_time(const kd_event *event, const kd_line *line)
{
    uint32_t from, to;
    if (event->has_time && line->has_time)
        return line->time_us > event->time_us &&
               line->time_us - event->time_us > LONGEST_SECONDS * UINT64_C(1000000);
    if (!read_clock(event->wall_time, &from) || !read_clock(line->wall_time, &to))
        return false;
    uint32_t later = (to + DAY_SECONDS - from) % DAY_SECONDS;
    return later > LONGEST_SECONDS && later < DAY_SECONDS / 2; /* else the log runs backwards */
}

static kd_verdict open_report(kd_parse *parse, const kd_line *line)
{
    kdf_oom *oom = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str comm;
    if (!kd_scan_past(&in, " invoked oom-killer:", &comm) || comm.len == 0 || comm.len > 64)
        return KD_NOT_MINE;
    bool ends = kd_scan_at_end(&in);
    if (!read_request(parse, oom, &in)) {
        if (!in.short_)
            return KD_NOT_MINE;
        /* other CPUs may have torn it: the rest can still come */
        if (!ends || !line->prefixed)
            return KD_UNFINISHED;
    }
    kd_put(parse, &oom->task.comm, comm);
    return KD_TAKEN;
}

/* What was torn or wrapped off the header, and "COMM cpuset=/ mems_allowed=0". */
static kd_verdict more_report(kd_parse *parse, const kd_line *line)
{
    kdf_oom *oom = parse->body;
    kd_scan in = kd_scan_of(line->text);
    if (is_another_time(parse->event, line))
        return KD_OVER;
    if (oom->backtrace.count > 0 || line->text.len > 512)
        return KD_NOT_MINE;
    if (!oom->gfp.value.src && kd_str_starts(line->text, "gfp_mask="))
        return read_request(parse, oom, &in) ? KD_TAKEN : KD_NOT_MINE;
    if (!oom->oom_score_adj.src && !line->prefixed &&
        (kd_str_starts(line->text, "oom_score_adj=") || kd_str_starts(line->text, "order=")))
        return read_keys(parse, oom, in) ? KD_TAKEN : KD_NOT_MINE;
    if (kd_str_is(line->text, "COMPACTION is disabled!!!"))
        return KD_TAKEN;
    if (oom->scope.mems_allowed.src || !kd_str_has(line->text, " cpuset=") ||
        kd_str_starts(line->text, "oom-kill:"))
        return KD_NOT_MINE;
    kd_scan_scope(&in, parse, &oom->scope);
    return KD_TAKEN;
}

static void close_report(kd_parse *parse)
{
    kdf_oom *oom = parse->body;
    kd_blame_set(&oom->blame, &oom->backtrace, NULL);
    parse->event->complete = parse->own[KD_OOM_FLAGS] & KD_OOM_KILLED || oom->no_victim.src;
}

static const char *const report_anchors[] = { " invoked oom-killer:", NULL };

static const kd_block_use report_blocks[] = {
    { &kd_block_task, offsetof(kdf_oom, task) },
    { &kd_block_trace, offsetof(kdf_oom, backtrace) },
    { &kd_block_oom_memcg, 0 }, /* to 3.8 Mem-Info follows it */
    { &kd_block_meminfo, offsetof(kdf_oom, meminfo) },
    { &kd_block_oom_slabs, 0 },
    { &kd_block_oom_tasks, 0 },
    { &kd_block_oom_victim, 0 },
    { NULL, 0 },
};

const kd_parser kd_parser_oom_kill = {
    .name = "oom_kill",
    .anchors = report_anchors,
    .kind = &kd_kind_oom_kill,
    .blocks = report_blocks,
    .in_order = true,
    .patience = OOM_PATIENCE,
    .by_others = "oom_reaper: ",
    .open = open_report,
    .more = more_report,
    .close = close_report,
};

/* ---- a report without its header ------------------------------------------------------------- */

static const kd_block_use rest_blocks[] = {
    { &kd_block_oom_memcg, 0 },
    { &kd_block_oom_tasks, 0 },
    { &kd_block_oom_victim, 0 },
    { NULL, 0 },
};

/* A kill without a reason before it: only with the sizes that the kernel prints. User space
 * writes "Killed process" too. */
static bool is_bare(kd_str text)
{
    return kd_str_starts(text, "Killed process ") && !kd_str_has(text, "total-vm:") &&
           !kd_str_has(text, "vsz:");
}

static kd_verdict open_rest(kd_parse *parse, const kd_line *line)
{
    if (is_bare(line->text))
        return line->prefixed ? KD_NOT_MINE : KD_UNFINISHED;
    for (size_t i = 0; rest_blocks[i].block; i++)
        if (rest_blocks[i].block->take(parse, parse->body, line) != KD_NOT_MINE)
            return KD_TAKEN;
    return KD_NOT_MINE;
}

static kd_verdict more_rest(kd_parse *parse, const kd_line *line)
{
    return is_another_time(parse->event, line) ? KD_OVER : KD_NOT_MINE;
}

/* The beginning is not there: never complete. */
static void close_rest(kd_parse *parse)
{
    parse->event->complete = false;
}

static const char *const rest_anchors[] = {
    "oom-kill:constraint=",     "Killed process ",
    "Out of memory: ",          "out of memory: ",
    "Out of memory (oom_kill",  "no killable processes",
    "memory.oom.group set",     ", failcnt ",
    "Memory cgroup stats for ", "killed as a result of limit of",
    " tgid total_vm ",          NULL
};

const kd_parser kd_parser_oom_kill_rest = {
    .name = "oom_kill_rest",
    .anchors = rest_anchors,
    .kind = &kd_kind_oom_kill,
    .blocks = rest_blocks,
    .in_order = true,
    .by_others = "oom_reaper: ",
    .open = open_rest,
    .more = more_rest,
    .close = close_rest,
};
