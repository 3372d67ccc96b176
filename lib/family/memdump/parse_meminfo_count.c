/* parse_meminfo_count.c - the counters of a memory dump, word by word.
 *
 *   active_anon:152878   unevictable:2340kB   isolated(anon):0kB   shmem_thp: 0kB
 *   reserved_highatomic:0KB   all_unreclaimable? no
 */
#include "family/memdump/parse_meminfo.h"

/* What names of counters consist of: letters, digits, "_", "(" and ")". */
static const bool in_names[256] = {
#define TEN(c)                                                                          \
    [c] = true, [(c) + 1] = true, [(c) + 2] = true, [(c) + 3] = true, [(c) + 4] = true, \
    [(c) + 5] = true, [(c) + 6] = true, [(c) + 7] = true, [(c) + 8] = true, [(c) + 9] = true
    TEN('0'),     TEN('A'),     TEN('K'),     ['U'] = true, ['V'] = true,
    ['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true, TEN('a'),
    TEN('k'),     ['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true,
    ['y'] = true, ['z'] = true, ['_'] = true, ['('] = true, [')'] = true,
#undef TEN
};

bool kd_count_scan_name(kd_scan *in, kd_str *out)
{
    const char *from = in->at;
    while (in->at < in->end && in_names[(unsigned char)*in->at])
        in->at++;
    *out = kd_scan_since(in, from);
    return out->len > 0 && kd_is_alpha(*from);
}

#define SAFE_DIGITS 19u /* so many fit in any case */

kd_count_kind kd_count_scan_value(kd_str word, uint64_t *out)
{
    const char *at = word.ptr, *end = word.ptr + word.len;
    uint64_t value = 0;
    for (; at < end && kd_is_digit(*at); at++)
        value = value * 10 + (uint64_t)(*at - '0');
    size_t digits = (size_t)(at - word.ptr);
    bool kb = end - at == 2 && (at[0] == 'k' || at[0] == 'K') && at[1] == 'B';
    if (digits == 0 || (at < end && !kb))
        return KD_COUNT_WORD;
    kd_scan number = kd_scan_of(word);
    if (digits > SAFE_DIGITS && !kd_scan_u64(&number, &value))
        return KD_COUNT_TOO_BIG;
    *out = value;
    return kb ? KD_COUNT_KB : KD_COUNT_PLAIN;
}

/* "shmem_thp: 0kB". Without a unit it is no counter: registers are printed so. */
static kd_count_kind scan_value_apart(kd_scan *in, uint64_t *out)
{
    kd_scan try = *in;
    kd_str word;
    kd_scan_blanks(&try);
    if (!kd_scan_word(&try, &word))
        return KD_COUNT_HALF;
    kd_count_kind kind = kd_count_scan_value(word, out);
    if (kind != KD_COUNT_KB)
        return KD_COUNT_WORD;
    *in = try;
    return kind;
}

uint64_t kd_count_scan_yes_no(kd_scan *in)
{
    kd_scan try = *in;
    kd_str word;
    kd_scan_blanks(&try);
    if (!kd_scan_word(&try, &word) || (!kd_str_is(word, "yes") && !kd_str_is(word, "no")))
        return KD_YES_NO_LATER;
    *in = try;
    return kd_str_is(word, "yes");
}

kd_count kd_count_next(kd_scan *in)
{
    kd_count out = { .kind = KD_COUNT_END };
    kd_str word;
    kd_scan_blanks(in);
    if (!kd_scan_word(in, &word))
        return out;
    if (kd_str_is(word, "all_unreclaimable?")) {
        out.kind = KD_COUNT_YES_NO;
        out.n = kd_count_scan_yes_no(in);
        return out;
    }
    kd_scan inner = kd_scan_of(word);
    out.kind = KD_COUNT_WORD;
    if (!kd_count_scan_name(&inner, &out.name) || !kd_scan_char(&inner, ':'))
        return out;
    if (kd_scan_at_end(&inner)) {
        out.kind = scan_value_apart(in, &out.n);
        return out;
    }
    kd_str value;
    kd_scan_rest(&inner, &value);
    out.kind = kd_count_scan_value(value, &out.n);
    return out;
}

kd_counts kd_counts_of(kd_scan in)
{
    kd_counts found = { .counted = true };
    for (kd_count c = kd_count_next(&in); c.kind != KD_COUNT_END; c = kd_count_next(&in)) {
        if (found.tokens++ == 0)
            found.at_once = c.kind != KD_COUNT_WORD;
        if (!found.at_once) /* then it does not matter what follows */
            return found;
        bool either = c.kind == KD_COUNT_TOO_BIG || kd_str_is(c.name, "pages_scanned");
        found.kb +=
            either || c.kind == KD_COUNT_KB || c.kind == KD_COUNT_HALF || c.kind == KD_COUNT_YES_NO;
        found.plain += either || c.kind == KD_COUNT_PLAIN;
        if (!found.first.ptr && (c.kind == KD_COUNT_KB || c.kind == KD_COUNT_PLAIN))
            found.first = c.name;
    }
    return found;
}

const kd_counts *kd_mem_words(const kd_mem_dump *dump)
{
    if (!dump->words->counted)
        *dump->words = kd_counts_of(dump->in);
    return dump->words;
}

/* A damaged word does not spoil the line, but most of it must be right. */
bool kd_counts_are_kb(const kd_counts *line)
{
    return line->at_once && line->kb * 2 > line->tokens;
}

bool kd_counts_are_plain(const kd_counts *line)
{
    return line->at_once && line->plain * 2 > line->tokens;
}
