/* parse_oom_tasks.c - the tables of an OOM report: slab caches, tasks.
 *
 *   Unreclaimable slab info:                                                     4.15+
 *   Name                      Used          Total
 *   kmalloc-64              1072KB       1080KB
 *
 *   Tasks state (memory values in pages):                                        4.19+
 *   [ pid ]   uid  tgid total_vm      rss cpu oom_adj name                       2.6.32
 *   [  pid  ]   uid  tgid total_vm      rss rss_anon ... oom_score_adj name      6.8+
 *   [    102]     0   102    26170    15954    15601 ...             0 tail
 *
 * dump_unreclaimable_slab(), dump_tasks(). The head names the columns, so its versions need not
 * be known. Mail programs wrap both head and rows.
 */
#include <string.h>

#include "family/fields.h"
#include "family/oom/parse_oom.h"

#define MAX_SLABS 512u
/* A machine may run tens of thousands of tasks, and the kill stands behind the table. */
#define MAX_TASKS 2048u
#define MAX_LARGER_TASKS 256u

/* ---- slab caches ----------------------------------------------------------------------------- */

static bool scan_kb(kd_scan *in, uint64_t *kb)
{
    return kd_scan_blanks(in) && kd_scan_u64(in, kb) &&
           (kd_scan_literal(in, "KB") || kd_scan_literal(in, "kB"));
}

static kd_verdict take_slab(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_oom *oom = group;
    kd_scan in = kd_scan_of(line->text);
    kd_str name, word;
    uint64_t used, total;
    if (kd_str_is(line->text, "Unreclaimable slab info:")) {
        parse->state->at = 1;
        return KD_TAKEN;
    }
    if (!parse->state->at || !kd_scan_word(&in, &name))
        return KD_NOT_MINE;
    kd_scan head = in;
    if (kd_str_is(name, "Name") && kd_scan_blanks(&head) && kd_scan_word(&head, &word) &&
        kd_str_is(word, "Used"))
        return KD_TAKEN;
    if (!scan_kb(&in, &used) || !scan_kb(&in, &total) || !kd_scan_at_end(&in))
        return KD_NOT_MINE;
    kdf_slab_cache *slab = oom->slabs.count < MAX_SLABS
                               ? KD_LIST_ADD(parse->arena, &oom->slabs, kdf_slab_cache)
                               : NULL;
    if (!slab)
        return KD_TAKEN;
    slab->name = (kd_text){ name, parse->src };
    slab->used_kb = (kd_u64){ used, parse->src };
    slab->total_kb = (kd_u64){ total, parse->src };
    return KD_TAKEN;
}

const kd_block kd_block_oom_slabs = { "oom_slabs", take_slab };

/* ---- columns of the task table --------------------------------------------------------------- */

typedef struct table_column {
    const char *name;
    size_t at; /* offset of the field */
    bool is_signed;
} table_column;

#define COLUMN(name, field)                        \
    {                                              \
        name, offsetof(kdf_oom_task, field), false \
    }
#define SIGNED(name, field)                       \
    {                                             \
        name, offsetof(kdf_oom_task, field), true \
    }

/* Their index + 1 is kept in four bits; 0 is a column that we do not know. */
static const table_column columns[] = {
    COLUMN("pid", pid),
    COLUMN("uid", uid),
    COLUMN("tgid", tgid),
    COLUMN("total_vm", total_vm_pages),
    COLUMN("rss", rss_pages),
    COLUMN("cpu", cpu),
    SIGNED("oom_adj", oom_adj),
    SIGNED("oom_score_adj", oom_score_adj),
    COLUMN("nr_ptes", nr_ptes),
    COLUMN("nr_pmds", nr_pmds),
    COLUMN("pgtables_bytes", pgtables_bytes),
    COLUMN("swapents", swapents),
    COLUMN("rss_anon", rss_anon_pages),
    COLUMN("rss_file", rss_file_pages),
    COLUMN("rss_shmem", rss_shmem_pages),
};
#define MAX_COLUMNS 16u
#define MAX_COMM 15u

/* kd_parse.own[KD_OOM_TABLE]: columns known so far, a flag, and the columns of the last row that
 * were read (0: the row is whole) */
#define COUNT_MASK 0xffu
#define HEAD_UNFINISHED 0x100u
#define ROW_SHIFT 16u
/* instead of the columns: a wrapped row has a name, which may have been broken too */
#define ROW_NAMED 0xffu

static uint32_t column_count(const kd_parse *parse)
{
    return parse->own[KD_OOM_TABLE] & COUNT_MASK;
}

