/* pack_match.c - the patterns of packs: PCRE2 under limits. Layer: family. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "family/pack/pack.h"

/* A match that takes more is given up: log text must not choose how long. */
#define MOST_STEPS 20000u
#define JIT_STACK ((size_t)64 * 1024)
/* printk() prints no message that is longer (LOG_LINE_MAX; printk_buf[] to 3.4); what makes it
 * longer is no text of the kernel. Patterns may cost its square. */
#define LONGEST_TEXT ((size_t)1024)
/* Names of drivers and devices, and what a format has before the anchor. */
#define BEFORE_ANCHOR ((size_t)256)
/* A pattern may begin behind the anchor. */
#define BEHIND_ANCHOR ((size_t)128)

/* ---- memory: PCRE2 does not say how much it gives back --------------------------------------- */

typedef union head {
    size_t size;
    max_align_t align;
} head;

static void *take(size_t size, void *user)
{
    head *block = size < SIZE_MAX / 2 ? kd_mem_resize(user, NULL, 0, sizeof(head) + size) : NULL;
    if (!block)
        return NULL;
    block->size = sizeof(head) + size;
    return block + 1;
}

static void give(void *ptr, void *user)
{
    head *block = ptr ? (head *)ptr - 1 : NULL;
    if (block)
        kd_mem_free(user, block, block->size);
}

/* ---- compiling ------------------------------------------------------------------------------- */

static void say(kd_pack_error error, const char *what)
{
    if (error.room > 0)
        snprintf(error.text, error.room, "%s", what);
}

static bool find_groups(const kd_pack_entry *entry, kd_pack_code *code, kd_pack_error error)
{
    char why[128];
    const kd_pack_field *fields = entry->fields.items;
    for (uint32_t i = 0; i < entry->fields.count; i++) {
        int group = pcre2_substring_number_from_name(code->code, (PCRE2_SPTR)fields[i].name.ptr);
        if (group <= 0) {
            snprintf(why, sizeof why, "the pattern has no group named \"%.40s\"",
                     fields[i].name.ptr);
            say(error, why);
            return false;
        }
        code->groups[i] = (uint32_t)group;
    }
    return true;
}

static bool compile(pcre2_general_context *general, const kd_pack_entry *entry, kd_pack_code *code,
                    kd_pack_error error)
{
    int number = 0;
    size_t at = 0;
    char words[96], why[192];
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    if (context) {
        pcre2_set_max_pattern_length(context, 1000);
        pcre2_set_parens_nest_limit(context, 20);
        code->code = pcre2_compile((PCRE2_SPTR)entry->pattern.ptr, entry->pattern.len,
                                   PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
                                       PCRE2_USE_OFFSET_LIMIT,
                                   &number, &at, context);
        pcre2_compile_context_free(context);
    }
    if (code->code)
        return find_groups(entry, code, error);
    if (number > 0 && pcre2_get_error_message(number, (PCRE2_UCHAR *)words, sizeof words) > 0) {
        snprintf(why, sizeof why, "pattern, at %zu: %s", at, words);
        say(error, why);
    } else
        say(error, "out of memory");
    return false;
}

bool kd_pack_check_pattern(kd_packs *packs, const kd_pack_entry *entry, kd_pack_error error)
{
    kd_pack_code code = { .code = NULL };
    if (!packs->general)
        packs->general = pcre2_general_context_create(take, give, packs->mem);
    bool right = compile(packs->general, entry, &code, error);
    pcre2_code_free(code.code);
    return right;
}

/* ---- matching -------------------------------------------------------------------------------- */

static bool prepare(kd_pack_use *use)
{
    if (use->data)
        return true;
    if (!use->general)
        use->general = pcre2_general_context_create(take, give, use->mem);
    if (use->general && !use->match)
        use->match = pcre2_match_context_create(use->general);
    if (!use->match)
        return false;
    uint32_t generates = 0; /* not on every architecture: then there is no such stack */
    pcre2_config(PCRE2_CONFIG_JIT, &generates);
    if (generates && !use->stack)
        use->stack = pcre2_jit_stack_create(8 * 1024, JIT_STACK, use->general);
    if (generates && !use->stack)
        return false;
    /* without a stack of its own, generated code takes 32 KiB of the thread's */
    if (use->stack)
        pcre2_jit_stack_assign(use->match, NULL, use->stack);
    pcre2_set_match_limit(use->match, MOST_STEPS);
    pcre2_set_heap_limit(use->match, 256);
    use->data = pcre2_match_data_create(KD_PACK_MOST_FIELDS * 4, use->general);
    return use->data != NULL;
}

/* Machine code of a pattern takes as long as so many messages by the interpreter. */
#define WORTH_COMPILING 32u

