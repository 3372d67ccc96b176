/* text.c - the report for people: what is wrong, one line a problem; then each with its reasons.
 * Layer: report. */
#include <stdarg.h>
#include <string.h>

#include "report/page.h"
#include "report/store.h"

/* Without KD_FULL: lines that a report may take, and what of each diagnosis is shown. */
#define ENOUGH_LINES 84u
/* Proofs are shown while there are few lines. */
#define ENOUGH_FOR_PROOF 50u
#define ENOUGH_EVIDENCE 6u
#define ENOUGH_REMEDIES 4u
#define ENOUGH_PROOF 5u
#define ENOUGH_EFFECTS 4u
#define ENOUGH_PROBLEMS 20u

typedef struct text_report {
    kd_page page;
    const kd_report *report;
    bool full;
} text_report;

/* ---- words ----------------------------------------------------------------------------------- */

static const char *impact_words(kd_impact impact)
{
    static const char *const words[] = {
        [KD_IMPACT_UNKNOWN] = "",
        [KD_IMPACT_NONE] = "harmless as printed",
        [KD_IMPACT_DEGRADED] = "the machine goes on, degraded",
        [KD_IMPACT_REQUEST_FAILED] = "the request failed",
        [KD_IMPACT_TASK_KILLED] = "a task died",
        [KD_IMPACT_MACHINE_DOWN] = "the machine went down",
    };
    return words[impact];
}

/* A sentence in the making. */
typedef struct words {
    char bytes[768];
    size_t len;
} words;

static void say(words *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(words *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out->len +=
        kd_str_vprint(out->bytes + out->len, sizeof out->bytes - out->len, format, args).len;
    va_end(args);
}

static kd_str said(const words *out)
{
    return (kd_str){ out->bytes, out->len };
}

static void say_seconds(words *out, uint64_t time_us)
{
    say(out, "%llu.%03llu s", KD_LLU(time_us / 1000000), KD_LLU(time_us / 1000 % 1000));
}

static bool is_grave(kd_severity severity)
{
    return severity >= KD_ERROR;
}

/* ---- the verdicts ---------------------------------------------------------------------------- */

/* "3 times, 12.001 s to 15.200 s" */
static void say_when(words *out, const kd_problem *problem)
{
    if (problem->count > 1)
        say(out, "%llu times", KD_LLU(problem->count));
    else
        say(out, "once");
    if (!problem->has_time)
        return;
    if (problem->count > 1 && problem->last_time_us > problem->first_time_us) {
        say(out, ", ");
        say_seconds(out, problem->first_time_us);
        say(out, " to ");
    } else {
        say(out, " at ");
    }
    say_seconds(out, problem->count > 1 ? problem->last_time_us : problem->first_time_us);
}

/* "by insmod (pid 2173) in wlan_mt7663_usb" */
static void say_who(words *out, const kd_event *event)
{
    kd_value pid;
    kd_str comm = kd_event_text(event, "comm"), module = kd_event_text(event, "blame.module");
    if (comm.len > 0)
        say(out, ", task %.*s", KD_FMT(comm));
    if (comm.len > 0 &&
        kd_fields_get(event->kind->fields, event->body, KD_STR("pid"), &pid, NULL) == KD_OK &&
        pid.type == KD_U64)
        say(out, " (pid %llu)", KD_LLU(pid.as.u));
    if (module.len > 0)
        say(out, ", module %.*s", KD_FMT(module));
}

static void put_rest(text_report *out, uint32_t count)
{
    if (count > ENOUGH_EFFECTS && !out->full)
        kd_page_printf(&out->page, "     and %u more\n", count - ENOUGH_EFFECTS);
}

static void put_effects(text_report *out, const kd_problem *problem)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < problem->diags.count; i++) {
        const kd_diag *diag =
            kd_report_diag_by_id(out->report, KD_ITEMS(problem->diags, uint64_t)[i]);
        words text = { .len = 0 };
        if (!diag || diag->id == problem->root_diag)
            continue;
        if (++shown > ENOUGH_EFFECTS && !out->full)
            continue;
        say(&text, "%s, %s: %s", kd_severity_name(diag->severity),
            kd_confidence_name(diag->confidence), kd_diag_named(diag));
        kd_page_item(&out->page,
                     diag->role == KD_EFFECT ? "     then: " : "     also: ", said(&text));
    }
    put_rest(out, shown);
}

