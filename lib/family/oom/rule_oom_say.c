/* rule_oom_say.c - an OOM report in words: who holds the memory, who was killed. */
#include "family/fields.h"
#include "family/oom/rule_oom.h"

#include <stdio.h>

#include "base/scan.h"

kd_size_text kd_size_of(uint64_t kb)
{
    kd_size_text out;
    uint64_t tenths = kb / 1024 * 10 / 1024;
    if (kb >= UINT64_C(10) << 20)
        snprintf(out.text, sizeof out.text, "%llu.%llu GiB", KD_LLU(tenths / 10),
                 KD_LLU(tenths % 10));
    else if (kb >= UINT64_C(10) << 10)
        snprintf(out.text, sizeof out.text, "%llu MiB", KD_LLU(kb >> 10));
    else
        snprintf(out.text, sizeof out.text, "%llu kB", KD_LLU(kb));
    return out;
}

unsigned kd_percent_of(uint64_t part, uint64_t of)
{
    if (of == 0)
        return 0;
    uint64_t percent = part < UINT64_MAX / 100 ? part * 100 / of : part / (of / 100 + 1);
    return percent < 1000 ? (unsigned)percent : 1000;
}

const char *kd_oom_use_name(kd_oom_use use)
{
    static const char *const names[] = {
        [KD_OOM_PROCESSES] = "anonymous memory of processes",
        [KD_OOM_SHMEM] = "shared memory and tmpfs files",
        [KD_OOM_CACHE] = "page cache of files",
        [KD_OOM_UNEVICTABLE] = "unevictable pages (mlock() and the like)",
        [KD_OOM_SLAB] = "kernel objects in unreclaimable slab caches",
        [KD_OOM_RECLAIMABLE] = "reclaimable slab caches (dentries, inodes)",
        [KD_OOM_PAGETABLES] = "page tables",
        [KD_OOM_STACKS] = "kernel stacks",
        [KD_OOM_HUGETLB] = "pools of huge pages",
        [KD_OOM_UNACCOUNTED] = "in use by something that no counter names",
    };
    return names[use];
}

/* ---- processes ------------------------------------------------------------------------------- */

bool kd_oom_name_counts(const kd_oom_picture *p)
{
    if (p->name.processes < 2 || p->top_count == 0)
        return false;
    uint64_t one = p->top[0].rss_kb + p->top[0].swap_kb;
    return p->name.rss_kb + p->name.swap_kb > one + one / 4;
}

static kd_str comm_of(const kdf_oom_task *row)
{
    return row->comm.src ? row->comm.v : KD_STR("a process");
}

void kd_say_oom_who(kd_emit *out, const kd_oom_picture *p)
{
    char swap[64] = "";
    if (p->top_count == 0)
        return;
    bool many = kd_oom_name_counts(p);
    const char *rows = p->table_whole ? "" : " in the rows that the log holds";
    uint64_t swap_kb = many ? p->name.swap_kb : p->top[0].swap_kb;
    if (swap_kb > 0)
        snprintf(swap, sizeof swap, " and has %s in swap", kd_size_of(swap_kb).text);
    if (many)
        kd_say_more(out,
                    "Of the processes%s, %u named %.*s hold most: together they map %s%s (the "
                    "largest, pid %llu, %s).",
                    rows, p->name.processes, KD_FMT(p->name.comm), kd_size_of(p->name.rss_kb).text,
                    swap, KD_LLU(p->name.largest.row->pid.v),
                    kd_size_of(p->name.largest.rss_kb).text);
    else
        kd_say_more(out, "The process%s that holds most is %.*s (pid %llu): it maps %s%s.", rows,
                    KD_FMT(comm_of(p->top[0].row)), KD_LLU(p->top[0].row->pid.v),
                    kd_size_of(p->top[0].rss_kb).text, swap);
}

