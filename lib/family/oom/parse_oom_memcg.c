/* parse_oom_memcg.c - the control group whose limit led to an OOM kill.
 *
 *   Task in /app/w1 killed as a result of limit of /app                          2.6.29 - 4.20
 *   memory: usage 524288kB, limit 524288kB, failcnt 1240247                      all
 *   memory+swap: usage 2592556kB, limit 9007199254740988kB, failcnt 0            cgroup v1
 *   kmem: usage 7260kB, limit 9007199254740988kB, failcnt 0                      cgroup v1, 3.9+
 *   swap: usage 0kB, limit 0kB, failcnt 0                                        cgroup v2
 *   Memory cgroup stats for /app: cache:80KB rss:516948KB ...                    3.9 - 5.2, a line
 *                                                              for the group and each below it
 *   Memory cgroup stats for /app:                                                5.3+
 *   anon 535658496
 *   file 0
 *
 * mem_cgroup_print_oom_info(), from 4.20 mem_cgroup_print_oom_meminfo().
 */
#include "family/fields.h"
#include "family/oom/parse_oom.h"

#define MAX_STATS 256u
#define MAX_GROUPS 512u

static void expect_stats(kd_parse *parse, uint32_t form)
{
    parse->own[KD_OOM_FLAGS] &= ~(uint32_t)(KD_OOM_STATS_BY_LINE | KD_OOM_STATS_IN_LINE);
    parse->own[KD_OOM_FLAGS] |= form;
}

static void put_pair(kd_parse *parse, kd_list *map, kd_str name, uint64_t n)
{
    const kd_pair *pairs = map->items;
    for (uint32_t i = 0; i < map->count; i++)
        if (kd_str_eq(pairs[i].name, name))
            return;
    kd_pair *pair = map->count < MAX_STATS ? KD_LIST_ADD(parse->arena, map, kd_pair) : NULL;
    if (pair)
        *pair = (kd_pair){ name, n, parse->src };
}

/* ---- whose limit ----------------------------------------------------------------------------- */

/* The parts are printed one by one, so that other lines may tear them apart. */
static bool take_limit_of(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str task = { NULL, 0 }, path;
    bool head = kd_scan_literal(&in, "Task in ");
    if (head && !kd_scan_past(&in, " killed as a result of limit of", &task))
        return false;
    if (!head && !kd_scan_literal(&in, "killed as a result of limit of"))
        return false;
    kd_scan_rest(&in, &path);
    path = kd_str_trim(path);
    if (task.len)
        kd_put(parse, &oom->task_memcg, kd_str_trim(task));
    if (path.len)
        kd_put(parse, &oom->memcg.path, path);
    else
        parse->own[KD_OOM_FLAGS] |= KD_OOM_TORN_PATH;
    return true;
}

static bool take_torn_path(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    if (!(parse->own[KD_OOM_FLAGS] & KD_OOM_TORN_PATH) || text.len == 0 || text.ptr[0] != '/')
        return false;
    parse->own[KD_OOM_FLAGS] &= ~(uint32_t)KD_OOM_TORN_PATH;
    kd_put(parse, &oom->memcg.path, text);
    return true;
}

/* ---- usage and limit ------------------------------------------------------------------------- */

static bool take_counter(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    const struct {
        const char *name;
        kdf_memcg_counter *to;
    } rows[] = {
        { "memory: usage ", &oom->memcg.memory },
        { "memory+swap: usage ", &oom->memcg.memsw },
        { "kmem: usage ", &oom->memcg.kmem },
        { "swap: usage ", &oom->memcg.swap },
    };
    uint64_t usage, limit, failcnt;
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        if (!kd_str_starts(text, rows[i].name))
            continue;
        kd_scan in = kd_scan_of(kd_str_from(text, kd_str_of(rows[i].name).len));
        if (rows[i].to->usage_kb.src || !kd_scan_u64(&in, &usage) ||
            !kd_scan_literal(&in, "kB, limit ") || !kd_scan_u64(&in, &limit) ||
            !kd_scan_literal(&in, "kB"))
            return false;
        kd_put(parse, &rows[i].to->usage_kb, usage);
        kd_put(parse, &rows[i].to->limit_kb, limit);
        if (kd_scan_literal(&in, ", failcnt ") && kd_scan_u64(&in, &failcnt))
            kd_put(parse, &rows[i].to->failcnt, failcnt);
        return true;
    }
    return false;
}

/* ---- counters -------------------------------------------------------------------------------- */

