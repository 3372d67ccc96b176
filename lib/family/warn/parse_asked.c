/* parse_asked.c - lines that tell of a crash that somebody asks for.
 *
 *   sysrq: Trigger a crash
 *   lkdtm: Performing direct entry EXCEPTION
 *   FAULT_INJECTION: forcing a failure.
 *   sysrq: SysRq : Resetting                                    sysrq-b: an event, nothing follows
 *
 * __handle_sysrq(), lkdtm, fail_dump() and others: asked.def. Facts, but for the reset.
 */
#include "core/hint.h"
#include "core/lists.h"
#include "core/parser.h"
#include "family/fields.h"
#include "family/warn/asked.h"

static kd_verdict open_asked(kd_parse *parse, const kd_line *line)
{
    kdf_asked *asked = parse->body;
    if (!kd_asked_line_of(line->text))
        return KD_NOT_MINE;
    kd_put(parse, &asked->text, line->text);
    return KD_LAST;
}

void kd_learn_asked(kd_context *context, const kd_event *event, const void *part, kd_arena *arena)
{
    const kdf_asked *asked = part;
    const kd_asked_line *row = kd_asked_line_of(asked->text.v);
    if (row)
        kd_hint_learn(context, event, row, arena);
}

static const char *const anchors[] = {
#define KD_ASKED_LINE(by, words, kinds, seconds) words,
#include "family/warn/asked.def"
    NULL
};

const kd_parser kd_parser_asked = {
    .name = "asked",
    .anchors = anchors,
    .kind = &kd_kind_asked,
    .open = open_asked,
};

static kd_verdict open_reset(kd_parse *parse, const kd_line *line)
{
    kdf_log_end *reboot = parse->body;
    if (!kd_str_is(line->text, "SysRq : Resetting") &&
        !kd_str_is(line->text, "sysrq: SysRq : Resetting") &&
        !kd_str_is(line->text, "sysrq: Resetting"))
        return KD_NOT_MINE;
    kd_put(parse, &reboot->headline, line->text);
    return KD_LAST;
}

static const char *const reset_anchors[] = { "SysRq : Resetting", "sysrq: Resetting", NULL };

const kd_parser kd_parser_reset = {
    .name = "reset",
    .anchors = reset_anchors,
    .kind = &kd_kind_reboot,
    .open = open_reset,
};
