/* printer.c - who printed a stack, and why. */
#include "family/fault/printer.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

static const kd_printer printers[] = {
#define KD_PRINTER(anchor, name, found, impact) { anchor, name, found, KD_IMPACT_##impact },
#include "family/fault/printer.def"
};

static const char *const below[] = {
#define KD_BELOW_PRINTER(name) name,
#include "family/fault/printer.def"
};

static const char *const above[] = {
#define KD_ABOVE_PRINTER(name) name,
#include "family/fault/printer.def"
};

static bool fits_any(kd_str bare, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kd_name_fits(bare, names[i]))
            return true;
    return false;
}

static const kd_printer *find_printer(kd_str bare)
{
    for (size_t i = 0; i < KD_COUNT(printers); i++)
        if (kd_name_fits(bare, printers[i].name))
            return &printers[i];
    return NULL;
}

bool kd_printer_is_least(const kd_printer *printer)
{
    static const char *const least[] = {
#define KD_PRINTER_LEAST(name) name,
#include "family/fault/printer.def"
    };
    for (size_t i = 0; i < KD_COUNT(least); i++)
        if (kd_str_is(kd_str_of(printer->name), least[i]))
            return true;
    return false;
}

bool kd_printer_passes(kd_str bare)
{
    return find_printer(bare) || fits_any(bare, below, KD_COUNT(below)) ||
           fits_any(bare, above, KD_COUNT(above));
}

const kd_printer *kd_printer_of(const kd_list *backtrace, uint32_t *frame)
{
    const kdf_frame *frames = backtrace->items;
    for (uint32_t i = 0; i < backtrace->count; i++) {
        if (!frames[i].function.src || (frames[i].reliable.src && !frames[i].reliable.v))
            continue;
        kd_str bare = kd_bare_name(frames[i].function.v);
        if (fits_any(bare, below, KD_COUNT(below)))
            continue;
        if (frame)
            *frame = i;
        return find_printer(bare);
    }
    return NULL;
}