/* "rss:516948KB": the whole of the word. */
static bool scan_stat(kd_scan *in, kd_str *name, uint64_t *kb)
{
    kd_scan try = *in;
    if (!kd_scan_name(&try, name) || !kd_scan_char(&try, ':') || !kd_scan_u64(&try, kb) ||
        (!kd_scan_literal(&try, "KB") && !kd_scan_literal(&try, "kB")))
        return false;
    *in = try;
    return true;
}

static bool are_stats(kd_scan in)
{
    kd_str name;
    uint64_t kb;
    size_t count = 0;
    for (; !kd_scan_at_end(&in); count++)
        if (!scan_stat(&in, &name, &kb) || !kd_scan_blanks(&in))
            return false;
    return count > 0;
}

static void put_stats(kd_parse *parse, kdf_memcg *memcg, kd_scan in)
{
    kdf_memcg_group *group = KD_ITEMS(memcg->groups, kdf_memcg_group) + memcg->groups.count - 1;
    kd_str name;
    uint64_t kb;
    while (kd_scan_blanks(&in) && scan_stat(&in, &name, &kb))
        put_pair(parse, &group->stats_kb, name, kb);
}

/* "Memory cgroup stats for /app:" alone, or with all of its counters. */
static kd_verdict take_stats_head(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    static const char head[] = "Memory cgroup stats for ";
    if (!kd_str_starts(text, head))
        return KD_NOT_MINE;
    if (oom->memcg.groups.count >= MAX_GROUPS) {
        oom->memcg.groups_left_out.v++;
        oom->memcg.groups_left_out.src = KD_DERIVED;
        return KD_PASSED;
    }
    kd_str rest = kd_str_from(text, sizeof head - 1), path = rest;
    const char *colon = kd_str_find(rest, ": ");
    if (colon)
        path.len = (size_t)(colon - rest.ptr);
    else if (kd_str_ends(rest, ":"))
        path.len--;
    kd_scan in = kd_scan_of(kd_str_from(rest, path.len + 1));
    kd_scan_blanks(&in);
    kd_put(parse, &oom->memcg.path, path);
    expect_stats(parse, KD_OOM_STATS_BY_LINE);
    kdf_memcg_group *group =
        are_stats(in) ? KD_LIST_ADD(parse->arena, &oom->memcg.groups, kdf_memcg_group) : NULL;
    if (!group)
        return KD_TAKEN;
    group->path = (kd_text){ path, parse->src };
    put_stats(parse, &oom->memcg, in);
    expect_stats(parse, KD_OOM_STATS_IN_LINE);
    return KD_TAKEN;
}

/* Names that count happenings, not bytes: they stand behind the amounts. */
static bool is_count(kd_str name)
{
    static const char *const heads[] = {
        "numa_", "pg",          "pswp",   "swpin",   "swpout",
        "thp_",  "workingset_", "zswpin", "zswpout", "zswpwb",
    };
    if (kd_str_starts(name, "total_"))
        name = kd_str_from(name, sizeof "total_" - 1);
    return kd_str_starts_any(name, heads, KD_COUNT(heads));
}

/* "anon 535658496" */
static bool take_stat(kd_parse *parse, kdf_oom *oom, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str name;
    uint64_t n;
    if (parse->own[KD_OOM_FLAGS] & KD_OOM_STATS_IN_LINE && are_stats(in)) {
        put_stats(parse, &oom->memcg, in); /* wrapped by a mail program */
        return true;
    }
    if (!(parse->own[KD_OOM_FLAGS] & KD_OOM_STATS_BY_LINE) || !kd_scan_name(&in, &name) ||
        !kd_scan_char(&in, ' ') || !kd_scan_u64(&in, &n) || !kd_scan_at_end(&in))
        return false;
    put_pair(parse, is_count(name) ? &oom->memcg.stats_counts : &oom->memcg.stats_bytes, name, n);
    return true;
}

static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_oom *oom = group;
    kd_str text = line->text;
    if (take_limit_of(parse, oom, text) || take_torn_path(parse, oom, text) ||
        take_counter(parse, oom, text) || take_stat(parse, oom, text))
        return KD_TAKEN;
    if (oom->memcg.memory.usage_kb.src && kd_str_starts(text, "Memory cgroup min protection "))
        return KD_TAKEN;
    return take_stats_head(parse, oom, text);
}

const kd_block kd_block_oom_memcg = { "oom_memcg", take };
