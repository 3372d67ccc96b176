/* chain.c - which event explains another: chain.def, and what packs say. Layer: problem. */
#include "problem/chain.h"

#include "family/device/device.h"
#include "family/fault/decode_mce.h"
#include "family/fields.h"
#include "family/pack/pack_event.h"
#include "family/shared/parse_shared.h"

/* How far back an explanation is looked for. */
#define LOOK_BACK 64u

typedef enum tie {
    TIE_NONE,
    TIE_PATH,
    TIE_DEVICE,
    TIE_ABOVE,
    TIE_NO_MEMORY,
    TIE_INLINED,
    TIE_TASK,
    TIE_DAMAGE
} tie;

typedef struct chain {
    const char *effects, *words, *causes;
    uint64_t seconds;
    tie tie;
} chain;

static const chain chains[] = {
#define KD_CHAIN(effects, words, causes, seconds) { effects, words, causes, seconds, TIE_NONE },
#define KD_CHAIN_ON_PATH(effects, words, causes, seconds) \
    { effects, words, causes, seconds, TIE_PATH },
#define KD_CHAIN_ON_DEVICE(effects, words, causes, seconds) \
    { effects, words, causes, seconds, TIE_DEVICE },
#define KD_CHAIN_ABOVE(effects, words, causes, seconds) \
    { effects, words, causes, seconds, TIE_ABOVE },
#define KD_CHAIN_NO_MEMORY(effects, words, causes, seconds) \
    { effects, words, causes, seconds, TIE_NO_MEMORY },
#define KD_CHAIN_AFTER_DAMAGE(effects, words, causes, seconds) \
    { effects, words, causes, seconds, TIE_DAMAGE },
#define KD_CHAIN_INLINED(effects, words, causes, seconds) \
    { effects, words, causes, seconds, TIE_INLINED },
#define KD_CHAIN_IN_TASK(effects, words, causes, seconds) \
    { effects, words, causes, seconds, TIE_TASK },
#include "problem/chain.def"
#undef KD_CHAIN_IN_TASK
#undef KD_CHAIN
#undef KD_CHAIN_ON_PATH
#undef KD_CHAIN_ON_DEVICE
#undef KD_CHAIN_ABOVE
#undef KD_CHAIN_NO_MEMORY
#undef KD_CHAIN_AFTER_DAMAGE
#undef KD_CHAIN_INLINED
};

static bool has_word(const kd_event *event, const char *words)
{
    kd_str rest = kd_str_of(words), word;
    if (rest.len == 0)
        return true;
    kd_str texts[] = { kd_event_text(event, "reason"), kd_event_text(event, "headline") };
    while (kd_str_split(&rest, '|', &word))
        for (size_t i = 0; i < KD_COUNT(texts); i++)
            for (size_t at = 0; at + word.len <= texts[i].len; at++)
                if (kd_str_eq((kd_str){ texts[i].ptr + at, word.len }, word))
                    return true;
    return false;
}

static bool is_near(const kd_event *cause, const kd_event *event, uint64_t seconds)
{
    uint64_t last = kd_event_last_us(cause);
    if (!cause->has_time || !event->has_time)
        return true;
    return last <= event->time_us ? event->time_us - last <= seconds * 1000000u
                                  : cause->time_us <= event->time_us;
}

/* Of two devices, one explains the other only where their names allow it. */
static bool are_of_one_device(const kd_event *event, const kd_event *cause)
{
    return !KD_BODY(event, device_error) || !KD_BODY(cause, device_error) ||
           kd_event_is(cause, &kd_kind_iommu_fault) || kd_device_may_explain(event, cause);
}

/* The effect's function, on the way of the same task to the cause. Without a task on both sides the
 * function alone tells. */
static bool is_on_path(const kd_event *event, const kd_event *cause)
{
    const kdf_blame *blame = kd_event_blame(event);
    const kdf_task *task = kd_event_task(event), *other = kd_event_task(cause);
    const kd_list *trace = kd_event_backtrace(cause);
    if (!blame || !blame->function.src || kd_blame_skips(blame->function.v) || !trace)
        return false;
    if (task && other && task->pid.src && other->pid.src && task->pid.v != other->pid.v)
        return false;
    for (uint32_t i = 0; i < trace->count; i++)
        if (kd_str_eq(KD_ITEMS(*trace, kdf_frame)[i].function.v, blame->function.v))
            return true;
    return false;
}

static bool is_on_device(const kd_event *event, const kd_event *cause)
{
    kd_str mine = kd_event_text(event, "device"), its = kd_event_text(cause, "device");
    if (mine.len == 0 || its.len == 0)
        return false;
    return KD_BODY(event, device_error) ? are_of_one_device(event, cause) : kd_str_eq(mine, its);
}

