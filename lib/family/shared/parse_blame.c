/* parse_blame.c - which frame to look at first. */
#include <string.h>

#include "core/parser.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

static const char *const machinery[] = {
#define KD_MACHINERY(name) name,
#include "family/shared/machinery.def"
#undef KD_MACHINERY
};

static bool stands_for(kd_str function, const char *name)
{
    size_t len = strlen(name);
    if (name[len - 1] == '*')
        return function.len >= len - 1 && memcmp(function.ptr, name, len - 1) == 0;
    return kd_str_is(function, name);
}

bool kd_blame_skips(kd_str function)
{
    kd_scan in = kd_scan_of(function);
    kd_str bare;
    if (!kd_scan_until(&in, '.', &bare) || bare.len == 0)
        bare = function;
    while (bare.len > 0 && bare.ptr[0] == '_')
        bare = kd_str_from(bare, 1);
    for (size_t i = 0; i < KD_COUNT(machinery); i++)
        if (stands_for(bare, machinery[i]))
            return true;
    return false;
}

static void set(kdf_blame *blame, kd_text function, kd_text module, const char *why)
{
    blame->function = function;
    blame->module = module;
    blame->why = (kd_text){ kd_str_of(why), KD_DERIVED };
}

void kd_blame_set(kd_parse *parse, kdf_blame *blame, const kd_list *backtrace, const kdf_symbol *ip)
{
    const kdf_frame *frames = backtrace->items;
    (void)parse;
    if (ip && ip->function.src && !kd_blame_skips(ip->function.v)) {
        set(blame, ip->function, ip->module, "the instruction pointer stood there");
        return;
    }
    for (uint32_t i = 0; i < backtrace->count; i++) {
        bool sure = !frames[i].reliable.src || frames[i].reliable.v;
        if (!sure || !frames[i].function.src || kd_blame_skips(frames[i].function.v))
            continue;
        set(blame, frames[i].function, frames[i].module,
            "innermost frame that is not reporting, allocating, freeing, copying or locking");
        blame->frame = (kd_u64){ i, KD_DERIVED };
        return;
    }
    if (ip && ip->function.src)
        set(blame, ip->function, ip->module, "the instruction pointer; no caller is printed");
}
