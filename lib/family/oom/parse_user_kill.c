/* parse_user_kill.c - somebody else than the OOM killer killed for want of memory.
 *
 *   lowmemorykiller: Killing 'd.play.games.ui' (2613), adj 1000,        Android, in the kernel
 * to 4.11 to free 20784kB on behalf of 'kswapd0' (442) because cache 32112kB is below limit 32384kB
 * for oom_score_adj 1000 Free memory is 17432kB above reserved lowmemorykiller: Kill 'com.app'
 * (4411), uid 10080, oom_score_adj 900 to free 30000kB rss, ...   lmkd lowmemorykiller: Killing
 * 'com.app' (4411), uid 10080, adj 900                                   lmkd earlyoom: sending
 * SIGTERM to process 4411 uid 1000 "app": badness 800, VmRSS 700 MiB systemd-oomd: Killed
 * /user.slice/a.scope due to memory pressure for /user.slice being 65.31% > ... a.scope:
 * systemd-oomd killed 19 process(es) in this unit.
 */
#include "core/parser.h"
#include "family/fields.h"

/* "'d.play.games.ui' (2613)" */
static bool read_victim(kd_parse *parse, kdf_user_kill *kill, kd_scan *in)
{
    kd_str comm;
    uint64_t pid;
    if (!kd_scan_char(in, '\'') || !kd_scan_until(in, '\'', &comm) || comm.len == 0 ||
        comm.len > 128)
        return false;
    kd_scan_char(in, '\'');
    if (!kd_scan_literal(in, " (") || !kd_scan_u64(in, &pid) || !kd_scan_char(in, ')'))
        return false;
    kd_put(parse, &kill->victim.comm, comm);
    kd_put(parse, &kill->victim.pid, pid);
    return true;
}

static void read_after(kd_parse *parse, kd_str text, const char *word, kd_u64 *field)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    uint64_t n;
    if (kd_scan_past(&in, word, &before) && kd_scan_u64(&in, &n))
        kd_put(parse, field, n);
}

/* A number at the end of a torn line has lost its unit, and may have lost digits. */
static void read_kb_after(kd_parse *parse, kd_str text, const char *word, kd_u64 *field)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    uint64_t kb;
    if (kd_scan_past(&in, word, &before) && kd_scan_u64(&in, &kb) && kd_scan_literal(&in, "kB"))
        kd_put(parse, field, kb);
}

static bool read_adj(kd_parse *parse, kdf_user_kill *kill, kd_str text, const char *word)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    int64_t adj;
    if (!kd_scan_past(&in, word, &before) || !kd_scan_i64(&in, &adj))
        return false;
    kd_put(parse, &kill->victim.oom_score_adj, adj);
    return true;
}

static bool open_android(kd_parse *parse, kdf_user_kill *kill, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before, reason;
    if (!kd_scan_past(&in, "lowmemorykiller: Kill", &before))
        return false;
    kd_scan_literal(&in, "ing");
    if (!kd_scan_char(&in, ' ') || !read_victim(parse, kill, &in))
        return false;
    kd_str rest = { in.at, kd_scan_left(&in) };
    bool user = kd_str_starts(rest, ", uid ");
    parse->event->kind = user ? &kd_kind_user_space_kill : &kd_kind_low_memory_kill;
    kill->killer = (kd_text){ user ? KD_STR("lmkd") : KD_STR("lowmemorykiller"), KD_DERIVED };
    if (!read_adj(parse, kill, rest, "oom_score_adj "))
        read_adj(parse, kill, rest, ", adj ");
    read_kb_after(parse, rest, " to free ", &kill->freed_kb);
    read_after(parse, rest, ", uid ", &kill->victim.uid);
    kd_scan tail = kd_scan_of(rest);
    if (kd_scan_past(&tail, "reason: ", &before) && kd_scan_rest(&tail, &reason))
        kd_put(parse, &kill->reason, reason);
    return true;
}

