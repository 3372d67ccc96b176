/* parse_oops_die.c - the line that die() prints: what the exception is called, its code, "[#1]".
 *
 *   Internal error: Oops: 96000006 [#1] PREEMPT SMP                            arm64, arm
 *   Oops: 0000 [#1] SMP, Oops: general protection fault: 0000 [#1]             x86, 6.10+
 *   Oops[#1]:, Reserved instruction in kernel code[#1]:                        mips, loongarch
 *   Oops: Kernel access of bad area, sig: 11 [#1]                              powerpc
 *   illegal operation: 0001 ilc:1 [#1] SMP                                     s390
 *   insmod(1234): Oops [#1]                                                    sparc
 *   double fault: 0000 [1] SMP                                                 x86_64 to 2.6.27
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"

/* What stands before " [#1]" when there was no headline, or beside it. */
static const struct {
    const char *word;
    const kd_kind *kind;
} dies[] = {
#define KD_OOPS_NAME(words, kind) { words, kind },
#include "family/fault/oops_form.def"
};

/* No die line has more before its "[#1]". */
#define MOST_BEFORE_COUNT 160

static void put_flags(kd_parse *parse, kdf_oops *oops, kd_scan in)
{
    kd_str word;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word) && oops->die.flags.count < 16) {
        kd_text *flag = KD_LIST_ADD(parse->arena, &oops->die.flags, kd_text);
        if (!flag)
            return;
        *flag = (kd_text){ word, parse->src };
    }
}

/* "Oops: 0000", "Oops - BUG: 0", "synchronous external abort: 96000010", "Oops", "Oops: 0004
 * ilc:2": text and code */
static void split_die(kd_parse *parse, kdf_oops *oops, kd_str before)
{
    const char *length = kd_str_find_last(before, " ilc:");
    if (length)
        before.len = (size_t)(length - before.ptr);
    const char *colon = kd_str_find_last(before, ": ");
    kd_str name = before;
    uint64_t code;
    if (colon) {
        kd_scan in = kd_scan_of(kd_str_from(before, (size_t)(colon + 2 - before.ptr)));
        if (kd_scan_hex(&in, &code) && kd_scan_at_end(&in) &&
            !kd_str_ends((kd_str){ before.ptr, (size_t)(colon - before.ptr) }, "sig")) {
            kd_put(parse, &oops->die.code, code);
            name.len = (size_t)(colon - before.ptr);
        }
    }
    kd_put(parse, &oops->die.text, kd_str_trim(name));
    if (length && oops->die.code.src)
        kd_put(parse, &oops->s390_pic.value, oops->die.code.v);
}

/* "insmod(1234): Oops": sparc names the task there, and calls the exception what it likes */
static bool scan_task(kd_str before, kd_str *comm, uint64_t *pid, kd_str *rest)
{
    kd_scan in = kd_scan_of(before);
    return kd_scan_until(&in, '(', comm) && comm->len > 0 && comm->len <= 15 &&
           kd_scan_char(&in, '(') && kd_scan_u64(&in, pid) && kd_scan_literal(&in, "): ") &&
           kd_scan_rest(&in, rest);
}

static bool is_of_sparc(kd_str before, kd_scan flags, uint64_t count)
{
    kd_str comm, rest;
    uint64_t pid;
    return count > 0 && kd_scan_at_end(&flags) && scan_task(before, &comm, &pid, &rest);
}

static kd_str without_task(kd_parse *parse, kdf_oops *oops, kd_str before)
{
    kd_str comm, rest;
    uint64_t pid;
    if (!scan_task(before, &comm, &pid, &rest))
        return before;
    kd_put(parse, &oops->task.comm, comm);
    kd_put(parse, &oops->task.pid, pid);
    return rest;
}

/* "..., probably for non-canonical address 0xdffffc0000000000" */
static void put_gpf_address(kd_parse *parse, kdf_oops *oops, kd_str name)
{
    kd_scan in = kd_scan_of(name);
    kd_str skipped;
    uint64_t address;
    if (kd_scan_past(&in, "address 0x", &skipped) && kd_scan_hex(&in, &address))
        kd_put(parse, &oops->address, address);
}

