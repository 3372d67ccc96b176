/* parse_stack.c - the words of the stack dump.
 *
 *   Stack: (0xe0945e78 to 0xe0946000)                                              arm
 *   5e60:                                                       bf00500c bf000fb4
 *   Stack:                                                                         x86 to 4.10
 *    0000000000000000 ffff88003b0a1000 ffff88003b1f7e98 ffffffff8150b2a5
 *   Stack : 00000000 00000000 ...                                                  mips
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"

/* A stack of 16 KiB has them. */
#define MOST_WORDS 256u

static void add_words(kd_parse *parse, kdf_oops *oops, kd_scan in)
{
    uint64_t value;
    const char *from;
    while (kd_scan_blanks(&in) && (from = in.at, kd_scan_hex(&in, &value))) {
        bool ends = kd_scan_at_end(&in) || kd_is_blank(*in.at);
        size_t digits = (size_t)(in.at - from);
        if (!ends || (digits != 8 && digits != 16) || oops->stack.count >= MOST_WORDS)
            return;
        kd_u64 *word = KD_LIST_ADD(parse->arena, &oops->stack, kd_u64);
        if (word)
            *word = (kd_u64){ value, parse->src };
    }
}

/* "5e60: bf00500c ..." or without the label; nothing but words. */
static bool is_row(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    uint64_t value;
    size_t words = 0;
    for (size_t i = 0; kd_scan_blanks(&in) && kd_scan_word(&in, &word); i++) {
        kd_scan hex = kd_scan_of(word);
        bool label = i == 0 && word.len == 5 && word.ptr[4] == ':';
        if (!kd_scan_hex(&hex, &value) || kd_scan_left(&hex) != (label ? 1u : 0u) ||
            (!label && word.len != 8 && word.len != 16))
            return false;
        words += !label;
    }
    return words > 0;
}

bool kd_take_stack(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    bool begins = kd_str_starts(text, "Stack:") || kd_str_starts(text, "Stack : ");
    if (oops->in_stack && kd_str_is(kd_str_trim(text), "..."))
        return true; /* mips: more than it shows */
    if (!begins && (!oops->in_stack || !is_row(text)))
        return false;
    if (begins && oops->stack.count > 0)
        return false; /* that of another report, or of whom the fault interrupted */
    if (begins) {
        oops->in_stack = true;
        if (!kd_str_has(text, " to ") && kd_scan_past(&in, ":", &skipped))
            add_words(parse, oops, in);
        return true;
    }
    if (text.len > 5 && text.ptr[4] == ':')
        in = kd_scan_of(kd_str_from(text, 5));
    add_words(parse, oops, in);
    return true;
}
