/* page.c - groups as one page: over kernels and over days. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../html/html.h"
#include "groups.h"
#include "store.h"

enum { MOST_BARS = 10, WIDTH = 640, LEFT = 10, RIGHT = 630, ROW = 30 };
enum { MOST_GROUPS = 500, EXAMPLES = 3 };

typedef struct bar {
    char name[72];
    uint64_t count;
} bar;

typedef struct bars {
    bar items[MOST_BARS];
    uint64_t most;
    size_t count, left_out;
} bars;

static bool add_bar(void *user, const char *value, uint64_t count)
{
    bars *to = user;
    if (to->count == MOST_BARS) {
        to->left_out++;
        return true;
    }
    bar *item = &to->items[to->count++];
    copy_clean(item->name, sizeof item->name, (kd_str){ value, strlen(value) });
    item->count = count;
    to->most = count > to->most ? count : to->most;
    return true;
}

static int compare_names(const void *one, const void *other)
{
    return strcmp(((const bar *)one)->name, ((const bar *)other)->name);
}

static void put_bars(text *out, const char *title, const bars *b, const char *class)
{
    char words[120];
    picture to;
    if (b->count < 2 || b->most == 0)
        return;
    svg_begin(&to, out, WIDTH, 26 + (int)b->count * ROW, title);
    svg_label(&to, LEFT, 12, "start", "soft", title);
    for (size_t i = 0; i < b->count; i++) {
        int y = 20 + (int)i * ROW; /* above its bar: names of kernels are long */
        int width = (int)((RIGHT - LEFT) * (double)b->items[i].count / (double)b->most);
        snprintf(words, sizeof words, "%s: %llu", b->items[i].name,
                 (unsigned long long)b->items[i].count);
        svg_label(&to, LEFT, y + 12, "start", NULL, words);
        svg_bar(&to, LEFT, y + 17, width < 1 ? 1 : width, 7, class);
    }
    svg_end(&to);
    if (b->left_out > 0)
        text_print(out, "<p class=\"soft\">and %zu more</p>\n", b->left_out);
}

static void put_tag(text *out, asker *ask, const group *g, const char *column, const char *name)
{
    char value[300];
    ask_most(ask, g, column, value, sizeof value);
    if (!value[0])
        return;
    text_print(out, "<li>%s", name);
    html_words(out, value);
    text_add(out, "</li>");
}

typedef struct examples {
    text *out;
    int count;
} examples;

static bool add_example(void *user, const char *value, uint64_t count)
{
    examples *to = user;
    (void)count;
    text_add(to->out, "<li><code>");
    html_words(to->out, value);
    text_add(to->out, "</code></li>\n");
    return ++to->count < EXAMPLES;
}

static void put_change(text *out, const show *it, const group *g)
{
    if (!it->compare)
        return;
    text_print(out, "<li>%s: %llu of %llu logs before, %llu of %llu now</li>",
               change_name(g->change), (unsigned long long)g->old_logs,
               (unsigned long long)it->old.logs, (unsigned long long)g->logs,
               (unsigned long long)it->now.logs);
}

static void put_times(text *out, show *it, const group *g)
{
    char first[48], last[48];
    if (!ask_times(it, g, first, last, sizeof first))
        return;
    text_add(out, "<li>seen: ");
    html_words(out, first);
    if (strcmp(first, last) != 0) {
        text_add(out, " to ");
        html_words(out, last);
    }
    text_add(out, "</li>");
}

static void put_group(text *out, show *it, asker *ask, const group *g)
{
    char title[300], severity[24];
    bars kernels = { .count = 0 }, archs = { .count = 0 }, days = { .count = 0 };
    ask_most(ask, g, "title", title, sizeof title);
    ask_most(ask, g, "severity", severity, sizeof severity);
    text_add(out, "<article>\n<h2 class=\"");
    html_words(out, severity[0] ? severity : "info");
    text_add(out, "\">");
    html_words(out, title);
    text_print(out, "</h2>\n<ul class=\"tags\"><li>logs: %llu</li>", (unsigned long long)g->logs);
    if (g->machines > 0)
        text_print(out, "<li>machines: %llu</li>", (unsigned long long)g->machines);
    put_change(out, it, g);
    put_tag(out, ask, g, "severity", "");
    put_tag(out, ask, g, "rule", "rule ");
    put_tag(out, ask, g, "impact", "impact: ");
    put_tag(out, ask, g, "iif(suspect IS NULL, suspect_class, suspect_class || ' ' || suspect)",
            "suspect: ");
    put_tag(out, ask, g, "known", "known: ");
    put_times(out, it, g);
    put_tag(out, ask, g, "signature", "signature ");
    text_add(out, "</ul>\n");
    ask_all(ask, g, "kernel", add_bar, &kernels);
    put_bars(out, "problems by kernel", &kernels, "fa");
    ask_all(ask, g, "arch", add_bar, &archs);
    put_bars(out, "problems by architecture", &archs, "fb");
    /* a time without a year tells no order */
    ask_all(ask, g, "iif(wall_time GLOB '[12][0-9][0-9][0-9]-*', substr(wall_time, 1, 10), NULL)",
            add_bar, &days);
    /* the most frequent ones, as they follow in time */
    qsort(days.items, days.count, sizeof *days.items, compare_names);
    put_bars(out, "problems by day", &days, "fc");
    text_add(out, "<h3>For example</h3>\n<ul>\n");
    ask_all(ask, g, "name", add_example, &(examples){ .out = out });
    text_add(out, "</ul>\n</article>\n");
}

static void put_totals(text *out, const show *it)
{
    const totals *t = &it->now;
    const struct {
        uint64_t count;
        const char *words;
    } rows[] = {
        { t->without_finding, "without a finding" },
        { t->no_kernel, "without a line of a kernel" },
        { t->not_text, "no text" },
        { t->limited, "cut short by a limit" },
        { t->unreadable, "unreadable" },
    };
    text_print(out, "<section>\n<h1>%llu logs</h1>\n<ul class=\"tags\">",
               (unsigned long long)t->logs);
    if (it->stopped)
        text_add(out, "<li class=\"fatal\">stopped before the end</li>");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].count > 0)
            text_print(out, "<li>%llu %s</li>", (unsigned long long)rows[i].count, rows[i].words);
    text_add(out, "</ul>\n");
}

int show_page(show *it, asker *ask, const groups *all)
{
    text out = { 0 };
    html_begin(&out, "groups of problems");
    put_totals(&out, it);
    for (size_t i = 0; i < all->count && i < MOST_GROUPS; i++)
        put_group(&out, it, ask, &all->items[i]);
    if (all->count > MOST_GROUPS)
        text_print(&out, "<p>and %zu smaller groups</p>\n", all->count - MOST_GROUPS);
    text_add(&out, "</section>\n");
    html_end(&out, NULL);
    int done = out.failed                          ? complain(NULL, "out of memory")
               : put_stdout(out.at, out.len, NULL) ? EXIT_TROUBLE
                                                   : 0;
    text_free(&out);
    return done;
}
