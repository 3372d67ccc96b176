/* problem.c - roots and their effects. Layer: problem. */
#include "problem/problem.h"

#include "problem/chain.h"

#include <stdlib.h>

/* ---- one problem ----------------------------------------------------------------------------- */

kd_problem *kd_problem_of(kd_problem *problem)
{
    while (problem && problem->into)
        problem = problem->into;
    return problem;
}

static void free_problem(kd_problem *problem)
{
    kd_arena arena = problem->arena;
    kd_arena_free(&arena);
}

static void leave_bucket(kd_problems *problems, const kd_problem *problem)
{
    kd_problem **link = &problems->buckets[problem->bug % KD_PROBLEM_BUCKETS];
    while (*link && *link != problem)
        link = &(*link)->bucket_next;
    if (*link)
        *link = problem->bucket_next;
}

static kd_problem *open_problem(kd_problems *problems, const kd_event *event)
{
    if (problems->items.len >= problems->limit || !KD_VEC_ROOM(problems->mem, &problems->items)) {
        problems->left_out++;
        return NULL;
    }
    kd_arena arena = { .mem = problems->mem };
    kd_problem *problem = kd_arena_alloc(&arena, sizeof *problem);
    if (!problem) {
        problems->left_out++;
        return NULL;
    }
    *problem = (kd_problem){
        .arena = arena,
        .id = ++problems->next_id,
        .bug = event->bug,
        .boot = event->boot,
        .last_boot = event->boot,
        .root_event = event->id,
        .first_line = kd_event_lines(event)[0].number,
        .first_time_us = event->time_us,
        .last_time_us = event->time_us,
        .has_time = event->has_time,
    };
    kd_problem **bucket = &problems->buckets[event->bug % KD_PROBLEM_BUCKETS];
    problem->bucket_next = *bucket;
    *bucket = problem;
    problems->items.items[problems->items.len++] = problem;
    return problem;
}

static kd_problem *find_bug(const kd_problems *problems, uint64_t bug)
{
    kd_problem *problem = problems->buckets[bug % KD_PROBLEM_BUCKETS];
    while (problem && problem->bug != bug)
        problem = problem->bucket_next;
    return kd_problem_of(problem);
}

static void add_id(kd_problem *problem, kd_list *list, uint64_t id, uint64_t *left_out)
{
    uint64_t *item =
        list->count < KD_PROBLEM_LISTED ? KD_LIST_ADD(&problem->arena, list, uint64_t) : NULL;
    if (item)
        *item = id;
    else
        ++*left_out;
}

/* The higher, the better a root: a diagnosis that is no effect, then any other, then an event. */
static unsigned rank_of(const kd_diag *diag)
{
    if (!diag)
        return 1;
    return diag->caused_by.count > 0 || diag->role == KD_EFFECT ? 2
           : diag->role == KD_PRIMARY                           ? 4
                                                                : 3;
}

static void set_root(kd_problem *problem, const kd_event *event, const kd_diag *diag)
{
    unsigned rank = rank_of(diag);
    if (rank <= problem->root_rank)
        return;
    problem->root_rank = rank;
    problem->root_event = event->id;
    kd_str_print(problem->bug_id, sizeof problem->bug_id, "%s", event->bug_id);
    problem->bug_has_reason = event->bug_reason != NULL;
    problem->bug_title = kd_arena_str(&problem->arena, event->bug_title);
    problem->title = problem->bug_title;
    if (!diag)
        return;
    problem->root = diag;
    problem->root_diag = diag->id;
    problem->rule = diag->rule->id;
    problem->confidence = diag->confidence;
    problem->title = kd_str_of(kd_diag_named(diag));
    problem->deliberate = diag->deliberate;
    if (diag->suspect) {
        problem->suspect = diag->suspect;
        problem->suspect_name = kd_arena_str(&problem->arena, diag->suspect_name);
        problem->suspect_why = kd_arena_str(&problem->arena, diag->suspect_why);
    }
}

static void add_diag(kd_problem *problem, const kd_event *event, kd_diag *diag)
{
    diag->problem = problem;
    add_id(problem, &problem->diags, diag->id, &problem->diags_left_out);
    set_root(problem, event, diag);
    if (diag->severity > problem->severity)
        problem->severity = diag->severity;
    if (diag->impact > problem->impact)
        problem->impact = diag->impact;
}

static void widen_times(kd_problem *problem, const kd_event *event)
{
    uint64_t last = kd_event_last_us(event);
    problem->last_boot = event->boot > problem->last_boot ? event->boot : problem->last_boot;
    if (!event->has_time)
        return;
    if (!problem->has_time) {
        problem->first_time_us = event->time_us;
        problem->has_time = true;
    }
    problem->last_time_us = last;
}

static void note_change(kd_problems *problems, kd_problem *problem)
{
    problems->changed += !problem->changed;
    problems->from = 0;
    problem->changed = true;
}

