/* known.c - the baseline over what was picked. */
#include "store.h"

static const char *word(sqlite3_stmt *row, int column)
{
    return (const char *)sql.column_text(row, column);
}

bool store_mark_known(store *s, baseline *known, uint64_t *unknown)
{
    sqlite3_stmt *each = NULL, *mark = NULL;
    *unknown = 0;
    bool good =
        store_prepare(s, &each,
                      "SELECT rowid, signature, rule, arch, kernel, machine FROM temp.found "
                      "WHERE side = 1") &&
        store_prepare(s, &mark, "UPDATE temp.found SET known = ?2 WHERE rowid = ?1");
    while (good && store_row(s, each)) {
        const seen what = { word(each, 1), word(each, 2), word(each, 3), word(each, 4),
                            word(each, 5) };
        const char *why = baseline_known(known, &what);
        *unknown += why == NULL;
        if (!why)
            continue;
        sql.bind_int64(mark, 1, sql.column_int64(each, 0));
        sql.bind_text(mark, 2, why, -1, SQLITE_TRANSIENT);
        good = !store_row(s, mark) && !store_failed(s);
        sql.reset(mark);
    }
    sql.finalize(each);
    sql.finalize(mark);
    return good && !store_failed(s);
}

/* Most files of a bundle are no logs: it is in doubt when none of them is. */
bool store_count_doubtful(store *s, uint64_t *out)
{
    sqlite3_stmt *row = NULL;
    bool good =
        store_prepare(s, &row,
                      "SELECT (SELECT count(*) FROM temp.picked WHERE side = 1 AND archive IS NULL "
                      "AND outcome IN ('no-kernel', 'not-text')) + (SELECT count(*) FROM (SELECT "
                      "archive FROM temp.picked WHERE side = 1 AND archive IS NOT NULL GROUP BY "
                      "archive HAVING "
                      "coalesce(sum(outcome IN ('read', 'limited')), 0) = 0))") &&
        store_row(s, row);
    *out = good ? (uint64_t)sql.column_int64(row, 0) : 0;
    sql.finalize(row);
    return good;
}
