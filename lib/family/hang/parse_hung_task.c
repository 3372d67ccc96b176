/* parse_hung_task.c - a task that sleeps without end.
 *
 *   INFO: task objcopy:24916 blocked for more than 120 seconds.
 *   INFO: task kworker/0:1:353 blocked in I/O wait for more than 122 seconds.              7.2+
 *   INFO: task syz-executor.1:12632 can't die for more than 143 seconds. linux-next Tainted: G C
 * 4.14.31-1-ARCH #1                                      3.14+ Blocked by coredump. 6.14+ "echo 0 >
 * /proc/sys/kernel/hung_task_timeout_secs" disables this message. objcopy         D    0 24916
 * 24912 0x00000000 INFO: task insmod:99 is blocked on a mutex likely owned by task
 * kfault_owner:100.       6.16+ INFO: task a:1 <reader> blocked on an rw-semaphore likely owned by
 * task b:2 <writer> Future hung task reports are suppressed, see sysctl kernel.hung_task_warnings
 * 6.6+
 *
 * check_hung_task(), debug_show_blocker(). The stack is that of the blocked task; the one of
 * khungtaskd, who found it, may follow, and those of all CPUs.
 */
#include "family/hang/parse_hang.h"
#include "family/lock/parse_lock.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

/* So far back a server that does not answer is looked for. */
#define SERVER_LINES 60

static kd_stacks stacks_of(kd_parse *parse)
{
    kdf_hung_task *hung = parse->body;
    return (kd_stacks){ &hung->backtrace, &hung->cpus, &hung->tasks, NULL };
}

/* ---- the header ------------------------------------------------------------------------------ */

/* "COMM:PID" at the end of a text */
static bool split_task(kd_str text, kd_str *comm, uint64_t *pid)
{
    const char *colon = kd_str_find_last(text, ":");
    if (!colon || colon == text.ptr)
        return false;
    kd_scan in = { colon + 1, text.ptr + text.len, false };
    *comm = (kd_str){ text.ptr, (size_t)(colon - text.ptr) };
    return kd_scan_u64(&in, pid) && kd_scan_at_end(&in);
}

/* "nfs: server nas1 not responding, still trying" */
static bool names_server(kd_str text, kd_str *server)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    if (!kd_scan_past(&in, "nfs: server ", &before) &&
        !kd_scan_past(&in, "CIFS: server ", &before) &&
        !kd_scan_past(&in, "CIFS: VFS: Server ", &before) &&
        !kd_scan_past(&in, "ceph: mds", &before))
        return false;
    return before.len <= 16 && kd_scan_word(&in, server);
}

static void look_for_server(kd_parse *parse, kdf_hung_task *hung)
{
    static const char *const words[] = { "erver ", "ceph: mds" };
    kd_back back = kd_back_from(parse);
    unsigned lines = SERVER_LINES;
    kd_line line;
    kd_str server;
    while (kd_back_line_with(&back, &lines, words, KD_COUNT(words), &line)) {
        if (!names_server(line.text, &server))
            continue;
        kd_src src = kd_back_keep(parse, &line);
        if (src)
            hung->server = (kd_text){ kd_arena_str(parse->arena, server), src };
        return;
    }
}

#define TURN_OFF "/proc/sys/kernel/hung_task_timeout_secs\" disables this message."

/* The advice stands in each report: where no headline is near above, it was cut off. */
static kd_verdict open_tail(kd_parse *parse, kdf_hung_task *hung, const kd_line *line)
{
    static const char *const heads[] = { "blocked for more than", "blocked in I/O wait",
                                         "can't die for more than", "INFO: task " };
    if (!kd_str_starts(line->text, "\"echo 0 > " TURN_OFF) ||
        kd_back_has(parse, heads, KD_COUNT(heads)))
        return KD_NOT_MINE;
    kd_put(parse, &hung->headline, line->text);
    return KD_TAKEN;
}

