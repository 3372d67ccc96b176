/* decode_oops.c - syndrome, error code and instruction of a fault. */
#include "core/lists.h"
#include "family/fault/decode_cause.h"
#include "family/fault/decode_code.h"
#include "family/fault/decode_esr.h"
#include "family/fault/decode_fsr.h"
#include "family/fault/decode_origin.h"
#include "family/fault/decode_pointed.h"
#include "family/fault/decode_x86_fault.h"
#include "family/fields.h"

/* "be000411": an error that the CPU or the bus reported late. */
static void put_serror(kdf_esr *to, const kd_esr_serror *error)
{
    const char *words = "the RAS form: the type says how far the error reaches";
    if (error->implementation_defined)
        words = "its bits are of the CPU vendor's own meaning";
    else if (!error->ras && error->dfsc == 0)
        words = "uncategorised: the CPU says nothing more of it";
    else if (!error->ras)
        words = "a code that the architecture does not define";
    kd_derive(&to->serror, kd_str_of(words));
    if (error->implementation_defined)
        return;
    kd_derive(&to->dfsc, error->dfsc);
    kd_derive(&to->ea, error->ea);
    if (!error->ras)
        return;
    kd_derive(&to->aet, error->aet);
    kd_derive(&to->aet_name, kd_str_of(error->aet_name));
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
    kd_derive(&to->ec, esr.ec);
    kd_derive(&to->ec_name, kd_str_of(esr.ec_name));
    kd_derive(&to->il, esr.il);
    kd_derive(&to->iss, esr.iss);
    if (esr.brk.name && esr.class == KD_ESR_BRK)
        kd_derive(&to->immediate_is, kd_str_of(esr.brk.name));
    if (esr.class == KD_ESR_SERROR)
        put_serror(to, &esr.serror);
    if (!esr.is_data_abort && !esr.is_instruction_abort)
        return;
    kd_derive(&to->dfsc, esr.abort.dfsc);
    kd_derive(&to->dfsc_name, kd_str_of(esr.abort.dfsc_name));
    if (esr.abort.has_level)
        kd_derive(&to->level, esr.abort.level);
    if (esr.is_data_abort) {
        kd_derive(&to->wnr, esr.abort.wnr);
        kd_derive(&to->cm, esr.abort.cm);
    }
    kd_derive(&to->s1ptw, esr.abort.s1ptw);
    kd_derive(&to->fnv, esr.abort.fnv);
    kd_derive(&to->ea, esr.abort.ea);
    kd_derive(&to->set, esr.abort.set);
    if (esr.abort.access != KD_ESR_ACCESS_NONE)
        kd_derive(&oops->access, kd_str_of(esr.abort.access_name));
}

static void decode_error_code(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    kdf_error_code *to = &oops->error_code;
    kd_x86_fault fault;
    /* of those that begin so only x86 and sh print such a code; a short piece tells no more */
    bool x86 = kd_arch_is(context, "x86_64") || kd_arch_is(context, "i386") ||
               (context->arch.len == 0 &&
                kd_str_starts(oops->headline.v, "BUG: unable to handle kernel "));
    if (!to->value.src && x86 && oops->die.code.src && kd_str_is(oops->die.text.v, "Oops"))
        to->value = oops->die.code;
    if (!to->value.src)
        return;
    kd_x86_fault_decode(to->value.v, &fault);
    kd_derive(&to->present, fault.present);
    kd_derive(&to->write, fault.write);
    kd_derive(&to->user, fault.user);
    kd_derive(&to->reserved, fault.reserved);
    kd_derive(&to->fetch, fault.fetch);
    kd_derive(&to->pk, fault.pk);
    kd_derive(&to->shadow_stack, fault.shadow_stack);
    kd_derive(&to->sgx, fault.sgx);
    kd_derive(&to->rmp, fault.rmp);
    kd_derive(&to->text, kd_arena_str(arena, kd_str_of(fault.text)));
    kd_derive(&oops->access, kd_str_of(fault.access));
}

/* "Internal error: Oops: 817", "Unhandled fault: alignment fault (0x221) at ...": arm */
static void find_fsr(kdf_oops *oops, const kd_context *context)
{
    kd_scan in = kd_scan_of(oops->headline.v);
    kd_str skipped;
    uint64_t value;
    if (!kd_arch_is(context, "arm"))
        return;
    if (kd_str_starts(oops->headline.v, "Unhandled ") && kd_scan_past(&in, " (0x", &skipped) &&
        kd_scan_hex(&in, &value))
        oops->fsr.value = (kd_hex){ value, oops->headline.src };
    else if (oops->die.code.src && (kd_str_is(oops->die.text.v, "Oops") ||
                                    kd_str_is(oops->die.text.v, ":") || oops->die.text.v.len == 0))
        oops->fsr.value = oops->die.code;
}

static void decode_fsr(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    kdf_fsr *to = &oops->fsr;
    kd_fsr fsr;
    if (!to->value.src)
        find_fsr(oops, context);
    if (!to->value.src)
        return;
    kd_fsr_decode(to->value.v, &fsr);
    kd_derive(&to->status, fsr.status);
    kd_derive(&to->name, kd_arena_str(arena, kd_str_of(fsr.name)));
    if (!fsr.fetch)
        kd_derive(&to->write, fsr.write);
    if (!fsr.lpae)
        kd_derive(&to->domain, fsr.domain);
    kd_derive(&to->lpae, fsr.lpae);
    kd_derive(&oops->access, kd_str_of(fsr.fetch ? "execute" : fsr.write ? "write" : "read"));
}

/* "BUG: TASK stack guard page was hit at 000000007cedf518": 4.15 to 7.1 hash what %p prints. The
 * address is in CR2 of the dump. */
static void drop_hashed(kd_event *event, kdf_oops *oops, const kd_context *context)
{
    const kd_pair *cr2 = kd_map_find(&oops->registers, "cr2");
    if (!kd_event_is(event, &kd_kind_stack_overflow) || !kd_arch_is(context, "x86_64") ||
        !oops->address.src || oops->address.v > UINT32_MAX)
        return;
    oops->address = (kd_hex){ cr2 ? cr2->v : 0, cr2 ? cr2->src : 0 };
}

/* Numbers of 32 bits, and powerpc's, stand in many lines: those count that the fault has to do
 * with. */
static bool is_of_fault(const kdf_oops *oops, uint64_t address)
{
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (KD_ITEMS(oops->registers, kd_pair)[i].v == address)
            return true;
    return address >> 48 == 0xffff || address == oops->address.v ||
           (oops->code.origin.slot.src && oops->code.origin.slot.v == address);
}

static void drop_notes(kdf_oops *oops)
{
    kdf_note *notes = KD_ITEMS(oops->notes, kdf_note);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < oops->notes.count; i++)
        if (is_of_fault(oops, notes[i].address.v))
            notes[kept++] = notes[i];
    oops->notes.count = kept;
}

bool kd_decode_oops(kd_event *event, void *part, const kd_context *context)
{
    kdf_oops *oops = part;
    kd_arena *arena = &event->arena;
    decode_esr(oops, context);
    decode_error_code(oops, context, arena);
    decode_fsr(oops, context, arena);
    kd_decode_causes(oops, context, arena);
    drop_hashed(event, oops, context);
    kd_decode_code(event, oops, context);
    kd_decode_origin(event, oops, context);
    kd_decode_origin_word(event, oops, context);
    kd_decode_pointed(event, oops, context);
    drop_notes(oops);
    return true;
}