/* Why a larger process was spared. */
static void say_larger(kd_emit *out, const kd_oom_picture *p)
{
    const kdf_oom_task *top = p->top[0].row, *victim = p->victim.row;
    int64_t adj = top->oom_score_adj.v;
    char why[160] = "";
    if (top->oom_score_adj.src && adj <= -1000)
        snprintf(why, sizeof why, ", but may not be killed (oom_score_adj %lld)", KD_LLD(adj));
    else if (top->oom_score_adj.src && adj < victim->oom_score_adj.v)
        snprintf(why, sizeof why, ", but its oom_score_adj %lld is below the victim's %lld",
                 KD_LLD(adj), KD_LLD(victim->oom_score_adj.v));
    else if (top->oom_score_adj.src)
        snprintf(why, sizeof why,
                 "; why it was spared is not printed (it may have been dying "
                 "already)");
    kd_say_more(out,
                "It is only number %u of %u by size: %.*s (pid %llu) with %s is the "
                "largest%s.",
                p->victim_rank, p->process_count, KD_FMT(comm_of(top)), KD_LLU(top->pid.v),
                kd_size_of(p->top[0].rss_kb).text, why);
}

static void say_victim(kd_emit *out, const kdf_oom_victim *victim, const kd_oom_picture *p,
                       bool helps)
{
    const char *right = "";
    bool others = kd_oom_name_counts(p) && !kd_str_eq(p->name.comm, victim->comm.v);
    if (p->victim_rank == 1 && others)
        right = ": the largest single process, but that name does not hold most";
    else if (p->victim_rank == 1)
        right = helps ? ": the largest process, so the right one"
                      : ": the largest process, but killing it frees little of what is missing";
    if (p->victim_kb == 0 && !victim->anon_rss_kb.src)
        kd_say_more(out, "The kernel killed %.*s (pid %llu).", KD_FMT(victim->comm.v),
                    KD_LLU(victim->pid.v));
    else
        kd_say_more(out, "The kernel killed %.*s (pid %llu), which held %s%s.",
                    KD_FMT(victim->comm.v), KD_LLU(victim->pid.v), kd_size_of(p->victim_kb).text,
                    right);
}

void kd_say_oom_victim(kd_emit *out, const kdf_oom *oom, const kd_oom_picture *p, bool helps)
{
    const kdf_oom_victim *victim = &oom->victim;
    if (oom->no_victim.src) {
        kd_say_more(out, "The kernel found no process that it may kill.");
        return;
    }
    if (!victim->pid.src) {
        kd_say_more(out, "The log does not show whom the kernel killed.");
        return;
    }
    if (victim->exiting.src) {
        kd_say_more(out, "The kernel chose %.*s (pid %llu), which was exiting already.",
                    KD_FMT(victim->comm.v), KD_LLU(victim->pid.v));
        return;
    }
    say_victim(out, victim, p, helps);
    if (oom->selected.pid.src)
        kd_say_more(out, "Chosen was %.*s (pid %llu).", KD_FMT(oom->selected.comm.v),
                    KD_LLU(oom->selected.pid.v));
    if (p->victim_rank > 1)
        say_larger(out, p);
    if (oom->also_killed.count > 0)
        kd_say_more(out, "%u more were killed with it%s.", oom->also_killed.count,
                    oom->oom_group.src ? ", because memory.oom.group is set" : "");
}

static void say_top(kd_emit *out, const kd_event *event, const kd_oom_picture *p)
{
    for (size_t i = 0; i < p->top_count; i++) {
        const kd_oom_process *process = &p->top[i];
        kd_say_evidence(out, event, process->row->pid.src, "%.*s: rss %llu kB, swap %llu kB",
                        KD_FMT(comm_of(process->row)), KD_LLU(process->rss_kb),
                        KD_LLU(process->swap_kb));
    }
    kd_say_proof(out,
                 kd_text_of(out, "the largest of %u process%s is %.*s (pid %llu)", p->process_count,
                            p->process_count == 1 ? "" : "es", KD_FMT(comm_of(p->top[0].row)),
                            KD_LLU(p->top[0].row->pid.v)),
                 "rss %llu pages * %llu kB = %llu kB", KD_LLU(p->top[0].row->rss_pages.v),
                 KD_LLU(p->page_kb), KD_LLU(p->top[0].rss_kb));
    if (p->name.processes > 1)
        kd_say_proof(out,
                     kd_text_of(out, "the %u processes named %.*s map", p->name.processes,
                                KD_FMT(p->name.comm)),
                     "rss = %llu kB, swap = %llu kB", KD_LLU(p->name.rss_kb),
                     KD_LLU(p->name.swap_kb));
    kd_say_u64(out, "processes", p->process_count);
    kd_say_u64(out, "processes_rss_kb", p->rss_kb);
    kd_say_text(out, "largest_process", comm_of(p->top[0].row));
    kd_say_u64(out, "largest_process_pid", p->top[0].row->pid.v);
    kd_say_u64(out, "largest_process_rss_kb", p->top[0].rss_kb);
    kd_say_text(out, "largest_name", p->name.comm);
    kd_say_u64(out, "largest_name_processes", p->name.processes);
    kd_say_u64(out, "largest_name_rss_kb", p->name.rss_kb);
}

