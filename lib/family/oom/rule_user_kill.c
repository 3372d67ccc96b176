/* rule_user_kill.c - killed for want of memory, but not by the OOM killer. */
#include "family/fields.h"
#include "family/oom/rule_oom.h"

const char kd_doc_user_kill[] = "Android's lowmemorykiller or lmkd, systemd-oomd, earlyoom or "
                                "Talos killed a process before the kernel "
                                "ran out. Each has a limit of its own, which is told where it is "
                                "printed. It is not the OOM killer.";

static void say_android(kd_emit *out, const kd_event *event, const kdf_user_kill *kill)
{
    if (kill->cache_kb.src && kill->limit_kb.src) {
        kd_say_more(
            out,
            "The page cache, %llu kB, had fallen below its limit for that priority, %llu kB%s.",
            KD_LLU(kill->cache_kb.v), KD_LLU(kill->limit_kb.v),
            kill->free_above_reserve_kb.src ? "; free memory as such was left" : "");
        kd_say_evidence(out, event, kill->cache_kb.src, "page cache and limit");
        if (kill->cache_kb.v < kill->limit_kb.v)
            kd_say_proof(out, KD_STR("the cache is below the limit"), "%llu kB < %llu kB",
                         KD_LLU(kill->cache_kb.v), KD_LLU(kill->limit_kb.v));
    }
    kd_say_remedy(out,
                  "Find what grew before: the largest processes and what pins page cache. An app "
                  "in the background being killed so is how Android works.");
    kd_say_remedy(out,
                  "The limits stand in /sys/module/lowmemorykiller/parameters/minfree (pages) or "
                  "in the ro.lmk properties.");
}

static void say_oomd(kd_emit *out, const kdf_user_kill *kill)
{
    if (kill->reason.src)
        kd_say_more(out, "Its reason: %.*s.", KD_FMT(kill->reason.v));
    kd_say_remedy(out,
                  "oomctl shows the groups it watches; ManagedOOMMemoryPressureLimit= and "
                  "ManagedOOMSwap= of the unit, or SwapUsedLimit= in oomd.conf, are its limits.");
}

kd_status kd_check_user_kill(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_user_kill *kill = KD_BODY(view->event, user_kill);
    (void)user;
    if (!kill)
        return KD_OK;
    kd_str whom = kill->victim.comm.src ? kill->victim.comm.v : kill->group.v;
    bool proved = kill->cache_kb.src && kill->limit_kb.src && kill->cache_kb.v < kill->limit_kb.v;
    kd_say_diag(out, proved ? KD_CERTAIN : KD_LIKELY, "%.*s killed %.*s", KD_FMT(kill->killer.v),
                KD_FMT(whom));
    if (kill->victim.pid.src)
        kd_say_more(out, "(pid %llu)", KD_LLU(kill->victim.pid.v));
    if (kill->freed_kb.src)
        kd_say_more(out, "to get %s", kd_size_of(kill->freed_kb.v).text);
    kd_say_more(out, "before the kernel's OOM killer had to.");
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, kill->headline.src, "who was killed");
    if (kill->victim.comm.src)
        kd_say_text(out, "victim_comm", kill->victim.comm.v);
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    if (kd_str_is(kill->killer.v, "systemd-oomd"))
        say_oomd(out, kill);
    else if (kd_str_is(kill->killer.v, "earlyoom"))
        kd_say_remedy(
            out, "Its limits are -m and -s of earlyoom (share of memory and swap left), whom it "
                 "spares --avoid.");
    else if (kd_str_is(kill->killer.v, "Talos"))
        kd_say_remedy(out, "It acts on memory pressure (PSI) and not on free memory: the document "
                           "OOMConfig of the machine's configuration says when "
                           "(triggerExpression) and whom it takes (cgroupRankingExpression).");
    else
        say_android(out, view->event, kill);
    kd_say_missing(out, "/proc/meminfo and the list of processes from then: who held the memory");
    kd_say_suspect(out, KD_SUSPECT_WORKLOAD, (kd_str){ "", 0 },
                   "what ran needed more than the limit of the killer leaves");
    return KD_OK;
}
