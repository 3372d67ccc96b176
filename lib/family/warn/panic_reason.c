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

/* Which letters stand behind which in a text, whatever their case; a few others fall together. */
typedef struct pairs {
    uint32_t behind[32];
} pairs;

static unsigned letter(char c)
{
    return (unsigned char)c & 31u;
}

static pairs pairs_of(kd_str text)
{
    pairs found = { { 0 } };
    for (size_t i = 1; i < text.len; i++)
        found.behind[letter(text.ptr[i - 1])] |= UINT32_C(1) << letter(text.ptr[i]);
    return found;
}

/* Of the first three letters; no words of a row are shorter. */
static bool may_have(const pairs *in, const char *words)
{
    return (in->behind[letter(words[0])] >> letter(words[1]) & 1) &&
           (in->behind[letter(words[1])] >> letter(words[2]) & 1);
}

/* In any case: who types a screen off looks at the words alone. */
static bool has_words(kd_str text, const char *words)
{
    size_t len = strlen(words);
    for (size_t at = 0; at + len <= text.len; at++)
        if (letter(text.ptr[at]) == letter(words[0]) && strncasecmp(text.ptr + at, words, len) == 0)
            return true;
    return false;
}

/* A flood of panics asks it of each; nearly all rows are told apart by their first letters. */
const kd_panic_reason *kd_panic_reason_of(kd_str text)
{
    pairs in = pairs_of(text);
    for (size_t i = 0; i < KD_COUNT(reasons); i++)
        if (may_have(&in, reasons[i].words) && has_words(text, reasons[i].words))
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
    for (size_t from = 0; from < text.len; from++) {
        kd_str end = kd_str_from(text, from);
        if (from > 0 && (end.len < FEWEST_LETTERS || text.ptr[from - 1] != ' '))
            continue;
        for (size_t i = 0; i < KD_COUNT(reasons); i++)
            if (begins(reasons[i].words, end))
                return true;
    }
    return false;
}
