/* groups.c - problems of one signature, and what is said of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "store.h"

/* ---- counting -------------------------------------------------------------------------------- */

/* The share of the new side among all is binomial; its Wilson interval gives that of the ratio. */
interval rate_ratio(uint64_t old, uint64_t old_logs, uint64_t now, uint64_t now_logs)
{
    double n = (double)(old + now), z = 1.959964, p = n > 0 ? (double)now / n : 0;
    interval out = { 0, -1 };
    if (n <= 0 || old_logs == 0 || now_logs == 0)
        return out;
    double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
    double low = middle - half, high = middle + half;
    double scale = (double)old_logs / (double)now_logs;
    out.low = now == 0 || low <= 0 ? 0 : low / (1 - low) * scale;
    out.high = old == 0 || high >= 1 ? -1 : high / (1 - high) * scale;
    return out;
}

static change change_of(group *g, const show *it)
{
    g->ratio = rate_ratio(g->old_logs, it->old.logs, g->logs, it->now.logs);
    if (g->old_logs == 0)
        return CHANGE_NEW;
    if (g->logs == 0)
        return CHANGE_GONE;
    if (g->ratio.low > 1)
        return CHANGE_MORE;
    return g->ratio.high >= 0 && g->ratio.high < 1 ? CHANGE_FEWER : CHANGE_SAME;
}

const char *change_name(change c)
{
    static const char *const names[] = { "new", "more", "gone", "fewer", "same" };
    return names[c];
}

static group *add_group(groups *to)
{
    if (to->count == to->room) {
        size_t room = to->room ? to->room * 2 : 64;
        group *wider = resize_noted(to->items, room * sizeof *wider);
        if (!wider)
            return NULL;
        to->items = wider;
        to->room = room;
    }
    memset(&to->items[to->count], 0, sizeof *to->items);
    return &to->items[to->count++];
}

static int by_size(const void *left, const void *right)
{
    const group *a = left, *b = right;
    if (a->change != b->change)
        return a->change < b->change ? -1 : 1;
    uint64_t logs_a = a->logs ? a->logs : a->old_logs, logs_b = b->logs ? b->logs : b->old_logs;
    if (logs_a != logs_b)
        return logs_a > logs_b ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->signature, b->signature);
}

bool read_groups(show *it, groups *out)
{
    sqlite3_stmt *each = NULL;
    bool good = true;
    if (!store_prepare(it->store, &each,
                       "SELECT signature, sum(side), count(DISTINCT iif(side, log, NULL)), "
                       "count(DISTINCT iif(side, machine, NULL)), count(DISTINCT iif(side, kernel, "
                       "NULL)), count(*) - sum(side), count(DISTINCT iif(side, NULL, log)) FROM "
                       "temp.found GROUP BY signature"))
        return false;
    while (good && store_row(it->store, each)) {
        group *g = add_group(out);
        good = g || complain(NULL, "out of memory") == 0;
        if (!g)
            break;
        copy_clean(g->signature, sizeof g->signature, column_str(each, 0));
        uint64_t *const numbers[] = { &g->count,   &g->logs,      &g->machines,
                                      &g->kernels, &g->old_count, &g->old_logs };
        for (int i = 0; i < 6; i++)
            *numbers[i] = (uint64_t)sql.column_int64(each, i + 1);
        g->change = it->compare ? change_of(g, it) : CHANGE_SAME;
    }
    sql.finalize(each);
    if (out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, by_size);
    return good && !store_failed(it->store);
}

/* ---- values of a group ----------------------------------------------------------------------- */

enum { MOST_COLUMNS = 16 };

struct asker {
    store *store;
    struct {
        const char *column;
        sqlite3_stmt *it;
    } asked[MOST_COLUMNS];
};

asker *asker_new(store *s)
{
    asker *a = zeroed_noted(1, sizeof *a);
    if (a)
        a->store = s;
    return a;
}

void asker_free(asker *a)
{
    for (int i = 0; a && i < MOST_COLUMNS; i++)
        sql.finalize(a->asked[i].it);
    free(a);
}

static sqlite3_stmt *statement_for(asker *a, const char *column)
{
    char words[400];
    for (int i = 0; i < MOST_COLUMNS; i++) {
        if (a->asked[i].column && strcmp(a->asked[i].column, column) == 0)
            return a->asked[i].it;
        if (a->asked[i].column)
            continue;
        snprintf(words, sizeof words,
                 "SELECT %s AS v, count(*) AS c FROM temp.found WHERE signature = ?1 AND side = ?2 "
                 "AND v IS NOT NULL GROUP BY v ORDER BY c DESC, v",
                 column);
        a->asked[i].column = column;
        store_prepare(a->store, &a->asked[i].it, words);
        return a->asked[i].it;
    }
    return NULL;
}

void ask_all(asker *a, const group *g, const char *column, value_fn each, void *user)
{
    sqlite3_stmt *it = a ? statement_for(a, column) : NULL;
    if (!it)
        return;
    sql.bind_text(it, 1, g->signature, -1, SQLITE_STATIC);
    sql.bind_int64(it, 2, g->count > 0);
    while (store_row(a->store, it))
        if (!each(user, column_str(it, 0).ptr, (uint64_t)sql.column_int64(it, 1)))
            break;
    sql.reset(it);
}

typedef struct first {
    char *out;
    size_t size;
} first;

static bool take_first(void *user, const char *value, uint64_t count)
{
    first *f = user;
    (void)count;
    copy_clean(f->out, f->size, (kd_str){ value, strlen(value) });
    return false;
}

void ask_most(asker *a, const group *g, const char *column, char *out, size_t size)
{
    first f = { out, size };
    out[0] = 0;
    ask_all(a, g, column, take_first, &f);
}

bool ask_times(show *it, const group *g, char *from, char *until, size_t size)
{
    /* a time without a year tells no order */
    sqlite3_stmt *row = NULL;
    bool found = false;
    if (store_prepare(it->store, &row,
                      "SELECT min(wall_time), max(wall_time) FROM temp.found WHERE signature = ?1 "
                      "AND side = ?2 AND wall_time GLOB '[12][0-9][0-9][0-9]-*'")) {
        sql.bind_text(row, 1, g->signature, -1, SQLITE_STATIC);
        sql.bind_int64(row, 2, g->count > 0);
        if (store_row(it->store, row)) {
            copy_clean(from, size, column_str(row, 0));
            copy_clean(until, size, column_str(row, 1));
            found = from[0] && until[0];
        }
    }
    sql.finalize(row);
    return found;
}
