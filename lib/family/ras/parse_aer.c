/* parse_aer.c - errors that PCI Express reports (AER).
 *
 *   pcieport 0000:00:1c.4: AER: Corrected error received: 0000:00:1c.4            4.19+
 *   pcieport 0000:00:1c.4: AER: Correctable error message received from 0000:05:00.0   6.x
 *   pcieport 0000:00:1c.4: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)
 *   pcieport 0000:00:1c.4:   device [8086:a114] error status/mask=00000001/00002000
 *   pcieport 0000:00:1c.4:    [ 0] RxErr                  (First)
 * 7.3+:
 *   pcieport 0000:00:1c.4: AER: Multiple Correctable Error messages received, first one from ...
 *   pcieport 0000:00:1c.4: PCIe Bus Error: severity=Correctable
 *   pcieport 0000:00:1c.4:   [ 0] RxErr             | Receiver    | Physical Layer
 *
 * The owner of "PCIe Bus Error" is the device whose registers are shown.
 */
#include "core/parser.h"
#include "family/fields.h"

enum { OWN_LINES, OWN_BUS, OWN_LAST };

/* "nvme 0000:01:00.0: PCIe Bus Error": driver and device */
static bool name_of(kd_str text, kd_str *driver, kd_str *device)
{
    kd_scan in = kd_scan_of(text);
    if (!kd_scan_word(&in, driver) || !kd_scan_char(&in, ' ') || !kd_scan_word(&in, device) ||
        !kd_str_ends(*device, ":") || device->len < 8 || device->len > 24)
        return false;
    device->len--;
    return true;
}

/* "severity=Corrected, type=Physical Layer, (Receiver ID)", "..., id=00e8(Receiver ID)" to 4.18,
 * "severity=Uncorrectable (Fatal) (Inaccessible)" 7.3+ */
static bool put_bus_error(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    kd_scan in;
    kd_str driver, device;
    if (!kd_scan_after(text, "Bus Error: severity=", &in))
        return false;
    kd_str severity = kd_str_trim(kd_scan_to_any(&in, ","));
    if (kd_str_ends(severity, " (Inaccessible)")) {
        severity.len -= strlen(" (Inaccessible)");
        kd_put(parse, &error->layer, KD_STR("Inaccessible"));
    }
    kd_put(parse, &error->severity, severity);
    if (kd_scan_after(text, ", type=", &in))
        kd_put(parse, &error->layer, kd_str_trim(kd_scan_to_any(&in, ",")));
    kd_scan agent = in;
    kd_str skipped;
    if (kd_scan_past(&agent, "(", &skipped))
        kd_put(parse, &error->agent, kd_scan_to_any(&agent, ")"));
    if (name_of(text, &driver, &device)) {
        kd_put_again(parse, &error->driver, driver);
        kd_put_again(parse, &error->device, device);
    }
    return true;
}

/* "   [12] Timeout", "   [ 0] RxErr                  (First)", "  [ 0] RxErr | Receiver | Physical
 * Layer" */
static bool put_bit(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    kd_scan in;
    kd_str name, driver, device;
    uint64_t bit;
    if (!name_of(text, &driver, &device) || !kd_scan_after(text, "[", &in) ||
        !kd_scan_blanks(&in) || !kd_scan_u64(&in, &bit) || bit > 31 || !kd_scan_literal(&in, "] "))
        return false;
    name = kd_str_trim(kd_scan_to_any(&in, "(|"));
    kd_text *item = error->bits.count < 8 ? KD_LIST_ADD(parse->arena, &error->bits, kd_text) : NULL;
    if (item)
        *item = (kd_text){ name, parse->src };
    kd_str skipped;
    if (kd_scan_past(&in, "| ", &skipped))
        kd_put(parse, &error->agent, kd_str_trim(kd_scan_to_any(&in, "|")));
    if (kd_scan_past(&in, "| ", &skipped))
        kd_put(parse, &error->layer, kd_str_trim(kd_scan_to_any(&in, "(")));
    return true;
}

