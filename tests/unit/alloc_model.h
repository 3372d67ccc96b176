/* alloc_model.h - a page allocator that knows the whole state of a zone, for test_alloc_property.
 *
 * Written apart from the re-play: it decides as the kernel of the version does, in the kernel's
 * order of steps, from the blocks of every type; and it makes random states.
 */
#ifndef ALLOC_MODEL_H
#define ALLOC_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kdiag.h"

enum { ORDERS = 11, PAGEBLOCK = 512 };

enum { TYPE_U, TYPE_M, TYPE_E, TYPE_R, TYPE_H, TYPE_C, TYPE_I, TYPES };

/* The true state of a zone. */
typedef struct model_zone {
    int kind, other_node; /* other_node: the request is bound to the first */
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

/* ---- random states -------------------------------------------------------------------------- */

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

#endif
