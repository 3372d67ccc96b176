/* event.c - fills in what the numbers of an event mean on its kernel. Layer: decode. */
#include "decode/event.h"

#include "decode/accounting.h"
#include "decode/esr.h"
#include "decode/gfp.h"
#include "decode/taint.h"
#include "decode/x86_fault.h"

#define put(field, value) \
    ((field)->src ? (void)0 : (void)((field)->v = (value), (field)->src = KD_DERIVED))

kd_str kd_version_text(kd_arena *arena, uint32_t version)
{
    if (version < KD_KERNEL(3, 0, 0))
        return kd_arena_format(arena, "2.6.%u", version & 65535);
    return kd_arena_format(arena, "%u.%u", version >> 24, version >> 16 & 255);
}

static void add_text(kd_arena *arena, kd_list *list, kd_str text)
{
    kd_text *item = KD_LIST_ADD(arena, list, kd_text);
    if (item)
        *item = (kd_text){ text, KD_DERIVED };
}

/* The table that the mask is decoded with, and how far that is known. */
typedef struct gfp_table {
    uint32_t version;
    kd_gfp_config config;
    const char *by;
    kd_str note;
} gfp_table;

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

/* No version in the log, or one that does not print such a text. */
static void heed_signs(gfp_table *table, const kd_context *context,
                       const kd_version_bounds *bounds, kd_arena *arena)
{
    if (context->version == 0)
        table->version = kd_version_guess(bounds);
    else if (kd_version_possible(bounds, context->release, context->version))
        return;
    table->note = bounds_text(arena, bounds);
}

/* The kernel's own names are the check: a vendor's back-port moves the bits. */
static void heed_names(gfp_table *table, const kdf_gfp *gfp, const kd_context *context,
                       kd_arena *arena)
{
    uint32_t agrees = kd_gfp_agree(gfp->value.v, gfp->printed.v, table->version, &table->config);
    if (agrees == table->version || (agrees && !context->version)) {
        table->version = agrees;
        return;
    }
    table->by = "assumed";
    if (agrees) {
        kd_str version = kd_version_text(arena, agrees);
        table->version = agrees;
        table->note = kd_arena_format(arena, "%.*s%snames and mask agree in %.*s",
                                      KD_FMT(table->note), table->note.len ? "; " : "",
                                      KD_FMT(version));
    } else {
        table->note = kd_arena_format(arena, "%.*s%sno known kernel prints the mask so",
                                      KD_FMT(table->note), table->note.len ? "; " : "");
    }
}

/* Some Android trees only have bits of their own: mainline's table stands as long as it will do. */
static void decode_mask(uint64_t mask, const gfp_table *table, kd_gfp_meaning *meaning)
{
    kd_gfp_config config = table->config;
    config.android = false;
    kd_gfp_decode(mask, table->version, config, meaning);
    if (meaning->unknown_bits && table->config.android)
        kd_gfp_decode(mask, table->version, table->config, meaning);
}

static void put_meaning(kdf_gfp *gfp, const kd_gfp_meaning *meaning, kd_arena *arena)
{
    for (size_t i = 0; i < meaning->name_count; i++)
        add_text(arena, &gfp->names, kd_str_of(meaning->names[i]));
    if (meaning->unnamed_bits)
        add_text(arena, &gfp->names,
                 kd_arena_format(arena, "0x%llx", (unsigned long long)meaning->unnamed_bits));
    for (size_t i = 0; i < meaning->flag_count; i++)
        add_text(arena, &gfp->flags, kd_str_of(meaning->flags[i]));
    if (meaning->unknown_bits)
        put(&gfp->unknown_bits, meaning->unknown_bits);
    put(&gfp->zone, kd_str_of(meaning->zone_name));
    put(&gfp->migratetype, kd_str_of(meaning->migratetype_name));
    put(&gfp->may_sleep, meaning->may_sleep);
    put(&gfp->may_use_cma, meaning->may_use_cma);
    put(&gfp->version_used, kd_version_text(arena, meaning->version_used));
}

bool kd_decode_gfp(kdf_gfp *gfp, const kd_context *context, const kd_version_bounds *bounds,
                   kd_arena *arena)
{
    gfp_table table = { .config = KD_GFP_CONFIG_DEFAULT,
                        .by = kd_by_name(context->version_known.by) };
    kd_gfp_meaning meaning;
    if (!gfp->value.src)
        return true;
    table.version = kd_gfp_table_of(context->release, context->version, &table.config);
    if (table.version != context->version)
        table.by = "assumed";
    if (bounds)
        heed_signs(&table, context, bounds, arena);
    if (gfp->printed.src)
        heed_names(&table, gfp, context, arena);
    decode_mask(gfp->value.v, &table, &meaning);
    put_meaning(gfp, &meaning, arena);
    put(&gfp->version_by, kd_str_of(table.by ? table.by : "assumed"));
    if (table.note.len)
        put(&gfp->version_note, table.note);
    if (table.by && context->version_known.by == KD_BY_READ && context->version_known.line &&
        kd_str_is(kd_str_of(table.by), "read"))
        put(&gfp->version_line, context->version_known.line);
    return context->version == 0 || table.note.len == 0;
}

