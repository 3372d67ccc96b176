/* rule_links.c - a bad pointer that an earlier event or line of the boot tells of, too.
 *
 * How sure that is stands in how exact the match is: the very number, the object that holds it, or
 * a number near it; the page, where hardware is meant. A corrected error of the hardware elsewhere
 * left all data as it was: it is no cause.
 */
#include "base/scan.h"
#include "core/diag.h"
#include "family/fault/decode_code.h"
#include "family/fault/decode_mce.h"
#include "family/fields.h"
#include "family/pointer/rule_pointer.h"

/* An object that a checker reported: its report names one address in it. */
#define NEAR 64u
/* Addresses below are no objects: a NULL pointer is the same in each oops. */
#define LEAST UINT64_C(0x10000)
/* Machine checks of other units give addresses of code there. */
#define PHYSICAL_END (UINT64_C(1) << 52)
/* Of a cache: what is read and corrected at once. */
#define LINE 64u
/* Data that was lost is met so soon. */
#define MOST_SECONDS UINT64_C(300)

/* A place that has to do with the fault. */
typedef struct place {
    uint64_t value; /* 0: not known */
    const char *words;
    uint64_t frame;         /* of the page that it lies in */
    bool has_frame, proper; /* proper: an address, no poison or number that many reports share */
} place;

enum { SLOT, HOLDER, POINTER, ADDRESS, PLACES };

typedef struct wanted {
    const kd_view *view;
    place all[PLACES];
    uint64_t page_bytes;
} wanted;

/* Poison and numbers stand in many reports that have nothing to do with each other. */
static bool is_proper(const kd_view *view, const kdf_oops *oops, uint64_t value)
{
    bool wide = kd_is_64_bit(view->context, oops), freed;
    uint8_t byte = kd_poison_byte(value, wide);
    return value >= LEAST && !kd_list_poison(view->context, value, !wide) &&
           !kd_pointer_error(value, wide) && !(byte && kd_poison_words(byte, &freed));
}

static void add(wanted *w, const kdf_oops *oops, const kd_address_map *map, size_t at,
                uint64_t value, const char *words)
{
    place *to = &w->all[at];
    *to = (place){ .value = value, .words = words };
    if (!value)
        return;
    to->proper = is_proper(w->view, oops, value);
    to->has_frame = kd_linear_frame(map, value, &to->frame);
}

static void look_for(wanted *w, const kd_view *view, const kdf_oops *oops)
{
    const kdf_origin *from = &oops->code.origin;
    kd_address_map map;
    kd_pointer p;
    bool known = kd_pointer_of(oops, view->context, &p);
    kd_view_map(view, oops, &map);
    *w = (wanted){ .view = view, .page_bytes = map.page_kb * 1024 };
    add(w, oops, &map, SLOT, from->slot.v, "where the pointer stood");
    add(w, oops, &map, HOLDER, from->slot.src ? from->base_value.v : 0,
        "the object that held the pointer");
    add(w, oops, &map, POINTER, known ? p.value : 0, "what the pointer points at");
    add(w, oops, &map, ADDRESS, oops->address.v, "the address of this fault");
}

/* ---- the hardware ---------------------------------------------------------------------------- */

static bool is_memory(const kd_event *event, const kdf_hardware_error *error)
{
    return kd_str_is(kd_str_of(event->kind->name), "memory_error") ||
           kd_str_has(error->status.class.v, "memory");
}

/* The page frame that the record is of. */
static bool frame_of_error(const wanted *w, const kd_event *event, const kdf_hardware_error *error,
                           uint64_t *frame, kd_src *src)
{
    const kd_hex *at = &error->oops.address;
    if (error->page.src) {
        *frame = error->page.v;
        *src = error->page.src;
        return true;
    }
    if (!at->src || !is_memory(event, error) || at->v >= PHYSICAL_END || !w->page_bytes)
        return false;
    *frame = at->v / w->page_bytes;
    *src = at->src;
    return true;
}

static bool is_of_reach(const kd_view *view, const kd_event *event)
{
    uint64_t last = kd_event_last_us(event), now = view->event->time_us;
    return !event->has_time || !view->event->has_time || now < last ||
           now - last <= MOST_SECONDS * 1000000u;
}

static void say_tied(kd_emit *out, const kd_event *event)
{
    const kd_diag *cause = kd_primary_of(event);
    kd_say_event(out, event);
    if (cause)
        kd_say_caused_by(out, cause);
}

