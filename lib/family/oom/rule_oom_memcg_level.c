/* rule_oom_memcg_level.c - whose limit it was: the container's own, its pod's, or one further up,
 * and what to do at that level. */
#include "core/version.h"
#include "family/fields.h"
#include "family/oom/decode_memcg_path.h"
#include "family/oom/rule_oom.h"

static kd_str limit_path(const kdf_oom *oom)
{
    return oom->memcg.path.src ? oom->memcg.path.v : oom->oom_group.v;
}

/* The group of the victim, where it is told apart from that of the limit. */
static kd_str eater_path(const kdf_oom *oom)
{
    return oom->task_memcg.src ? oom->task_memcg.v : limit_path(oom);
}

static void say_eater(kd_emit *out, const kdf_oom *oom, const kd_memcg_place *eater)
{
    const char *who = oom->task_memcg.src ? "The victim ran in" : "It is";
    if (eater->pod.len > 0 && eater->container.len > 0)
        kd_say_more(out, "%s container %.*s of %.*s.", who, KD_FMT(eater->container),
                    KD_FMT(eater->pod));
    else if (eater->pod.len > 0)
        kd_say_more(out, "%s %.*s.", who, KD_FMT(eater->pod));
    else if (eater->container.len > 0)
        kd_say_more(out, "%s container %.*s.", who, KD_FMT(eater->container));
    else if (eater->unit.len > 0)
        kd_say_more(out, "%s %.*s.", who, KD_FMT(eater->unit));
    if (eater->pod.len > 0)
        kd_say_text(out, "pod", eater->pod);
    if (eater->container.len > 0)
        kd_say_text(out, "container", eater->container);
    if (eater->unit.len > 0)
        kd_say_text(out, "unit", eater->unit);
}

void kd_say_memcg_level(kd_emit *out, const kd_event *event, const kdf_oom *oom)
{
    static const char *const words[] = {
        [KD_LEVEL_UNKNOWN] = NULL,
        [KD_LEVEL_ALL_PODS] = "That is what this node gives to all pods together (node "
                              "allocatable): no pod or container was at a limit of its own.",
        [KD_LEVEL_QOS] = "That is a limit for all pods of one class on this node, not for one pod.",
        [KD_LEVEL_POD] = "That is the limit of the pod: of all its containers together.",
        [KD_LEVEL_CONTAINER] = "That is the container's own limit.",
        [KD_LEVEL_UNIT] = "That is the limit of a systemd unit.",
        [KD_LEVEL_SLICE] = "That is the limit of a slice: of all units below it together.",
    };
    static const char *const names[] = {
        [KD_LEVEL_UNKNOWN] = NULL,          [KD_LEVEL_ALL_PODS] = "all pods",
        [KD_LEVEL_QOS] = "class of pods",   [KD_LEVEL_POD] = "pod",
        [KD_LEVEL_CONTAINER] = "container", [KD_LEVEL_UNIT] = "unit",
        [KD_LEVEL_SLICE] = "slice",
    };
    kd_memcg_place limit, eater;
    kd_memcg_place_of(limit_path(oom), &limit);
    kd_memcg_place_of(eater_path(oom), &eater);
    if (words[limit.level]) {
        kd_say_more(out, "%s", words[limit.level]);
        kd_say_text(out, "limit_level", kd_str_of(names[limit.level]));
    }
    say_eater(out, oom, &eater);
    if (limit.level == KD_LEVEL_ALL_PODS && eater.besteffort)
        kd_say_more(out, "A pod of the class besteffort has no limit of its own.");
    if (oom->task_memcg.src)
        kd_say_evidence(out, event, oom->task_memcg.src, "the group of the victim");
}

/* ---- remedies -------------------------------------------------------------------------------- */

static const char *knob_of(const kdf_oom *oom, uint32_t version)
{
    bool v1 = oom->memcg.memsw.usage_kb.src || oom->memcg.kmem.usage_kb.src;
    if (v1 || (version && version < KD_KERNEL(4, 5, 0)))
        return "memory.limit_in_bytes";
    return oom->memcg.swap.usage_kb.src ? "memory.max"
                                        : "memory.max (memory.limit_in_bytes in cgroup v1)";
}

static kd_str or_that(kd_str name, const char *other)
{
    return name.len > 0 ? name : kd_str_of(other);
}

/* A limit above the pod: more for that pod alone changes nothing. */
static void advise_pods(kd_emit *out, const kd_memcg_place *eater)
{
    kd_say_remedy(out,
                  "Give %.*s resources.limits.memory (and requests), so that it hits its own limit "
                  "before it takes what all pods share; raising a limit of a pod does not help.",
                  KD_FMT(or_that(eater->pod, "the pod that took the memory")));
    kd_say_remedy(out,
                  "Put fewer pods on this node, give the node more memory, or check what kubelet "
                  "holds back for itself (kube-reserved, system-reserved, eviction-hard).");
}

void kd_advise_memcg_level(kd_emit *out, const kdf_oom *oom, uint32_t version)
{
    kd_memcg_place limit, eater;
    const char *knob = knob_of(oom, version);
    kd_memcg_place_of(limit_path(oom), &limit);
    kd_memcg_place_of(eater_path(oom), &eater);
    switch (limit.level) {
    case KD_LEVEL_ALL_PODS:
    case KD_LEVEL_QOS: advise_pods(out, &eater); break;
    case KD_LEVEL_POD:
        kd_say_remedy(out,
                      "Raise resources.limits.memory of the containers of the Kubernetes pod %.*s "
                      "(%s of the pod is "
                      "their sum), or find the container that leaves nothing to the others.",
                      KD_FMT(limit.pod), knob);
        break;
    case KD_LEVEL_CONTAINER:
        if (limit.pod.len > 0)
            kd_say_remedy(
                out,
                "Raise resources.limits.memory of that Kubernetes container, in %.*s, when its "
                "use is "
                "legitimate.",
                KD_FMT(limit.pod));
        else
            kd_say_remedy(out, "Raise the container's memory limit (docker or podman update "
                               "--memory) when its use is legitimate.");
        break;
    case KD_LEVEL_UNIT:
    case KD_LEVEL_SLICE:
        kd_say_remedy(
            out, "Raise %s of %.*s (systemctl set-property) when its use is legitimate.",
            oom->memcg.memsw.usage_kb.src ? "MemoryLimit=" : "MemoryMax=", KD_FMT(limit.unit));
        break;
    default: kd_say_remedy(out, "Raise %s of the group when its use is legitimate.", knob);
    }
}
