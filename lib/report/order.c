/* order.c - the order in which a report shows its diagnoses: causes first, then most severe first,
 * then as the log has them. Layer: report. */
#include <stdlib.h>
#include <string.h>

#include "report/store.h"

/* A longer chain of causes is not followed: it may be a ring. */
#define LONGEST_CHAIN 8

static int compare(const void *a, const void *b)
{
    const kd_diag *x = *(kd_diag *const *)a, *y = *(kd_diag *const *)b;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->woken_by != y->woken_by)
        return x->woken_by < y->woken_by ? -1 : 1;
    if (x->role != y->role)
        return x->role < y->role ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Where a diagnosis stands, found by its id. */
typedef struct named {
    uint64_t id;
    size_t index;
} named;

/* Links are index + 1; 0: none. */
typedef struct item {
    kd_diag *diag;
    size_t first;  /* of those that stand behind this one; the one sorted last comes first */
    size_t next;   /* behind the same one */
    size_t behind; /* index of the one that it stands behind, when it waits */
    bool waits, placed;
} item;

typedef struct order {
    item *items;
    named *names; /* by id */
    size_t count;
} order;

static int compare_names(const void *a, const void *b)
{
    const named *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Index + 1 of the diagnosis of that id; 0: it is not here. */
static size_t find(const order *o, uint64_t id)
{
    const named wanted = { .id = id };
    const named *found = bsearch(&wanted, o->names, o->count, sizeof *o->names, compare_names);
    return found ? found->index + 1 : 0;
}

/* The last place that a cause of it has, causes of causes included. @param cause  index + 1 of the
 * one to stand behind; 0: all stand before it anyway */
static size_t last_cause(const order *o, size_t index, int depth, size_t *cause)
{
    const kd_list *list = &o->items[index].diag->caused_by;
    size_t last = index, ignored;
    *cause = 0;
    for (uint32_t i = 0; i < list->count && depth < LONGEST_CHAIN; i++) {
        size_t found = find(o, KD_ITEMS(*list, uint64_t)[i]);
        size_t place = found ? last_cause(o, found - 1, depth + 1, &ignored) : 0;
        if (found && place > last) {
            last = place;
            *cause = found;
        }
    }
    return last;
}

static void hang(order *o, size_t index, size_t cause)
{
    o->items[index].waits = true;
    o->items[index].behind = cause - 1;
    o->items[index].next = o->items[cause - 1].first;
    o->items[cause - 1].first = index + 1;
}

/* Puts the diagnosis down, then what stands behind it, to any depth. */
static size_t place(order *o, size_t root, kd_diag **out, size_t count)
{
    size_t at = root, down;
    for (;;) {
        item *here = &o->items[at];
        down = here->placed ? 0 : here->first;
        if (!here->placed)
            out[count++] = here->diag;
        here->placed = true;
        while (!down && at != root && !o->items[at].next)
            at = o->items[at].behind;
        if (!down && at == root)
            return count;
        at = down ? down - 1 : o->items[at].next - 1;
    }
}

static void move_effects(order *o, kd_diag **out)
{
    size_t count = 0, cause;
    for (size_t i = 0; i < o->count; i++)
        if (o->items[i].diag->caused_by.count > 0) {
            last_cause(o, i, 0, &cause);
            if (cause)
                hang(o, i, cause);
        }
    for (size_t i = 0; i < o->count; i++)
        if (!o->items[i].waits)
            count = place(o, i, out, count);
    for (size_t i = 0; i < o->count; i++) /* a ring: nobody is first */
        count = place(o, i, out, count);
}

/* d1 is the first: ids follow the order in which a report shows them, unless some are known to
 * others already. */
static void renumber(const order *o, kd_report *report)
{
    if (report->early)
        return;
    uint64_t base = report->next_diag - report->diags.len;
    for (size_t i = 0; i < report->diags.len; i++)
        report->diags.items[i]->id = base + i + 1;
    for (size_t i = 0; i < report->diags.len; i++)
        for (uint32_t k = 0; k < report->diags.items[i]->caused_by.count; k++) {
            uint64_t *cause = &KD_ITEMS(report->diags.items[i]->caused_by, uint64_t)[k];
            size_t found = find(o, *cause);
            *cause = found ? o->items[found - 1].diag->id : *cause;
        }
}

/* A report that reached its limit can still be put in order. */
static bool get_room(order *o, kd_arena *arena)
{
    size_t limit = arena->mem->limit;
    arena->mem->limit = SIZE_MAX;
    o->items = kd_arena_alloc(arena, o->count * sizeof *o->items);
    o->names = kd_arena_alloc(arena, o->count * sizeof *o->names);
    arena->mem->limit = limit;
    return o->items && o->names;
}

kd_status kd_report_sort(kd_report *report)
{
    kd_arena arena = { .mem = &report->mem };
    order o = { .count = report->diags.len };
    if (o.count == 0)
        return KD_OK;
    bool ready = get_room(&o, &arena);
    if (ready) {
        qsort(report->diags.items, o.count, sizeof *report->diags.items, compare);
        for (size_t i = 0; i < o.count; i++) {
            o.items[i].diag = report->diags.items[i];
            o.names[i] = (named){ report->diags.items[i]->id, i };
        }
        qsort(o.names, o.count, sizeof *o.names, compare_names);
        move_effects(&o, report->diags.items);
        renumber(&o, report);
    } else {
        report->mem.failed = KD_OK;
    }
    kd_arena_free(&arena);
    return ready ? KD_OK : KD_E_NOMEM;
}
