/* rule_unchecked.c - NULL dereferences that follow a failed allocation. */
#include "base/scan.h"
#include "core/diag.h"
#include "family/fault/decode_dataflow.h"
#include "family/fields.h"
#include "family/pointer/rule_pointer.h"
#include "family/shared/parse_shared.h"

const char kd_doc_unchecked[] =
    "A NULL dereference that follows a failed allocation in the same log: of pages, of a vmalloc "
    "area, of a slab cache or of a per-CPU variable. Likely when it follows closely and task, "
    "module or a function agree (or the oops names none of them); certain only when the fault lies "
    "behind the return of that very call, and the code bytes show that the result reaches the "
    "faulting access unchanged. A slab cache's own report names nobody: possible where nothing "
    "stands between it and the oops.";
/* The oops may come this long after the failed allocation. */
#define MOST_SECONDS 60u
/* So many failures before it are compared. */
#define MOST_FAILURES 64u
/* And this long where nothing but the time ties them together. */
#define NEXT_US UINT64_C(1000000)

typedef struct match {
    const kd_event *failure;
    const kdf_frame *call;   /* frame of the failed allocation with the function that faulted */
    const kdf_frame *common; /* frame of the oops that the allocation has too */
    bool same_module, same_task, anonymous;
    bool next;    /* the failure names nobody, and nothing stands between */
    bool reaches; /* the result reaches the faulting access */
    uint64_t distance;
} match;

static bool same_function(const kdf_frame *a, kd_text function, kd_u64 size, kd_text module)
{
    return a->function.src && function.src && kd_str_eq(a->function.v, function.v) &&
           kd_str_eq(a->module.v, module.v) && a->size.v == size.v;
}

/* A frame of code that many tasks share (entry, workqueue, module loading) ties nothing
 * together. */
static bool is_common_ground(kd_str function)
{
    static const char names[] =
        "process_one_work worker_thread kthread ret_from_fork do_one_initcall do_init_module "
        "load_module do_syscall_64 entry_SYSCALL_64_after_hwframe el0_svc invoke_syscall "
        "el0_svc_common do_el0_svc el0t_64_sync el0t_64_sync_handler ret_fast_syscall "
        "do_sys_finit_module sys_finit_module init_module_from_file ret_from_fork_asm "
        "arm64_sys_finit_module x64_sys_finit_module idempotent_init_module";
    return kd_str_in_words(kd_bare_name(function), names) || kd_blame_skips(function);
}

/* What the unwinder did not confirm may be left from an earlier call. */
static bool is_stale(const kdf_frame *frame)
{
    return frame->reliable.src && !frame->reliable.v;
}

static void compare_traces(const kdf_oops *oops, match *m)
{
    const kd_list *trace = kd_event_backtrace(m->failure);
    for (uint32_t i = 0; trace && i < trace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        if (is_common_ground(frame->function.v))
            continue;
        bool better = !m->call || (is_stale(m->call) && !is_stale(frame));
        if (better && same_function(frame, oops->ip.function, oops->ip.size, oops->ip.module))
            m->call = frame;
        for (uint32_t k = 0; k < oops->backtrace.count && !m->common; k++) {
            const kdf_frame *own = &KD_ITEMS(oops->backtrace, kdf_frame)[k];
            if (same_function(frame, own->function, own->size, own->module))
                m->common = own;
        }
        m->same_module |= frame->module.src && oops->ip.module.src &&
                          kd_str_eq(frame->module.v, oops->ip.module.v);
    }
    const kdf_task *task = kd_event_task(m->failure);
    m->anonymous = !oops->task.pid.src && !oops->ip.function.src;
    m->same_task = task && task->pid.src && oops->task.pid.src && task->pid.v == oops->task.pid.v &&
                   kd_str_eq(task->comm.v, oops->task.comm.v);
}

static const kd_kind *const failures[] = { &kd_kind_page_alloc_failure, &kd_kind_vmalloc_failure,
                                           &kd_kind_slab_alloc_failure, &kd_kind_percpu_failure };

/* The failed allocation nearest before `index`; that becomes where it stands. */
static const kd_event *failure_before(const kd_view *view, size_t *index)
{
    const kd_event *nearest = NULL;
    size_t last = 0;
    for (size_t i = 0; i < KD_COUNT(failures); i++) {
        size_t at = *index;
        const kd_event *event = kd_kind_before(kd_wide(view), failures[i], &at);
        if (event && (!nearest || at > last)) {
            nearest = event;
            last = at;
        }
    }
    *index = last;
    return nearest;
}

/* "T84": the report of a slab cache has no task line, the console may name the task. */
static bool is_called_by(const kd_event *event, const kdf_oops *oops)
{
    kd_scan in = kd_scan_of(event->caller);
    uint64_t pid;
    return oops->task.pid.src && kd_scan_char(&in, 'T') && kd_scan_u64(&in, &pid) &&
           pid == oops->task.pid.v;
}

/* What a slab cache could not get the page allocator tells of, too, with the task: then that one
 * is compared. */
