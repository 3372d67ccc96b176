/* decode_disagree.c - why the address of a fault is not what the instruction's operand gives.
 *
 * Where block and headline belong together the two are the same: each other case is a finding.
 */
#include "core/version.h"
#include "family/fault/decode_code.h"
#include "family/fields.h"

static uint64_t held(const kdf_oops *oops, const char *name)
{
    const kd_pair *pair = kd_map_find(&oops->registers, name);
    return pair ? pair->v : 0;
}

/* The CPU did not execute what stands at the mark. */
static bool is_fetch(const kdf_oops *oops)
{
    return kd_str_is(oops->access.v, "execute") ||
           (oops->ip.address.src && oops->address.src && oops->ip.address.v == oops->address.v);
}

/* The bus told the CPU of it late. */
static bool is_late(const kdf_oops *oops)
{
    static const char *const words[] = { "imprecise", "asynchronous", "Asynchronous", "SError",
                                         "Error handler" };
    for (size_t i = 0; i < KD_COUNT(words); i++)
        if (kd_str_has(oops->headline.v, words[i]) || kd_str_has(oops->fsr.name.v, words[i]))
            return true;
    return false;
}

/* x86-64 aligns the stack to 16 bytes and pushes SS first: that found no page. */
static bool is_frame_push(const kdf_oops *oops, const kd_context *context)
{
    uint64_t stack = held(oops, "rsp");
    return kd_arch_is(context, "x86_64") && stack && (stack & ~UINT64_C(15)) - 8 == oops->address.v;
}

/* 5.5 to 5.12 decoded the operand only up to its registers. */
static bool is_printed_bare(const kd_event *event, const kdf_oops *oops, const kd_context *context)
{
    const kdf_operand *mem = &oops->code.memory;
    return kd_event_is(event, &kd_kind_general_protection) && mem->displacement.v != 0 &&
           (!context->version || kd_version_in(context->version, V(5, 5), V(5, 13))) &&
           mem->effective.src &&
           mem->effective.v - (uint64_t)mem->displacement.v == oops->address.v;
}

/* A register that the operand needs and the dump lacks. */
static const kd_text *missing(const kdf_oops *oops, kd_isa isa)
{
    const kd_text *names[] = { &oops->code.memory.base, &oops->code.memory.index };
    char name[8];
    uint64_t value;
    for (size_t i = 0; i < KD_COUNT(names); i++) {
        size_t len = names[i]->v.len < sizeof name ? names[i]->v.len : 0;
        for (size_t k = 0; k < len; k++)
            name[k] = names[i]->v.ptr[k];
        name[len] = 0;
        if (names[i]->src && !kd_register_value(oops, isa, name, &value))
            return names[i];
    }
    return NULL;
}

typedef struct reason {
    const char *tag;
    kd_str words;
} reason;

static reason reason_of(kd_event *event, const kdf_oops *oops, const kd_context *context)
{
    const kdf_operand *mem = &oops->code.memory;
    const kd_text *lacks = missing(oops, kd_isa_of_code(oops, context));
    uint64_t cr2 = held(oops, "cr2");
    if (lacks)
        return (reason){ "no-register",
                         kd_arena_format(&event->arena, "the dump has no %.*s", KD_FMT(lacks->v)) };
    if (kd_arch_is(context, "s390") && kd_str_starts(oops->code.instruction.v, "ex") &&
        !oops->code.executed.src)
        return (reason){ "executed",
                         KD_STR("it executes another instruction, which is not in the log") };
    if (!mem->base.src && !mem->index.src)
        return (reason){ "no-operand", KD_STR("the instruction names no memory: the fault is of "
                                              "another one, or of what the CPU does by itself") };
    if (!mem->effective.src)
        return (reason){ "no-segment", KD_STR("the operand is not computed: the base of its "
                                              "segment is not in the dump") };
    if (cr2 && cr2 == mem->effective.v)
        return (reason){ "other-fault",
                         KD_STR("CR2 of the dump is what the operand gives: the headline is of "
                                "another fault, of an earlier one or of another CPU") };
    if (held(oops, "rsp") && kd_str_is(mem->base.v, "rsp"))
        return (reason){ "differs", KD_STR("the stack pointer is not that of the fault: two "
                                           "reports run into each other, or the fault is of a "
                                           "nested exception") };
    return (reason){ "differs",
                     KD_STR("registers or bytes are not those of the fault: two reports run into "
                            "each other, the mark stands wrong, or the text was damaged") };
}

static void put_reason(kdf_code *code, reason why)
{
    kd_derive(&code->comparison, kd_str_of(why.tag));
    kd_derive(&code->disagrees, why.words);
}

/* ---- what the CPU does by itself ------------------------------------------------------------- */

static const char *counter_name(const kd_context *context)
{
    return kd_arch_is(context, "x86_64")                                          ? "rip"
           : kd_arch_is(context, "i386")                                          ? "eip"
           : kd_arch_is(context, "ppc64") || kd_arch_is(context, "ppc")           ? "nip"
           : kd_arch_is(context, "s390")                                          ? "psw"
           : kd_arch_is(context, "sparc64") || kd_arch_is(context, "sparc")       ? "tpc"
           : kd_arch_is(context, "parisc") || kd_arch_is(context, "parisc64")     ? "iaoq0"
           : kd_arch_is(context, "mips") || kd_str_starts(context->arch, "riscv") ? "epc"
                                                                                  : "pc";
}