/* Events of the problem that no diagnosis speaks of: "then: panic: Fatal exception". */
static void put_other_events(text_report *out, const kd_problem *problem)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < problem->events.count; i++) {
        const kd_event *event =
            kd_report_event_by_id(out->report, KD_ITEMS(problem->events, uint64_t)[i]);
        words text = { .len = 0 };
        if (!event || event->id == problem->root_event || event->bug == problem->bug ||
            event->diagnosed)
            continue;
        if (++shown > ENOUGH_EFFECTS && !out->full)
            continue;
        say(&text, "%.*s, line %llu", KD_FMT(event->bug_title),
            KD_LLU(kd_event_lines(event)[0].number));
        kd_page_item(&out->page, "     then: ", said(&text));
    }
    put_rest(out, shown);
}

/* The kernel's own words where nothing is diagnosed. */
static void put_headline(text_report *out, const kd_event *event)
{
    static const char *const paths[] = { "headline", "reason", "message" };
    kd_str line = { NULL, 0 };
    for (size_t i = 0; i < KD_COUNT(paths) && line.len == 0; i++)
        line = kd_event_text(event, paths[i]);
    if (line.len == 0)
        line = kd_str_trim(kd_event_lines(event)[0].raw);
    kd_page_put(&out->page, "     ");
    kd_page_log(&out->page, line, out->page.width - 9);
}

static void put_facts(text_report *out, const kd_problem *problem, const kd_event *root)
{
    words text = { .len = 0 };
    say(&text, "%s; ", problem->rule ? problem->rule : "no diagnosis");
    say_when(&text, problem);
    say(&text, ", line %llu", KD_LLU(problem->first_line));
    if (root)
        say_who(&text, root);
    if (problem->impact)
        say(&text, "; %s", impact_words(problem->impact));
    if (problem->deliberate)
        say(&text, "; asked for on purpose");
    kd_page_item(&out->page, "     ", said(&text));
    if (!problem->suspect)
        return;
    text.len = 0;
    say(&text, "%s%s%.*s", kd_suspect_name(problem->suspect), problem->suspect_name.len ? ", " : "",
        KD_FMT(problem->suspect_name));
    kd_page_item(&out->page, "     whose turn: ", said(&text));
}

static void put_verdict(text_report *out, const kd_problem *problem)
{
    const kd_event *root = kd_report_event_by_id(out->report, problem->root_event);
    char label[64];
    kd_str_print(label, sizeof label, "[p%llu] %s%s%s: ", KD_LLU(problem->id),
                 kd_severity_name(problem->severity), problem->rule ? ", " : "",
                 problem->rule ? kd_confidence_name(problem->confidence) : "");
    kd_page_style(&out->page, is_grave(problem->severity) ? "\033[1;31m" : "\033[1;33m");
    kd_page_item(&out->page, label, problem->title);
    kd_page_style(&out->page, "\033[0m");
    put_facts(out, problem, root);
    if (!problem->rule && root)
        put_headline(out, root);
    put_effects(out, problem);
    put_other_events(out, problem);
}

static void put_verdicts(text_report *out)
{
    const kd_problems *problems = &out->report->problems;
    size_t shown =
        out->full || problems->standing < ENOUGH_PROBLEMS ? problems->standing : ENOUGH_PROBLEMS;
    for (size_t i = 0; i < shown; i++)
        put_verdict(out, problems->items.items[i]);
    if (shown < problems->standing)
        kd_page_printf(&out->page, "and %zu more problems\n", problems->standing - shown);
    if (problems->standing > 0)
        kd_page_put(&out->page, "\n");
}

/* Silence over bad news would be taken for a clean log. */
static void put_seen(text_report *out)
{
    for (size_t i = 0; i < out->report->seen.len; i++) {
        const kd_seen *seen = &out->report->seen.items[i];
        kd_page_printf(&out->page,
                       "seen and not analysed: %llu line%s with \"%.*s\", first line %llu\n",
                       KD_LLU(seen->count), seen->count == 1 ? "" : "s", KD_FMT(seen->wording),
                       KD_LLU(seen->first_line));
    }
    if (out->report->seen.len > 0)
        kd_page_put(&out->page, "\n");
}

/* ---- one diagnosis --------------------------------------------------------------------------- */

static void put_title(kd_page *page, const kd_diag *diag)
{
    char label[64];
    kd_page_style(page, is_grave(diag->severity) ? "\033[1;31m" : "\033[1;33m");
    kd_str_print(label, sizeof label, "[d%llu] %s, %s: ", KD_LLU(diag->id),
                 kd_severity_name(diag->severity), kd_confidence_name(diag->confidence));
    kd_page_item(page, label, kd_str_of(kd_diag_named(diag)));
    kd_page_style(page, "\033[0m");
    kd_page_item(page, "     ", kd_str_of(diag->rule->id));
    for (uint32_t i = 0; i < diag->caused_by.count; i++)
        kd_page_printf(page, "     because of d%llu\n",
                       KD_LLU(KD_ITEMS(diag->caused_by, uint64_t)[i]));
}

