/* decode_mce.c - the status of a machine check bank. */
#include "family/fault/decode_mce.h"
#include "core/context.h"
#include "core/decode.h"
#include "family/fields.h"

typedef enum mce_form { FORM_PLAIN, FORM_LEVEL, FORM_MEMORY, FORM_REQUEST, FORM_BUS } mce_form;

static const struct {
    unsigned mask, value;
    const char *class;
    mce_form form;
} codes[] = {
#define KD_MCACOD(mask, value, class, form) { mask, value, class, FORM_##form },
#include "family/fault/mce.def"
};

static const char *const levels[4] = {
#define KD_MCE_LEVEL(value, words) [value] = words,
#include "family/fault/mce.def"
};
static const char *const requests[16] = {
#define KD_MCE_REQUEST(value, words) [value] = words,
#include "family/fault/mce.def"
};
static const char *const memory_requests[8] = {
#define KD_MCE_MEMORY(value, words) [value] = words,
#include "family/fault/mce.def"
};
static const char *const parties[4] = {
#define KD_MCE_PARTY(value, words) [value] = words,
#include "family/fault/mce.def"
};

static const char *known(const char *words)
{
    return words ? words : "reserved";
}

static kd_str words_of(mce_form form, unsigned code, const char *class, char *room, size_t size)
{
    const char *request = known(requests[code >> 4 & 15]), *level = levels[code & 3];
    switch (form) {
    case FORM_LEVEL: return kd_str_print(room, size, "%s, %s", class, level);
    case FORM_REQUEST: return kd_str_print(room, size, "%s, %s, %s", class, request, level);
    case FORM_MEMORY:
        return (code & 15) == 15 ? kd_str_print(room, size, "memory controller, %s",
                                                known(memory_requests[code >> 4 & 7]))
                                 : kd_str_print(room, size, "memory controller, %s, channel %u",
                                                known(memory_requests[code >> 4 & 7]), code & 15);
    case FORM_BUS:
        return kd_str_print(room, size, "bus, %s, %s%s", parties[code >> 9 & 3], request,
                            code >> 8 & 1 ? ", timed out" : "");
    case FORM_PLAIN: break;
    }
    return kd_str_print(room, size, "%s", class);
}

static kd_bool derived(bool value)
{
    return (kd_bool){ value, KD_DERIVED };
}

bool kd_decode_mce_status(kd_event *event, void *part, const kd_context *context)
{
    kdf_mce_status *status = part;
    char room[80];
    (void)context;
    if (!status->value.src)
        return true;
    uint64_t value = status->value.v;
    unsigned code = (unsigned)(value & 0xffff), class = code & ~0x1000u;
    status->valid = derived(value >> 63 & 1);
    status->overflow = derived(value >> 62 & 1);
    status->uncorrected = derived(value >> 61 & 1);
    status->enabled = derived(value >> 60 & 1);
    status->address_valid = derived(value >> 58 & 1);
    status->context_corrupt = derived(value >> 57 & 1);
    status->code = (kd_hex){ code, KD_DERIVED };
    for (size_t i = 0; i < KD_COUNT(codes); i++) {
        if ((class & codes[i].mask) != codes[i].value)
            continue;
        status->class = (kd_text){ kd_str_of(codes[i].class), KD_DERIVED };
        kd_str words = words_of(codes[i].form, class, codes[i].class, room, sizeof room);
        status->text = (kd_text){ kd_arena_str(&event->arena, words), KD_DERIVED };
        break;
    }
    return true;
}

static bool is_graded(const kdf_hardware_error *error, const char *words)
{
    return kd_str_has(error->severity.v, words);
}

kd_mce_grade kd_mce_grade_of(const kdf_hardware_error *error)
{
    if (error->severity.src) {
        bool spared = is_graded(error, "on-Fatal") || is_graded(error, "on-fatal");
        if (is_graded(error, "ncorrect") || is_graded(error, "ecoverable") ||
            (is_graded(error, "atal") && !spared))
            return KD_MCE_UNCORRECTED;
        return is_graded(error, "orrect") ? KD_MCE_CORRECTED : KD_MCE_UNGRADED;
    }
    if (error->status.value.src && error->status.valid.v)
        return error->status.uncorrected.v ? KD_MCE_UNCORRECTED : KD_MCE_CORRECTED;
    /* an exception of the CPU's own, not a record that was read later */
    return error->lines_alike.src || error->status.value.src ? KD_MCE_UNGRADED : KD_MCE_UNCORRECTED;
}
