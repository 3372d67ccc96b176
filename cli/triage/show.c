/* show.c - groups for people and for programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "store.h"

#define EXAMPLES 3

typedef struct say {
    show *it;
    asker *ask;
    groups groups;
} say;

/* ---- JSON ------------------------------------------------------------------------------------ */

static bool add_count(void *user, const char *value, uint64_t count)
{
    json_add_number(user, value, count);
    return true;
}

static bool add_example(void *user, const char *value, uint64_t count)
{
    (void)count;
    json_object_array_add(user, json_text((kd_str){ value, strlen(value) }));
    return json_object_array_length(user) < EXAMPLES;
}

static void add_most(say *s, json_object *to, const group *g, const char *name)
{
    char value[300];
    ask_most(s->ask, g, name, value, sizeof value);
    json_add_words(to, name, value);
}

static void add_suspect(say *s, json_object *to, const group *g)
{
    char class[32], name[160];
    json_object *suspect = json_object_new_object();
    ask_most(s->ask, g, "suspect_class", class, sizeof class);
    ask_most(s->ask, g, "suspect", name, sizeof name);
    json_add_words(suspect, "class", class);
    json_add_words(suspect, "name", name);
    if (json_object_object_length(suspect) > 0)
        json_object_object_add(to, "suspect", suspect);
    else
        json_object_put(suspect);
}

/* "kernels": {"6.1.0-50-amd64": 12}; `column` outlives the asker */
static void add_counted(say *s, json_object *to, const group *g, const char *name,
                        const char *column)
{
    json_object *counted = json_object_new_object();
    ask_all(s->ask, g, column, add_count, counted);
    json_object_object_add(to, name, counted);
}

static void add_times(say *s, json_object *to, const group *g)
{
    char first[48], last[48];
    if (!ask_times(s->it, g, first, last, sizeof first))
        return;
    json_add_words(to, "first_wall_time", first);
    json_add_words(to, "last_wall_time", last);
}

static void add_change(const say *s, json_object *to, const group *g)
{
    if (!s->it->compare)
        return;
    json_object *ratio = json_object_new_object();
    json_add_words(to, "change", change_name(g->change));
    json_add_number(to, "old_count", g->old_count);
    json_add_number(to, "old_logs", g->old_logs);
    json_object_object_add(ratio, "low", json_object_new_double(g->ratio.low));
    if (g->ratio.high >= 0)
        json_object_object_add(ratio, "high", json_object_new_double(g->ratio.high));
    json_object_object_add(to, "ratio", ratio);
}

static bool add_up(void *user, const char *value, uint64_t count)
{
    (void)value;
    *(uint64_t *)user += count;
    return true;
}

/* By the baseline, wherever it was seen. */
static bool is_known(say *s, const group *g)
{
    uint64_t known = 0;
    ask_all(s->ask, g, "known", add_up, &known);
    return known > 0 && known == (g->count ? g->count : g->old_count);
}

static json_object *group_object(say *s, const group *g)
{
    json_object *to = json_object_new_object(), *examples = json_object_new_array();
    json_add_words(to, "signature", g->signature);
    add_most(s, to, g, "title");
    add_most(s, to, g, "rule");
    add_counted(s, to, g, "rules", "rule"); /* one call may fail for several reasons */
    json_add_number(to, "count", g->count);
    json_add_number(to, "logs", g->logs);
    json_add_number(to, "machines", g->machines);
    add_counted(s, to, g, "kernels", "kernel");
    add_counted(s, to, g, "archs", "arch");
    add_times(s, to, g);
    add_most(s, to, g, "impact");
    add_suspect(s, to, g);
    ask_all(s->ask, g, "name", add_example, examples);
    json_object_object_add(to, "examples", examples);
    add_change(s, to, g);
    if (is_known(s, g))
        add_most(s, to, g, "known");
    return to;
}

