/* parse_oom_victim.c - whom the OOM killer chose, killed and reaped.
 *
 *   oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/app,
 *       task_memcg=/app/w1,task=appd,pid=77,uid=10                               5.0+, one line
 *   Out of memory: kill process 77 (appd) score 24 or a child                    2.6.32 - 2.6.35
 *   Out of memory: Kill process 77 (appd) score 24 or sacrifice child            2.6.36 - 5.0
 *   Killed process 77 (appd) total-vm:91000kB, anon-rss:64000kB, file-rss:900kB  second line
 *   Killed process 77, UID 10, (appd) total-vm:...                               RHEL 6
 *   Killed process 77 (appd), UID 10, total-vm:...                               RHEL 7
 *   Kill process 78 (appd) sharing same memory                                   to 4.x
 *   Memory cgroup out of memory: Killed process 77 (appd) total-vm:91000kB, anon-rss:64000kB,
 *       file-rss:900kB, shmem-rss:0kB, UID:10 pgtables:210kB oom_score_adj:0     5.1+, one line
 *   Out of memory: OOM victim 77 (appd) is already exiting. Skip killing the task    5.9+
 *   Tasks in /app are going to be killed due to memory.oom.group set             4.19+
 *   Out of memory and no killable processes...                                   all
 *   oom_reaper: reaped process 77 (appd), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB   4.6+
 *   oom_reaper: unable to reap pid:77 (appd)                                     4.6+
 *
 * oom_kill_process(), __oom_kill_process(), dump_oom_victim(), oom_reap_task().
 */
#include <string.h>

#include "family/fields.h"
#include "family/oom/parse_oom.h"

#define MAX_ALSO 256u
#define MAX_REAPED 256u

/* ---- sizes ----------------------------------------------------------------------------------- */

typedef struct size_row {
    const char *name;
    size_t at;
} size_row;

static const size_row victim_sizes[] = {
    { "total-vm:", offsetof(kdf_oom_victim, total_vm_kb) },
    { "vsz:", offsetof(kdf_oom_victim, total_vm_kb) },
    { "anon-rss:", offsetof(kdf_oom_victim, anon_rss_kb) },
    { "file-rss:", offsetof(kdf_oom_victim, file_rss_kb) },
    { "shmem-rss:", offsetof(kdf_oom_victim, shmem_rss_kb) },
    { "pgtables:", offsetof(kdf_oom_victim, pgtables_kb) },
    { "UID:", offsetof(kdf_oom_victim, uid) },
    { NULL, 0 },
};

static const size_row reap_sizes[] = {
    { "anon-rss:", offsetof(kdf_oom_reap, anon_rss_kb) },
    { "file-rss:", offsetof(kdf_oom_reap, file_rss_kb) },
    { "shmem-rss:", offsetof(kdf_oom_reap, shmem_rss_kb) },
    { NULL, 0 },
};

/* "anon-rss:64000kB, file-rss:900kB": gives how many were found. */
static unsigned read_sizes(kd_parse *parse, kd_scan in, const size_row *rows, void *to)
{
    kd_str word;
    unsigned found = 0;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word))
        for (const size_row *row = rows; row->name; row++) {
            if (!kd_str_starts(word, row->name))
                continue;
            kd_scan number = kd_scan_of(kd_str_from(word, kd_str_of(row->name).len));
            uint64_t n;
            if (kd_scan_u64(&number, &n)) {
                kd_put(parse, (kd_u64 *)(void *)((char *)to + row->at), n);
                found++;
            }
        }
    return found;
}

static unsigned read_victim_sizes(kd_parse *parse, kd_scan in, kdf_oom_victim *victim)
{
    kd_str text = { in.at, kd_scan_left(&in) }, skipped;
    kd_scan uid = in, adj = in;
    int64_t value;
    uint64_t n;
    if (kd_scan_literal(&uid, ", UID ") && kd_scan_u64(&uid, &n))
        kd_put(parse, &victim->uid, n);
    bool has_adj = kd_str_has(text, "oom_score_adj:") &&
                   kd_scan_past(&adj, "oom_score_adj:", &skipped) && kd_scan_i64(&adj, &value);
    if (has_adj)
        kd_put(parse, &victim->oom_score_adj, value);
    return read_sizes(parse, in, victim_sizes, victim) + has_adj;
}

/* ---- who ------------------------------------------------------------------------------------- */

