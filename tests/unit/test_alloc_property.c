/* test_alloc_property.c - the re-play against a model that knows the whole state.
 *
 * The model is written apart from the module: it holds the blocks of every type, decides as the
 * kernel of that version does, in the kernel's order of steps, and then prints a dump that shows
 * only what that version shows. The re-play sees the dump alone. Where it says yes or no, the
 * model must agree; where the dump shows all, it must say one of the two.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "decode/alloc_replay.h"

enum { ORDERS = 11, PAGEBLOCK = 512, STATES = 250000, ZONES = 3 };

enum { TYPE_U, TYPE_M, TYPE_E, TYPE_R, TYPE_H, TYPE_C, TYPE_I, TYPES };

/* The true state of a zone. */
typedef struct model_zone {
    int kind;
    long free, blocks[TYPES][ORDERS], min, boost, low, cma, reserved, free_h, managed;
    long reserve[4];
} model_zone;

typedef struct model_request {
    int version, order; /* version: major * 10000 + minor * 100, y stable: + 1 */
    uint32_t packed;
    int zone;
    int high, atomic_bit, wait, no_kswapd, nomemalloc, memalloc, movable, reclaimable;
    int reclaiming, interrupt, victim;
} model_request;

typedef enum model_end { END_PASS, END_AMOUNT, END_HALVING, END_NO_BLOCK } model_end;

static uint64_t seed;

static long pick(long count)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (long)((seed >> 33) % (uint64_t)count);
}

static bool once_in(long count)
{
    return pick(count) == 0;
}

/* 6.1.y of today: numbers 60101; 6.12.y: 61201. */
static const int versions[] = { 20632, 20637, 30600, 30800, 31200, 31800, 40300, 40400, 40600,
                                40800, 41200, 41400, 41500, 41900, 50000, 50400, 50600, 50800,
                                50900, 51000, 51700, 60000, 60100, 60101, 60200, 60300, 60600,
                                61100, 61200, 61201, 61300, 61700, 61800, 70200 };

static uint32_t pack(int version)
{
    if (version < 30000)
        return KD_KERNEL(2, 6, version % 100);
    if (version == 60101)
        return KD_KERNEL(6, 1, 176);
    if (version == 61201)
        return KD_KERNEL(6, 12, 107);
    return KD_KERNEL(version / 10000, version / 100 % 100, 0);
}

/* ---- the model ------------------------------------------------------------------------------ */

/* Internal flags, named as in the kernel. */
typedef struct flags {
    int high, harder, oom, none, cma, highatomic;
} flags;

static bool reserve_rules_of_63(int v)
{
    return v >= 60300 || v == 60101;
}

static flags mask_flags(const model_request *q)
{
    int v = q->version;
    flags f = { 0 };

    f.high = q->high;
    if (v < 30000)
        f.harder = !q->wait;
    else if (v < 40400)
        f.harder = !q->wait && !q->no_kswapd && !q->nomemalloc;
    else if (!reserve_rules_of_63(v))
        f.harder = q->atomic_bit && !q->nomemalloc;
    else
        f.harder = !q->wait && !q->nomemalloc;
    f.cma = v >= 30500 && q->movable && !q->reclaimable;
    if (q->order > 0 && v >= 40400) {
        bool needs_high = v >= 61800 || v == 60101 || v == 61201;

        f.highatomic = needs_high ? f.harder && f.high : f.harder;
    }
    return f;
}

/* The reserves that come from the task or __GFP_MEMALLOC. */
static bool task_flags(const model_request *q, flags *f)
{
    if (q->nomemalloc)
        return false;
    if (q->memalloc && q->version >= 30600)
        f->none = 1;
    else if (q->reclaiming && !q->interrupt)
        f->none = 1;
    else if (q->victim && !q->interrupt) {
        if (q->version >= 41300)
            f->oom = 1;
        else
            f->none = 1;
    } else
        return false;
    return true;
}

static long lowered(int v, flags f, long mark)
{
    if (reserve_rules_of_63(v)) {
        if (f.high) {
            mark -= mark / 2;
            if (f.harder)
                mark -= mark / 4;
        }
        if (f.oom)
            mark -= mark / 2;
        return mark;
    }
    if (f.high)
        mark -= mark / 2;
    if (v >= 41300 && f.oom)
        mark -= mark / 2;
    else if (f.harder)
        mark -= mark / 4;
    return mark;
}

