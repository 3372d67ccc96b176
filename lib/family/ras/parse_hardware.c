/* parse_hardware.c - machine checks, EDAC, records of the firmware.
 *
 *   mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 4: a600000000020408
 *   mce: [Hardware Error]: TSC 0 ADDR fef4c9e0
 *   [Hardware Error]: CPU:21 (19:21:0) MC5_STATUS[-|UE|MiscV|AddrV|PCC|...]: 0xbea0000000000108
 *   [Hardware Error]: Execution Unit Ext. Error Code: 0
 *   {35}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 4
 *   {35}[Hardware Error]:   section_type: memory error
 *   EDAC sbridge MC1: CPU 1: Machine Check Event: 0 Bank 11: 8c00004f000800c2
 *   EDAC MC1: 1 CE memory scrubbing error on CPU_SrcID#1_Ha#0_Chan#0_DIMM#0 (channel:0 ...)
 *
 * One event is one record, however many lines and drivers tell it.
 */
#include "core/parser.h"
#include "family/fields.h"

#define SECONDS 10

/* parse->own: lines so far; time of the last in tenths of a second; what was met */
enum { OWN_LINES, OWN_LAST, OWN_MET };
enum { MET_RECORD = 1, MET_STATUS = 2, MET_EDAC = 4, MET_FIRMWARE = 8, MET_BERT = 16 };

typedef struct begun {
    const char *words;
    uint32_t met;
} begun;

/* Lines that begin a record: a second one of a sort begins another. */
static const begun begins[] = {
    { "from APEI Generic Hardware Error", MET_FIRMWARE },
    { "BERT: Error records from previous boot", MET_BERT },
    { " Machine Check", MET_STATUS },
    { "_STATUS[", MET_STATUS },
};

/* '#' in the words stands for anything up to what follows it. */
static bool behind(kd_str text, const char *words, kd_scan *in)
{
    const char *mark = kd_str_find(kd_str_of(words), "#");
    kd_str before;
    char first[32];
    if (!mark)
        return kd_scan_after(text, words, in);
    kd_str head = kd_str_print(first, sizeof first, "%.*s", (int)(mark - words), words);
    return kd_scan_after(text, head.ptr, in) &&
           (mark[1] == '\0' || kd_scan_past(in, mark + 1, &before));
}

static void put_u64(kd_parse *parse, kd_u64 *field, kd_str text, const char *words)
{
    kd_scan in;
    uint64_t value;
    if (!field->src && behind(text, words, &in) && kd_scan_u64(&in, &value))
        kd_put(parse, field, value);
}

static void put_hex(kd_parse *parse, kd_hex *field, kd_str text, const char *words)
{
    kd_scan in;
    uint64_t value;
    if (!field->src && behind(text, words, &in) && kd_scan_hex(&in, &value))
        kd_put(parse, field, value);
}

static void put_text(kd_parse *parse, kd_text *field, kd_str text, const char *words,
                     const char *stops)
{
    kd_scan in;
    if (field->src || !behind(text, words, &in))
        return;
    kd_str value = kd_str_trim(kd_scan_to_any(&in, stops));
    if (value.len > 0 && value.len <= 120)
        kd_put(parse, field, value);
}

static void put_values(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
#define KD_RAS_U64(member, words) put_u64(parse, &error->member, text, words);
#define KD_RAS_HEX(member, words) put_hex(parse, &error->member, text, words);
#define KD_RAS_TEXT(member, words, stops) put_text(parse, &error->member, text, words, stops);
#include "family/ras/value.def"
#undef KD_RAS_U64
#undef KD_RAS_HEX
#undef KD_RAS_TEXT
}

/* The kernel's own grade, where it prints one. */
static void put_severity(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    static const struct {
        const char *words, *severity;
    } grades[] = {
        { "System Fatal error.", "fatal" },
        { "Uncorrected, software ", "uncorrected" },
        { "Deferred error, no action", "deferred" },
        { "Corrected error, no action", "corrected" },
        { "It has been corrected by h/w", "corrected" },
    };
    for (size_t i = 0; i < KD_COUNT(grades); i++)
        if (kd_str_has(text, grades[i].words))
            kd_put(parse, &error->severity, kd_str_of(grades[i].severity));
}

