/* rule_links.c - a bad pointer that an earlier event of the boot tells of, too. */
#include "core/diag.h"
#include "family/fields.h"
#include "family/pointer/rule_pointer.h"

/* An object that a checker reported: its report names one address in it. */
#define NEAR 64u
/* Addresses below are no objects: a NULL pointer is the same in each oops. */
#define LEAST UINT64_C(0x10000)

/* What is looked for: the pointer, where it stood, the address. */
typedef struct wanted {
    uint64_t pointer, slot, address;
    uint64_t frame; /* of the page that held the pointer */
    bool has_frame;
} wanted;

static bool is_near(uint64_t told, uint64_t value)
{
    return value >= LEAST && told >= LEAST && (told - value < NEAR || value - told < NEAR);
}

static void say_checked(kd_emit *out, const kd_event *event, const kdf_oops *told,
                        const char *which)
{
    kd_say_event(out, event);
    kd_say_evidence(out, event, told->address.src, "an earlier report (%s) named 0x%llx: %s",
                    event->kind->name, KD_LLU(told->address.v), which);
    const kd_diag *cause = kd_primary_of(event);
    if (cause)
        kd_say_caused_by(out, cause);
}

/* True: it has to do with it. */
static bool compare(const kd_event *event, const wanted *w, kd_emit *out)
{
    const kdf_hardware_error *error = KD_BODY(event, hardware_error);
    const kdf_oops *oops = KD_BODY(event, oops);
    const kdf_oops *told = kd_event_part(event, &kd_fields_oops, NULL); /* checkers have one, too */
    if (error && error->page.src && w->has_frame && error->page.v == w->frame) {
        kd_say_event(out, event);
        kd_say_evidence(out, event, error->page.src,
                        "the hardware reported an error in the page that held the pointer");
        return true;
    }
    if (!oops && told && told->address.src) {
        uint64_t named = told->address.v;
        const char *which = is_near(named, w->slot)      ? "where the pointer stood"
                            : is_near(named, w->pointer) ? "what the pointer points at"
                            : is_near(named, w->address) ? "the address of this fault"
                                                         : NULL;
        if (which)
            say_checked(out, event, told, which);
        return which != NULL;
    }
    if (oops && oops->address.src && oops->address.v >= LEAST && oops->address.v == w->address) {
        kd_say_event(out, event);
        kd_say_evidence(out, event, oops->address.src, "the same address in an earlier oops");
        return true;
    }
    return false;
}

/* The page frame of an address in the linear map, where that begins with physical address 0. */
static bool frame_of(const kd_view *view, const kdf_oops *oops, uint64_t value, uint64_t *frame)
{
    kd_address_map map;
    kd_oops_map(oops, view->context, &map);
    return kd_linear_frame(&map, value, frame);
}

void kd_pointer_say_links(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    kd_pointer p;
    wanted w = { .slot = oops->code.origin.slot.v, .address = oops->address.v };
    if (kd_pointer_of(oops, view->context, &p))
        w.pointer = p.value;
    w.has_frame = w.slot && frame_of(view, oops, w.slot, &w.frame);
    for (uint32_t i = 0; i < oops->notes.count; i++) {
        const kdf_note *note = &KD_ITEMS(oops->notes, kdf_note)[i];
        if (note->address.v >= LEAST && note->address.v < UINT64_MAX - 4095 &&
            (note->address.v == w.pointer || note->address.v == w.slot))
            kd_say_evidence(out, view->event, note->address.src, "%s was printed shortly before",
                            note->address.v == w.slot ? "the place where the pointer stood"
                                                      : "the pointer");
    }
    for (size_t i = wide->index; i-- > span.from;)
        if (wide->events[i]->boot == view->event->boot && compare(wide->events[i], &w, out))
            return; /* the nearest tells enough */
}