static void decode_taint(kdf_task *task, const kd_context *context, kd_arena *arena)
{
    kd_taint taint;
    if (!task->taint.raw.src)
        return;
    kd_taint_letters(task->taint.raw.v, context->version, &taint);
    for (size_t i = 0; i < taint.count; i++) {
        kdf_taint_flag *flag = KD_LIST_ADD(arena, &task->taint.flags, kdf_taint_flag);
        if (!flag)
            return;
        flag->letter = (kd_text){ kd_arena_str(arena, (kd_str){ &taint.flags[i].letter, 1 }),
                                  KD_DERIVED };
        flag->name = (kd_text){ kd_str_of(taint.flags[i].name), KD_DERIVED };
    }
}

static void decode_esr(kdf_oops *oops, const kd_context *context)
{
    kdf_esr *to = &oops->esr;
    kd_esr esr;
    if (!to->value.src && kd_arch_is(context, "arm64") && oops->die.code.v > 0xffffff)
        to->value = oops->die.code; /* kernels before 4.19 print it only in the Oops line */
    if (!to->value.src)
        return;
    kd_esr_decode(to->value.v, context->version, &esr);
    put(&to->ec, esr.ec);
    put(&to->ec_name, kd_str_of(esr.ec_name));
    put(&to->il, esr.il);
    put(&to->iss, esr.iss);
    if (esr.brk.name && esr.class == KD_ESR_BRK)
        put(&to->immediate_is, kd_str_of(esr.brk.name));
    if (!esr.is_data_abort && !esr.is_instruction_abort)
        return;
    put(&to->dfsc, esr.abort.dfsc);
    put(&to->dfsc_name, kd_str_of(esr.abort.dfsc_name));
    if (esr.abort.has_level)
        put(&to->level, esr.abort.level);
    if (esr.is_data_abort) {
        put(&to->wnr, esr.abort.wnr);
        put(&to->cm, esr.abort.cm);
    }
    put(&to->s1ptw, esr.abort.s1ptw);
    put(&to->fnv, esr.abort.fnv);
    put(&to->ea, esr.abort.ea);
    put(&to->set, esr.abort.set);
    if (esr.abort.access != KD_ESR_ACCESS_NONE)
        put(&oops->access, kd_str_of(esr.abort.access_name));
}

static void decode_error_code(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    kdf_error_code *to = &oops->error_code;
    kd_x86_fault fault;
    bool x86 = kd_arch_is(context, "x86_64") || kd_arch_is(context, "i386");
    if (!to->value.src && x86 && oops->die.code.src && kd_str_is(oops->die.text.v, "Oops"))
        to->value = oops->die.code;
    if (!to->value.src)
        return;
    kd_x86_fault_decode(to->value.v, &fault);
    put(&to->present, fault.present);
    put(&to->write, fault.write);
    put(&to->user, fault.user);
    put(&to->reserved, fault.reserved);
    put(&to->fetch, fault.fetch);
    put(&to->pk, fault.pk);
    put(&to->shadow_stack, fault.shadow_stack);
    put(&to->sgx, fault.sgx);
    put(&to->rmp, fault.rmp);
    put(&to->text, kd_arena_str(arena, kd_str_of(fault.text)));
    put(&oops->access, kd_str_of(fault.access));
}

void kd_decode_oops(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    decode_esr(oops, context);
    decode_error_code(oops, context, arena);
    kd_decode_code(oops, context, arena);
}

void kd_decode_meminfo(kdf_meminfo *meminfo, const kd_context *context, kd_arena *arena)
{
    kd_accounting accounting;
    kd_account_for(meminfo, kd_context_page_size(context) / 1024, &accounting);
    if (!accounting.known)
        return;
    kd_str text = kd_arena_format(arena, "managed %llu kB",
                                  (unsigned long long)accounting.managed_kb);
    for (size_t i = 0; i < accounting.count; i++)
        text = kd_arena_format(arena, "%.*s - %s %llu", KD_FMT(text), accounting.items[i].name,
                               (unsigned long long)accounting.items[i].kb);
    put(&meminfo->unaccounted_kb, accounting.unaccounted_kb);
    put(&meminfo->unaccounted_is, text);
}

bool kd_decode_event(kd_event *event, const kd_context *context)
{
    bool agrees = true;
    kdf_task *task = kd_event_task(event);
    kdf_gfp *gfp = kd_event_gfp(event);
    kdf_meminfo *meminfo = kd_event_meminfo(event);
    kdf_oops *oops = KD_BODY(event, oops);
    if (task)
        decode_taint(task, context, &event->arena);
    if (gfp) {
        kd_version_bounds bounds = kd_version_signs_of(event);
        agrees = kd_decode_gfp(gfp, context, &bounds, &event->arena);
    }
    if (meminfo && meminfo->zones.count > 0)
        kd_decode_meminfo(meminfo, context, &event->arena);
    if (oops)
        kd_decode_oops(oops, context, &event->arena);
    return agrees;
}
