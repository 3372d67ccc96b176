/* context.c - what is known of the machine, learned event by event. Layer: context. */
#include "core/context.h"

#include "base/scan.h"
#include "core/arch.h"
#include "core/stable.h"

const char *kd_by_name(kd_by by)
{
    static const char *const names[] = { NULL, "assumed", "read", "given" };
    return names[by];
}

bool kd_arch_is(const kd_context *context, const char *arch)
{
    return kd_str_is(context->arch, arch);
}

uint32_t kd_context_page_size(const kd_context *context)
{
    return context->page_size ? context->page_size : 4096;
}

static uint64_t line_of(const kd_event *event, kd_src src)
{
    const kd_line_ref *line = kd_event_line(event, src);
    return line ? line->number : 0;
}

/* Sets a text fact, unless something as good said it before. True: it is new. */
static bool learn(kd_context *context, kd_str *fact, kd_known *known, kd_str value, uint64_t line)
{
    if (value.len == 0)
        return false;
    if (known->by >= KD_BY_READ) {
        if (known->by == KD_BY_READ && !kd_str_eq(*fact, value))
            context->conflicts++;
        return false;
    }
    *fact = value;
    *known = (kd_known){ KD_BY_READ, line };
    return true;
}

static void set_version(kd_context *context, kd_str text, kd_known known)
{
    uint32_t version = kd_kernel_parse(text);
    size_t len = 0, dots = 0;
    if (version == 0)
        return;
    /* "5.4.125" of "5.4.125-android11": digits and up to two dots */
    while (len < text.len && (kd_is_digit(text.ptr[len]) || (text.ptr[len] == '.' && dots < 2 &&
                                                              ++dots)))
        len++;
    while (len > 0 && text.ptr[len - 1] == '.')
        len--;
    context->version = version;
    context->version_text = (kd_str){ text.ptr, len };
    context->version_known = known;
}

/* "6.1.176-1" behind "Debian " names the stable release that 6.1.0-50-amd64 is. */
static void learn_stable(kd_context *context, kd_str text, uint64_t line, kd_arena *arena)
{
    uint32_t stable = kd_kernel_parse(text);
    if (context->version_known.by == KD_BY_GIVEN || stable == 0 ||
        (context->version && (stable >> 16) != (context->version >> 16)))
        return;
    set_version(context, kd_arena_str(arena, text), (kd_known){ KD_BY_READ, line });
}

static void learn_release(kd_context *context, kd_str release, uint64_t line, kd_arena *arena)
{
    release = kd_arena_str(arena, release);
    if (!learn(context, &context->release, &context->release_known, release, line))
        return;
    if (context->version_known.by != KD_BY_GIVEN)
        set_version(context, release, (kd_known){ KD_BY_READ, line });
    learn(context, &context->arch, &context->arch_known, kd_arch_of_release(release), line);
}

/* Debian's task line: "#1  Debian 6.1.176-1" */
static void learn_build(kd_context *context, kd_str build, uint64_t line, kd_arena *arena)
{
    kd_str stable = kd_stable_version(build);
    if (stable.len > 0)
        learn_stable(context, stable, line, arena);
}

static void learn_task(kd_context *context, const kd_event *event, kd_arena *arena)
{
    const kdf_task *task = kd_event_task(event);
    if (!task)
        return;
    if (task->kernel_release.src)
        learn_release(context, task->kernel_release.v,
                      line_of(event, task->kernel_release.src), arena);
    if (task->build.src)
        learn_build(context, task->build.v, line_of(event, task->build.src), arena);
    if (task->hardware.src)
        learn(context, &context->hardware, &context->hardware_known,
              kd_arena_str(arena, task->hardware.v), line_of(event, task->hardware.src));
}

static kd_line_ref copy_line(const kd_event *event, kd_src src, kd_arena *arena)
{
    const kd_line_ref *line = kd_event_line(event, src);
    kd_line_ref copy = line ? *line : (kd_line_ref){ .number = 0 };
    copy.raw = kd_arena_str(arena, copy.raw);
    return copy;
}

/* What the boot log tells of the kernel's address space; the last word counts. */
static void learn_layout(kd_context *context, const kd_event *event, kd_arena *arena)
{
    const kdf_boot_fact *fact = KD_BODY(event, boot_fact);
    const kd_u64 *pages[] = { &fact->direct_pages, &fact->plt_pages };
    if (fact->text_base.src)
        context->text_base = fact->text_base.v;
    if (fact->text_end.src)
        context->text_end = fact->text_end.v;
    if (fact->vmalloc_bytes.src) {
        context->vmalloc_bytes = fact->vmalloc_bytes.v;
        context->vmalloc_line = copy_line(event, fact->vmalloc_bytes.src, arena);
    }
    for (size_t i = 0; i < KD_COUNT(pages); i++)
        if (pages[i]->src && context->module_lines[i].number == 0) {
            context->module_pages[i] = pages[i]->v;
            context->module_lines[i] = copy_line(event, pages[i]->src, arena);
        }
    for (uint32_t i = 0; i < fact->areas.count && context->areas.count < KD_READ_AREAS; i++) {
        const kdf_address_area *from = &KD_ITEMS(fact->areas, kdf_address_area)[i];
        kd_read_area *to = KD_LIST_ADD(arena, &context->areas, kd_read_area);
        if (to)
            *to = (kd_read_area){ kd_arena_str(arena, from->name.v), from->start.v, from->end.v,
                                  copy_line(event, from->start.src, arena) };
    }
}

