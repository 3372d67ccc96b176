/* learn_boot.c - what the boot log tells of kernel and machine. */
#include "core/arch.h"
#include "core/evidence.h"
#include "core/lists.h"
#include "family/fields.h"

/* What the boot log tells of the kernel's address space; the last word counts. */
static void learn_layout(kd_context *context, const kd_event *event, kd_arena *arena)
{
    const kdf_boot_fact *fact = KD_BODY(event, boot_fact);
    const kd_u64 *pages[] = { &fact->direct_pages, &fact->plt_pages };
    if (fact->text_base.src)
        context->text_base = fact->text_base.v;
    if (fact->text_end.src)
        context->text_end = fact->text_end.v;
    /* a long one is printed in pieces, with a backslash where it goes on */
    if (fact->command_line.src && !kd_str_ends(fact->command_line.v, "\\") &&
        context->vmalloc_line.number == 0)
        context->vmalloc_bytes = 0; /* what was given is of another boot */
    if (fact->vmalloc_bytes.src) {
        context->vmalloc_bytes = fact->vmalloc_bytes.v;
        context->vmalloc_line = kd_learn_line(event, fact->vmalloc_bytes.src, arena);
    }
    for (size_t i = 0; i < KD_COUNT(pages); i++)
        if (pages[i]->src && context->module_lines[i].number == 0) {
            context->module_pages[i] = pages[i]->v;
            context->module_lines[i] = kd_learn_line(event, pages[i]->src, arena);
        }
    for (uint32_t i = 0; i < fact->areas.count && context->areas.count < KD_READ_AREAS; i++) {
        const kdf_address_area *from = &KD_ITEMS(fact->areas, kdf_address_area)[i];
        kd_read_area *to = KD_LIST_ADD(arena, &context->areas, kd_read_area);
        if (to)
            *to = (kd_read_area){ kd_arena_str(arena, from->name.v), from->start.v, from->end.v,
                                  kd_learn_line(event, from->start.src, arena) };
    }
}

void kd_learn_boot(kd_context *context, const kd_event *event, const void *part, kd_arena *arena)
{
    const kdf_boot_fact *fact = part;
    uint64_t line = kd_event_lines(event)[0].number;
    if (fact->release.src && context->stage < KD_STAGE_KERNEL)
        context->stage = KD_STAGE_KERNEL;
    if (fact->release.src)
        kd_learn_release(context, fact->release.v, line, arena);
    if (fact->version.src)
        kd_learn_stable(context, fact->version.v, line, arena);
    if (fact->arch.src)
        kd_learn_arch(context, kd_arch_name(fact->arch.v), line, KD_TELLS_SURE);
    if (fact->hardware.src)
        kd_learn(context, &context->hardware, &context->hardware_known,
                 kd_arena_str(arena, fact->hardware.v), line);
    if (fact->ram_kb.src && !context->ram_kb)
        context->ram_kb = fact->ram_kb.v;
    if (fact->ram_start.src) {
        context->ram_start = fact->ram_start.v;
        context->ram_start_known = true;
    }
    if (fact->text_offset.src) {
        context->text_offset = fact->text_offset.v;
        context->text_offset_known = (kd_known){ KD_BY_READ, line };
    }
    if (fact->cpus.src && fact->cpus.v <= UINT16_MAX)
        context->cpus = (uint32_t)fact->cpus.v;
    if (fact->mobility_off.src)
        context->mobility_off = fact->mobility_off.v;
    learn_layout(context, event, arena);
    for (uint32_t i = 0; i < fact->zones.count && context->zones.count < fact->zones.count; i++) {
        kd_text *zone = KD_LIST_ADD(arena, &context->zones, kd_text);
        if (zone)
            *zone = (kd_text){ kd_arena_str(arena, KD_ITEMS(fact->zones, kd_text)[i].v), 1 };
    }
}
