/* evidence.c - the architecture, by words that only its kernels print. Layer: core. */
#include "core/evidence.h"

#include <string.h>

#include "base/scan.h"
#include "core/arch.h"

/* Lines of events are looked at until the architecture is known; of a boot that never tells it no
 * more than so many. */
#define MOST_LINES 20000u
/* Long lines tell it at their begin. */
#define MOST_BYTES 400u

typedef struct row {
    const char *text, *any, *narrow, *wide;
    kd_weight weight;
} row;

static const row rows[] = {
#define KD_EVIDENCE(text, any, narrow, wide, weight) { text, any, narrow, wide, weight },
#include "core/evidence.def"
};

static const row functions[] = {
#define KD_EVIDENCE_FUNCTION(name, arch, narrow, weight) { name, arch, narrow, "", weight },
#include "core/evidence.def"
};

/* Their first characters; none is a "*" alone. */
static const char firsts[] = {
#define KD_EVIDENCE_FUNCTION(name, arch, narrow, weight) (name)[0],
#include "core/evidence.def"
};

/* ---- the fact -------------------------------------------------------------------------------- */

void kd_learn_arch(kd_context *context, kd_str name, uint64_t line, kd_weight weight)
{
    bool same = kd_str_eq(context->arch, name);
    if (name.len == 0 || context->arch_known.by == KD_BY_GIVEN)
        return;
    if (weight > context->arch_weight) {
        context->arch = name;
        context->arch_weight = weight;
        context->arch_known =
            (kd_known){ weight == KD_TELLS_SURE ? KD_BY_READ : KD_BY_ASSUMED, line };
    } else if (weight == context->arch_weight && !same && weight == KD_TELLS_SURE) {
        context->conflicts++;
    } else if (weight == context->arch_weight && !same) {
        /* two guesses against each other: neither, until something better is read */
        context->arch = (kd_str){ "", 0 };
        context->arch_known = (kd_known){ KD_BY_NONE, 0 };
    }
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Digits of the number behind the text: "NIP: c000...", "IP: [<ffff...", "IP: [&lt;c0...". `last`:
 * the line ends with them. */
static size_t count_digits(kd_str rest, bool *last)
{
    kd_scan in = kd_scan_of(rest);
    while (!kd_scan_at_end(&in) && kd_str_in_words((kd_str){ in.at, 1 }, "[ ( < ="))
        in.at++;
    kd_scan_blanks(&in);
    kd_scan_literal(&in, "[");
    if (!kd_scan_literal(&in, "&lt;"))
        kd_scan_literal(&in, "<");
    kd_scan_literal(&in, "0x");
    const char *from = in.at;
    while (!kd_scan_at_end(&in) && kd_is_hex(*in.at))
        in.at++;
    *last = kd_scan_at_end(&in);
    bool ends = *last || !(kd_is_alpha(*in.at) || *in.at == '_' || *in.at == '+');
    return ends ? (size_t)(in.at - from) : 0;
}

static bool begins_word(kd_str text, const char *at)
{
    return at == text.ptr || !kd_in_name(at[-1]);
}

/* Rows by the first byte of their texts, in their order: index + 1 of the first, of the next. */
typedef struct by_first {
    unsigned char first[256], next[KD_COUNT(rows)];
} by_first;
_Static_assert(KD_COUNT(rows) < 255, "index + 1 is a byte");

static void sort_rows(by_first *out)
{
    memset(out->first, 0, sizeof out->first);
    for (size_t i = KD_COUNT(rows); i-- > 0;) {
        unsigned char *first = &out->first[(unsigned char)rows[i].text[0]];
        out->next[i] = *first;
        *first = (unsigned char)(i + 1);
    }
}

static void learn_at(kd_context *context, kd_str rest, uint64_t line, const by_first *sorted)
{
    size_t i = sorted->first[(unsigned char)rest.ptr[0]];
    for (; i > 0; i = sorted->next[i]) {
        i--;
        if (rows[i].weight < context->arch_weight || !kd_str_starts(rest, rows[i].text))
            continue;
        bool last;
        size_t digits = count_digits(kd_str_from(rest, kd_str_of(rows[i].text).len), &last);
        const char *name = digits == 8 ? rows[i].narrow : digits == 16 ? rows[i].wide : rows[i].any;
        /* eight digits at the end of a line may be half of sixteen that were cut */
        bool half = digits == 8 && last && rows[i].weight == KD_TELLS_SURE &&
                    strcmp(rows[i].narrow, rows[i].wide) != 0 && rows[i].wide[0];
        kd_learn_arch(context, kd_str_of(name), line, half ? KD_TELLS_LIKELY : rows[i].weight);
    }
}

static void learn_line(kd_context *context, kd_str raw, uint64_t line, const by_first *sorted)
{
    size_t most = raw.len < MOST_BYTES ? raw.len : MOST_BYTES;
    for (size_t i = 0; i < most && context->arch_weight < KD_TELLS_SURE; i++)
        if (sorted->first[(unsigned char)raw.ptr[i]] && begins_word(raw, raw.ptr + i))
            learn_at(context, kd_str_from(raw, i), line, sorted);
}

void kd_learn_evidence(kd_context *context, const kd_event *event)
{
    by_first sorted;
    if (context->arch_weight == KD_TELLS_SURE || context->arch_known.by == KD_BY_GIVEN ||
        context->evidence_lines >= MOST_LINES)
        return;
    sort_rows(&sorted);
    for (uint32_t i = 0; i < event->lines.count && context->arch_weight < KD_TELLS_SURE; i++) {
        const kd_line_ref *line = &kd_event_lines(event)[i];
        if (line->aside || context->evidence_lines >= MOST_LINES)
            continue;
        context->evidence_lines++;
        learn_line(context, line->raw, line->number, &sorted);
    }
}

/* ---- functions ------------------------------------------------------------------------------- */

kd_str kd_arch_of_function(kd_str name, bool narrow, kd_weight *weight)
{
    const char *at = firsts, *end = firsts + (name.len ? sizeof firsts : 0);
    for (; at < end && (at = memchr(at, name.ptr[0], (size_t)(end - at))) != NULL; at++) {
        size_t i = (size_t)(at - firsts);
        kd_str whole = kd_str_of(functions[i].text);
        bool begin = whole.ptr[whole.len - 1] == '*';
        whole.len -= begin;
        if (name.len < whole.len || (!begin && name.len != whole.len) ||
            !kd_str_eq((kd_str){ name.ptr, whole.len }, whole))
            continue;
        *weight = functions[i].weight;
        return kd_str_of(narrow && functions[i].narrow[0] ? functions[i].narrow : functions[i].any);
    }
    return (kd_str){ "", 0 };
}
