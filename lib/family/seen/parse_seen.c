/* parse_seen.c - lines of bad news that no other recogniser took.
 *
 *   blk_update_request: I/O error, dev sda, sector 2048
 *   {1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 4
 *
 * It stands first of all, so it is asked last. What it takes is a fact of the report, no event.
 */
#include "core/parser.h"
#include "family/fields.h"

static const char *const wordings[] = {
#define KD_WORDING(words) words,
#include "family/seen/wording.def"
#undef KD_WORDING
    NULL
};

static kd_verdict open_seen(kd_parse *parse, const kd_line *line)
{
    kdf_seen *seen = parse->body;
    for (size_t i = 0; wordings[i]; i++)
        if (kd_str_has(line->text, wordings[i])) {
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
