/* parse_sanitizer.c - KASAN, KMSAN, KCSAN and KFENCE.
 *
 *   BUG: KASAN: slab-use-after-free in foo+0x1c/0x40 [mod]
 *   Read of size 8 at addr ffff88800a3b1c00 by task cat/123
 *   BUG: KASAN: use-after-free in foo+0x1c/0x40 at addr ffff8800a3b1c00          to 4.9
 *   BUG: KASAN: wild-memory-access on address 1ffff10013a00000                   to 4.9
 *   BUG: KMSAN: uninit-value in foo+0x1c/0x40 mm/a.c:12
 *   BUG: KCSAN: data-race in foo / bar
 *   BUG: KFENCE: use-after-free read in foo+0x1c/0x40
 *   Allocated by task 123:   Freed by task 124:   Uninit was created at:
 *   The buggy address belongs to the cache kmalloc-64 of size 64
 *
 * kasan_report(), kmsan_report(), kcsan_report(), kfence_report_error(); between lines of "===".
 */
#include "family/checker/parse_check.h"

static const struct {
    const char *begins;
    const kd_kind *kind;
} tools[] = {
    { "BUG: KASAN: ", &kd_kind_kasan },
    { "BUG: KMSAN: ", &kd_kind_kmsan },
    { "BUG: KCSAN: ", &kd_kind_kcsan },
    { "BUG: KFENCE: ", &kd_kind_kfence },
};

/* ---- the headline ---------------------------------------------------------------------------- */

/* " in foo+0x1c/0x40 [mod] at addr A", " in foo / bar", " on address A" */
static void read_place(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped, other;
    uint64_t address;
    if (kd_scan_past(&in, " in ", &skipped)) {
        kd_scan_symbol(&in, &check->oops.ip, parse->src);
        if (kd_scan_literal(&in, " / ") && kd_scan_name(&in, &other))
            kd_put(parse, &check->other_function, other);
    }
    in = kd_scan_of(text);
    if ((kd_scan_past(&in, " at addr ", &skipped) || kd_scan_past(&in, " on address ", &skipped)) &&
        kd_scan_hex(&in, &address))
        kd_put(parse, &check->oops.address, address);
}

/* KFENCE names the access in its headline: "use-after-free read", "out-of-bounds write". */
static void read_kfence_access(kd_parse *parse, kdf_check *check, kd_str what)
{
    if (kd_str_ends(what, " read"))
        kd_put(parse, &check->oops.access, KD_STR("read"));
    else if (kd_str_ends(what, " write"))
        kd_put(parse, &check->oops.access, KD_STR("write"));
}

static kd_verdict open_report(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    for (size_t i = 0; i < KD_COUNT(tools); i++) {
        kd_str what, rest;
        if (!kd_str_starts(line->text, tools[i].begins))
            continue;
        rest = kd_str_from(line->text, kd_str_of(tools[i].begins).len);
        kd_scan words = kd_scan_of(rest);
        if (!kd_scan_past(&words, " in ", &what) && !kd_scan_past(&words, " on address ", &what) &&
            !kd_scan_past(&words, " at addr ", &what))
            what = rest;
        parse->event->kind = tools[i].kind;
        kd_put(parse, &check->oops.headline, line->text);
        kd_put(parse, &check->what, kd_str_trim(what));
        read_kfence_access(parse, check, kd_str_trim(what));
        read_place(parse, check, rest);
        return KD_TAKEN;
    }
    return KD_NOT_MINE;
}

/* ---- the lines behind it --------------------------------------------------------------------- */

/* "by task syz-executor/4493" */
static void read_task(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped, comm;
    uint64_t pid;
    if (!kd_scan_past(&in, " by task ", &skipped) || !kd_scan_rest(&in, &comm))
        return;
    const char *slash = kd_str_find_last(comm, "/");
    if (!slash)
        return;
    kd_scan number = { slash + 1, comm.ptr + comm.len, false };
    if (!kd_scan_u64(&number, &pid))
        return;
    kd_put(parse, &check->oops.task.comm, ((kd_str){ comm.ptr, (size_t)(slash - comm.ptr) }));
    kd_put(parse, &check->oops.task.pid, pid);
}

/* "Read of size 8 at addr A by task T/1", "Write of size 4 by task T/1", "Free of addr A by task"
 */
static bool take_access(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t number;
    bool read = kd_scan_literal(&in, "Read of "),
         write = !read && kd_scan_literal(&in, "Write of ");
    bool freed = !read && !write && kd_scan_literal(&in, "Free of ");
    if (!read && !write && !freed)
        return false;
    if (!freed)
        kd_put(parse, &check->oops.access, read ? KD_STR("read") : KD_STR("write"));
    if (kd_scan_literal(&in, "size ") && kd_scan_u64(&in, &number))
        kd_put(parse, &check->size, number);
    if (kd_scan_past(&in, "addr ", &skipped) && kd_scan_hex(&in, &number))
        kd_put(parse, &check->oops.address, number);
    read_task(parse, check, text);
    return true;
}

/* "which belongs to the cache kmalloc-64 of size 64", "... cache: kmalloc-64" */
static bool take_cache(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped, cache;
    uint64_t size;
    if (!kd_scan_past(&in, "belongs to the cache ", &skipped) || !kd_scan_word(&in, &cache))
        return false;
    kd_put(parse, &check->cache, cache);
    if (kd_scan_literal(&in, " of size ") && kd_scan_u64(&in, &size))
        kd_put(parse, &check->object_size, size);
    return true;
}