/* "Execution Unit Ext. Error Code: 0", "Power, Interrupts, etc. Ext. Error Code: 2, Link Error." */
static void put_unit(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    kd_scan in;
    kd_str unit, words;
    uint64_t code;
    if (!kd_scan_after(text, "[Hardware Error]: ", &in))
        return;
    kd_scan old = in;
    if (!kd_scan_past(&in, " Ext. Error Code: ", &unit)) {
        in = old;
        if (!kd_scan_past(&in, " Extended Error Code: ", &unit))
            return;
    }
    kd_put(parse, &error->unit, unit);
    if (kd_scan_u64(&in, &code) && kd_scan_literal(&in, ", ") && kd_scan_rest(&in, &words)) {
        words.len -= kd_str_ends(words, ".");
        kd_put(parse, &error->error_type, words);
    }
}

typedef struct edac {
    bool corrected, counted;
    uint64_t count;
    kd_scan in; /* behind CE or UE */
} edac;

/* "EDAC MC1: 1 CE memory scrubbing error on CPU_SrcID#1_Ha#0_Chan#0_DIMM#0 (..." (3.5+),
 * "EDAC MC0: CE page 0x..., ... label "DIMM_A1": ..." (to 3.4) */
static bool read_edac(kd_str text, edac *out)
{
    uint64_t number;
    if (!kd_scan_after(text, "EDAC MC", &out->in) || !kd_scan_u64(&out->in, &number) ||
        !kd_scan_literal(&out->in, ": "))
        return false;
    out->counted = kd_scan_u64(&out->in, &out->count) && kd_scan_char(&out->in, ' ');
    out->corrected = kd_scan_literal(&out->in, "CE ");
    return out->corrected || kd_scan_literal(&out->in, "UE ");
}

static void put_edac(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    edac told;
    kd_str what, label;
    if (!read_edac(text, &told))
        return;
    kd_put(parse, &error->severity, told.corrected ? KD_STR("corrected") : KD_STR("uncorrected"));
    if (told.counted)
        kd_put(parse, &error->count, told.count);
    kd_scan tail = told.in;
    if (kd_scan_past(&tail, "on ", &what) && kd_scan_past(&tail, " (", &label)) {
        if (kd_str_trim(what).len > 0)
            kd_put(parse, &error->error_type, kd_str_trim(what));
        if (label.len > 0 && label.len <= 120)
            kd_put(parse, &error->device, label);
    } else if (kd_scan_past(&told.in, "label \"", &what) && kd_scan_until(&told.in, '"', &label) &&
               label.len > 0) {
        kd_put(parse, &error->device, label);
    }
}

/* "node:6 card:1 module:0 rank:1 bank:2 device:11 row:40948 column:560" */
static void put_location(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    const char *at = kd_str_has(text, "[Hardware Error]: ") ? kd_str_find(text, " node:") : NULL;
    if (at)
        kd_put(parse, &error->location,
               kd_str_trim(kd_str_from(text, (size_t)(at - text.ptr) + 1)));
}

/* What sort of line it is; 0: none of a record. */
static uint32_t met_of(kd_str text)
{
    bool error = kd_str_has(text, "[Hardware Error]: ");
    edac told;
    for (size_t i = 0; i < KD_COUNT(begins); i++)
        if (kd_str_has(text, begins[i].words) &&
            (error || kd_str_has(text, "EDAC ") || begins[i].met & (MET_BERT | MET_FIRMWARE) ||
             kd_str_has(text, " Bank ")))
            return begins[i].met;
    if (read_edac(text, &told))
        return MET_EDAC;
    if (error || kd_str_has(text, "HANDLING MCE MEMORY ERROR") ||
        kd_str_has(text, "Machine check events logged") || kd_str_has(text, "EDAC sbridge MC") ||
        kd_str_has(text, "EDAC skx MC") || kd_str_has(text, "EDAC i10nm MC") ||
        kd_str_has(text, "Previous system reset reason [") ||
        (kd_str_has(text, "Memory failure: 0x") && kd_str_has(text, "hardware poisoned")))
        return MET_RECORD;
    return 0;
}

static void take(kd_parse *parse, const kd_line *line, uint32_t met)
{
    kdf_hardware_error *error = parse->body;
    parse->own[OWN_LINES]++;
    parse->own[OWN_MET] |= met;
    if (line->has_time)
        parse->own[OWN_LAST] = (uint32_t)(line->time_us / 100000);
    put_values(parse, error, line->text);
    put_severity(parse, error, line->text);
    put_unit(parse, error, line->text);
    put_location(parse, error, line->text);
    if (met == MET_EDAC)
        put_edac(parse, error, line->text);
    if (met == MET_BERT || kd_str_has(line->text, "Previous system reset reason ["))
        kd_put(parse, &error->previous_boot, true);
}

