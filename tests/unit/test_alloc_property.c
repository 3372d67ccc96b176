/* test_alloc_property.c - the re-play against a model that knows the whole state.
 *
 * The model decides from the true state and prints a dump that shows only what its version
 * shows. The re-play sees the dump alone. Where it says yes or no, the model must agree; where
 * the dump shows all, it must say one of the two.
 */
#include "alloc_model.h"
#include "alloc_names.h"
#include "family/alloc/replay/replay.h"
#include "suite.h"

enum { STATES = 250000, ZONES = 6 }; /* of two nodes, or three of one */

/* ---- the dump ------------------------------------------------------------------------------- */

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

/* ---- comparing ------------------------------------------------------------------------------ */

/* libcheck's own macros write to a pipe each time: too slow for millions of checks. */
#define EXPECT_MSG(condition, ...)     \
    do {                               \
        if (!(condition))              \
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
    EXPECT(zone->listed == (z->other_node ? KD_LISTED_NOT_NODE : KD_LISTED));
    if (z->other_node) {
        EXPECT(!zone->would_serve || end == END_PASS);
        EXPECT(!shows_all(q) || zone->would_serve == (end == END_PASS));
        return;
    }
    switch (zone->succeeds) {
    case KD_ANSWER_YES:
        said_yes++;
        EXPECT_MSG(end == END_PASS, "state %ld version %d: yes, model %d", state, q->version, end);
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
                   check_name(zone->failed), end);
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
               "state %ld version %d: %s", state, q->version, verdict_name(result->verdict));
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
    size_t count = once_in(2) ? 1 : once_in(2) ? 3 : ZONES;
    bool any_pass = false, other_pass = false;

    playing = state;
    fill_request(&q);
    request = print_request(&q);
    for (size_t i = 0; i < count; i++) {
        fill_zone(&model[i], q.version, count == 1 ? (int)pick(3) : (int)(i % 3));
        model[i].other_node = i >= 3;
        dump[i] = print_zone(&model[i], q.version);
        dump[i].node = model[i].other_node ? 1 : 0;
        dump[i].excluded = model[i].other_node;
    }
    request.node_bound = count > 3;
    kd_alloc_replay(&request, dump, count, zones, &result);
    for (size_t i = 0; i < count; i++) {
        compare_zone(&q, &model[i], &zones[i], state);
        other_pass = other_pass || zones[i].would_serve;
        if (zones[i].listed != KD_LISTED)
            continue;
        compare_supply(&q, &model[i], &zones[i].tests[zones[i].best].supply);
        any_pass = any_pass || decide(&q, &model[i]) == END_PASS;
    }
    if (shows_all(&q))
        EXPECT(any_pass == (result.verdict == KD_ALLOC_WOULD_SUCCEED));
    /* Bound: exactly where no allowed zone passes and one of another node does. */
    if (shows_all(&q))
        EXPECT((result.verdict == KD_ALLOC_NODE_BOUND) == (!any_pass && other_pass));
    /* Proved for the dump: then the truth is among what was proved, whatever it hides. */
    if (result.proved)
        EXPECT_MSG(any_pass == (result.verdict == KD_ALLOC_WOULD_SUCCEED),
                   "state %ld version %d: proved %s", state, q.version,
                   verdict_name(result.verdict));
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

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, random_states, 0, 4);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
