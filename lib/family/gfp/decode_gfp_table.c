/* decode_gfp_table.c - which version's table a mask of a log is decoded with. */
#include "family/gfp/decode_gfp_table.h"
#include "family/fields.h"

kd_str kd_version_text(kd_arena *arena, uint32_t version)
{
    if (version < KD_KERNEL(3, 0, 0))
        return kd_arena_format(arena, "2.6.%u", version & 65535);
    return kd_arena_format(arena, "%u.%u", version >> 24, version >> 16 & 255);
}

static kd_str bounds_text(kd_arena *arena, const kd_version_bounds *bounds)
{
    kd_str from = kd_version_text(arena, bounds->from), text = { "", 0 };
    if (bounds->from_sign[0])
        text = kd_arena_format(arena, "the text has %s (%.*s and later)", bounds->from_sign,
                               KD_FMT(from));
    if (!bounds->until_sign[0])
        return text;
    kd_str until = kd_version_text(arena, bounds->until);
    return kd_arena_format(arena, "%.*s%s %s (before %.*s)", KD_FMT(text),
                           text.len ? " and" : "the text has", bounds->until_sign, KD_FMT(until));
}

static void add_note(kd_gfp_table *table, kd_arena *arena, kd_str more)
{
    if (arena)
        table->note = kd_arena_format(arena, "%.*s%s%.*s", KD_FMT(table->note),
                                      table->note.len ? "; " : "", KD_FMT(more));
}

/* No version in the log, or one that does not print such a text. */
static void heed_signs(kd_gfp_table *table, const kd_context *context,
                       const kd_version_bounds *bounds, kd_arena *arena)
{
    if (context->version == 0)
        table->version = kd_version_guess(bounds);
    else if (kd_version_possible(bounds, context->release, context->version))
        return;
    else
        table->contradicts = true;
    if (arena)
        table->note = bounds_text(arena, bounds);
}

/* The kernel's own names are the check: a vendor's back-port moves the bits. */
static void heed_names(kd_gfp_table *table, const kdf_gfp *gfp, const kd_context *context,
                       kd_arena *arena)
{
    uint32_t agrees = kd_gfp_agree(gfp->value.v, gfp->printed.v, table->version, &table->config);
    if (agrees == table->version || (agrees && !context->version)) {
        table->version = agrees;
        return;
    }
    table->by = "assumed";
    table->contradicts |= context->version != 0;
    if (!agrees) {
        add_note(table, arena, KD_STR("no known kernel prints the mask so"));
        return;
    }
    table->version = agrees;
    if (arena) {
        kd_str version = kd_version_text(arena, agrees);
        add_note(table, arena,
                 kd_arena_format(arena, "names and mask agree in %.*s", KD_FMT(version)));
    }
}

void kd_gfp_table_choose(const kdf_gfp *gfp, const kd_context *context,
                         const kd_version_bounds *bounds, kd_arena *arena, kd_gfp_table *out)
{
    *out = (kd_gfp_table){ .config = KD_GFP_CONFIG_DEFAULT,
                           .by = kd_by_name(context->version_known.by) };
    out->version = kd_gfp_table_of(context->release, context->version, &out->config);
    if (out->version != context->version)
        out->by = "assumed";
    if (bounds)
        heed_signs(out, context, bounds, arena);
    if (gfp->printed.src)
        heed_names(out, gfp, context, arena);
}

/* Some Android trees only have bits of their own: mainline's table stands as long as it will do. */
void kd_gfp_table_decode(uint64_t mask, const kd_gfp_table *table, kd_gfp_meaning *out)
{
    kd_gfp_config config = table->config;
    config.android = false;
    kd_gfp_decode(mask, table->version, config, out);
    if (out->unknown_bits && table->config.android)
        kd_gfp_decode(mask, table->version, table->config, out);
}
