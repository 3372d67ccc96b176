/* parse_held_locks.c - which tasks hold which locks.
 *
 *   2 locks held by getty/3829:
 *    #0:  (&tty->ldisc_sem){++++}, at: [<0000000040c39c58>] ldsem_down_read+0x33/0x40    to 4.14
 *    #1: ffff888012345678 (&f->f_pos_lock){+.+.}-{3:3}, at: __fdget_pos+0xe2/0x110      5.10+
 *   no locks held by swapper/0.
 *   locks held by getty/3829: 2, last CPU#0:                                              7.3+
 *
 * lockdep_print_held_locks(), debug_show_all_locks(). A lock is listed from the moment on that its
 * task waits for it.
 */
#include "family/lock/parse_lock.h"
#include "family/shared/parse_shared.h"

#define MAX_HOLDERS 256u
#define MAX_HELD 64u

/* kd_block_state.at: the list of the whole system has begun */

bool kd_scan_comm_pid(kd_str text, kd_str *comm, uint64_t *pid)
{
    const char *slash = kd_str_find_last(text, "/");
    if (!slash || slash == text.ptr)
        return false;
    kd_scan in = { slash + 1, text.ptr + text.len, false };
    if (!kd_scan_u64(&in, pid) || !kd_scan_at_end(&in))
        return false;
    *comm = (kd_str){ text.ptr, (size_t)(slash - text.ptr) };
    return true;
}

static void skip_brackets(kd_scan *in)
{
    kd_scan try = *in;
    kd_str address;
    if (kd_scan_literal(&try, "[<") && kd_scan_past(&try, ">]", &address)) {
        kd_scan_blanks(&try);
        *in = try;
    }
}

bool kd_scan_lock(kd_parse *parse, kd_str text, kdf_held_lock *out)
{
    kd_scan in = kd_scan_of(text);
    uint64_t address;
    kd_str name, usage;
    *out = (kdf_held_lock){ .name = { { NULL, 0 }, 0 } };
    if (kd_scan_hex(&in, &address) && kd_scan_blanks(&in) && address)
        out->address = (kd_hex){ address, parse->src };
    kd_scan_blanks(&in);
    if (!kd_scan_char(&in, '(') || !kd_scan_past(&in, "){", &name) ||
        !kd_scan_until(&in, '}', &usage))
        return false;
    out->name = (kd_text){ name, parse->src };
    out->usage = (kd_text){ usage, parse->src };
    kd_scan_char(&in, '}');
    if (kd_scan_literal(&in, "-{") && kd_scan_until(&in, '}', &usage)) {
        out->wait_type = (kd_text){ usage, parse->src };
        kd_scan_char(&in, '}');
    }
    if (kd_scan_literal(&in, ", at: ")) {
        kdf_symbol at = { .offset = { 0, 0 } };
        skip_brackets(&in);
        if (kd_scan_symbol(&in, &at, parse->src) && (at.offset.src || !kd_scan_at_end(&in)))
            out->at = at; /* a name that ends the line was cut */
    }
    return true;
}

/* "2 locks held by COMM/PID:", "no locks held by COMM/PID.", "locks held by COMM/PID: 2, ..." */
static bool scan_holder(kd_str text, kd_str *comm, uint64_t *pid, uint64_t *count)
{
    kd_scan in = kd_scan_of(text);
    kd_str who, number;
    *count = 0;
    if (kd_scan_literal(&in, "locks held by ")) {
        const char *colon = kd_str_find_last((kd_str){ in.at, kd_scan_left(&in) }, ": ");
        if (!colon)
            return false;
        who = (kd_str){ in.at, (size_t)(colon - in.at) };
        in.at = colon + 2;
        return kd_scan_u64(&in, count) && kd_scan_comm_pid(who, comm, pid);
    }
    if (!kd_scan_word(&in, &number) ||
        (!kd_scan_literal(&in, " locks held by ") && !kd_scan_literal(&in, " lock held by ")))
        return false;
    kd_scan digits = kd_scan_of(number);
    if (!kd_str_is(number, "no") && !kd_scan_u64(&digits, count))
        return false;
    kd_scan_rest(&in, &who);
    if (who.len > 0 && (who.ptr[who.len - 1] == ':' || who.ptr[who.len - 1] == '.'))
        who.len--;
    return kd_scan_comm_pid(who, comm, pid);
}

static bool take_holder(kd_parse *parse, kd_list *holders, kd_str text)
{
    kd_str comm;
    uint64_t pid, count;
    if (!scan_holder(text, &comm, &pid, &count))
        return false;
    kdf_lock_holder *holder =
        holders->count < MAX_HOLDERS ? KD_LIST_ADD(parse->arena, holders, kdf_lock_holder) : NULL;
    if (holder) {
        holder->comm = (kd_text){ comm, parse->src };
        holder->pid = (kd_u64){ pid, parse->src };
        holder->count = (kd_u64){ count, parse->src };
    }
    return true;
}

/* " #0: LOCK" of the holder named last */
static bool take_lock(kd_parse *parse, kd_list *holders, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t number;
    kd_str rest;
    kdf_held_lock lock;
    if (holders->count == 0 || !kd_scan_char(&in, '#') || !kd_scan_u64(&in, &number) ||
        !kd_scan_char(&in, ':') || !kd_scan_blanks(&in) || !kd_scan_rest(&in, &rest) ||
        !kd_scan_lock(parse, rest, &lock))
        return false;
    kdf_lock_holder *holder = &KD_ITEMS(*holders, kdf_lock_holder)[holders->count - 1];
    kdf_held_lock *item = holder->locks.count < MAX_HELD
                              ? KD_LIST_ADD(parse->arena, &holder->locks, kdf_held_lock)
                              : NULL;
    if (item)
        *item = lock;
    return true;
}

static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kd_list *holders = group;
    kd_str text = line->text;
    if (kd_str_starts(text, "Showing all locks held in the system:")) {
        parse->state->at = 1;
        return KD_TAKEN;
    }
    if (take_holder(parse, holders, text) || take_lock(parse, holders, text) ||
        kd_str_starts(text, "INFO: lockdep is turned off") ||
        (parse->state->at && kd_str_starts(text, "=====================")))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

const kd_block kd_block_held_locks = { .name = "held_locks", .take = take };