static bool open_earlyoom(kd_parse *parse, kdf_user_kill *kill, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before, signal, comm;
    uint64_t pid, mib;
    if (!kd_scan_past(&in, "sending SIG", &before) || !kd_scan_word(&in, &signal) ||
        !kd_scan_literal(&in, " to process ") || !kd_scan_u64(&in, &pid))
        return false;
    kd_str rest = { in.at, kd_scan_left(&in) };
    if (!kd_str_has(rest, "badness ") && !kd_str_has(text, "earlyoom"))
        return false;
    kd_put(parse, &kill->victim.pid, pid);
    kill->killer = (kd_text){ KD_STR("earlyoom"), KD_DERIVED };
    if (kd_scan_past(&in, "\"", &before) && kd_scan_until(&in, '"', &comm))
        kd_put(parse, &kill->victim.comm, comm);
    in = kd_scan_of(rest);
    if (kd_scan_past(&in, "VmRSS ", &before) && kd_scan_u64(&in, &mib) &&
        kd_scan_literal(&in, " MiB") && mib < UINT64_C(1) << 32) {
        kd_put(parse, &kill->freed_kb, mib * 1024);
        kill->freed_kb.src = KD_DERIVED;
    }
    return true;
}

/* With so many bytes before it, which were read already. */
static void put_from(kd_parse *parse, kd_text *field, kd_str text, size_t before)
{
    kd_str whole = { text.ptr - before, text.len + before };
    kd_put(parse, field, whole);
}

static bool open_oomd(kd_parse *parse, kdf_user_kill *kill, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before, group, reason;
    if (kd_scan_past(&in, "Killed /", &before) && kd_scan_past(&in, " due to memory ", &group)) {
        put_from(parse, &kill->group, group, 1);
        if (kd_scan_rest(&in, &reason))
            put_from(parse, &kill->reason, reason, sizeof "memory " - 1);
    } else {
        in = kd_scan_of(text);
        if (!kd_scan_past(&in, ": systemd-oomd killed ", &before))
            return false;
        const char *blank = kd_str_find_last(before, " ");
        kd_put(parse, &kill->group,
               blank ? kd_str_from(before, (size_t)(blank - before.ptr) + 1) : before);
    }
    kill->killer = (kd_text){ KD_STR("systemd-oomd"), KD_DERIVED };
    return true;
}

/* "[talos] Sending SIGKILL to cgroup {"component": ..., "cgroup": "/sys/fs/cgroup/kubepods/..."}"
 */
static bool open_talos(kd_parse *parse, kdf_user_kill *kill, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before, group;
    if (!kd_scan_past(&in, "Sending SIGKILL to cgroup {", &before) ||
        !kd_scan_past(&in, "OOMController", &before) ||
        !kd_scan_past(&in, "\"cgroup\": \"/sys/fs/cgroup/", &before) ||
        !kd_scan_until(&in, '"', &group) || group.len == 0)
        return false;
    put_from(parse, &kill->group, group, 1);
    kill->killer = (kd_text){ KD_STR("Talos"), KD_DERIVED };
    parse->event->kind = &kd_kind_user_space_kill;
    return true;
}

static kd_verdict open_kill(kd_parse *parse, const kd_line *line)
{
    kdf_user_kill *kill = parse->body;
    if (!open_android(parse, kill, line->text) && !open_earlyoom(parse, kill, line->text) &&
        !open_oomd(parse, kill, line->text) && !open_talos(parse, kill, line->text))
        return KD_NOT_MINE;
    kd_put(parse, &kill->headline, line->text);
    parse->event->complete = true;
    return KD_TAKEN;
}

/* The three lines of the kernel's killer. */
static kd_verdict more_kill(kd_parse *parse, const kd_line *line)
{
    kdf_user_kill *kill = parse->body;
    if (parse->event->kind != &kd_kind_low_memory_kill)
        return KD_OVER;
    if (kd_str_starts(line->text, "to free ")) {
        read_kb_after(parse, line->text, "to free ", &kill->freed_kb);
        return KD_TAKEN;
    }
    if (kd_str_starts(line->text, "cache ")) {
        read_kb_after(parse, line->text, "cache ", &kill->cache_kb);
        read_kb_after(parse, line->text, " is below limit ", &kill->limit_kb);
        read_adj(parse, kill, line->text, " for oom_score_adj ");
        return KD_TAKEN;
    }
    if (!kd_str_starts(line->text, "Free memory is "))
        return KD_NOT_MINE;
    read_kb_after(parse, line->text, "Free memory is ", &kill->free_above_reserve_kb);
    return KD_LAST;
}

static const char *const anchors[] = {
    "lowmemorykiller: Kill",       "sending SIGTERM to process ",
    "sending SIGKILL to process ", " due to memory pressure for ",
    " due to memory used ",        ": systemd-oomd killed ",
    "Sending SIGKILL to cgroup {", NULL
};

const kd_parser kd_parser_user_kill = {
    .name = "user_kill",
    .anchors = anchors,
    .kind = &kd_kind_user_space_kill,
    .patience = 4,
    .open = open_kill,
    .more = more_kill,
};
