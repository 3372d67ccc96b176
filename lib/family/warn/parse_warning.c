/* parse_warning.c - WARN() and WARN_ON(): something that should not be, and the kernel went on.
 *
 *   ------------[ cut here ]------------
 *   initcall kfault_init+0x0/0x1000 [kfault] returned with preemption imbalance
 *   WARNING: CPU: 0 PID: 84 at init/main.c:1322 do_one_initcall+0x1d7/0x220          3.11 - 6.18
 *   WARNING: kfault.c:778 at kf_warn+0x1f/0x40 [kfault], CPU#0: insmod/99            6.19+
 *   WARNING: [order > 10] mm/a.c:7 at f+0x1f/0x40, CPU#0: insmod/99             6.19+, by config
 *   WARNING: at drivers/pci/pci.c:1430 pci_disable_device+0x84/0x90()                to 3.10
 *   WARNING: at arch/powerpc/platforms/pseries/eeh.c:390                         report_bug()
 *   WARNING: CPU: 0 PID: 84 at kf_warn+0x1f/0x40 [kfault]                            no BUGVERBOSE
 *   WARNING: at ffffff9ea20c9bd0 [verbose debug info unavailable]           likewise, trapped
 *   Badness at drivers/char/tty_ldisc.c:738                        powerpc and others to 2.6.3x
 *   Badness in kref_get at lib/kref.c:32                                            to 2.6.17
 *   BUG: warning at fs/inotify.c:181/set_dentry_child_flags()                       2.6.17, 2.6.18
 *   WARNING: kernel stack regs at (ptrval) in syz:4493 has bad 'bp' value (ptrval)   x86, 4.11+
 *
 * __warn(), warn_slowpath_common(), report_bug(); unwind_next_frame(). The text of WARN() stands
 * before the header where the architecture traps, else behind it. A task line, registers, a trace
 * and "---[ end trace" follow. What lockdep finds begins with WARNING: too, but names no place.
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

/* From "cut here" to the header there may be a text of some lines. */
#define MESSAGE_LINES 4

/* parse->own: last line of the header; it ended behind the place; 1 + offset of the symbol in the
 * headline; line of the end mark, where a stack may follow */
enum { OWN_LAST_LINE, OWN_PLACE_ONLY, OWN_SYMBOL, OWN_ENDED, OWN_WENT_ON };

/* ---- the header ------------------------------------------------------------------------------ */

/* "kf_warn+0x1f/0x40 [kfault]", "modinit() (Not tainted)", "0x0"; no word of a sentence. */
static bool scan_symbol(kd_str text, kd_src src, kdf_symbol *out)
{
    kd_scan in = kd_scan_of(kd_str_trim(text));
    *out = (kdf_symbol){ .size = { 0, 0 } };
    if (!kd_scan_symbol(&in, out, src))
        return false;
    if (out->size.src || out->address.src)
        return true;
    kd_scan_literal(&in, "()");
    kd_scan_blanks(&in);
    return kd_scan_at_end(&in) || !kd_is_alpha(*in.at);
}

static bool note_symbol(kd_parse *parse, const kdf_warning *warning, kd_str text)
{
    kdf_symbol symbol;
    if (!scan_symbol(text, parse->src, &symbol))
        return false;
    parse->own[OWN_SYMBOL] = (uint32_t)(text.ptr - warning->oops.headline.v.ptr) + 1;
    return true;
}

/* "mm/page_alloc.c:5634": the last word of the text; takes it off. */
static bool put_place(kd_parse *parse, kdf_warning *warning, kd_str *text)
{
    const char *blank = kd_str_find_last(*text, " ");
    kd_str word = blank ? kd_str_from(*text, (size_t)(blank + 1 - text->ptr)) : *text;
    const char *colon = kd_str_find_last(word, ":");
    uint64_t number;
    if (!colon || colon == word.ptr)
        return false;
    kd_scan in = { colon + 1, word.ptr + word.len, false };
    if (!kd_scan_u64(&in, &number) || !kd_scan_at_end(&in))
        return false;
    kd_str file = { word.ptr, (size_t)(colon - word.ptr) };
    if (!kd_str_has(file, ".") && !kd_str_has(file, "/"))
        return false;
    kd_put(parse, &warning->oops.file, file);
    kd_put(parse, &warning->oops.line_number, number);
    text->len = (size_t)(word.ptr - text->ptr);
    return true;
}

