/* svg.c - pictures of time, addresses and stacks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

void svg_begin(picture *to, text *out, int width, int height, const char *title)
{
    *to = (picture){ .out = out };
    /* wider than a phone: moved by keys too */
    text_add(out, "<figure tabindex=\"0\" aria-label=\"Picture: ");
    html_words(out, title);
    text_print(out,
               "\"><svg role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
               "aria-label=\"",
               width, height, width, height);
    html_words(out, title);
    text_add(out, "\">\n");
}

void svg_end(picture *to)
{
    text_add(to->out, "<desc>");
    text_put(to->said.at ? to->said.at : "", to->said.len, to->out);
    text_add(to->out, "</desc>\n");
    text_put(to->drawn.at ? to->drawn.at : "", to->drawn.len, to->out);
    text_add(to->out, "</svg></figure>\n");
    to->out->failed |= to->drawn.failed || to->said.failed;
    text_free(&to->drawn);
    text_free(&to->said);
}

void svg_bar(picture *to, int x, int y, int width, int height, const char *class)
{
    text_print(&to->drawn,
               "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\" class=\"%s\"/>\n", x, y,
               width, height, class);
}

void svg_line(picture *to, const char *class, const char *path)
{
    text_print(&to->drawn, "<path class=\"%s\" d=\"%s\"/>\n", class, path);
}

void svg_label(picture *to, int x, int y, const char *anchor, const char *class, const char *words)
{
    text_print(&to->drawn, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\"", x, y, anchor);
    if (class)
        text_print(&to->drawn, " class=\"%s\"", class);
    text_add(&to->drawn, ">");
    html_words(&to->drawn, words);
    text_add(&to->drawn, "</text>\n");
    text_add(&to->said, to->said.len ? "; " : "");
    html_words(&to->said, words);
}

/* ---- time ------------------------------------------------------------------------------------ */

enum { WIDTH = 640, LEFT = 20, RIGHT = 620, ROW = 30, MOST_ROWS = 24, MOST_EFFECTS = 4 };

/* A boot's clock, from the first to the last moment that is drawn. */
typedef struct timeline {
    const kd_report *report;
    picture to;
    uint64_t boot, from, until;
    int row, rows;
} timeline;

/* The event that a problem began with. */
static const kd_event *root_event(const kd_report *report, const kd_problem *problem)
{
    const kd_diag *diag = html_root(report, problem);
    html_part of = diag ? html_diag(diag) : html_problem(problem);
    return html_event_by_id(report, html_number(&of, diag ? "events[0]" : "root", 0));
}

static bool is_of_boot(const timeline *t, const kd_problem *problem)
{
    html_part of = html_problem(problem);
    const kd_event *event = root_event(t->report, problem);
    if (!event || !html_has_number(&of, "first_time_us"))
        return false;
    of = html_event(event);
    return html_number(&of, "boot", 0) == t->boot;
}

static int place(const timeline *t, uint64_t time)
{
    double share = (double)(time < t->from ? 0 : time - t->from) / (double)(t->until - t->from);
    return LEFT + (int)((RIGHT - LEFT) * (share > 1 ? 1 : share));
}

static void name_time(char *out, size_t size, uint64_t time)
{
    snprintf(out, size, "%llu.%03llu s", (unsigned long long)(time / 1000000),
             (unsigned long long)(time / 1000 % 1000));
}

static void put_moment(timeline *t, uint64_t first, uint64_t end, const char *class,
                       const char *words)
{
    int x = place(t, first), width = place(t, end) - x, y = 24 + t->row++ * ROW;
    bool right = x > (LEFT + RIGHT) / 2;
    svg_label(&t->to, right ? x + width + 4 : x - 4, y + 12, right ? "end" : "start", NULL, words);
    svg_bar(&t->to, x - 4, y + 17, width + 8, 7, class);
}

