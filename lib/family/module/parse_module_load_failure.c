/* parse_module_load_failure.c - a module was not loaded or not removed: the kernel's words and
 * those of the tools.
 *
 *   M: version magic '5.10.0 SMP mod_unload ' should be '6.1.0-50-amd64 SMP preempt mod_unload '
 *   M: Unknown symbol kf_missing (err -2)
 *   insmod: can't insert '/kfault_reloc.ko': invalid module format
 *
 * Each wording is a row of load_form.def; each line is an event of its own.
 */
#include <string.h>

#include "core/parser.h"
#include "family/fields.h"

/* What a piece between two fixed texts may take. */
#define LONGEST 256u

typedef struct load_form {
    const char *anchor, *format, *reason, *tool;
} load_form;

static const load_form forms[] = {
#define KD_LOAD(anchor, format, reason, tool) { anchor, format, reason, tool },
#include "family/module/load_form.def"
#undef KD_LOAD
};

static const char *const anchors[] = {
#define KD_LOAD(anchor, format, reason, tool) anchor,
#include "family/module/load_form.def"
#undef KD_LOAD
    NULL
};

/* ---- what a letter of a format takes --------------------------------------------------------- */

static bool is_module_name(kd_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!kd_is_alpha(name.ptr[i]) && !kd_is_digit(name.ptr[i]) && name.ptr[i] != '_' &&
            name.ptr[i] != '-')
            return false;
    return name.len > 0 && name.len < 64;
}

/* "/lib/modules/x/xfs.ko" or "xfs": the module's name */
static kd_str module_of(kd_str file)
{
    const char *slash = kd_str_find_last(file, "/");
    if (slash)
        file = kd_str_from(file, (size_t)(slash + 1 - file.ptr));
    const char *ko = kd_str_find(file, ".ko");
    if (ko)
        file.len = (size_t)(ko - file.ptr);
    return file;
}

static bool put_number(kd_parse *parse, kdf_module_load *load, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    int64_t number;
    if (!kd_scan_i64(&in, &number) || !kd_scan_at_end(&in))
        return false;
    kd_put(parse, &load->error_number, number);
    return true;
}

static bool put_piece(kd_parse *parse, kdf_module_load *load, char letter, kd_str text)
{
    kd_str trimmed = kd_str_trim(text), module = module_of(trimmed);
    switch (letter) {
    case 'm':
        if (!is_module_name(module))
            return false;
        kd_put(parse, &load->module, module);
        return true;
    case 's':
    case 'p':
        if (trimmed.len == 0 || kd_str_has(trimmed, " "))
            return false;
        kd_put(parse, letter == 's' ? &load->symbol : &load->parameter, trimmed);
        return true;
    case 'x': return put_number(parse, load, trimmed);
    case 'e':
        if (trimmed.len == 0)
            return false;
        kd_put(parse, &load->error, trimmed);
        return true;
    case 't':
        if (trimmed.len == 0 || kd_str_has(trimmed, " "))
            return false;
        kd_put(parse, &load->tool, trimmed);
        return true;
    case 'h': kd_put(parse, &load->has, text); return true;
    case 'w': kd_put(parse, &load->wants, text); return true;
    default: return text.len <= LONGEST;
    }
}

/* The C library's and kmod's words, of which a mail program may have wrapped the end off. */
static bool is_cut(kd_str error)
{
    static const char *const texts[] = {
        "Invalid module format",
        "Exec format error",
        "Key was rejected by service",
        "Required key not available",
        "Unknown symbol in module, or unknown parameter (see dmesg)",
        "Cannot allocate memory",
        "Operation not permitted",
        "Device or resource busy",
        "Invalid argument",
        "No such file or directory",
    };
    for (size_t i = 0; i < KD_COUNT(texts); i++) {
        kd_str whole = kd_str_of(texts[i]);
        if (error.len < whole.len && whole.ptr[error.len] == ' ' &&
            kd_str_eq((kd_str){ whole.ptr, error.len }, error))
            return true;
    }
    return false;
}

/* ---- one format ------------------------------------------------------------------------------ */

/* The fixed text of a format up to its next piece. */
static kd_str fixed_text(const char *format)
{
    const char *mark = strchr(format, '%');
    return (kd_str){ format, mark ? (size_t)(mark - format) : strlen(format) };
}

static const char *find_text(kd_str text, kd_str wanted)
{
    for (size_t i = 0; i + wanted.len <= text.len; i++)
        if (kd_str_eq((kd_str){ text.ptr + i, wanted.len }, wanted))
            return text.ptr + i;
    return NULL;
}

/* KD_UNFINISHED: the line ends in the middle of the format. */
static kd_verdict match(kd_parse *parse, kdf_module_load *load, const char *format, kd_str text)
{
    kd_str fixed = fixed_text(format);
    if (text.len < fixed.len || !kd_str_eq((kd_str){ text.ptr, fixed.len }, fixed))
        return KD_NOT_MINE;
    size_t matched = fixed.len; /* bytes of fixed text that were found: it is this form */
    text = kd_str_from(text, fixed.len);
    format += fixed.len;
    while (*format) {
        char letter = format[1];
        format += 2;
        fixed = fixed_text(format);
        const char *end = fixed.len ? find_text(text, fixed) : text.ptr + text.len;
        if (!end)
            return matched > 0 ? KD_UNFINISHED : KD_NOT_MINE;
        if (!put_piece(parse, load, letter, (kd_str){ text.ptr, (size_t)(end - text.ptr) }))
            return text.len == 0 ? KD_UNFINISHED : KD_NOT_MINE;
        if (letter == 'e' && fixed.len == 0 && is_cut(load->error.v) && !parse->final)
            return KD_UNFINISHED;
        text = kd_str_from(text, (size_t)(end - text.ptr) + fixed.len);
        format += fixed.len;
        matched += fixed.len;
    }
    return KD_LAST;
}

static kd_verdict open_load(kd_parse *parse, const kd_line *line)
{
    kdf_module_load *load = parse->body;
    bool unfinished = false;
    for (size_t i = 0; i < KD_COUNT(forms); i++) {
        if (!kd_str_has(line->text, forms[i].anchor))
            continue;
        memset(load, 0, sizeof *load);
        kd_verdict verdict = match(parse, load, forms[i].format, line->text);
        unfinished |= verdict == KD_UNFINISHED;
        if (verdict != KD_LAST)
            continue;
        kd_put(parse, &load->headline, line->text);
        kd_put(parse, &load->reason, kd_str_of(forms[i].reason));
        if (forms[i].tool[0])
            kd_put(parse, &load->tool, kd_str_of(forms[i].tool));
        return KD_LAST;
    }
    memset(load, 0, sizeof *load);
    return unfinished ? KD_UNFINISHED : KD_NOT_MINE;
}

const kd_parser kd_parser_module_load_failure = {
    .name = "module_load_failure",
    .anchors = anchors,
    .kind = &kd_kind_module_load_failure,
    .open = open_load,
};
