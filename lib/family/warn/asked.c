/* asked.c - what gives away that somebody asked for a crash: look-up in asked.def. */
#include "family/warn/asked.h"

#include "family/fields.h"
#include "family/shared/parse_shared.h"

static const struct {
    const char *what, *name;
} askers[] = {
#define KD_ASKED(by, what, name) [KD_BY_##by] = { what, name },
#include "family/warn/asked.def"
};

static const struct {
    kd_asked_by by;
    const char *function, *modules;
} frames[] = {
#define KD_ASKED_FRAME(by, function, modules) { KD_BY_##by, function, modules },
#include "family/warn/asked.def"
};

static const kd_asked_line lines[] = {
#define KD_ASKED_LINE(by, words, kinds, seconds) { KD_BY_##by, words, kinds, seconds },
#include "family/warn/asked.def"
};

const char *kd_asked_what(kd_asked_by by)
{
    return askers[by].what;
}

const char *kd_asked_name(kd_asked_by by)
{
    return askers[by].name;
}

const kd_asked_line *kd_asked_line_of(kd_str text)
{
    for (size_t i = 0; i < KD_COUNT(lines); i++)
        if (kd_str_has(text, lines[i].words))
            return &lines[i];
    return NULL;
}

/* The number of the first row that fits; the number of rows: none does. */
static size_t row_of(kd_str function, kd_str module)
{
    size_t i = 0;
    kd_str bare = kd_bare_name(function);
    for (; i < KD_COUNT(frames); i++)
        if ((!frames[i].function[0] || kd_name_fits(bare, frames[i].function)) &&
            (!frames[i].modules[0] || kd_str_in_words(module, frames[i].modules)))
            break;
    return i;
}

typedef struct search {
    size_t best;
    kd_asked *out;
} search;

static void look_at(search *in, kd_text function, kd_text module)
{
    size_t row = function.src ? row_of(function.v, module.v) : KD_COUNT(frames);
    if (row >= in->best)
        return;
    in->best = row;
    *in->out = (kd_asked){
        .by = frames[row].by, .src = function.src, .function = function.v, .module = module.v
    };
}

/* The tests of the checkers call their cases test_..., and other tests do not. */
static bool is_checker_test(const kd_event *event, const kdf_frame *test)
{
    return test && kd_str_starts(test->function.v, "test_") &&
           kd_str_in_words(kd_str_of(event->kind->name), "kasan kmsan kcsan kfence ubsan");
}

static void settle_kunit(const kd_event *event, kd_asked *out)
{
    const kd_list *stack = kd_event_backtrace(event);
    for (uint32_t i = 1; stack && i < stack->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*stack, kdf_frame)[i];
        if (frame->function.src == out->src && is_checker_test(event, frame - 1))
            out->by = KD_BY_CHECKER;
    }
}

static void look_at_stack(search *in, const kd_list *stack)
{
    for (uint32_t i = 0; stack && i < stack->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*stack, kdf_frame)[i];
        if (!frame->reliable.src || frame->reliable.v)
            look_at(in, frame->function, frame->module);
    }
}

/* Whoever asks through sysrq or LKDTM stands in the stack, and where it faults: an event that has
 * one without them is a fault of its own. */
static bool has_other_stack(const kd_event *event, kd_asked_by by)
{
    const kdf_oops *oops = kd_event_oops(event);
    const kd_list *stack = kd_event_backtrace(event);
    return (by == KD_BY_SYSRQ || by == KD_BY_LKDTM) &&
           ((oops && oops->ip.function.src) || (stack && stack->count > 0));
}

/* A line that announces this kind stands closely before it. */
static bool is_announced(const kd_event *event, kd_asked *out)
{
    const kd_asked_line *row = event->hint.meaning;
    const kd_event_hint *hint = &event->hint;
    if (!row || (row->kinds[0] && !kd_str_in_words(kd_str_of(event->kind->name), row->kinds)) ||
        (row->by == KD_BY_INJECTED && !hint->same_caller) || has_other_stack(event, row->by))
        return false;
    if (hint->has_time && event->has_time &&
        (hint->time_us > event->time_us ||
         event->time_us - hint->time_us > row->seconds * UINT64_C(1000000)))
        return false;
    *out = (kd_asked){ .by = row->by, .src = hint->src, .announce = row->words };
    return true;
}

bool kd_asked_for(const kd_event *event, kd_asked *out)
{
    search in = { KD_COUNT(frames), out };
    const kdf_oops *oops = kd_event_oops(event);
    if (oops)
        look_at(&in, oops->ip.function, oops->ip.module);
    look_at_stack(&in, kd_event_backtrace(event));
    if (in.best == KD_COUNT(frames))
        return is_announced(event, out);
    /* on the way to the crash that was asked for, another one happened */
    if (out->by == KD_BY_SYSRQ && oops && oops->ip.function.src &&
        out->src != oops->ip.function.src)
        return false;
    if (out->by == KD_BY_KUNIT)
        settle_kunit(event, out);
    return true;
}