/* The pattern of the entry, compiled when it is first asked for; NULL: there is no memory. */
static const kd_pack_code *code_of(kd_pack_use *use, const kd_pack_owner *owner)
{
    uint32_t count = use->packs->entries.count;
    if (!use->codes) {
        use->codes = kd_mem_resize(use->mem, NULL, 0, count * sizeof(kd_pack_code *));
        if (!use->codes)
            return NULL;
        memset(use->codes, 0, count * sizeof(kd_pack_code *));
        use->code_count = count;
    }
    if (owner->order >= use->code_count)
        return NULL;
    kd_pack_code *code = use->codes[owner->order];
    if (code) {
        /* where there is no such compiler the interpreter goes on serving */
        if (++code->uses == WORTH_COMPILING)
            pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);
        return code;
    }
    code = kd_mem_resize(use->mem, NULL, 0, sizeof *code);
    if (!code)
        return NULL;
    *code = (kd_pack_code){ .code = NULL };
    compile(use->general, owner->entry, code, (kd_pack_error){ NULL, 0 });
    if (!code->code) {
        kd_mem_free(use->mem, code, sizeof *code);
        return NULL;
    }
    use->codes[owner->order] = code;
    return code;
}

/* Where a match may begin: not long before the anchors, nor long behind them. */
static void find_start(const kd_pack_entry *entry, kd_str text, size_t *from, size_t *to)
{
    const kd_str *anchors = entry->anchors.items;
    size_t first = text.len;
    *to = 0;
    for (uint32_t i = 0; i < entry->anchors.count; i++) {
        const char *found = kd_find(text, anchors[i].ptr, anchors[i].len);
        size_t at = found ? (size_t)(found - text.ptr) : text.len;
        first = at < first ? at : first;
        if (found && at + anchors[i].len > *to)
            *to = at + anchors[i].len;
    }
    *from = first > BEFORE_ANCHOR ? first - BEFORE_ANCHOR : 0;
    *to = text.len - *to > BEHIND_ANCHOR ? *to + BEHIND_ANCHOR : text.len;
}

bool kd_pack_matches(kd_pack_use *use, const kd_pack_owner *owner, kd_str text, kd_pack_hit *out)
{
    const kd_pack_entry *entry = owner->entry;
    *out = (kd_pack_hit){ { { NULL, 0 } } };
    if (entry->pattern.len == 0)
        return true;
    if (text.len == 0 || !prepare(use))
        return false;
    const kd_pack_code *code = code_of(use, owner);
    if (!code)
        return false;
    size_t from, to;
    find_start(entry, text, &from, &to);
    if (text.len - from > LONGEST_TEXT)
        text.len = from + LONGEST_TEXT;
    pcre2_set_offset_limit(use->match, to);
    int count =
        pcre2_match(code->code, (PCRE2_SPTR)text.ptr, text.len, from, 0, use->data, use->match);
    if (count < 0) {
        use->gave_up |= count != PCRE2_ERROR_NOMATCH;
        return false;
    }
    const size_t *ends = pcre2_get_ovector_pointer(use->data);
    uint32_t pairs = pcre2_get_ovector_count(use->data);
    for (uint32_t i = 0; i < entry->fields.count; i++) {
        uint32_t group = code->groups[i];
        if (group < pairs && (count == 0 || group < (uint32_t)count) &&
            ends[2 * group] != PCRE2_UNSET && ends[2 * group + 1] > ends[2 * group])
            out->values[i] =
                (kd_str){ text.ptr + ends[2 * group], ends[2 * group + 1] - ends[2 * group] };
    }
    return true;
}

void kd_packs_free(kd_packs *packs)
{
    kd_packs_cut(packs, (kd_packs_mark){ 0, 0 });
    pcre2_general_context_free(packs->general);
    packs->general = NULL;
    kd_arena_free(&packs->arena);
}

void kd_pack_use_free(kd_pack_use *use)
{
    if (use->tallies)
        kd_mem_free(use->mem, use->tallies, KD_PACK_TALLIES * sizeof *use->tallies);
    use->tallies = NULL;
    for (uint32_t i = 0; use->codes && i < use->code_count; i++)
        if (use->codes[i]) {
            pcre2_code_free(use->codes[i]->code);
            kd_mem_free(use->mem, use->codes[i], sizeof(kd_pack_code));
        }
    if (use->codes)
        kd_mem_free(use->mem, use->codes, use->code_count * sizeof(kd_pack_code *));
    use->codes = NULL;
    pcre2_match_data_free(use->data);
    pcre2_jit_stack_free(use->stack);
    pcre2_match_context_free(use->match);
    pcre2_general_context_free(use->general);
    use->data = use->stack = use->match = use->general = NULL;
}
