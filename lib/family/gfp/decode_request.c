/* decode_request.c - the mask of a request by name. */
#include "core/lists.h"
#include "family/fields.h"
#include "family/gfp/decode_gfp_table.h"
#include "family/gfp/decode_version_signs.h"

static void add_text(kd_arena *arena, kd_list *list, kd_str text)
{
    kd_text *item = KD_LIST_ADD(arena, list, kd_text);
    if (item)
        *item = (kd_text){ text, KD_DERIVED };
}

static void put_meaning(kdf_gfp *gfp, const kd_gfp_meaning *meaning, kd_arena *arena)
{
    for (size_t i = 0; i < meaning->name_count; i++)
        add_text(arena, &gfp->names, kd_str_of(meaning->names[i]));
    if (meaning->unnamed_bits)
        add_text(arena, &gfp->names,
                 kd_arena_format(arena, "0x%llx", KD_LLU(meaning->unnamed_bits)));
    for (size_t i = 0; i < meaning->flag_count; i++)
        add_text(arena, &gfp->flags, kd_str_of(meaning->flags[i]));
    if (meaning->unknown_bits)
        kd_derive(&gfp->unknown_bits, meaning->unknown_bits);
    kd_derive(&gfp->zone, kd_str_of(meaning->zone_name));
    kd_derive(&gfp->migratetype, kd_str_of(meaning->migratetype_name));
    kd_derive(&gfp->may_sleep, meaning->may_sleep);
    kd_derive(&gfp->may_use_cma, meaning->may_use_cma);
    kd_derive(&gfp->version_used, kd_version_text(arena, meaning->version_used));
}

/* These kernels print the names behind it: where they are lost, digits may be as well. */
static bool is_torn(const kdf_gfp *gfp, const kd_context *context, const kd_version_bounds *bounds)
{
    uint32_t version = context->version > bounds->from ? context->version : bounds->from;
    return gfp->ends_line && version >= KD_KERNEL(4, 6, 0);
}

bool kd_decode_gfp(kd_event *event, void *part, const kd_context *context)
{
    kdf_gfp *gfp = part;
    kd_arena *arena = &event->arena;
    kd_gfp_table table;
    kd_gfp_meaning meaning;
    if (!gfp->value.src)
        return true;
    kd_version_bounds bounds = kd_version_signs_of(event);
    if (is_torn(gfp, context, &bounds)) {
        gfp->value = (kd_hex){ 0, 0 };
        return true;
    }
    kd_gfp_table_choose(gfp, context, &bounds, arena, &table);
    kd_gfp_table_decode(gfp->value.v, &table, &meaning);
    put_meaning(gfp, &meaning, arena);
    kd_derive(&gfp->version.by, kd_str_of(table.by ? table.by : "assumed"));
    if (table.note.len)
        kd_derive(&gfp->version.note, table.note);
    if (table.by && context->version_known.by == KD_BY_READ && context->version_known.line &&
        kd_str_is(kd_str_of(table.by), "read"))
        kd_derive(&gfp->version.line, context->version_known.line);
    return !table.contradicts;
}
