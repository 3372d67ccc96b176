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

static bool at_word_end(const kd_scan *in)
{
    return kd_scan_at_end(in) || kd_is_blank(*in->at);
}

static void skip_word(kd_scan *in)
{
    while (!at_word_end(in))
        in->at++;
}

/* "5kB" or "5", up to the end of the word. */
static kd_count_kind scan_value(kd_scan *in, uint64_t *out)
{
    kd_scan number = *in;
    uint64_t value = 0;
    for (; in->at < in->end && kd_is_digit(*in->at); in->at++)
        value = value * 10 + (uint64_t)(*in->at - '0');
    size_t digits = (size_t)(in->at - number.at);
    bool kb = kd_scan_left(in) >= 2 && (in->at[0] == 'k' || in->at[0] == 'K') && in->at[1] == 'B';
    in->at += kb ? 2 : 0;
    if (digits == 0 || !at_word_end(in))
        return KD_COUNT_WORD;
    if (digits > SAFE_DIGITS && !kd_scan_u64(&number, &value))
        return KD_COUNT_TOO_BIG;
    *out = value;
    return kb ? KD_COUNT_KB : KD_COUNT_PLAIN;
}

kd_count_kind kd_count_scan_value(kd_str word, uint64_t *out)
{
    kd_scan in = kd_scan_of(word);
    return scan_value(&in, out);
}

/* "shmem_thp: 0kB". Without a unit it is no counter: registers are printed so. */
static kd_count_kind scan_value_apart(kd_scan *in, uint64_t *out)
{
    kd_scan try = *in;
    kd_scan_blanks(&try);
    if (kd_scan_at_end(&try))
        return KD_COUNT_HALF;
    kd_count_kind kind = scan_value(&try, out);
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
    kd_scan_blanks(in);
    if (kd_scan_at_end(in))
        return out;
    out.kind = KD_COUNT_WORD;
    if (kd_count_scan_name(in, &out.name) && kd_scan_char(in, ':')) {
        bool apart = at_word_end(in);
        out.kind = apart ? scan_value_apart(in, &out.n) : scan_value(in, &out.n);
        if (!apart)
            skip_word(in);
        return out;
    }
    const char *sign = in->at;
    skip_word(in);
    if (kd_str_is(out.name, "all_unreclaimable") && in->at == sign + 1 && *sign == '?')
        out = (kd_count){ .kind = KD_COUNT_YES_NO, .n = kd_count_scan_yes_no(in) };
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
