/* parse_blame.c - which frame to look at first. */
#include <string.h>

#include "core/parser.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

static const struct {
    const char *name;
    bool helper;
} machinery[] = {
#define KD_MACHINERY(name) { name, false },
#define KD_HELPER(name) { name, true },
#define KD_CULPRIT(name)
#include "family/shared/machinery.def"
#undef KD_CULPRIT
#undef KD_HELPER
#undef KD_MACHINERY
};

/* Where to look: a name is compared with those of which the first two characters give the same
 * number; all are with those that begin with something else than two characters. */
#define ANY_NAME 0
#define NUMBER(a, b) ((unsigned)((a)*5 + (b)) % 255 + 1)
#define NUMBER_OF(name) \
    ((name)[0] == '*' || (name)[1] == '*' ? ANY_NAME : NUMBER((name)[0], (name)[1]))
static const unsigned char numbers[] = {
#define KD_MACHINERY(name) NUMBER_OF(name),
#define KD_HELPER(name) NUMBER_OF(name),
#define KD_CULPRIT(name)
#include "family/shared/machinery.def"
#undef KD_CULPRIT
#undef KD_HELPER
#undef KD_MACHINERY
};

static const char *const culprits[] = {
#define KD_MACHINERY(name)
#define KD_HELPER(name)
#define KD_CULPRIT(name) name,
#include "family/shared/machinery.def"
#undef KD_CULPRIT
#undef KD_HELPER
#undef KD_MACHINERY
};

/* ---- names ----------------------------------------------------------------------------------- */

static bool fits(const char *text, const char *end, const char *pattern)
{
    for (; *pattern && *pattern != '*'; pattern++, text++)
        if (text == end || *text != *pattern)
            return false;
    if (!*pattern)
        return text == end;
    const char *rest = pattern + 1;
    size_t len = strcspn(rest, "*");
    if (!rest[len]) /* the last one */
        return (size_t)(end - text) >= len && memcmp(end - len, rest, len) == 0;
    for (; text <= end; text++)
        if ((*rest == '*' || (text < end && *text == *rest)) && fits(text, end, rest))
            return true;
    return false;
}

bool kd_name_fits_all(kd_str bare, const char *pattern)
{
    if (bare.len == 0)
        return !*pattern || (*pattern == '*' && !pattern[1]);
    return fits(bare.ptr, bare.ptr + bare.len, pattern);
}

/* "__pi_memcpy": arm64's second name for what may run before the kernel is where it belongs. */
kd_str kd_bare_name(kd_str function)
{
    if (kd_str_starts(function, "__pi_"))
        function = kd_str_from(function, sizeof "__pi_" - 1);
    while (function.len > 0 && (function.ptr[0] == '_' || function.ptr[0] == '.'))
        function = kd_str_from(function, 1);
    kd_scan in = kd_scan_of(function);
    kd_str bare;
    return kd_scan_until(&in, '.', &bare) && bare.len > 0 ? bare : function;
}

static bool is_among(kd_str bare, unsigned number, bool helpers)
{
    const unsigned char *at = numbers, *end = numbers + sizeof numbers;
    for (; at < end && (at = memchr(at, (int)number, (size_t)(end - at))) != NULL; at++) {
        size_t row = (size_t)(at - numbers);
        if (machinery[row].helper <= helpers && kd_name_fits(bare, machinery[row].name))
            return true;
    }
    return false;
}

static bool is_skipped(kd_str bare, bool helpers)
{
    for (size_t i = 0; i < KD_COUNT(culprits); i++)
        if (kd_name_fits(bare, culprits[i]))
            return false;
    char second = bare.len > 1 ? bare.ptr[1] : '\0';
    return (bare.len > 0 && is_among(bare, NUMBER(bare.ptr[0], second), helpers)) ||
           is_among(bare, ANY_NAME, helpers);
}

bool kd_blame_skips(kd_str function)
{
    return is_skipped(kd_bare_name(function), true);
}