static void add_event(kd_problem *problem, kd_event *event)
{
    event->problem = problem;
    add_id(problem, &problem->events, event->id, &problem->events_left_out);
    set_root(problem, event, NULL);
    if (event->kind->severity > problem->severity)
        problem->severity = event->kind->severity;
    if (event->bug == problem->bug)
        problem->count += event->repeat.count ? event->repeat.count : 1;
    widen_times(problem, event);
}

/* The later one becomes part of the earlier. */
static kd_problem *join(kd_problems *problems, kd_problem *a, kd_problem *b)
{
    if (!a || !b || a == b)
        return a ? a : b;
    kd_problem *first = a->id < b->id ? a : b, *second = first == a ? b : a;
    leave_bucket(problems, second);
    second->into = first;
    for (uint32_t i = 0; i < second->events.count; i++)
        add_id(first, &first->events, KD_ITEMS(second->events, uint64_t)[i],
               &first->events_left_out);
    for (uint32_t i = 0; i < second->diags.count; i++)
        add_id(first, &first->diags, KD_ITEMS(second->diags, uint64_t)[i], &first->diags_left_out);
    first->severity = second->severity > first->severity ? second->severity : first->severity;
    first->impact = second->impact > first->impact ? second->impact : first->impact;
    first->aged |= second->aged;
    problems->changed -= second->changed;
    second->changed = false;
    second->withdrawn = second->told;
    if (second->told)
        note_change(problems, second);
    note_change(problems, first);
    return first;
}

/* ---- where an event belongs ------------------------------------------------------------------ */

static kd_problem *pointed_at(kd_problems *problems, const kd_event *event, const kd_diag *diag,
                              const kd_known_items *known)
{
    kd_problem *found = NULL;
    for (uint32_t i = 0; i < diag->caused_by.count; i++) {
        const kd_diag *cause = known->diag(known->user, KD_ITEMS(diag->caused_by, uint64_t)[i]);
        found = join(problems, found, cause ? kd_problem_of(cause->problem) : NULL);
    }
    for (uint32_t i = 0; i < diag->events.count; i++) {
        uint64_t id = KD_ITEMS(diag->events, uint64_t)[i];
        const kd_event *other = id < event->id ? known->event(known->user, id) : NULL;
        found = join(problems, found, other ? kd_problem_of(other->problem) : NULL);
    }
    return found;
}

static bool is_finding(const kd_event *event)
{
    return event->kind->severity >= KD_WARNING;
}

static bool lists(const kd_list *ids, uint64_t id)
{
    for (uint32_t i = 0; i < ids->count; i++)
        if (KD_ITEMS(*ids, uint64_t)[i] == id)
            return true;
    return false;
}

/* So far back a diagnosis that names the event already is looked for. */
#define NAMED_BY 64u

/* A diagnosis of an earlier event tells of this one: the words of a tool behind those of the
 * kernel. */
static kd_problem *named_by(const kd_event *event, const kd_known_items *known)
{
    for (size_t i = 0; i < NAMED_BY && i < known->before_count; i++) {
        const kd_event *before = known->before[known->before_count - 1 - i];
        if (before->boot != event->boot || before->before)
            break;
        for (const kd_diag *diag = before->diags; diag; diag = diag->older)
            if (diag->problem && lists(&diag->events, event->id))
                return kd_problem_of(diag->problem);
    }
    return NULL;
}

/* The event belongs to an aged problem: its diagnoses are new. */
static void stay(kd_problems *problems, kd_event *event, kd_diag *const *woken, size_t count)
{
    kd_problem *problem = kd_problem_of(event->problem);
    for (size_t i = 0; i < count; i++) {
        if (lists(&problem->diags, woken[i]->id)) {
            woken[i]->problem = problem;
            problem->root = problem->root_diag == woken[i]->id ? woken[i] : problem->root;
            continue;
        }
        add_diag(problem, event, woken[i]);
        note_change(problems, problem);
    }
}

void kd_problems_note(kd_problems *problems, kd_event *event, kd_diag *const *woken, size_t count,
                      const kd_known_items *known)
{
    kd_problem *problem = NULL;
    if (event->problem) {
        stay(problems, event, woken, count);
        return;
    }
    if (count == 0 && !is_finding(event))
        return;
    for (size_t i = 0; i < count; i++)
        problem = join(problems, problem, pointed_at(problems, event, woken[i], known));
    if (!problem)
        problem = find_bug(problems, event->bug);
    if (!problem && count == 0)
        problem = named_by(event, known);
    if (!problem)
        problem = kd_chain_find(event, known);
    if (!problem)
        problem = open_problem(problems, event);
    if (!problem)
        return;
    add_event(problem, event);
    note_change(problems, problem);
    for (size_t i = 0; i < count; i++)
        add_diag(problem, event, woken[i]);
}