static long all_blocks(const model_zone *z, int order)
{
    long sum = 0;

    for (int type = 0; type < TYPES; type++)
        sum += z->blocks[type][order];
    return sum;
}

static model_end check_halving(const model_request *q, const model_zone *z, flags f)
{
    long free_pages = z->free - (1L << q->order) + 1;
    long mark = lowered(q->version, f, z->min);
    long cma = q->version >= 30800 && !f.cma ? z->cma : 0;
    long loop_pages = q->version < 31000 ? free_pages - cma : free_pages;

    if (free_pages - cma <= mark + z->reserve[q->zone])
        return END_AMOUNT;
    for (int i = 0; i < q->order; i++) {
        loop_pages -= all_blocks(z, i) << i;
        mark >>= 1;
        if (loop_pages <= mark)
            return END_HALVING;
    }
    return END_PASS;
}

static long unusable(const model_request *q, const model_zone *z, flags f)
{
    int v = q->version;
    bool right = v < 41300 ? f.harder : f.harder || f.oom;
    long pages = 0;

    if (reserve_rules_of_63(v))
        right = f.harder || f.high || f.oom;
    if (!right)
        pages += v >= 61300 || v == 61201 ? z->free_h : z->reserved;
    if (!f.cma)
        pages += z->cma;
    return pages;
}

static model_end check_area(const model_request *q, const model_zone *z, flags f, long min)
{
    int v = q->version;
    bool harder = f.harder || (v >= 41300 && f.oom);
    bool sees_h = reserve_rules_of_63(v) ? f.highatomic || f.oom : harder;
    long free_pages = z->free - ((1L << q->order) - 1) - unusable(q, z, f);

    if (free_pages <= lowered(v, f, min) + z->reserve[q->zone])
        return END_AMOUNT;
    if (q->order == 0)
        return END_PASS;
    for (int i = q->order; i < ORDERS; i++) {
        if (all_blocks(z, i) == 0)
            continue;
        if (v < 41500 && harder)
            return END_PASS;
        if (z->blocks[TYPE_U][i] || z->blocks[TYPE_M][i] || z->blocks[TYPE_E][i])
            return END_PASS;
        if ((f.cma && z->blocks[TYPE_C][i]) || (sees_h && z->blocks[TYPE_H][i]))
            return END_PASS;
    }
    return END_NO_BLOCK;
}

static model_end check_watermark(const model_request *q, const model_zone *z, flags f)
{
    int v = q->version;
    model_end end;

    if (f.none)
        return END_PASS;
    if (v < 40400)
        return check_halving(q, z, f);
    if (q->order == 0 && v >= 40800 && v < 50900 &&
        z->free - (f.cma ? 0 : z->cma) > z->min + z->reserve[q->zone])
        return END_PASS;
    end = check_area(q, z, f, z->min);
    if (end != END_PASS && q->order == 0 && z->boost > 0 && v >= 50900 &&
        (v >= 60300 ? f.high : q->atomic_bit))
        end = check_area(q, z, f, z->min - z->boost);
    return end;
}

static bool takes_block(const model_request *q, const model_zone *z, flags f)
{
    int v = q->version;
    bool last = false;

    if (v >= 61300 || v == 60101 || v == 61201)
        last = f.oom || f.harder;
    else if (v >= 60300)
        last = f.oom;
    for (int i = q->order; i < ORDERS; i++) {
        if (z->blocks[TYPE_U][i] || z->blocks[TYPE_M][i] || z->blocks[TYPE_E][i])
            return true;
        if (v < 40400 && z->blocks[TYPE_R][i])
            return true;
        if (f.cma && z->blocks[TYPE_C][i])
            return true;
        if ((f.highatomic || last) && z->blocks[TYPE_H][i])
            return true;
    }
    return false;
}

static model_end attempt(const model_request *q, const model_zone *z, flags f)
{
    model_end end = check_watermark(q, z, f);

    if (end == END_AMOUNT)
        return end;
    if (!takes_block(q, z, f))
        return END_NO_BLOCK;
    return end;
}

static model_end decide(const model_request *q, const model_zone *z)
{
    flags f = mask_flags(q), task = { 0 };
    model_end end, second;

    if (q->version < 41400) {
        (void)task_flags(q, &f);
        return attempt(q, z, f);
    }
    end = attempt(q, z, f);
    if (end == END_PASS || !task_flags(q, &task))
        return end;
    task.cma = f.cma;
    second = attempt(q, z, task);
    return second == END_PASS || end == END_AMOUNT ? second : end;
}

