/* parse_percpu_failure.c - no room for a per-CPU variable.
 *
 *   PERCPU: allocation failed, size=16 align=4, failed to allocate new chunk          to 3.17
 *   percpu: allocation failed, size=64 align=8 atomic=1, atomic alloc failed, no space left   3.18+
 *   CPU: 1 PID: 501 Comm: mkdir Not tainted ...
 *   Call Trace: ...
 *   percpu: limit reached, disable warning
 *
 * pcpu_alloc(), pcpu_alloc_noprof(); ten times in a boot.
 */
#include <stddef.h>

#include "family/fields.h"
#include "family/shared/parse_shared.h"

static kd_verdict open_failure(kd_parse *parse, const kd_line *line)
{
    kdf_percpu *percpu = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str reason;
    uint64_t bytes, align, atomic;
    if ((!kd_scan_literal(&in, "percpu: ") && !kd_scan_literal(&in, "PERCPU: ")) ||
        !kd_scan_literal(&in, "allocation failed, size=") || !kd_scan_u64(&in, &bytes) ||
        !kd_scan_literal(&in, " align=") || !kd_scan_u64(&in, &align))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &percpu->headline, line->text);
    kd_put(parse, &percpu->requested_bytes, bytes);
    kd_put(parse, &percpu->align_bytes, align);
    if (kd_scan_literal(&in, " atomic=") && kd_scan_u64(&in, &atomic))
        kd_put(parse, &percpu->atomic, atomic != 0);
    if (kd_scan_literal(&in, ", ") && kd_scan_rest(&in, &reason) && reason.len > 0)
        kd_put(parse, &percpu->reason, reason);
    return KD_TAKEN;
}

static kd_verdict more_failure(kd_parse *parse, const kd_line *line)
{
    (void)parse;
    return kd_str_is(line->text, "percpu: limit reached, disable warning") ? KD_LAST : KD_NOT_MINE;
}

static void close_failure(kd_parse *parse)
{
    kdf_percpu *percpu = parse->body;
    kd_blame_set(&percpu->blame, &percpu->backtrace, NULL);
    parse->event->complete = percpu->backtrace.count > 0;
}

static const char *const anchors[] = { "percpu: allocation failed, size=",
                                       "PERCPU: allocation failed, size=", NULL };

static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_percpu, task) },
    { &kd_block_trace, offsetof(kdf_percpu, backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_percpu_failure = {
    .name = "percpu_failure",
    .anchors = anchors,
    .kind = &kd_kind_percpu_failure,
    .blocks = blocks,
    .open = open_failure,
    .more = more_failure,
    .close = close_failure,
};
