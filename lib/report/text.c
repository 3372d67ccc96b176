/* text.c - the report for people: 80 columns, the finding first. Layer: report. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "report/store.h"

#define WIDTH 80u

typedef struct page {
    kd_sink sink;
    bool colour;
} page;

static void put(page *out, const char *text)
{
    kd_sink_put(&out->sink, kd_str_of(text));
}

static void put_u64(page *out, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", KD_LLU(number));
    put(out, text);
}

static void style(page *out, const char *code)
{
    if (out->colour)
        put(out, code);
}

/* Control characters (C1 too) and marks that turn the direction of text would fool a terminal. */
static bool is_safe(kd_str s, size_t step)
{
    const unsigned char *c = (const unsigned char *)s.ptr;
    if (step == 1)
        return (c[0] >= 0x20 && c[0] != 0x7f);
    if (step == 2 && c[0] == 0xc2)
        return c[1] >= 0xa0;
    if (step == 3 && c[0] == 0xe2 && (c[1] == 0x80 || c[1] == 0x81))
        return !(c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) &&
               !(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
    return step > 0;
}

/* One character, escaped where needed; gives the columns it takes. */
static size_t put_char(page *out, kd_str *rest)
{
    size_t step = kd_utf8_step(*rest), columns = 1;
    kd_str c = { rest->ptr, step ? step : 1 };
    char escape[8];
    if (step == 1 && rest->ptr[0] == '\t') {
        put(out, " ");
    } else if (is_safe(*rest, step)) {
        kd_sink_put(&out->sink, c);
    } else {
        columns = 0;
        for (size_t i = 0; i < c.len; i++, columns += 4) {
            snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)c.ptr[i]);
            put(out, escape);
        }
    }
    *rest = kd_str_from(*rest, c.len);
    return columns;
}

static size_t columns_of(kd_str text)
{
    size_t columns = 0;
    while (text.len > 0) {
        size_t step = kd_utf8_step(text);
        columns += is_safe(text, step) || text.ptr[0] == '\t' ? 1 : 4 * (step ? step : 1);
        text = kd_str_from(text, step ? step : 1);
    }
    return columns;
}

static void put_indent(page *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(out, " ");
}

/* Words, wrapped at 80 columns; `indent` blanks before each line but the first. */
static void put_wrapped(page *out, size_t column, size_t indent, kd_str text)
{
    kd_str word;
    bool first = true;
    while (kd_str_split(&text, ' ', &word)) {
        size_t columns = columns_of(word);
        if (word.len == 0)
            continue;
        if (!first && column + 1 + columns > WIDTH) {
            put(out, "\n");
            put_indent(out, indent);
            column = indent;
        } else if (!first) {
            put(out, " ");
            column++;
        }
        while (word.len > 0)
            column += put_char(out, &word);
        first = false;
    }
    put(out, "\n");
}

static void put_item(page *out, const char *label, kd_str text)
{
    size_t len = strlen(label);
    put(out, label);
    put_wrapped(out, len, len, text);
}

/* A table keeps its lines and blanks; other texts are wrapped. */
static void put_equation(page *out, const char *label, kd_str text)
{
    kd_str line;
    if (!kd_str_has(text, "\n")) {
        put_item(out, label, text);
        return;
    }
    while (kd_str_split(&text, '\n', &line)) {
        put(out, label);
        while (line.len > 0)
            put_char(out, &line);
        put(out, "\n");
    }
}

/* A line of the log, cut to what is left of the row. */
static void put_log_line(page *out, kd_str text, size_t room)
{
    size_t column = 0;
    while (text.len > 0 && column < room)
        column += put_char(out, &text);
    if (text.len > 0)
        put(out, "...");
    put(out, "\n");
}

/* ---- one diagnosis --------------------------------------------------------------------------- */

static void heading(page *out, const char *text)
{
    style(out, "\033[1m");
    put(out, text);
    style(out, "\033[0m");
    put(out, "\n");
}

static void put_title(page *out, const kd_diag *diag)
{
    char label[64];
    bool grave = diag->severity >= KD_ERROR;
    snprintf(label, sizeof label, "[d%llu] %s, %s: ", KD_LLU(diag->id),
             kd_severity_name(diag->severity), kd_confidence_name(diag->confidence));
    style(out, grave ? "\033[1;31m" : "\033[1;33m");
    put_item(out, label, kd_str_of(diag->rule->title));
    style(out, "\033[0m");
    put_item(out, "     ", kd_str_of(diag->rule->id));
    for (uint32_t i = 0; i < diag->caused_by.count; i++) {
        snprintf(label, sizeof label, "     because of d%llu\n",
                 KD_LLU(KD_ITEMS(diag->caused_by, uint64_t)[i]));
        put(out, label);
    }
}