/* ---- random states ---------------------------------------------------------------------------- */

static void fill_blocks(model_zone *z, int v, bool scarce)
{
    int top = scarce ? (int)pick(ORDERS) : ORDERS;

    for (int type = 0; type < TYPES; type++) {
        if ((type == TYPE_R && v >= 40400) || (type == TYPE_H && v < 40400))
            continue;
        if ((type == TYPE_C && v < 30800) || (type == TYPE_I && v < 30800))
            continue;
        if (once_in(2))
            continue;
        for (int i = 0; i < (type >= TYPE_R && type != TYPE_I ? ORDERS : top); i++)
            if (once_in(3))
                z->blocks[type][i] = 1 + pick(type == TYPE_H ? 3 : 40 >> (i / 2));
    }
}

static long pages_of(const model_zone *z, int type)
{
    long pages = 0;

    for (int i = 0; i < ORDERS; i++)
        pages += z->blocks[type][i] << i;
    return pages;
}

static void fill_marks(model_zone *z, int v)
{
    long base = 1 + pick(z->free > 100 ? z->free * 3 / 2 : 200), distance;

    z->managed = z->free + pick(200000);
    if (z->managed < (z->reserved - 2 * PAGEBLOCK) * 100)
        z->managed = (z->reserved - 2 * PAGEBLOCK) * 100;
    if (v >= 50000 && once_in(3))
        z->boost = PAGEBLOCK * (1 + pick(4));
    distance = base / 4;
    if (distance < z->managed / 1000)
        distance = z->managed / 1000;
    z->min = base + z->boost;
    z->low = z->min + distance;
}

/* Zone indexes: DMA 0, DMA32 1, Normal 2, Movable 3. */
static void fill_zone(model_zone *z, int v, int kind)
{
    memset(z, 0, sizeof(*z));
    z->kind = kind;
    fill_blocks(z, v, once_in(2));
    for (int type = 0; type < TYPES; type++)
        z->free += pages_of(z, type);
    z->cma = pages_of(z, TYPE_C);
    z->free_h = pages_of(z, TYPE_H);
    z->reserved = (z->free_h + PAGEBLOCK - 1) / PAGEBLOCK * PAGEBLOCK;
    if (v >= 40400 && once_in(4))
        z->reserved += PAGEBLOCK;
    fill_marks(z, v);
    for (int above = kind + 1; above < 4; above++)
        z->reserve[above] = z->reserve[above - 1] + (once_in(2) ? pick(z->free / 4 + 2) : 0);
}

static void fill_request(model_request *q)
{
    memset(q, 0, sizeof(*q));
    q->version = versions[pick((long)(sizeof(versions) / sizeof(versions[0])))];
    q->packed = pack(q->version);
    q->order = once_in(3) ? 0 : (int)pick(ORDERS);
    q->zone = (int)pick(4);
    q->high = once_in(2);
    q->wait = once_in(2);
    q->atomic_bit =
        q->version >= 40400 && q->version < 60300 && (once_in(4) || (!q->wait && q->high));
    q->no_kswapd = q->version >= 31800 && q->version < 40400 && once_in(4);
    q->nomemalloc = once_in(8);
    q->memalloc = once_in(16);
    q->movable = once_in(4);
    q->reclaimable = once_in(8);
    q->reclaiming = once_in(16);
    q->interrupt = once_in(8);
    q->victim = once_in(8);
}

/* ---- the dump --------------------------------------------------------------------------------- */

static kd_alloc_zone print_zone(const model_zone *z, int v)
{
    static const uint32_t letters[TYPES] = { KD_BLOCK_U, KD_BLOCK_M, KD_BLOCK_E, KD_BLOCK_R,
                                             KD_BLOCK_H, KD_BLOCK_C, KD_BLOCK_I };
    static const kd_zone_kind kinds[] = { KD_ZONE_DMA, KD_ZONE_DMA32, KD_ZONE_NORMAL };
    kd_alloc_zone dump = { .kind = kinds[z->kind],
                           .boost_known = v >= 51700,
                           .reserved_highatomic_known = v >= 50600,
                           .free_highatomic_known = v >= 61700,
                           .letters_known = v >= 30800,
                           .free_pages = (uint64_t)z->free,
                           .min_pages = (uint64_t)z->min,
                           .low_pages = (uint64_t)z->low,
                           .high_pages = (uint64_t)(2 * z->low - z->min),
                           .free_cma_pages = (uint64_t)z->cma,
                           .managed_pages = (uint64_t)z->managed,
                           .lowmem_reserve_count = 4,
                           .order_count = ORDERS };

    if (dump.boost_known)
        dump.boost_pages = (uint64_t)z->boost;
    if (dump.reserved_highatomic_known)
        dump.reserved_highatomic_pages = (uint64_t)z->reserved;
    if (dump.free_highatomic_known)
        dump.free_highatomic_pages = (uint64_t)z->free_h;
    for (int i = 0; i < 4; i++)
        dump.lowmem_reserve[i] = (uint64_t)z->reserve[i];
    for (int i = 0; i < ORDERS; i++) {
        dump.blocks[i].count = (uint64_t)all_blocks(z, i);
        for (int type = 0; type < TYPES && dump.letters_known; type++)
            if (z->blocks[type][i])
                dump.blocks[i].letters |= letters[type];
    }
    return dump;
}

