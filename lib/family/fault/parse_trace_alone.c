/* parse_trace_alone.c - the stack of a report of which the log holds nothing above it.
 *
 *   CPU: 1 PID: 411 Comm: trinity-main Not tainted 4.8.0-rc1 #117
 *   Call Trace:
 *    [<cadec3f0>] dump_stack+0x58/0x72
 *    [<caca41e8>] register_lock_class+0x7b/0x3d2
 *    [<caca531f>] __lock_acquire+0x84/0x6c4
 *
 * The frame below those that only print names who had something to report (printer.def). It begins
 * with that frame: what stands above it is looked for. A report that has its head takes the line
 * before it gets here.
 */
#include "family/fault/parse_fault.h"
#include "family/fault/printer.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

/* Frames, then lines, above the frame of the printer; how far a report is looked for above these.
 */
#define MOST_FRAMES 16
#define MOST_ABOVE 24
#define MOST_BACK 40

/* parse->own: the state of the trace block */
enum { OWN_TRACE, OWN_CONTEXT };

static const char *const anchors[] = {
#define KD_PRINTER(anchor, name, found, impact) anchor,
#include "family/fault/printer.def"
    NULL,
};

static bool is_trace(kd_str text)
{
    return kd_str_has(text, "+0x") || kd_str_starts(text, "<") || kd_str_starts(text, "? ");
}

static bool is_trace_head(kd_str text)
{
    return kd_str_starts(text, "Call Trace:") || kd_str_starts(text, "Call trace:") ||
           kd_str_starts(text, "Backtrace:");
}

/* Words of the stack, and the place at which preemption was disabled: "[<0000000000000000>] 0x0" */
static bool is_of_dump(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    uint64_t value;
    if (kd_str_starts(text, "[<"))
        return true;
    if (!kd_scan_word(&in, &word) || (word.len != 8 && word.len != 16))
        return false;
    kd_scan hex = kd_scan_of(word);
    return kd_scan_hex(&hex, &value) && kd_scan_at_end(&hex);
}

/* Gathers the trace above, then what stands above that, the nearest first. False: a report stands
 * there that this trace is part of. */
static bool gather(kd_parse *parse, kd_list *trace, kd_list *above)
{
    kd_back back = kd_back_from(parse);
    kd_line line;
    bool in_trace = true, direct = true, headed = false;
    for (uint32_t i = 0; i < MOST_BACK && kd_back_line(&back, &line); i++) {
        if (in_trace && !headed && trace->count < MOST_FRAMES && is_trace(line.text)) {
            if (!kd_headless_keep(parse, trace, &line))
                return true;
            continue;
        }
        in_trace = false;
        if (!headed && above->count == 0 && is_trace_head(line.text)) {
            headed = true;
            continue;
        }
        if (direct && is_of_dump(line.text))
            continue;
        direct = direct && above->count < MOST_ABOVE && kd_headless_is_above(line.text);
        if (direct && !kd_headless_keep(parse, above, &line))
            return true;
        if (!direct && kd_headless_belongs(line.text))
            return false;
    }
    return true;
}

static kd_verdict open_alone(kd_parse *parse, const kd_line *line)
{
    kdf_oops *oops = parse->body;
    kd_list trace = { .count = 0 }, above = { .count = 0 };
    kd_block_state state = { .at = 1 }, *before = parse->state;
    uint32_t at;
    if (!kd_str_has(line->text, "+0x") || !gather(parse, &trace, &above))
        return KD_NOT_MINE;
    kd_headless_replay(parse, &above, &kd_block_task, &oops->task, (kd_block_state){ .at = 0 });
    kd_headless_replay(parse, &trace, &kd_block_trace, &oops->backtrace, state);
    parse->state = &state;
    kd_verdict verdict = kd_block_trace.take(parse, &oops->backtrace, line);
    parse->state = before;
    if (parse->arena->mem->failed) /* what was lost may have told: an event is counted as lost */
        return KD_TAKEN;
    const kd_printer *printer = verdict == KD_TAKEN ? kd_printer_of(&oops->backtrace, &at) : NULL;
    if (!printer || at + 1 != oops->backtrace.count ||
        (above.count == 0 && kd_printer_is_least(printer)))
        return KD_NOT_MINE;
    return KD_TAKEN;
}

/* The head of the trace is behind: the block's own state does not know of it. */
static kd_verdict more_alone(kd_parse *parse, const kd_line *line)
{
    kdf_oops *oops = parse->body;
    kd_block_state state = { .at = parse->own[OWN_TRACE] | 1, .more = parse->own[OWN_CONTEXT] };
    kd_block_state *before = parse->state;
    parse->state = &state;
    kd_verdict verdict = kd_str_starts(line->text, "---[ end trace ")
                             ? KD_LAST
                             : kd_block_trace.take(parse, &oops->backtrace, line);
    parse->state = before;
    parse->own[OWN_TRACE] = state.at;
    parse->own[OWN_CONTEXT] = state.more;
    return verdict;
}

static void close_alone(kd_parse *parse)
{
    kdf_oops *oops = parse->body;
    parse->event->complete = false; /* its head is not there */
    kd_blame_past(&oops->blame, &oops->backtrace, NULL, kd_printer_passes);
}

const kd_parser kd_parser_trace_alone = {
    .name = "trace_alone",
    .anchors = anchors,
    .kind = &kd_kind_stack_dump,
    .blocks = kd_oops_blocks,
    .patience = 8,
    .open = open_alone,
    .more = more_alone,
    .close = close_alone,
};