/* Asked for, by the kernel, by firmware or by a hand: arch/x86/kernel/cpu/amd.c, 6.16. */
static bool is_wanted_reset(kd_str text)
{
    static const char *const words[] = { "control register 0xCF9",
                                         "ACPI power state transition",
                                         "software issued PCI reset",
                                         "power button was pressed",
                                         "remote ASF ",
                                         "keyboard reset pin",
                                         "system reset pin" };
    for (size_t i = 0; i < KD_COUNT(words); i++)
        if (kd_str_has(text, words[i]))
            return true;
    return false;
}

/* Errors of devices that have kinds of their own, boot messages, and what says nothing. */
static bool is_none(kd_str text, uint32_t met)
{
    if (kd_str_has(text, "Previous system reset reason [") && is_wanted_reset(text))
        return true;
    /* TPMs: what they report of themselves is put right, on each boot */
    if (kd_str_has(text, "[Hardware Error]: Adjusting reported "))
        return true;
    return met == 0 || kd_str_has(text, "Firmware Warn") || kd_str_has(text, "Firmware Bug");
}

static kd_verdict open_hardware(kd_parse *parse, const kd_line *line)
{
    kdf_hardware_error *error = parse->body;
    uint32_t met = met_of(line->text);
    if (is_none(line->text, met))
        return KD_NOT_MINE;
    if (met == MET_RECORD && kd_str_has(line->text, "EDAC ") &&
        !kd_str_has(line->text, "HANDLING MCE"))
        return KD_NOT_MINE;
    kd_put(parse, &error->oops.headline, line->text);
    take(parse, line, met);
    return KD_TAKEN;
}

static bool is_late(const kd_parse *parse, const kd_line *line)
{
    uint64_t now = line->time_us / 100000, last = parse->own[OWN_LAST];
    return line->has_time && parse->event->has_time && now > last + SECONDS * 10;
}

/* The firmware counts its records; a bank has one status. */
static bool is_other_record(const kd_parse *parse, const kd_line *line, uint32_t met)
{
    const kdf_hardware_error *error = parse->body;
    kd_scan in;
    uint64_t record;
    if (error->record.src && kd_scan_after(line->text, "{", &in) && kd_scan_u64(&in, &record) &&
        record != error->record.v)
        return true;
    return met != MET_RECORD && parse->own[OWN_MET] & met;
}

static kd_verdict more_hardware(kd_parse *parse, const kd_line *line)
{
    uint32_t met = met_of(line->text);
    if (is_late(parse, line))
        return KD_OVER;
    if (is_none(line->text, met))
        return KD_NOT_MINE;
    if (is_other_record(parse, line, met))
        return KD_OVER;
    take(parse, line, met);
    return KD_TAKEN;
}

static const kd_kind *kind_of(const kd_parse *parse, const kdf_hardware_error *error)
{
    uint32_t met = parse->own[OWN_MET];
    if (kd_str_has(error->section.v, "memory"))
        return &kd_kind_memory_error;
    if (kd_str_has(error->section.v, "PCIe"))
        return &kd_kind_pcie_error;
    return met & MET_EDAC && !(met & MET_STATUS) ? &kd_kind_memory_error : &kd_kind_machine_check;
}

static void close_hardware(kd_parse *parse)
{
    kdf_hardware_error *error = parse->body;
    bool early = parse->event->has_time && parse->event->time_us < 30 * UINT64_C(1000000);
    parse->event->kind = kind_of(parse, error);
    parse->event->complete = true;
    error->lines_alike = (kd_u64){ parse->own[OWN_LINES], KD_DERIVED };
    if (early && error->tsc.src && error->tsc.v == 0)
        error->previous_boot = (kd_bool){ true, KD_DERIVED };
}

static const char *const anchors[] = { "[Hardware Error]: ",
                                       "Machine check events logged",
                                       "HANDLING MCE MEMORY ERROR",
                                       "EDAC MC",
                                       "Machine Check Exception: ",
                                       "BERT: Error records from previous boot",
                                       "Previous system reset reason [",
                                       NULL };

const kd_parser kd_parser_hardware = {
    .name = "hardware",
    .anchors = anchors,
    .kind = &kd_kind_machine_check,
    .open = open_hardware,
    .more = more_hardware,
    .close = close_hardware,
};
