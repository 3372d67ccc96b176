/* check_values.c [--every N] [--seed S] LOG...: each value of each event stands in the line that it
 * names, as a whole token: numbers by value, words as they are; or what it was computed from does
 * (reading_of()). Logs whole, with lines removed, cut and torn. Exit status 1 where one does not.
 */
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

/* rsyslog writes "#012", strings write "\\n". */
static bool follows_newline(kd_str in, size_t at)
{
    return (at >= 4 && memcmp(in.ptr + at - 4, "#012", 4) == 0) ||
           (at >= 2 && memcmp(in.ptr + at - 2, "\\n", 2) == 0);
}

static bool has_token(kd_str in, const char *token, size_t len)
{
    for (size_t i = 0; i + len <= in.len; i++) {
        if (strncasecmp(in.ptr + i, token, len) != 0)
            continue;
        bool begins =
            i == 0 || !is_word(token[0]) || !is_word(in.ptr[i - 1]) || follows_newline(in, i);
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

/* ---- what is read without standing there ----------------------------------------------------- */

static bool is_own_line(kd_str about, const kd_value *value)
{
    (void)about;
    return value->as.u == value->line;
}

/* "Code: 8b 05 61 <48> 8b", "7c7e1b78 (e5802000)": bytes before the marked one */
static bool is_marker(kd_str about, const kd_value *value)
{
    for (size_t mark = 0; mark < about.len; mark++) {
        size_t digits = 0, at = mark;
        if (about.ptr[mark] != '<' && about.ptr[mark] != '(')
            continue;
        for (; at > 0 && (isxdigit((unsigned char)about.ptr[at - 1]) ||
                          isspace((unsigned char)about.ptr[at - 1]));
             at--) {
            if (about.ptr[at - 1] == '\n' && digits > 0 && digits == value->as.u * 2)
                return true; /* the row before it has no prefix */
            digits += isxdigit((unsigned char)about.ptr[at - 1]) != 0;
        }
        if (digits > 0 && digits == value->as.u * 2)
            return true;
    }
    return false;
}

static const unsigned page_kb[] = { 4, 8, 16, 64 };

/* "7*128kB" */
static bool is_buddy_order(kd_str about, const kd_value *value)
{
    char wanted[40];
    for (size_t i = 0; i < sizeof page_kb / sizeof *page_kb && value->as.u < 32; i++) {
        int len = snprintf(wanted, sizeof wanted, "*%llukB",
                           (unsigned long long)page_kb[i] << value->as.u);
        if (has_token(about, wanted, (size_t)len))
            return true;
    }
    return false;
}

/* Printed as pages; of two nodes, the sum; of a pool of huge pages, so many of that size. */
static bool is_consumer(kd_str about, const kd_value *value)
{
    for (size_t i = 0; i < about.len; i++) {
        uint64_t one = 0;
        if (i > 0 && is_word(about.ptr[i - 1]))
            continue;
        for (size_t at = i; at < about.len && isdigit((unsigned char)about.ptr[at]); at++)
            one = one * 10 + (uint64_t)(about.ptr[at] - '0');
        if (one == 0 || one > value->as.u)
            continue;
        if (has_number(about, value->as.u - one, 10) ||
            (value->as.u % one == 0 && has_number(about, value->as.u / one, 10)))
            return true;
    }
    for (size_t i = 0; i < sizeof page_kb / sizeof *page_kb; i++)
        if (value->as.u % page_kb[i] == 0 && has_number(about, value->as.u / page_kb[i], 10))
            return true;
    return false;
}

/* "MC5_STATUS" */
static bool is_bank(kd_str about, const kd_value *value)
{
    char wanted[40];
    int len = snprintf(wanted, sizeof wanted, "MC%llu_STATUS", (unsigned long long)value->as.u);
    return has_token(about, wanted, (size_t)len);
}

/* "res 41/40:00:e0:79:2d/00:00:14:00:00/40": the lowest three bytes of it */
static bool is_ata_sector(kd_str about, const kd_value *value)
{
    char wanted[40];
    unsigned low = (unsigned)value->as.u;
    int len = snprintf(wanted, sizeof wanted, "%02x:%02x:%02x/", low & 0xff, low >> 8 & 0xff,
                       low >> 16 & 0xff);
    return has_token(about, wanted, (size_t)len);
}

/* The library's own words for what a wording means. */
static bool is_meaning(kd_str about, const kd_value *value)
{
    (void)about;
    return value->type == KD_TEXT;
}

/* "no locks held by ringd/801" */
static bool is_no_locks(kd_str about, const kd_value *value)
{
    return value->as.u == 0 && has_words(about, (kd_str){ "no locks held", 13 });
}

/* "P5875/1:b..l": a reader of RCU */
static bool is_reader(kd_str about, const kd_value *value)
{
    char wanted[40];
    int len = snprintf(wanted, sizeof wanted, "P%llu", (unsigned long long)value->as.u);
    return has_token(about, wanted, (size_t)len);
}

/* "CPU3: Watchdog detected ..." */
static bool is_cpu(kd_str about, const kd_value *value)
{
    char wanted[40];
    int len = snprintf(wanted, sizeof wanted, "CPU%llu", (unsigned long long)value->as.u);
    return has_token(about, wanted, (size_t)len);
}

/* "P4D 17fef067PMD 0": the blank between two levels was lost */
static bool is_level(kd_str about, const kd_value *value)
{
    for (size_t i = 0; i + value->as.s.len <= about.len; i++)
        if (strncasecmp(about.ptr + i, value->as.s.ptr, value->as.s.len) == 0)
            return true;
    return false;
}

typedef bool (*reads_fn)(kd_str about, const kd_value *value);

/* Which reading a field has beside the plain one; "*" is any kind and what is before. */
/* "toy             D27256 12632": the letter and "%5lu" of the stack's free bytes, from 4.9 on */
static bool is_state(kd_str about, const kd_value *value)
{
    for (size_t i = 1; i + 1 < about.len && value->as.s.len == 1; i++)
        if (about.ptr[i - 1] == ' ' && about.ptr[i] == value->as.s.ptr[0] &&
            isdigit((unsigned char)about.ptr[i + 1]))
            return true;
    return false;
}

static reads_fn reading_of(const char *path)
{
    static const struct {
        const char *path;
        reads_fn reads;
    } rows[] = {
        { "*.backtrace.line", is_own_line },        { "*.stacks.frames.line", is_own_line },
        { "*.page_table.level", is_level },         { "*.code.marker", is_marker },
        { "*.zones.buddy.order", is_buddy_order },  { "*.consumers.kb", is_consumer },
        { "machine_check.bank", is_bank },          { "ata_error.sector", is_ata_sector },
        { "lockdep.held.count", is_no_locks },      { "*.stacks.role", is_meaning },
        { "hung_task.owner.role", is_meaning },     { "hung_task.victim.state", is_state },
        { "hung_task.tasks.role", is_meaning },     { "rcu_stall.tasks.role", is_meaning },
        { "rcu_stall.detected", is_meaning },       { "rcu_stall.tasks.pid", is_reader },
        { "hard_lockup.reporter", is_cpu },         { "lockdep.report", is_meaning },
        { "null_deref.access", is_meaning },        { "paging_fault.access", is_meaning },
        { "oops_other.access", is_meaning },        { "machine_check.severity", is_meaning },
        { "memory_error.severity", is_meaning },    { "module_load_failure.reason", is_meaning },
        { "module_load_failure.tool", is_meaning }, { "module_relocation.form", is_meaning },
        { "vmalloc_failure.reason", is_meaning },
    };
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *own = rows[i].path + (rows[i].path[0] == '*');
        size_t from = len - strlen(own);
        if (strlen(own) <= len && strcmp(path + from, own) == 0 && (from == 0 || own[0] == '.'))
            return rows[i].reads;
    }
    return NULL;
}

/* "kind.path", without the numbers of lists. */
static void name_field(const check *c, const char *path, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "%s.", kd_event_kind(c->event));
    for (const char *at = path; *at && len + 1 < size; at++) {
        if (*at == '[')
            at += strcspn(at, "]");
        else
            out[len++] = *at;
    }
    out[len] = 0;
}

static bool is_read_otherwise(const check *c, const char *path, kd_str about, const kd_value *value)
{
    char name[1200];
    name_field(c, path, name, sizeof name);
    reads_fn reads = reading_of(name);
    return reads && reads(about, value);
}

static void look_value(check *c, const char *path)
{
    kd_value value;
    if (kd_event_get(c->event, path, &value) != KD_OK || value.type == KD_LIST)
        return;
    if (value.line == 0 || value.line > c->count) {
        c->derived++;
        return;
    }
    c->values++;
    kd_str about = lines_at(c, value.line, 2);
    if (stands_in(about, &value) || stands_in_joined(about, &value) ||
        is_read_otherwise(c, path, about, &value))
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