/* The very page: the access went there, or the pointer was read there. */
static void say_same_page(const wanted *w, const kd_event *event, kd_emit *out, const place *p,
                          kd_src src)
{
    const kdf_hardware_error *error = KD_BODY(event, hardware_error);
    kd_mce_grade grade = kd_mce_grade_of(error);
    bool read = p == &w->all[SLOT], lost = grade == KD_MCE_UNCORRECTED;
    uint64_t page = p->value - p->value % w->page_bytes, start = page - p->frame * w->page_bytes;
    uint64_t at = p->value - start;
    bool line = error->oops.address.src && at / LINE == error->oops.address.v / LINE;
    say_tied(out, event);
    kd_say_evidence(out, event, src, "the hardware reported an error in the page that %s",
                    read ? "held the pointer" : "the access went to");
    kd_say_more(
        out, " The hardware had reported %s error in %s that %s: %s.",
        lost                        ? "an uncorrected"
        : grade == KD_MCE_CORRECTED ? "a corrected"
                                    : "an",
        line ? "the very cache line" : "the page", read ? "held the pointer" : "the access went to",
        lost || line ? "most likely the memory spoiled it" : "the memory may have spoiled it");
    kd_say_proof(out, kd_text_of(out, "%s lies in page frame 0x%llx", p->words, KD_LLU(p->frame)),
                 "(0x%llx - 0x%llx) / 0x%llx = 0x%llx", KD_LLU(page), KD_LLU(start),
                 KD_LLU(w->page_bytes), KD_LLU(p->frame));
    kd_say_hex(out, "physical_address", at);
    kd_say_remedy(out, "Memory errors were counted in that very page: test the module "
                       "(memtest86+), and replace it.");
}

/* Data was lost, and the log does not tell that it was of another page. */
static bool compare_loss(const wanted *w, const kd_event *event, kd_emit *out, bool paged)
{
    const kdf_hardware_error *error = KD_BODY(event, hardware_error);
    if (kd_mce_grade_of(error) != KD_MCE_UNCORRECTED || error->previous_boot.v ||
        !is_of_reach(w->view, event))
        return false;
    for (size_t i = 0; i < PLACES && paged; i++)
        if (w->all[i].has_frame && (i == SLOT || i == ADDRESS) && w->all[i].proper)
            return false;
    say_tied(out, event);
    kd_say_evidence(out, event, error->oops.headline.src, "the hardware reported lost data before");
    kd_say_more(out, " The hardware had reported an uncorrected error before: it may have spoiled "
                     "the pointer.");
    return true;
}

static bool compare_hardware(const wanted *w, const kd_event *event, kd_emit *out)
{
    const kdf_hardware_error *error = KD_BODY(event, hardware_error);
    uint64_t frame;
    kd_src src;
    bool paged = frame_of_error(w, event, error, &frame, &src);
    for (size_t i = 0; i < PLACES && paged; i++) {
        const place *p = &w->all[i];
        if (!p->has_frame || p->frame != frame || (i != SLOT && i != ADDRESS) || !p->proper)
            continue;
        say_same_page(w, event, out, p, src);
        return true;
    }
    return compare_loss(w, event, out, paged);
}

void kd_say_bad_memory(const kd_view *view, kd_emit *out)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    if (!out->diag || out->diag->caused_by.count > 0)
        return; /* a surer match was told */
    for (size_t i = wide->index; i-- > span.from;) {
        const kd_event *event = wide->events[i];
        const kdf_hardware_error *error = KD_BODY(event, hardware_error);
        if (!error || event->boot != view->event->boot || error->previous_boot.v ||
            !is_memory(event, error))
            continue;
        say_tied(out, event);
        kd_say_evidence(out, event, error->oops.headline.src,
                        "the memory had reported errors of its own");
        kd_say_more(out, " The memory had reported errors before; that they are of the same place "
                         "is not told.");
        return;
    }
}

/* ---- numbers that a text names --------------------------------------------------------------- */

/* "ffff88810b1a3c40", "c7a31e40": is one of the numbers of the text the value? */
static bool names(kd_str text, uint64_t value)
{
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; at < end; at++) {
        kd_scan in = { at, end, false };
        uint64_t number;
        if (!kd_is_hex(*at) || !kd_scan_hex(&in, &number))
            continue;
        if ((in.at - at == 8 || in.at - at == 16) && number == value)
            return true;
        at = in.at - 1;
    }
    return false;
}