/* "Oops: 0002 [1] SMP": x86_64 to 2.6.27 counts without the '#' */
static bool scan_old_count(kd_str text, kd_str *before, uint64_t *count, kd_scan *flags)
{
    kd_scan in = kd_scan_of(text), code;
    uint64_t value;
    if (!kd_scan_past(&in, " [", before) || before->len < 6 || before->len >= MOST_BEFORE_COUNT ||
        !kd_scan_u64(&in, count) || *count == 0 || !kd_scan_char(&in, ']'))
        return false;
    code = kd_scan_of(kd_str_from(*before, before->len - 6));
    *flags = in;
    return kd_scan_literal(&code, ": ") && kd_scan_hex(&code, &value) && kd_scan_at_end(&code);
}

/* The text before "[#1]", the number in it, and what follows; architectures without a counter end
 * in a signal, or write "Oops#: 0000". */
static bool scan_die(kd_str text, kd_str *before, uint64_t *count, kd_scan *flags)
{
    kd_scan in = kd_scan_of(text);
    uint64_t number;
    bool counted = text.len > 0 && memchr(text.ptr, '[', text.len); /* few lines are */
    *count = 0;
    if (counted && kd_scan_past(&in, "[#", before) && before->len > 0 &&
        before->len < MOST_BEFORE_COUNT && kd_scan_u64(&in, count) && kd_scan_char(&in, ']')) {
        *before = kd_str_trim(*before);
        kd_scan_char(&in, ':');
        *flags = in;
        return true;
    }
    if (counted && scan_old_count(text, before, count, flags))
        return true;
    in = kd_scan_of(text);
    *count = 0;
    *before = text;
    *flags = kd_scan_of(KD_STR(""));
    if (kd_scan_literal(&in, "Oops#: ") && kd_scan_hex(&in, &number) && kd_scan_at_end(&in))
        return true;
    in = kd_scan_of(text);
    if (text.len == 14 && kd_scan_literal(&in, "Oops: ") && kd_scan_hex(&in, &number) &&
        kd_scan_at_end(&in)) /* m68k */
        return true;
    in = kd_scan_of(text);
    kd_str skipped;
    return kd_str_starts(text, "Oops: ") && kd_scan_past(&in, ", sig: ", &skipped) &&
           kd_scan_u64(&in, &number);
}

static const kd_kind *kind_of_die(kd_str name, bool *found)
{
    *found = false;
    for (size_t i = 0; i < KD_COUNT(dies); i++)
        if (kd_str_has(name, dies[i].word)) {
            *found = true;
            return dies[i].kind;
        }
    return NULL;
}

bool kd_oops_take_die(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan flags;
    kd_str before;
    uint64_t count;
    bool named;
    if (parse->own[KD_OOPS_DIE] || !scan_die(text, &before, &count, &flags))
        return false;
    bool internal =
        kd_str_starts(before, "Internal error: ") || kd_str_is(before, "Internal error:");
    const kd_kind *kind = kind_of_die(before, &named);
    if (!named && is_of_sparc(before, flags, count)) {
        named = true;
        kind = &kd_kind_oops_other;
    }
    if (!internal && !named && !parse->own[KD_OOPS_HEADLINE])
        return false;
    /* a BUG() traps as an invalid opcode: another exception is a report of its own */
    if (parse->event->kind == &kd_kind_kernel_bug &&
        (kind == &kd_kind_general_protection || kind == &kd_kind_double_fault ||
         kind == &kd_kind_divide_error))
        return false;
    before = without_task(parse, oops, before);
    if (internal)
        before = kd_str_from(before, sizeof "Internal error: " - 1);
    else if (kd_str_starts(before, "Oops: ") && kd_str_has(kd_str_from(before, 6), ": "))
        before = kd_str_from(before, 6); /* 6.10+ puts it before every name */
    split_die(parse, oops, before);
    if (kd_str_starts(text, "Oops#: ")) /* openrisc: the number is 1 for a write */
        kd_put(parse, &oops->access, kd_str_ends(text, "1") ? KD_STR("write") : KD_STR("read"));
    if (count > 0)
        kd_put(parse, &oops->die.count, count);
    put_flags(parse, oops, flags);
    parse->own[KD_OOPS_DIE] = 1;
    if (!oops->headline.src)
        kd_put(parse, &oops->headline, text);
    if (!parse->own[KD_OOPS_HEADLINE] && kind) {
        parse->event->kind = kind;
        parse->own[KD_OOPS_HEADLINE] = 1;
    }
    put_gpf_address(parse, oops, oops->die.text.v);
    return true;
}
