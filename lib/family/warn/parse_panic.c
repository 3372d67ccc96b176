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

#define ROOT "VFS: Unable to mount root fs on "

/* Lines before it that are looked at for the device. */
#define BACK_LINES 64

/* 'VFS: Cannot open root device "ram0" or unknown-block(0,0): error -6', some lines before, with
 * the list of partitions between. */
static void read_root(kd_parse *parse, kdf_panic *panic)
{
    kd_back back = kd_back_from(parse);
    kd_line line;
    for (int i = 0; i < BACK_LINES && kd_back_line(&back, &line); i++) {
        kd_scan in = kd_scan_of(line.text);
        kd_str skipped, name;
        if (!kd_scan_past(&in, "Cannot open root device \"", &skipped) ||
            !kd_scan_until(&in, '"', &name) || name.len == 0)
            continue;
        kd_src src = kd_back_keep(parse, &line);
        if (src)
            panic->root_device = (kd_text){ kd_arena_str(parse->arena, name), src };
        return;
    }
}

/* People who type a screen off leave "Kernel panic - not syncing: " out. */
static kd_verdict open_panic(kd_parse *parse, const kd_line *line)
{
    kdf_panic *panic = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str reason;
    bool root = kd_str_has(line->text, ROOT);
    if (!kd_scan_literal(&in, "Kernel panic - not syncing: ") && !kd_str_starts(line->text, ROOT))
        return KD_NOT_MINE;
    kd_scan_rest(&in, &reason);
    kd_put(parse, &panic->headline, line->text);
    kd_put(parse, &panic->reason, reason);
    if (root)
        read_root(parse, panic);
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

static const char *const anchors[] = { "Kernel panic - not syncing: ", ROOT, NULL };

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
