/* parse_panic.c - the kernel gave up.
 *
 *   Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
 *   CPU: 0 PID: 1 Comm: init Not tainted 6.1.0-50-amd64 #1
 *   Call Trace: ...
 *   ---[ end Kernel panic - not syncing: ... ]---
 *
 * panic(), all versions. Often the end of an oops, which is an event of its own. Of a screen often
 * the end alone is left; and people type it off: "kernel panic-not syncing : VFS: unable to mount".
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include "family/warn/panic_reason.h"
#include <stddef.h>
#include <string.h>

/* parse->own: the register dump in the stack is that of a warning, which takes the rows itself; the
 * stacks of other CPUs follow */
enum { OWN_LEFT_TO_WARNING, OWN_OTHERS };

#define END "---[ end "
#define ROOT "VFS: Unable to mount root fs on "

/* Lines before it that are looked at for the device. */
#define BACK_LINES 64

static bool scan_root(kd_str text, kd_str *name)
{
    kd_scan in;
    return kd_scan_after(text, "Cannot open root device \"", &in) &&
           kd_scan_until(&in, '"', name) && name->len > 0;
}

/* 'VFS: Cannot open root device "ram0" or unknown-block(0,0): error -6', some lines before, with
 * the list of partitions between. */
static void read_root(kd_parse *parse, kdf_panic *panic)
{
    static const char *const words[] = { "Cannot open root device " };
    kd_back back = kd_back_from(parse);
    unsigned lines = BACK_LINES;
    kd_line line;
    kd_str name;
    if (scan_root(panic->headline.v, &name))
        kd_put(parse, &panic->root_device, name);
    while (!panic->root_device.src &&
           kd_back_line_with(&back, &lines, words, KD_COUNT(words), &line)) {
        if (!scan_root(line.text, &name))
            continue;
        kd_src src = kd_back_keep(parse, &line);
        if (src)
            panic->root_device = (kd_text){ kd_arena_str(parse->arena, name), src };
        return;
    }
}

static bool is_boot_error(kd_str text)
{
    static const char *const words[] = {
#define KD_BOOT_ERROR(words) words,
#include "family/warn/boot_error.def"
    };
    for (size_t i = 0; i < KD_COUNT(words); i++)
        if (kd_str_has(text, words[i]))
            return true;
    return false;
}

/* The boot failed: the first line shortly before that tells why. */
static void read_boot_error(kd_parse *parse, kdf_panic *panic)
{
    const kd_panic_reason *reason = kd_panic_reason_of(panic->reason.v);
    kd_back back = kd_back_from(parse);
    kd_line line, first = { .number = 0 };
    if (!reason || (reason->class != KD_PANIC_NO_INIT && reason->class != KD_PANIC_NO_ROOT &&
                    reason->class != KD_PANIC_INIT_DIED))
        return;
    for (int i = 0; i < BACK_LINES && kd_back_line(&back, &line); i++)
        if (is_boot_error(line.text))
            first = line;
    kd_src src = first.number ? kd_back_keep(parse, &first) : 0;
    if (src)
        panic->before = (kd_text){ kd_arena_str(parse->arena, first.text), src };
}

/* "kernel panic-not syncing :", "**Kernel panic - not syncing: ...**": typed, or marked as bold */
static bool scan_typed(kd_scan *in)
{
    kd_scan try = *in;
    for (int i = 0; i < 4 && !kd_scan_at_end(&try) && memchr("*`\"'", *try.at, 4); i++)
        try.at++;
    if (!kd_scan_literal(&try, "Kernel panic") && !kd_scan_literal(&try, "kernel panic"))
        return false;
    kd_scan_blanks(&try);
    kd_scan_char(&try, '-');
    kd_scan_blanks(&try);
    if (!kd_scan_literal(&try, "not syncing"))
        return false;
    kd_scan_blanks(&try);
    if (!kd_scan_char(&try, ':'))
        return false;
    kd_scan_blanks(&try);
    *in = try;
    return !kd_scan_at_end(in);
}

/* The end mark, where what it ends is not in the log. */
static bool scan_end(kd_parse *parse, kd_scan *in)
{
    static const char *const heads[] = { "Kernel panic - not syncing: " };
    return kd_scan_literal(in, END "Kernel panic - not syncing: ") &&
           !kd_back_has(parse, heads, KD_COUNT(heads));
}

/* The text without what ends the mark, or marks it as bold. */
static kd_str reason_of(kd_str text)
{
    const char *mark = kd_str_find(text, " ]---");
    if (mark)
        text.len = (size_t)(mark - text.ptr);
    while (text.len > 1 && (kd_str_ends(text, "**") || kd_str_ends(text, "`")))
        text.len--;
    return kd_str_trim(text);
}

