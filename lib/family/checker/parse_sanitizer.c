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
 * Where the headline is not in the log, the first line that only one of them prints begins it
 * (tail.def).
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

/* What the lines below a headline say. */
static const struct {
    const kd_kind *kind;
    const char *begins, *has, *what;
} tails[] = {
#define KD_TAIL(kind, begins, has, what) { &kd_kind_##kind, begins, has, what },
#define KD_SENTENCE(begins, has, what) { &kd_kind_ubsan, begins, has, what },
#include "family/checker/tail.def"
};

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

/* A pointer that %p hashed has no upper half: it says nothing. */
static void put_unhashed(kd_parse *parse, kd_hex *to, uint64_t value)
{
    if (value > UINT32_MAX)
        *to = (kd_hex){ value, parse->src };
}

/* "kfence-#52: 0xA-0xB, size=568, cache=bfq_queue", "kfence-#69 [0xA-0xB, size=4, cache=c] ..." */
static void read_kfence_object(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped, cache;
    uint64_t number;
    if (kd_scan_past(&in, "0x", &skipped) && kd_scan_hex(&in, &number) && kd_scan_char(&in, '-'))
        put_unhashed(parse, &check->object, number);
    in = kd_scan_of(text);
    if (!kd_scan_past(&in, "size=", &skipped) || !kd_scan_u64(&in, &number) ||
        !kd_scan_literal(&in, ", cache=") || !kd_scan_word(&in, &cache))
        return;
    kd_put(parse, &check->object_size, number);
    if (kd_str_ends(cache, "]"))
        cache.len--;
    kd_put(parse, &check->cache, cache);
}

/* Where the headline is torn, the sentence below it says the same whole. */
static void mend_what(kd_parse *parse, kdf_check *check, kd_str text)
{
    for (size_t i = 0; i < KD_COUNT(tails); i++) {
        kd_str whole = kd_str_of(tails[i].what), torn = check->what.v;
        if (tails[i].kind != &kd_kind_kfence || !kd_str_starts(text, tails[i].begins) ||
            torn.len >= whole.len || !kd_str_eq((kd_str){ whole.ptr, torn.len }, torn))
            continue;
        check->what = (kd_text){ whole, KD_DERIVED };
        read_kfence_access(parse, check, whole);
        return;
    }
}

/* "Use-after-free read at 0xffff98f6bbedcfd8 (in kfence-#122733):", "Invalid free of 0xA (in" */
static bool take_kfence(kd_parse *parse, kdf_check *check, kd_str text)
{
    static const char *const begins[] = { "Corrupted memory", "Invalid ", "Out-of-bounds",
                                          "Use-after-free" };
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t number;
    if (parse->event->kind != &kd_kind_kfence)
        return false;
    if (kd_str_starts(text, "kfence-#")) {
        read_kfence_object(parse, check, text);
        return true;
    }
    if (!kd_str_starts_any(text, begins, KD_COUNT(begins)))
        return false;
    mend_what(parse, check, text);
    if ((kd_scan_past(&in, " at 0x", &skipped) ||
         (in = kd_scan_of(text), kd_scan_past(&in, " of 0x", &skipped))) &&
        kd_scan_hex(&in, &number))
        put_unhashed(parse, &check->oops.address, number);
    return true;
}

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
        read_kfence_object(parse, check, text);
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

/* parse->own[KD_CHECK_EXTRA]: the stack's header is not in the log either. Of KMSAN and KFENCE the
 * frames follow without one. */
static kd_verdict take_bare_frame(kd_parse *parse, kdf_check *check, const kd_line *line)
{
    const kd_kind *kind = parse->event->kind;
    bool bare = kind == &kd_kind_kmsan || kind == &kd_kind_kfence || parse->own[KD_CHECK_EXTRA];
    if (parse->own[KD_CHECK_STACK] || !bare || !kd_str_has(line->text, "+0x"))
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
    if (!line->frame && (take_access(parse, check, text) || take_cache(parse, check, text) ||
                         take_section(parse, check, text) || take_region(parse, check, text) ||
                         take_kfence(parse, check, text)))
        return KD_TAKEN;
    kd_verdict verdict = kd_check_frame(parse, check, line);
    if (verdict == KD_NOT_MINE)
        verdict = take_bare_frame(parse, check, line);
    if (verdict != KD_NOT_MINE)
        return verdict;
    return !kd_str_starts(text, "[<") && is_company(text) ? KD_TAKEN : KD_NOT_MINE;
}

