/* known.c - the baseline over what was picked. */
#include "store.h"

static const char *word(sqlite3_stmt *row, int column)
{
    return (const char *)sql.column_text(row, column);
}

bool store_mark_known(store *s, baseline *known, uint64_t *unknown)
{
    sqlite3_stmt *each = NULL, *mark = NULL;
    sqlite3 *db = store_db(s);
    *unknown = 0;
    bool good =
        sql.prepare_v2(db,
                       "SELECT rowid, signature, rule, arch, kernel, machine FROM temp.found "
                       "WHERE side = 1",
                       -1, &each, NULL) == SQLITE_OK &&
        sql.prepare_v2(db, "UPDATE temp.found SET known = ?2 WHERE rowid = ?1", -1, &mark, NULL) ==
            SQLITE_OK;
    while (good && sql.step(each) == SQLITE_ROW) {
        const seen what = { word(each, 1), word(each, 2), word(each, 3), word(each, 4),
                            word(each, 5) };
        const char *why = baseline_known(known, &what);
        *unknown += why == NULL;
        if (!why)
            continue;
        sql.bind_int64(mark, 1, sql.column_int64(each, 0));
        sql.bind_text(mark, 2, why, -1, SQLITE_TRANSIENT);
        good = sql.step(mark) == SQLITE_DONE;
        sql.reset(mark);
    }
    sql.finalize(each);
    sql.finalize(mark);
    return good || complain("database", sql.errmsg(db)) == 0;
}

/* Most files of a bundle are no logs: it is in doubt when none of them is. */
bool store_count_doubtful(store *s, uint64_t *out)
{
    sqlite3_stmt *row = NULL;
    bool good = sql.prepare_v2(
                    store_db(s),
                    "SELECT (SELECT count(*) FROM temp.picked WHERE side = 1 AND archive IS NULL "
                    "AND outcome IN ('no-kernel', 'not-text')) + (SELECT count(*) FROM (SELECT "
                    "archive FROM temp.picked WHERE side = 1 AND archive IS NOT NULL GROUP BY "
                    "archive HAVING "
                    "coalesce(sum(outcome IN ('read', 'limited')), 0) = 0))",
                    -1, &row, NULL) == SQLITE_OK &&
                sql.step(row) == SQLITE_ROW;
    *out = good ? (uint64_t)sql.column_int64(row, 0) : 0;
    sql.finalize(row);
    return good || complain("database", sql.errmsg(store_db(s))) == 0;
}
