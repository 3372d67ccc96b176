/* patterns.c - what is personal in a line, by patterns.def. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "redact.h"

/* A line that takes more is withheld. */
#define MATCH_LIMIT 2000000u
#define DEPTH_LIMIT 10000u
#define HEAP_LIMIT 20000u /* KiB */

static const struct {
    const char *class, *words, *pattern;
} rows[] = {
#define KD_PATTERN(class, words, pattern) { class, words, pattern },
#include "patterns.def"
#undef KD_PATTERN
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Words of three kinds may follow the rows. */
static const char *const word_classes[] = { "host", "user", "ssid" };
enum { WORDS = 3, ALL = ROWS + WORDS };

/* A set of rows. */
typedef struct set {
    uint64_t bits[3];
} set;
_Static_assert(ALL <= 192, "a wider set");

enum { WINDOW = 3, WINDOWS = 4096 };

static struct {
    pcre2_code *code[ALL];
    /* The rows that are tried on every line, those by a single letter, and those by the first three
     * of a word. */
    set always, by_letter[256], by_window[WINDOWS];
    pcre2_match_data *data;
    pcre2_match_context *context;
} open_now;

/* ---- which rows a line can match ------------------------------------------------------------- */

static unsigned char small(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static uint32_t next_window(uint32_t window, char c)
{
    return (window << 8 | small(c)) & 0xffffff;
}

static set *set_of(uint32_t window)
{
    return &open_now.by_window[(window * 2654435761u) >> 20];
}

static void add_to_set(set *to, size_t row)
{
    to->bits[row / 64] |= (uint64_t)1 << row % 64;
}

/* By the first letters of each of its words. */
static void add_row(size_t row, const char *words)
{
    if (!words[0])
        add_to_set(&open_now.always, row);
    while (words[0]) {
        size_t len = strcspn(words, "|");
        uint32_t window = 0;
        for (size_t i = 0; i < WINDOW && i < len; i++)
            window = next_window(window, words[i]);
        add_to_set(len < WINDOW ? &open_now.by_letter[small(words[len - 1])] : set_of(window), row);
        words += len + (words[len] == '|');
    }
}

static void join(set *to, const set *from)
{
    for (size_t i = 0; i < 3; i++)
        to->bits[i] |= from->bits[i];
}

static set rows_for(kd_str line)
{
    set found = open_now.always;
    uint32_t window = 0;
    for (size_t i = 0; i < line.len; i++) {
        window = next_window(window, line.ptr[i]);
        join(&found, &open_now.by_letter[small(line.ptr[i])]);
        join(&found, set_of(window));
    }
    return found;
}

/* ---- compiling ---------------------------------------------------------------------------------
 */

static const char *class_of(size_t row)
{
    return row < ROWS ? rows[row].class : word_classes[row - ROWS];
}

static bool compile(size_t row, const char *pattern, bool jit)
{
    int error;
    PCRE2_SIZE at;
    open_now.code[row] = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                       PCRE2_NEVER_UTF | PCRE2_DOLLAR_ENDONLY, &error, &at, NULL);
    if (!open_now.code[row])
        return complain(pattern, "cannot be compiled") == 0;
    if (jit)
        pcre2_jit_compile(open_now.code[row], PCRE2_JIT_COMPLETE);
    return true;
}

bool patterns_open(bool addresses)
{
    open_now.data = pcre2_match_data_create(8, NULL);
    open_now.context = pcre2_match_context_create(NULL);
    if (!open_now.data || !open_now.context)
        return complain(NULL, "out of memory") == 0;
    pcre2_set_match_limit(open_now.context, MATCH_LIMIT);
    pcre2_set_depth_limit(open_now.context, DEPTH_LIMIT);
    pcre2_set_heap_limit(open_now.context, HEAP_LIMIT);
    for (size_t i = 0; i < ROWS; i++) {
        if ((addresses || strcmp(rows[i].class, "address") != 0) &&
            !compile(i, rows[i].pattern, true))
            return false;
        add_row(i, rows[i].words);
    }
    for (size_t i = ROWS; i < ALL; i++)
        add_row(i, "");
    return true;
}

void patterns_close(void)
{
    for (size_t i = 0; i < ALL; i++)
        if (open_now.code[i])
            pcre2_code_free(open_now.code[i]);
    if (open_now.data)
        pcre2_match_data_free(open_now.data);
    if (open_now.context)
        pcre2_match_context_free(open_now.context);
}

/* ---- words ----------------------------------------------------------------------------------- */

typedef struct alternation {
    text pattern[WORDS];
} alternation;

/* Words that mean something in every log, whoever is called so. */
static bool is_common(kd_str value)
{
    static const char *const common[] = {
        "root",      "kernel", "linux",  "Linux",   "debian",  "ubuntu",
        "localhost", "user",   "admin",  "daemon",  "system",  "none",
        "nobody",    "host",   "test",   "guest",   "video",   "audio",
        "disk",      "mail",   "swap",   "init",    "default", "users",
        "Users",     "home",   "public", "unknown", "syzbot",  "kernel test robot"
    };
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (value.len == strlen(common[i]) && memcmp(value.ptr, common[i], value.len) == 0)
            return true;
    return value.len < 4;
}

static void add_word(void *user, const char *class, kd_str value)
{
    alternation *to = user;
    for (size_t i = 0; i < WORDS; i++) {
        text *pattern = &to->pattern[i];
        if (strcmp(class, word_classes[i]) != 0 || is_common(value) || pattern->len > 30000 ||
            memchr(value.ptr, 0, value.len))
            continue;
        text_add(pattern, pattern->len == 0 ? "(?i)(?<![A-Za-z0-9_-])((?:" : "|");
        for (size_t c = 0; c < value.len; c++) { /* each byte by its number: none is special */
            text_print(pattern, "\\x{%02x}", (unsigned)(unsigned char)value.ptr[c]);
        }
    }
}

bool patterns_add_words(const names *n)
{
    alternation all = { .pattern = { { 0 } } };
    bool good = true;
    each_name(n, add_word, &all);
    for (size_t i = 0; i < WORDS; i++) {
        text *pattern = &all.pattern[i];
        if (pattern->len > 0) {
            text_add(pattern, "))(?![A-Za-z0-9_-])");
            /* the sandbox lets no code in: without JIT */
            good = good && !pattern->failed && compile(ROWS + i, pattern->at, false);
        }
        text_free(pattern);
    }
    return good;
}

/* ---- one line -------------------------------------------------------------------------------- */

static bool overlaps(const parts *all, size_t start, size_t end)
{
    for (size_t i = 0; i < all->count; i++)
        if (start < all->items[i].end && end > all->items[i].start)
            return true;
    return false;
}

static void add_part(parts *to, size_t start, size_t end, const char *class)
{
    size_t at = to->count;
    if (start >= end || overlaps(to, start, end))
        return;
    if (to->count == MOST_PARTS) {
        to->limited = true;
        return;
    }
    for (; at > 0 && to->items[at - 1].start > start; at--)
        to->items[at] = to->items[at - 1];
    to->items[at] = (part){ start, end, class };
    to->count++;
}

static void find(size_t row, kd_str line, parts *out)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)line.ptr;
    PCRE2_SIZE *range = pcre2_get_ovector_pointer(open_now.data);
    for (size_t at = 0; at <= line.len && !out->limited;) {
        int found = pcre2_match(open_now.code[row], subject, line.len, at, 0, open_now.data,
                                open_now.context);
        if (found == PCRE2_ERROR_NOMATCH)
            return;
        if (found < 2) {
            if (found == PCRE2_ERROR_NOMEMORY)
                note_no_memory();
            out->limited = true;
            return;
        }
        size_t end = range[1];
        add_part(out, range[2], range[3], class_of(row));
        at = end > at ? end : at + 1;
    }
}

void patterns_find(kd_str line, parts *out)
{
    out->count = 0;
    out->limited = false;
    set some = rows_for(line);
    for (size_t row = 0; row < ALL && !out->limited; row++)
        if (open_now.code[row] && some.bits[row / 64] >> row % 64 & 1)
            find(row, line, out);
}
