/* parse_registers_other.c - register dumps that are no rows of NAME: VALUE.
 *
 *   $ 4   : 8402d440 00000000 ffffffff 00000000                         mips
 *   pc 90000000851b5ac0 ra 90000000851b5aa4 tp 90000001076b8000 ...     loongarch 6.12+
 *   CRMD: 000000b0 (PLV0 -IE -DA +PG DACF=CC DACM=CC -WE)
 *   Krnl PSW : 0704e00180000000 000000006bf6be0a (apply_rela+0x2ba/0x4e0)       s390
 *   Krnl GPRS: 000003ff80147010 000003e0001b9588 000003ff8015c168 000003ff8015b19a
 *   r00-03  0004000f 113c9744 105994ac 128942c0                         parisc
 *   IASQ: 00000000 00000000 IAOQ: 10599508 1059950c
 *   a00: 90001234 d0003f90 ...                                          xtensa
 *   r1=C1234567, r2=...                                                 microblaze
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"

/* kd_block_state.more: the row of Krnl GPRS that comes next, or this */
#define BREAKING 99u

/* Values in a row, each of 8 digits or more, named PREFIX and a number counted up. */
static void put_row(kd_parse *parse, kdf_oops *oops, kd_scan in, const char *prefix, uint64_t first)
{
    uint64_t value;
    const char *from;
    for (; kd_scan_blanks(&in) && (from = in.at, kd_scan_hex(&in, &value)); first++) {
        bool ends = kd_scan_at_end(&in) || kd_is_blank(*in.at);
        if (!ends || in.at - from < 8)
            return;
        if (!parse->state->at)
            kd_put_numbered(parse, oops, prefix, value, (unsigned)first);
    }
}

/* "$ 4   : ...", "$28   : ..." */
static bool take_mips(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t first;
    if (!kd_scan_char(&in, '$') || !kd_scan_blanks(&in) || !kd_scan_u64(&in, &first) ||
        first > 28 || !kd_scan_blanks(&in) || !kd_scan_char(&in, ':'))
        return false;
    put_row(parse, oops, in, "$", first);
    return true;
}

/* "pc H ra H tp H sp H", "a0 H a1 H a2 H a3 H" */
static bool take_loongarch(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    static const char names[] =
        "pc ra tp sp a0 a1 a2 a3 a4 a5 a6 a7 t0 t1 t2 t3 t4 t5 t6 t7 t8 u0 s0 "
        "s1 s2 s3 s4 s5 s6 s7 s8 s9";
    kd_scan in = kd_scan_of(text);
    size_t count = 0;
    if (text.len > 2 && text.ptr[2] != ' ' && !kd_is_blank(text.ptr[0]))
        return false;
    for (; kd_scan_blanks(&in) && !kd_scan_at_end(&in); count++) {
        kd_str name;
        uint64_t value;
        if (!kd_scan_name(&in, &name) || name.len != 2 || !kd_scan_char(&in, ' ') ||
            !kd_str_in_words(name, names))
            return count > 0;
        const char *from = in.at;
        if (!kd_scan_hex(&in, &value) || in.at - from != 16)
            return count > 0;
        if (!parse->state->at)
            kd_put_register(parse, oops, name, value);
    }
    return count > 0;
}

static bool take_psw(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t mask, address;
    if (!kd_scan_literal(&in, "Krnl PSW : ") || !kd_scan_hex(&in, &mask) || !kd_scan_blanks(&in))
        return false;
    const char *from = in.at;
    if (!kd_scan_hex(&in, &address) || (in.at - from != 16 && in.at - from != 8))
        return true; /* it was cut */
    kd_put_register(parse, oops, KD_STR("psw_mask"), mask);
    kd_put_register(parse, oops, KD_STR("psw"), address);
    if (!oops->ip.function.src) {
        kd_scan_code_address(&in, &oops->ip, parse->src);
        oops->ip.address = (kd_hex){ address, parse->src };
    }
    return true;
}

/* "Krnl GPRS: v v v v" and three rows of four below it */
static bool take_gprs(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t value;
    if (kd_scan_literal(&in, "Krnl GPRS: ")) {
        put_row(parse, oops, in, "r", 0);
        parse->state->more = 4;
        return true;
    }
    if (parse->state->more == 0 || parse->state->more > 12)
        return false;
    const char *from = in.at;
    if (!kd_scan_hex(&in, &value) || in.at - from != 16 || kd_scan_at_end(&in) || *in.at != ' ')
        return false;
    put_row(parse, oops, kd_scan_of(text), "r", parse->state->more);
    parse->state->more += 4;
    return true;
}

/* "r00-03  v v v v", "sr04-07  v v v v", "fr00-03 ..." */
static bool take_parisc_row(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t first, last;
    bool space = kd_scan_char(&in, 's');
    if (!kd_scan_char(&in, 'r') || !kd_scan_u64(&in, &first) || !kd_scan_char(&in, '-') ||
        !kd_scan_u64(&in, &last) || last != first + 3 || last > 31 || !kd_scan_blanks(&in))
        return false;
    put_row(parse, oops, in, space ? "sr" : "r", first);
    return true;
}