#define NO_PLACE " [verbose debug info unavailable]"

/* "mm/page_alloc.c:5634 __alloc_pages+0x2a9/0x330", either part of it */
static kd_verdict take_place(kd_parse *parse, kdf_warning *warning, kd_str text)
{
    kd_str place = kd_str_trim(text), symbol = { NULL, 0 };
    const char *blank = kd_str_find(place, " ");
    if (place.len == 0)
        return KD_UNFINISHED;
    if (kd_str_ends(place, NO_PLACE))
        return KD_TAKEN;
    if (blank) {
        symbol = kd_str_from(place, (size_t)(blank + 1 - place.ptr));
        place.len = (size_t)(blank - place.ptr);
    }
    if (!put_place(parse, warning, &place)) {
        place = kd_str_trim(text);
        return kd_str_has(place, "+0x") && note_symbol(parse, warning, place) ? KD_TAKEN
                                                                              : KD_NOT_MINE;
    }
    if (symbol.len > 0)
        note_symbol(parse, warning, symbol);
    else
        parse->own[OWN_PLACE_ONLY] = 1;
    return KD_TAKEN;
}

/* "kfault.c:778 at kf_warn+0x1f/0x40 [kfault], CPU#0: insmod/99", "at SYMBOL, CPU#0: ..." */
static kd_verdict take_new(kd_parse *parse, kdf_warning *warning, kd_str text, const char *cpu)
{
    kd_str head = { text.ptr, (size_t)(cpu - text.ptr) };
    kd_scan in = { cpu + sizeof ", CPU#" - 1, text.ptr + text.len, false };
    kd_str comm;
    uint64_t number;
    const char *at = kd_str_find_last(head, " at ");
    if (!kd_scan_u64(&in, &number))
        return KD_NOT_MINE;
    if (at) {
        kd_str place = { head.ptr, (size_t)(at - head.ptr) };
        if (!put_place(parse, warning, &place))
            return KD_NOT_MINE;
        note_symbol(parse, warning, kd_str_from(head, (size_t)(at - head.ptr) + 4));
    } else if (!kd_str_starts(head, "at ") || !note_symbol(parse, warning, kd_str_from(head, 3))) {
        return KD_NOT_MINE;
    }
    kd_put(parse, &warning->oops.task.cpu, number);
    if (kd_scan_literal(&in, ": ") && kd_scan_rest(&in, &comm)) {
        const char *slash = kd_str_find_last(comm, "/");
        kd_scan pid = { slash ? slash + 1 : in.end, in.end, false };
        if (kd_scan_u64(&pid, &number)) {
            kd_put(parse, &warning->oops.task.comm,
                   ((kd_str){ comm.ptr, (size_t)(slash - comm.ptr) }));
            kd_put(parse, &warning->oops.task.pid, number);
        }
    }
    return KD_TAKEN;
}

/* "CPU: 0 PID: 84 at mm/page_alloc.c:5634 ...", "at drivers/pci/pci.c:1430 ...": to 6.18 */
static kd_verdict take_old(kd_parse *parse, kdf_warning *warning, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu, pid;
    kd_str rest;
    bool with_cpu = kd_scan_literal(&in, "CPU: ");
    if (with_cpu && (!kd_scan_u64(&in, &cpu) || !kd_scan_literal(&in, " PID: ") ||
                     !kd_scan_u64(&in, &pid) || !kd_scan_char(&in, ' ')))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    if (!kd_scan_literal(&in, "at"))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_scan_rest(&in, &rest);
    kd_verdict verdict = take_place(parse, warning, rest);
    if (verdict == KD_TAKEN && with_cpu) {
        kd_put(parse, &warning->oops.task.cpu, cpu);
        kd_put(parse, &warning->oops.task.pid, pid);
    }
    return verdict;
}

/* The unwinder of x86 met a frame that cannot be: a line by itself. */
static bool is_bad_frame(kd_str text)
{
    return (kd_str_starts(text, "kernel stack regs at ") ||
            kd_str_starts(text, "kernel stack frame pointer at ")) &&
           kd_str_has(text, " has bad ");
}