/* "77 (appd)", "77, UID 10, (appd)"; a name may hold blanks and brackets. Stands behind it. */
static bool scan_who(kd_scan *in, kd_parse *parse, kdf_oom_victim *who)
{
    static const char *const ends[] = { ") total-vm:",  ") vsz:",    ") score ", "), UID ",
                                        ") is already", ") sharing", "), now " };
    uint64_t pid, uid;
    if (!kd_scan_u64(in, &pid))
        return false;
    who->pid = (kd_u64){ pid, parse->src };
    if (kd_scan_literal(in, ", UID ") && kd_scan_u64(in, &uid)) {
        who->uid = (kd_u64){ uid, parse->src };
        kd_scan_char(in, ',');
    }
    if (!kd_scan_literal(in, " ("))
        return false;
    kd_str text = { in->at, kd_scan_left(in) };
    const char *end = NULL;
    for (size_t i = 0; i < KD_COUNT(ends); i++) {
        const char *at = kd_str_find(text, ends[i]);
        end = at && (!end || at < end) ? at : end;
    }
    end = end ? end : kd_str_find_last(text, ")");
    if (!end) {
        in->short_ = true;
        return false;
    }
    who->comm = (kd_text){ { text.ptr, (size_t)(end - text.ptr) }, parse->src };
    in->at = end + 1;
    return true;
}

static void put_who(kd_parse *parse, kdf_oom_victim *to, const kdf_oom_victim *who)
{
    kd_put(parse, &to->pid, who->pid.v);
    if (who->comm.src)
        kd_put(parse, &to->comm, who->comm.v);
    if (who->uid.src)
        kd_put(parse, &to->uid, who->uid.v);
}

static bool is_known_victim(const kdf_oom *oom, uint64_t pid)
{
    const kdf_oom_victim *also = oom->also_killed.items;
    if (oom->victim.pid.src && oom->victim.pid.v == pid)
        return true;
    for (uint32_t i = 0; i < oom->also_killed.count; i++)
        if (also[i].pid.v == pid)
            return true;
    return false;
}

/* Is it of the group that is killed as a whole? The table lists the tasks of that group. */
static bool is_of_group(const kdf_oom *oom, uint64_t pid)
{
    const kdf_oom_task *tasks = oom->tasks.items;
    if (!oom->oom_group.src)
        return false;
    for (uint32_t i = 0; i < oom->tasks.count; i++)
        if (tasks[i].pid.v == pid)
            return true;
    return oom->tasks.count == 0 || oom->tasks_left_out.src;
}

static bool add_also(kd_parse *parse, kdf_oom *oom, const kdf_oom_victim *who, kd_scan in)
{
    kdf_oom_victim *also = oom->also_killed.count < MAX_ALSO
                               ? KD_LIST_ADD(parse->arena, &oom->also_killed, kdf_oom_victim)
                               : NULL;
    if (!also)
        return true;
    *also = *who;
    read_victim_sizes(parse, in, also);
    return true;
}

/* ---- lines of a kill ------------------------------------------------------------------------- */

/* "Out of memory: " and its like, with what follows it. */
static bool scan_reason(kd_scan *in, kd_str *reason)
{
    const char *from = in->at;
    if (!kd_scan_literal(in, "Out of memory") &&
        !kd_scan_literal(in, "Memory cgroup out of memory"))
        return false;
    kd_scan_literal(in, " (oom_kill_allocating_task)");
    *reason = kd_scan_since(in, from);
    return kd_scan_literal(in, ": ");
}

/* "Kill process 77 (appd) score 24 or sacrifice child": the kill itself is the next line. */
static bool take_choice(kd_parse *parse, kdf_oom *oom, kd_scan in, kd_str reason)
{
    kdf_oom_victim who;
    uint64_t score;
    memset(&who, 0, sizeof who);
    if ((!kd_scan_literal(&in, "Kill process ") && !kd_scan_literal(&in, "kill process ")) ||
        !scan_who(&in, parse, &who) || !kd_scan_literal(&in, " score ") ||
        !kd_scan_u64(&in, &score) || parse->own[KD_OOM_FLAGS] & (KD_OOM_CHOSEN | KD_OOM_KILLED))
        return false;
    kd_put(parse, &oom->kill_reason, reason);
    put_who(parse, &oom->victim, &who);
    kd_put(parse, &oom->victim.score, score);
    parse->own[KD_OOM_FLAGS] |= KD_OOM_CHOSEN;
    return true;
}

/* A child was killed in the stead of the one that was chosen, or the process of a thread. */
static void put_child(kdf_oom *oom, const kdf_oom_victim *who)
{
    kdf_oom_victim chosen = oom->victim;
    oom->victim = *who;
    oom->selected = chosen;
}

