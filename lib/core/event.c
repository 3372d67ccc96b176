/* event.c - the shared parts of an event, found by its field descriptors. Layer: core. */
#include "core/event.h"

#include <assert.h>

/* Where a group or list of that description stands in the body, also inside flat groups. */
static void *find_part(const kd_fields *fields, char *body, const kd_fields *wanted,
                       const char *name)
{
    for (size_t i = 0; i < fields->count; i++) {
        const kd_field *row = &fields->rows[i];
        char *at = body + row->at;
        if (row->group == wanted && (!name || kd_str_is(kd_str_of(name), row->name)))
            return at;
        void *inner = row->type == KDF_flat ? find_part(row->group, at, wanted, name) : NULL;
        if (inner)
            return inner;
    }
    return NULL;
}

void *kd_event_part(const kd_event *event, const kd_fields *group, const char *name)
{
    if (event->kind->fields == group)
        return event->body;
    return find_part(event->kind->fields, event->body, group, name);
}

static void add_part(kd_parts *out, const kd_fields *group, void *at)
{
    assert(out->count < KD_MOST_PARTS); /* the rows are ours */
    if (out->count < KD_MOST_PARTS)
        out->items[out->count++] = (kd_part){ group, at };
}

static void add_parts(kd_parts *out, const kd_fields *fields, char *body)
{
    for (size_t i = 0; i < fields->count; i++) {
        const kd_field *row = &fields->rows[i];
        if (!row->group)
            continue;
        add_part(out, row->group, body + row->at);
        if (row->type == KDF_flat)
            add_parts(out, row->group, body + row->at);
    }
}

void kd_event_parts(const kd_event *event, kd_parts *out)
{
    out->count = 0;
    add_part(out, event->kind->fields, event->body);
    add_parts(out, event->kind->fields, event->body);
}

void *kd_part_of(const kd_parts *parts, const kd_fields *group)
{
    for (size_t i = 0; i < parts->count; i++)
        if (parts->items[i].group == group)
            return parts->items[i].at;
    return NULL;
}

void kd_event_free(kd_event *event)
{
    if (event->repeat.latest)
        kd_event_free(event->repeat.latest);
    kd_saved_free(event->arena.mem, event->saved);
    kd_arena_free(&event->repeat.arena);
    kd_arena arena = event->arena; /* it holds the event that holds it */
    kd_arena_free(&arena);
}

void kd_event_restore(kd_event *event)
{
    kd_event now = *event;
    kd_arena_restore(&now.arena, event->saved);
    event->pulled = now.pulled;
    event->told = now.told;
    event->told_count = now.told_count;
    event->told_state = now.told_state;
    event->retell = now.retell;
    event->saved = now.saved;
    event->fold_next = now.fold_next;
    event->repeat = now.repeat;
    event->problem = now.problem;
    event->told_problem = now.told_problem;
    event->diags_left_out = now.diags_left_out;
    event->rules_failed = now.rules_failed;
}

kd_str kd_event_text(const kd_event *event, const char *path)
{
    kd_value value;
    kd_status status =
        kd_fields_get(event->kind->fields, event->body, kd_str_of(path), &value, NULL);
    return status == KD_OK && value.type == KD_TEXT ? value.as.s : KD_STR("");
}