/* ---- the text of WARN() before it ------------------------------------------------------------ */

static bool is_cut_here(kd_str text)
{
    return kd_str_starts(text, "------------[ cut here");
}

static bool is_warn_text(kd_str text)
{
    static const char *const begins[] = {
#define KD_WARN_TEXT(begins) begins,
#include "family/warn/detector.def"
    };
    for (size_t i = 0; i < KD_COUNT(begins); i++)
        if (kd_str_starts(text, begins[i]))
            return true;
    return false;
}

/* Only what follows "cut here" directly belongs to the header: look for that line first. */
static void read_message(kd_parse *parse, kdf_warning *warning, const kd_line *header)
{
    kd_back back = kd_back_from(parse);
    kd_line line, message = { .number = 0 };
    bool found = false;
    for (int i = 0; i <= MESSAGE_LINES && !found && kd_back_line(&back, &line); i++) {
        if (header->caller.len && line.caller.len && !kd_str_eq(header->caller, line.caller))
            continue; /* another CPU's */
        found = is_cut_here(line.text);
        if (kd_str_starts(line.text, "---[ end ") || kd_str_has(line.text, "WARNING: "))
            return;
        if (!found)
            message = line;
        if (i == 0 && is_warn_text(line.text))
            found = true;
    }
    if (!found || message.text.len == 0)
        return;
    kd_src src = kd_back_keep(parse, &message);
    if (src)
        warning->message = (kd_text){ kd_arena_str(parse->arena, message.text), src };
}

/* "Badness at FILE:LINE", "Badness in FUNCTION at FILE:LINE", "BUG: warning at
 * FILE:LINE/FUNCTION()"
 */
static kd_verdict open_badness(kd_parse *parse, kdf_warning *warning, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    kd_str function = { NULL, 0 }, place;
    if (kd_scan_literal(&in, "BUG: warning at ")) {
        if (!kd_scan_rest(&in, &place))
            return KD_NOT_MINE;
        const char *slash = kd_str_find_last(place, "/");
        if (!slash || !kd_str_ends(place, "()"))
            return KD_NOT_MINE;
        function = kd_str_from(place, (size_t)(slash + 1 - place.ptr));
        place.len = (size_t)(slash - place.ptr);
    } else if (!kd_scan_literal(&in, "Badness ") ||
               (kd_scan_literal(&in, "in ") && !kd_scan_past(&in, " ", &function)) ||
               !kd_scan_literal(&in, "at ") || !kd_scan_rest(&in, &place)) {
        return KD_NOT_MINE;
    }
    kd_put(parse, &warning->oops.headline, line->text);
    if (!put_place(parse, warning, &place) || kd_str_trim(place).len > 0)
        return KD_NOT_MINE;
    if (function.len > 0)
        note_symbol(parse, warning, function);
    parse->own[OWN_LAST_LINE] = (uint32_t)line->number;
    return KD_TAKEN;
}

/* Of a header that a mail program broke: the last of its lines. */
static uint32_t last_number(const kd_parse *parse, const kd_line *line)
{
    uint32_t count = parse->event->lines.count;
    uint64_t last = count ? kd_event_lines(parse->event)[count - 1].number : 0;
    return (uint32_t)(last > line->number && last - line->number < 3 ? last : line->number);
}

static kd_verdict open_warning(kd_parse *parse, const kd_line *line)
{
    kdf_warning *warning = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str before, text;
    if (!kd_scan_past(&in, "WARNING: ", &before) || before.len > 64)
        return open_badness(parse, warning, line);
    kd_str headline = { in.at - (sizeof "WARNING: " - 1), 0 };
    headline.len = (size_t)(in.end - headline.ptr);
    kd_scan_rest(&in, &text);
    kd_put(parse, &warning->oops.headline, headline);
    if (is_bad_frame(text))
        return KD_LAST;
    const char *cpu = kd_str_find_last(text, ", CPU#");
    kd_verdict verdict = cpu ? take_new(parse, warning, text, cpu) : take_old(parse, warning, text);
    if (verdict != KD_TAKEN)
        return verdict;
    read_message(parse, warning, line);
    parse->own[OWN_LAST_LINE] = last_number(parse, line);
    return KD_TAKEN;
}

