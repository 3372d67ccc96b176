/* decode_oom.c - who holds the memory of an OOM report.
 *
 * Sizes of the task table are pages, swapents too. A page that processes share counts for each of
 * them, so their sum may exceed the memory there is.
 */
#include "family/oom/decode_oom.h"
#include "family/fields.h"

#include "base/scan.h"
#include "family/alloc/replay/event.h"

#define MAX_ROWS 2400u /* more than the recogniser keeps */
/* Products and sums of a forged table stay inside 64 bits. */
#define MAX_PAGES (UINT64_C(1) << 40)
#define MAX_HUGE_PAGES (UINT64_C(1) << 24)
#define MAX_HUGE_KB (UINT64_C(16) << 20) /* 16 GiB, on powerpc */

static uint64_t bounded(uint64_t n)
{
    return n < MAX_PAGES ? n : MAX_PAGES;
}

/* ---- processes ------------------------------------------------------------------------------- */

static kd_oom_process measure(const kdf_oom_task *row, uint64_t page_kb)
{
    uint64_t tables_kb = row->pgtables_bytes.src
                             ? bounded(row->pgtables_bytes.v / 1024)
                             : (bounded(row->nr_ptes.v) + bounded(row->nr_pmds.v)) * page_kb;
    kd_oom_process process = { .row = row,
                               .rss_kb = bounded(row->rss_pages.v) * page_kb,
                               .swap_kb = bounded(row->swapents.v) * page_kb };
    process.badness_kb = process.rss_kb + process.swap_kb + tables_kb;
    return process;
}

/* Rows of the table by index: pointers would take more of the stack than a thread may have. */
typedef struct task_rows {
    const kdf_oom_task *tasks;
    size_t count;
    uint16_t at[MAX_ROWS];
} task_rows;

static int by_tgid(const kdf_oom_task *x, const kdf_oom_task *y)
{
    if (x->tgid.v != y->tgid.v)
        return x->tgid.v < y->tgid.v ? -1 : 1;
    return x->pid.src < y->pid.src ? -1 : x->pid.src > y->pid.src;
}

static int by_comm(const kdf_oom_task *x, const kdf_oom_task *y)
{
    size_t i = 0;
    for (; i < x->comm.v.len && i < y->comm.v.len; i++)
        if (x->comm.v.ptr[i] != y->comm.v.ptr[i])
            return (unsigned char)x->comm.v.ptr[i] < (unsigned char)y->comm.v.ptr[i] ? -1 : 1;
    if (x->comm.v.len != y->comm.v.len)
        return x->comm.v.len < y->comm.v.len ? -1 : 1;
    return by_tgid(x, y);
}

/* Shell's sort. */
static void sort_rows(task_rows *rows, int (*order)(const kdf_oom_task *, const kdf_oom_task *))
{
    for (size_t gap = rows->count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < rows->count; i++) {
            uint16_t row = rows->at[i];
            size_t k = i;
            for (; k >= gap && order(&rows->tasks[rows->at[k - gap]], &rows->tasks[row]) > 0;
                 k -= gap)
                rows->at[k] = rows->at[k - gap];
            rows->at[k] = row;
        }
}

static const kdf_oom_task *row_at(const task_rows *rows, size_t i)
{
    return &rows->tasks[rows->at[i]];
}

/* To 2.6.36 the table could list threads: one row for each process is enough. */
static void list_processes(const kdf_oom *oom, task_rows *rows)
{
    size_t kept = 0;
    rows->tasks = oom->tasks.items;
    for (rows->count = 0; rows->count < oom->tasks.count && rows->count < MAX_ROWS; rows->count++)
        rows->at[rows->count] = (uint16_t)rows->count;
    sort_rows(rows, by_tgid);
    for (size_t i = 0; i < rows->count; i++)
        if (kept == 0 || !row_at(rows, i)->tgid.src ||
            row_at(rows, i)->tgid.v != row_at(rows, kept - 1)->tgid.v)
            rows->at[kept++] = rows->at[i];
    rows->count = kept;
}

static void keep_top(kd_oom_picture *out, kd_oom_process process)
{
    for (size_t i = 0; i < KD_OOM_TOP; i++) {
        if (i < out->top_count && out->top[i].badness_kb >= process.badness_kb)
            continue;
        kd_oom_process lower = out->top[i];
        out->top[i] = process;
        if (i >= out->top_count) {
            out->top_count++;
            return;
        }
        process = lower;
    }
}

