/* parse_trace.c - stack traces in the forms of all architectures.
 *
 *   kf_run+0xf4/0x120 [kfault]                              x86 4.10+, arm64, generic
 *   ? kf_run+0xf4/0x120                                     found on the stack, not confirmed
 *   [<ffffffff8111ea14>] free_pages+0x44/0x50               x86 to 4.9, arm64 to 4.13, riscv, mips
 *   [] (show_stack) from [] (dump_stack+0x88/0xcc)          arm to 5.14, addresses lost in HTML
 *   show_stack from dump_stack_lvl+0x40/0x4c                arm 5.15+
 *   __dump_stack lib/dump_stack.c:77 [inline]               decoded: inlined into the next frame
 *   [ffffffc0200eb240+  64][<ffffffc0100c63b4>] f+0x0/0x18c arm64 vendor form
 *   [c00000000465f7e0] [c0000000001e0b44] vprintk+0x74/0x90 (unreliable)   powerpc
 *
 * Printed by show_trace_log_lvl(), dump_backtrace() and their like.
 */
#include <string.h>

#include "family/fields.h"
#include "family/shared/parse_inline.h"
#include "family/shared/parse_shared.h"
#include "family/shared/parse_trace.h"
#include "family/shared/parse_user_registers.h"

#define MAX_FRAMES 512u
#define ROWS_SHIFT 8
/* kd_block_state.at: the line of the last frame was wrapped before its name */
#define NAME_FOLLOWS 2u

/* kd_block_state.more: on which stack the next frames ran */
static const char *const contexts[] = { "task", "irq", "softirq", "nmi", "exception" };

void kd_trace_add(kd_parse *parse, kd_list *frames, const kdf_frame *frame, const kd_line *line)
{
    if (frames->count >= MAX_FRAMES)
        return;
    kdf_frame *item = KD_LIST_ADD(parse->arena, frames, kdf_frame);
    if (!item)
        return;
    *item = *frame;
    item->line = (kd_u64){ line->number, parse->src };
    kd_inline_collect(parse, &item->inlined);
    item->context = (kd_text){ kd_str_of(contexts[parse->state->more]), KD_DERIVED };
}

void kd_trace_put_symbol(kdf_frame *frame, const kdf_symbol *symbol)
{
    frame->function = symbol->function;
    frame->offset = symbol->offset;
    frame->size = symbol->size;
    frame->module = symbol->module;
    if (symbol->address.src)
        frame->address = symbol->address;
}

/* "[<c0101234>]", "[c00000000465f7e0]", or "[]" where HTML swallowed the address. */
bool kd_trace_scan_address(kd_scan *in, kd_hex *out, kd_src src)
{
    kd_scan try = *in;
    uint64_t address;
    if (!kd_scan_char(&try, '['))
        return false;
    if (kd_scan_char(&try, ']')) {
        *in = try;
        return true;
    }
    bool angle = kd_scan_char(&try, '<');
    const char *from = try.at;
    if (angle && kd_scan_literal(&try, "(ptrval)>]")) { /* hidden: 4.15 to 5.x */
        *in = try;
        return true;
    }
    if (!kd_scan_hex(&try, &address) || try.at - from < 8 || (angle && !kd_scan_char(&try, '>')) ||
        !kd_scan_char(&try, ']'))
        return false;
    *out = (kd_hex){ address, src };
    *in = try;
    return true;
}

/* "[<ffffffc000086ed4>] __switch_", "from [<8003f97c>] (sch": does the line end in the name? Then
 * it was cut, and only its address is whole. */
static void drop_cut_name(kd_str text, kdf_symbol *symbol)
{
    kd_str name = symbol->function.v;
    if (symbol->function.src && !symbol->offset.src && name.ptr + name.len == text.ptr + text.len)
        symbol->function.src = 0;
}

