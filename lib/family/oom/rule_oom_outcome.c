/* rule_oom_outcome.c - what an OOM kill meant: for whom, whose turn it is, and which of how many.
 */
#include "family/fields.h"
#include "family/oom/rule_oom.h"

/* Which of how many a kill was said to be; 0: nothing tells, or it is the first. */
static uint64_t number_of(const kd_event *kill)
{
    for (const kd_diag *diag = kill->diags; diag; diag = diag->older) {
        const kd_value *number = kd_diag_fact(diag, "kill_number");
        if (number)
            return number->as.u;
    }
    return 0;
}

/* Kills of this boot up to this one; 0: what was said of many before it is lost. The one before
 * knows its own number, or a flood of them would cost its square. */
static uint64_t count_kills(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    size_t index = wide->index;
    uint64_t kills = 1, before = 0;
    const kd_event *kill;
    for (unsigned i = 0; (kill = kd_kind_before(wide, view->event->kind, &index)) != NULL; i++) {
        if (i == KD_NEIGHBOURS)
            return 0;
        kills += kill->repeat.count > 1 ? kill->repeat.count : 1;
        if ((before = number_of(kill)) > 0)
            return kills + before - 1;
    }
    return kills;
}

static bool is_of_kernel(const kd_oom_share *main)
{
    return main->use == KD_OOM_SLAB || main->use == KD_OOM_UNACCOUNTED;
}

static void say_suspect(kd_emit *out, const kdf_oom *oom, const kd_oom_picture *p)
{
    const kd_oom_share *main = p->accounting.known && p->share_count > 0 ? &p->shares[0] : NULL;
    bool group = kd_oom_memcg_sign(oom) != KD_MEMCG_NO;
    if (!group && main && is_of_kernel(main) && main->kb > p->accounting.managed_kb / 2)
        kd_say_suspect(out, KD_SUSPECT_KERNEL, (kd_str){ "", 0 },
                       "most of the memory is held by the kernel or its drivers, not by processes");
    else if (!group && main && main->use == KD_OOM_HUGETLB)
        kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, KD_STR("hugepages"),
                       "most of the memory is set aside for huge pages");
    else if (kd_oom_name_counts(p))
        kd_say_suspect(out, KD_SUSPECT_WORKLOAD, p->name.comm,
                       "its %u processes together hold most of what the task table lists",
                       p->name.processes);
    else if (p->top_count > 0 && p->top[0].row->comm.src)
        kd_say_suspect(out, KD_SUSPECT_WORKLOAD, p->top[0].row->comm.v,
                       "it is the largest process of the task table");
    else if (group && oom->victim.comm.src)
        kd_say_suspect(out, KD_SUSPECT_WORKLOAD, oom->victim.comm.v,
                       "it ran in the group that filled its limit, and was chosen");
}

void kd_say_oom_outcome(const kd_view *view, kd_emit *out, const kdf_oom *oom,
                        const kd_oom_picture *p)
{
    uint64_t kills = count_kills(view);
    if (oom->victim.pid.src && !oom->victim.exiting.src)
        kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    if (kd_oom_is_sysrq(oom))
        kd_say_deliberate(out);
    else
        say_suspect(out, oom, p);
    if (kills > 1) {
        kd_say_more(out, "It is OOM kill number %llu that the log shows of this boot.",
                    KD_LLU(kills));
        kd_say_u64(out, "kill_number", kills);
    }
}
