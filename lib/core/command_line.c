/* command_line.c - values out of a kernel's command line. Layer: core. */
#include "core/command_line.h"

#include "base/scan.h"

/* A whole word that is a number with a unit. */
static bool read_size(kd_str word, uint64_t *out)
{
    static const char units[] = "kmgtp";
    kd_scan in = kd_scan_of(word);
    bool hex = word.len > 2 && word.ptr[0] == '0' && (word.ptr[1] | 0x20) == 'x';
    uint64_t value;
    if (!(hex ? kd_scan_hex(&in, &value) : kd_scan_u64(&in, &value)))
        return false;
    for (unsigned i = 0; i < sizeof units - 1 && !kd_scan_at_end(&in); i++)
        if ((*in.at | 0x20) == units[i]) {
            unsigned shift = 10 * (i + 1);
            if (value > UINT64_MAX >> shift)
                return false;
            value <<= shift;
            in.at++;
            break;
        }
    if (!kd_scan_at_end(&in))
        return false;
    *out = value;
    return true;
}

bool kd_command_line_size(kd_str line, const char *name, uint64_t *out)
{
    kd_str wanted = kd_str_of(name), first, word;
    bool found = false;
    if (!kd_str_split(&line, '\n', &first))
        return false;
    kd_scan in = kd_scan_of(first);
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word))
        if (word.len > wanted.len && kd_str_starts(word, name) && word.ptr[wanted.len] == '=' &&
            read_size(kd_str_from(word, wanted.len + 1), out))
            found = true;
    return found;
}
