/* check_claims.c [--every N] [--seed S] LOG...: no claim gets stronger by losing text.
 *
 * Each log is analysed whole; then cut at bytes of the lines that its events hold, with such lines
 * torn (their rest lost, the lines after them there), and with events closed at a limit of lines.
 * A diagnosis that says more than the whole log's report is a claim that the log does not hold: the
 * rest was taken for the whole. A weaker, more general verdict may take the place of a narrower
 * one, and log.* speaks of the loss itself.
 *
 * --every N: every N-th byte only (1: all of them, takes minutes); --seed S: other places.
 */
#include "load.h"

static unsigned long long state, seed = 88172645463325252u;
static size_t every = 97, runs_cut, runs_torn, runs_limit, found;
static const char *const kinds[] = { "cut", "torn", "limit" };

/* ---- which claim is stronger? ---------------------------------------------------------------- */

/* Verdicts on one event compete inside these groups: by the part of the id before the dot. */
static char area_of(const char *id)
{
    static const struct {
        const char *start;
        char area;
    } areas[] = { { "alloc.", 'a' },  { "vmalloc.", 'a' }, { "cma.", 'a' },  { "leak.", 'a' },
                  { "memory.", 'a' }, { "oops.", 'o' },    { "free.", 'o' }, { "bug.", 'o' },
                  { "module.", 'm' }, { "hang.", 'h' },    { "panic.", 'p' } };
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++)
        if (strncmp(id, areas[i].start, strlen(areas[i].start)) == 0)
            return areas[i].area;
    return '?';
}

/* The claim itself: what follows it are details of what the log still holds. */
static kd_str first_sentence(kd_str whole)
{
    for (size_t i = 0; i + 1 < whole.len; i++)
        if (whole.ptr[i] == '.' && whole.ptr[i + 1] == ' ')
            return (kd_str){ whole.ptr, i };
    return whole;
}

/* Every number of the text stands in the other one too. */
static int has_numbers(kd_str whole, kd_str part)
{
    size_t from, len;
    for (size_t i = 0; i < part.len; i = from + len + (len == 0)) {
        for (from = i; from < part.len && (part.ptr[from] < '0' || part.ptr[from] > '9'); from++)
            ;
        for (len = 0;
             from + len < part.len && part.ptr[from + len] >= '0' && part.ptr[from + len] <= '9';
             len++)
            ;
        if (len == 0)
            return 1;
        size_t k = 0;
        for (; k + len <= whole.len; k++)
            if (memcmp(whole.ptr + k, part.ptr + from, len) == 0)
                break;
        if (k + len > whole.len)
            return 0;
    }
    return 1;
}

/* How a report stands to a claim: confidence of the same rule, of its area; -1: none. */
typedef struct standing {
    int same, area, numbers;
} standing;

/* What the header of the event itself says, whatever led to it: that a WARN() fired and that a
 * module was not loaded is true of each narrow verdict on such an event, however sure that is. */
static int is_of_header(const char *general, const char *narrow)
{
    if (strcmp(general, "bug.warning") == 0)
        return strncmp(narrow, "alloc.", 6) == 0 || strncmp(narrow, "bug.", 4) == 0 ||
               strncmp(narrow, "hang.", 5) == 0 || strcmp(narrow, "net.transmit-timeout") == 0;
    return strcmp(general, "module.load-failed") == 0 && strncmp(narrow, "module.", 7) == 0;
}

/* Its proof is that of the general one; what it is not certain of is where the NULL came from. */
static int holds_proof(const char *general, const char *narrow)
{
    return strcmp(general, "oops.null-deref") == 0 &&
           strcmp(narrow, "oops.unchecked-allocation") == 0;
}

/* The narrow verdict implies the general one, which is no more certain than it was. */
static int is_general(const char *general, const char *narrow)
{
    /* exhausted: below the marks in the zones that the mask allows, while others, of which other
     * lines tell, are not */
    if (strcmp(general, "alloc.below-watermark") == 0)
        return strcmp(narrow, "alloc.zone-exhausted") == 0;
    /* where modules have no area of their own (else it is not said for certain) theirs is that */
    if (strcmp(general, "vmalloc.space-exhausted") == 0)
        return strcmp(narrow, "vmalloc.module-space-exhausted") == 0;
    return is_of_header(general, narrow) || holds_proof(general, narrow);
}

/* Other families have no groups: their own prefix is one. */
static int is_same_area(const char *a, const char *b)
{
    char area = area_of(a);
    size_t prefix = strcspn(a, ".") + 1;
    return area == area_of(b) && (area != '?' || strncmp(a, b, prefix) == 0);
}

