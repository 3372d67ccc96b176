/* rule_oom_memcg.c - the limit of a control group was hit. */
#include "core/version.h"
#include "family/fields.h"
#include "family/oom/rule_oom.h"
#include "family/shared/decode_trace_find.h"

#include <stdio.h>

#include "base/scan.h"

const char kd_doc_memcg_limit[] =
    "A control group used as much as its limit allows and the kernel could reclaim nothing more of "
    "it, so it killed one of the group's tasks. The log says so: by the constraint, the words "
    "before the kill, or the group's own counters. It tells what the group's memory is used for "
    "and which of its processes is largest. Whether the machine had memory is not in such a "
    "report, and does not matter.";

/* ---- remedies -------------------------------------------------------------------------------- */

static void say_remedies(kd_emit *out, const kdf_oom *oom, const kd_oom_picture *p,
                         const kd_memcg_part *part, uint32_t version)
{
    bool v1 = oom->memcg.memsw.usage_kb.src || (version && version < KD_KERNEL(4, 5, 0));
    kd_advise_memcg_level(out, oom, version);
    if (part && kd_str_in_words(kd_str_of(part->name), "shmem"))
        kd_say_remedy(out, "Delete or bound files in tmpfs (/dev/shm, emptyDir with medium "
                           "Memory): they count for the group that wrote them and stay when a "
                           "process dies.");
    else if (part && kd_str_in_words(kd_str_of(part->name), "slab sock percpu vmalloc pagetables "
                                                            "kernel_stack"))
        kd_say_remedy(out,
                      "It is kernel memory that the group's tasks caused (%s): look for open "
                      "sockets, files, threads or mappings that pile up.",
                      part->name);
    else if (p->top_count > 0)
        kd_say_remedy(out, "Find out why %.*s grows: watch %s and its rss over time.",
                      KD_FMT(p->name.comm), v1 ? "memory.usage_in_bytes" : "memory.current");
    if (!v1)
        kd_say_remedy(out, "memory.high below memory.max slows the group down before it is "
                           "killed.");
}

/* ---- the words ------------------------------------------------------------------------------- */