static void add_totals(json_object *to, const totals *t)
{
    json_add_number(to, "sources", t->sources);
    json_add_number(to, "logs", t->logs);
    json_add_number(to, "bytes", t->bytes);
    json_add_number(to, "unreadable", t->unreadable);
    json_add_number(to, "limited", t->limited);
    json_add_number(to, "not_text", t->not_text);
    json_add_number(to, "no_kernel", t->no_kernel);
    json_add_number(to, "without_finding", t->without_finding);
}

static int show_json(say *s)
{
    json_object *whole = json_object_new_object(), *tool = json_object_new_object();
    json_object *list = json_object_new_array();
    char version[32];
    uint32_t v = kd_version();
    snprintf(version, sizeof version, "%u.%u.%u", v >> 24, v >> 16 & 255, v & 65535);
    json_add_words(whole, "format", "kdiag-triage/1");
    json_add_words(tool, "name", "oopsdoc");
    json_add_words(tool, "version", version);
    json_object_object_add(whole, "tool", tool);
    add_totals(whole, &s->it->now);
    if (s->it->links > 0)
        json_add_number(whole, "links_not_followed", s->it->links);
    if (s->it->others > 0)
        json_add_number(whole, "no_files", s->it->others);
    if (s->it->stopped)
        json_object_object_add(whole, "stopped", json_object_new_boolean(true));
    if (s->it->compare) {
        json_object *old = json_object_new_object();
        add_totals(old, &s->it->old);
        json_object_object_add(whole, "old", old);
    }
    for (size_t i = 0; i < s->groups.count; i++)
        json_object_array_add(list, group_object(s, &s->groups.items[i]));
    json_object_object_add(whole, "groups", list);
    int result = put_json_pretty(whole);
    json_object_put(whole);
    return result;
}

/* ---- one line a log -------------------------------------------------------------------------- */

