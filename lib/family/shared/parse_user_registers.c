/* parse_user_registers.c - the registers of user space below a stack trace.
 *
 *   RIP: 0033:0x47fbe9                                                           x86
 *   Code: 08 89 e8 5b 5d c3 ... 0f 05 <48> 3d
 *   RSP: 002b:00007fff05a5f2b8 EFLAGS: 00000246 ORIG_RAX: 0000000000000139
 *   RAX: ffffffffffffffda RBX: 0000000001f110d0 RCX: 000000000047fbe9
 *   --- interrupt: c00 at 0x25df10                                               powerpc
 *   NIP:  0025df10 LR: 00416180 CTR: 00000000
 *   GPR00: 00000161 afa8f060 a73a6160 00000011 ...
 *    r7:ffffe000 r6:60000013 r5:00000000 r4:c14ce154                             arm, each frame
 *
 * show_regs() out of show_trace_log_lvl(), show_stack() and dump_backtrace_entry(). They tell
 * nothing of a failed allocation: taken, and not kept.
 */
#include "family/shared/parse_user_registers.h"

#include "base/scan.h"

enum { X86_ROWS = 10, POWERPC_ROWS = 16, ROWS_LEFT = 0xff, POWERPC = 0x100 };

/* What may begin a row, once the dump has begun. */
static const char *const x86_rows[] = { "Code: ", "RSP: 002b:", "RAX: ", "RDX: ", "RBP: ",
                                        "R08: ",  "R10: ",      "R13: ", "EAX: ", "ESI: ",
                                        "DS: ",   "ESP: ",      NULL };
static const char *const powerpc_rows[] = {
    "NIP", "LR ", "REGS: ", "MSR: ", "CFAR: ", "DAR: ", "GPR", "IRQMASK: ", "--- interrupt: ", NULL
};

static bool starts_with_one(kd_str text, const char *const *rows)
{
    for (; *rows; rows++)
        if (kd_str_starts(text, *rows))
            return true;
    return false;
}

static bool begins_x86(kd_str text)
{
    return kd_str_starts(text, "RIP: 0033:") || kd_str_starts(text, "RIP: 0023:") ||
           kd_str_starts(text, "EIP: 0073:") || kd_str_starts(text, "EIP: 0x");
}

static bool begins_powerpc(kd_str text)
{
    return kd_str_starts(text, "--- interrupt: ") || kd_str_starts(text, "--- Exception: ") ||
           kd_str_starts(text, "--- syscall");
}

/* "r7:ffffe000 r6:60000013": nothing but such pairs */
static bool is_arm_row(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t number, value;
    unsigned pairs = 0;
    for (; kd_scan_blanks(&in) && !kd_scan_at_end(&in); pairs++) {
        if (!kd_scan_char(&in, 'r') || !kd_scan_u64(&in, &number) || number > 12 ||
            !kd_scan_char(&in, ':'))
            return false;
        const char *from = in.at;
        if (!kd_scan_hex(&in, &value) || in.at - from != 8)
            return false;
    }
    return pairs > 0;
}

bool kd_take_user_registers(uint32_t *rows, kd_str text)
{
    bool powerpc = (*rows & POWERPC) != 0;
    if (is_arm_row(text))
        return true;
    if (*rows & ROWS_LEFT && starts_with_one(text, powerpc ? powerpc_rows : x86_rows)) {
        --*rows;
        return true;
    }
    if (begins_powerpc(text))
        *rows = POWERPC | POWERPC_ROWS;
    else if (begins_x86(text))
        *rows = X86_ROWS;
    else
        return false;
    return true;
}