/* ---- what follows ---------------------------------------------------------------------------- */

static kd_verdict more_behind_end(kd_parse *parse, const kd_line *line)
{
    const kdf_warning *warning = parse->body;
    bool next = (uint32_t)line->number == parse->own[OWN_ENDED] + 1;
    if (warning->oops.backtrace.count == 0 && next != kd_str_is(line->text, "Call trace:"))
        return next ? KD_OVER : KD_NOT_MINE;
    return is_cut_here(line->text) ? KD_OVER : KD_NOT_MINE;
}

/* Lines of other CPUs, where each line tells its own, do not part the header from the next. */
static void pass_others(kd_parse *parse, const kd_line *line)
{
    if (!parse->own[OWN_WENT_ON] && line->caller.len && parse->event->caller.len)
        parse->own[OWN_LAST_LINE] = (uint32_t)line->number - 1;
    parse->own[OWN_WENT_ON] = 1;
}

static kd_verdict more_warning(kd_parse *parse, const kd_line *line)
{
    kdf_warning *warning = parse->body;
    pass_others(parse, line);
    bool next = (uint32_t)line->number == parse->own[OWN_LAST_LINE] + 1;
    if (parse->own[OWN_ENDED])
        return more_behind_end(parse, line);
    if (kd_str_starts(line->text, "---[ end trace ")) {
        if (warning->oops.backtrace.count > 0 || !kd_map_find(&warning->oops.registers, "x29"))
            return KD_LAST;
        parse->own[OWN_ENDED] = (uint32_t)line->number; /* arm64 about 4.4: the stack is last */
        return KD_TAKEN;
    }
    /* a mail program wrapped the symbol off */
    if (next && parse->own[OWN_PLACE_ONLY] && !line->prefixed && kd_str_has(line->text, "+0x") &&
        scan_symbol(line->text, parse->src, &warning->oops.ip)) {
        parse->own[OWN_PLACE_ONLY] = 0;
        parse->own[OWN_LAST_LINE]++;
        return KD_TAKEN;
    }
    /* to 3.9 the machine stands before the text */
    if (next && kd_str_starts(line->text, "Hardware name: "))
        parse->own[OWN_LAST_LINE]++;
    return KD_NOT_MINE;
}

/* A line that begins a report of its own, or goes on with another. */
static bool is_report(kd_str text)
{
    static const char *const begins[] = {
        "---",
        "===",
        "BUG",
        "INFO: ",
        "Internal error",
        "Kernel panic",
        "Oops",
        "Unable to handle ",
        "Unhandled ",
        "WARNING: ",
        "Watchdog detected",
        "[ ",
        "[<",
        "general protection",
        "kernel BUG",
        "list_add",
        "list_del",
        "refcount_t: ",
        "usercopy: ",
    };
    return kd_str_starts_any(text, begins, KD_COUNT(begins));
}

/* The kernel prints both in one go. */
#define AT_ONCE 1000000u /* us */

static bool is_later(const kd_event *event, const kd_line *line)
{
    return event->has_time && line->has_time && line->time_us > event->time_us + AT_ONCE;
}

/* Asked after all other blocks: the text of WARN() behind the header, on the very next line. */
static kd_verdict take_message(kd_parse *parse, void *group, const kd_line *line)
{
    kd_text *message = group;
    if (message->src || (uint32_t)line->number != parse->own[OWN_LAST_LINE] + 1 ||
        line->text.len == 0 || is_report(line->text) || is_later(parse->event, line))
        return KD_NOT_MINE;
    kd_put(parse, message, line->text);
    return KD_TAKEN;
}

static const kd_block block_message = { .name = "message", .take = take_message };

/* A register dump of another function is that of what the interrupt met: kernels that do not trap
 * print none of the WARN() itself. x86 from 6.19 on can trap in a function of its own. */