static uint32_t row_read(const kd_parse *parse)
{
    return parse->own[KD_OOM_TABLE] >> ROW_SHIFT;
}

static void keep_row_read(kd_parse *parse, uint32_t read)
{
    parse->own[KD_OOM_TABLE] &= (1u << ROW_SHIFT) - 1;
    parse->own[KD_OOM_TABLE] |= read << ROW_SHIFT;
}

/* By name, or by the beginning of it where a mail program broke the word. */
static uint32_t column_of(kd_str word, bool cut)
{
    for (uint32_t i = 0; i < KD_COUNT(columns); i++)
        if (kd_str_is(word, columns[i].name))
            return i + 1;
    for (uint32_t i = 0; cut && word.len >= 6 && i < KD_COUNT(columns); i++) {
        kd_str name = kd_str_of(columns[i].name);
        if (word.len < name.len && memcmp(word.ptr, name.ptr, word.len) == 0)
            return i + 1;
    }
    return 0;
}

static uint32_t column_at(const kd_parse *parse, uint32_t index)
{
    uint32_t half = parse->own[KD_OOM_COLUMNS + index / 8];
    return half >> (index % 8 * 4) & 15;
}

static void add_column(kd_parse *parse, uint32_t column)
{
    uint32_t index = column_count(parse);
    if (index >= MAX_COLUMNS)
        return;
    parse->own[KD_OOM_COLUMNS + index / 8] |= column << (index % 8 * 4);
    parse->own[KD_OOM_TABLE]++;
}

/* Words up to "name". @param started  the first words were on the line before */
static void read_head(kd_parse *parse, kd_scan in, bool started)
{
    kd_str word;
    bool first = started, named = false;
    while (!named && kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        named = kd_str_is(word, "name");
        uint32_t column = column_of(word, kd_scan_at_end(&in));
        /* the rest of a broken word says nothing more */
        if (!named && (column || !first))
            add_column(parse, column);
        first = false;
    }
    parse->own[KD_OOM_TABLE] &= ~HEAD_UNFINISHED;
    if (!named)
        parse->own[KD_OOM_TABLE] |= HEAD_UNFINISHED;
}