static void say_rank(kd_emit *out, const kd_oom_picture *p)
{
    if (p->victim_rank == 0)
        return;
    kd_say_u64(out, "victim_rank", p->victim_rank);
    if (p->victim_rank > 1)
        kd_say_proof(out, KD_STR("the victim is not the largest (rss + swap + page tables)"),
                     "%llu kB < %llu kB", KD_LLU(p->victim.badness_kb),
                     KD_LLU(p->top[0].badness_kb));
    else if (p->top_count > 1)
        kd_say_proof(out,
                     KD_STR("no process is larger than the victim (rss + swap + page "
                            "tables)"),
                     "%llu kB >= %llu kB", KD_LLU(p->victim.badness_kb),
                     KD_LLU(p->top[1].badness_kb));
}

void kd_say_oom_processes(kd_emit *out, const kd_event *event, const kdf_oom *oom,
                          const kd_oom_picture *p)
{
    const kdf_oom_victim *victim = &oom->victim;
    kd_src kill = victim->anon_rss_kb.src ? victim->anon_rss_kb.src : victim->pid.src;
    kd_say_evidence(out, event, kill, "the victim");
    if (p->top_count > 0)
        say_top(out, event, p);
    say_rank(out, p);
    if (victim->pid.src) {
        kd_say_u64(out, "victim_pid", victim->pid.v);
        kd_say_text(out, "victim_comm", victim->comm.v);
        kd_say_u64(out, "victim_kb", p->victim_kb);
    }
    if (oom->tasks_left_out.src)
        kd_say_assume(out, "%llu smaller rows of the task table were only added up",
                      KD_LLU(oom->tasks_left_out.v));
}

/* ---- shares ---------------------------------------------------------------------------------- */

/* The counters of a use, by name; empty: it has none of its own. */
static const char *const share_words[] = {
    [KD_OOM_PROCESSES] = "active_anon inactive_anon isolated_anon",
    [KD_OOM_SHMEM] = "",
    [KD_OOM_CACHE] = "active_file inactive_file isolated_file",
    [KD_OOM_UNEVICTABLE] = "unevictable",
    [KD_OOM_SLAB] = "slab_unreclaimable",
    [KD_OOM_RECLAIMABLE] = "slab_reclaimable",
    [KD_OOM_PAGETABLES] = "pagetables sec_pagetables",
    [KD_OOM_STACKS] = "kernel_stack shadow_call_stack",
    [KD_OOM_HUGETLB] = "",
    [KD_OOM_UNACCOUNTED] = "",
};

void kd_say_oom_share(kd_emit *out, const kd_event *event, const kd_oom_picture *p,
                      const kd_oom_share *share)
{
    const kd_accounting *a = &p->accounting;
    kd_str text = { "", 0 };
    uint64_t sum = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (!kd_str_in_words(kd_str_of(a->items[i].name), share_words[share->use]))
            continue;
        text = kd_text_of(out, "%.*s%s%s %llu", KD_FMT(text), text.len ? " + " : "",
                          a->items[i].name, KD_LLU(a->items[i].kb));
        sum += a->items[i].kb;
        kd_say_evidence(out, event, a->items[i].src, "%s", kd_oom_use_name(share->use));
    }
    if (text.len == 0)
        kd_say_evidence(out, event, share->src, "%s", kd_oom_use_name(share->use));
    if (sum > share->kb)
        text = kd_text_of(out, "%.*s - shmem %llu", KD_FMT(text), KD_LLU(sum - share->kb));
    kd_say_proof(out,
                 kd_text_of(out, "%u %% of %llu kB are %s", kd_percent_of(share->kb, a->managed_kb),
                            KD_LLU(a->managed_kb), kd_oom_use_name(share->use)),
                 "%.*s = %llu kB", KD_FMT(text.len ? text : KD_STR("used")), KD_LLU(share->kb));
}
