/* context.c - what is known of the machine, learned event by event. Layer: core. */
#include "core/context.h"

#include "base/scan.h"
#include "core/arch.h"
#include "core/command_line.h"
#include "core/evidence.h"
#include "core/lists.h"
#include "core/stable.h"

const char *kd_by_name(kd_by by)
{
    static const char *const names[] = { [KD_BY_NONE] = NULL,
                                         [KD_BY_ASSUMED] = "assumed",
                                         [KD_BY_READ] = "read",
                                         [KD_BY_GIVEN] = "given" };
    return names[by];
}

kd_str kd_stage_name(const kd_context *context)
{
    static const char *const names[] = { "", "boot loader", "kernel", "init", "login prompt" };
    return kd_str_of(context->stage < KD_COUNT(names) ? names[context->stage] : "");
}

bool kd_arch_is(const kd_context *context, const char *arch)
{
    return kd_str_is(context->arch, arch);
}

uint32_t kd_context_page_size(const kd_context *context)
{
    return context->page_size ? context->page_size : 4096;
}

uint64_t kd_line_of(const kd_event *event, kd_src src)
{
    const kd_line_ref *line = kd_event_line(event, src);
    return line ? line->number : 0;
}

/* Sets a text fact, unless something as good said it before. True: it is new. */
bool kd_learn(kd_context *context, kd_str *fact, kd_known *known, kd_str value, uint64_t line)
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
    while (len < text.len &&
           (kd_is_digit(text.ptr[len]) || (text.ptr[len] == '.' && dots < 2 && ++dots)))
        len++;
    while (len > 0 && text.ptr[len - 1] == '.')
        len--;
    context->version = version;
    context->version_text = (kd_str){ text.ptr, len };
    context->version_known = known;
}

/* "6.1.176-1" behind "Debian " names the stable release that 6.1.0-50-amd64 is. */
void kd_learn_stable(kd_context *context, kd_str text, uint64_t line, kd_arena *arena)
{
    uint32_t stable = kd_kernel_parse(text);
    if (context->version_known.by == KD_BY_GIVEN || stable == 0 ||
        (context->version && (stable >> 16) != (context->version >> 16)))
        return;
    set_version(context, kd_arena_str(arena, text), (kd_known){ KD_BY_READ, line });
}

void kd_learn_release(kd_context *context, kd_str release, uint64_t line, kd_arena *arena)
{
    release = kd_arena_str(arena, release);
    if (!kd_learn(context, &context->release, &context->release_known, release, line))
        return;
    if (context->version_known.by != KD_BY_GIVEN)
        set_version(context, release, (kd_known){ KD_BY_READ, line });
    kd_learn_arch(context, kd_arch_of_release(release), line, KD_TELLS_SURE);
}

/* Debian's task line: "#1  Debian 6.1.176-1" */
void kd_learn_build(kd_context *context, kd_str build, uint64_t line, kd_arena *arena)
{
    kd_str stable = kd_stable_version(build);
    if (stable.len > 0)
        kd_learn_stable(context, stable, line, arena);
}

kd_line_ref kd_learn_line(const kd_event *event, kd_src src, kd_arena *arena)
{
    const kd_line_ref *line = kd_event_line(event, src);
    kd_line_ref copy = line ? *line : (kd_line_ref){ .number = 0 };
    copy.raw = kd_arena_str(arena, copy.raw);
    return copy;
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

void kd_context_free(kd_context *context)
{
    kd_arena arena = context->arena;
    kd_arena_free(&arena);
}

void kd_context_init(kd_context *context, uint64_t boot, const kd_options *options)
{
    kd_arena *arena = &context->arena;
    context->boot = boot;
    context->kconfig = options->kconfig;
    kd_command_line_size(options->command_line, "vmalloc", &context->vmalloc_bytes);
    if (options->arch) {
        context->arch = kd_arch_name(kd_str_of(options->arch));
        context->arch_known.by = KD_BY_GIVEN;
    }
    if (options->kernel_release) {
        context->release = kd_arena_str(arena, kd_str_of(options->kernel_release));
        context->release_known.by = KD_BY_GIVEN;
        set_version(context, context->release, (kd_known){ KD_BY_GIVEN, 0 });
        kd_learn_arch(context, kd_arch_of_release(context->release), 0, KD_TELLS_SURE);
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
    kd_parts parts;
    kd_event_parts(event, &parts);
    for (size_t i = 0; i < kd_learner_count; i++) {
        const void *part = kd_part_of(&parts, kd_learners[i].group);
        if (part)
            kd_learners[i].learn(context, event, part, arena);
    }
    kd_learn_evidence(context, event);
}