/* ")", " net/core/dev.c:3597)", or nothing where the module was wrapped off */
static bool scan_end_of_pair(kd_scan *in)
{
    kd_str place;
    return kd_scan_char(in, ')') || kd_scan_at_end(in) ||
           (kd_scan_char(in, ' ') && kd_scan_past(in, ")", &place) && kd_str_has(place, ":") &&
            kd_scan_at_end(in));
}

/* " (", or "(" where a UART lost the blank */
static bool scan_bracket(kd_scan *in)
{
    kd_scan_blanks(in);
    return kd_scan_char(in, '(');
}

/* "[<addr>] (name) from [<addr>] (SYM)" */
static bool take_arm_pair(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    if (line->text.len == 0 || line->text.ptr[0] != '[')
        return false;
    kd_scan in = kd_scan_of(line->text);
    kdf_frame callee = { .line = { 0, 0 } }, caller = { .line = { 0, 0 } };
    kdf_symbol inner = { .size = { 0, 0 } }, outer = { .size = { 0, 0 } };
    if (!kd_trace_scan_address(&in, &callee.address, parse->src) || !scan_bracket(&in) ||
        !kd_scan_symbol(&in, &inner, parse->src) || !kd_scan_char(&in, ')'))
        return false;
    kd_scan broken = in; /* a mail program broke the pair in two */
    bool first =
        kd_scan_literal(&broken, " from") && (kd_scan_char(&broken, ' '), kd_scan_at_end(&broken));
    if (frames->count > 0 ? kd_scan_at_end(&in) : first) {
        kd_trace_put_symbol(&callee, &inner);
        kd_trace_add(parse, frames, &callee, line);
        return true;
    }
    if (first)
        return true;
    if (!kd_scan_literal(&in, " from ") || !kd_trace_scan_address(&in, &caller.address, parse->src))
        return false;
    bool torn = kd_scan_at_end(&in); /* wrapped: the name is in the next line */
    if (!torn &&
        (!scan_bracket(&in) || !kd_scan_symbol(&in, &outer, parse->src) || !scan_end_of_pair(&in)))
        return false;
    drop_cut_name(line->text, &outer);
    kd_trace_put_symbol(&callee, &inner);
    kd_trace_put_symbol(&caller, &outer);
    kdf_frame *last = frames->count ? &KD_ITEMS(*frames, kdf_frame)[frames->count - 1] : NULL;
    if (last && !last->function.src)
        last->function = inner.function; /* the caller of the line before, cut there */
    if (frames->count == 0)
        kd_trace_add(parse, frames, &callee, line);
    kd_trace_add(parse, frames, &caller, line);
    parse->state->at |= torn ? NAME_FOLLOWS : 0;
    return true;
}

/* The name of the frame whose line was wrapped: "(show_stack+0x10/0x14)", "f+0x4/0x8 (unreliable)"
 */
static bool take_name(kd_parse *parse, kd_list *frames, kd_str text)
{
    kdf_symbol symbol = { .size = { 0, 0 } };
    bool follows = parse->state->at & NAME_FOLLOWS;
    parse->state->at &= ~NAME_FOLLOWS;
    kd_scan in = kd_scan_of(text);
    kd_scan_char(&in, '(');
    if (!follows || frames->count == 0 || !kd_scan_symbol(&in, &symbol, parse->src) ||
        !symbol.size.src)
        return false;
    kd_trace_put_symbol(&KD_ITEMS(*frames, kdf_frame)[frames->count - 1], &symbol);
    return true;
}

/* Nothing, or the marks that end the line of a carrier: "} */
static bool is_rest_of_carrier(const kd_scan *in)
{
    for (const char *at = in->at; at < in->end; at++)
        if (!memchr("\"}],", *at, 4))
            return false;
    return true;
}

