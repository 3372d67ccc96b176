/* open.c - an event while it is open. Layer: core. */
#include "core/open.h"

#include <string.h>

/* Arena bytes of an event that is a single line: the line, its fields, its signature. */
#define ONE_LINE 768u

kd_open *kd_open_new(kd_mem *mem, kd_dress *dress, const kd_parser *parser)
{
    kd_arena arena = { .mem = mem };
    kd_open *open = kd_mem_resize(mem, NULL, 0, sizeof *open);
    size_t room = sizeof(kd_event) + parser->kind->fields->size + ONE_LINE;
    bool ready = open && kd_arena_reserve(&arena, room);
    kd_event *event = ready ? kd_arena_alloc(&arena, sizeof *event) : NULL;
    void *body = event ? kd_arena_alloc(&arena, parser->kind->fields->size) : NULL;
    if (!body) {
        kd_arena_free(&arena);
        if (open)
            kd_mem_free(mem, open, sizeof *open);
        return NULL;
    }
    memset(open, 0, sizeof *open);
    event->arena = arena;
    event->kind = parser->kind;
    event->body = body;
    open->parser = parser;
    open->parse = (kd_parse){ .event = event, .body = body, .arena = &event->arena };
    open->parse.dress = dress;
    return open;
}

void kd_open_free(kd_mem *mem, kd_open *open, bool with_event)
{
    if (with_event) {
        /* the arena holds the event that holds the arena */
        kd_arena arena = open->parse.event->arena;
        kd_arena_free(&arena);
    }
    kd_mem_free(mem, open, sizeof *open);
}

bool kd_open_alike(const kd_open *one, const kd_open *other)
{
    const kd_event *refused = one->parse.event, *asked = other->parse.event;
    if (refused->damaged || asked->damaged) /* what lacks memory refuses for another reason */
        return false;
    return one->parser == other->parser && one->parser->alike && !one->grown && !other->grown &&
           one->parse.event->kind == other->parse.event->kind &&
           memcmp(one->parse.own, other->parse.own, sizeof one->parse.own) == 0;
}