static bool take_section(kd_parse *parse, kdf_check *check, kd_str text)
{
    static const struct {
        const char *begins, *role;
    } sections[] = {
        { "Allocated by task", "alloc" },
        { "Allocated:", "alloc" },
        { "allocated by task", "alloc" },
        { "Freed by task", "free" },
        { "Freed:", "free" },
        { "freed by task", "free" },
        { "Uninit was created at:", "origin" },
        { "Uninit was stored to memory at:", "stored" },
        { "Local variable", "origin" },
        { "Last potentially related work", "work" },
        { "Second to last potentially", "work" },
        { "Last call_rcu", "work" },
        { "read to 0x", "other" },
        { "write to 0x", "other" },
        { "read-write to 0x", "other" },
        { "race at unknown origin", "other" },
        { "Auxiliary stack", "other" },
    };
    /* "kfence-#69 [A-B, size=424, cache=kmalloc-512] allocated by task 9997:"               to 5.14
     */
    if (kd_str_starts(text, "kfence-#") && kd_str_has(text, "] allocated by task")) {
        kd_check_turn(parse, check, "alloc");
        return true;
    }
    for (size_t i = 0; i < KD_COUNT(sections); i++)
        if (kd_str_starts(text, sections[i].begins)) {
            kd_check_turn(parse, check, sections[i].role);
            return true;
        }
    return false;
}

/* "2048-byte region [ffff88811141a000, ffff88811141a800)" */
static bool take_region(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t start, end;
    if (!kd_scan_past(&in, "-byte region [", &skipped))
        return false;
    if (kd_scan_hex(&in, &start) && kd_scan_literal(&in, ", ") && kd_scan_hex(&in, &end) &&
        kd_scan_char(&in, ')') && start < end)
        kd_put(parse, &check->object, start);
    return true;
}

/* Words that the sanitizers print beside; they hold nothing that is kept. */
static bool is_company(kd_str text)
{
    static const char *const begins[] = {
        " which belongs",
        "(discarded)",
        ">",
        "Bytes ",
        "Corrupted memory",
        "Data copied to",
        "Disabling lock debugging",
        "INFO:",
        "Invalid ",
        "Memory access of size",
        "Memory state around",
        "Memory tag:",
        "Object ",
        "Object at",
        "Out-of-bounds",
        "PID = ",
        "Pointer tag:",
        "Reported by Kernel Concurrency Sanitizer",
        "The buggy address",
        "The buggy stack",
        "Use-after-free",
        "[",
        "^",
        "addr ",
        "ffff",
        "flags:",
        "head:",
        "kasan:",
        "kfence-#",
        "located ",
        "page dumped because",
        "page:",
        "page_owner",
        "page_type:",
        "raw:",
        "this frame has",
        "value changed:",
        "which belongs",
    };
    return kd_str_starts_any(text, begins, KD_COUNT(begins));
}

/* Of these the frames follow without a header. */
static kd_verdict take_bare_frame(kd_parse *parse, kdf_check *check, const kd_line *line)
{
    const kd_kind *kind = parse->event->kind;
    if (parse->own[KD_CHECK_STACK] || (kind != &kd_kind_kmsan && kind != &kd_kind_kfence) ||
        !kd_str_has(line->text, "+0x"))
        return KD_NOT_MINE;
    kd_block_state state = { .at = 1 }, *own = parse->state;
    parse->state = &state;
    kd_verdict verdict = kd_block_trace.take(parse, &check->oops.backtrace, line);
    parse->state = own;
    return verdict;
}

static kd_verdict more_report(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_str text = line->text;
    if (kd_str_starts(text, "=========")) {
        /* the line above the headline comes before it; this one ends the report */
        return parse->own[KD_CHECK_SEEN] ? KD_LAST : KD_NOT_MINE;
    }
    if (kd_other_report_begins(text))
        return KD_OVER;
    parse->own[KD_CHECK_SEEN] = 1;
    if (take_access(parse, check, text) || take_cache(parse, check, text) ||
        take_section(parse, check, text) || take_region(parse, check, text))
        return KD_TAKEN;
    kd_verdict verdict = kd_check_frame(parse, check, line);
    if (verdict == KD_NOT_MINE)
        verdict = take_bare_frame(parse, check, line);
    if (verdict != KD_NOT_MINE)
        return verdict;
    return !kd_str_starts(text, "[<") && is_company(text) ? KD_TAKEN : KD_NOT_MINE;
}

/* KCSAN prints both sides as stacks of their own: the first is the one that reports. */
static void close_report(kd_parse *parse)
{
    kdf_check *check = parse->body;
    if (check->oops.backtrace.count == 0 && check->stacks.count > 0 &&
        kd_str_is(KD_ITEMS(check->stacks, kdf_check_stack)[0].role.v, "other"))
        check->oops.backtrace = KD_ITEMS(check->stacks, kdf_check_stack)[0].frames;
    kd_check_blame(parse);
}

static const char *const anchors[] = { "BUG: KASAN: ", "BUG: KMSAN: ", "BUG: KCSAN: ",
                                       "BUG: KFENCE: ", NULL };

const kd_parser kd_parser_sanitizer = {
    .name = "sanitizer",
    .anchors = anchors,
    .kind = &kd_kind_kasan,
    .blocks = kd_check_blocks,
    .open = open_report,
    .more = more_report,
    .close = close_report,
};
