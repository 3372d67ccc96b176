/* pack_event.c - what packs ask of events. Layer: family. */
#include "family/pack/pack_event.h"

#include "family/device/device.h"
#include "family/shared/parse_shared.h"

const kd_pack_entry *kd_pack_entry_of(const kd_event *event)
{
    const kdf_pack_message *message = KD_BODY(event, pack_message);
    return message ? message->described_by : NULL;
}

const kdf_message_value *kd_pack_value_of(const kdf_pack_message *message, kd_str name)
{
    const kdf_message_value *values = message->values.items;
    for (uint32_t i = 0; i < message->values.count; i++)
        if (kd_str_eq(values[i].name.v, name))
            return &values[i];
    return NULL;
}

/* ---- one event ------------------------------------------------------------------------------- */

static bool is_name(kd_str name, kd_str wanted)
{
    if (wanted.len == 0 || wanted.ptr[wanted.len - 1] != '*')
        return kd_str_eq(name, wanted);
    wanted.len--;
    return name.len >= wanted.len && kd_str_eq((kd_str){ name.ptr, wanted.len }, wanted);
}

/* "__foo.cold" and "__foo.isra.0" are "__foo", too, and "foo". */
static bool is_function(kd_str frame, kd_str wanted)
{
    kd_scan in = kd_scan_of(frame);
    kd_str whole;
    const char first = frame.len ? frame.ptr[0] : 0, other = wanted.len ? wanted.ptr[0] : 0;
    if (first != other && first != '_' && first != '.' && other != '*') /* most are none of it */
        return false;
    return is_name(frame, wanted) || is_name(kd_bare_name(frame), wanted) ||
           (kd_scan_until(&in, '.', &whole) && is_name(whole, wanted));
}

kd_pack_stack kd_pack_stack_of(const kd_event *event)
{
    const kdf_oops *oops = kd_event_oops(event);
    return (kd_pack_stack){ kd_event_backtrace(event), oops ? oops->ip.function.v : KD_STR("") };
}

bool kd_pack_has_frame(const kd_pack_stack *stack, kd_str function)
{
    const kd_list *trace = stack->trace;
    if (stack->ip.len > 0 && is_function(stack->ip, function))
        return true;
    for (uint32_t i = 0; trace && i < trace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        bool sure = !frame->reliable.src || frame->reliable.v;
        if (sure && frame->function.src && is_function(frame->function.v, function))
            return true;
    }
    return false;
}

static bool has_text(const kd_event *event, kd_str text)
{
    return text.len == 0 || kd_find(kd_event_text(event, "headline"), text.ptr, text.len) ||
           kd_find(kd_event_text(event, "reason"), text.ptr, text.len);
}

static bool has_one_frame(const kd_event *event, const kd_list *frames)
{
    kd_pack_stack stack = { NULL, { NULL, 0 } };
    if (frames->count > 0)
        stack = kd_pack_stack_of(event);
    for (uint32_t i = 0; i < frames->count; i++)
        if (kd_pack_has_frame(&stack, KD_ITEMS(*frames, kd_str)[i]))
            return true;
    return frames->count == 0;
}

bool kd_pack_is_other(const kd_pack_other *other, const kd_event *event, const kd_event *of)
{
    const kd_pack_entry *entry = kd_pack_entry_of(event);
    if (!kd_str_in_words(kd_str_of(event->kind->name), other->events.ptr) &&
        !(entry && kd_str_in_words(entry->id, other->events.ptr)))
        return false;
    return has_text(event, other->has) && has_one_frame(event, &other->frames) &&
           (!other->same_device || kd_device_may_explain(of, event));
}

/* ---- chains ---------------------------------------------------------------------------------- */

/* So many seconds between the end of the first and the begin of the second, or fewer. */
static bool is_near(const kd_event *first, const kd_event *second, uint32_t seconds)
{
    if (!first->has_time || !second->has_time)
        return true;
    uint64_t last = kd_event_last_us(first);
    return last > second->time_us ? first->time_us <= second->time_us
                                  : second->time_us - last <= seconds * UINT64_C(1000000);
}

static bool is_one_of(const kd_list *others, const kd_event *event, const kd_event *of, bool before)
{
    for (uint32_t i = 0; i < others->count; i++) {
        const kd_pack_other *other = &KD_ITEMS(*others, kd_pack_other)[i];
        if (is_near(before ? event : of, before ? of : event, other->within) &&
            kd_pack_is_other(other, event, of))
            return true;
    }
    return false;
}

bool kd_pack_explains(const kd_event *cause, const kd_event *event)
{
    const kd_pack_entry *its = kd_pack_entry_of(cause), *mine = kd_pack_entry_of(event);
    return (mine && is_one_of(&mine->caused_by, cause, event, true)) ||
           (its && is_one_of(&its->explains, event, cause, false));
}

/* Those of its boot, near it: before it, the last first, or behind it. */
static const kd_event *find_other(const kd_view *view, const kd_list *others, bool before)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    size_t count = before ? wide->index - span.from : span.to - wide->index - 1;
    for (size_t i = 0; i < count; i++) {
        const kd_event *other = wide->events[before ? wide->index - 1 - i : wide->index + 1 + i];
        if (other->boot != view->event->boot || other->before != view->event->before)
            return NULL;
        if (is_one_of(others, other, view->event, before))
            return other;
    }
    return NULL;
}

const kd_event *kd_pack_cause(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = wide->index; i-- > span.from;) {
        const kd_event *cause = wide->events[i];
        if (cause->boot != view->event->boot || cause->before != view->event->before)
            return NULL;
        if (kd_pack_explains(cause, view->event))
            return cause;
    }
    return NULL;
}

/* ---- conditions ------------------------------------------------------------------------------ */

bool kd_pack_is_for(kd_str archs, uint32_t from, uint32_t until, const kd_context *boot)
{
    if (archs.len > 0 && boot->arch.len > 0 && !kd_str_in_words(boot->arch, archs.ptr))
        return false;
    return boot->version == 0 ||
           ((from == 0 || boot->version >= from) && (until == 0 || boot->version < until));
}

static bool has_values(const kd_list *fields, const kd_event *event)
{
    const kdf_pack_message *message = KD_BODY(event, pack_message);
    for (uint32_t i = 0; i < fields->count; i++) {
        const kd_pack_wanted *wanted = &KD_ITEMS(*fields, kd_pack_wanted)[i];
        const kdf_message_value *value = message ? kd_pack_value_of(message, wanted->field) : NULL;
        uint32_t k = 0;
        while (value && k < wanted->values.count &&
               !kd_str_eq(value->text.v, KD_ITEMS(wanted->values, kd_str)[k]))
            k++;
        if (!value || k == wanted->values.count)
            return false;
    }
    return true;
}

bool kd_pack_holds(const kd_pack_when *when, const kd_view *view)
{
    return kd_pack_is_for(when->archs, when->from, when->until, view->context) &&
           has_values(&when->fields, view->event) &&
           (when->after.count == 0 || find_other(view, &when->after, true)) &&
           (when->before.count == 0 || find_other(view, &when->before, false)) &&
           (when->not_after.count == 0 || !find_other(view, &when->not_after, true));
}