/* "IASQ: 0 0 IAOQ: 10599508 1059950c" */
static bool take_queue(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t front, back;
    if (!kd_str_starts(text, "IASQ: ") || !kd_scan_past(&in, "IAOQ: ", &skipped) ||
        !kd_scan_hex(&in, &front) || !kd_scan_blanks(&in) || !kd_scan_hex(&in, &back))
        return false;
    kd_put_register(parse, oops, KD_STR("iaoq0"), front);
    kd_put_register(parse, oops, KD_STR("iaoq1"), back);
    if (!oops->ip.function.src && !oops->ip.address.src)
        oops->ip.address = (kd_hex){ front, parse->src };
    return true;
}

/* "a00: v v v v v v v v" */
static bool take_xtensa(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t first;
    if (!kd_scan_char(&in, 'a') || !kd_scan_u64(&in, &first) || (first != 0 && first != 8) ||
        !kd_scan_literal(&in, ": ") || text.len < 40)
        return false;
    put_row(parse, oops, in, "a", first);
    return true;
}

/* " r1=C1234567, r2=...": microblaze */
static bool take_equals(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    size_t count = 0;
    for (; kd_scan_blanks(&in) && !kd_scan_at_end(&in); count++) {
        kd_str name;
        uint64_t value;
        if (!kd_scan_name(&in, &name) || name.len > 4 || !kd_scan_char(&in, '='))
            return count > 0;
        const char *from = in.at;
        if (!kd_scan_hex(&in, &value) || in.at - from != 8 ||
            (!kd_scan_at_end(&in) && *in.at != ',' && !kd_is_blank(*in.at)))
            return count > 0;
        if (!parse->state->at)
            kd_put_register(parse, oops, name, value);
        kd_scan_char(&in, ',');
    }
    return count > 0;
}

/* "REGS: c000... TRAP: 0300   Tainted: G  (5.10.0)": powerpc names vector and release here */
static bool take_regs(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped, release;
    uint64_t vector;
    if (!kd_str_starts(text, "REGS: "))
        return false;
    if (!kd_scan_past(&in, "TRAP: ", &skipped) || !kd_scan_hex(&in, &vector) || parse->state->at)
        return true;
    kd_put(parse, &oops->ppc_trap.value, vector);
    const char *open = kd_str_find_last(text, "(");
    if (!open || !kd_str_ends(text, ")"))
        return true;
    release = (kd_str){ open + 1, (size_t)(text.ptr + text.len - 1 - (open + 1)) };
    const char *blank = kd_str_find(release, " ");
    if (blank)
        release.len = (size_t)(blank - release.ptr);
    if (release.len > 2 && kd_is_digit(release.ptr[0]))
        kd_put(parse, &oops->task.kernel_release, release);
    return true;
}

/* "TASK = c0..[1234] 'insmod' THREAD: c0.. CPU: 0": powerpc to 3.9 */
static bool take_ppc_task(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped, comm;
    uint64_t pid, cpu;
    if (!kd_scan_literal(&in, "TASK = ") || !kd_scan_past(&in, "[", &skipped) ||
        !kd_scan_u64(&in, &pid) || !kd_scan_literal(&in, "] '") ||
        !kd_scan_past(&in, "' THREAD: ", &comm))
        return false;
    kd_put(parse, &oops->task.pid, pid);
    kd_put(parse, &oops->task.comm, comm);
    if (kd_scan_past(&in, "CPU: ", &skipped) && kd_scan_u64(&in, &cpu))
        kd_put(parse, &oops->task.cpu, cpu);
    return true;
}

/* "pid   = 3222, comm = udevd": xmon */
static bool take_xmon_task(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str comm;
    uint64_t pid;
    if (!kd_scan_literal(&in, "pid") || !kd_scan_blanks(&in) || !kd_scan_literal(&in, "= ") ||
        !kd_scan_u64(&in, &pid) || !kd_scan_literal(&in, ", comm = ") || !kd_scan_rest(&in, &comm))
        return false;
    kd_put(parse, &oops->task.pid, pid);
    kd_put(parse, &oops->task.comm, comm);
    return true;
}

/* "Linux version 5.0.0 (user1@build1) ...": xmon prints the banner behind the task */
static bool take_xmon_banner(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str release;
    if (!kd_scan_literal(&in, "Linux version ") || !kd_scan_word(&in, &release) || parse->src < 2 ||
        !kd_str_has(kd_event_line(parse->event, parse->src - 1)->raw, ", comm = "))
        return false;
    kd_put(parse, &oops->task.kernel_release, release);
    return true;
}

