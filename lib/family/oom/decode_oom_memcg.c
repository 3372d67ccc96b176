/* decode_oom_memcg.c - which limit of a control group was hit, and by what. */
#include "base/scan.h"
#include "family/alloc/replay/event.h"
#include "family/fields.h"
#include "family/oom/decode_oom.h"

/* Compilers inline mem_cgroup_out_of_memory() into its callers. The machine's own OOM killer is not
 * called below them: a frame that the kernel does not doubt proves it. */
const char kd_memcg_oom_functions[] =
    "mem_cgroup_out_of_memory mem_cgroup_oom_synchronize mem_cgroup_handle_oom mem_cgroup_oom";

kd_memcg_sign kd_oom_memcg_sign(const kdf_oom *oom)
{
    if (oom->global_oom.src)
        return KD_MEMCG_NO;
    if (oom->constraint.src)
        return kd_str_is(oom->constraint.v, "CONSTRAINT_MEMCG") ? KD_MEMCG_CONSTRAINT : KD_MEMCG_NO;
    if (oom->kill_reason.src)
        return kd_str_starts(oom->kill_reason.v, "Memory cgroup") ? KD_MEMCG_REASON : KD_MEMCG_NO;
    if (oom->memcg.memory.usage_kb.src)
        return KD_MEMCG_COUNTERS;
    if (oom->memcg.path.src || oom->oom_group.src)
        return KD_MEMCG_LIMIT_OF;
    return kd_trace_find(&oom->backtrace, kd_memcg_oom_functions) ? KD_MEMCG_TRACE : KD_MEMCG_NO;
}

/* PAGE_COUNTER_MAX is LONG_MAX / PAGE_SIZE pages (32 bits: LONG_MAX pages); before 3.19 the counter
 * held bytes up to LLONG_MAX. No machine has a pebibyte, nor has a 32-bit one 8 TiB. */
bool kd_oom_is_unlimited(uint64_t limit_kb)
{
    return limit_kb >= UINT64_C(1) << 40 || limit_kb == UINT64_C(8589934588);
}

/* A charge is made in batches and for huge pages at once, so the usage may stand a little below:
 * the counter with the least room left, when that is less than 2 MiB. */
kd_memcg_limit kd_oom_memcg_limit(const kdf_memcg *memcg)
{
    const kd_memcg_limit rows[] = { { &memcg->memory, "memory" },
                                    { &memcg->memsw, "memory+swap" },
                                    { &memcg->kmem, "kmem" } };
    kd_memcg_limit best = { NULL, NULL };
    uint64_t least = 2048;
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        const kdf_memcg_counter *c = rows[i].counter;
        if (!c->usage_kb.src || kd_oom_is_unlimited(c->limit_kb.v))
            continue;
        uint64_t room = c->limit_kb.v > c->usage_kb.v ? c->limit_kb.v - c->usage_kb.v : 0;
        if (room < least) {
            least = room;
            best = rows[i];
        }
    }
    return best;
}

/* ---- what it is used for --------------------------------------------------------------------- */

static void add_part(kd_memcg_part *parts, size_t *count, kd_memcg_part part)
{
    size_t at = *count;
    if (part.kb == 0 || *count >= KD_MEMCG_PARTS)
        return;
    for (; at > 0 && parts[at - 1].kb < part.kb; at--)
        parts[at] = parts[at - 1];
    parts[at] = part;
    ++*count;
}

static uint64_t less(uint64_t all, uint64_t part)
{
    return all > part ? all - part : 0;
}

static kd_memcg_part part_of(const kd_map_u64 *stats, const char *name)
{
    const kd_pair *pair = kd_map_find(stats, name);
    return (kd_memcg_part){ name, pair ? pair->v / 1024 : 0, pair ? pair->src : 0 };
}

/* From 5.3 on, in bytes: names of cgroup v2, or of v1 where "rss" stands for anon. */
static size_t parts_of_stats(const kd_map_u64 *stats, kd_memcg_part *out)
{
    static const char *const names[] = { "anon",         "rss",        "shmem",  "slab",   "sock",
                                         "kernel_stack", "pagetables", "percpu", "vmalloc" };
    size_t count = 0;
    uint64_t shmem = part_of(stats, "shmem").kb;
    kd_memcg_part file = part_of(stats, "file");
    if (!file.src)
        file = part_of(stats, "cache");
    file.kb = less(file.kb, shmem);
    add_part(out, &count, file);
    for (size_t i = 0; i < KD_COUNT(names); i++)
        add_part(out, &count, part_of(stats, names[i]));
    return count;
}

/* To 5.2: a line for the group and each below it, in kB, of its own tasks only. */
static size_t parts_of_groups(const kd_list *groups, kd_memcg_part *out)
{
    static const char *const names[] = { "rss", "shmem", "cache" };
    kd_memcg_part sums[KD_COUNT(names)] = { { names[0], 0, 0 },
                                            { names[1], 0, 0 },
                                            { names[2], 0, 0 } };
    size_t count = 0;
    for (uint32_t g = 0; g < groups->count; g++)
        for (size_t i = 0; i < KD_COUNT(names); i++) {
            const kd_pair *pair =
                kd_map_find(&KD_ITEMS(*groups, kdf_memcg_group)[g].stats_kb, names[i]);
            if (!pair || pair->v > UINT64_MAX / 1024)
                continue;
            sums[i].kb += pair->v;
            sums[i].src = sums[i].src ? sums[i].src : pair->src;
        }
    sums[2].kb = less(sums[2].kb, sums[1].kb);
    for (size_t i = 0; i < KD_COUNT(names); i++)
        add_part(out, &count, sums[i]);
    return count;
}

size_t kd_oom_memcg_parts(const kdf_memcg *memcg, kd_memcg_part out[KD_MEMCG_PARTS])
{
    if (memcg->stats_bytes.count > 0)
        return parts_of_stats(&memcg->stats_bytes, out);
    return parts_of_groups(&memcg->groups, out);
}