/* "Killed process 77 (appd) total-vm:..." with or without a reason before it. */
static bool take_kill(kd_parse *parse, kdf_oom *oom, kd_scan in, kd_str reason)
{
    uint32_t *flags = &parse->own[KD_OOM_FLAGS];
    kdf_oom_victim who;
    memset(&who, 0, sizeof who);
    if (!kd_scan_literal(&in, "Killed process "))
        return false;
    bool whole = scan_who(&in, parse, &who);
    if (!who.pid.src)
        return false;
    if (*flags & KD_OOM_KILLED) {
        if (is_known_victim(oom, who.pid.v))
            return true;
        return is_of_group(oom, who.pid.v) && add_also(parse, oom, &who, in);
    }
    if (reason.len)
        kd_put(parse, &oom->kill_reason, reason);
    if (*flags & KD_OOM_CHOSEN && oom->victim.pid.v != who.pid.v)
        put_child(oom, &who);
    put_who(parse, &oom->victim, &who);
    bool sizes = read_victim_sizes(parse, in, &oom->victim) > 0;
    *flags |= KD_OOM_KILLED | (whole && sizes ? 0u : KD_OOM_TORN_KILL);
    return true;
}

/* The rest of a kill line that a mail program wrapped: "(appd) total-vm:..., anon-rss:..." */
static bool take_torn_kill(kd_parse *parse, kdf_oom *oom, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    kd_str comm;
    if (!(parse->own[KD_OOM_FLAGS] & KD_OOM_TORN_KILL) || line->prefixed)
        return false;
    if (!oom->victim.comm.src && kd_scan_char(&in, '(') && kd_scan_until(&in, ')', &comm)) {
        kd_put(parse, &oom->victim.comm, comm);
        kd_scan_char(&in, ')');
        read_victim_sizes(parse, in, &oom->victim);
        return true;
    }
    kdf_oom_victim victim = oom->victim; /* a line that is none of it leaves it as it is */
    if (read_victim_sizes(parse, kd_scan_of(line->text), &victim) == 0)
        return false;
    oom->victim = victim;
    return true;
}

static bool take_exiting(kd_parse *parse, kdf_oom *oom, kd_scan in, kd_str reason)
{
    kdf_oom_victim who;
    memset(&who, 0, sizeof who);
    if (!kd_scan_literal(&in, "OOM victim ") || !scan_who(&in, parse, &who) ||
        !kd_scan_literal(&in, " is already exiting"))
        return false;
    if (parse->own[KD_OOM_FLAGS] & KD_OOM_KILLED) {
        who.exiting = (kd_bool){ true, parse->src };
        return is_of_group(oom, who.pid.v) && !is_known_victim(oom, who.pid.v) &&
               add_also(parse, oom, &who, in);
    }
    kd_put(parse, &oom->kill_reason, reason);
    put_who(parse, &oom->victim, &who);
    kd_put(parse, &oom->victim.exiting, true);
    parse->own[KD_OOM_FLAGS] |= KD_OOM_KILLED;
    return true;
}

/* "Kill process 78 (appd) sharing same memory" */
static bool take_sharing(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kdf_oom_victim who;
    memset(&who, 0, sizeof who);
    if (!kd_scan_literal(&in, "Kill process ") || !scan_who(&in, parse, &who) ||
        !kd_scan_literal(&in, " sharing same memory") ||
        !(parse->own[KD_OOM_FLAGS] & (KD_OOM_KILLED | KD_OOM_CHOSEN)))
        return false;
    return is_known_victim(oom, who.pid.v) || add_also(parse, oom, &who, in);
}

static bool take_group(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str path;
    if (oom->oom_group.src || !kd_scan_literal(&in, "Tasks in ") ||
        !kd_scan_past(&in, " are going to be killed due to memory.oom.group set", &path))
        return false;
    kd_put(parse, &oom->oom_group, path);
    return true;
}

static bool take_nobody(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    if ((!kd_str_starts(text, "Out of memory and no killable processes") &&
         !kd_str_starts(text, "Memory cgroup out of memory and no killable processes")) ||
        oom->no_victim.src || parse->own[KD_OOM_FLAGS] & KD_OOM_KILLED)
        return false;
    kd_put(parse, &oom->no_victim, true);
    return true;
}

/* ---- the summary ----------------------------------------------------------------------------- */

/* Its keys in the order of printing. Values may hold commas: each ends where the next begins. */
static const char *const keys[] = { "constraint=", ",nodemask=",  ",cpuset=",     ",mems_allowed=",
                                    ",oom_memcg=", ",global_oom", ",task_memcg=", ",task=",
                                    ",pid=",       ",uid=" };
enum { CONSTRAINT, NODEMASK, CPUSET, MEMS, OOM_MEMCG, GLOBAL, TASK_MEMCG, TASK, PID, UID, KEYS };