/* What followed from it: its other events, as far as they have a time. */
static size_t put_effects(timeline *t, const kd_problem *problem, bool only_count)
{
    html_part of = html_problem(problem);
    const kd_event *root = root_event(t->report, problem);
    size_t shown = 0, count = html_count(&of, "events");
    char at[40], words[200];
    for (size_t i = 0; i < count && shown < MOST_EFFECTS; i++) {
        const kd_event *event = html_event_by_id(t->report, html_value_at(&of, "events", i).as.u);
        if (!event || event == root)
            continue;
        html_part its = html_event(event);
        uint64_t time = html_number(&its, "time_us", 0);
        if (!html_has_number(&its, "time_us") || html_number(&its, "boot", 0) != t->boot)
            continue;
        shown++;
        if (only_count || t->row >= t->rows)
            continue;
        name_time(at, sizeof at, time);
        snprintf(words, sizeof words, "p%llu: then %.60s at %s",
                 (unsigned long long)kd_problem_id(problem), kd_event_kind(event), at);
        put_moment(t, time, time, "fe", words);
    }
    return shown;
}

static void put_problem_rows(timeline *t, const kd_problem *problem)
{
    html_part of = html_problem(problem);
    uint64_t first = html_number(&of, "first_time_us", 0);
    char at[40], words[400], class[40];
    const kd_diag *root = html_root(t->report, problem);
    kd_str title = html_str(&of, "signature.title");
    name_time(at, sizeof at, first);
    snprintf(words, sizeof words, "p%llu at %s: %.*s", (unsigned long long)kd_problem_id(problem),
             at, title.len < 80 ? (int)title.len : 80, title.ptr);
    snprintf(class, sizeof class, "f%.30s",
             root ? kd_severity_name(kd_diag_severity(root)) : "info");
    put_moment(t, first, html_number(&of, "last_time_us", first), class, words);
    put_effects(t, problem, false);
}

/* Where the clock of this boot begins and ends, and how many rows it takes. */
static void measure(timeline *t)
{
    t->from = UINT64_MAX;
    for (size_t i = 0; i < kd_report_problem_count(t->report); i++) {
        const kd_problem *problem = kd_report_problem(t->report, i);
        if (!is_of_boot(t, problem))
            continue;
        html_part of = html_problem(problem);
        uint64_t first = html_number(&of, "first_time_us", 0);
        uint64_t last = html_number(&of, "last_time_us", first);
        t->from = first < t->from ? first : t->from;
        t->until = last > t->until ? last : t->until;
        t->rows += 1 + (int)put_effects(t, problem, true);
    }
    t->rows = t->rows < MOST_ROWS ? t->rows : MOST_ROWS;
    /* days of uptime before the first problem would leave no room for the others */
    uint64_t length = t->rows > 0 ? t->until - t->from : 0;
    t->from = length > 0 && length < t->until / 8 ? t->from - length / 8 : 0;
}

static void put_timeline(text *out, const kd_report *report, uint64_t boot, bool one_of_many)
{
    timeline t = { .report = report, .boot = boot };
    char title[80], words[40];
    measure(&t);
    if (t.rows == 0 || t.until <= t.from)
        return;
    snprintf(title, sizeof title, "Time line of ");
    snprintf(title + strlen(title), sizeof title - strlen(title),
             one_of_many ? "boot %llu with its problems" : "the boot with its problems",
             (unsigned long long)boot + 1);
    svg_begin(&t.to, out, WIDTH, 40 + t.rows * ROW, title);
    snprintf(words, sizeof words, "M%d 18H%d", LEFT, RIGHT);
    svg_line(&t.to, "axis", words);
    name_time(words, sizeof words, t.from);
    svg_label(&t.to, LEFT, 12, "start", "soft", words);
    if (one_of_many) {
        snprintf(title, sizeof title, "boot %llu", (unsigned long long)boot + 1);
        svg_label(&t.to, WIDTH / 2, 12, "middle", "soft", title);
    }
    name_time(words, sizeof words, t.until);
    svg_label(&t.to, RIGHT, 12, "end", "soft", words);
    for (size_t i = 0; i < kd_report_problem_count(report) && t.row < t.rows; i++)
        if (is_of_boot(&t, kd_report_problem(report, i)))
            put_problem_rows(&t, kd_report_problem(report, i));
    svg_end(&t.to);
}