/* The fault is not of the operand that the instruction names. */
static void put_implicit(kdf_operand *mem, const char *base, int64_t displacement, uint64_t size,
                         uint64_t address, const char *what)
{
    *mem = (kdf_operand){ .base = { .src = 0 } };
    kd_derive(&mem->base, kd_str_of(base));
    kd_derive(&mem->displacement, displacement);
    if (size)
        kd_derive(&mem->size, size);
    kd_derive(&mem->effective, address);
    kd_derive(&mem->agrees, true);
    kd_derive(&mem->implicit, kd_str_of(what));
}

/* "call rax", "jmp rax": x86-64 refuses there what is no address. */
static const kd_pair *jump_target(const kdf_oops *oops, const kd_context *context)
{
    kd_str text = oops->code.instruction.v;
    size_t skip = kd_str_starts(text, "jmp ") ? 4 : kd_str_starts(text, "call ") ? 5 : 0;
    for (uint32_t i = 0; skip && i < oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        if (kd_str_eq(pair->name, kd_str_from(text, skip)) && kd_arch_is(context, "x86_64"))
            return pair;
    }
    return NULL;
}

/* The fault was not of the operand, but the log tells of what: the address is accounted for. */
static bool find_implicit(kdf_oops *oops, const kd_context *context)
{
    kdf_operand *mem = &oops->code.memory;
    uint64_t address = oops->address.v;
    const kd_pair *target = jump_target(oops, context);
    if (target && target->v == address) {
        put_implicit(mem, "", 0, 0, address,
                     "the jump: what the register holds is no address of code");
        mem->base.v = target->name;
    } else if (mem->effective.src && is_frame_push(oops, context)) {
        put_implicit(mem, "rsp", (int64_t)(address - held(oops, "rsp")), 8, address,
                     "the push of the exception's frame: the stack pointer, rounded down to 16 "
                     "bytes, less 8");
    }
    return mem->agrees.v;
}

static void compare_fetch(kdf_oops *oops, const kd_context *context)
{
    kdf_code *code = &oops->code;
    static const char words[] = "the fetch of this instruction: it was not executed";
    code->memory = (kdf_operand){ .base = { .src = 0 } };
    if (oops->ip.address.src && oops->ip.address.v == oops->address.v)
        put_implicit(&code->memory, counter_name(context), 0, 0, oops->address.v, words);
    else
        put_reason(code, (reason){ "no-operand", KD_STR("the fault was the fetch of this "
                                                        "instruction: it was not executed") });
}

/* An instruction that only reads does not fault on a write. */
static void compare_direction(kdf_oops *oops)
{
    kdf_code *code = &oops->code;
    kd_str does = code->memory.does.v, said = oops->access.v;
    bool told = oops->access.src && !kd_str_is(said, "execute");
    if (!code->memory.does.src || code->memory.implicit.src || !told)
        return;
    bool equal = kd_str_is(does, "read-write") || kd_str_eq(does, said);
    kd_derive(&code->direction, equal ? KD_STR("equal") : KD_STR("differs"));
    if (!equal)
        kd_derive(&code->disagrees,
                  kd_str_is(said, "write")
                      ? KD_STR("the instruction only reads there, and the fault was of a write: "
                               "registers, bytes or the status are not those of this fault")
                      : KD_STR("the instruction only writes there, and the fault was of a read: "
                               "registers, bytes or the status are not those of this fault"));
}

void kd_decode_disagreement(kd_event *event, kdf_oops *oops, const kd_context *context)
{
    kdf_code *code = &oops->code;
    /* checkers tell of another access than of the one where the dump is from */
    bool checked = event->kind && !KD_BODY(event, oops);
    if (!oops->address.src || (!code->marker.src && checked))
        return;
    if (!code->memory.agrees.v && is_late(oops) && !checked) {
        put_reason(code, (reason){ "late", KD_STR("the bus reported the error late: the "
                                                  "instruction at the mark is innocent") });
        return;
    }
    if (!code->memory.agrees.v && checked) {
        put_reason(code, (reason){ "checker", KD_STR("the dump is of what was interrupted, or of "
                                                     "the report itself: not of the access that "
                                                     "the checker tells of") });
        return;
    }
    if (!code->memory.agrees.v && code->marker.src && is_fetch(oops))
        compare_fetch(oops, context);
    else if (!code->instruction.src)
        kd_derive(&code->comparison, kd_str_of(kd_code_is_torn(code, context) ? "torn"
                                               : code->marker.src             ? "no-decoder"
                                                                              : "no-mark"));
    else if (!code->memory.agrees.v && is_printed_bare(event, oops, context)) {
        code->memory.agrees.v = true;
        kd_derive(&code->memory.printed_bare, true);
    } else if (!code->memory.agrees.v && !find_implicit(oops, context))
        put_reason(code, reason_of(event, oops, context));
    if (code->memory.agrees.v) {
        kd_derive(&code->comparison, KD_STR("equal"));
        compare_direction(oops);
    }
}