static kd_alloc_request print_request(const model_request *q)
{
    static const kd_zone_kind kinds[] = { KD_ZONE_DMA, KD_ZONE_DMA32, KD_ZONE_NORMAL,
                                          KD_ZONE_MOVABLE };
    kd_alloc_request request = { .version = q->packed,
                                 .order = (uint32_t)q->order,
                                 .zone = kinds[q->zone],
                                 .high = q->high,
                                 .atomic_bit = q->atomic_bit,
                                 .can_wait = q->wait,
                                 .no_kswapd = q->no_kswapd,
                                 .nomemalloc = q->nomemalloc,
                                 .memalloc = q->memalloc,
                                 .movable = q->movable,
                                 .reclaimable = q->reclaimable,
                                 .reclaiming = q->reclaiming ? KD_HINT_YES : KD_HINT_NO,
                                 .in_interrupt = q->interrupt ? KD_HINT_YES : KD_HINT_NO,
                                 .oom_victim = q->victim ? KD_HINT_YES : KD_HINT_NO,
                                 .cpus = 1 };

    request.configured_zones =
        1u << KD_ZONE_DMA | 1u << KD_ZONE_DMA32 | 1u << KD_ZONE_NORMAL | 1u << KD_ZONE_MOVABLE;
    return request;
}

/* Does the dump of this version show all that the test needs? */
static bool shows_all(const model_request *q)
{
    int v = q->version;

    if (v < 30800)
        return false;
    if ((v >= 40400 && v < 50600) || (v >= 61300 && v < 61700) || v == 61201)
        return false;
    return !(v >= 50900 && v < 51700 && q->order == 0);
}

/* ---- comparing -------------------------------------------------------------------------------- */

/* libcheck's own macros write to a pipe each time: too slow for millions of checks. */
#define EXPECT_MSG(condition, ...) \
    do { \
        if (!(condition)) \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)
#define EXPECT(condition) EXPECT_MSG(condition, "state %ld: %s", playing, #condition)

static long playing;

static unsigned long said_yes, said_no, left_open;

static void compare_zone(const model_request *q, const model_zone *z,
                         const kd_alloc_zone_result *zone, long state)
{
    model_end end = decide(q, z);
    const kd_alloc_test *test = &zone->tests[zone->best];

    if (z->kind > q->zone) {
        EXPECT(zone->listed == KD_LISTED_NOT_ABOVE_ASKED);
        return;
    }
    EXPECT(zone->listed == KD_LISTED);
    switch (zone->succeeds) {
    case KD_ANSWER_YES:
        said_yes++;
        EXPECT_MSG(end == END_PASS, "state %ld version %d: yes, model %d", state, q->version,
                      end);
        break;
    case KD_ANSWER_NO:
        said_no++;
        EXPECT_MSG(end != END_PASS, "state %ld version %d order %d: no, model passes", state,
                      q->version, q->order);
        break;
    default:
        left_open++;
        EXPECT_MSG(!shows_all(q), "state %ld version %d: left open", state, q->version);
    }
    /* Without watermarks there is no amount in the model. */
    if (shows_all(q) && zone->succeeds == KD_ANSWER_NO && !test->rights.no_watermarks)
        EXPECT_MSG((end == END_AMOUNT) == (zone->failed == KD_CHECK_AMOUNT),
                      "state %ld version %d: %s, model %d", state, q->version,
                      kd_alloc_check_name(zone->failed), end);
    if (shows_all(q) && end == END_HALVING)
        EXPECT(zone->failed == KD_CHECK_HALVING);
}