static kd_verdict open_hung(kd_parse *parse, const kd_line *line)
{
    static const struct {
        const char *text;
        bool io, cannot_die;
    } forms[] = {
        { " blocked for more than ", false, false },
        { " blocked in I/O wait for more than ", true, false },
        { " can't die for more than ", false, true },
    };
    kdf_hung_task *hung = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str before, who, comm;
    uint64_t pid, seconds;
    if (!kd_scan_past(&in, "INFO: task ", &before) || before.len > 64)
        return open_tail(parse, hung, line);
    for (size_t i = 0; i < KD_COUNT(forms); i++) {
        kd_scan try = in;
        if (!kd_scan_past(&try, forms[i].text, &who) || !split_task(who, &comm, &pid))
            continue;
        if (!kd_scan_u64(&try, &seconds))
            return try.short_ ? KD_UNFINISHED : KD_NOT_MINE;
        kd_put(parse, &hung->headline, line->text);
        kd_put(parse, &hung->seconds, seconds);
        kd_put(parse, &hung->victim.comm, comm);
        kd_put(parse, &hung->victim.pid, pid);
        kd_put(parse, &hung->task.comm, comm);
        kd_put(parse, &hung->task.pid, pid);
        if (forms[i].io)
            kd_put(parse, &hung->victim.io_wait, true);
        if (forms[i].cannot_die)
            kd_put(parse, &hung->victim.cannot_die, true);
        look_for_server(parse, hung);
        return KD_TAKEN;
    }
    return kd_str_has(line->text, " blocked for") ? KD_UNFINISHED : KD_NOT_MINE;
}

/* ---- who holds it ---------------------------------------------------------------------------- */

/* "mutex likely owned by task B:2.", "rw-semaphore, but the owner is not found." */
static bool read_owner(kd_parse *parse, kdf_hung_task *hung, kd_scan in)
{
    kd_str lock, how, who, comm;
    uint64_t pid;
    kd_scan try = in;
    if (kd_scan_past(&try, ", but the ", &lock)) {
        kd_put(parse, &hung->owner.lock, lock);
        kd_put(parse, &hung->owner.role, KD_STR("not found"));
        return true;
    }
    if (!kd_scan_word(&in, &lock) || !kd_scan_past(&in, "by task ", &how))
        return false;
    kd_scan_rest(&in, &who);
    const char *angle = kd_str_find(who, " <");
    if (angle)
        who.len = (size_t)(angle - who.ptr);
    if (who.len > 0 && who.ptr[who.len - 1] == '.')
        who.len--;
    if (!split_task(who, &comm, &pid))
        return false;
    kd_put(parse, &hung->owner.lock, lock);
    kd_put(parse, &hung->owner.comm, comm);
    kd_put(parse, &hung->owner.pid, pid);
    kd_put(parse, &hung->owner.role,
           kd_str_has(how, "last held") ? KD_STR("last holder") : KD_STR("owner"));
    return true;
}

/* "INFO: task A:1 is blocked on a mutex ...": this very task */
static bool take_owner(kd_parse *parse, kdf_hung_task *hung, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str who, comm;
    uint64_t pid;
    if (!kd_scan_literal(&in, "INFO: task ") || !kd_scan_past(&in, " blocked on a", &who))
        return false;
    if (kd_str_ends(who, " is"))
        who.len -= 3;
    const char *angle = kd_str_find(who, " <");
    if (angle)
        who.len = (size_t)(angle - who.ptr);
    if (!split_task(who, &comm, &pid) || pid != hung->victim.pid.v)
        return false;
    kd_scan_char(&in, 'n');
    kd_scan_blanks(&in);
    if (!read_owner(parse, hung, in))
        return false;
    kd_stacks stacks = stacks_of(parse);
    if (hung->owner.pid.src)
        kd_stacks_task(parse, &stacks, "holder");
    return true;
}

/* ---- what follows ---------------------------------------------------------------------------- */