static void learn_boot(kd_context *context, const kd_event *event, kd_arena *arena)
{
    const kdf_boot_fact *fact = KD_BODY(event, boot_fact);
    if (!fact)
        return;
    uint64_t line = kd_event_lines(event)[0].number;
    if (fact->release.src)
        learn_release(context, fact->release.v, line, arena);
    if (fact->version.src)
        learn_stable(context, fact->version.v, line, arena);
    if (fact->arch.src)
        learn(context, &context->arch, &context->arch_known, kd_arch_name(fact->arch.v), line);
    if (fact->hardware.src)
        learn(context, &context->hardware, &context->hardware_known,
              kd_arena_str(arena, fact->hardware.v), line);
    if (fact->ram_kb.src && !context->ram_kb) {
        context->ram_kb = fact->ram_kb.v;
        context->ram_known = (kd_known){ KD_BY_READ, line };
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

static void learn_oops(kd_context *context, const kd_event *event)
{
    const kdf_oops *oops = kd_event_oops(event);
    if (!oops)
        return;
    if (oops->registers.count > 0)
        learn(context, &context->arch, &context->arch_known,
              kd_arch_of_registers(&oops->registers),
              line_of(event, KD_ITEMS(oops->registers, kd_pair)[0].src));
    if (oops->esr.value.src)
        learn(context, &context->arch, &context->arch_known, KD_STR("arm64"),
              line_of(event, oops->esr.value.src));
    if (oops->va_bits.src)
        context->va_bits = oops->va_bits.v;
}

/* system_call_exception() is powerpc's alone; the addresses beside it tell the width. */
static const char *powerpc_of(const kdf_frame *frame)
{
    if (!kd_str_is(frame->function.v, "system_call_exception") || !frame->address.src)
        return "";
    return frame->address.v > UINT32_MAX ? "ppc64" : "ppc";
}

/* The arm unwinder calls its first function by a name of its own. */
static void learn_trace(kd_context *context, const kd_event *event)
{
    const kd_list *trace = kd_event_backtrace(event);
    for (uint32_t i = 0; trace && i < trace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        const char *arch = kd_str_is(frame->function.v, "unwind_backtrace")   ? "arm"
                           : frame->frame_pointer.src                        ? "arm64"
                           : kd_str_starts(frame->function.v, "el0t_64_sync") ? "arm64"
                           : kd_str_starts(frame->function.v, "entry_SYSCALL_64") ? "x86_64"
                                                                              : powerpc_of(frame);
        learn(context, &context->arch, &context->arch_known, kd_str_of(arch),
              line_of(event, frame->function.src));
    }
}

/* The first column of a buddy line is one page. */
static void learn_page_size(kd_context *context, const kd_event *event)
{
    const kdf_meminfo *meminfo = kd_event_meminfo(event);
    if (!meminfo || context->page_size_known.by >= KD_BY_READ)
        return;
    for (uint32_t i = 0; i < meminfo->zones.count; i++) {
        const kdf_zone *zone = &KD_ITEMS(meminfo->zones, kdf_zone)[i];
        /* a torn line may have lost its first column: then it does not add up */
        if (!zone->buddy_adds_up.v || zone->page_kb.v < 4 || zone->page_kb.v > 256)
            continue;
        context->page_size = (uint32_t)zone->page_kb.v * 1024;
        context->page_size_known =
            (kd_known){ KD_BY_READ, line_of(event, zone->page_kb.src) };
        return;
    }
}

const kd_read_area *kd_context_area(const kd_context *context, const char *name, size_t n)
{
    for (uint32_t i = 0; i < context->areas.count; i++) {
        const kd_read_area *area = &KD_ITEMS(context->areas, kd_read_area)[i];
        kd_scan in = kd_scan_of(area->name);
        kd_str word;
        if (kd_scan_word(&in, &word) && kd_str_is(word, name) && n-- == 0)
            return area;
    }
    return NULL;
}

void kd_context_init(kd_context *context, uint64_t boot, const kd_options *options,
                     kd_arena *arena)
{
    *context = (kd_context){ .boot = boot, .kconfig = options->kconfig };
    if (options->arch) {
        context->arch = kd_arch_name(kd_str_of(options->arch));
        context->arch_known.by = KD_BY_GIVEN;
    }
    if (options->kernel_release) {
        context->release = kd_arena_str(arena, kd_str_of(options->kernel_release));
        context->release_known.by = KD_BY_GIVEN;
        set_version(context, context->release, (kd_known){ KD_BY_GIVEN, 0 });
        learn(context, &context->arch, &context->arch_known, kd_arch_of_release(context->release),
              0);
    }
    if (options->kernel_version) {
        context->version = options->kernel_version;
        context->version_known.by = KD_BY_GIVEN;
        context->version_text =
            kd_arena_format(arena, "%u.%u.%u", options->kernel_version >> 24,
                            options->kernel_version >> 16 & 255, options->kernel_version & 65535);
    }
    if (options->page_size) {
        context->page_size = options->page_size;
        context->page_size_known.by = KD_BY_GIVEN;
    }
}

void kd_context_learn(kd_context *context, const kd_event *event, kd_arena *arena)
{
    learn_boot(context, event, arena);
    learn_task(context, event, arena);
    learn_oops(context, event);
    learn_trace(context, event);
    learn_page_size(context, event);
}