void svg_timelines(text *out, const kd_report *report)
{
    size_t count = kd_report_boot_count(report);
    for (size_t i = 0; i < count && i < 8; i++) { /* two boots have two clocks */
        html_part boot = html_boot(kd_report_context(report, i));
        put_timeline(out, report, html_number(&boot, "boot", i), count > 1);
    }
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* 64-bit architectures with two halves and a hole between. */
static bool has_halves(kd_str arch)
{
    static const char *const those[] = { "x86_64", "arm64", "riscv64" };
    for (size_t i = 0; i < sizeof those / sizeof *those; i++)
        if (arch.len == strlen(those[i]) && memcmp(arch.ptr, those[i], arch.len) == 0)
            return true;
    return false;
}

static const struct region {
    const char *name, *class;
    uint64_t from; /* the next one's is its end */
    int x;
} regions[] = {
    { "NULL page", "fb", 0, 20 },
    { "user space", "fa", 0x1000, 100 },
    { "no address (not canonical)", "fe", 0x0000800000000000, 260 },
    { "kernel", "fc", 0xffff000000000000, 450 },
    { NULL, NULL, 0, 620 },
};

void svg_address(text *out, const html_part *event, kd_str arch)
{
    kd_value address = html_value(event, "address");
    uint64_t value = address.as.u;
    char title[160], words[24];
    picture to;
    if (address.type != KD_HEX || !has_halves(arch))
        return;
    snprintf(words, sizeof words, "0x%llx", (unsigned long long)value);
    size_t in = 0;
    for (size_t i = 0; i < 4; i++)
        in = value >= regions[i].from ? i : in;
    snprintf(title, sizeof title, "Address map: %s is in %s", words, regions[in].name);
    svg_begin(&to, out, WIDTH, 84, title);
    for (size_t i = 0; i < 4; i++) {
        int width = regions[i + 1].x - regions[i].x;
        svg_bar(&to, regions[i].x, 34, width - 2, 22, regions[i].class);
        svg_label(&to, regions[i].x + width / 2, 74, "middle", "soft", regions[i].name);
    }
    uint64_t from = regions[in].from, end = in < 3 ? regions[in + 1].from : UINT64_MAX;
    double share = (double)(value - from) / (double)(end - from);
    int x = regions[in].x + 3 + (int)(share * (regions[in + 1].x - regions[in].x - 8));
    snprintf(title, sizeof title, "M%d 22V60", x);
    svg_line(&to, "bad", title);
    svg_label(&to, x, 16, x > 480 ? "end" : x < 160 ? "start" : "middle", NULL, words);
    svg_end(&to);
}

/* ---- stacks ---------------------------------------------------------------------------------- */

static void put_place(text *out, const html_part *frame)
{
    html_member(out, "", frame, html_str(frame, "function").len ? "function" : "address", "");
    if (html_has_number(frame, "offset"))
        text_print(out, "+0x%llx/0x%llx", (unsigned long long)html_number(frame, "offset", 0),
                   (unsigned long long)html_number(frame, "size", 0));
    html_member(out, " [", frame, "module", "]");
}

static void put_frame(text *out, const html_part *frame, bool blamed, bool machinery)
{
    kd_value reliable = html_value(frame, "reliable");
    bool rest = reliable.type == KD_BOOL && !reliable.as.b; /* what the kernel prints a ? for */
    text_print(out, "<li%s>", machinery || rest ? " class=\"machinery\"" : "");
    text_add(out, blamed ? "<mark>" : rest ? "? " : "");
    put_place(out, frame);
    text_add(out, blamed ? "</mark> (look here first)" : "");
    text_add(out, "</li>\n");
}

void html_stack(text *out, const html_part *event)
{
    size_t count = html_count(event, "backtrace");
    uint64_t at = html_number(event, "blame.frame", UINT64_MAX);
    kd_str function = html_str(event, "blame.function"), there = html_str(event, "ip.function");
    if (count == 0)
        return;
    text_add(out,
             "<details open><summary>Stack, innermost first</summary>\n<ol class=\"stack\">\n");
    if (at == UINT64_MAX && function.len > 0 && function.len == there.len &&
        memcmp(function.ptr, there.ptr, there.len) == 0) {
        html_part ip = html_inner(event, "ip");
        text_add(out, "<li><mark>");
        put_place(out, &ip);
        text_add(out, "</mark> (look here first: the instruction pointer)</li>\n");
    }
    for (size_t i = 0; i < count && i < 40; i++) {
        html_part frame = html_item(event, "backtrace", i);
        put_frame(out, &frame, i == at, at != UINT64_MAX && i < at);
    }
    text_add(out, "</ol></details>\n");
    if (count > 40)
        text_print(out, "<p class=\"soft\">and %zu more frames</p>\n", count - 40);
}