/* A mail program made one paragraph of it: 'VFS: Cannot open root device "hda1" ... Kernel panic -
 * not syncing: VFS: Unable to mount root fs on ...'. What begins like that is no prose. */
static bool scan_joined(kd_scan *in)
{
    static const char *const heads[] = { "List of all partitions:",
                                         "No filesystem could mount root, ",
                                         "VFS: Cannot open root device " };
    kd_str text = { in->at, (size_t)(in->end - in->at) };
    kd_str before;
    return kd_str_starts_any(text, heads, KD_COUNT(heads)) &&
           kd_scan_past(in, " Kernel panic - not syncing: ", &before) && !kd_scan_at_end(in);
}

static bool scan_head(kd_scan *in, kd_str text)
{
    return scan_typed(in) || kd_str_starts(text, ROOT) || scan_joined(in);
}

/* People who type a screen off leave "Kernel panic - not syncing: " out. */
static kd_verdict open_panic(kd_parse *parse, const kd_line *line)
{
    kdf_panic *panic = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str reason;
    bool end = kd_str_starts(line->text, END);
    if (end ? !scan_end(parse, &in) : !scan_head(&in, line->text))
        return KD_NOT_MINE;
    kd_scan_rest(&in, &reason);
    reason = reason_of(reason);
    if (reason.len == 0)
        return KD_NOT_MINE;
    kd_put(parse, &panic->headline, line->text);
    kd_put(parse, &panic->reason, reason);
    if (kd_str_has(line->text, ROOT))
        read_root(parse, panic);
    read_boot_error(parse, panic);
    return end ? KD_LAST : KD_TAKEN;
}

/* What panic() goes on to say. A kernel offset that is a number is a fact of the boot. */
static bool is_company(kd_str text)
{
    static const char *const begins[] = { "Rebooting in ",
                                          "Starting crashdump kernel",
                                          "Kernel Offset: disabled",
                                          "Memory Limit: none",
                                          "SMP: stopping secondary CPUs",
                                          "SMP: failed to stop secondary CPUs",
                                          "CPU features: ",
                                          "Dumping ftrace buffer:",
                                          "(ftrace buffer empty)",
                                          "Shutting down cpus with NMI",
                                          "drm_kms_helper: panic occurred",
                                          "Press Stop-A (L1-A) ",
                                          "twice on console to return to the boot prom",
                                          "---[ end Kernel" };
    kd_scan in = kd_scan_of(text);
    uint64_t cpu;
    for (size_t i = 0; i < KD_COUNT(begins); i++)
        if (kd_str_starts(text, begins[i]))
            return true;
    if (!kd_scan_literal(&in, "CPU"))
        return false;
    kd_scan_blanks(&in);
    return kd_scan_u64(&in, &cpu) && (kd_scan_literal(&in, ": stopping") ||
                                      kd_scan_literal(&in, " will stop doing anything"));
}

/* "CPU2: stopping": the stack below is that of an innocent CPU. */
static kd_verdict take_stopped(kd_parse *parse, const kd_line *line)
{
    kd_list frames = { .count = 0 };
    kd_block_state state = { .at = 1 }, *own = parse->state;
    parse->state = &state;
    kd_verdict verdict = kd_block_trace.take(parse, &frames, line);
    parse->state = own;
    return verdict;
}

static void put_then(kd_parse *parse, const char *what)
{
    kdf_panic *panic = parse->body;
    if (!panic->then.src)
        panic->then = (kd_text){ kd_str_of(what), KD_DERIVED };
}

/* "Rebooting in 20 seconds..", "Starting crashdump kernel..." */
static void read_then(kd_parse *parse, kd_str text)
{
    kdf_panic *panic = parse->body;
    kd_scan in;
    uint64_t seconds;
    if (kd_str_starts(text, "Starting crashdump kernel"))
        put_then(parse, "crash-kernel");
    if (!kd_str_starts(text, "Rebooting in ") || !kd_scan_after(text, "Rebooting in ", &in) ||
        !kd_scan_u64(&in, &seconds) || !kd_scan_literal(&in, " second"))
        return;
    put_then(parse, "reboot");
    kd_put(parse, &panic->reboot_seconds, seconds);
}

static kd_verdict more_panic(kd_parse *parse, const kd_line *line)
{
    if (kd_str_starts(line->text, END "Kernel panic")) {
        put_then(parse, "halt"); /* printed where no time to reboot after is set */
        return KD_LAST;
    }
    read_then(parse, line->text);
    if (is_company(line->text)) {
        parse->own[OWN_OTHERS] |= kd_str_ends(line->text, ": stopping");
        return KD_TAKEN;
    }
    return parse->own[OWN_OTHERS] ? take_stopped(parse, line) : KD_NOT_MINE;
}