static const char *words_of(const char *part)
{
    static const struct {
        const char *part, *words;
    } rows[] = {
        { "anon", "anonymous memory (heap, stacks)" },
        { "rss", "anonymous memory (heap, stacks)" },
        { "file", "page cache of files" },
        { "cache", "page cache of files" },
        { "shmem", "shared memory and tmpfs files" },
        { "slab", "kernel objects (slab)" },
        { "sock", "network buffers (sock)" },
        { "kernel_stack", "kernel stacks" },
        { "pagetables", "page tables" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_str_is(kd_str_of(part), rows[i].part))
            return rows[i].words;
    return part;
}

static void say_trace(kd_emit *out, const kd_event *event, const kdf_oom *oom)
{
    const kdf_frame *frame = kd_trace_find(&oom->backtrace, kd_memcg_oom_functions);
    if (!frame)
        return;
    kd_say_more(out, "The trace tells it: %.*s() is called for a group at its limit alone.",
                KD_FMT(frame->function.v));
    kd_say_evidence(out, event, frame->function.src, "the OOM kill of a group");
    kd_say_proof(out, KD_STR("the OOM killer was called for a group"), "\"%.*s\"",
                 KD_FMT(frame->function.v));
    kd_say_missing(out, "the group's counters and the kill line, which follow such a report: they "
                        "name the group, its limit and the victim");
}

static void say_sign(kd_emit *out, const kd_event *event, const kdf_oom *oom, kd_memcg_sign sign)
{
    switch (sign) {
    case KD_MEMCG_CONSTRAINT:
        kd_say_evidence(out, event, oom->constraint.src, "a control group's limit led to the kill");
        kd_say_proof(out, KD_STR("a group's limit was hit, not the machine's"), "constraint = %.*s",
                     KD_FMT(oom->constraint.v));
        break;
    case KD_MEMCG_REASON:
        kd_say_evidence(out, event, oom->kill_reason.src,
                        "a control group's limit led to the kill");
        kd_say_proof(out, KD_STR("the kernel says so only when a group's limit was hit"),
                     "\"%.*s\"", KD_FMT(oom->kill_reason.v));
        break;
    case KD_MEMCG_LIMIT_OF:
        kd_say_evidence(out, event, oom->memcg.path.src ? oom->memcg.path.src : oom->oom_group.src,
                        "the group");
        kd_say_proof(out, KD_STR("the kernel names the group whose limit was hit"), "\"%.*s\"",
                     KD_FMT(oom->memcg.path.src ? oom->memcg.path.v : oom->oom_group.v));
        break;
    case KD_MEMCG_TRACE: say_trace(out, event, oom); break;
    default: break;
    }
}

static void say_counters(kd_emit *out, const kd_event *event, const kdf_memcg *memcg,
                         kd_memcg_limit limit)
{
    const kdf_memcg_counter *memory = &memcg->memory;
    if (limit.counter) {
        uint64_t usage = limit.counter->usage_kb.v, most = limit.counter->limit_kb.v;
        kd_say_evidence(out, event, limit.counter->usage_kb.src, "%s: usage and limit", limit.name);
        kd_say_proof(out,
                     kd_text_of(out, "%s of the group is at its limit%s", limit.name,
                                usage >= most ? "" : ": less than 2 MiB are left"),
                     "usage %llu kB %s limit %llu kB", KD_LLU(usage), usage >= most ? ">=" : "<",
                     KD_LLU(most));
        kd_say_text(out, "limit_of", kd_str_of(limit.name));
        kd_say_u64(out, "limit_kb", most);
        kd_say_u64(out, "usage_kb", usage);
    } else if (memory->usage_kb.src) {
        kd_say_evidence(out, event, memory->usage_kb.src, "usage and limit when it was printed");
        kd_say_u64(out, "usage_kb", memory->usage_kb.v);
    }
    if (memory->failcnt.src)
        kd_say_u64(out, "limit_hits", memory->failcnt.v);
    if (memcg->path.src)
        kd_say_text(out, "group", memcg->path.v);
}

static void say_parts(kd_emit *out, const kd_event *event, const kd_memcg_part *parts, size_t count,
                      uint64_t usage_kb)
{
    for (size_t i = 0; i < count && i < 4; i++) {
        char name[40];
        if (i > 0 && usage_kb > 0 && kd_percent_of(parts[i].kb, usage_kb) == 0)
            break;
        snprintf(name, sizeof name, "%s_kb", parts[i].name);
        kd_say_evidence(out, event, parts[i].src, "%s %llu kB", parts[i].name, KD_LLU(parts[i].kb));
        if (usage_kb > 0) /* else that line is lost */
            kd_say_proof(out, kd_text_of(out, "of the group's memory is %s", parts[i].name),
                         "%llu kB * 100 / %llu kB = %u %%", KD_LLU(parts[i].kb), KD_LLU(usage_kb),
                         kd_percent_of(parts[i].kb, usage_kb));
        kd_say_u64(out, name, parts[i].kb);
    }
}

static void say_head(kd_emit *out, const kdf_oom *oom, kd_memcg_limit limit)
{
    kd_str path = oom->memcg.path.src ? oom->memcg.path.v : oom->oom_group.v;
    char size[64] = "";
    if (limit.counter)
        snprintf(size, sizeof size, " of %s (%s)", kd_size_of(limit.counter->limit_kb.v).text,
                 limit.name);
    if (path.len > 0)
        kd_say_diag(out, KD_CERTAIN,
                    "The control group %.*s hit its limit%s; this is not a "
                    "shortage of the whole machine.",
                    KD_FMT(path), size);
    else
        kd_say_diag(out, KD_CERTAIN,
                    "A control group hit its memory limit%s; this is not a "
                    "shortage of the whole machine. The log does not name the group.",
                    size);
}

kd_status kd_check_memcg_limit(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oom *oom = KD_BODY(view->event, oom);
    kd_oom_picture p;
    kd_memcg_part parts[KD_MEMCG_PARTS];
    (void)user;
    kd_memcg_sign sign = oom ? kd_oom_memcg_sign(oom) : KD_MEMCG_NO;
    if (sign == KD_MEMCG_NO)
        return KD_OK;
    kd_memcg_limit limit = kd_oom_memcg_limit(&oom->memcg);
    size_t count = kd_oom_memcg_parts(&oom->memcg, parts);
    kd_oom_look(oom, kd_context_page_size(view->context) / 1024, view->context->version, &p);
    say_head(out, oom, limit);
    uint64_t usage_kb = oom->memcg.memory.usage_kb.v;
    if (count > 0 && usage_kb > 0)
        kd_say_more(out, "Most of it is %s: %s (%u %%).", words_of(parts[0].name),
                    kd_size_of(parts[0].kb).text, kd_percent_of(parts[0].kb, usage_kb));
    else if (count > 0)
        kd_say_more(out, "It held %llu kB of %s.", KD_LLU(parts[0].kb), words_of(parts[0].name));
    kd_say_memcg_level(out, view->event, oom);
    kd_say_oom_who(out, &p);
    kd_say_oom_victim(out, oom, &p,
                      count == 0 || kd_str_in_words(kd_str_of(parts[0].name), "anon rss"));
    kd_emit_role(out, KD_PRIMARY);
    say_sign(out, view->event, oom, sign);
    say_counters(out, view->event, &oom->memcg, limit);
    if (sign == KD_MEMCG_COUNTERS && !limit.counter)
        kd_say_proof(out, KD_STR("only the report of a group prints its counters"),
                     "memory: usage %llu kB", KD_LLU(usage_kb));
    say_parts(out, view->event, parts, count, usage_kb);
    kd_say_oom_processes(out, view->event, oom, &p);
    say_remedies(out, oom, &p, count > 0 ? &parts[0] : NULL, view->context->version);
    kd_say_oom_outcome(view, out, oom, &p);
    if (!limit.counter && sign != KD_MEMCG_TRACE)
        kd_say_missing(out,
                       "the line \"memory: usage ..., limit ...\" of the same report: how large "
                       "the limit is");
    return KD_OK;
}