static bool has_firmware_status(kd_str text)
{
    return kd_str_has(text, "aer_status: 0x") || kd_str_has(text, "aer_cor_status: 0x") ||
           kd_str_has(text, "aer_uncor_status: 0x");
}

/* cper_print_aer(), for what the firmware told:
 *   nvme 0000:70:00.0: AER: aer_status: 0x00000001, aer_mask: 0x0000e000
 *   nvme 0000:70:00.0:    [ 0] RxErr                  (First)
 *   nvme 0000:70:00.0: AER: aer_layer=Physical Layer, aer_agent=Receiver ID
 *   nvme 0000:70:00.0: AER: aer_uncor_severity: 0x00463010      not for corrected ones
 * 7.3+: aer_cor_status or aer_uncor_status, layer and agent behind each bit */
static bool put_firmware(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    kd_scan in;
    uint64_t status;
    if (!kd_str_has(text, ": aer_"))
        return false;
    if (kd_scan_after(text, "aer_layer=", &in))
        kd_put(parse, &error->layer, kd_str_trim(kd_scan_to_any(&in, ",")));
    if (kd_scan_after(text, "aer_agent=", &in))
        kd_put(parse, &error->agent, kd_str_trim(kd_scan_to_any(&in, ",")));
    if (has_firmware_status(text) && kd_scan_after(text, "status: 0x", &in) &&
        kd_scan_hex(&in, &status))
        kd_put(parse, &error->status.value, status);
    if (kd_str_has(text, "aer_cor_"))
        error->severity = (kd_text){ KD_STR("corrected"), KD_DERIVED };
    if (kd_str_has(text, "aer_uncor_"))
        error->severity = (kd_text){ KD_STR("uncorrected"), KD_DERIVED };
    return true;
}

/* It begins with the status. */
static bool open_firmware(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    kd_str driver, device;
    if (!has_firmware_status(text) || !name_of(text, &driver, &device))
        return false;
    kd_put(parse, &error->driver, driver);
    kd_put(parse, &error->device, device);
    return put_firmware(parse, error, text);
}

static bool is_source(kd_str text)
{
    return kd_str_has(text, "AER: ") &&
           (kd_str_has(text, "error received: ") ||
            kd_str_has(text, "rror message received from ") ||
            kd_str_has(text, "rror messages received, first one from "));
}

/* "pcieport 0000:00:1c.0: AER: Corrected error received: id=00e0", to 4.18: bus, device and
 * function of the source, in the domain of the port */
static void put_source(kd_parse *parse, kdf_hardware_error *error, kd_str text, kd_str source)
{
    kd_scan in = kd_scan_of(source);
    kd_str driver, port;
    uint64_t id;
    if (!kd_scan_literal(&in, "id=") || !kd_scan_hex(&in, &id) || !name_of(text, &driver, &port)) {
        kd_put(parse, &error->device, source);
        return;
    }
    char room[32];
    kd_str name =
        kd_str_print(room, sizeof room, "%.5s%02x:%02x.%x", port.ptr, (unsigned)(id >> 8 & 0xff),
                     (unsigned)(id >> 3 & 31), (unsigned)(id & 7));
    kd_put(parse, &error->device, kd_arena_str(parse->arena, name));
}

static kd_verdict open_aer(kd_parse *parse, const kd_line *line)
{
    kdf_hardware_error *error = parse->body;
    kd_scan in;
    if (put_bus_error(parse, error, line->text)) {
        parse->own[OWN_BUS] = 1;
    } else if (is_source(line->text)) {
        if (kd_scan_after(line->text, "received from ", &in) ||
            kd_scan_after(line->text, "received, first one from ", &in) ||
            kd_scan_after(line->text, "received: ", &in))
            put_source(parse, error, line->text, kd_scan_to_any(&in, " ["));
    } else if (open_firmware(parse, error, line->text)) {
        parse->own[OWN_BUS] = 1;
    } else {
        return KD_NOT_MINE;
    }
    kd_put(parse, &error->oops.headline, line->text);
    parse->own[OWN_LINES] = 1;
    parse->own[OWN_LAST] = (uint32_t)(line->time_us / 1000000);
    return KD_TAKEN;
}