/* "COMM=videod PID=143": csky */
static bool take_csky_task(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str comm;
    uint64_t pid;
    if (!kd_scan_literal(&in, "COMM=") || !kd_scan_past(&in, " PID=", &comm) ||
        !kd_scan_u64(&in, &pid))
        return false;
    kd_put(parse, &oops->task.comm, comm);
    kd_put(parse, &oops->task.pid, pid);
    return true;
}

/* "ea = c0012344, ra = c0012300, cause = 14": nios2; "pc = d0123456, ra = 90124000": xtensa */
static bool take_places(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t ip, ra;
    bool nios2 = kd_scan_literal(&in, "ea = ");
    if ((!nios2 && !kd_scan_literal(&in, "pc = ")) || !kd_scan_hex(&in, &ip) ||
        !kd_scan_literal(&in, ", ra = ") || !kd_scan_hex(&in, &ra))
        return false;
    kd_put(parse, &oops->ip.address, ip);
    if (nios2) /* of xtensa's the upper bits are none of the address */
        kd_put(parse, &oops->lr.address, ra);
    return true;
}

/* "%G: v v  v v  v v  v v": sparc with 32 bits */
static bool take_sparc_row(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str name;
    if (!kd_scan_char(&in, '%') || !kd_scan_name(&in, &name) || !kd_str_in_words(name, "G O L I") ||
        !kd_scan_char(&in, ':'))
        return false;
    const char prefix[] = { (char)(name.ptr[0] | 0x20), '\0' };
    put_row(parse, oops, in, prefix, 0);
    return true;
}

static bool is_company(kd_str text)
{
    static const char *const lines[] = {
        "CPU #: ",
        "CRMD: ",
        "CURRENT PROCESS:",
        "ECFG: ",
        "EUEN: ",
        "ExcCode : ",
        "Krnl Code: ",
        "PRID: ",
        "PRMD: ",
        "PSW: ",
        "PT_REGS: ",
        "PrId  : ",
        "R:0 T:",
        "R:0 T:1 ",
        "Registers dump:",
        "TEXT=",
        "USER-STACK=",
        "YZrvWEST",
        "current = 0x",
        "enter ? for help",
        "irq_happened",
        "orig_a0: ",
        "paca    = 0x",
        "wb 1 stat/addr/data: ",
        "wb 2 stat/addr/data: ",
        "wb 3 stat/addr/data: ",
    };
    return kd_str_starts_any(text, lines, KD_COUNT(lines));
}

/* "Last Breaking-Event-Address:" and the line with it: the last branch of s390, no frame */
static bool take_breaking(kd_parse *parse, kd_str text)
{
    bool title = kd_str_starts(text, "Last Breaking-Event-Address:");
    bool place = parse->state->more == BREAKING && kd_str_starts(text, "[<");
    if (title)
        parse->state->more = BREAKING;
    else if (parse->state->more == BREAKING)
        parse->state->more = 0;
    return title || place;
}

/* "Frame format=7 eff addr=00000008 ssw=0505 faddr=00000008": m68k hashes the address of its
 * headline from 4.15 on, this one it does not */
static bool take_frame_format(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    static const char *const marks[] = { " faddr=", " daddr=", "fault addr=", "eff addr=" };
    kd_str skipped;
    uint64_t address;
    if (!kd_str_starts(text, "Frame format="))
        return false;
    for (size_t i = 0; i < KD_COUNT(marks); i++) {
        kd_scan in = kd_scan_of(text);
        if (!kd_scan_past(&in, marks[i], &skipped))
            continue;
        const char *from = in.at;
        if (kd_scan_hex(&in, &address) && in.at - from == 8)
            kd_put_again(parse, &oops->address, address);
        break;
    }
    return true;
}

/* The forms that are told by their first character. */
static bool take_by_first(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    switch (text.ptr[0]) {
    case 'F': return take_frame_format(parse, oops, text);
    case '$': return take_mips(parse, oops, text);
    case 'K': return take_psw(parse, oops, text);
    case 'L': return take_xmon_banner(parse, oops, text);
    case 's':
    case 'r': return take_parisc_row(parse, oops, text);
    case 'I': return take_queue(parse, oops, text);
    case 'a': return take_xtensa(parse, oops, text);
    case 'R': return take_regs(parse, oops, text);
    case 'T': return take_ppc_task(parse, oops, text);
    case 'p': return take_xmon_task(parse, oops, text) || take_places(parse, oops, text);
    case 'e': return take_places(parse, oops, text);
    case 'C': return take_csky_task(parse, oops, text);
    case '%': return take_sparc_row(parse, oops, text);
    default: return false;
    }
}

bool kd_take_other_registers(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    if (text.len == 0)
        return false;
    return take_breaking(parse, text) || take_by_first(parse, oops, text) ||
           take_loongarch(parse, oops, text) || take_gprs(parse, oops, text) ||
           take_equals(parse, oops, text) || kd_take_krnl_code(parse, oops, text) ||
           is_company(text);
}
