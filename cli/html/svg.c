/* svg.c - pictures of time, addresses and stacks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

void svg_begin(text *out, int width, int height, const char *title)
{
    text_print(out,
               "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
               "aria-label=\"",
               width, height, width, height);
    html_words(out, title);
    text_add(out, "\">\n");
}

void svg_end(text *out)
{
    text_add(out, "</svg></figure>\n");
}

void svg_label(text *out, int x, int y, const char *anchor, const char *class, const char *words)
{
    text_print(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\"", x, y, anchor);
    if (class)
        text_print(out, " class=\"%s\"", class);
    text_add(out, ">");
    html_words(out, words);
    text_add(out, "</text>\n");
}

/* ---- time ------------------------------------------------------------------------------------ */

enum { LEFT = 20, RIGHT = 780, MOST_ROWS = 24 };

static uint64_t last_time(json_object *problems)
{
    uint64_t last = 0;
    for (size_t i = 0; i < html_count(problems); i++) {
        uint64_t time = html_number(html_item(problems, i), "last_time_us", 0);
        last = time > last ? time : last;
    }
    return last;
}

static int place(uint64_t time, uint64_t last)
{
    return LEFT + (int)((RIGHT - LEFT) * (double)time / (double)last);
}

static kd_str severity_of(json_object *report, json_object *problem)
{
    json_object *diags = json_member(report, "diagnoses", json_type_array);
    for (size_t i = 0; i < html_count(diags); i++)
        if (strcmp(json_str(html_item(diags, i), "id").ptr, json_str(problem, "root").ptr) == 0)
            return json_str(html_item(diags, i), "severity");
    return (kd_str){ "info", 4 };
}

static void put_row(text *out, json_object *report, json_object *problem, int row, uint64_t last)
{
    uint64_t first = html_number(problem, "first_time_us", 0);
    uint64_t end = html_number(problem, "last_time_us", first);
    int x = place(first, last), width = place(end, last) - x, y = 30 + row * 22;
    char words[400];
    kd_str id = json_str(problem, "id");
    json_object *signature = json_member(problem, "signature", json_type_object);
    text_print(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"8\" rx=\"3\" class=\"f", x - 4,
               y, width + 8);
    html_text(out, severity_of(report, problem));
    text_add(out, "\"/>\n");
    snprintf(words, sizeof words, "%s at %llu.%03llu s: %.200s", id.ptr,
             (unsigned long long)(first / 1000000), (unsigned long long)(first / 1000 % 1000),
             json_str(signature, "title").ptr);
    bool right = x > (LEFT + RIGHT) / 2;
    svg_label(out, right ? x - 10 : x + width + 10, y + 9, right ? "end" : "start", NULL, words);
}

void svg_timeline(text *out, json_object *report)
{
    json_object *problems = json_member(report, "problems", json_type_array);
    json_object *boots = json_member(report, "boots", json_type_array);
    uint64_t last = last_time(problems);
    size_t rows = 0;
    char end[40];
    if (last == 0 || html_count(boots) > 1) /* two boots have two clocks */
        return;
    for (size_t i = 0; i < html_count(problems); i++)
        rows += json_member(html_item(problems, i), "first_time_us", json_type_int) != NULL;
    rows = rows < MOST_ROWS ? rows : MOST_ROWS;
    svg_begin(out, 800, 40 + (int)rows * 22, "Time line of the boot with its problems");
    text_print(out, "<path class=\"axis\" d=\"M%d 18H%d\"/>\n", LEFT, RIGHT);
    svg_label(out, LEFT, 12, "start", "soft", "0 s");
    snprintf(end, sizeof end, "%llu.%03llu s", (unsigned long long)(last / 1000000),
             (unsigned long long)(last / 1000 % 1000));
    svg_label(out, RIGHT, 12, "end", "soft", end);
    for (size_t i = 0, row = 0; i < html_count(problems) && row < rows; i++)
        if (json_member(html_item(problems, i), "first_time_us", json_type_int))
            put_row(out, report, html_item(problems, i), (int)row++, last);
    svg_end(out);
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
    { "user space", "fa", 0x1000, 120 },
    { "no address (not canonical)", "fe", 0x0000800000000000, 320 },
    { "kernel", "fc", 0xffff000000000000, 560 },
    { NULL, NULL, 0, 780 },
};

void svg_address(text *out, json_object *event, const char *arch)
{
    kd_str address = json_str(event, "address");
    char title[160];
    if (address.len == 0 || !has_halves(arch))
        return;
    uint64_t value = strtoull(address.ptr, NULL, 16);
    size_t in = 0;
    for (size_t i = 0; i < 4; i++)
        in = value >= regions[i].from ? i : in;
    snprintf(title, sizeof title, "Address map: %.40s is in %s", address.ptr, regions[in].name);
    svg_begin(out, 800, 84, title);
    for (size_t i = 0; i < 4; i++) {
        int width = regions[i + 1].x - regions[i].x;
        text_print(out, "<rect x=\"%d\" y=\"34\" width=\"%d\" height=\"22\" class=\"%s\"/>\n",
                   regions[i].x, width - 2, regions[i].class);
        svg_label(out, regions[i].x + width / 2, 74, "middle", "soft", regions[i].name);
    }
    uint64_t from = regions[in].from, end = in < 3 ? regions[in + 1].from : UINT64_MAX;
    double share = (double)(value - from) / (double)(end - from);
    int x = regions[in].x + 3 + (int)(share * (regions[in + 1].x - regions[in].x - 8));
    text_print(out, "<path class=\"bad\" d=\"M%d 22V60\"/>\n", x);
    svg_label(out, x, 16, x > 600 ? "end" : x < 200 ? "start" : "middle", NULL, address.ptr);
    svg_end(out);
}

/* ---- stacks ---------------------------------------------------------------------------------- */

static void put_frame(text *out, json_object *frame, bool blamed, bool machinery)
{
    text_print(out, "<li%s>", machinery ? " class=\"machinery\"" : "");
    text_add(out, blamed ? "<mark>" : "");
    html_member(out, "", frame, json_str(frame, "function").len ? "function" : "address", "");
    if (json_member(frame, "offset", json_type_int))
        text_print(out, "+0x%llx/0x%llx", (unsigned long long)html_number(frame, "offset", 0),
                   (unsigned long long)html_number(frame, "size", 0));
    html_member(out, " [", frame, "module", "]");
    text_add(out, blamed ? "</mark> (look here first)" : "");
    text_add(out, "</li>\n");
}

void html_stack(text *out, json_object *event)
{
    json_object *frames = json_member(event, "backtrace", json_type_array);
    json_object *blame = json_member(event, "blame", json_type_object);
    uint64_t at = html_number(blame, "frame", UINT64_MAX);
    if (html_count(frames) == 0)
        return;
    text_add(out,
             "<details open><summary>Stack, innermost first</summary>\n<ol class=\"stack\">\n");
    for (size_t i = 0; i < html_count(frames) && i < 40; i++)
        put_frame(out, html_item(frames, i), i == at, at != UINT64_MAX && i < at);
    text_add(out, "</ol></details>\n");
}