static void find_name(kd_oom_picture *out, task_rows *rows)
{
    kd_oom_name name = { .processes = 0 };
    sort_rows(rows, by_comm);
    for (size_t i = 0; i < rows->count; i++) {
        kd_oom_process process = measure(row_at(rows, i), out->page_kb);
        if (name.processes == 0 || !kd_str_eq(name.comm, process.row->comm.v))
            name = (kd_oom_name){ .comm = process.row->comm.v, .largest = process };
        name.processes++;
        name.rss_kb += process.rss_kb;
        name.swap_kb += process.swap_kb;
        if (process.badness_kb > name.largest.badness_kb)
            name.largest = process;
        if (name.rss_kb + name.swap_kb > out->name.rss_kb + out->name.swap_kb)
            out->name = name;
    }
}

static void find_victim(const kdf_oom *oom, kd_oom_picture *out, const task_rows *rows)
{
    const kdf_oom_victim *victim = &oom->victim;
    out->victim_kb = bounded(victim->anon_rss_kb.v) + bounded(victim->file_rss_kb.v) +
                     bounded(victim->shmem_rss_kb.v);
    for (size_t i = 0; victim->pid.src && i < rows->count; i++)
        if (row_at(rows, i)->pid.v == victim->pid.v || row_at(rows, i)->tgid.v == victim->pid.v)
            out->victim = measure(row_at(rows, i), out->page_kb);
    if (!out->victim.row)
        return;
    out->victim_kb = out->victim.rss_kb;
    out->victim_rank = 1;
    for (size_t i = 0; i < rows->count; i++)
        out->victim_rank +=
            measure(row_at(rows, i), out->page_kb).badness_kb > out->victim.badness_kb;
}

static void look_at_tasks(const kdf_oom *oom, kd_oom_picture *out)
{
    task_rows rows;
    list_processes(oom, &rows);
    out->process_count = (uint32_t)rows.count;
    for (size_t i = 0; i < rows.count; i++) {
        kd_oom_process process = measure(row_at(&rows, i), out->page_kb);
        out->rss_kb += process.rss_kb;
        out->swap_kb += process.swap_kb;
        out->pgtables_kb += process.badness_kb - process.rss_kb - process.swap_kb;
        keep_top(out, process);
    }
    out->rss_kb += bounded(oom->tasks_left_out_rss_pages.v) * out->page_kb;
    find_victim(oom, out, &rows);
    find_name(out, &rows);
}

/* ---- the dump -------------------------------------------------------------------------------- */

static void add_share(kd_oom_picture *out, kd_oom_use use, uint64_t kb, kd_src src)
{
    size_t at = out->share_count;
    if (kb == 0 || out->share_count >= KD_OOM_SHARES)
        return;
    for (; at > 0 && out->shares[at - 1].kb < kb; at--)
        out->shares[at] = out->shares[at - 1];
    out->shares[at] = (kd_oom_share){ use, kb, src };
    out->share_count++;
}

/* Sum of the accounts named in `words`, with the line of the largest. */
static uint64_t sum_accounts(const kd_accounting *a, const char *words, kd_src *src)
{
    uint64_t sum = 0, largest = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (!kd_str_in_words(kd_str_of(a->items[i].name), words))
            continue;
        sum += a->items[i].kb;
        if (a->items[i].kb >= largest)
            *src = a->items[i].src;
        largest = a->items[i].kb >= largest ? a->items[i].kb : largest;
    }
    return sum;
}

/* Pages of tmpfs lie on the anonymous lists (or are unevictable): they are told apart. */
static void share_lists(kd_oom_picture *out, const kdf_meminfo *meminfo)
{
    const kd_pair *pair = kd_map_find(&meminfo->counters_pages, "shmem");
    kd_src src = 0;
    uint64_t shmem = pair ? bounded(pair->v) * out->page_kb : 0;
    uint64_t anon = sum_accounts(&out->accounting, "active_anon inactive_anon isolated_anon", &src);
    add_share(out, KD_OOM_PROCESSES, anon > shmem ? anon - shmem : 0, src);
    add_share(out, KD_OOM_SHMEM, shmem, pair ? pair->src : 0);
    src = 0;
    uint64_t unevictable = sum_accounts(&out->accounting, "unevictable", &src);
    /* what shmem holds beyond the anonymous lists is among the unevictable pages */
    uint64_t beyond = shmem > anon ? shmem - anon : 0;
    add_share(out, KD_OOM_UNEVICTABLE, unevictable > beyond ? unevictable - beyond : 0, src);
}

