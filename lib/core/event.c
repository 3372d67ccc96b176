/* event.c - the shared parts of an event, found by its field descriptors. Layer: event. */
#include "core/event.h"

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

kdf_task *kd_event_task(const kd_event *event)
{
    return find_part(event->kind->fields, event->body, &kd_fields_task, NULL);
}

kdf_gfp *kd_event_gfp(const kd_event *event)
{
    return find_part(event->kind->fields, event->body, &kd_fields_gfp, NULL);
}

kdf_meminfo *kd_event_meminfo(const kd_event *event)
{
    return find_part(event->kind->fields, event->body, &kd_fields_meminfo, NULL);
}

kdf_blame *kd_event_blame(const kd_event *event)
{
    return find_part(event->kind->fields, event->body, &kd_fields_blame, NULL);
}

kd_list *kd_event_backtrace(const kd_event *event)
{
    return find_part(event->kind->fields, event->body, &kd_fields_frame, "backtrace");
}

kdf_oops *kd_event_oops(const kd_event *event)
{
    kdf_oops *oops = KD_BODY(event, oops);
    return oops ? oops : find_part(event->kind->fields, event->body, &kd_fields_oops, NULL);
}