/* "Tainted: G         C      4.14.31-1-ARCH #1", "Not tainted 6.1.0-1 #1 Debian 6.1.1-1" */
static bool take_kernel(kd_parse *parse, kdf_hung_task *hung, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    bool clean = kd_scan_literal(&in, "Not tainted ");
    if ((!clean && !kd_scan_literal(&in, "Tainted: ")) || hung->task.taint.raw.src)
        return false;
    kd_str rest, flags = { NULL, 0 };
    kd_scan_rest(&in, &rest);
    const char *mark = kd_str_find(rest, " #");
    kd_str head = mark ? (kd_str){ rest.ptr, (size_t)(mark - rest.ptr) } : rest;
    const char *blank = kd_str_find_last(head, " ");
    kd_str release = blank ? kd_str_from(head, (size_t)(blank + 1 - head.ptr)) : head;
    if (mark && release.len > 0 && kd_is_digit(release.ptr[0])) {
        kd_put(parse, &hung->task.kernel_release, release);
        kd_put(parse, &hung->task.build, kd_str_from(rest, (size_t)(mark + 1 - rest.ptr)));
        flags = (kd_str){ head.ptr, head.len - release.len };
    } else if (!mark) {
        flags = head;
    }
    kd_put(parse, &hung->task.taint.raw, clean ? KD_STR("") : kd_str_trim(flags));
    return true;
}

/* The victim's own line comes before its stack. */
static bool take_task_line(kd_parse *parse, kdf_hung_task *hung, kd_str text)
{
    kd_task_line line;
    if (hung->victim.state.src || hung->backtrace.count > 0 || !kd_scan_task_line(text, &line))
        return false;
    kd_put(parse, &hung->victim.state, line.state);
    if (!hung->victim.comm.src) { /* its headline is lost */
        kd_put(parse, &hung->victim.comm, line.comm);
        kd_put(parse, &hung->victim.pid, line.pid);
        hung->task.comm = hung->victim.comm;
        hung->task.pid = hung->victim.pid;
    }
    if (line.has_ppid)
        kd_put(parse, &hung->victim.ppid, line.ppid);
    return true;
}

static bool is_company(kd_str text)
{
    static const char *const lines[] = {
        "\"echo 0 > /proc/sys/kernel/hung_task",
        "Blocked by coredump",
        "Future hung task reports are suppressed",
    };
    return kd_str_starts_any(text, lines, KD_COUNT(lines));
}

static kd_verdict more_hung(kd_parse *parse, const kd_line *line)
{
    kdf_hung_task *hung = parse->body;
    kd_stacks stacks = stacks_of(parse);
    kd_str text = line->text;
    bool in_list = hung->held.count > 0 && kd_str_starts(text, "======");
    if (kd_str_starts(text, "INFO: ") && !kd_str_starts(text, "INFO: lockdep is turned off"))
        return take_owner(parse, hung, text) ? KD_TAKEN : KD_NOT_MINE;
    if (kd_other_report_begins(text) && !in_list)
        return KD_OVER;
    if (is_company(text) || take_kernel(parse, hung, text) || take_task_line(parse, hung, text))
        return KD_TAKEN;
    if (kd_str_starts(text, "NMI backtrace for cpu ") && hung->backtrace.count == 0)
        return KD_NOT_MINE;
    return kd_stacks_take(parse, &stacks, line);
}

static void close_hung(kd_parse *parse)
{
    kdf_hung_task *hung = parse->body;
    kd_blame_waiter(&hung->blame, &hung->backtrace, &hung->victim.waits_in,
                    &hung->victim.waits_for);
    if (hung->backtrace.count > 0 && hung->seconds.src)
        parse->event->complete = true;
}

static const char *const anchors[] = { "INFO: task ", TURN_OFF, NULL };

static const kd_block_use blocks[] = {
    { &kd_block_held_locks, offsetof(kdf_hung_task, held) },
    { &kd_block_task, offsetof(kdf_hung_task, task) },
    { &kd_block_trace, offsetof(kdf_hung_task, backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_hung_task = {
    .name = "hung_task",
    .anchors = anchors,
    .kind = &kd_kind_hung_task,
    .blocks = blocks,
    .open = open_hung,
    .more = more_hung,
    .close = close_hung,
};