/* A headline of its own for each function that was inlined there. */
static bool is_inlined(const kd_event *event, const kd_event *cause)
{
    const kd_line_ref *last = &kd_event_lines(cause)[cause->lines.count - 1];
    return cause->kind == event->kind && last->number + 1 == kd_event_lines(event)[0].number &&
           kd_str_ends(kd_event_text(cause, "headline"), " [inline]");
}

/* The hardware lost data, and does not say where: what it says of a page is for the rules of the
 * pointers. */
static bool is_damaged(const kd_event *cause)
{
    const kdf_hardware_error *error = KD_BODY(cause, hardware_error);
    return error && kd_mce_grade_of(error) == KD_MCE_UNCORRECTED && !error->previous_boot.v &&
           !error->page.src &&
           !(kd_event_is(cause, &kd_kind_memory_error) && error->oops.address.src);
}

#define NO_MEMORY (-12)

static bool lacked_memory(const kd_event *event)
{
    const kdf_device_error *error = KD_BODY(event, device_error);
    return error && error->errno.src && error->errno.v == NO_MEMORY;
}

static bool is_tied(const kd_event *event, const kd_event *cause, tie by)
{
    switch (by) {
    case TIE_NONE: return are_of_one_device(event, cause);
    case TIE_PATH: return is_on_path(event, cause);
    case TIE_DEVICE: return is_on_device(event, cause);
    case TIE_INLINED: return is_inlined(event, cause);
    case TIE_DAMAGE: return is_damaged(cause);
    case TIE_NO_MEMORY: return lacked_memory(event);
    case TIE_ABOVE:
    case TIE_TASK: return true;
    }
    return false;
}

/* The events that may explain it, and each of their kinds once: in a flood there are few, and most
 * rows want none of them. */
typedef struct causes {
    const kd_known_items *known;
    size_t count; /* the last of known->before */
    const kd_kind *kinds[LOOK_BACK];
    size_t kind_count;
} causes;

static const kd_event *cause_at(const causes *in, size_t i)
{
    return in->known->before[in->known->before_count - 1 - i];
}

static void add_kind(causes *to, const kd_kind *kind)
{
    for (size_t i = to->kind_count; i-- > 0;)
        if (to->kinds[i] == kind)
            return;
    to->kinds[to->kind_count++] = kind;
}

static void find_causes(causes *out, const kd_event *event, const kd_known_items *known)
{
    size_t most = known->before_count < LOOK_BACK ? known->before_count : LOOK_BACK;
    out->known = known;
    out->count = out->kind_count = 0;
    for (; out->count < most; out->count++) {
        const kd_event *cause = cause_at(out, out->count);
        if (cause->boot != event->boot || cause->before)
            break;
        if (cause->problem)
            add_kind(out, cause->kind);
    }
}

static bool has_kind(const causes *in, const char *words)
{
    for (size_t i = 0; i < in->kind_count; i++)
        if (kd_str_in_words(kd_str_of(in->kinds[i]->name), words))
            return true;
    return false;
}

static kd_problem *explained_by(const kd_event *event, const chain *link, const causes *in)
{
    for (size_t i = 0; i < in->count; i++) {
        const kd_event *cause = cause_at(in, i);
        if (cause->problem && kd_str_in_words(kd_str_of(cause->kind->name), link->causes) &&
            is_near(cause, event, link->seconds) && is_tied(event, cause, link->tie))
            return kd_problem_of(cause->problem);
    }
    return NULL;
}

/* What a pack's entry says of it. */
static kd_problem *explained_by_pack(const kd_event *event, const causes *in)
{
    for (size_t i = 0; i < in->count; i++) {
        const kd_event *cause = cause_at(in, i);
        if (cause->problem && kd_pack_explains(cause, event))
            return kd_problem_of(cause->problem);
    }
    return NULL;
}

static bool is_task(const kd_event *event, const char *ends)
{
    const kdf_task *task = kd_event_task(event);
    return task && kd_str_ends(task->comm.v, ends);
}

static bool is_named(const kd_event *event, const chain *link)
{
    return link->tie == TIE_TASK ? is_task(event, link->words) : has_word(event, link->words);
}

kd_problem *kd_chain_find(const kd_event *event, const kd_known_items *known)
{
    causes in;
    find_causes(&in, event, known);
    kd_problem *of_pack = explained_by_pack(event, &in);
    if (of_pack)
        return of_pack;
    for (size_t i = 0; i < KD_COUNT(chains); i++) {
        if (!kd_str_in_words(kd_str_of(event->kind->name), chains[i].effects) ||
            !has_kind(&in, chains[i].causes) || !is_named(event, &chains[i]))
            continue;
        kd_problem *found = explained_by(event, &chains[i], &in);
        if (found)
            return found;
    }
    return NULL;
}
