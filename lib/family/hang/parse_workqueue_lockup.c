/* parse_workqueue_lockup.c - pools of workers that make no progress.
 *
 *   BUG: workqueue lockup - pool cpus=3 node=0 flags=0x1 nice=0 stuck for 23152s!            4.9+
 *   Showing busy workqueues and worker pools:
 *   workqueue events: flags=0x0
 *     pwq 6: cpus=3 node=0 flags=0x1 nice=0 active=15/256 refcnt=16
 *       in-flight: 14164:refill_work, 29532(RESCUER):f [mod] BAR(7)
 *       pending: vmpressure_work_fn, 3*psi_avgs_work, pd_controllers_update [bcachefs]
 *   pool 1: cpus=0 node=0 flags=0x1 nice=-20 hung=31s workers=2 manager: 816094 idle: 823322
 *   Showing backtraces of running workers in stalled CPU-bound worker pools:                6.6+
 *
 * wq_watchdog_timer_fn(), show_all_workqueues(). One look finds several pools and shows all queues
 * once. A work in flight on a stuck pool is the culprit, those pending are its victims.
 */
#include "family/hang/parse_hang.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

#define MAX_POOLS 256u
#define MAX_WORKS 512u

/* parse->own[KD_OWN_FREE] */
enum { SHOWING = 1, WRAPPED = 2 };

static kd_stacks stacks_of(kd_parse *parse)
{
    kdf_workqueue_lockup *lockup = parse->body;
    return (kd_stacks){ NULL, &lockup->cpus, &lockup->tasks, &lockup->task };
}

/* ---- pools ----------------------------------------------------------------------------------- */

/* "cpus=3 node=0 flags=0x1 nice=0 stuck for 23152s!", any piece of it; true: to the end */
static bool read_pool(kd_parse *parse, kdf_wq_pool *pool, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        kd_scan value = kd_scan_of(word);
        kd_str key, cpus;
        uint64_t number;
        int64_t nice;
        if (kd_str_is(word, "for") && kd_scan_blanks(&in) && kd_scan_u64(&in, &number)) {
            kd_put(parse, &pool->seconds, number);
            return true;
        }
        if (!kd_scan_until(&value, '=', &key) || !kd_scan_char(&value, '='))
            continue;
        if (kd_str_is(key, "cpus") && kd_scan_rest(&value, &cpus))
            kd_put(parse, &pool->cpus, cpus);
        else if (kd_str_is(key, "node") && kd_scan_u64(&value, &number))
            kd_put(parse, &pool->node, number);
        else if (kd_str_is(key, "flags") && kd_scan_hex(&value, &number))
            kd_put(parse, &pool->flags, number);
        else if (kd_str_is(key, "nice") && kd_scan_i64(&value, &nice))
            kd_put(parse, &pool->nice, nice);
    }
    return false;
}

static bool is_same_pool(const kdf_wq_pool *a, const kdf_wq_pool *b)
{
    return kd_str_eq(a->cpus.v, b->cpus.v) && a->nice.v == b->nice.v && a->flags.v == b->flags.v &&
           a->seconds.v == b->seconds.v;
}

/* A pool that a doubled console printed twice is one. */
static void add_pool(kd_parse *parse, kdf_workqueue_lockup *lockup, kd_str text)
{
    kdf_wq_pool pool = { .nice = { 0, 0 } };
    const kdf_wq_pool *known = lockup->pools.items;
    bool whole = read_pool(parse, &pool, text);
    for (uint32_t i = 0; i < lockup->pools.count; i++)
        if (is_same_pool(&known[i], &pool))
            return;
    kdf_wq_pool *item = lockup->pools.count < MAX_POOLS
                            ? KD_LIST_ADD(parse->arena, &lockup->pools, kdf_wq_pool)
                            : NULL;
    if (!item)
        return;
    *item = pool;
    if (!whole)
        parse->own[KD_OWN_FREE] |= WRAPPED;
    if (pool.seconds.src && (!lockup->seconds.src || pool.seconds.v > lockup->seconds.v))
        lockup->seconds = pool.seconds;
}

/* The rest of a header that a mail program or another CPU's line cut. */
static bool take_rest(kd_parse *parse, kdf_workqueue_lockup *lockup, kd_str text)
{
    if (lockup->pools.count == 0 || !(parse->own[KD_OWN_FREE] & WRAPPED) ||
        !(kd_str_starts(text, "cpus=") || kd_str_starts(text, "node=") ||
          kd_str_starts(text, "flags=") || kd_str_starts(text, "nice=") ||
          kd_str_starts(text, "stuck ") || kd_str_starts(text, "for ")))
        return false;
    kdf_wq_pool *last = &KD_ITEMS(lockup->pools, kdf_wq_pool)[lockup->pools.count - 1];
    if (!read_pool(parse, last, text))
        return true;
    parse->own[KD_OWN_FREE] &= ~(uint32_t)WRAPPED;
    if (!lockup->seconds.src || last->seconds.v > lockup->seconds.v)
        lockup->seconds = last->seconds;
    return true;
}