static void put_evidence(text_report *out, const kd_diag *diag)
{
    kd_page *page = &out->page;
    uint32_t most = out->full ? diag->evidence.count : ENOUGH_EVIDENCE;
    uint64_t hidden = diag->evidence_left_out;
    if (diag->evidence.count > 0)
        kd_page_heading(page, "  Lines");
    for (uint32_t i = 0; i < diag->evidence.count; i++) {
        const kd_evidence *piece = &KD_ITEMS(diag->evidence, kd_evidence)[i];
        if (i >= most) {
            hidden++;
            continue;
        }
        kd_page_printf(page, "  %s%6llu  ", piece->before ? "before:" : "", KD_LLU(piece->line));
        kd_page_log(page, kd_str_trim(piece->text), page->width - 13 - (piece->before ? 7 : 0));
        if (piece->says.len > 0)
            kd_page_item(page, "          = ", piece->says);
    }
    if (hidden)
        kd_page_printf(page, "          and %llu more\n", KD_LLU(hidden));
}

static void put_proof(text_report *out, const kd_diag *diag)
{
    uint32_t most = out->full ? diag->proof.count : ENOUGH_PROOF;
    if (diag->proof.count > 0)
        kd_page_heading(&out->page, "  Proof");
    for (uint32_t i = 0; i < diag->proof.count && i < most; i++) {
        const kd_proof *proof = &KD_ITEMS(diag->proof, kd_proof)[i];
        kd_page_item(&out->page, "  - ", proof->claim);
        kd_page_table(&out->page, "      ", proof->equation);
    }
    if (diag->proof.count > most)
        kd_page_printf(&out->page, "  - and %u more steps\n", diag->proof.count - most);
}

static void put_texts(text_report *out, const char *title, const kd_list *list, uint32_t enough)
{
    char label[24];
    uint32_t most = out->full ? list->count : enough;
    if (list->count > 0)
        kd_page_heading(&out->page, title);
    for (uint32_t i = 0; i < list->count && i < most; i++) {
        kd_str_print(label, sizeof label, "  %u. ", i + 1);
        kd_page_item(&out->page, label, KD_ITEMS(*list, kd_str)[i]);
    }
}

static void put_diag(text_report *out, const kd_diag *diag)
{
    put_title(&out->page, diag);
    kd_page_put(&out->page, "\n");
    kd_page_item(&out->page, "  ", diag->explanation);
    put_texts(out, "  What to do", &diag->remedies, ENOUGH_REMEDIES);
    put_evidence(out, diag);
    if (out->full || out->page.lines < ENOUGH_FOR_PROOF)
        put_proof(out, diag);
    put_texts(out, "  Assumed", &diag->assumes, ENOUGH_REMEDIES);
    put_texts(out, "  What would settle it", &diag->missing, ENOUGH_REMEDIES);
    kd_page_put(&out->page, "\n");
}

typedef struct pointed {
    const kd_fields *group;
    kd_list items;
} pointed;

static kd_str pointed_text(const pointed *list, uint32_t item, const char *name)
{
    size_t at;
    const char *base = (const char *)list->items.items + item * list->group->size;
    if (!kd_fields_find(list->group, kd_str_of(name), &at))
        return (kd_str){ NULL, 0 };
    const kd_text *text = (const void *)(base + at);
    return text->src ? text->v : (kd_str){ NULL, 0 };
}

/* All registers of one class: "linear: rbp r09 r10". */
static void put_class(text_report *out, const pointed *list, kd_str class)
{
    words text = { .len = 0 };
    char label[48];
    for (uint32_t i = 0; i < list->items.count; i++) {
        kd_str where = pointed_text(list, i, "where"), symbol = pointed_text(list, i, "symbol");
        if (kd_str_starts(where, "stack+") || !kd_str_eq(pointed_text(list, i, "class"), class))
            continue;
        say(&text, "%s%.*s", text.len ? ", " : "", KD_FMT(where));
        if (symbol.len)
            say(&text, " %.*s", KD_FMT(symbol));
    }
    kd_str_print(label, sizeof label, "     %.*s: ", KD_FMT(class));
    if (text.len)
        kd_page_item(&out->page, label, said(&text));
}

