/* check_values.c [--every N] [--seed S] LOG...: each value of each event stands in the line that it
 * names, as a whole token: numbers by value, words as they are. Logs whole, with lines removed, cut
 * and torn. Exit status 1 where one does not. */
#include <ctype.h>
#include <json-c/json.h>
#include <strings.h>

#include "lose.h"

typedef struct check {
    const char *path, *how;
    size_t line, values, derived, wrong;
    kd_str log;
    const kd_event *event;
    size_t *starts, count, cap; /* of lines */
} check;

/* ---- is it in the text? ---------------------------------------------------------------------- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool has_token(kd_str in, const char *token, size_t len)
{
    for (size_t i = 0; i + len <= in.len; i++) {
        if (strncasecmp(in.ptr + i, token, len) != 0)
            continue;
        bool begins = i == 0 || !is_word(token[0]) || !is_word(in.ptr[i - 1]);
        bool ends = i + len == in.len || !is_word(token[len - 1]) || !is_word(in.ptr[i + len]);
        if (begins && ends)
            return true;
    }
    return false;
}

static bool has_words(kd_str in, kd_str words)
{
    for (size_t start = 0, end; start < words.len; start = end + 1) {
        const char *blank = memchr(words.ptr + start, ' ', words.len - start);
        end = blank ? (size_t)(blank - words.ptr) : words.len;
        if (end > start && !has_token(in, words.ptr + start, end - start))
            return false;
    }
    return true;
}

/* Digits that begin and end where a run of letters and digits does, or a unit follows: "128kB". */
static bool has_number(kd_str in, uint64_t wanted, int base)
{
    for (size_t i = 0; i < in.len; i++) {
        char digits[32] = "";
        size_t len = 0, at = i;
        if (i > 0 && is_word(in.ptr[i - 1]) && !(in.ptr[i - 1] == 'x' && base == 16))
            continue;
        while (
            at < in.len && len < sizeof digits - 1 &&
            (base == 16 ? isxdigit((unsigned char)in.ptr[at]) : isdigit((unsigned char)in.ptr[at])))
            digits[len++] = in.ptr[at++];
        if (len > 0 && strtoull(digits, NULL, base) == wanted)
            return true;
    }
    return false;
}

static bool stands_in(kd_str in, const kd_value *value)
{
    switch (value->type) {
    case KD_TEXT: return has_words(in, value->as.s);
    case KD_I64:
        return has_number(in, (uint64_t)(value->as.i < 0 ? -value->as.i : value->as.i), 10);
    case KD_U64:
    case KD_HEX: return has_number(in, value->as.u, 10) || has_number(in, value->as.u, 16);
    default: return true;
    }
}

/* A message may be wrapped inside a word, too. */
static bool stands_in_joined(kd_str in, const kd_value *value)
{
    char *joined = malloc(in.len + 1);
    size_t len = 0;
    if (!joined)
        exit(2);
    for (size_t i = 0; i < in.len; i++)
        if (in.ptr[i] != '\n')
            joined[len++] = in.ptr[i];
    bool found = stands_in((kd_str){ joined, len }, value);
    free(joined);
    return found;
}

/* ---- values of an event ---------------------------------------------------------------------- */

static void find_lines(check *c)
{
    c->count = 0;
    for (size_t at = 0; at < c->log.len; at++) {
        if (at > 0 && c->log.ptr[at - 1] != '\n')
            continue;
        if (c->count == c->cap) {
            c->cap = c->cap ? c->cap * 2 : 256;
            c->starts = realloc(c->starts, c->cap * sizeof *c->starts);
            if (!c->starts)
                exit(2);
        }
        c->starts[c->count++] = at;
    }
}

/* The line, and those about it that a wrapped message may reach into. */
static kd_str lines_at(const check *c, uint64_t line, size_t more)
{
    size_t first = line > 1 && more > 0 ? line - 2 : line - 1, last = line - 1 + more + 1;
    size_t start = c->starts[first], end = last < c->count ? c->starts[last] : c->log.len;
    return (kd_str){ c->log.ptr + start, end - start };
}

