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
    json_object *report;
    picture to;
    uint64_t boot, from, until;
    int row, rows;
} timeline;

static json_object *member_list(json_object *of, const char *name)
{
    return json_member(of, name, json_type_array);
}

static const char *text_item(json_object *list, size_t index)
{
    const char *words = json_object_get_string(html_item(list, index));
    return words ? words : "";
}

/* The event that a problem began with. */
static json_object *root_event(json_object *report, json_object *problem)
{
    const char *root = json_str(problem, "root").ptr;
    json_object *diag = html_by_id(report, "diagnoses", root);
    return html_by_id(report, "events", diag ? text_item(member_list(diag, "events"), 0) : root);
}

static kd_str severity_of(json_object *report, json_object *problem)
{
    kd_str found =
        json_str(html_by_id(report, "diagnoses", json_str(problem, "root").ptr), "severity");
    return found.len ? found : (kd_str){ "info", 4 };
}

static bool is_timed(json_object *of)
{
    return json_member(of, "first_time_us", json_type_int) ||
           json_member(of, "time_us", json_type_int);
}

static bool is_of_boot(const timeline *t, json_object *problem)
{
    json_object *event = root_event(t->report, problem);
    return is_timed(problem) && event && html_number(event, "boot", 0) == t->boot;
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
static size_t put_effects(timeline *t, json_object *problem, bool only_count)
{
    json_object *events = member_list(problem, "events"), *root = root_event(t->report, problem);
    size_t shown = 0;
    char at[40], words[200];
    for (size_t i = 0; i < html_count(events) && shown < MOST_EFFECTS; i++) {
        json_object *event = html_by_id(t->report, "events", text_item(events, i));
        uint64_t time = html_number(event, "time_us", 0);
        if (!event || event == root || !is_timed(event) || html_number(event, "boot", 0) != t->boot)
            continue;
        shown++;
        if (only_count || t->row >= t->rows)
            continue;
        name_time(at, sizeof at, time);
        snprintf(words, sizeof words, "%s: then %.60s at %s", json_str(problem, "id").ptr,
                 json_str(event, "kind").ptr, at);
        put_moment(t, time, time, "fe", words);
    }
    return shown;
}

static void put_problem_rows(timeline *t, json_object *problem)
{
    uint64_t first = html_number(problem, "first_time_us", 0);
    char at[40], words[400], class[40];
    json_object *signature = json_member(problem, "signature", json_type_object);
    name_time(at, sizeof at, first);
    snprintf(words, sizeof words, "%s at %s: %.80s", json_str(problem, "id").ptr, at,
             json_str(signature, "title").ptr);
    snprintf(class, sizeof class, "f%.30s", severity_of(t->report, problem).ptr);
    put_moment(t, first, html_number(problem, "last_time_us", first), class, words);
    put_effects(t, problem, false);
}

/* Where the clock of this boot begins and ends, and how many rows it takes. */
static void measure(timeline *t, json_object *problems)
{
    t->from = UINT64_MAX;
    for (size_t i = 0; i < html_count(problems); i++) {
        json_object *problem = html_item(problems, i);
        if (!is_of_boot(t, problem))
            continue;
        uint64_t first = html_number(problem, "first_time_us", 0);
        uint64_t last = html_number(problem, "last_time_us", first);
        t->from = first < t->from ? first : t->from;
        t->until = last > t->until ? last : t->until;
        t->rows += 1 + (int)put_effects(t, problem, true);
    }
    t->rows = t->rows < MOST_ROWS ? t->rows : MOST_ROWS;
    /* days of uptime before the first problem would leave no room for the others */
    uint64_t length = t->rows > 0 ? t->until - t->from : 0;
    t->from = length > 0 && length < t->until / 8 ? t->from - length / 8 : 0;
}

static void put_timeline(text *out, json_object *report, uint64_t boot, bool one_of_many)
{
    timeline t = { .report = report, .boot = boot };
    json_object *problems = member_list(report, "problems");
    char title[80], words[40];
    measure(&t, problems);
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
    for (size_t i = 0; i < html_count(problems) && t.row < t.rows; i++)
        if (is_of_boot(&t, html_item(problems, i)))
            put_problem_rows(&t, html_item(problems, i));
    svg_end(&t.to);
}

void svg_timelines(text *out, json_object *report)
{
    json_object *boots = member_list(report, "boots");
    size_t count = html_count(boots);
    for (size_t i = 0; i < count && i < 8; i++) /* two boots have two clocks */
        put_timeline(out, report, html_number(html_item(boots, i), "boot", i), count > 1);
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* 64-bit architectures with two halves and a hole between. */
static bool has_halves(const char *arch)
{
    static const char *const those[] = { "x86_64", "arm64", "riscv64" };
    for (size_t i = 0; i < sizeof those / sizeof *those; i++)
        if (strcmp(arch, those[i]) == 0)
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

void svg_address(text *out, json_object *event, const char *arch)
{
    kd_str address = json_str(event, "address");
    char title[160];
    picture to;
    if (address.len == 0 || !has_halves(arch))
        return;
    uint64_t value = strtoull(address.ptr, NULL, 16);
    size_t in = 0;
    for (size_t i = 0; i < 4; i++)
        in = value >= regions[i].from ? i : in;
    snprintf(title, sizeof title, "Address map: %.40s is in %s", address.ptr, regions[in].name);
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
    svg_label(&to, x, 16, x > 480 ? "end" : x < 160 ? "start" : "middle", NULL, address.ptr);
    svg_end(&to);
}

/* ---- stacks ---------------------------------------------------------------------------------- */

static void put_place(text *out, json_object *frame)
{
    html_member(out, "", frame, json_str(frame, "function").len ? "function" : "address", "");
    if (json_member(frame, "offset", json_type_int))
        text_print(out, "+0x%llx/0x%llx", (unsigned long long)html_number(frame, "offset", 0),
                   (unsigned long long)html_number(frame, "size", 0));
    html_member(out, " [", frame, "module", "]");
}

static void put_frame(text *out, json_object *frame, bool blamed, bool machinery)
{
    json_object *reliable = json_member(frame, "reliable", json_type_boolean);
    bool rest = reliable && !json_object_get_boolean(reliable); /* what the kernel prints a ? for */
    text_print(out, "<li%s>", machinery || rest ? " class=\"machinery\"" : "");
    text_add(out, blamed ? "<mark>" : rest ? "? " : "");
    put_place(out, frame);
    text_add(out, blamed ? "</mark> (look here first)" : "");
    text_add(out, "</li>\n");
}

void html_stack(text *out, json_object *event)
{
    json_object *frames = json_member(event, "backtrace", json_type_array);
    json_object *blame = json_member(event, "blame", json_type_object);
    json_object *ip = json_member(event, "ip", json_type_object);
    uint64_t at = html_number(blame, "frame", UINT64_MAX);
    kd_str function = json_str(blame, "function"), there = json_str(ip, "function");
    if (html_count(frames) == 0)
        return;
    text_add(out,
             "<details open><summary>Stack, innermost first</summary>\n<ol class=\"stack\">\n");
    if (at == UINT64_MAX && function.len > 0 && there.len > 0 &&
        strcmp(function.ptr, there.ptr) == 0) {
        text_add(out, "<li><mark>");
        put_place(out, ip);
        text_add(out, "</mark> (look here first: the instruction pointer)</li>\n");
    }
    for (size_t i = 0; i < html_count(frames) && i < 40; i++)
        put_frame(out, html_item(frames, i), i == at, at != UINT64_MAX && i < at);
    text_add(out, "</ol></details>\n");
    if (html_count(frames) > 40)
        text_print(out, "<p class=\"soft\">and %zu more frames</p>\n", html_count(frames) - 40);
}
