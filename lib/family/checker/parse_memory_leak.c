/* parse_memory_leak.c - kmemleak.
 *
 *   BUG: memory leak
 *   unreferenced object 0xffff88810b1a3c00 (size 512):
 *     comm "syz-executor", pid 8533, jiffies 4294959342 (age 13.950s)
 *     hex dump (first 32 bytes):
 *     backtrace (crc 81a5ec2b):
 *       [<ffffffff81b0d9ae>] kmalloc include/linux/slab.h:556 [inline]
 *
 * print_unreferenced(); the line with BUG is syzkaller's.
 */
#include "family/checker/parse_check.h"

static bool take_object(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t address, size;
    if (!kd_scan_literal(&in, "unreferenced object ") || !kd_scan_hex(&in, &address))
        return false;
    kd_put(parse, &check->oops.address, address);
    if (kd_scan_literal(&in, " (size ") && kd_scan_u64(&in, &size))
        kd_put(parse, &check->object_size, size);
    return true;
}

static kd_verdict open_leak(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_str text = line->text;
    const char *bug = kd_str_find(text, "BUG: memory leak"); /* behind a time of whoever wrote it */
    if (bug && bug - text.ptr <= 32)
        text = kd_str_from(text, (size_t)(bug - text.ptr));
    if (!kd_str_is(text, "BUG: memory leak") && !take_object(parse, check, text))
        return KD_NOT_MINE;
    kd_put(parse, &check->oops.headline, text);
    return KD_TAKEN;
}

/* "comm "syz-executor", pid 8533, jiffies 4294959342" */
static bool take_comm(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str comm;
    uint64_t pid;
    if (!kd_scan_literal(&in, "comm \"") || !kd_scan_past(&in, "\", pid ", &comm) ||
        !kd_scan_u64(&in, &pid))
        return false;
    kd_put(parse, &check->oops.task.comm, comm);
    kd_put(parse, &check->oops.task.pid, pid);
    return true;
}

static kd_verdict more_leak(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_str text = line->text;
    if (!check->oops.address.src && take_object(parse, check, text))
        return KD_TAKEN;
    if (kd_str_starts(text, "unreferenced object ") || kd_str_starts(text, "BUG: memory leak") ||
        kd_other_report_begins(text))
        return KD_OVER;
    if (kd_str_starts(text, "backtrace")) {
        parse->own[KD_CHECK_SEEN] = 1;
        return KD_TAKEN;
    }
    if (take_comm(parse, check, text))
        return KD_TAKEN;
    if (!parse->own[KD_CHECK_SEEN])
        return text.len > 0 && text.len < 120 && check->oops.address.src ? KD_TAKEN : KD_NOT_MINE;
    kd_block_state state = { .at = 1 }, *own = parse->state;
    parse->state = &state;
    kd_verdict verdict = kd_block_trace.take(parse, &check->oops.backtrace, line);
    parse->state = own;
    return verdict;
}

static const char *const anchors[] = { "BUG: memory leak", "unreferenced object 0x", NULL };

const kd_parser kd_parser_memory_leak = {
    .name = "memory_leak",
    .anchors = anchors,
    .kind = &kd_kind_memory_leak,
    .patience = 4,
    .open = open_leak,
    .more = more_leak,
    .close = kd_check_blame,
};