bool kd_blame_never(kd_str function)
{
    return is_skipped(kd_bare_name(function), false);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void set(kdf_blame *blame, kd_text function, kd_text module, const char *why)
{
    blame->function = function;
    blame->module = module;
    blame->why = (kd_text){ kd_str_of(why), KD_DERIVED };
}

/* They run what they were handed: where nothing but helpers stands above, the helper was handed. */
static bool is_runner(kd_str bare)
{
    return kd_str_in_words(bare, "process_one_work worker_thread kthread kthread_worker_fn "
                                 "call_timer_fn rcu_do_batch task_work_run");
}

/* First without helpers; where nobody else is left, one of them. */
static bool choose(kdf_blame *blame, const kd_list *backtrace, const kdf_symbol *ip,
                   kd_blame_pass *also, bool helpers)
{
    const kdf_frame *frames = backtrace->items;
    if (ip && ip->function.src) {
        kd_str bare = kd_bare_name(ip->function.v);
        if (!is_skipped(bare, helpers) && !(also && also(bare))) {
            set(blame, ip->function, ip->module, "the instruction pointer stood there");
            return true;
        }
    }
    for (uint32_t i = 0; i < backtrace->count; i++) {
        bool sure = !frames[i].reliable.src || frames[i].reliable.v;
        if (!sure || !frames[i].function.src)
            continue;
        kd_str bare = kd_bare_name(frames[i].function.v);
        if (is_skipped(bare, helpers) || (also && also(bare)))
            continue;
        if (helpers && is_runner(bare))
            return false;
        set(blame, frames[i].function, frames[i].module,
            "innermost frame that is not reporting, allocating, freeing, copying or locking");
        blame->frame = (kd_u64){ i, KD_DERIVED };
        return true;
    }
    return false;
}

static const char nameless[] =
    "the kernel names no functions: its code is the innermost of a module";

/* Of kernels without symbols: "0xffffffc078f78a18 [mt76@00000000936acc78+0xe000]". */
static bool choose_module(kdf_blame *blame, const kd_list *backtrace, const kdf_symbol *ip)
{
    const kdf_frame *frames = backtrace->items;
    kd_text module = { .src = 0 };
    if (ip && ip->function.src)
        return false;
    for (uint32_t i = backtrace->count; i-- > 0;) {
        if (frames[i].function.src)
            return false;
        module = frames[i].module.src ? frames[i].module : module;
    }
    if (ip && ip->module.src)
        module = ip->module;
    if (module.src)
        set(blame, (kd_text){ .src = 0 }, module, nameless);
    return module.src;
}

void kd_blame_past(kdf_blame *blame, const kd_list *backtrace, const kdf_symbol *ip,
                   kd_blame_pass *also)
{
    if (choose(blame, backtrace, ip, also, true) || choose(blame, backtrace, ip, NULL, false) ||
        choose_module(blame, backtrace, ip) || !ip || !ip->function.src)
        return;
    blame->why = (kd_text){ KD_STR("nobody: only the function that reports, allocates, copies or "
                                   "locks is named, no caller of it"),
                            KD_DERIVED };
}

void kd_blame_set(kdf_blame *blame, const kd_list *backtrace, const kdf_symbol *ip)
{
    kd_blame_past(blame, backtrace, ip, NULL);
}

void kd_blame_outermost(kdf_blame *blame, const kd_list *backtrace)
{
    const kdf_frame *frames = backtrace->items;
    bool run = false;
    for (uint32_t i = backtrace->count; i-- > 0;) {
        bool sure = !frames[i].reliable.src || frames[i].reliable.v;
        if (!sure || !frames[i].function.src)
            continue;
        kd_str bare = kd_bare_name(frames[i].function.v);
        if (is_runner(bare) || is_skipped(bare, true)) {
            run = true;
            continue;
        }
        if (!run)
            return;
        set(blame, frames[i].function, frames[i].module,
            "the task's work begins with it: what it called, down to the end of the stack, used "
            "the stack up");
        blame->frame = (kd_u64){ i, KD_DERIVED };
        return;
    }
}
