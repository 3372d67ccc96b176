/* event.c - fills in what the numbers of an event mean on its kernel. Layer: decode. */
#include "core/decode.h"

#include "family/memdump/decode_accounting.h"
#include "family/fault/decode_esr.h"
#include "family/gfp/decode_gfp_table.h"
#include "family/shared/decode_taint.h"
#include "family/vmalloc/decode_vmalloc_request.h"
#include "family/fault/decode_x86_fault.h"

#define put(field, value) \
    ((field)->src ? (void)0 : (void)((field)->v = (value), (field)->src = KD_DERIVED))

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
    kd_gfp_table table;
    kd_gfp_meaning meaning;
    if (!gfp->value.src)
        return true;
    kd_gfp_table_choose(gfp, context, bounds, arena, &table);
    kd_gfp_table_decode(gfp->value.v, &table, &meaning);
    put_meaning(gfp, &meaning, arena);
    put(&gfp->version_by, kd_str_of(table.by ? table.by : "assumed"));
    if (table.note.len)
        put(&gfp->version_note, table.note);
    if (table.by && context->version_known.by == KD_BY_READ && context->version_known.line &&
        kd_str_is(kd_str_of(table.by), "read"))
        put(&gfp->version_line, context->version_known.line);
    return !table.contradicts;
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

/* Largest first; the order of the table among equals. */
static void add_consumers(kdf_meminfo *meminfo, const kd_accounting *a, kd_arena *arena)
{
    for (size_t i = 0; i < a->count; i++) {
        kdf_consumer *item = KD_LIST_ADD(arena, &meminfo->consumers, kdf_consumer);
        if (!item)
            return;
        for (; item > KD_ITEMS(meminfo->consumers, kdf_consumer); item--) {
            if (item[-1].kb.v >= a->items[i].kb)
                break;
            *item = item[-1];
        }
        item->name = (kd_text){ kd_str_of(a->items[i].name), KD_DERIVED };
        item->kb = (kd_u64){ a->items[i].kb, a->items[i].src };
    }
}

void kd_decode_meminfo(kdf_meminfo *meminfo, const kd_context *context, kd_arena *arena)
{
    kd_accounting accounting;
    kd_account_for(meminfo, kd_context_page_size(context) / 1024, context->version, &accounting);
    if (!accounting.known)
        return;
    put(&meminfo->managed_kb, accounting.managed_kb);
    add_consumers(meminfo, &accounting, arena);
    if (!accounting.complete)
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
    kdf_oops *oops = kd_event_oops(event);
    kdf_meminfo_dump *dump = KD_BODY(event, meminfo_dump);
    kdf_vmalloc *vmalloc = KD_BODY(event, vmalloc);
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
    if (dump)
        kd_decode_slabs(&dump->slabs, context);
    if (vmalloc)
        kd_decode_vmalloc(vmalloc, context);
    return agrees;
}