static void say_told(kd_emit *out, const kd_event *event, kd_src src, uint64_t told,
                     const char *how, const place *p)
{
    const kd_diag *cause = kd_primary_of(event);
    kd_say_event(out, event);
    kd_say_evidence(out, event, src, "an earlier report (%s) named 0x%llx: %s%s", event->kind->name,
                    KD_LLU(told), how, p->words);
    if (cause)
        kd_say_caused_by(out, cause);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Lists, reference counts, SLUB: their sentences name the entries. */
static bool compare_sentence(const wanted *w, const kd_event *event, const kdf_oops *told,
                             kd_emit *out)
{
    for (size_t i = 0; i < PLACES; i++) {
        const place *p = &w->all[i];
        if (!p->proper || !told->headline.src || !names(told->headline.v, p->value))
            continue;
        say_told(out, event, told->headline.src, p->value, "", p);
        return true;
    }
    return false;
}

/* A number of an event whose struct is not of a family above; false: it has none. */
static bool number_of(const kd_event *event, const char *path, uint64_t *number, kd_src *src)
{
    kd_value value;
    if (kd_fields_get(event->kind->fields, event->body, kd_str_of(path), &value, src) != KD_OK ||
        (value.type != KD_HEX && value.type != KD_U64))
        return false;
    *number = value.as.u;
    return true;
}

/* The object of the report, or what stands near the address that it names. */
static bool compare_object(const wanted *w, const kd_event *event, const kdf_oops *told,
                           kd_emit *out)
{
    uint64_t object, size;
    kd_src src, of_size;
    bool sized = number_of(event, "object", &object, &src) &&
                 number_of(event, "object_size", &size, &of_size);
    for (size_t i = 0; i < PLACES; i++) {
        const place *p = &w->all[i];
        if (p->value < LEAST)
            continue;
        if (sized && p->value - object < size) {
            say_told(out, event, src, object, "its object holds ", p);
            return true;
        }
        if (told->address.src && told->address.v >= LEAST &&
            distance(told->address.v, p->value) < NEAR) {
            say_told(out, event, told->address.src, told->address.v,
                     told->address.v == p->value ? "" : "near it is ", p);
            return true;
        }
    }
    return false;
}

/* ---- another oops ---------------------------------------------------------------------------- */

static bool compare_oops(const wanted *w, const kd_event *event, const kdf_oops *oops, kd_emit *out)
{
    const place *slot = &w->all[SLOT], *pointer = &w->all[POINTER];
    const char *what = NULL;
    kd_src src = oops->address.src;
    kd_pointer p;
    if (oops->address.src && oops->address.v >= LEAST && oops->address.v == w->all[ADDRESS].value)
        what = "the same address in an earlier oops";
    else if (slot->proper && oops->code.origin.slot.src && oops->code.origin.slot.v == slot->value)
        what = "an earlier oops loaded its pointer from the same place";
    else if (pointer->value >= LEAST && kd_pointer_of(oops, w->view->context, &p) &&
             p.value == pointer->value) {
        what = "the same pointer in an earlier oops";
        src = p.src;
    }
    if (!what)
        return false;
    kd_say_event(out, event);
    kd_say_evidence(out, event, src, "%s", what);
    return true;
}

/* True: it has to do with it. */
static bool compare(const wanted *w, const kd_event *event, kd_emit *out)
{
    const kdf_oops *oops = KD_BODY(event, oops);
    const kdf_oops *told = kd_event_part(event, &kd_fields_oops, NULL); /* checkers have one, too */
    if (oops)
        return compare_oops(w, event, oops, out);
    if (KD_BODY(event, hardware_error))
        return compare_hardware(w, event, out);
    return told && (compare_sentence(w, event, told, out) || compare_object(w, event, told, out));
}

/* Lines shortly before that are of no event. */
static void say_notes(const wanted *w, kd_emit *out, const kdf_oops *oops)
{
    for (uint32_t i = 0; i < oops->notes.count; i++) {
        const kdf_note *note = &KD_ITEMS(oops->notes, kdf_note)[i];
        for (size_t k = 0; k < PLACES; k++) {
            if (!w->all[k].proper || w->all[k].value != note->address.v)
                continue;
            kd_say_evidence(out, w->view->event, note->address.src, "%s was printed shortly before",
                            k == SLOT      ? "the place where the pointer stood"
                            : k == POINTER ? "the pointer"
                                           : w->all[k].words);
            break;
        }
    }
}

void kd_pointer_say_links(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    wanted w;
    look_for(&w, view, oops);
    say_notes(&w, out, oops);
    for (size_t i = wide->index; i-- > span.from;)
        if (wide->events[i]->boot == view->event->boot && compare(&w, wide->events[i], out))
            return; /* the nearest tells enough */
}

bool kd_say_flipped_before(const kd_view *view, kd_emit *out, uint64_t bit)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = wide->index; i-- > span.from;) {
        const kd_event *event = wide->events[i];
        const kd_diag *flip = event->boot == view->event->boot && KD_BODY(event, oops)
                                  ? kd_diag_of("oops.bit-flip", event)
                                  : NULL;
        const kd_value *before = flip ? kd_diag_fact(flip, "bit") : NULL;
        if (!before || before->as.u != bit)
            continue;
        kd_say_event(out, event);
        kd_say_evidence(out, event, KD_BODY(event, oops)->headline.src,
                        "bit %llu was flipped in an earlier oops, too", KD_LLU(bit));
        return true;
    }
    return false;
}