/* ---- without its headline -------------------------------------------------------------------- */

static const char *const tail_anchors[] = {
#define KD_TAIL(kind, begins, has, what) begins,
#define KD_SENTENCE(begins, has, what) has,
#define KD_REPORTER(kind, frame) frame,
#include "family/checker/tail.def"
    NULL,
};

/* A headline stands near above: the line is of that report, which another one broke. */
static bool has_head(const kd_parse *parse)
{
    static const char *const heads[] = { "BUG: KASAN", "BUG: KMSAN", "BUG: KCSAN", "BUG: KFENCE",
                                         "UBSAN: " };
    return kd_back_has(parse, heads, KD_COUNT(heads));
}

/* So many frames that the unwinder does not vouch for may stand between two of the report's own. */
#define MOST_GUESSES 4

static bool is_guess(kd_str text)
{
    return kd_str_starts(text, "? ") || (kd_str_starts(text, "[<") && kd_str_has(text, ">] ? "));
}

/* "kasan_report+0xd4/0x160" below "print_report+0x11d/0x224": the stack of the report. */
static kd_verdict open_stack(kd_parse *parse, const kd_line *line)
{
    static const struct {
        const kd_kind *kind;
        const char *frame;
    } reporters[] = {
#define KD_REPORTER(kind, frame) { &kd_kind_##kind, frame },
#include "family/checker/tail.def"
    };
    static const char *const printers[] = { "print_report+0x",       "print_address_description",
                                            "kasan_report_error+0x", "dump_stack",
                                            "ubsan_epilogue",        "kasan_object_err+0x",
                                            "kasan_end_report+0x" };
    kd_back back = kd_back_from(parse);
    kd_line above;
    bool printed = false;
    size_t i = 0;
    while (i < KD_COUNT(reporters) && !kd_str_has(line->text, reporters[i].frame))
        i++;
    if (i == KD_COUNT(reporters) || is_guess(line->text) || !kd_back_line(&back, &above))
        return KD_NOT_MINE;
    for (int guesses = 0; is_guess(above.text) && guesses < MOST_GUESSES; guesses++)
        if (!kd_back_line(&back, &above))
            return KD_NOT_MINE;
    for (size_t k = 0; k < KD_COUNT(printers); k++)
        printed |= kd_str_has(above.text, printers[k]);
    if (!printed || has_head(parse))
        return KD_NOT_MINE;
    parse->event->kind = reporters[i].kind;
    parse->own[KD_CHECK_EXTRA] = 1;
    return take_bare_frame(parse, parse->body, line);
}

static kd_verdict open_tail(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_str text = line->text;
    size_t i = 0;
    while (i < KD_COUNT(tails) &&
           !(kd_str_starts(text, tails[i].begins) && kd_str_has(text, tails[i].has)))
        i++;
    if (i == KD_COUNT(tails))
        return open_stack(parse, line);
    if (has_head(parse))
        return KD_NOT_MINE;
    parse->event->kind = tails[i].kind;
    kd_put(parse, &check->oops.headline, text);
    if (tails[i].what[0])
        check->what = (kd_text){ kd_str_of(tails[i].what), KD_DERIVED };
    if (tails[i].kind == &kd_kind_ubsan)
        kd_put(parse, &check->message, text);
    read_kfence_access(parse, check, check->what.v);
    kd_verdict verdict = more_report(parse, line);
    return verdict == KD_LAST || verdict == KD_OVER ? KD_NOT_MINE : KD_TAKEN;
}

static kd_verdict more_tail(kd_parse *parse, const kd_line *line)
{
    return kd_str_starts(line->text, "---[ end trace") ? KD_LAST : more_report(parse, line);
}

static void close_tail(kd_parse *parse)
{
    kd_check_blame(parse);
    parse->event->complete = false;
}

/* ---- the recognisers ------------------------------------------------------------------------- */

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

const kd_parser kd_parser_sanitizer_tail = {
    .name = "sanitizer_tail",
    .anchors = tail_anchors,
    .kind = &kd_kind_kasan,
    .blocks = kd_check_blocks,
    .open = open_tail,
    .more = more_tail,
    .close = close_tail,
};
