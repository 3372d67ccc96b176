/* parse_corruption.c - lists, reference counts and copies to user space: a sentence, then a BUG or
 * a WARN.
 *
 *   list_del corruption. prev->next should be ffff88810b1a3c00, but was dead000000000100
 *   list_add corruption. next->prev should be prev (A), but was B. (next=C).
 *   refcount_t: underflow; use-after-free.
 *   usercopy: Kernel memory exposure attempt detected from SLUB object 'cred' (offset 0, size 8)!
 *   Bad or missing usercopy whitelist? Kernel memory overwrite attempt detected to SLAB object ...
 *   ------------[ cut here ]------------
 *   kernel BUG at lib/list_debug.c:53!          WARNING: CPU: 0 PID: 1 at lib/refcount.c:28 ...
 *
 * lib/list_debug.c, lib/refcount.c, mm/usercopy.c. The BUG or WARN behind it is of this same
 * report; where WARN() is no trap (arm, x86 to 4.x), its place comes first and the sentence behind.
 */
#include "family/checker/parse_check.h"

enum { BACK_LINES = 6 };

static const struct {
    const char *begins;
    const kd_kind *kind;
} sentences[] = {
    { "list_add corruption", &kd_kind_list_corruption },
    { "list_del corruption", &kd_kind_list_corruption },
    { "list_add double add", &kd_kind_list_corruption },
    { "refcount_t: ", &kd_kind_refcount },
    { "usercopy: ", &kd_kind_usercopy },
    { "Bad or missing usercopy whitelist?", &kd_kind_usercopy },
};

/* "60836.026949] refcount_t: ...": the paste lost the first bracket */
static kd_str without_torn_stamp(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str rest;
    uint64_t a, b;
    return kd_scan_u64(&in, &a) && kd_scan_char(&in, '.') && kd_scan_u64(&in, &b) &&
                   kd_scan_literal(&in, "] ") && kd_scan_rest(&in, &rest)
               ? rest
               : text;
}

/* "WARNING: CPU: 2 PID: 0 at ...": to 6.18 */
static void put_task(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    uint64_t cpu, pid;
    if (!kd_scan_past(&in, "CPU: ", &before) || !kd_scan_u64(&in, &cpu) ||
        !kd_scan_literal(&in, " PID: ") || !kd_scan_u64(&in, &pid))
        return;
    kd_put(parse, &check->oops.task.cpu, cpu);
    kd_put(parse, &check->oops.task.pid, pid);
}

/* " refcount_sub+0x94/0xa0" behind the place */
static void read_symbol(kd_parse *parse, kdf_check *check, kd_scan in)
{
    kdf_symbol symbol = { .size = { 0, 0 } };
    kd_scan_blanks(&in);
    if (kd_scan_symbol(&in, &symbol, parse->src) && symbol.size.src)
        check->oops.ip = symbol;
}

/* "kernel BUG at lib/list_debug.c:53!", "WARNING: CPU: 0 PID: 53 at lib/refcount.c:128
 * refcount_..." */
static bool take_place(kd_parse *parse, kdf_check *check, kd_str text)
{
    static const char *const files[] = { "lib/list_debug.c:", "lib/refcount.c:", "mm/usercopy.c:",
                                         "include/linux/refcount.h:" };
    for (size_t i = 0; i < KD_COUNT(files); i++) {
        const char *at = kd_str_find(text, files[i]);
        if (!at)
            continue;
        kd_scan in = { at, text.ptr + text.len, false };
        kd_str file;
        uint64_t line;
        if (kd_scan_until(&in, ':', &file) && kd_scan_char(&in, ':') && kd_scan_u64(&in, &line)) {
            kd_put(parse, &check->oops.file, file);
            kd_put(parse, &check->oops.line_number, line);
            read_symbol(parse, check, in);
            put_task(parse, check, text);
        }
        return true;
    }
    return false;
}

/* The line before, of the same CPU or task where each line tells its own. */
static bool find_before(const kd_parse *parse, const kd_line *line, kd_line *out)
{
    kd_back back = kd_back_from(parse);
    for (int i = 0; i < BACK_LINES; i++) {
        if (!kd_back_line(&back, out))
            return false;
        if (!line->caller.len || !out->caller.len || kd_str_eq(line->caller, out->caller))
            return true;
    }
    return false;
}

/* "WARNING: CPU: 4 PID: 0 at lib/list_debug.c:62 f+0x68f/0xfd0" on the line before */
static void look_back(kd_parse *parse, kdf_check *check, const kd_line *sentence)
{
    kd_line line;
    if (!find_before(parse, sentence, &line) || !kd_str_starts(line.text, "WARNING: "))
        return;
    kd_str text = kd_arena_str(parse->arena, line.text); /* it outlives the portion */
    kd_src own = parse->src;
    parse->src = kd_back_keep(parse, &line);
    if (parse->src)
        take_place(parse, check, text);
    parse->src = own;
}

static kd_verdict open_sentence(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_str text = without_torn_stamp(line->text);
    const char *at = kd_str_find(text, "usercopy: "); /* behind what a console printed before */
    if (at && !kd_str_starts(text, "usercopy: "))
        text = kd_str_from(text, (size_t)(at - text.ptr));
    for (size_t i = 0; i < KD_COUNT(sentences); i++) {
        if (!kd_str_starts(text, sentences[i].begins))
            continue;
        parse->event->kind = sentences[i].kind;
        kd_put(parse, &check->oops.headline, text);
        look_back(parse, check, line);
        return KD_TAKEN;
    }
    return KD_NOT_MINE;
}

static kd_verdict more_sentence(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_str text = line->text;
    bool bare = check->oops.backtrace.count == 0, fresh = !check->oops.file.src && bare;
    /* a decoder of stacks repeats it for each function that is compiled into it */
    if (bare && kd_str_starts(text, "WARNING: ") && take_place(parse, check, text))
        return KD_TAKEN;
    if (fresh && kd_str_starts(text, "------------[ cut here"))
        return KD_TAKEN;
    if (fresh && (kd_str_starts(text, "kernel BUG at ") || kd_str_starts(text, "Kernel BUG at ")) &&
        take_place(parse, check, text)) {
        check->oops.ends_in_bug = true;
        return KD_TAKEN;
    }
    if (check->oops.file.src && check->oops.backtrace.count == 0 &&
        (kd_str_starts(text, "invalid opcode: ") || kd_str_starts(text, "Oops: ") ||
         kd_str_starts(text, "Internal error: ") || kd_str_starts(text, "monitor event: ")))
        return KD_TAKEN;
    if (kd_str_starts(text, "---[ end trace"))
        return KD_LAST;
    if (bare && kd_str_starts(text, "Kernel panic - not syncing: "))
        return KD_NOT_MINE; /* its stack may be of this report */
    return kd_other_report_begins(text) ? KD_OVER : KD_NOT_MINE;
}

static void beside_sentence(kd_parse *parse, const kd_event *other)
{
    kdf_check *check = parse->body;
    kd_trace_borrow(parse, &check->oops.backtrace, other);
}

static const char *const anchors[] = { "list_add corruption",
                                       "list_del corruption",
                                       "list_add double add",
                                       "refcount_t: ",
                                       "usercopy: ",
                                       "Bad or missing usercopy",
                                       NULL };

const kd_parser kd_parser_corruption = {
    .name = "corruption",
    .anchors = anchors,
    .kind = &kd_kind_list_corruption,
    .blocks = kd_check_blocks,
    .open = open_sentence,
    .more = more_sentence,
    .close = kd_check_blame,
    .beside = beside_sentence,
};
