/* parse_waiter.c - who waits: the frame above the scheduler and the lock. */
#include <string.h>

#include "family/lock/parse_lock.h"
#include "family/shared/parse_shared.h"

/* What is waited for. */
enum {
#define KD_WAITED(what, words, who) what,
#include "family/lock/waited.def"
#undef KD_WAITED
};

static const struct {
    const char *words;
    kd_wait_end by;
} waited[] = {
#define KD_WAITED(what, words, who) { words, KD_WAIT_##who },
#include "family/lock/waited.def"
#undef KD_WAITED
};

static const struct {
    const char *name;
    bool pass;
    uint8_t what;
} waits[] = {
#define KD_WAIT(name, pass, what) { name, pass, what },
#include "family/lock/wait.def"
#undef KD_WAIT
};

bool kd_bare_is(kd_str bare, const char *name)
{
    size_t len = strlen(name);
    if (name[len - 1] == '*')
        return bare.len >= len - 1 && memcmp(bare.ptr, name, len - 1) == 0;
    return kd_str_is(bare, name);
}

bool kd_frame_is_sure(const kdf_frame *frame)
{
    return frame->function.src && (!frame->reliable.src || frame->reliable.v);
}

void kd_blame_none(kdf_blame *blame, const char *why)
{
    if (!blame->function.src)
        blame->why = (kd_text){ kd_str_of(why), KD_DERIVED };
}

/* Kernels without frame pointers confirm no frame at all (they print addresses: to 4.9); what
 * stands at the very begin or end of a function is left from a call that returned. */
static bool may_wait(const kdf_frame *frame, bool confirmed)
{
    bool left = frame->offset.src && frame->size.src &&
                (frame->offset.v == 0 || frame->offset.v >= frame->size.v);
    if (confirmed || !frame->address.src)
        return kd_frame_is_sure(frame);
    return frame->function.src && !left;
}

static size_t wait_of(kd_str function)
{
    kd_str bare = kd_bare_name(function);
    for (size_t i = 0; i < KD_COUNT(waits); i++)
        if (kd_bare_is(bare, waits[i].name))
            return i;
    return KD_COUNT(waits);
}

bool kd_wait_passes(kd_str function)
{
    size_t wait = wait_of(function);
    return wait < KD_COUNT(waits) && waits[wait].pass;
}

kd_wait_end kd_wait_ends_by(kd_str waits_for)
{
    for (size_t i = NOTHING + 1; i < KD_COUNT(waited); i++)
        if (kd_str_is(waits_for, waited[i].words))
            return waited[i].by;
    return KD_WAIT_ANYBODY;
}

static void note_wait(size_t wait, kd_str function, kd_text *waits_in, kd_text *waits_for)
{
    if (!waits_for || waits[wait].what == NOTHING)
        return;
    if (waits[wait].pass)
        *waits_in = (kd_text){ function, KD_DERIVED };
    *waits_for = (kd_text){ kd_str_of(waited[waits[wait].what].words), KD_DERIVED };
}

void kd_blame_waiter(kdf_blame *blame, const kd_list *backtrace, kd_text *waits_in,
                     kd_text *waits_for)
{
    const kdf_frame *frames = backtrace->items;
    bool confirmed = false;
    for (uint32_t i = 0; i < backtrace->count && !confirmed; i++)
        confirmed = kd_frame_is_sure(&frames[i]);
    for (uint32_t i = 0; i < backtrace->count; i++) {
        if (!may_wait(&frames[i], confirmed))
            continue;
        kd_str function = frames[i].function.v;
        size_t wait = wait_of(function);
        if (wait < KD_COUNT(waits))
            note_wait(wait, function, waits_in, waits_for);
        if (wait < KD_COUNT(waits) ? waits[wait].pass : kd_blame_never(function))
            continue;
        if (kd_str_in_words(kd_bare_name(function),
                            "kthread worker_thread rescuer_thread kthread_worker_fn")) {
            kd_blame_none(blame, KD_WHY_UNWOKEN);
            return;
        }
        blame->function = frames[i].function;
        blame->module = frames[i].module;
        blame->why =
            (kd_text){ waits_for && waits_for->src
                           ? KD_STR("it waits there; who should end the wait is somebody else")
                           : KD_STR("innermost frame above the scheduler and the lock"),
                       KD_DERIVED };
        blame->frame = (kd_u64){ i, KD_DERIVED };
        return;
    }
    kd_blame_none(blame, backtrace->count ? "only the scheduler is left of the stack"
                                          : "no stack is printed");
}

bool kd_other_report_begins(kd_str text)
{
    static const char *const begins[] = {
        "------------[ cut here",
        "======================================",
        "BUG: Bad ",
        "BUG: KASAN",
        "BUG: KCSAN",
        "BUG: KFENCE",
        "BUG: KMSAN",
        "BUG: kernel NULL",
        "BUG: memory leak",
        "BUG: scheduling while atomic",
        "BUG: sleeping function",
        "BUG: spinlock",
        "BUG: unable to handle",
        "BUG: using ",
        "Internal error: ",
        "Kernel panic - not syncing",
        "Linux version ",
        "Oops",
        "Out of memory",
        "SysRq : ",
        "UBSAN: ",
        "Unable to handle ",
        "WARNING: ",
        "divide error:",
        "general protection",
        "invalid opcode:",
        "kernel BUG at",
        "sysrq: ",
    };
    return kd_str_starts_any(text, begins, KD_COUNT(begins));
}