static void put_evidence(page *out, const kd_diag *diag)
{
    char label[64];
    if (diag->evidence.count > 0)
        heading(out, "  Lines");
    for (uint32_t i = 0; i < diag->evidence.count; i++) {
        const kd_evidence *piece = &KD_ITEMS(diag->evidence, kd_evidence)[i];
        int len = snprintf(label, sizeof label, "  %s%6llu  ", piece->before ? "before:" : "",
                           KD_LLU(piece->line));
        put(out, label);
        put_log_line(out, kd_str_trim(piece->text), WIDTH - 3 - (size_t)len);
        if (piece->says.len > 0)
            put_item(out, "          = ", piece->says);
    }
    if (diag->evidence_left_out) {
        put(out, "          and ");
        put_u64(out, diag->evidence_left_out);
        put(out, " more\n");
    }
}

static void put_proof(page *out, const kd_diag *diag)
{
    if (diag->proof.count > 0)
        heading(out, "  Proof");
    for (uint32_t i = 0; i < diag->proof.count; i++) {
        const kd_proof *proof = &KD_ITEMS(diag->proof, kd_proof)[i];
        put_item(out, "  - ", proof->claim);
        put_equation(out, "      ", proof->equation);
    }
}

static void put_texts(page *out, const char *title, const kd_list *list)
{
    char label[24];
    if (list->count > 0)
        heading(out, title);
    for (uint32_t i = 0; i < list->count; i++) {
        snprintf(label, sizeof label, "  %u. ", i + 1);
        put_item(out, label, KD_ITEMS(*list, kd_str)[i]);
    }
}

static void put_diag(page *out, const kd_diag *diag)
{
    put_title(out, diag);
    put(out, "\n");
    put_item(out, "  ", diag->explanation);
    put_texts(out, "  What to do", &diag->remedies);
    put_evidence(out, diag);
    put_proof(out, diag);
    put_texts(out, "  Assumed", &diag->assumes);
    put(out, "\n");
}

/* ---- around them ----------------------------------------------------------------------------- */

static void put_header(page *out, const kd_report *report)
{
    kd_str name = report->source_name.len ? report->source_name : KD_STR("(standard input)");
    style(out, "\033[1m");
    put_log_line(out, name, WIDTH - 4);
    style(out, "\033[0m");
    for (size_t i = 0; i < report->boots.len && i < 8; i++) {
        const kd_context *boot = report->boots.items[i];
        char label[48];
        snprintf(label, sizeof label, "boot %llu: ", KD_LLU(boot->boot));
        put(out, label);
        put(out, "kernel ");
        put_log_line(out, boot->release.len ? boot->release : KD_STR("unknown"), 40);
        if (boot->arch.len > 0) {
            put_indent(out, strlen(label));
            put_log_line(out, boot->arch, 20);
        }
        if (boot->hardware.len > 0) {
            put_indent(out, strlen(label));
            put_log_line(out, boot->hardware, 60);
        }
    }
    put(out, "\n");
}

static bool is_diagnosed(const kd_report *report, uint64_t id)
{
    for (size_t i = 0; i < report->diags.len; i++)
        for (uint32_t k = 0; k < report->diags.items[i]->events.count; k++)
            if (KD_ITEMS(report->diags.items[i]->events, uint64_t)[k] == id)
                return true;
    return false;
}

static void put_events(page *out, const kd_report *report)
{
    bool any = false;
    for (size_t i = 0; i < report->events.len; i++) {
        const kd_event *event = report->events.items[i];
        const kd_line_ref *first = kd_event_lines(event);
        char label[80];
        if (is_diagnosed(report, event->id))
            continue;
        if (!any)
            heading(out, "Events without a diagnosis");
        any = true;
        int len = snprintf(label, sizeof label, "  line %llu  %s: ", KD_LLU(first->number),
                           event->kind->name);
        put(out, label);
        put_log_line(out, kd_str_trim(first->raw), WIDTH - 3 - (size_t)len);
    }
    if (any)
        put(out, "\n");
}

static void put_footer(page *out, const kd_report *report)
{
    char text[256];
    snprintf(text, sizeof text,
             "%llu lines read, %llu of them in %llu events, %llu inside events not understood.",
             KD_LLU(report->stats.lines), KD_LLU(report->stats.lines_in_events),
             KD_LLU(report->events.len), KD_LLU(report->stats.lines_not_understood));
    put_item(out, "", kd_str_of(text));
    if (report->stats.limits & ~(uint32_t)KD_LIMIT_LINE)
        put(out, "A limit was reached: the report is partial.\n");
    if (report->stats.lines_cut) {
        put_u64(out, report->stats.lines_cut);
        put(out, " lines were too long and read only at their beginning.\n");
    }
}

kd_status kd_text_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user)
{
    page out;
    kd_sink_init(&out.sink, write, user);
    out.colour = flags & KD_COLOUR;
    put_header(&out, report);
    if (report->diags.len == 0)
        put(&out, report->events.len == 0 ? "Nothing was found.\n\n"
                                          : "No diagnosis for the events of this log.\n\n");
    for (size_t i = 0; i < report->diags.len; i++)
        put_diag(&out, report->diags.items[i]);
    put_events(&out, report);
    put_footer(&out, report);
    return kd_sink_end(&out.sink);
}
