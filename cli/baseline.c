/* baseline.c - the problems that are known, read from a file (docs/triage.md). */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "baseline.h"

typedef struct entry {
    json_object *it; /* owns the texts */
    const char *signature, *rule, *arch, *from, *until, *host, *reason, *expires;
    bool expired, used;
} entry;

struct baseline {
    char *path;
    json_object *whole;
    entry *items;
    size_t count;
};

bool is_date(const char *word)
{
    static const char shape[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof shape; i++)
        if (shape[i] == 'd' ? word[i] < '0' || word[i] > '9' : word[i] != shape[i])
            return false;
    return true;
}

static const char *word_of(json_object *of, const char *name)
{
    kd_str found = json_str(of, name);
    return found.len > 0 ? found.ptr : NULL;
}

/* NULL, or what is wrong with it. */
static const char *read_entry(json_object *from, entry *to, const char *today)
{
    json_object *kernel = json_member(from, "kernel", json_type_object);
    to->it = from;
    to->signature = word_of(from, "signature");
    to->rule = word_of(from, "rule");
    to->arch = word_of(from, "arch");
    to->host = word_of(from, "host");
    to->reason = word_of(from, "reason");
    to->expires = word_of(from, "expires");
    to->from = word_of(kernel, "from");
    to->until = word_of(kernel, "until");
    if (!to->signature && !to->rule)
        return "names neither a signature nor a rule";
    if (!to->reason)
        return "has no reason";
    if (to->expires && !is_date(to->expires))
        return "expires is no date such as 2026-11-27";
    if ((to->from && !kd_kernel_parse((kd_str){ to->from, strlen(to->from) })) ||
        (to->until && !kd_kernel_parse((kd_str){ to->until, strlen(to->until) })))
        return "kernel has a from or until that is no release";
    to->expired = to->expires && strcmp(to->expires, today) < 0;
    return NULL;
}

static bool read_entries(baseline *b, const char *today)
{
    json_object *list = json_member(b->whole, "entries", json_type_array);
    char why[160];
    if (strncmp(json_str(b->whole, "format").ptr, "kdiag-baseline/1", 17) != 0 || !list) {
        complain(b->path, "no baseline: {\"format\": \"kdiag-baseline/1\", \"entries\": [...]}");
        return false;
    }
    b->count = json_object_array_length(list);
    b->items = zeroed_noted(b->count + 1, sizeof *b->items);
    if (!b->items) {
        complain(b->path, "out of memory");
        return false;
    }
    for (size_t i = 0; i < b->count; i++) {
        const char *wrong = read_entry(json_object_array_get_idx(list, i), &b->items[i], today);
        if (wrong) {
            snprintf(why, sizeof why, "entry %zu %s", i + 1, wrong);
            complain(b->path, why);
            return false;
        }
    }
    return true;
}

baseline *baseline_read(const char *path, const char *today)
{
    kd_str whole = { NULL, 0 };
    char now[16];
    time_t clock = time(NULL);
    struct tm parts;
    if (!read_whole(path, &whole))
        return NULL;
    strftime(now, sizeof now, "%Y-%m-%d", gmtime_r(&clock, &parts));
    baseline *b = zeroed_noted(1, sizeof *b);
    if (b) {
        b->path = copy_str((kd_str){ path, strlen(path) });
        b->whole = json_read(whole);
    }
    free((void *)(uintptr_t)whole.ptr);
    if (b && b->path && read_entries(b, today ? today : now))
        return b;
    if (!b || !b->path)
        complain(path, "out of memory");
    baseline_free(b);
    return NULL;
}

void baseline_free(baseline *b)
{
    if (!b)
        return;
    json_object_put(b->whole);
    free(b->path);
    free(b->items);
    free(b);
}

size_t baseline_count(const baseline *b)
{
    return b->count;
}

static bool in_range(const entry *e, const char *kernel)
{
    if (!e->from && !e->until)
        return true;
    uint32_t at = kernel ? kd_kernel_parse((kd_str){ kernel, strlen(kernel) }) : 0;
    if (at == 0) /* not known: the condition is not shown to hold */
        return false;
    return (!e->from || at >= kd_kernel_parse((kd_str){ e->from, strlen(e->from) })) &&
           (!e->until || at < kd_kernel_parse((kd_str){ e->until, strlen(e->until) }));
}

static bool is_word(const char *wanted, const char *word)
{
    return !wanted || (word && strcmp(wanted, word) == 0);
}

const char *baseline_known(baseline *b, const seen *what)
{
    const char *why = NULL;
    for (size_t i = 0; i < b->count; i++) {
        entry *e = &b->items[i];
        if (!is_word(e->signature, what->signature) || !is_word(e->rule, what->rule) ||
            !is_word(e->arch, what->arch) || !in_range(e, what->kernel) ||
            (e->host && (!what->host || fnmatch(e->host, what->host, 0) != 0)))
            continue;
        e->used = true;
        if (!e->expired && !why)
            why = e->reason;
    }
    return why;
}

size_t baseline_report(const baseline *b, bool unused_too)
{
    size_t told = 0;
    for (size_t i = 0; i < b->count; i++) {
        const entry *e = &b->items[i];
        const char *title = word_of(e->it, "title");
        text line = { 0 };
        if (!e->expired && (e->used || !unused_too))
            continue;
        text_print(&line, "entry %zu (%s) ", i + 1,
                   title          ? title
                   : e->signature ? e->signature
                                  : e->rule);
        if (e->expired)
            text_print(&line, "has expired on %s%s", e->expires, e->used ? ", and was seen" : "");
        else
            text_add(&line, "was not seen");
        complain(b->path, line.at ? line.at : "out of memory");
        text_free(&line);
        told++;
    }
    return told;
}