static void share_rest(kd_oom_picture *out)
{
    static const struct {
        kd_oom_use use;
        const char *words;
    } rows[] = {
        { KD_OOM_CACHE, "active_file inactive_file isolated_file" },
        { KD_OOM_SLAB, "slab_unreclaimable" },
        { KD_OOM_RECLAIMABLE, "slab_reclaimable" },
        { KD_OOM_PAGETABLES, "pagetables sec_pagetables" },
        { KD_OOM_STACKS, "kernel_stack shadow_call_stack" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_src src = 0;
        uint64_t kb = sum_accounts(&out->accounting, rows[i].words, &src);
        add_share(out, rows[i].use, kb, src);
    }
}

/* Pages of the pools are on no list and in no other counter. */
static void share_hugetlb(kd_oom_picture *out, const kdf_meminfo *meminfo)
{
    const kdf_hugepages *pools = meminfo->hugepages.items;
    int64_t rest = out->accounting.unaccounted_kb;
    kd_src src = 0;
    for (uint32_t i = 0; i < meminfo->hugepages.count; i++) {
        uint64_t size = pools[i].size_kb.v;
        if (size > MAX_HUGE_KB || pools[i].total.v >= MAX_HUGE_PAGES ||
            pools[i].free.v > pools[i].total.v)
            continue;
        out->hugetlb_kb += pools[i].total.v * size;
        out->hugetlb_free_kb += pools[i].free.v * size;
        src = pools[i].total.src;
    }
    add_share(out, KD_OOM_HUGETLB, out->hugetlb_kb, src);
    if (rest > 0 && out->accounting.known)
        add_share(out, KD_OOM_UNACCOUNTED, (uint64_t)rest, 0);
}

static void look_at_dump(const kdf_meminfo *meminfo, uint32_t version, kd_oom_picture *out)
{
    const kd_pair *free = kd_map_find(&meminfo->counters_pages, "free");
    kd_account_for(meminfo, out->page_kb, version, &out->accounting);
    out->free_kb = free ? bounded(free->v) * out->page_kb : 0;
    share_lists(out, meminfo);
    share_rest(out);
    share_hugetlb(out, meminfo);
    out->swap_known = meminfo->swap.total_kb.src && meminfo->swap.free_kb.src;
    out->swap_total_kb = meminfo->swap.total_kb.v;
    out->swap_free_kb = meminfo->swap.free_kb.v;
    out->swap_full =
        out->swap_known && out->swap_total_kb > 0 && out->swap_free_kb <= out->swap_total_kb / 50;
}

void kd_oom_look(const kdf_oom *oom, uint64_t page_kb, uint32_t version, kd_oom_picture *out)
{
    const kdf_slab_cache *slabs = oom->slabs.items;
    *out = (kd_oom_picture){ .page_kb = page_kb };
    look_at_tasks(oom, out);
    out->table_whole = !oom->tasks_torn && (oom->constraint.src || oom->kill_reason.src ||
                                            oom->victim.pid.src || oom->no_victim.src);
    look_at_dump(&oom->meminfo, version, out);
    for (uint32_t i = 0; i < oom->slabs.count; i++)
        if (!out->slab || slabs[i].total_kb.v > out->slab->total_kb.v)
            out->slab = &slabs[i];
}

/* ---- kinds of report ------------------------------------------------------------------------- */

bool kd_oom_is_sysrq(const kdf_oom *oom)
{
    return (oom->order.src && oom->order.v < 0) || kd_trace_find(&oom->backtrace, "moom_callback");
}

bool kd_oom_is_page_fault(const kdf_oom *oom)
{
    if (kd_oom_is_sysrq(oom))
        return false;
    /* without an order the mask was cut inside its number */
    return (oom->gfp.value.src && oom->gfp.value.v == 0 && oom->order.src && oom->order.v == 0) ||
           kd_trace_find(&oom->backtrace, "pagefault_out_of_memory");
}
