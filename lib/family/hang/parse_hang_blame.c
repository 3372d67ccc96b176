/* parse_hang_blame.c - which function a hang is about: what the interrupt met. The
 * detector, the scheduler, a lock and a CPU that only waits for another are never it. */
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

static spin spin_of(kd_str function)
{
    kd_str bare = kd_bare_name(function);
    for (size_t i = 0; i < KD_COUNT(spins); i++)
        if (kd_name_fits(bare, spins[i].name))
            return spins[i].what;
    return NONE;
}

/* ---- saying it ------------------------------------------------------------------------------- */

static void set(kdf_blame *blame, kd_text function, kd_text module, const char *why)
{
    blame->function = function;
    blame->module = module;
    blame->why = (kd_text){ kd_str_of(why), KD_DERIVED };
}

/* ---- a CPU ----------------------------------------------------------------------------------- */

uint32_t kd_below_detector(const kd_list *backtrace, bool *ends_inside)
{
    const kdf_frame *frames = backtrace->items;
    uint32_t start = 0;
    bool detector = false;
    for (uint32_t i = 0; i < backtrace->count; i++) {
        spin what = kd_frame_is_sure(&frames[i]) ? spin_of(frames[i].function.v) : PASS;
        detector |= what == NMI;
        if (what == ENTRY && detector) {
            start = i + 1;
            while (start < backtrace->count && kd_frame_is_sure(&frames[start]) &&
                   spin_of(frames[start].function.v) == ENTRY)
                start++;
            return start;
        }
    }
    *ends_inside = detector;
    return 0;
}

static bool is_switched_out(const kd_list *backtrace)
{
    const kdf_frame *first = backtrace->items;
    if (backtrace->count == 0 || !first->function.src)
        return false;
    kd_str bare = kd_bare_name(first->function.v);
    return kd_bare_is(bare, "switch_to*") || kd_bare_is(bare, "context_switch") ||
           kd_bare_is(bare, "schedule");
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
    bool has_ip = ip && ip->function.src, victim = false, after = false, ends_inside = false;
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
    for (uint32_t i = kd_below_detector(backtrace, &ends_inside); i < backtrace->count; i++) {
        if (!kd_frame_is_sure(&frames[i]))
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
    kd_blame_none(blame, ends_inside ? "the stack ends inside the interrupt that printed it: what "
                                       "it interrupted is not in the log"
                         : backtrace->count || has_ip
                             ? "only the detector, locks and entries are left"
                             : "no stack of that CPU is printed");
}
