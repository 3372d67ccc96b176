/* check_equations.c [--every N] [--seed S] LOG...: prints each equation of each proof once, as
 * JSON:
 * {"log", "rule", "equation"}; last what was tried. For check_equations.py, which computes them. A
 * text alone, in quotes, is computed here: its words stand in the log. */
#include "lose.h"

typedef struct seen {
    const char *path;
    unsigned long long *hashes;
    size_t count, cap;
} seen;

static int is_new(seen *s, kd_str equation)
{
    unsigned long long hash = 14695981039346656037u;
    for (size_t i = 0; i < equation.len; i++)
        hash = (hash ^ (unsigned char)equation.ptr[i]) * 1099511628211u;
    hash |= 1; /* 0: free */
    if (s->count * 2 >= s->cap) {
        seen wider = { s->path, NULL, 0, s->cap ? s->cap * 2 : 1024 };
        wider.hashes = calloc(wider.cap, sizeof *wider.hashes);
        if (!wider.hashes)
            exit(2);
        for (size_t i = 0; i < s->cap; i++)
            for (size_t k = s->hashes[i] % wider.cap; s->hashes[i]; k = (k + 1) % wider.cap)
                if (!wider.hashes[k]) {
                    wider.hashes[k] = s->hashes[i];
                    wider.count++;
                    break;
                }
        free(s->hashes);
        *s = wider;
    }
    size_t k = hash % s->cap;
    while (s->hashes[k] && s->hashes[k] != hash)
        k = (k + 1) % s->cap;
    int fresh = s->hashes[k] == 0;
    s->hashes[k] = hash;
    s->count += (size_t)fresh;
    return fresh;
}

static void put(kd_str words)
{
    putchar('"');
    for (size_t i = 0; i < words.len; i++) {
        unsigned char c = (unsigned char)words.ptr[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

/* Is each word in the log? */
static int stands_in(kd_str log, kd_str words)
{
    for (size_t start = 0, end; start < words.len; start = end + 1) {
        const char *blank = memchr(words.ptr + start, ' ', words.len - start);
        end = blank ? (size_t)(blank - words.ptr) : words.len;
        if (!memmem(log.ptr, log.len, words.ptr + start, end - start))
            return 0;
    }
    return 1;
}

static int is_quote(kd_str equation)
{
    return equation.len > 2 && equation.ptr[0] == '"' &&
           memchr(equation.ptr + 1, '"', equation.len - 1) == equation.ptr + equation.len - 1;
}

static void look(const kd_report *report, kd_str log, const char *how, size_t line, void *user)
{
    seen *s = user;
    for (size_t i = 0; i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        kd_value equation;
        char path[40];
        for (size_t k = 0;; k++) {
            snprintf(path, sizeof path, "proof[%zu].equation", k);
            if (kd_diag_get(diag, path, &equation) != KD_OK || equation.type != KD_TEXT)
                break;
            if (!is_new(s, equation.as.s))
                continue;
            if (is_quote(equation.as.s) &&
                !stands_in(log, (kd_str){ equation.as.s.ptr + 1, equation.as.s.len - 2 }))
                equation.as.s = (kd_str){ "not in the log", 14 };
            printf("{\"log\": \"%s, line %zu %s\", \"rule\": \"%s\", \"equation\": ", s->path, line,
                   how, kd_diag_id(diag));
            put(equation.as.s);
            puts("}");
        }
    }
}

int main(int argc, char **argv)
{
    seen s = { 0 };
    loser l = { .look = look, .user = &s };
    int logs = 0;
    must(kd_engine_new(&l.engine, NULL), "kd_engine_new");
    for (int i = lose_options(&l, argc, argv); i < argc; i++, logs++) {
        s.path = argv[i];
        text log = load_file(argv[i]);
        lose_log(&l, log);
        free(log.ptr);
    }
    kd_engine_free(l.engine);
    free(s.hashes);
    printf("%d logs, %zu reports\n", logs, l.runs);
    return logs == 0;
}