static bool is_told_by_pages(const kd_view *view, const kd_event *event, size_t index)
{
    const kd_event *pages = kd_kind_before(kd_wide(view), &kd_kind_page_alloc_failure, &index);
    return pages && (!pages->has_time || !event->has_time ||
                     event->time_us < kd_event_last_us(pages) + NEXT_US);
}

static void compare_slab(const kd_view *view, const kdf_oops *oops, size_t index, match *m)
{
    const kd_event *event = m->failure;
    if (!kd_event_is(event, &kd_kind_slab_alloc_failure))
        return;
    m->anonymous = false;
    m->same_task = is_called_by(event, oops);
    m->next = event->caller.len == 0 && index + 1 == view->history_len && event->has_time &&
              view->event->has_time && view->event->time_us - kd_event_last_us(event) < NEXT_US &&
              !is_told_by_pages(view, event, index);
}

/* The last failed allocation before the oops that can have to do with it. */
static bool find_failure(const kd_view *view, const kdf_oops *oops, match *m)
{
    const kd_event *event;
    size_t index = view->history_len;
    for (size_t n = 0; n < MOST_FAILURES && (event = failure_before(view, &index)); n++) {
        uint64_t last = kd_event_last_us(event);
        if (event->has_time && view->event->has_time &&
            (view->event->time_us < event->time_us ||
             (last <= view->event->time_us &&
              view->event->time_us - last > MOST_SECONDS * 1000000u)))
            continue;
        *m = (match){ .failure = event };
        compare_traces(oops, m);
        compare_slab(view, oops, index, m);
        if (m->call || m->common || m->same_module || m->same_task || m->anonymous || m->next)
            return true;
    }
    return false;
}

static void say_match(const kd_view *view, kd_emit *out, const match *m, const kdf_oops *oops)
{
    kd_say_event(out, m->failure);
    const kdf_page_alloc *failure = KD_BODY(m->failure, page_alloc);
    kd_src src = failure ? failure->order.src : 1;
    kd_say_evidence(out, m->failure, src, "the allocation that failed");
    if (m->call)
        kd_say_evidence(out, m->failure, m->call->function.src,
                        "the call that failed returns to %.*s+0x%llx", KD_FMT(m->call->function.v),
                        KD_LLU(m->call->offset.v));
    if (oops->ip.function.src)
        kd_say_evidence(out, view->event, oops->ip.function.src, "the fault is at %.*s+0x%llx",
                        KD_FMT(oops->ip.function.v), KD_LLU(oops->ip.offset.v));
    if (m->reaches)
        kd_say_proof(out,
                     KD_STR("between the return of the failed call and the fault no "
                            "instruction calls, branches or replaces the result, and the "
                            "result is the base of the faulting access"),
                     "0x%llx - 0x%llx = %llu bytes", KD_LLU(oops->ip.offset.v),
                     KD_LLU(m->call->offset.v), KD_LLU(m->distance));
}

kd_status kd_check_unchecked(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    match m;
    (void)user;
    if (!oops || !oops->address.src || oops->address.v >= 4096 || !find_failure(view, oops, &m))
        return KD_OK;
    m.distance = m.call ? oops->ip.offset.v - m.call->offset.v : 0;
    m.reaches = m.call && !is_stale(m.call) && m.same_task &&
                oops->ip.offset.v >= m.call->offset.v &&
                kd_result_reaches_fault(oops, view->context, m.distance);
    const char *tie = m.reaches       ? "the result of the failed call is what it dereferenced"
                      : m.call        ? "it faults in the function whose allocation failed"
                      : m.common      ? "both traces have a function in common"
                      : m.same_module ? "the same module allocated and faulted"
                      : m.same_task   ? "the same task allocated and faulted"
                      : m.next        ? "nothing stands between them; who asked is not told"
                                      : "it follows directly; the log does not say who faulted";
    bool next = m.next && !m.same_task;
    kd_say_diag(out,
                m.reaches ? KD_CERTAIN
                : next    ? KD_POSSIBLE
                          : KD_LIKELY,
                "A NULL pointer dereference (%.*s%saddress 0x%llx) follows a failed allocation: "
                "%s. %s did not check for NULL.",
                KD_FMT(oops->access.v), oops->access.src ? " of " : "", KD_LLU(oops->address.v),
                tie, next ? "Perhaps its caller" : "The caller");
    kd_emit_role(out, KD_EFFECT);
    const kd_diag *cause = kd_primary_of(m.failure);
    if (cause)
        kd_say_caused_by(out, cause);
    say_match(view, out, &m, oops);
    kd_null_say_fault(view, out, oops);
    kd_null_say_operand(out, oops);
    kd_say_hex(out, "address", oops->address.v);
    if (m.call && oops->ip.offset.v >= m.call->offset.v)
        kd_say_u64(out, "bytes_behind_the_failed_call", m.distance);
    kd_say_remedy(out, "Check the pointer for NULL where it is allocated, and return -ENOMEM.");
    kd_say_remedy(out, "Remove the cause of the failed allocation: see the diagnosis that this one "
                       "points back to.");
    if (!m.reaches)
        kd_say_assume(out, "the NULL pointer is the result of the failed allocation; if it has "
                           "another source, the two events only happened close together");
    return KD_OK;
}