/* "show_stack from dump_stack_lvl+0x40/0x4c" */
static bool take_from(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    if (!kd_str_has(line->text, " from ")) /* nearly every line */
        return false;
    kd_scan in = kd_scan_of(line->text);
    kdf_frame frame = { .line = { 0, 0 } };
    kdf_symbol inner = { .size = { 0, 0 } }, outer = { .size = { 0, 0 } };
    if (!kd_scan_symbol(&in, &inner, parse->src) || !kd_scan_literal(&in, " from "))
        return false;
    kd_scan none = in; /* "start_kernel from 0x0" ends the trace of a boot CPU */
    if (frames->count > 0 && kd_scan_literal(&none, "0x0") && kd_scan_at_end(&none))
        return true;
    if (!kd_scan_symbol(&in, &outer, parse->src) || !is_rest_of_carrier(&in) || !outer.size.src)
        return false;
    if (frames->count == 0) {
        kd_trace_put_symbol(&frame, &inner);
        kd_trace_add(parse, frames, &frame, line);
    }
    kd_trace_put_symbol(&frame, &outer);
    kd_trace_add(parse, frames, &frame, line);
    return true;
}

/* "[ffffffc0200eb240+  64][<ffffffc0100c63b4>] f+0x0/0x18c" */
static bool take_vendor(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    if (line->text.len == 0 || line->text.ptr[0] != '[')
        return false;
    kd_scan in = kd_scan_of(line->text);
    kdf_frame frame = { .line = { 0, 0 } };
    kdf_symbol symbol = { .size = { 0, 0 } };
    uint64_t pointer, bytes;
    if (!kd_scan_char(&in, '[') || !kd_scan_hex(&in, &pointer) || !kd_scan_char(&in, '+') ||
        !kd_scan_blanks(&in) || !kd_scan_u64(&in, &bytes) || !kd_scan_char(&in, ']') ||
        !kd_trace_scan_address(&in, &frame.address, parse->src) || !kd_scan_blanks(&in) ||
        !kd_scan_symbol(&in, &symbol, parse->src))
        return false;
    kd_trace_put_symbol(&frame, &symbol);
    frame.frame_pointer = (kd_hex){ pointer, parse->src };
    frame.frame_bytes = (kd_u64){ bytes, parse->src };
    kd_trace_add(parse, frames, &frame, line);
    return true;
}

/* What may stand behind a symbol: "(unreliable)", "(P)", ")" of s390, a file:line of a decoder. */
static bool scan_tail(kd_scan *in)
{
    kd_scan_blanks(in);
    kd_scan_char(in, ')');
    kd_scan_blanks(in);
    return kd_scan_at_end(in) || *in->at == '(' || *in->at == '<' ||
           kd_str_has((kd_str){ in->at, kd_scan_left(in) }, ":");
}

/* "(mm/shmem.c:3813)", "(include/linux/slab.h:953 mm/vmscan.c:3852 (discriminator 3))" */
static bool is_place(const kd_scan *in)
{
    static const char *const sources[] = { ".c:", ".h:", ".S:", ".rs:" };
    kd_str rest = { in->at, kd_scan_left(in) };
    for (size_t i = 0; i < KD_COUNT(sources) && kd_str_starts(rest, "("); i++)
        if (kd_str_has(rest, sources[i]))
            return true;
    return false;
}