/* What the registers of the event point at, class by class. */
static void put_pointed(text_report *out, uint64_t id)
{
    const kd_event *event = kd_report_event_by_id(out->report, id);
    size_t at;
    const kd_field *field =
        event ? kd_fields_find(event->kind->fields, KD_STR("pointers"), &at) : NULL;
    if (!field || !field->group)
        return;
    pointed list = { field->group,
                     *(const kd_list *)(const void *)((const char *)event->body + at) };
    if (list.items.count > 0)
        kd_page_heading(&out->page, "  Registers");
    for (uint32_t i = 0; i < list.items.count; i++) {
        kd_str class = pointed_text(&list, i, "class");
        uint32_t first = 0;
        while (!kd_str_eq(pointed_text(&list, first, "class"), class))
            first++;
        if (first == i)
            put_class(out, &list, class);
    }
    if (list.items.count > 0)
        kd_page_put(&out->page, "\n");
}

/* Problems in their order, each with its diagnoses. The first is always shown. */
static void put_details(text_report *out)
{
    const kd_problems *problems = &out->report->problems;
    size_t left = 0, shown = 0;
    uint64_t last = 0;
    for (size_t i = 0; i < problems->standing; i++) {
        const kd_problem *problem = problems->items.items[i];
        for (uint32_t k = 0; k < problem->diags.count; k++) {
            const kd_diag *diag =
                kd_report_diag_by_id(out->report, KD_ITEMS(problem->diags, uint64_t)[k]);
            bool room = out->full || shown == 0 || out->page.lines < ENOUGH_LINES;
            if (diag && room)
                put_diag(out, diag);
            if (diag && room && diag->woken_by != last)
                put_pointed(out, last = diag->woken_by);
            shown += diag && room;
            left += diag && !room;
        }
    }
    if (left)
        kd_page_printf(&out->page, "%zu more diagnoses: ask for the full report.\n\n", left);
}

/* ---- around them ----------------------------------------------------------------------------- */

static void put_header(text_report *out)
{
    kd_page *page = &out->page;
    const kd_report *report = out->report;
    kd_str name = report->source_name.len ? report->source_name : KD_STR("(standard input)");
    kd_page_style(page, "\033[1m");
    kd_page_log(page, name, page->width - 4);
    kd_page_style(page, "\033[0m");
    for (size_t i = 0; i < report->boots.len && i < 8; i++) {
        const kd_context *boot = report->boots.items[i];
        if (boot->release.len == 0 && boot->arch.len == 0 && boot->hardware.len == 0)
            continue;
        kd_page_printf(page, "boot %llu: kernel ", KD_LLU(boot->boot));
        kd_page_words(page, boot->release.len ? boot->release : KD_STR("unknown"), 48);
        if (boot->arch.len > 0) {
            kd_page_put(page, ", ");
            kd_page_words(page, boot->arch, 16);
        }
        if (boot->hardware.len > 0) {
            kd_page_put(page, "\n        ");
            kd_page_words(page, boot->hardware, page->width - 12);
        }
        kd_page_put(page, "\n");
    }
    kd_page_put(page, "\n");
}

static void put_footer(text_report *out)
{
    kd_page *page = &out->page;
    const kd_stats *stats = &out->report->stats;
    char text[256];
    kd_page_item(page, "",
                 kd_str_print(text, sizeof text,
                              "%llu lines read, %llu of them in %llu events, %llu inside events "
                              "not understood.",
                              KD_LLU(stats->lines), KD_LLU(stats->lines_in_events),
                              KD_LLU(out->report->events.len),
                              KD_LLU(stats->lines_not_understood)));
    if (stats->limits & ~(uint32_t)KD_LIMIT_LINE)
        kd_page_put(page, "A limit was reached: the report is partial.\n");
    if (stats->lines_cut)
        kd_page_printf(page, "%llu lines were too long and read only at their beginning.\n",
                       KD_LLU(stats->lines_cut));
}

kd_status kd_text_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user)
{
    text_report out = { .report = report, .full = flags & KD_FULL };
    kd_page_init(&out.page, flags, write, user);
    put_header(&out);
    if (report->problems.standing == 0 && report->seen.len == 0)
        kd_page_put(&out.page, report->events.len == 0 ? "Nothing was found.\n\n"
                                                       : "No problem was found.\n\n");
    put_verdicts(&out);
    put_seen(&out);
    put_details(&out);
    put_footer(&out);
    return kd_sink_end(&out.page.sink);
}