static bool scan_header(kd_str text, kd_str *rest)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    return kd_scan_past(&in, "BUG: workqueue lockup - pool", &before) && before.len <= 64 &&
           kd_scan_rest(&in, rest);
}

static kd_verdict open_lockup(kd_parse *parse, const kd_line *line)
{
    kdf_workqueue_lockup *lockup = parse->body;
    kd_str rest;
    if (!scan_header(line->text, &rest))
        return KD_NOT_MINE;
    kd_put(parse, &lockup->headline, line->text);
    add_pool(parse, lockup, rest);
    return KD_TAKEN;
}

/* ---- works ----------------------------------------------------------------------------------- */

/* "14164(RESCUER):refill_work", "3*psi_avgs_work", "BAR(7)", "pd_controllers_update" */
static void read_work(kd_parse *parse, kdf_workqueue_lockup *lockup, const kdf_wq_work *like,
                      kd_str text)
{
    kdf_wq_work work = *like;
    kd_scan in = kd_scan_of(text);
    kdf_symbol symbol = { .size = { 0, 0 } };
    uint64_t number;
    kd_str skipped;
    if (kd_str_starts(text, "BAR("))
        return;
    kd_scan try = in;
    if (kd_scan_u64(&try, &number)) {
        if (!kd_scan_char(&try, '*')) {
            if (kd_scan_char(&try, '(') && !kd_scan_past(&try, ")", &skipped))
                return;
            if (!kd_scan_char(&try, ':'))
                return;
            work.pid = (kd_u64){ number, parse->src };
        }
        in = try;
    } else {
        kd_scan_literal(&in, "bh:");
    }
    if (!kd_scan_symbol(&in, &symbol, parse->src) || !symbol.function.src)
        return;
    work.function = symbol.function;
    work.module = symbol.module;
    const kdf_wq_work *last = lockup->works.items;
    last += lockup->works.count ? lockup->works.count - 1 : 0;
    if (lockup->works.count && last->function.src == work.function.src && !work.pid.src &&
        kd_str_eq(last->function.v, work.function.v))
        return; /* the same work of many objects */
    kdf_wq_work *item = lockup->works.count < MAX_WORKS
                            ? KD_LIST_ADD(parse->arena, &lockup->works, kdf_wq_work)
                            : NULL;
    if (item)
        *item = work;
    else
        kd_put_again(parse, &lockup->works_left_out, lockup->works_left_out.v + 1);
}

static void read_works(kd_parse *parse, kdf_workqueue_lockup *lockup, const char *state,
                       kd_str text)
{
    kdf_wq_work like = { .state = { kd_str_of(state), parse->src } };
    const kdf_wq_work *last = lockup->works.items;
    /* the queue and its pool were kept as a work without a function */
    if (lockup->works.count == 0 || last[lockup->works.count - 1].function.src) {
        if (lockup->works.count > 0) {
            like.queue = last[lockup->works.count - 1].queue;
            like.cpus = last[lockup->works.count - 1].cpus;
        }
    } else {
        like.queue = last[lockup->works.count - 1].queue;
        like.cpus = last[lockup->works.count - 1].cpus;
        lockup->works.count--;
    }
    kd_str item;
    while (kd_str_split(&text, ',', &item))
        read_work(parse, lockup, &like, kd_str_trim(item));
}

/* A queue or a pool of it: what is said of works until the next one. */
static void note_place(kd_parse *parse, kdf_workqueue_lockup *lockup, kd_str queue, kd_str cpus)
{
    kdf_wq_work place = { .pid = { 0, 0 } };
    kdf_wq_work *last = lockup->works.items;
    last = lockup->works.count ? last + lockup->works.count - 1 : NULL;
    if (queue.len == 0 && last)
        place.queue = last->queue;
    if (queue.len > 0)
        place.queue = (kd_text){ queue, parse->src };
    if (cpus.len > 0)
        place.cpus = (kd_text){ cpus, parse->src };
    if (!last || last->function.src)
        last = lockup->works.count < MAX_WORKS
                   ? KD_LIST_ADD(parse->arena, &lockup->works, kdf_wq_work)
                   : NULL;
    if (last)
        *last = place;
}

static bool take_queue(kd_parse *parse, kdf_workqueue_lockup *lockup, kd_str text)
{
    static const char *const lists[][2] = { { "in-flight:", "in-flight" },
                                            { "pending:", "pending" },
                                            { "delayed:", "inactive" },
                                            { "inactive:", "inactive" } };
    kd_scan in = kd_scan_of(text);
    kd_str queue, word, none = { NULL, 0 };
    uint64_t number;
    if (kd_scan_literal(&in, "workqueue ") && kd_scan_past(&in, ": flags=", &queue)) {
        note_place(parse, lockup, queue, none);
        return true;
    }
    in = kd_scan_of(text);
    if (kd_scan_literal(&in, "pwq ") && kd_scan_u64(&in, &number) &&
        kd_scan_literal(&in, ": cpus=") && kd_scan_word(&in, &word)) {
        note_place(parse, lockup, none, word);
        return true;
    }
    for (size_t i = 0; i < KD_COUNT(lists); i++)
        if (kd_str_starts(text, lists[i][0])) {
            read_works(parse, lockup, lists[i][1], kd_str_from(text, kd_str_of(lists[i][0]).len));
            return true;
        }
    return false;
}