/* One symbol, with or without addresses before it. */
static bool take_plain(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    kdf_frame frame = { .line = { 0, 0 } };
    kdf_symbol symbol = { .size = { 0, 0 } };
    kd_hex stack = { 0, 0 };
    bool s390 = kd_scan_char(&in, '(');
    bool address = kd_trace_scan_address(&in, &frame.address, parse->src);
    kd_scan again = in;
    if (address && kd_scan_char(&again, ' ') && kd_trace_scan_address(&again, &stack, parse->src)) {
        frame.address = stack; /* powerpc: stack pointer first, then the code address */
        in = again;
    }
    kd_scan_blanks(&in);
    if (address && parse->state->at && kd_scan_at_end(&in) && stack.src) {
        kd_trace_add(parse, frames, &frame, line);
        parse->state->at |= NAME_FOLLOWS;
        return true;
    }
    bool guess = kd_scan_literal(&in, "? ");
    if (!kd_scan_symbol(&in, &symbol, parse->src) || !scan_tail(&in))
        return false;
    if (!symbol.size.src && !address && !symbol.address.src && !is_place(&in))
        return false;
    bool placed = is_place(&in); /* "shmem_fallocate (mm/shmem.c:3813)": a decoder */
    if (!address && !parse->state->at && !symbol.size.src && !placed)
        return false;
    if (address)
        drop_cut_name(line->text, &symbol);
    kd_trace_put_symbol(&frame, &symbol);
    frame.reliable =
        (kd_bool){ !guess && !s390 && !kd_str_has(line->text, "(unreliable)"), parse->src };
    kd_trace_add(parse, frames, &frame, line);
    return true;
}

/* "<IRQ>", "</TASK>", " <EOI> " alone or before a frame. Gives the text behind it. */
static bool scan_marker(kd_parse *parse, kd_str *text)
{
    static const struct {
        const char *mark;
        uint32_t context;
    } marks[] = {
        { "<IRQ>", 1 },
        { "</IRQ>", 0 },
        { "<TASK>", 0 },
        { "</TASK>", 0 },
        { "<EOI>", 0 },
        { "<SOFTIRQ>", 2 },
        { "</SOFTIRQ>", 0 },
        { "<NMI>", 3 },
        { "</NMI>", 0 },
        { "<<EOE>>", 0 },
        { "<#DF>", 4 },
        { "</#DF>", 0 },
        { "<#DB>", 4 },
        { "</#DB>", 0 },
        { "<#MC>", 4 },
        { "</#MC>", 0 },
        { "<#VC>", 4 },
        { "</#VC>", 0 },
        { "<ENTRY_TRAMPOLINE>", 4 },
        { "</ENTRY_TRAMPOLINE>", 0 },
    };
    for (size_t i = 0; text->len > 0 && text->ptr[0] == '<' && i < KD_COUNT(marks); i++)
        if (kd_str_starts(*text, marks[i].mark)) {
            parse->state->more = marks[i].context;
            *text = kd_str_trim(kd_str_from(*text, kd_str_of(marks[i].mark).len));
            return true;
        }
    return false;
}

static bool is_header(kd_str text)
{
    return kd_str_starts(text, "Call Trace:") || kd_str_starts(text, "Call trace:") ||
           kd_str_starts(text, "Backtrace:") || kd_str_is(text, "Trace:") ||
           kd_str_is(text, "Stack Trace:"); /* arc */
}

/* "PC: 0xffffff9ea20c9b90:", behind it "9b90  9440cc4d aa1303e0 ...": arm of vendors prints memory
 * about each register. Without its colon the label has four digits. */
static bool is_memory_title(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str name;
    uint64_t address;
    kd_scan_literal(&in, "\\x0a");
    return kd_scan_until(&in, ':', &name) && name.len >= 2 && name.len <= 3 &&
           kd_scan_literal(&in, ": 0x") && kd_scan_hex(&in, &address) && kd_scan_char(&in, ':') &&
           kd_scan_at_end(&in);
}

/* Rows of raw stack words, and what announces them. */
static bool is_stack_dump(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    uint64_t value;
    size_t words = 0;
    if (kd_str_starts(text, "Stack:") || kd_str_starts(text, "Exception stack(") ||
        kd_str_starts(text, "Stack : ") || kd_str_starts(text, "Stack from ") ||
        kd_str_starts(text, "stack backtrace:") || is_memory_title(text) ||
        kd_str_is(kd_str_trim(text), "...")) /* mips: more than it shows */
        return true;
    for (; kd_scan_blanks(&in) && kd_scan_word(&in, &word); words++) {
        kd_scan hex = kd_scan_of(word);
        bool label = words == 0 && word.ptr[word.len - 1] == ':';
        if (words == 0 && word.len == 4 && kd_scan_hex(&hex, &value) && kd_scan_at_end(&hex) &&
            text.len >= 40)
            continue;
        if (!kd_scan_hex(&hex, &value) || kd_scan_left(&hex) != (label ? 1u : 0u) ||
            (!label && word.len != 8 && word.len != 16))
            return false;
    }
    return words >= 2;
}