/* What is read without standing there: places in the log or the line, the library's own words for
 * what a wording means, and amounts in another unit. */
static bool is_meaning(const char *path)
{
    static const char *const names[] = { "line",     "code.marker", "order",    "reason",
                                         "tool",     "form",        "role",     "access",
                                         "detected", "held.count",  "severity", "bank",
                                         "sector",   "consumers.kb" };
    char plain[512]; /* without the numbers of lists */
    size_t len = 0;
    for (const char *at = path; *at && len + 1 < sizeof plain; at++) {
        if (*at == '[')
            at += strcspn(at, "]");
        else
            plain[len++] = *at;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t own = strlen(names[i]);
        if (len >= own && memcmp(plain + len - own, names[i], own) == 0 &&
            (len == own || plain[len - own - 1] == '.'))
            return true;
    }
    return false;
}

static void look_value(check *c, const char *path)
{
    kd_value value;
    if (is_meaning(path))
        return;
    if (kd_event_get(c->event, path, &value) != KD_OK || value.type == KD_LIST)
        return;
    if (value.line == 0 || value.line > c->count) {
        c->derived++;
        return;
    }
    c->values++;
    kd_str about = lines_at(c, value.line, 2);
    if (stands_in(about, &value) || stands_in_joined(about, &value))
        return;
    c->wrong++;
    kd_str line = lines_at(c, value.line, 0);
    printf("%s, line %zu %s: %s.%s = ", c->path, c->line, c->how, kd_event_kind(c->event), path);
    if (value.type == KD_TEXT)
        printf("\"%.*s\"", (int)value.as.s.len, value.as.s.ptr);
    else
        printf("%lld (0x%llx)", (long long)value.as.i, (unsigned long long)value.as.u);
    printf(" is not in line %llu: %.*s", (unsigned long long)value.line, (int)line.len, line.ptr);
}

static void walk(check *c, const char *path, struct json_object *json)
{
    char inner[1024];
    if (json_object_is_type(json, json_type_object)) {
        json_object_object_foreach(json, key, member)
        {
            snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", key);
            walk(c, inner, member);
        }
    } else if (json_object_is_type(json, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(json); i++) {
            snprintf(inner, sizeof inner, "%s[%zu]", path, i);
            walk(c, inner, json_object_array_get_idx(json, i));
        }
    } else {
        look_value(c, path);
    }
}

static void look(const kd_report *report, kd_str log, const char *how, size_t line, void *user)
{
    check *c = user;
    c->log = log;
    c->how = how;
    c->line = line;
    find_lines(c);
    for (size_t i = 0; i < kd_report_event_count(report); i++) {
        text json = { NULL, 0, 0 };
        c->event = kd_report_event(report, i);
        must(kd_event_write(c->event, text_put, &json), "kd_event_write");
        if (text_put("", 1, &json) != 0)
            exit(2);
        struct json_object *root = json_tokener_parse(json.ptr);
        walk(c, "", root);
        json_object_put(root);
        free(json.ptr);
    }
}

int main(int argc, char **argv)
{
    check c = { 0 };
    loser l = { .look = look, .user = &c };
    int logs = 0;
    must(kd_engine_new(&l.engine, NULL), "kd_engine_new");
    for (int i = lose_options(&l, argc, argv); i < argc; i++, logs++) {
        c.path = argv[i];
        text log = load_file(argv[i]);
        lose_log(&l, log);
        free(log.ptr);
    }
    kd_engine_free(l.engine);
    free(c.starts);
    printf("%d logs, %zu reports: %zu values read, %zu derived, %zu wrong\n", logs, l.runs,
           c.values, c.derived, c.wrong);
    return logs == 0 || c.wrong > 0;
}
