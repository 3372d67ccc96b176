/* signature.c - what tells one bug from another. Layer: problem. */
#include "problem/signature.h"

#include "core/identity.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

#define FRAMES 4u

static const struct recipe {
    const kd_kind *kind;
    const char *title, *values;
} recipes[] = {
#define KD_SIGNATURE(kind, title, values) { &kd_kind_##kind, title, values },
#include "family/families.def"
};

static const struct recipe ordinary = { NULL, "< in {blame.function}>< [{blame.module}]>",
                                        "access" };

/* clang-format off */
static const struct reason {
    const kd_kind *kind;
    const char *what, *value, *title;
} reasons[] = {
#define KD_REASON(kind, what, value, title) { &kd_kind_##kind, what, value, title },
#include "family/families.def"
};
/* clang-format on */
#define REASON_ROOM 32u

static const struct recipe *recipe_of(const kd_kind *kind)
{
    for (size_t i = 0; i < KD_COUNT(recipes); i++)
        if (recipes[i].kind == kind)
            return &recipes[i];
    return &ordinary;
}

static kd_str text_at(const kd_event *event, kd_str path, char *room, size_t size)
{
    kd_value value;
    if (kd_fields_get(event->kind->fields, event->body, path, &value, NULL) != KD_OK)
        return KD_STR("");
    switch (value.type) {
    case KD_TEXT: return value.as.s;
    case KD_U64: return kd_str_print(room, size, "%llu", KD_LLU(value.as.u));
    case KD_HEX: return kd_str_print(room, size, "0x%llx", KD_LLU(value.as.u));
    case KD_I64: return kd_str_print(room, size, "%lld", KD_LLD(value.as.i));
    case KD_BOOL: return value.as.b ? KD_STR("yes") : KD_STR("no");
    default: return KD_STR("");
    }
}

/* ---- the number ------------------------------------------------------------------------------ */

static uint64_t hash(uint64_t seed, kd_str text)
{
    /* no byte of UTF-8: "ab","c" is not "a","bc" */
    return kd_str_hash(kd_str_hash(seed, text), KD_STR("\xff"));
}

/* Without what the compiler adds ("foo.isra.0", "foo.cold") and without ppc64's leading dot. */
static kd_str bare_name(kd_str function)
{
    if (function.len > 0 && function.ptr[0] == '.')
        function = kd_str_from(function, 1);
    const char *dot = kd_str_find(function, ".");
    if (dot)
        function.len = (size_t)(dot - function.ptr);
    return function;
}

/* Zero when there is none. */
static size_t hash_frames(uint64_t *seed, const kd_event *event)
{
    const kd_list *trace = kd_event_backtrace(event);
    const kdf_oops *oops = kd_event_oops(event);
    size_t count = 0;
    if (oops && oops->ip.function.src && !kd_blame_skips(oops->ip.function.v)) {
        *seed = hash(*seed, bare_name(oops->ip.function.v));
        count++;
    }
    kd_str last = count ? bare_name(oops->ip.function.v) : KD_STR("");
    for (uint32_t i = 0; trace && i < trace->count && count < FRAMES; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        bool sure = !frame->reliable.src || frame->reliable.v;
        kd_str name = bare_name(frame->function.v);
        /* the trace of a fault begins with the function of its instruction pointer */
        if (!sure || name.len == 0 || kd_blame_skips(frame->function.v) ||
            (count == 1 && kd_str_eq(name, last)))
            continue;
        *seed = hash(*seed, name);
        count++;
    }
    return count;
}

static kd_str blanked(kd_str text, char *room, size_t size)
{
    return (kd_str){ room, kd_blank_numbers(text, room, size) };
}

static uint64_t number_of(const kd_event *event, const struct recipe *recipe)
{
    char room[64], blank[512];
    kd_str paths = kd_str_of(recipe->values), path;
    uint64_t seed = KD_HASH_START + KD_SIGNATURE_VERSION;
    seed = hash(seed, kd_str_of(event->kind->name));
    while (kd_str_split(&paths, ' ', &path))
        seed = hash(seed, blanked(text_at(event, path, room, sizeof room), blank, sizeof blank));
    if (kd_str_in_words(KD_STR("no-frames"), recipe->values))
        return seed;
    const kdf_blame *blame = kd_event_blame(event);
    seed = hash(seed, blame ? blame->module.v : KD_STR(""));
    if (hash_frames(&seed, event) > 0)
        return seed;
    kd_str name = blame ? blame->function.v : KD_STR("");
    if (name.len == 0)
        name = text_at(event, KD_STR("ip.function"), room, sizeof room);
    if (name.len > 0)
        return hash(seed, bare_name(name));
    kd_str headline = text_at(event, KD_STR("headline"), room, sizeof room);
    return hash(seed, blanked(headline, blank, sizeof blank));
}