/* Events with registers of their own have a block for them. */
static bool take_user_registers(kd_parse *parse, const kd_list *frames, kd_str text)
{
    size_t at;
    uint32_t rows = parse->state->at >> ROWS_SHIFT;
    if (frames->count == 0 || !kd_take_user_registers(&rows, text) ||
        kd_fields_find(parse->event->kind->fields, KD_STR("registers"), &at))
        return false;
    parse->state->at = (parse->state->at & 3) | rows << ROWS_SHIFT;
    return true;
}

/* "Caller[f0100200]: do_one_initcall+0x40/0x1a0": sparc */
static bool take_caller(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    if (!kd_str_starts(line->text, "Caller["))
        return false;
    kd_scan in = kd_scan_of(line->text);
    kdf_frame frame = { .line = { 0, 0 } };
    kdf_symbol symbol = { .size = { 0, 0 } };
    uint64_t address;
    if (!kd_scan_literal(&in, "Caller[") || !kd_scan_hex(&in, &address) ||
        !kd_scan_literal(&in, "]: ") || !kd_scan_symbol(&in, &symbol, parse->src))
        return false;
    frame.address = (kd_hex){ address, parse->src };
    kd_trace_put_symbol(&frame, &symbol);
    frame.reliable = (kd_bool){ true, parse->src };
    kd_trace_add(parse, frames, &frame, line);
    return true;
}

/* "Call Trace: [<00123480>] fx_ioctl+0x20/0x50": m68k begins in the line of the title */
static void take_beside_header(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    kd_line rest = *line;
    const char *open = kd_str_find(line->text, ": [<");
    if (!open)
        return;
    rest.text = kd_str_from(line->text, (size_t)(open + 2 - line->text.ptr));
    take_plain(parse, frames, &rest);
}

/* kd_block_state.at: bit 0, the header was seen; bit 1, a name follows; above, rows of user
 * registers that may come */
static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kd_list *frames = group;
    if (line->frame && !(parse->state->at & NAME_FOLLOWS)) {
        bool begun = parse->state->at || line->text.ptr[0] == '[';
        if (begun ? take_plain(parse, frames, line)
                  : take_user_registers(parse, frames, line->text))
            return KD_TAKEN;
        if (!begun)
            return KD_NOT_MINE;
    }
    kd_line own = *line;
    if (is_header(own.text)) {
        parse->state->at |= 1;
        take_beside_header(parse, frames, &own);
        return KD_TAKEN;
    }
    if (parse->state->at && scan_marker(parse, &own.text) && own.text.len == 0)
        return KD_TAKEN;
    if (kd_is_inline(own.text) && (parse->state->at || kd_str_starts(own.text, "[<")))
        return KD_TAKEN;
    if (parse->state->at & NAME_FOLLOWS && take_name(parse, frames, own.text))
        return KD_TAKEN;
    if (take_arm_pair(parse, frames, &own) || take_vendor(parse, frames, &own) ||
        kd_trace_take_old(parse, frames, &own) || take_from(parse, frames, &own) ||
        take_caller(parse, frames, &own))
        return KD_TAKEN;
    if ((parse->state->at || kd_str_starts(own.text, "[<")) && take_plain(parse, frames, &own))
        return KD_TAKEN;
    return is_stack_dump(own.text) || take_user_registers(parse, frames, own.text) ? KD_TAKEN
                                                                                   : KD_NOT_MINE;
}

const kd_block kd_block_trace = { .name = "trace", .take = take };