/* "thunderbolt 0000:84:00.0: AER: can't recover (no error_detected callback)", "AER: device
 * recovery failed" */
static bool put_recovery(kd_parse *parse, kdf_hardware_error *error, kd_str text)
{
    const char *at = kd_str_find(text, "device recovery ");
    kd_str driver, device;
    if (!at) /* 5.2 to 5.9 */
        at = kd_str_find(text, "Device recovery ");
    if (at) {
        kd_put_again(parse, &error->outcome, kd_str_from(text, (size_t)(at - text.ptr)));
        return true;
    }
    if (!kd_str_has(text, "AER: can't recover"))
        return false;
    if (name_of(text, &driver, &device)) /* two words of one text */
        kd_put(parse, &error->no_recovery,
               ((kd_str){ driver.ptr, (size_t)(device.ptr + device.len - driver.ptr) }));
    return true;
}

static kd_verdict more_aer(kd_parse *parse, const kd_line *line)
{
    kdf_hardware_error *error = parse->body;
    kd_scan in;
    uint64_t status;
    kd_str text = line->text;
    if (line->has_time && line->time_us / 1000000 > (uint64_t)parse->own[OWN_LAST] + 2)
        return KD_OVER;
    if (is_source(text) || has_firmware_status(text) ||
        (kd_str_has(text, "Bus Error: severity=") && parse->own[OWN_BUS]))
        return KD_OVER;
    if (put_bus_error(parse, error, text)) {
        parse->own[OWN_BUS] = 1;
        return KD_TAKEN;
    }
    if (kd_scan_after(text, "error status/mask=", &in)) {
        if (kd_scan_hex(&in, &status))
            kd_put(parse, &error->status.value, status);
        return KD_TAKEN;
    }
    if (kd_str_has(text, "TLP Header:") || kd_str_has(text, "rror of this Agent ") ||
        put_firmware(parse, error, text) || put_recovery(parse, error, text) ||
        put_bit(parse, error, text))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

/* PCIe's names of the bits of the status of corrected errors. */
static bool has_corrected_bit(const kdf_hardware_error *error)
{
    const kd_text *bits = error->bits.items;
    for (uint32_t i = 0; i < error->bits.count; i++)
        if (kd_str_in_words(
                bits[i].v, "RxErr BadTLP BadDLLP Rollover Timeout NonFatalErr CorrIntErr HeaderOF"))
            return true;
    return false;
}

/* "AER: Multiple Uncorrected (Non-Fatal) error received: ...": how bad it is, where nothing else of
 * the record is in the log. */
static void put_severity_of_source(kdf_hardware_error *error)
{
    kd_str severity;
    kd_scan in;
    /* the firmware's: the names of corrected errors are others; a line that is missing, which is
     * that of the others' severity, proves nothing */
    if (!error->severity.src && has_corrected_bit(error))
        error->severity = (kd_text){ KD_STR("corrected"), KD_DERIVED };
    if (error->severity.src || !kd_scan_after(error->oops.headline.v, "AER: ", &in))
        return;
    kd_scan_literal(&in, "Multiple ");
    if ((kd_scan_past(&in, " error ", &severity) || kd_scan_past(&in, " Error ", &severity)) &&
        kd_str_has(severity, "orrect") && severity.len < 32)
        error->severity = (kd_text){ severity, error->oops.headline.src };
}

static void close_aer(kd_parse *parse)
{
    put_severity_of_source(parse->body);
    parse->event->kind = &kd_kind_pcie_error;
    parse->event->complete = true;
}

static const char *const anchors[] = {
    "PCIe Bus Error: severity=",   "PCIE Bus Error: severity=",
    "CXL Bus Error: severity=",    "rror received: ",
    "rror message received from ", "rror messages received, first one from ",
    "AER: aer_status: 0x",         "AER: aer_cor_status: 0x",
    "AER: aer_uncor_status: 0x",   NULL
};

const kd_parser kd_parser_aer = {
    .name = "aer",
    .anchors = anchors,
    .kind = &kd_kind_machine_check,
    .patience = 8,
    .open = open_aer,
    .more = more_aer,
    .close = close_aer,
};
