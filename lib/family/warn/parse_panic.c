/* parse_panic.c - the kernel gave up.
 *
 *   Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
 *   CPU: 0 PID: 1 Comm: init Not tainted 6.1.0-50-amd64 #1
 *   Call Trace: ...
 *   ---[ end Kernel panic - not syncing: ... ]---
 *
 * panic(), all versions. Often the end of an oops, which is an event of its own.
 */
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include "family/warn/panic_reason.h"
#include <stddef.h>

static kd_verdict open_panic(kd_parse *parse, const kd_line *line)
{
    kdf_panic *panic = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str reason;
    if (!kd_scan_literal(&in, "Kernel panic - not syncing: ") || !kd_scan_rest(&in, &reason))
        return KD_NOT_MINE;
    kd_put(parse, &panic->headline, line->text);
    kd_put(parse, &panic->reason, reason);
    return KD_TAKEN;
}

static kd_verdict more_panic(kd_parse *parse, const kd_line *line)
{
    (void)parse;
    return kd_str_starts(line->text, "---[ end Kernel panic") ? KD_LAST : KD_NOT_MINE;
}

static void close_panic(kd_parse *parse)
{
    kdf_panic *panic = parse->body;
    const kd_panic_reason *reason = kd_panic_reason_of(panic->reason.v);
    if (reason && reason->class == KD_PANIC_STACK)
        parse->event->kind = &kd_kind_stack_corruption;
    if (reason && reason->innocent) {
        panic->blame.why =
            (kd_text){ KD_STR("nobody: this is the stack of who noticed, or of who was "
                              "interrupted"),
                       KD_DERIVED };
        return;
    }
    kd_blame_set(parse, &panic->blame, &panic->backtrace, NULL);
}

static const char *const anchors[] = { "Kernel panic - not syncing: ", NULL };

static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_panic, task) },
    { &kd_block_trace, offsetof(kdf_panic, backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_panic = {
    .name = "panic",
    .anchors = anchors,
    .kind = &kd_kind_panic,
    .blocks = blocks,
    .open = open_panic,
    .more = more_panic,
    .close = close_panic,
};