/* ---- the title ------------------------------------------------------------------------------- */

typedef struct line {
    char bytes[256];
    size_t len;
} line;

static void add(line *out, kd_str text)
{
    for (size_t i = 0; i < text.len && out->len < sizeof out->bytes; i++)
        out->bytes[out->len++] = text.ptr[i];
}

/* Plain words with {path} in them; false: one of the paths has no value. */
static bool add_piece(line *out, const kd_event *event, kd_str piece)
{
    kd_str before, path;
    char room[64];
    while (kd_str_has(piece, "{") && kd_str_split(&piece, '{', &before) &&
           kd_str_split(&piece, '}', &path)) {
        kd_str value = text_at(event, path, room, sizeof room);
        if (value.len == 0)
            return false;
        add(out, before);
        add(out, kd_str_is(path, "blame.function") ? bare_name(value) : value);
    }
    add(out, piece);
    return true;
}

/* "< in {blame.function}>": a piece in angles is left out when it has no value. */
static void add_title(line *out, const kd_event *event, const char *title)
{
    kd_str rest = kd_str_of(title), piece;
    bool optional = false;
    while (rest.len > 0) {
        const char *mark = kd_str_find(rest, optional ? ">" : "<");
        piece = rest;
        piece.len = mark ? (size_t)(mark - rest.ptr) : rest.len;
        rest = mark ? kd_str_from(rest, piece.len + 1) : KD_STR("");
        size_t kept = out->len;
        if (!add_piece(out, event, piece))
            out->len = kept;
        optional = !optional;
    }
}

static void set_number(kd_event *event, uint64_t number)
{
    event->bug = number;
    for (size_t i = 16; i-- > 0; number >>= 4)
        event->bug_id[i] = "0123456789abcdef"[number & 15];
    event->bug_id[16] = '\0';
}

void kd_signature_set(kd_event *event)
{
    const struct recipe *recipe = recipe_of(event->kind);
    line title = { .len = 0 };
    add(&title, kd_str_of(event->kind->name));
    add_title(&title, event, recipe->title);
    set_number(event, number_of(event, recipe));
    event->bug_reason = NULL;
    /* with room for a reason: there is no memory to be asked for when that is told */
    char *copy = kd_arena_alloc(&event->arena, title.len + REASON_ROOM);
    event->bug_title = (kd_str){ copy, copy ? title.len : 0 };
    if (copy)
        memcpy(copy, title.bytes, title.len);
}

static void take_reason(kd_event *event, const struct reason *reason)
{
    size_t len = strlen(reason->title);
    if (event->bug_title.len == 0 || len > REASON_ROOM)
        return;
    /* of our own memory: kd_signature_set() */
    memcpy((char *)(uintptr_t)event->bug_title.ptr + event->bug_title.len, reason->title, len);
    event->bug_title.len += len;
    event->bug_reason = reason->title;
    uint64_t seed = hash(KD_HASH_START + KD_SIGNATURE_WITH_REASON, kd_str_of(event->bug_id));
    set_number(event, hash(hash(seed, kd_str_of(reason->what)), kd_str_of(reason->value)));
}

static bool fits(const struct reason *reason, const kd_diag *diag)
{
    if (strcmp(reason->what, "rule") == 0)
        return strcmp(reason->value, diag->rule->id) == 0;
    if (strcmp(reason->what, "deliberate") == 0)
        return diag->deliberate;
    const kd_value *fact = kd_diag_fact(diag, reason->what);
    return fact && fact->type == KD_TEXT && kd_str_is(fact->as.s, reason->value);
}

void kd_signature_reason(kd_event *event, const kd_diag *diag)
{
    if (!diag && event->bug_reason) {
        event->bug_title.len -= strlen(event->bug_reason);
        event->bug_reason = NULL;
        set_number(event, number_of(event, recipe_of(event->kind)));
    }
    for (size_t i = 0; diag && !event->bug_reason && i < KD_COUNT(reasons); i++)
        if (reasons[i].kind == event->kind && fits(&reasons[i], diag))
            take_reason(event, &reasons[i]);
}