void kd_problem_repeated(kd_problems *problems, kd_event *first, const kd_event *event)
{
    kd_problem *problem = kd_problem_of(first->problem);
    if (!problem)
        return;
    if (first->bug == problem->bug)
        problem->count++;
    if (event->has_time)
        problem->last_time_us = event->time_us;
    /* who already has it is told at 2, 4, 8 ... */
    if (problem->count >= 2 * problem->told_count)
        note_change(problems, problem);
}

bool kd_problem_may_go(const kd_problem *problem)
{
    return !problem->live && !problem->changed && (problem->into || problem->told);
}

void kd_problems_forget(kd_problems *problems)
{
    size_t kept = 0;
    for (size_t i = 0; i < problems->items.len; i++) {
        kd_problem *problem = problems->items.items[i];
        if (kd_problem_may_go(problem)) {
            if (!problem->into)
                leave_bucket(problems, problem);
            free_problem(problem);
        } else {
            problems->items.items[kept++] = problem;
            problem->live = false;
        }
    }
    problems->items.len = kept;
    problems->from = 0;
}

/* ---- made anew ------------------------------------------------------------------------------- */

bool kd_problems_again(kd_problems *problems, kd_problems *former)
{
    kd_problems fresh = { .mem = problems->mem,
                          .next_id = problems->next_id,
                          .limit = problems->limit,
                          .left_out = problems->left_out };
    size_t aged = 0, kept = 0;
    for (size_t i = 0; i < problems->items.len; i++)
        aged += problems->items.items[i]->aged && !problems->items.items[i]->into;
    if (!KD_VEC_RESERVE(fresh.mem, &fresh.items, aged))
        return false;
    for (size_t i = 0; i < problems->items.len; i++) {
        kd_problem *problem = problems->items.items[i];
        if (!problem->aged || problem->into) {
            problems->items.items[kept++] = problem;
            continue;
        }
        kd_problem **bucket = &fresh.buckets[problem->bug % KD_PROBLEM_BUCKETS];
        problem->bucket_next = *bucket;
        *bucket = problem;
        fresh.items.items[fresh.items.len++] = problem;
        fresh.changed += problem->changed;
    }
    problems->items.len = kept;
    *former = *problems;
    *problems = fresh;
    return true;
}

void kd_problem_keep_id(const kd_event *event)
{
    kd_problem *now = kd_problem_of(event->problem), *before = event->told_problem;
    if (!now || !before || before->taken || !before->told || now->told || now == before)
        return;
    before->taken = true;
    now->id = before->id;
    now->told = before->told;
    now->told_count = before->told_count;
}

void kd_problems_withdraw(kd_problems *former)
{
    former->changed = former->from = 0;
    for (size_t i = 0; i < former->items.len; i++) {
        kd_problem *problem = former->items.items[i];
        /* of one that was joined that may have been told */
        bool owed = problem->told && !problem->taken && (!problem->withdrawn || problem->changed);
        problem->changed = problem->withdrawn = owed;
        former->changed += owed;
    }
}

kd_problem *kd_problems_next(kd_problems *problems)
{
    for (size_t i = problems->from; problems->changed > 0 && i < problems->items.len; i++) {
        kd_problem *problem = problems->items.items[i];
        problems->from = i + 1;
        if (!problem->changed)
            continue;
        problem->changed = false;
        problems->changed--;
        return problem;
    }
    return NULL;
}

/* ---- all of them ----------------------------------------------------------------------------- */

void kd_problems_free(kd_problems *problems)
{
    for (size_t i = 0; i < problems->items.len; i++)
        free_problem(problems->items.items[i]);
    if (problems->mem)
        KD_VEC_FREE(problems->mem, &problems->items);
    problems->changed = 0;
}

/* Is it no problem of the report? */
static bool is_gone(const kd_problem *problem)
{
    return problem->into || (problem->told && !problem->changed);
}

static int compare(const void *a, const void *b)
{
    const kd_problem *x = *(kd_problem *const *)a, *y = *(kd_problem *const *)b;
    bool x_gone = is_gone(x), y_gone = is_gone(y);
    if (x_gone != y_gone)
        return x_gone ? 1 : -1;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void sort_ids(kd_list *ids)
{
    if (ids->count > 1)
        qsort(ids->items, ids->count, sizeof(uint64_t), by_number);
}

void kd_problems_sort(kd_problems *problems, bool renumber)
{
    if (problems->items.len == 0)
        return;
    uint64_t base = problems->next_id - problems->items.len;
    problems->standing = 0;
    qsort(problems->items.items, problems->items.len, sizeof *problems->items.items, compare);
    for (size_t i = 0; i < problems->items.len; i++) {
        kd_problem *problem = problems->items.items[i];
        if (is_gone(problem))
            break;
        problems->standing++;
        problem->id = renumber ? base + i + 1 : problem->id;
        sort_ids(&problem->events);
        sort_ids(&problem->diags);
    }
}
