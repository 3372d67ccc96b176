/* parse_oops_fault.c - what the architectures print about the fault itself.
 *
 *   #PF: supervisor read access in kernel mode                                      x86 5.1+
 *   #PF: error_code(0x0000) - not-present page
 *   #PF error: [PROT] [WRITE]                                                       x86 5.0
 *   ESR = 0x0000000096000006, Mem abort info:                                       arm64 4.14+
 *   Failing address: 000003ff8015b000 TEID: 000003ff8015b407                        s390 3.16+
 *   Faulting instruction address: 0xc000000002bff4f0                                powerpc
 *   KASAN: null-ptr-deref in range [0x0000000000000068-0x000000000000006f]          any
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"

static bool take_pf(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t code;
    if (!kd_str_starts(text, "#PF"))
        return false;
    if (kd_scan_literal(&in, "#PF: error_code(") && kd_scan_hex(&in, &code) &&
        kd_scan_char(&in, ')'))
        kd_put(parse, &oops->error_code.value, code);
    else if (kd_str_has(text, "instruction fetch") || kd_str_has(text, "[INSTR]"))
        kd_put(parse, &oops->access, KD_STR("execute"));
    else if (kd_str_has(text, "write access") || kd_str_has(text, "[WRITE]"))
        kd_put(parse, &oops->access, KD_STR("write"));
    else if (kd_str_has(text, "read access") || kd_str_has(text, "read fault"))
        kd_put(parse, &oops->access, KD_STR("read"));
    return true;
}

/* Lines of the "Mem abort info:" block of arm64, decoded from the ESR, and others that only go with
 * a fault. */
static bool is_company(kd_str text)
{
    static const char *const lines[] = {
        "\"@'/ ,. \\`@\"",
        "\"@'/ .. \\`@\"",
        "(ftrace buffer empty)",
        "------------[ cut here ]",
        "/_| \\__/ |_\\",
        "8<--- cut here ---",
        "AS:",
        "Access size = ",
        "BE ",
        "CM = ",
        "Data abort info:",
        "Disabling lock debugging due to kernel taint",
        "Dumping ftrace buffer:",
        "EA = ",
        "EC = 0x",
        "Exception class = ",
        "FAR: 0x",
        "FSC = 0x",
        "Fault in ",
        "GCS = ",
        "IRQ stack: ",
        "ISV = ",
        "KASAN: ",
        "Kernel attempted to ",
        "LE ",
        "Mem abort info:",
        "Overflow stack: ",
        "PREEMPT SMP NR_CPUS=",
        "SET = ",
        "SF = ",
        "SMP NR_CPUS=",
        "SSE = ",
        "Task stack: ",
        "Thread overran stack, or stack corrupted",
        "\\__U_/",
        "\\|/ ____ \\|/",
        "last sysfs file: ",
        "syscall restart flag: ",
        "tsk->{mm,active_mm}->",
    };
    return kd_str_starts_any(text, lines, KD_COUNT(lines));
}

/* "ESR = 0x96000006", "ESR: 0x0000000096000047 -- DABT (current EL)" */
static bool take_esr(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t value;
    if (!kd_scan_literal(&in, "ESR = ") && !kd_scan_literal(&in, "ESR: 0x"))
        return false;
    if (kd_scan_hex(&in, &value))
        kd_put(parse, &oops->esr.value, value);
    return true;
}

/* "Failing address: 000003ff8015b000 TEID: 000003ff8015b407": the address is that of the page */
static bool take_failing(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t address, teid;
    if (!kd_scan_literal(&in, "Failing address: ") && !kd_scan_literal(&in, "failing address: "))
        return false;
    const char *from = in.at;
    if (!kd_scan_hex(&in, &address) || (in.at - from != 16 && in.at - from != 8))
        return true; /* it was cut */
    kd_put(parse, &oops->address, address);
    if (kd_scan_blanks(&in) && kd_scan_literal(&in, "TEID: ") && kd_scan_hex(&in, &teid))
        kd_put(parse, &oops->teid.value, teid);
    return true;
}

/* "Faulting instruction address: 0xc000000002bff4f0": for a fetch it is the address accessed */
static bool take_nip(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t address;
    if (!kd_scan_literal(&in, "Faulting instruction address: 0x"))
        return false;
    if (kd_scan_hex(&in, &address) && !oops->address.src &&
        kd_str_has(oops->headline.v, "instruction fetch")) {
        kd_put(parse, &oops->address, address);
        kd_put(parse, &oops->access, KD_STR("execute"));
    }
    return true;
}

/* "[ECR   ]: 0x00050100 => Invalid Read @ 0x00000008 by insn @ 0x80001234": arc, told already */
static bool take_arc(kd_str text)
{
    return kd_str_starts(text, "[ECR   ]: ") || kd_str_is(text, "Oops") ||
           kd_str_starts(text, "Path: ");
}

/* "LE PAGE_SIZE=64K MMU=Radix SMP NR_CPUS=2048 NUMA pSeries": powerpc, from 4.20 on */
static bool take_company(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    uint64_t kb;
    if (!is_company(text))
        return false;
    if (kd_scan_past(&in, "PAGE_SIZE=", &before) && before.len <= 3 && kd_scan_u64(&in, &kb) &&
        kd_scan_literal(&in, "K ") && (kb == 4 || kb == 16 || kb == 64 || kb == 256))
        kd_put(parse, &oops->page_kb, kb);
    return true;
}

bool kd_oops_take_fault(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    return take_pf(parse, oops, text) || take_esr(parse, oops, text) ||
           take_failing(parse, oops, text) || take_nip(parse, oops, text) ||
           take_company(parse, oops, text) || take_arc(text);
}