static void stand(const kd_report *report, const kd_diag *claim, standing *out)
{
    for (size_t i = 0; report && i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        int confidence = (int)kd_diag_confidence(diag);
        if (is_same_area(kd_diag_id(diag), kd_diag_id(claim)) && confidence > out->area)
            out->area = confidence;
        if (strcmp(kd_diag_id(diag), kd_diag_id(claim)) != 0 &&
            !is_general(kd_diag_id(claim), kd_diag_id(diag)))
            continue;
        bool narrow = strcmp(kd_diag_id(claim), kd_diag_id(diag)) != 0;
        if (narrow && is_of_header(kd_diag_id(claim), kd_diag_id(diag)) &&
            confidence < (int)KD_LIKELY)
            confidence = (int)KD_LIKELY;
        if (holds_proof(kd_diag_id(claim), kd_diag_id(diag)))
            confidence = (int)KD_CERTAIN;
        out->same = confidence > out->same ? confidence : out->same;
        out->numbers |= narrow || has_numbers(kd_diag_explanation(diag),
                                              first_sentence(kd_diag_explanation(claim)));
    }
}

static int is_allowed(const kd_report *const *logs, size_t count, const kd_diag *claim)
{
    int confidence = (int)kd_diag_confidence(claim), certain = confidence == KD_CERTAIN;
    standing s = { -1, -1, 0 };
    for (size_t i = 0; i < count; i++)
        stand(logs[i], claim, &s);
    if (s.same >= confidence)
        return !certain || s.numbers;
    /* How likely these are depends on what the log lacks: lines that could speak against them may
     * be what was lost, and they say so themselves, as what they assume.
     * Its assumption is the RAM. */
    if (!certain && strcmp(kd_diag_id(claim), "vmalloc.request-too-large") == 0)
        return 1;
    /* only kernels with CMA debugging print the pieces: no list is what the others print */
    if (!certain && strcmp(kd_diag_id(claim), "cma.no-free-range") == 0)
        return 1;
    /* The kernel's own headline says so of an access below 4096; that the pointer was NULL itself
     * is assumed in words, as long as no register shows another base. */
    if (!certain && strcmp(kd_diag_id(claim), "oops.null-deref") == 0)
        return 1;
    /* What rules a possibility out may be what was lost: that it is possible is then true. And the
     * rules on one event compete: where the text that the first needs is lost a later one speaks,
     * no surer than that was and never for certain. */
    return !certain && (s.area >= confidence || confidence <= (int)KD_POSSIBLE);
}

/* ---- losing text ----------------------------------------------------------------------------- */

typedef struct run {
    kd_engine *engine;
    const char *path;
    text log;
    kd_report *whole;
    /* the log up to the event at hand; up to its end; without it */
    kd_report *before, *upto, *without;
} run;

static void compare(const run *r, const kd_report *other, const kd_report *another,
                    const kd_report *part, int kind, size_t place, kd_str line)
{
    const kd_report *const logs[] = { r->whole, other, another };
    for (size_t i = 0; part && i < kd_report_diag_count(part); i++) {
        const kd_diag *claim = kd_report_diag(part, i);
        kd_str says = kd_diag_explanation(claim);
        if (strncmp(kd_diag_id(claim), "log.", 4) == 0 || is_allowed(logs, 3, claim))
            continue;
        found++;
        printf("%s: %s at %zu: %s %s: %.*s\n    %.*s\n", r->path, kinds[kind], place,
               kd_diag_confidence(claim) == KD_CERTAIN ? "certain" : "stronger", kd_diag_id(claim),
               (int)(says.len < 240 ? says.len : 240), says.ptr,
               (int)(line.len < 160 ? line.len : 160), line.ptr);
    }
}

static kd_report *analyze(const run *r, const char *data, size_t len, uint32_t max_event_lines)
{
    kd_report *report = NULL;
    kd_options options;
    kd_options_init(&options, sizeof options);
    if (max_event_lines)
        options.max_event_lines = max_event_lines;
    must(kd_analyze(r->engine, (kd_str){ data, len }, &options, &report), "kd_analyze");
    return report;
}

/* The log without the bytes from `from` to `to`. */
static kd_report *analyze_without(const run *r, size_t from, size_t to)
{
    char *copy = malloc(r->log.len + 1);
    if (!copy)
        exit(2);
    memcpy(copy, r->log.ptr, from);
    memcpy(copy + from, r->log.ptr + to, r->log.len - to);
    kd_report *report = analyze(r, copy, from + r->log.len - to, 0);
    free(copy);
    return report;
}

static size_t line_start(const run *r, size_t at)
{
    while (at > 0 && r->log.ptr[at - 1] != '\n')
        at--;
    return at;
}

static void cut(const run *r, size_t at)
{
    kd_report *part = analyze(r, r->log.ptr, at, 0);
    size_t from = line_start(r, at);
    compare(r, r->before, r->upto, part, 0, at, (kd_str){ r->log.ptr + from, at - from });
    kd_report_free(part);
    runs_cut++;
}

/* The line that `at` stands in loses its rest. */
static void tear(const run *r, size_t at)
{
    const char *end = memchr(r->log.ptr + at, '\n', r->log.len - at);
    size_t from = line_start(r, at), rest = end ? (size_t)(end - r->log.ptr) : r->log.len;
    kd_report *part = analyze_without(r, at, rest);
    compare(r, r->without, NULL, part, 1, at, (kd_str){ r->log.ptr + from, at - from });
    kd_report_free(part);
    runs_torn++;
}

