/* parse_bad_page.c - pages whose state is wrong.
 *
 *   BUG: Bad page state in process swapper  pfn:1234f
 *   BUG: Bad page map in process init  pte:800000001 pmd:1234
 *   BUG: Bad page cache in process systemd-journal  pfn:1ca2c
 *   BUG: Bad rss-counter state mm:ffff8880a type:MM_ANONPAGES val:3
 *   page:ffffea00 refcount:0 mapcount:-128 ...   flags: 0x...   page dumped because: nonzero
 * mapcount
 *
 * bad_page(), dump_page(), print_bad_pte(), filemap_unaccount_folio(), check_mm().
 */
#include "family/checker/parse_check.h"

static kd_verdict open_page(kd_parse *parse, const kd_line *line)
{
    static const char *const whats[] = { "Bad page state", "Bad page map", "Bad page cache",
                                         "Bad rss-counter state", "Bad swap file entry" };
    kdf_check *check = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str comm;
    uint64_t pfn;
    if (!kd_scan_literal(&in, "BUG: "))
        return KD_NOT_MINE;
    for (size_t i = 0; i < KD_COUNT(whats); i++) {
        kd_str what = kd_str_of(whats[i]), rest = { in.at, kd_scan_left(&in) };
        if (!kd_str_starts(rest, whats[i]))
            continue;
        in.at += what.len;
        kd_put(parse, &check->oops.headline, line->text);
        kd_put(parse, &check->what, what);
        if (kd_scan_literal(&in, " in process ") && kd_scan_past(&in, "  ", &comm))
            kd_put(parse, &check->oops.task.comm, kd_str_trim(comm));
        if (kd_scan_literal(&in, "pfn:") && kd_scan_hex(&in, &pfn))
            kd_put(parse, &check->pfn, pfn);
        return i == 3 ? KD_LAST : KD_TAKEN; /* the counter's line stands alone */
    }
    return KD_NOT_MINE;
}

/* "page:ffffea00 refcount:-1 mapcount:0 ..."; "count:" to 4.19 */
static void read_counts(kd_parse *parse, kdf_check *check, kd_str text)
{
    static const char *const references[] = { " refcount:", " _refcount:", " count:" };
    kd_str skipped;
    int64_t value;
    for (size_t i = 0; i < KD_COUNT(references) && !check->refcount.src; i++) {
        kd_scan in = kd_scan_of(text);
        if (kd_scan_past(&in, references[i], &skipped) && kd_scan_i64(&in, &value))
            kd_put(parse, &check->refcount, value);
    }
    kd_scan in = kd_scan_of(text);
    if (!check->mapcount.src && kd_scan_past(&in, " mapcount:", &skipped) &&
        kd_scan_i64(&in, &value))
        kd_put(parse, &check->mapcount, value);
}

/* "flags: 0x1000(reserved|zone=1)", "raw: 000fffffc0000000 dead000000000100 ..." */
static void read_descriptor(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str rest;
    uint64_t word;
    if (kd_scan_literal(&in, "flags: ") && kd_scan_rest(&in, &rest) && !check->page_flags.src)
        kd_put(parse, &check->page_flags, rest);
    if (!kd_scan_literal(&in, "raw: "))
        return;
    bool zero = !check->page_zeroed.src || check->page_zeroed.v;
    for (; kd_scan_blanks(&in) && kd_scan_hex(&in, &word);)
        zero &= word == 0;
    check->page_zeroed = (kd_bool){ zero, parse->src };
}

static kd_verdict more_page(kd_parse *parse, const kd_line *line)
{
    static const char *const begins[] = { "page:",
                                          "flags:",
                                          "raw:",
                                          "head:",
                                          "page dumped because:",
                                          "page_type:",
                                          "page_owner",
                                          "bad because of flags",
                                          "addr:",
                                          "file:",
                                          "vma->",
                                          "page allocated via",
                                          "page last allocated via",
                                          "page last free",
                                          "anon flags",
                                          "aops:",
                                          "shmem aops",
                                          "pfn:" };
    kdf_check *check = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str why;
    if (kd_other_report_begins(line->text))
        return KD_OVER;
    if (kd_scan_literal(&in, "page dumped because: ") && kd_scan_rest(&in, &why))
        kd_put(parse, &check->message, why);
    if (kd_str_starts(line->text, "page:"))
        read_counts(parse, check, line->text);
    read_descriptor(parse, check, line->text);
    for (size_t i = 0; i < KD_COUNT(begins); i++)
        if (kd_str_starts(line->text, begins[i]))
            return KD_TAKEN;
    return KD_NOT_MINE;
}

static const char *const anchors[] = { "BUG: Bad page ", "BUG: Bad rss-counter", "BUG: Bad swap",
                                       NULL };

const kd_parser kd_parser_bad_page = {
    .name = "bad_page",
    .anchors = anchors,
    .kind = &kd_kind_bad_page,
    .blocks = kd_check_blocks,
    .open = open_page,
    .more = more_page,
    .close = kd_check_blame,
};
