/* parse_slub_report.c - SLUB found an object or a slab overwritten.
 *
 *   BUG kmalloc-64 (Not tainted): Poison overwritten
 *   BUG kmalloc-64: Poison overwritten                                                 to 3.1
 *   -----------------------------------------------------------------------------
 *   0xffff88810b1a3c00-0xffff88810b1a3c07 @offset=3072. First byte 0x0 instead of 0x6b
 *   Allocated in foo+0x1c/0x40 [mod] age=12 cpu=0 pid=99      then frames
 *   Freed in bar+0x1c/0x40 [mod] age=2 cpu=0 pid=99           then frames
 *   Slab 0xffffea...   Object 0xffff...   Redzone  ffff...: bb bb   FIX kmalloc-64: Restoring ...
 *   [Left Redzone overwritten] 0x..-0x.. @offset=...                                   5.10+
 *
 * slab_bug(), print_track(), print_trailer(); the task line and the trace of the check end it.
 * Where the head is cut, the first of its lines that only SLUB prints begins it.
 */
#include "family/checker/parse_check.h"

/* Between them and the headline stands a line of "===". */
#define RANGE_LINES 3

static bool take_track(kd_parse *parse, kdf_check *check, kd_str text);

/* "Allocated in hub_event+0xa98/0xeac age=2 cpu=0 pid=154", nothing before it. */
static bool is_track(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t number;
    kd_scan_literal(&in, "INFO: ");
    return (kd_scan_literal(&in, "Allocated in ") || kd_scan_literal(&in, "Freed in ")) &&
           kd_scan_past(&in, " age=", &skipped) && kd_scan_u64(&in, &number) &&
           kd_scan_literal(&in, " cpu=") && kd_scan_u64(&in, &number) &&
           kd_scan_literal(&in, " pid=");
}

static bool take_range(kd_parse *parse, kdf_check *check, kd_str text);

/* 7.2 prints which bytes it was before the headline. */
static void read_range(kd_parse *parse, kdf_check *check)
{
    kd_back back = kd_back_from(parse);
    kd_line line;
    kd_src own = parse->src;
    for (int i = 0; i < RANGE_LINES && kd_back_line(&back, &line); i++) {
        if (!kd_str_starts(line.text, "[") || !kd_str_has(line.text, " overwritten] 0x"))
            continue;
        parse->src = kd_back_keep(parse, &line);
        if (parse->src)
            take_range(parse, check, line.text);
        parse->src = own;
        return;
    }
}

/* "BUG kmalloc-64 (Not tainted): Poison overwritten", "BUG kmalloc-64: Poison overwritten" */
static bool scan_headline(kd_str text, kd_str *cache, kd_str *what)
{
    static const char *const words[] = { "Object already free", "Object padding overwritten",
                                         "Objects remaining on kmem_cache_close()",
                                         "Poison overwritten", "Redzone overwritten" };
    kd_scan in = kd_scan_of(text), old;
    kd_str skipped;
    if (!kd_scan_literal(&in, "BUG "))
        return false;
    old = in;
    if (kd_scan_past(&in, " (", cache) && cache->len > 0 && kd_scan_past(&in, "): ", &skipped) &&
        kd_str_has(skipped, "ainted") && kd_scan_rest(&in, what))
        return true;
    return kd_scan_past(&old, ": ", cache) && cache->len > 0 && !kd_str_has(*cache, " ") &&
           kd_scan_rest(&old, what) && kd_str_starts_any(*what, words, KD_COUNT(words));
}

/* A mail program broke it where the cache's name and the taint end. */
static bool is_torn(kd_str text)
{
    return kd_str_starts(text, "BUG ") && kd_str_ends(text, "):") &&
           (kd_str_has(text, " (Tainted: ") || kd_str_has(text, " (Not tainted"));
}

static kd_verdict open_slub(kd_parse *parse, const kd_line *line)
{
    kdf_check *check = parse->body;
    kd_str cache, what;
    if (is_track(line->text) && take_track(parse, check, line->text))
        return KD_TAKEN;
    if (is_torn(line->text))
        return KD_UNFINISHED;
    if (!scan_headline(line->text, &cache, &what))
        return KD_NOT_MINE;
    const char *dot = kd_str_find(what, ". ");
    if (dot)
        what.len = (size_t)(dot - what.ptr);
    kd_put(parse, &check->oops.headline, line->text);
    kd_put(parse, &check->cache, cache);
    kd_put(parse, &check->what, what);
    read_range(parse, check);
    return KD_TAKEN;
}