static kd_verdict take_registers(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_symbol *ip = group;
    kdf_oops dump = { .ip = { .size = { 0, 0 } } };
    if (parse->own[OWN_LEFT_TO_WARNING])
        return KD_NOT_MINE;
    kd_verdict verdict = kd_block_registers.take(parse, &dump, line);
    if (verdict == KD_NOT_MINE)
        return kd_block_code.take(parse, &dump.code, line);
    if (dump.ip.function.src && !ip->function.src)
        *ip = dump.ip;
    return verdict;
}

static const kd_block block_registers = { .name = "registers", .take = take_registers };

static void beside_panic(kd_parse *parse, const kd_event *other)
{
    kdf_panic *panic = parse->body;
    if (!kd_event_is(other, &kd_kind_warning))
        return;
    const kdf_oops *oops = kd_event_oops(other);
    bool left = parse->own[OWN_LEFT_TO_WARNING] ||
                (oops->registers.count == 0 && other->id < parse->event->id &&
                 kd_str_eq(other->caller, parse->event->caller) && panic->backtrace.count == 0);
    if (!left) /* nearly all: what the panic is for need not be looked up */
        return;
    const kd_panic_reason *reason = kd_panic_reason_of(panic->reason.v);
    if (!reason || reason->class != KD_PANIC_POLICY)
        return;
    parse->own[OWN_LEFT_TO_WARNING] = 1;
    const kd_line_ref *line = kd_event_line(other, oops->ip.function.src);
    if (!line || panic->ip.function.src || line->number < kd_event_lines(parse->event)[0].number ||
        !kd_panic_is_of(parse->event, other))
        return;
    kd_src src = kd_parse_keep(parse, line);
    if (!src)
        return;
    panic->ip.function = (kd_text){ kd_arena_str(parse->arena, oops->ip.function.v), src };
    if (oops->ip.module.src)
        panic->ip.module = (kd_text){ kd_arena_str(parse->arena, oops->ip.module.v), src };
    panic->ip.offset = (kd_u64){ oops->ip.offset.v, oops->ip.offset.src ? src : 0 };
    panic->ip.size = (kd_u64){ oops->ip.size.v, oops->ip.size.src ? src : 0 };
}

/* "stack-protector: Kernel stack is corrupted in: f+0x10/0x100": whose canary was gone is told,
 * while the frames are those behind calls that do not return. */
static bool blame_named(kdf_panic *panic)
{
    kd_scan in;
    kdf_symbol symbol = { .size = { 0, 0 } };
    if (!kd_scan_after(panic->reason.v, "is corrupted in: ", &in) ||
        !kd_scan_symbol(&in, &symbol, panic->reason.src) || !symbol.offset.src)
        return false;
    panic->blame.function = symbol.function;
    panic->blame.module = symbol.module;
    panic->blame.why =
        (kd_text){ KD_STR("its stack frame was overwritten: the panic names it"), KD_DERIVED };
    return true;
}

static void close_panic(kd_parse *parse)
{
    kdf_panic *panic = parse->body;
    const kd_panic_reason *reason = kd_panic_reason_of(panic->reason.v);
    if (kd_str_starts(panic->headline.v, END))
        parse->event->complete = false;
    if (reason && reason->class == KD_PANIC_STACK)
        parse->event->kind = &kd_kind_stack_corruption;
    if (reason && reason->class == KD_PANIC_STACK && reason->innocent)
        kd_blame_outermost(&panic->blame, &panic->backtrace);
    if (panic->blame.function.src ||
        (reason && reason->class == KD_PANIC_STACK && blame_named(panic)))
        return;
    if (reason && reason->innocent) {
        panic->blame.why =
            (kd_text){ KD_STR("nobody: this is the stack of who noticed, or of who was "
                              "interrupted"),
                       KD_DERIVED };
        return;
    }
    if (!reason && kd_panic_reason_is_cut(panic->reason.v)) {
        panic->blame.why = (kd_text){ KD_STR("nobody: what the panic is for is lost"), KD_DERIVED };
        return;
    }
    kd_blame_set(&panic->blame, &panic->backtrace, NULL);
}

static const char *const anchors[] = { "ernel panic - not syncing: ", "ernel panic - not syncing :",
                                       "ernel panic-not syncing", ROOT, NULL };

static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_panic, task) },
    { &block_registers, offsetof(kdf_panic, ip) },
    { &kd_block_trace, offsetof(kdf_panic, backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_panic = {
    .name = "panic",
    .anchors = anchors,
    .kind = &kd_kind_panic,
    .blocks = blocks,
    .alike = true,
    .open = open_panic,
    .more = more_panic,
    .close = close_panic,
    .beside = beside_panic,
};