static bool is_company(kd_str text)
{
    static const char *const lines[] = {
        "Backtrace of last woken worker", "Showing backtraces of ",      "Showing busy workqueues",
        "Showing freezable workqueues",   "The pool might have trouble",
    };
    return kd_str_starts_any(text, lines, KD_COUNT(lines)) ||
           (kd_str_starts(text, "pool ") && kd_str_has(text, ":"));
}

static kd_verdict more_lockup(kd_parse *parse, const kd_line *line)
{
    kdf_workqueue_lockup *lockup = parse->body;
    kd_stacks stacks = stacks_of(parse);
    kd_str text = line->text, rest;
    if (scan_header(text, &rest)) {
        if (parse->own[KD_OWN_FREE] & SHOWING)
            return KD_OVER;
        add_pool(parse, lockup, rest);
        return KD_TAKEN;
    }
    if (kd_str_starts(text, "INFO: ") || kd_str_starts(text, "rcu: "))
        return KD_NOT_MINE;
    if (kd_other_report_begins(text))
        return KD_OVER;
    if (take_rest(parse, lockup, text) || take_queue(parse, lockup, text))
        return KD_TAKEN;
    if (is_company(text)) {
        parse->own[KD_OWN_FREE] |= SHOWING;
        return KD_TAKEN;
    }
    if (!(parse->own[KD_OWN_FREE] & SHOWING) || kd_str_starts(text, "NMI backtrace for cpu "))
        return KD_NOT_MINE;
    return kd_stacks_take(parse, &stacks, line);
}

/* ---- at the end ------------------------------------------------------------------------------ */

static bool is_stuck_pool(const kdf_workqueue_lockup *lockup, kd_str cpus)
{
    const kdf_wq_pool *pools = lockup->pools.items;
    for (uint32_t i = 0; i < lockup->pools.count; i++)
        if (pools[i].cpus.src && kd_str_eq(pools[i].cpus.v, cpus))
            return true;
    return false;
}

/* The work in flight on a stuck pool; none where two functions are. */
static void settle_blame(kdf_workqueue_lockup *lockup)
{
    const kdf_wq_work *works = lockup->works.items, *found = NULL;
    for (uint32_t i = 0; i < lockup->works.count; i++) {
        if (!kd_str_is(works[i].state.v, "in-flight") || !is_stuck_pool(lockup, works[i].cpus.v))
            continue;
        if (found && !kd_str_eq(found->function.v, works[i].function.v)) {
            kd_blame_none(&lockup->blame,
                          "several works are in flight on the pools that are stuck");
            return;
        }
        found = &works[i];
    }
    if (!found) {
        kd_blame_none(&lockup->blame, lockup->works.count
                                          ? "no work is in flight on a pool that is stuck: its "
                                            "workers cannot run"
                                          : "the works of the pools are not printed");
        return;
    }
    lockup->blame.function = found->function;
    lockup->blame.module = found->module;
    lockup->blame.why =
        (kd_text){ KD_STR("the only work in flight on the pool that is stuck"), KD_DERIVED };
}

/* The stack of the worker that runs it. */
static void settle_backtrace(kdf_workqueue_lockup *lockup)
{
    const kdf_hang_task *tasks = lockup->tasks.items;
    for (uint32_t i = 0; i < lockup->tasks.count && lockup->backtrace.count == 0; i++)
        lockup->backtrace = tasks[i].backtrace;
}

static void close_lockup(kd_parse *parse)
{
    kdf_workqueue_lockup *lockup = parse->body;
    const kdf_wq_pool *pools = lockup->pools.items;
    kdf_wq_work *works = lockup->works.items;
    kd_str stuck = { NULL, 0 };
    uint32_t kept = 0;
    for (uint32_t i = 0; i < lockup->works.count; i++)
        if (works[i].function.src)
            works[kept++] = works[i];
    lockup->works.count = kept;
    for (uint32_t i = 0; i < lockup->pools.count && stuck.len < 400; i++)
        if (pools[i].cpus.src)
            stuck = kd_arena_format(parse->arena, "%.*s%s%.*s", KD_FMT(stuck),
                                    stuck.len ? ", " : "", KD_FMT(pools[i].cpus.v));
    if (stuck.len > 0)
        kd_put(parse, &lockup->stuck_pools, stuck);
    settle_blame(lockup);
    settle_backtrace(lockup);
    parse->event->complete = parse->own[KD_OWN_FREE] & SHOWING;
}

static const char *const anchors[] = { "BUG: workqueue lockup", NULL };

const kd_parser kd_parser_workqueue_lockup = {
    .name = "workqueue_lockup",
    .anchors = anchors,
    .kind = &kd_kind_workqueue_lockup,
    .open = open_lockup,
    .more = more_lockup,
    .close = close_lockup,
};
