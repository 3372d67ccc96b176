/* parse_module_load_failure.c - a module was not loaded or not removed: the kernel's words and
 * those of the tools.
 *
 *   M: version magic '5.10.0 SMP mod_unload ' should be '6.1.0-50-amd64 SMP preempt mod_unload '
 *   M: disagrees about version of symbol module_layout
 *   M: Unknown symbol kf_missing (err -2)
 *   insmod: can't insert '/kfault_reloc.ko': invalid module format                   busybox
 *   modprobe: ERROR: could not insert 'xfs': Exec format error                       kmod
 *   FATAL: Error inserting xfs (/lib/.../xfs.ko): Invalid module format           module-init-tools
 *   ERROR: Removing 'prob4': Device or resource busy                              module-init-tools
 *
 * check_modinfo(), check_version(), simplify_symbols(); each line is an event of its own.
 */
#include "core/parser.h"
#include "family/fields.h"

static bool plausible_module(kd_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!kd_is_alpha(name.ptr[i]) && !kd_is_digit(name.ptr[i]) && name.ptr[i] != '_' &&
            name.ptr[i] != '-')
            return false;
    return name.len > 0 && name.len < 64;
}

static kd_verdict finish(kd_parse *parse, kdf_module_load *load, kd_str module, const char *reason)
{
    if (!plausible_module(module))
        return KD_NOT_MINE;
    kd_put(parse, &load->module, module);
    kd_put(parse, &load->reason, kd_str_of(reason));
    return KD_LAST;
}

static kd_verdict read_magic(kd_parse *parse, kdf_module_load *load, kd_scan in)
{
    kd_str module, has, wants;
    if (!kd_scan_past(&in, ": version magic '", &module) ||
        !kd_scan_past(&in, "' should be '", &has) || !kd_scan_until(&in, '\'', &wants))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &load->has, has);
    kd_put(parse, &load->wants, wants);
    return finish(parse, load, module, "version-magic");
}

static kd_verdict read_version(kd_parse *parse, kdf_module_load *load, kd_scan in)
{
    kd_str module, symbol;
    if (!kd_scan_past(&in, ": disagrees about version of symbol ", &module) ||
        !kd_scan_name(&in, &symbol))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &load->symbol, symbol);
    return finish(parse, load, module, "symbol-version");
}

static kd_verdict read_unknown(kd_parse *parse, kdf_module_load *load, kd_scan in)
{
    kd_str module, symbol;
    int64_t number;
    if (!kd_scan_past(&in, ": Unknown symbol ", &module) || !kd_scan_name(&in, &symbol))
        return KD_NOT_MINE;
    if (kd_scan_literal(&in, " (err ") && kd_scan_i64(&in, &number))
        kd_put(parse, &load->error_number, number);
    kd_put(parse, &load->symbol, symbol);
    return finish(parse, load, module, "unknown-symbol");
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

static kd_verdict finish_tool(kd_parse *parse, kdf_module_load *load, kd_str file, kd_str error)
{
    error = kd_str_trim(error);
    if (error.len == 0)
        return KD_UNFINISHED;
    kd_put(parse, &load->error, error);
    return finish(parse, load, module_of(kd_str_trim(file)), "tool");
}

static kd_verdict read_busybox(kd_parse *parse, kdf_module_load *load, kd_scan in)
{
    kd_str tool, file, error;
    if (!kd_scan_past(&in, ": can't insert '", &tool) ||
        !kd_str_in_words(tool, "insmod modprobe") || !kd_scan_past(&in, "': ", &file))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &load->tool, tool);
    kd_scan_rest(&in, &error);
    return finish_tool(parse, load, file, error);
}

/* "modprobe: ERROR: could not insert 'xfs': TEXT", "insmod: ERROR: could not insert module F:
 * TEXT" */
static kd_verdict read_kmod(kd_parse *parse, kdf_module_load *load, kd_scan in)
{
    kd_str tool, file, error;
    if (!kd_scan_past(&in, ": ERROR: could not insert ", &tool))
        return KD_NOT_MINE;
    kd_scan_literal(&in, "module ");
    kd_scan_char(&in, '\'');
    if (!kd_scan_past(&in, ": ", &file))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    if (kd_str_ends(file, "'"))
        file.len--;
    kd_put(parse, &load->tool, tool);
    kd_scan_rest(&in, &error);
    return finish_tool(parse, load, file, error);
}

/* "FATAL: Error inserting xfs (/lib/modules/.../xfs.ko): Invalid module format" */
static kd_verdict read_init_tools(kd_parse *parse, kdf_module_load *load, kd_scan in)
{
    kd_str skipped, module, file, error;
    if (!kd_scan_past(&in, "FATAL: Error inserting ", &skipped) || !kd_scan_word(&in, &module) ||
        !kd_scan_blanks(&in) || !kd_scan_char(&in, '(') || !kd_scan_past(&in, "): ", &file))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_scan_rest(&in, &error);
    if (kd_str_is(kd_str_trim(error), "Invalid module"))
        return KD_UNFINISHED; /* "format" was wrapped off */
    kd_put(parse, &load->tool, KD_STR("modprobe"));
    return finish_tool(parse, load, module, error);
}

/* "ERROR: Removing 'prob4': Device or resource busy" */
static kd_verdict read_removing(kd_parse *parse, kdf_module_load *load, kd_scan in)
{
    kd_str skipped, module, error;
    if (!kd_scan_past(&in, "ERROR: Removing '", &skipped) || skipped.len > 16 ||
        !kd_scan_past(&in, "': ", &module))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_scan_rest(&in, &error);
    kd_put(parse, &load->tool, KD_STR("rmmod"));
    return finish_tool(parse, load, module, error);
}

static const struct {
    const char *anchor;
    kd_verdict (*read)(kd_parse *parse, kdf_module_load *load, kd_scan in);
} forms[] = {
    { ": version magic '", read_magic },
    { ": disagrees about version of symbol ", read_version },
    { ": Unknown symbol ", read_unknown },
    { ": can't insert '", read_busybox },
    { ": ERROR: could not insert ", read_kmod },
    { "FATAL: Error inserting ", read_init_tools },
    { "ERROR: Removing '", read_removing },
};

static kd_verdict open_load(kd_parse *parse, const kd_line *line)
{
    kdf_module_load *load = parse->body;
    kd_verdict verdict = KD_NOT_MINE;
    kd_put(parse, &load->headline, line->text);
    for (size_t i = 0; i < KD_COUNT(forms) && verdict == KD_NOT_MINE; i++)
        if (kd_str_has(line->text, forms[i].anchor))
            verdict = forms[i].read(parse, load, kd_scan_of(line->text));
    return verdict;
}

static const char *const anchors[] = {
    ": version magic '",          ": disagrees about version of symbol ",
    ": Unknown symbol ",          ": can't insert '",
    ": ERROR: could not insert ", "FATAL: Error inserting ",
    "ERROR: Removing '",          NULL
};

const kd_parser kd_parser_module_load_failure = {
    .name = "module_load_failure",
    .anchors = anchors,
    .kind = &kd_kind_module_load_failure,
    .open = open_load,
};