/* "0xadb51e08-0xadb51e0c @offset=7688. First byte 0x40 instead of 0xcc" */
static bool take_range(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t first, last, is, should;
    kd_scan_literal(&in, "INFO: ");
    if (kd_scan_char(&in, '[') && !kd_scan_past(&in, "] ", &skipped))
        return false;
    if (!kd_scan_literal(&in, "0x") || !kd_scan_hex(&in, &first) || !kd_scan_literal(&in, "-0x") ||
        !kd_scan_hex(&in, &last) || last < first)
        return false;
    kd_put(parse, &check->bad_first, first);
    kd_put(parse, &check->bad_last, last);
    if (kd_scan_past(&in, "First byte 0x", &skipped) && kd_scan_hex(&in, &is) &&
        kd_scan_literal(&in, " instead of 0x") && kd_scan_hex(&in, &should)) {
        kd_put(parse, &check->bad_value, is);
        kd_put(parse, &check->good_value, should);
    }
    return true;
}

/* "Object 0xadb51e40 @offset=7744 fp=0xadb52140" */
static bool take_object(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t object;
    kd_scan_literal(&in, "INFO: ");
    if (!kd_scan_literal(&in, "Object 0x") || !kd_scan_hex(&in, &object) ||
        !kd_scan_literal(&in, " @offset="))
        return false;
    kd_put(parse, &check->object, object);
    return true;
}

static bool take_track(kd_parse *parse, kdf_check *check, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_scan_literal(&in, "INFO: ");
    bool alloc = kd_scan_literal(&in, "Allocated in ");
    if (!alloc && !kd_scan_literal(&in, "Freed in "))
        return false;
    kd_check_turn(parse, check, alloc ? "alloc" : "free");
    kdf_check_stack *stack =
        check->stacks.count ? &KD_ITEMS(check->stacks, kdf_check_stack)[check->stacks.count - 1]
                            : NULL;
    kdf_symbol symbol = { .size = { 0, 0 } };
    kdf_frame *frame = stack && kd_scan_symbol(&in, &symbol, parse->src)
                           ? KD_LIST_ADD(parse->arena, &stack->frames, kdf_frame)
                           : NULL;
    if (frame)
        *frame = (kdf_frame){ .function = symbol.function,
                              .offset = symbol.offset,
                              .size = symbol.size,
                              .module = symbol.module };
    return true;
}

static kd_verdict more_slub(kd_parse *parse, const kd_line *line)
{
    static const char *const begins[] = { "-----",   "INFO: ",        "0x",
                                          "Slab 0x", "Object ",       "Redzone ",
                                          "Padding", "Bytes b4",      "FIX ",
                                          "[0x",     "Disabling lock" };
    kdf_check *check = parse->body;
    kd_str text = line->text;
    if (kd_str_starts(text, "========") && check->oops.backtrace.count > 0)
        return KD_OVER;
    if (kd_str_starts(text, "FIX ")) {
        parse->own[KD_CHECK_STACK] = 0;
        return KD_TAKEN;
    }
    if (take_track(parse, check, text) || take_range(parse, check, text) ||
        take_object(parse, check, text))
        return KD_TAKEN;
    if (kd_str_starts(text, "CPU: ") || kd_str_starts(text, "Pid: "))
        parse->own[KD_CHECK_STACK] = 0; /* the stack of the check itself follows */
    kd_verdict verdict = kd_check_frame(parse, check, line);
    if (verdict != KD_NOT_MINE)
        return verdict;
    if (!kd_str_starts(text, "-----") && kd_other_report_begins(text))
        return KD_OVER;
    for (size_t i = 0; i < KD_COUNT(begins); i++)
        if (kd_str_starts(text, begins[i]))
            return KD_TAKEN;
    return KD_NOT_MINE;
}

/* What check_bytes_and_report(), object_err(), slab_err() are handed, 2.6.32 to 7.3; then pieces.
 */
static const char *const anchors[] = { "ainted):",
                                       "  ):",
                                       " overwritten",
                                       "): Object corrupt",
                                       ": Object already free",
                                       "): Freechain corrupt",
                                       "): Freepointer corrupt",
                                       "): Freelist Pointer check fails",
                                       "): Invalid object pointer",
                                       "): Wrong object count",
                                       "): Wrong number of objects",
                                       ": Objects remaining ",
                                       "): Not a valid slab",
                                       "): Attempt to free object",
                                       "): Page slab pointer corrupt",
                                       "): inuse ",
                                       "): objects ",
                                       "Allocated in ",
                                       "Freed in ",
                                       NULL };

/* The check's own stack is that of whoever touched the slab next: the tracks tell more. */
static void close_slub(kd_parse *parse)
{
    kd_check_blame(parse);
}

const kd_parser kd_parser_slub_report = {
    .name = "slub_report",
    .anchors = anchors,
    .kind = &kd_kind_slab_corruption,
    .blocks = kd_check_blocks,
    .open = open_slub,
    .more = more_slub,
    .close = close_slub,
};
