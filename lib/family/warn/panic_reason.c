/* panic_reason.c - look-up in panic_reason.def. */
#include <string.h>
#include <strings.h>

#include "family/warn/panic_reason.h"

enum { CULPRIT = 0, INNOCENT = 1 };

static const kd_panic_reason reasons[] = {
#define KD_PANIC(words, class, stack, causes, meaning, remedy) \
    { words, KD_PANIC_##class, stack, causes, meaning, remedy },
#include "family/warn/panic_reason.def"
#undef KD_PANIC
};

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* In any case: who types a screen off looks at the words alone. */
static bool has_words(kd_str text, const char *words)
{
    size_t len = strlen(words);
    for (size_t at = 0; at + len <= text.len; at++)
        if (small(text.ptr[at]) == small(words[0]) && small(text.ptr[at + 1]) == small(words[1]) &&
            strncasecmp(text.ptr + at, words, len) == 0)
            return true;
    return false;
}

const kd_panic_reason *kd_panic_reason_of(kd_str text)
{
    for (size_t i = 0; i < KD_COUNT(reasons); i++)
        if (has_words(text, reasons[i].words))
            return &reasons[i];
    return NULL;
}

static bool begins(const char *words, kd_str text)
{
    return text.len < strlen(words) && memcmp(words, text.ptr, text.len) == 0;
}

/* Behind other words, a few letters are no beginning. */
#define FEWEST_LETTERS 4u

/* Hardly a text of a panic() is shorter, unless it ends as a sentence does: "STOP!" */
#define SHORTEST 8u

bool kd_panic_reason_is_cut(kd_str text)
{
    if (text.len < SHORTEST && !kd_str_ends(text, "!") && !kd_str_ends(text, "."))
        return true;
    for (size_t from = 0; from <= text.len; from++) {
        kd_str end = kd_str_from(text, from);
        if (from > 0 && (end.len < FEWEST_LETTERS || text.ptr[from - 1] != ' '))
            continue;
        for (size_t i = 0; i < KD_COUNT(reasons); i++)
            if (begins(reasons[i].words, end))
                return true;
    }
    return false;
}
