/* parse_seen.c - lines of bad news that no other recogniser took.
 *
 *   blk_update_request: I/O error, dev sda, sector 2048
 *   {1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 4
 *
 * It stands first of all, so it is asked last. What it takes is a fact of the report, no event.
 */
#include <string.h>

#include "core/parser.h"
#include "family/fields.h"

static const char *const wordings[] = {
#define KD_WORDING(words) words,
#define KD_ORDINARY(words)
#include "family/seen/wording.def"
#undef KD_ORDINARY
#undef KD_WORDING
    NULL
};

static const char *const ordinary[] = {
#define KD_WORDING(words)
#define KD_ORDINARY(words) words,
#include "family/seen/wording.def"
#undef KD_ORDINARY
#undef KD_WORDING
};

/* "Boot_DEBUG: started" has no "BUG: " in it. */
static bool has_words(kd_str text, const char *words)
{
    bool whole = strlen(words) <= sizeof "BUG: " - 1;
    const char *end = text.ptr + text.len, *at = kd_str_find(text, words);
    while (whole && at && at > text.ptr && (kd_is_alpha(at[-1]) || kd_is_digit(at[-1])))
        at = kd_str_find((kd_str){ at + 1, (size_t)(end - at - 1) }, words);
    return at != NULL;
}

static kd_verdict open_seen(kd_parse *parse, const kd_line *line)
{
    kdf_seen *seen = parse->body;
    if (kd_str_has_any(line->text, ordinary, KD_COUNT(ordinary)))
        return KD_NOT_MINE;
    for (size_t i = 0; wordings[i]; i++)
        if (has_words(line->text, wordings[i])) {
            kd_put(parse, &seen->wording, kd_str_of(wordings[i]));
            return KD_LAST;
        }
    return KD_NOT_MINE;
}

const kd_parser kd_parser_seen = {
    .name = "seen",
    .anchors = wordings,
    .kind = &kd_kind_seen,
    .open = open_seen,
};
