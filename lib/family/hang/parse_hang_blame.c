/* parse_hang_blame.c - which function a hang is about: what the interrupt met, or who waits. The
 * detector, the scheduler, a lock and a CPU that only waits for another are never it. */
#include <string.h>

#include "family/hang/parse_hang.h"
#include "family/shared/parse_shared.h"

typedef enum spin { NONE, LOCK, PEER, IDLE, AFTER, PASS, ENTRY, NMI } spin;

static const struct {
    const char *name;
    spin what;
} spins[] = {
#define KD_SPIN(name, what) { name, what },
#include "family/hang/spin.def"
#undef KD_SPIN
};

static const struct {
    const char *name;
    bool pass;
    const char *what;
} waits[] = {
#define KD_WAIT(name, pass, what) { name, pass, what },
#include "family/hang/wait.def"
#undef KD_WAIT
};

/* ".__mutex_lock.isra.0" -> "mutex_lock" */
static kd_str bare_of(kd_str function)
{
    while (function.len > 0 && (function.ptr[0] == '_' || function.ptr[0] == '.'))
        function = kd_str_from(function, 1);
    kd_scan in = kd_scan_of(function);
    kd_str bare;
    return kd_scan_until(&in, '.', &bare) && bare.len > 0 ? bare : function;
}

static bool is_named(kd_str bare, const char *name)
{
    size_t len = strlen(name);
    if (name[len - 1] == '*')
        return bare.len >= len - 1 && memcmp(bare.ptr, name, len - 1) == 0;
    return kd_str_is(bare, name);
}

static spin spin_of(kd_str function)
{
    kd_str bare = bare_of(function);
    for (size_t i = 0; i < KD_COUNT(spins); i++)
        if (is_named(bare, spins[i].name))
            return spins[i].what;
    return NONE;
}

bool kd_hang_is_idle(kd_str function)
{
    return spin_of(function) == IDLE;
}

static bool is_sure(const kdf_frame *frame)
{
    return frame->function.src && (!frame->reliable.src || frame->reliable.v);
}

/* ---- saying it ------------------------------------------------------------------------------- */

void kd_blame_none(kdf_blame *blame, const char *why)
{
    if (!blame->function.src)
        blame->why = (kd_text){ kd_str_of(why), KD_DERIVED };
}

static void set(kdf_blame *blame, kd_text function, kd_text module, const char *why)
{
    blame->function = function;
    blame->module = module;
    blame->why = (kd_text){ kd_str_of(why), KD_DERIVED };
}

/* ---- a CPU ----------------------------------------------------------------------------------- */

/* The first frame below the detector and the entry of its interrupt; 0 where none is on top. */
static uint32_t below_detector(const kd_list *backtrace)
{
    const kdf_frame *frames = backtrace->items;
    uint32_t start = 0;
    bool detector = false;
    for (uint32_t i = 0; i < backtrace->count; i++) {
        spin what = is_sure(&frames[i]) ? spin_of(frames[i].function.v) : PASS;
        detector |= what == NMI;
        if (what == ENTRY && detector) {
            start = i + 1;
            while (start < backtrace->count && is_sure(&frames[start]) &&
                   spin_of(frames[start].function.v) == ENTRY)
                start++;
            return start;
        }
    }
    return 0;
}

static bool is_switched_out(const kd_list *backtrace)
{
    const kdf_frame *first = backtrace->items;
    if (backtrace->count == 0 || !first->function.src)
        return false;
    kd_str bare = bare_of(first->function.v);
    return is_named(bare, "switch_to*") || is_named(bare, "context_switch") ||
           is_named(bare, "schedule");
}

/* Ends the search? Sets blame, or says why there is none. */
static bool judge(kdf_blame *blame, spin what)
{
    if (what == IDLE)
        kd_blame_none(blame, KD_WHY_IDLE);
    else if (what == PEER)
        kd_blame_none(blame, KD_WHY_PEER);
    return what == IDLE || what == PEER;
}

void kd_blame_cpu(kdf_blame *blame, const kdf_symbol *ip, const kd_list *backtrace)
{
    const kdf_frame *frames = backtrace->items;
    bool has_ip = ip && ip->function.src, victim = false, after = false;
    spin what = has_ip ? spin_of(ip->function.v) : PASS;
    if (judge(blame, what))
        return;
    if (what == NONE && !kd_blame_skips(ip->function.v)) {
        set(blame, ip->function, ip->module, "where the CPU stood when it was looked at");
        return;
    }
    if (!has_ip && is_switched_out(backtrace)) {
        kd_blame_none(blame, "the stack is of the last time the task was switched out, not of what "
                             "it runs now");
        return;
    }
    victim = what == LOCK;
    after = what == AFTER;
    for (uint32_t i = below_detector(backtrace); i < backtrace->count; i++) {
        if (!is_sure(&frames[i]))
            continue;
        what = spin_of(frames[i].function.v);
        victim |= what == LOCK;
        if (judge(blame, what))
            return;
        if (what != NONE || kd_blame_skips(frames[i].function.v))
            continue;
        set(blame, frames[i].function, frames[i].module,
            victim  ? KD_WHY_LOCK
            : after ? KD_WHY_AFTER
                    : "innermost frame that is not the detector, a lock or an interrupt");
        blame->frame = (kd_u64){ i, KD_DERIVED };
        return;
    }
    kd_blame_none(blame, backtrace->count || has_ip
                             ? "only the detector, locks and entries are left"
                             : "no stack of that CPU is printed");
}

/* ---- a task that sleeps ---------------------------------------------------------------------- */

static size_t wait_of(kd_str function)
{
    kd_str bare = bare_of(function);
    for (size_t i = 0; i < KD_COUNT(waits); i++)
        if (is_named(bare, waits[i].name))
            return i;
    return KD_COUNT(waits);
}

static void note_wait(size_t wait, kd_str function, kd_text *waits_in, kd_text *waits_for)
{
    if (waits[wait].what[0] == '\0')
        return;
    if (waits[wait].pass)
        *waits_in = (kd_text){ function, KD_DERIVED };
    *waits_for = (kd_text){ kd_str_of(waits[wait].what), KD_DERIVED };
}

void kd_blame_waiter(kdf_blame *blame, const kd_list *backtrace, kd_text *waits_in,
                     kd_text *waits_for)
{
    const kdf_frame *frames = backtrace->items;
    for (uint32_t i = 0; i < backtrace->count; i++) {
        if (!is_sure(&frames[i]))
            continue;
        size_t wait = wait_of(frames[i].function.v);
        if (wait < KD_COUNT(waits))
            note_wait(wait, frames[i].function.v, waits_in, waits_for);
        if ((wait < KD_COUNT(waits) && waits[wait].pass) || kd_blame_skips(frames[i].function.v))
            continue;
        if (kd_str_in_words(
                bare_of(frames[i].function.v),
                "kthread worker_thread rescuer_thread kthread_worker_fn ret_from_fork")) {
            kd_blame_none(blame, KD_WHY_UNWOKEN);
            return;
        }
        set(blame, frames[i].function, frames[i].module,
            waits_for->src ? "it waits there; who should end the wait is somebody else"
                           : "innermost frame above the scheduler and the lock");
        blame->frame = (kd_u64){ i, KD_DERIVED };
        return;
    }
    kd_blame_none(blame, backtrace->count ? "only the scheduler is left of the stack"
                                          : "no stack is printed");
}