/* "[ pid ]   uid  tgid total_vm ..." */
static bool take_head(kd_parse *parse, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    if (parse->own[KD_OOM_TABLE] & HEAD_UNFINISHED && !line->prefixed &&
        (kd_str_has(line->text, "name") || kd_str_has(line->text, "oom_score_ad"))) {
        read_head(parse, in, true);
        return true;
    }
    if (!kd_scan_char(&in, '[') || !kd_scan_blanks(&in) || !kd_scan_literal(&in, "pid") ||
        !kd_scan_blanks(&in) || !kd_scan_char(&in, ']') || !kd_str_has(line->text, " tgid "))
        return false;
    parse->own[KD_OOM_COLUMNS] = parse->own[KD_OOM_COLUMNS + 1] = 0;
    parse->own[KD_OOM_TABLE] = 0;
    add_column(parse, column_of(KD_STR("pid"), false));
    read_head(parse, in, false);
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Numbers from column `from` on; gives the first column that is not there. */
static uint32_t read_numbers(kd_parse *parse, kd_scan *in, kdf_oom_task *task, uint32_t from)
{
    uint32_t count = column_count(parse), i = from;
    for (; i < count; i++) {
        uint32_t number = column_at(parse, i);
        kd_scan try = *in;
        int64_t value;
        kd_scan_blanks(&try);
        if (!kd_scan_i64(&try, &value) || (!kd_scan_at_end(&try) && !kd_is_blank(*try.at)))
            break;
        *in = try;
        if (number == 0)
            continue;
        void *field = (char *)task + columns[number - 1].at;
        if (columns[number - 1].is_signed)
            *(kd_i64 *)field = (kd_i64){ value, parse->src };
        else if (value >= 0)
            *(kd_u64 *)field = (kd_u64){ (uint64_t)value, parse->src };
    }
    return i;
}

static void read_comm(kd_parse *parse, kd_scan in, kdf_oom_task *task)
{
    kd_str comm;
    kd_scan_blanks(&in);
    kd_scan_rest(&in, &comm);
    task->comm = (kd_text){ kd_str_trim(comm), parse->src };
}

static uint64_t largest_rss(const kdf_oom *oom)
{
    const kdf_oom_task *tasks = oom->tasks.items;
    uint64_t largest = 0;
    for (uint32_t i = 0; i < oom->tasks.count; i++)
        largest = tasks[i].rss_pages.v > largest ? tasks[i].rss_pages.v : largest;
    return largest;
}

/* Beyond the limit only rows larger than all before are kept: who holds most is never lost. */
static bool has_room(const kdf_oom *oom, const kdf_oom_task *task)
{
    if (oom->tasks.count < MAX_TASKS)
        return true;
    return oom->tasks.count < MAX_TASKS + MAX_LARGER_TASKS && task->rss_pages.v > largest_rss(oom);
}

static kd_verdict leave_out(kdf_oom *oom, const kdf_oom_task *task)
{
    uint64_t *sum = &oom->tasks_left_out_rss_pages.v;
    oom->tasks_left_out.v++;
    *sum = task->rss_pages.v > UINT64_MAX - *sum ? UINT64_MAX : *sum + task->rss_pages.v;
    oom->tasks_left_out.src = oom->tasks_left_out_rss_pages.src = KD_DERIVED;
    return KD_PASSED;
}

/* "[    102]     0   102    26170    15954 ..." */
static kd_verdict take_row(kd_parse *parse, kdf_oom *oom, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    kdf_oom_task task;
    uint64_t pid;
    memset(&task, 0, sizeof task);
    if (column_count(parse) < 5 || !kd_scan_char(&in, '[') || !kd_scan_blanks(&in) ||
        !kd_scan_u64(&in, &pid) || !kd_scan_blanks(&in) || !kd_scan_char(&in, ']'))
        return KD_NOT_MINE;
    bool torn = row_read(parse) != 0 && row_read(parse) != ROW_NAMED;
    torn |= (parse->own[KD_OOM_TABLE] & HEAD_UNFINISHED) != 0;
    task.pid = (kd_u64){ pid, parse->src };
    uint32_t read = read_numbers(parse, &in, &task, 1);
    kd_scan_blanks(&in);
    if (read < column_count(parse) && !kd_scan_at_end(&in))
        return KD_NOT_MINE;
    oom->tasks_torn |= torn;
    parse->own[KD_OOM_TABLE] &= ~HEAD_UNFINISHED;
    read_comm(parse, in, &task);
    keep_row_read(parse, 0);
    if (!has_room(oom, &task))
        return leave_out(oom, &task);
    kdf_oom_task *kept = KD_LIST_ADD(parse->arena, &oom->tasks, kdf_oom_task);
    if (!kept)
        return KD_TAKEN;
    *kept = task;
    if (task.comm.v.len == 0) {
        kept->comm.src = 0;
        keep_row_read(parse, read); /* wrapped: numbers or the name follow */
    }
    return KD_TAKEN;
}

/* "ss" of "stress" */
static bool take_rest_of_comm(kd_parse *parse, kdf_oom_task *task, kd_scan in)
{
    kd_str word;
    if (!kd_scan_word(&in, &word) || !kd_scan_at_end(&in) || task->comm.v.len + word.len > MAX_COMM)
        return false;
    task->comm.v = kd_arena_format(parse->arena, "%.*s%.*s", KD_FMT(task->comm.v), KD_FMT(word));
    keep_row_read(parse, 0);
    return true;
}

static bool take_rest_of_row(kd_parse *parse, kdf_oom *oom, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    kdf_oom_task task;
    if (!row_read(parse) || line->prefixed || oom->tasks.count == 0)
        return false;
    kdf_oom_task *last = KD_ITEMS(oom->tasks, kdf_oom_task) + oom->tasks.count - 1;
    if (row_read(parse) == ROW_NAMED)
        return take_rest_of_comm(parse, last, in);
    task = *last;
    uint32_t count = column_count(parse);
    uint32_t read = read_numbers(parse, &in, &task, row_read(parse));
    kd_scan_blanks(&in);
    if (read < count ? !kd_scan_at_end(&in) || read == row_read(parse) : kd_scan_at_end(&in))
        return false;
    keep_row_read(parse, read < count ? read : ROW_NAMED);
    if (read == count)
        read_comm(parse, in, &task);
    *last = task;
    return true;
}

static kd_verdict take_tasks(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_oom *oom = group;
    if (kd_str_starts(line->text, "Tasks state (memory values in pages)"))
        return KD_TAKEN;
    if (take_head(parse, line) || take_rest_of_row(parse, oom, line))
        return KD_TAKEN;
    return take_row(parse, oom, line);
}

const kd_block kd_block_oom_tasks = { "oom_tasks", take_tasks };