static void split_summary(kd_str text, kd_str values[KEYS])
{
    size_t last = KEYS;
    kd_str rest = text;
    for (size_t i = 0; i < KEYS; i++) {
        const char *at = i < PID ? kd_str_find(rest, keys[i]) : kd_str_find_last(rest, keys[i]);
        values[i] = (kd_str){ NULL, 0 };
        if (!at)
            continue;
        if (last < KEYS)
            values[last].len = (size_t)(at - values[last].ptr);
        values[i].ptr = at + kd_str_of(keys[i]).len;
        rest = kd_str_from(rest, (size_t)(values[i].ptr - rest.ptr));
        last = i;
    }
    if (last < KEYS)
        values[last].len = rest.len;
}

/* Mails in their raw form write "=3D" for "=", and end a broken line with "=". */
static void unquote(kd_str values[KEYS], kd_str text)
{
    size_t last = KEYS;
    if (!kd_str_starts(values[CONSTRAINT], "3D"))
        return;
    for (size_t i = 0; i < KEYS; i++) {
        if (kd_str_starts(values[i], "3D"))
            values[i] = kd_str_from(values[i], 2);
        last = values[i].ptr ? i : last;
    }
    if (kd_str_ends(text, "="))
        values[last] = (kd_str){ NULL, 0 };
}

static void put_value(kd_parse *parse, kd_text *field, kd_str value)
{
    if (value.ptr)
        kd_put(parse, field, kd_str_trim(value));
}

static void put_number(kd_parse *parse, kd_u64 *field, kd_str value)
{
    kd_scan in = kd_scan_of(value);
    uint64_t n;
    if (value.ptr && kd_scan_u64(&in, &n) && kd_scan_at_end(&in))
        kd_put(parse, field, n);
}

static bool take_summary(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    kd_str values[KEYS];
    if (oom->constraint.src || parse->own[KD_OOM_FLAGS] & (KD_OOM_KILLED | KD_OOM_CHOSEN) ||
        !kd_str_starts(text, "oom-kill:constraint="))
        return false;
    split_summary(kd_str_from(text, sizeof "oom-kill:" - 1), values);
    unquote(values, text);
    put_value(parse, &oom->constraint, values[CONSTRAINT]);
    put_value(parse, &oom->scope.nodemask, values[NODEMASK]);
    put_value(parse, &oom->scope.cpuset, values[CPUSET]);
    put_value(parse, &oom->scope.mems_allowed, values[MEMS]);
    put_value(parse, &oom->memcg.path, values[OOM_MEMCG]);
    if (values[GLOBAL].ptr)
        kd_put(parse, &oom->global_oom, true);
    put_value(parse, &oom->task_memcg, values[TASK_MEMCG]);
    put_value(parse, &oom->victim.comm, values[TASK]);
    put_number(parse, &oom->victim.pid, values[PID]);
    put_number(parse, &oom->victim.uid, values[UID]);
    return true;
}

/* ---- the reaper ------------------------------------------------------------------------------ */

static bool take_reaper(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kdf_oom_victim who;
    memset(&who, 0, sizeof who);
    bool done = kd_scan_literal(&in, "oom_reaper: reaped process ");
    if ((!done && !kd_scan_literal(&in, "oom_reaper: unable to reap pid:")) ||
        !scan_who(&in, parse, &who) || !is_known_victim(oom, who.pid.v))
        return false;
    kdf_oom_reap *reap = oom->reaped.count < MAX_REAPED
                             ? KD_LIST_ADD(parse->arena, &oom->reaped, kdf_oom_reap)
                             : NULL;
    if (!reap)
        return true;
    reap->pid = who.pid;
    reap->comm = who.comm;
    reap->done = (kd_bool){ done, parse->src };
    read_sizes(parse, in, reap_sizes, reap);
    return true;
}

static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_oom *oom = group;
    kd_str text = line->text, reason = { NULL, 0 };
    kd_scan in = kd_scan_of(text);
    if (!scan_reason(&in, &reason)) {
        in = kd_scan_of(text);
        reason.len = 0;
    }
    if (take_summary(parse, oom, text) || take_kill(parse, oom, in, reason) ||
        take_torn_kill(parse, oom, line) || take_group(parse, oom, text) ||
        take_nobody(parse, oom, text) || take_reaper(parse, oom, text) ||
        take_sharing(parse, oom, text))
        return KD_TAKEN;
    if (reason.len && (take_choice(parse, oom, in, reason) || take_exiting(parse, oom, in, reason)))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

const kd_block kd_block_oom_victim = { "oom_victim", take };
