/* parse_ubsan.c - undefined behaviour.
 *
 *   UBSAN: shift-out-of-bounds in ./include/linux/log2.h:67:13
 *   shift exponent 64 is too large for 64-bit type 'long unsigned int'
 *   UBSAN: Undefined behaviour in drivers/usb/core/devio.c:1713:25                 to 5.8
 *
 * ubsan_prologue(); a task line and a trace follow, then "---[ end trace" or "====".
 */
#include "family/checker/parse_check.h"

static bool read_place(kd_parse *parse, kdf_check *check, kd_str place)
{
    kd_scan in = kd_scan_of(place);
    kd_str file;
    uint64_t line;
    if (!kd_scan_until(&in, ':', &file) || file.len == 0 || !kd_scan_char(&in, ':') ||
        !kd_scan_u64(&in, &line))
        return false;
    kd_put(parse, &check->oops.file, file);
    kd_put(parse, &check->oops.line_number, line);
    return true;
}

static kd_verdict open_ubsan(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str what, place;
    if (!kd_scan_literal(&in, "UBSAN: ") || !kd_scan_past(&in, " in ", &what) ||
        !kd_scan_rest(&in, &place))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    if (!read_place(parse, check, place))
        return KD_NOT_MINE;
    kd_put(parse, &check->oops.headline, line->text);
    kd_put(parse, &check->what, what);
    return KD_TAKEN;
}

static kd_verdict more_ubsan(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_str text = line->text;
    if (kd_str_starts(text, "---[ end trace") || kd_str_starts(text, "========="))
        return KD_LAST;
    if (kd_other_report_begins(text))
        return KD_OVER;
    /* the sentence stands directly behind the headline */
    if (parse->own[KD_CHECK_SEEN] || check->message.src || text.len == 0 ||
        check->oops.backtrace.count > 0 || kd_str_starts(text, "CPU: "))
        return KD_NOT_MINE;
    kd_put(parse, &check->message, text);
    return KD_TAKEN;
}

static const char *const anchors[] = { "UBSAN: ", NULL };

const kd_parser kd_parser_ubsan = {
    .name = "ubsan",
    .anchors = anchors,
    .kind = &kd_kind_ubsan,
    .blocks = kd_check_blocks,
    .open = open_ubsan,
    .more = more_ubsan,
    .close = kd_check_blame,
};
