/* parse_boot_stage.c - how far a boot came, that it was shut down, why the machine was reset.
 *
 *   U-Boot SPL 2020.10 (Nov 12 2020 - 10:11:12 +0000)
 *   [    1.234567] Run /sbin/init as init process
 *   debian login:
 *   [  812.345678] reboot: Restarting system
 *   [    0.512345] x86/amd: Previous system reset reason [0x02000000]: hardware watchdog timer
 * expired
 *
 * The rows of stage.def. Facts: never reported as events.
 */
#include "core/lists.h"
#include "core/parser.h"
#include "family/boot/last_line.h"
#include "family/fields.h"

static const struct {
    const char *words;
    kd_stage stage;
} stages[] = {
#define KD_STAGE(words, stage) { words, KD_STAGE_##stage },
#include "family/boot/stage.def"
};

static const char *const ends[] = {
#define KD_STAGE_END(words) words,
#include "family/boot/stage.def"
};

static const char *const reasons[] = {
#define KD_RESET_REASON(words) words,
#include "family/boot/stage.def"
};

/* "debian login:", nothing behind it but what was typed or the kernel says, nothing of a log daemon
 * before it. */
static bool is_prompt(const kd_line *line)
{
    kd_scan in = kd_scan_of(line->raw);
    kd_str host;
    return kd_scan_word(&in, &host) && kd_scan_literal(&in, " login:") &&
           (kd_scan_left(&in) < 24 || kd_scan_literal(&in, " ["));
}

/* "shell@rk3368_box:/ $ ls", "root@board:~# ": somebody works there. */
static bool is_shell(const kd_line *line)
{
    kd_scan in = kd_scan_of(line->raw);
    kd_str place;
    return (kd_str_starts(line->raw, "shell@") || kd_str_starts(line->raw, "root@")) &&
           kd_scan_until(&in, ':', &place) && place.len < 48 && kd_scan_char(&in, ':') &&
           (kd_scan_past(&in, "$ ", &place) || kd_scan_past(&in, "# ", &place) ||
            kd_str_ends(line->raw, "$") || kd_str_ends(line->raw, "#")) &&
           place.len < 48;
}

static kd_verdict open_stage(kd_parse *parse, const kd_line *line)
{
    kdf_boot_stage *fact = parse->body;
    for (size_t i = 0; i < KD_COUNT(stages) && !fact->stage.src; i++)
        if (kd_str_has(line->text, stages[i].words))
            kd_put(parse, &fact->stage, (uint64_t)stages[i].stage);
    if (!fact->stage.src && is_prompt(line))
        kd_put(parse, &fact->stage, (uint64_t)KD_STAGE_LOGIN);
    if (!fact->stage.src && is_shell(line))
        kd_put(parse, &fact->stage, (uint64_t)KD_STAGE_INIT);
    if (fact->stage.src && fact->stage.v == KD_STAGE_LOADER) {
        kd_put(parse, &fact->loader, true);
        kd_put_last_line(parse, &fact->last);
    }
    if (kd_str_has_any(line->text, ends, KD_COUNT(ends)))
        kd_put(parse, &fact->ended, true);
    if (kd_str_has_any(line->text, reasons, KD_COUNT(reasons)))
        kd_put(parse, &fact->reason, line->text);
    return fact->stage.src || fact->ended.src || fact->reason.src ? KD_LAST : KD_NOT_MINE;
}

void kd_learn_boot_stage(kd_context *context, const kd_event *event, const void *part,
                         kd_arena *arena)
{
    const kdf_boot_stage *fact = part;
    if (fact->stage.src && fact->stage.v > context->stage)
        context->stage = (unsigned)fact->stage.v;
    context->is_console |= fact->loader.src || (fact->stage.src && fact->stage.v == KD_STAGE_LOGIN);
    context->has_ended |= fact->ended.src;
    if (fact->reason.src && context->reset_line.number == 0)
        context->reset_line = kd_learn_line(event, fact->reason.src, arena);
}

static const char *const anchors[] = {
#define KD_STAGE(words, stage) words,
#define KD_STAGE_END(words) words,
#define KD_RESET_REASON(words) words,
#include "family/boot/stage.def"
    " login:",
    "shell@",
    "root@",
    NULL,
};

const kd_parser kd_parser_boot_stage = {
    .name = "boot_stage",
    .anchors = anchors,
    .kind = &kd_kind_boot_stage,
    .open = open_stage,
};