static void limit(const run *r, uint32_t lines)
{
    kd_report *part = analyze(r, r->log.ptr, r->log.len, lines);
    compare(r, NULL, NULL, part, 2, lines, (kd_str){ "", 0 });
    kd_report_free(part);
    runs_limit++;
}

/* ---- which lines ----------------------------------------------------------------------------- */

typedef struct log_lines {
    size_t count;
    size_t *start; /* by number from 1; one more for the end of the log */
    size_t *event; /* which holds it: number from 1; 0: none */
    size_t *first; /* first and last line of that event */
    size_t *last;
} log_lines;

static size_t *numbers(size_t count)
{
    size_t *items = calloc(count, sizeof *items);
    if (!items)
        exit(2);
    return items;
}

/* Numbers behind "lines": in an event's JSON: [[2,12],[14,20]]. */
static void mark_event(const char *json, size_t event, log_lines *l)
{
    const char *at = strstr(json, "\"lines\":[");
    char *rest;
    for (at = at ? at + strlen("\"lines\":[") : NULL; at && (*at == '[' || *at == ',');) {
        at += *at == ',';
        unsigned long first = strtoul(at + 1, &rest, 10), last = strtoul(rest + 1, &rest, 10);
        for (; first <= last && first < l->count; first++) {
            l->event[first] = event;
            l->first[event] = l->first[event] ? l->first[event] : first;
            l->last[event] = first;
        }
        at = rest + 1;
    }
}

static void find_lines(const run *r, log_lines *l)
{
    size_t events = kd_report_event_count(r->whole) + 1;
    l->count = 1;
    for (size_t i = 0; i < r->log.len; i++)
        l->count += r->log.ptr[i] == '\n';
    l->count++;
    l->start = numbers(l->count + 1);
    l->event = numbers(l->count + 1);
    l->first = numbers(events + 1);
    l->last = numbers(events + 1);
    size_t line = 1;
    for (size_t i = 0; i < r->log.len; i++)
        if (r->log.ptr[i] == '\n')
            l->start[++line] = i + 1;
    for (; line < l->count; line++)
        l->start[line + 1] = r->log.len;
    for (size_t i = 0; i + 1 < events; i++) {
        text json = { NULL, 0, 0 };
        must(kd_event_write(kd_report_event(r->whole, i), text_put, &json), "kd_event_write");
        text_put("", 1, &json);
        mark_event(json.ptr, i + 1, l);
        free(json.ptr);
    }
}

static void free_lines(log_lines *l)
{
    free(l->start);
    free(l->event);
    free(l->first);
    free(l->last);
}

static void take_event(run *r, size_t first, size_t end)
{
    kd_report_free(r->before);
    kd_report_free(r->upto);
    kd_report_free(r->without);
    r->before = analyze(r, r->log.ptr, first, 0);
    r->upto = analyze(r, r->log.ptr, end, 0);
    r->without = analyze_without(r, first, end);
}

/* Its places are its own: another log beside it does not move them. */
static void seed_for(const run *r)
{
    state = seed;
    for (size_t i = 0; i < r->log.len; i++)
        state = (state ^ (unsigned char)r->log.ptr[i]) * 1099511628211u;
    state |= 1;
}

static void check_log(run *r)
{
    log_lines l;
    seed_for(r);
    size_t event = 0, held = 0, turn = random_below(&state, every);
    r->whole = analyze(r, r->log.ptr, r->log.len, 0);
    r->before = r->upto = r->without = NULL;
    find_lines(r, &l);
    for (size_t line = 1; line < l.count; line++) {
        if (l.event[line] == 0)
            continue;
        held++;
        if (l.event[line] != event) {
            event = l.event[line];
            take_event(r, l.start[l.first[event]], l.start[l.last[event] + 1]);
        }
        for (size_t at = l.start[line]; at < l.start[line + 1]; at++) {
            if (++turn % every == 0)
                cut(r, at);
            if (random_below(&state, every) == 0)
                tear(r, at);
        }
    }
    for (uint32_t most = 16; most < held + 1 && most < 400;
         most += 1 + (uint32_t)random_below(&state, every))
        limit(r, most);
    kd_report_free(r->whole);
    kd_report_free(r->before);
    kd_report_free(r->upto);
    kd_report_free(r->without);
    free_lines(&l);
}

int main(int argc, char **argv)
{
    run r;
    int i = 1, logs = 0;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        unsigned long value = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--every") == 0)
            every = value ? value : 1;
        else
            seed ^= value << 20;
    }
    must(kd_engine_new(&r.engine, NULL), "kd_engine_new");
    for (; i < argc; i++, logs++) {
        r.path = argv[i];
        r.log = load_file(argv[i]);
        check_log(&r);
        free(r.log.ptr);
    }
    kd_engine_free(r.engine);
    printf("%d logs, %zu cuts, %zu tears, %zu limits: %zu claims got stronger\n", logs, runs_cut,
           runs_torn, runs_limit, found);
    return logs == 0 || found > 0;
}