static void compare_supply(const model_request *q, const model_zone *z,
                           const kd_alloc_supply *supply)
{
    long cma = 0, all = 0, grouped = 0;

    for (int i = q->order; i < ORDERS; i++) {
        all += all_blocks(z, i);
        cma += z->blocks[TYPE_C][i];
        grouped += z->blocks[TYPE_U][i] + z->blocks[TYPE_M][i] + z->blocks[TYPE_E][i];
    }
    EXPECT((long)supply->blocks == all);
    EXPECT((long)supply->cma_only <= cma);
    EXPECT(supply->usable.high >= grouped);
    EXPECT(supply->usable.low <= all);
    if (grouped > 0 && q->version >= 30800)
        EXPECT(supply->usable.low > 0);
}

/* Exactly the dump shows: C, or C and I, and nothing else at the order and above. */
static bool is_only_cma(const model_request *q, const model_zone *z)
{
    long cma = 0, other = 0;

    for (int i = q->order; i < ORDERS; i++)
        for (int type = 0; type < TYPES; type++)
            *(type == TYPE_C ? &cma : &other) += type == TYPE_I ? 0 : z->blocks[type][i];
    return cma > 0 && other == 0;
}

static void compare_single(const model_request *q, const model_zone *z,
                           const kd_alloc_result *result, long state)
{
    model_end end = decide(q, z);
    bool cma_allowed = q->movable && !q->reclaimable;

    if (z->kind > q->zone || !shows_all(q))
        return;
    EXPECT_MSG((end == END_PASS) == (result->verdict == KD_ALLOC_WOULD_SUCCEED),
                  "state %ld version %d: %s", state, q->version,
                  kd_alloc_verdict_name(result->verdict));
    if (end == END_HALVING)
        EXPECT(result->verdict == KD_ALLOC_FRAGMENTED);
    if (end == END_NO_BLOCK && is_only_cma(q, z) && !cma_allowed)
        EXPECT(result->verdict == KD_ALLOC_ONLY_CMA);
    if (result->verdict == KD_ALLOC_ONLY_CMA)
        EXPECT(end == END_NO_BLOCK && !cma_allowed);
    if (end == END_AMOUNT)
        EXPECT(result->verdict == KD_ALLOC_BELOW_WATERMARK);
}

static void play_state(long state)
{
    model_request q;
    model_zone model[ZONES];
    kd_alloc_zone dump[ZONES];
    kd_alloc_zone_result zones[ZONES];
    kd_alloc_result result;
    kd_alloc_request request;
    size_t count = once_in(2) ? 1 : ZONES;
    bool any_pass = false;

    playing = state;
    fill_request(&q);
    request = print_request(&q);
    for (size_t i = 0; i < count; i++) {
        fill_zone(&model[i], q.version, count == 1 ? (int)pick(3) : (int)i);
        dump[i] = print_zone(&model[i], q.version);
    }
    kd_alloc_replay(&request, dump, count, zones, &result);
    for (size_t i = 0; i < count; i++) {
        compare_zone(&q, &model[i], &zones[i], state);
        if (zones[i].listed != KD_LISTED)
            continue;
        compare_supply(&q, &model[i], &zones[i].tests[zones[i].best].supply);
        any_pass = any_pass || decide(&q, &model[i]) == END_PASS;
    }
    if (shows_all(&q))
        EXPECT(any_pass == (result.verdict == KD_ALLOC_WOULD_SUCCEED));
    /* Proved for the dump: then the truth is among what was proved, whatever it hides. */
    if (result.proved)
        EXPECT_MSG(any_pass == (result.verdict == KD_ALLOC_WOULD_SUCCEED),
                      "state %ld version %d: proved %s", state, q.version,
                      kd_alloc_verdict_name(result.verdict));
    if (count == 1)
        compare_single(&q, &model[0], &result, state);
}

START_TEST(random_states)
{
    seed = (uint64_t)_i * UINT64_C(0x9e3779b97f4a7c15) + 1;
    said_yes = said_no = left_open = 0;
    for (long state = 0; state < STATES / 4; state++)
        play_state(state);
    /* The states must not be all of one kind, or the comparison says nothing. */
    ck_assert_uint_gt(said_yes, STATES / 40);
    ck_assert_uint_gt(said_no, STATES / 40);
    ck_assert_uint_gt(left_open, STATES / 4000);
    ck_assert_uint_lt(left_open, STATES / 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alloc_property");
    TCase *tests = tcase_create("alloc_property");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, random_states, 0, 4);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