static void add_hex(json_object *to, const unsigned char *bytes, int len)
{
    char hex[2 * HASH_BYTES + 1] = "";
    for (int i = 0; i < len && i < HASH_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    json_add_words(to, "hash", hex);
}

static json_object *problem_object(sqlite3_stmt *row)
{
    static const char *const names[] = { "signature", "title", "rule", "confidence", "impact" };
    json_object *to = json_object_new_object();
    for (int i = 0; i < 5; i++)
        json_add_text(to, names[i], column_str(row, i));
    if (column_str(row, 5).len > 0) {
        json_object *suspect = json_object_new_object();
        json_add_text(suspect, "class", column_str(row, 5));
        json_add_text(suspect, "name", column_str(row, 6));
        json_object_object_add(to, "suspect", suspect);
    }
    json_object *lines = json_object_new_array(), *range = json_object_new_array();
    json_object_array_add(range, json_object_new_int64(sql.column_int64(row, 7)));
    json_object_array_add(range, json_object_new_int64(sql.column_int64(row, 8)));
    json_object_array_add(lines, range);
    json_object_object_add(to, "lines", lines);
    return to;
}

static int show_ndjson(show *it)
{
    sqlite3_stmt *each = NULL, *problems = NULL;
    int result = 0;
    if (!store_prepare(it->store, &each,
                       "SELECT name, hash, error, outcome, log FROM temp.picked WHERE side = 1 "
                       "ORDER BY name") ||
        !store_prepare(it->store, &problems,
                       "SELECT signature, title, rule, confidence, impact, suspect_class, suspect, "
                       "first_line, last_line FROM main.problems WHERE log = ?1 ORDER BY number"))
        result = EXIT_TROUBLE; /* after a message */
    while (result == 0 && store_row(it->store, each)) {
        json_object *line = json_object_new_object(), *list = json_object_new_array();
        kd_str outcome = column_str(each, 3);
        json_add_text(line, "source", column_str(each, 0));
        if (sql.column_bytes(each, 1) == HASH_BYTES)
            add_hex(line, sql.column_blob(each, 1), HASH_BYTES);
        if (outcome.len > 0 && strcmp(outcome.ptr, "read") != 0)
            json_add_text(line, "outcome", outcome);
        sql.bind_int64(problems, 1, sql.column_int64(each, 4));
        while (store_row(it->store, problems))
            json_object_array_add(list, problem_object(problems));
        sql.reset(problems);
        json_object_object_add(line, "problems", list);
        json_add_text(line, "error", column_str(each, 2));
        result = put_json(line);
        json_object_put(line);
    }
    sql.finalize(each);
    sql.finalize(problems);
    return result;
}

/* ---- for people ------------------------------------------------------------------------------ */

static void put_line(text *line, unsigned columns)
{
    size_t len = line->at ? make_safe(line->at, line->len) : 0, shown = len;
    if (len > columns && columns > 8) { /* not in the middle of a character */
        for (shown = columns - 2; shown > 0 && ((unsigned char)line->at[shown] & 0xc0) == 0x80;)
            shown--;
        put_stdout(line->at, shown, NULL);
        put_stdout("..", 2, NULL);
    } else {
        put_stdout(line->at ? line->at : "", len, NULL);
    }
    put_stdout("\n", 1, NULL);
    text_free(line);
}

static void say_totals(const show *it)
{
    text line = { 0 };
    const totals *t = &it->now;
    text_print(&line, "%llu logs", (unsigned long long)t->logs);
    const struct {
        uint64_t count;
        const char *words;
    } rest[] = {
        { t->without_finding, "without a finding" },
        { t->no_kernel, "without a line of a kernel" },
        { t->not_text, "no text" },
        { t->limited, "cut short by a limit" },
        { t->unreadable, "unreadable" },
        { it->links, "links not followed" },
        { it->others, "no files" },
    };
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (rest[i].count > 0)
            text_print(&line, ", %llu %s", (unsigned long long)rest[i].count, rest[i].words);
    put_line(&line, 0);
    if (it->compare) {
        text_print(&line, "compared with %llu logs", (unsigned long long)it->old.logs);
        put_line(&line, 0);
    }
    if (it->stopped) {
        text_add(&line, "stopped before the end: the same call goes on, with --db");
        put_line(&line, 0);
    }
}

static void say_change(text *line, const group *g)
{
    char ratio[48] = "";
    if (g->change == CHANGE_MORE || g->change == CHANGE_FEWER)
        snprintf(ratio, sizeof ratio, "x%.2g..%.2g", g->ratio.low, g->ratio.high);
    text_print(line, "%-5s %6llu %6llu %-12s ", change_name(g->change),
               (unsigned long long)g->old_logs, (unsigned long long)g->logs, ratio);
}

typedef struct most {
    char name[24];
    uint64_t count; /* of values */
} most;

static bool add_most_of(void *user, const char *value, uint64_t count)
{
    most *to = user;
    (void)count;
    if (to->count++ == 0)
        snprintf(to->name, sizeof to->name, "%s", value);
    return true;
}

static void say_archs(say *s, text *line, const group *g)
{
    most archs = { .count = 0 };
    ask_all(s->ask, g, "arch", add_most_of, &archs);
    if (archs.count > 0)
        text_print(line, "  %s", archs.name);
    if (archs.count > 1)
        text_print(line, " +%llu", (unsigned long long)archs.count - 1);
}

/* The days that it was first and last seen on. */
static void say_times(say *s, text *line, const group *g)
{
    char first[48], last[48];
    if (!ask_times(s->it, g, first, last, sizeof first))
        return;
    text_print(line, "  %.10s", first);
    if (strncmp(first, last, 10) != 0)
        text_print(line, "..%.10s", last);
}

static void say_group(say *s, const group *g)
{
    char title[300], kernel[128], impact[32], rule[80], class[32], name[160];
    text line = { 0 };
    ask_most(s->ask, g, "title", title, sizeof title);
    ask_most(s->ask, g, "kernel", kernel, sizeof kernel);
    ask_most(s->ask, g, "impact", impact, sizeof impact);
    ask_most(s->ask, g, "rule", rule, sizeof rule);
    ask_most(s->ask, g, "suspect_class", class, sizeof class);
    ask_most(s->ask, g, "suspect", name, sizeof name);
    if (s->it->compare)
        say_change(&line, g);
    else
        text_print(&line, "%6llu %5llu  ", (unsigned long long)g->logs,
                   (unsigned long long)g->machines);
    text_print(&line, "%-14s %s", impact, title);
    put_line(&line, s->it->columns);
    text_print(&line, "%*s%s", s->it->compare ? 34 : 15, "", g->signature);
    if (rule[0])
        text_print(&line, "  %s", rule);
    if (class[0])
        text_print(&line, "  %s%s%s", class, name[0] ? " " : "", name);
    if (kernel[0])
        text_print(&line, "  %s", kernel);
    if (g->kernels > 1)
        text_print(&line, " +%llu", (unsigned long long)g->kernels - 1);
    say_archs(s, &line, g);
    say_times(s, &line, g);
    put_line(&line, s->it->columns);
    if (is_known(s, g)) {
        ask_most(s->ask, g, "known", title, sizeof title);
        text_print(&line, "%*sknown: %s", s->it->compare ? 34 : 15, "", title);
        put_line(&line, s->it->columns);
    }
    ask_most(s->ask, g, "name", title, sizeof title);
    text_print(&line, "%*s%s", s->it->compare ? 34 : 15, "", title);
    put_line(&line, s->it->columns);
}

static int show_text(say *s)
{
    const char *head = s->it->compare ? "\nCHANGE  OLD    NEW RATE         IMPACT         PROBLEM\n"
                                      : "\n  LOGS  MACH  IMPACT         PROBLEM\n";
    say_totals(s->it);
    if (s->groups.count > 0)
        put_stdout(head, strlen(head), NULL);
    for (size_t i = 0; i < s->groups.count; i++)
        say_group(s, &s->groups.items[i]);
    return 0;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool count_totals(show *it, int side, totals *out)
{
    sqlite3_stmt *row = NULL;
    if (!store_prepare(
            it->store, &row,
            "SELECT count(*), count(DISTINCT log), sum(error IS NOT NULL), "
            "count(DISTINCT iif(outcome = 'limited', log, NULL)), "
            "count(DISTINCT iif(outcome = 'not-text', log, NULL)), "
            "count(DISTINCT iif(outcome = 'no-kernel', log, NULL)), "
            "count(DISTINCT iif(outcome = 'read' AND log NOT IN (SELECT log FROM "
            "temp.found WHERE side = ?1), log, NULL)), sum(bytes) FROM temp.picked WHERE "
            "side = ?1"))
        return false;
    sql.bind_int64(row, 1, side);
    bool good = store_row(it->store, row);
    uint64_t *const to[] = { &out->sources,  &out->logs,      &out->unreadable,      &out->limited,
                             &out->not_text, &out->no_kernel, &out->without_finding, &out->bytes };
    for (int i = 0; good && i < 8; i++)
        *to[i] = (uint64_t)sql.column_int64(row, i);
    sql.finalize(row);
    return good;
}

int show_all(show *it)
{
    say s = { .it = it };
    if (!count_totals(it, 1, &it->now) || (it->compare && !count_totals(it, 0, &it->old)))
        return EXIT_TROUBLE;
    int result = EXIT_TROUBLE;
    if (it->format == SHOW_NDJSON)
        result = show_ndjson(it);
    else if ((s.ask = asker_new(it->store)) && read_groups(it, &s.groups))
        result = it->format == SHOW_JSON   ? show_json(&s)
                 : it->format == SHOW_HTML ? show_page(it, s.ask, &s.groups)
                                           : show_text(&s);
    asker_free(s.ask);
    free(s.groups.items);
    return store_failed(it->store) ? EXIT_TROUBLE : result;
}