static void settle_ip(const kd_parse *parse, kdf_oops *oops)
{
    kd_str name = oops->ip.function.v;
    kdf_symbol header;
    kd_src src = oops->headline.src;
    if (!parse->own[OWN_SYMBOL] ||
        !scan_symbol(kd_str_from(oops->headline.v, parse->own[OWN_SYMBOL] - 1), src, &header))
        return;
    if (!header.function.src) { /* "0x82b64874 [mt76@3e6ee6ae+0x96e0]" */
        if (header.module.src && !oops->ip.function.src && !oops->ip.address.src)
            oops->ip = header;
        return;
    }
    if (oops->ip.function.src &&
        (kd_str_eq(name, header.function.v) || kd_str_is(name, "__WARN_trap")))
        return;
    /* a name without its offset was cut, perhaps inside itself */
    bool cut = oops->ip.function.src && !oops->ip.offset.src && name.len < header.function.v.len &&
               kd_str_eq(name, (kd_str){ header.function.v.ptr, name.len });
    if (cut) {
        oops->ip = header;
        return;
    }
    if (oops->ip.function.src) {
        oops->registers.count = 0;
        oops->code = (kdf_code){ .marker = { 0, 0 } };
    }
    oops->ip = header;
}

/* The debugging of objects speaks of an object: whose it is calls the functions that handle it. */
static bool handles_object(kd_str bare)
{
    static const char *const names[] = { "debug_*", "*rcu*",     "hrtimer_*", "timer_*",
                                         "work_*",  "percpu_*",  "kvfree*",   "vunmap*",
                                         "free_*",  "kobject_*", "kmem_*",    "*slab_*" };
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_name_fits(bare, names[i]))
            return true;
    return false;
}

/* The sentence of a checker stands behind the header: the report is his, and holds the header. */
static bool is_taken_by(const kd_event *event, const kd_event *other)
{
    const kd_line_ref *lines = kd_event_lines(other);
    bool taken = false;
    for (uint32_t i = 0; event->lines.count == 1 && i < other->lines.count && !taken; i++)
        taken = lines[i].aside && lines[i].offset == event->offset;
    return taken;
}

static void beside_warning(kd_parse *parse, const kd_event *other)
{
    kdf_warning *warning = parse->body;
    parse->event->moot |= is_taken_by(parse->event, other);
    if (kd_event_is(other, &kd_kind_panic)) /* in a flood of warnings none is */
        kd_trace_borrow(parse, &warning->oops.backtrace, other);
}

/* Neither whoever noticed nor his stack is to blame. */
static bool is_detector(kd_str function)
{
    static const char *const detectors[] = {
#define KD_DETECTOR(function) function,
#include "family/warn/detector.def"
    };
    for (size_t i = 0; i < KD_COUNT(detectors); i++)
        if (kd_str_is(function, detectors[i]))
            return true;
    return false;
}

static void close_warning(kd_parse *parse)
{
    kdf_warning *warning = parse->body;
    kdf_oops *oops = &warning->oops;
    settle_ip(parse, oops);
    parse->event->complete |= parse->own[OWN_ENDED] != 0;
    bool object = kd_str_ends(oops->file.v, "lib/debugobjects.c");
    kd_blame_past(&oops->blame, &oops->backtrace, &oops->ip, object ? handles_object : NULL);
    if (is_detector(oops->ip.function.v))
        oops->blame =
            (kdf_blame){ .why = { KD_STR("who found it is not at fault, and nobody else is shown"),
                                  KD_DERIVED } };
}

static const char *const anchors[] = { "WARNING: CPU: ",         "WARNING: at", ", CPU#",
                                       "WARNING: kernel stack ", "Badness at ", "Badness in ",
                                       "BUG: warning at ",       NULL };

static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_warning, oops.task) },
    { &kd_block_registers, offsetof(kdf_warning, oops) },
    { &kd_block_code, offsetof(kdf_warning, oops.code) },
    { &kd_block_trace, offsetof(kdf_warning, oops.backtrace) },
    { &block_message, offsetof(kdf_warning, message) },
    { NULL, 0 },
};

const kd_parser kd_parser_warning = {
    .name = "warning",
    .anchors = anchors,
    .kind = &kd_kind_warning,
    .blocks = blocks,
    .open = open_warning,
    .more = more_warning,
    .close = close_warning,
    .beside = beside_warning,
};
