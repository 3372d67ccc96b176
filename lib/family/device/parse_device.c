/* parse_device.c - what drivers and file systems print when something failed.
 *
 *   nvme nvme0: controller is down; will reset: CSTS=0x3, PCI_STATUS=0x2010
 *   ata1.00: exception Emask 0x10 SAct 0xe00000 SErr 0x10180000 action 0x6 frozen
 *   blk_update_request: I/O error, dev sda, sector 10465 op 0x1:(WRITE) ...
 *   EXT4-fs error (device sda1): ext4_journal_check_start:56: Detected aborted journal
 *   mtk_soc_eth 1e100000.ethernet eth0: NETDEV WATCHDOG: CPU: 1: transmit queue 4 timed out 190940
 * ms
 *
 * wording.def knows the lines. Lines of one device that follow each other closely are one event:
 * what fails once is told many times.
 */
#include "family/device/parse_device.h"

#include "core/parser.h"
#include "family/device/device.h"
#include "family/fields.h"

enum { OPENS, MORE, NEW, JOINS };

typedef struct wording {
    const kd_kind *kind;
    kd_device_class class;
    const char *words, *device;
    int how;
} wording;

static const wording wordings[] = {
#define KD_DEVICE(kind, class, words, device, how) \
    { &kd_kind_##kind, KD_DEVICE_##class, words, device, how },
#include "family/device/wording.def"
#undef KD_DEVICE
};

static const char *const anchors[] = {
#define KD_DEVICE(kind, class, words, device, how) (how) == MORE ? "NETDEV WATCHDOG: " : (words),
#include "family/device/wording.def"
#undef KD_DEVICE
    NULL,
};

static const char *const whats[] = {
#define KD_DEVICE_CLASS(name, what) what,
#include "family/device/class.def"
#undef KD_DEVICE_CLASS
};

/* Seconds that one failure may take to be told; 0: each line is an event of its own. */
static const struct {
    const kd_kind *kind;
    uint64_t seconds;
} bursts[] = {
    { &kd_kind_net_tx_timeout, 0 }, { &kd_kind_iommu_fault, 0 }, { &kd_kind_gpu_hang, 30 },
    { &kd_kind_fs_error, 120 },     { &kd_kind_io_error, 10 },   { &kd_kind_ata_error, 30 },
    { &kd_kind_nvme_error, 10 },    { &kd_kind_mmc_error, 10 },  { &kd_kind_usb_error, 30 },
    { &kd_kind_scsi_error, 10 },    { &kd_kind_nmi, 1 },         { &kd_kind_thermal, 30 },
};
#define BURST_DEFAULT 10

/* Of a longer burst the text of the lines is not kept. */
#define LINES_KEPT 24u

/* parse->own: time of the last line, in tenths of a second; lines so far */
enum { OWN_LAST, OWN_LINES };

/* ---- the device ------------------------------------------------------------------------------ */

/* "nvme nvme0: ...", "mtk_soc_eth 1e100000.ethernet eth0: ...": the word with the colon is the
 * device, the first one the driver. */
static void name_of_prefix(kd_str text, kd_str *device, kd_str *driver)
{
    kd_scan in = kd_scan_of(text);
    kd_str word, first = { NULL, 0 };
    for (int i = 0; i < 4 && kd_scan_blanks(&in) && kd_scan_word(&in, &word); i++) {
        if (i == 0)
            first = word;
        if (!kd_str_ends(word, ":"))
            continue;
        word.len--;
        *device = word;
        if (i > 0 && kd_is_alpha(first.ptr[0]))
            *driver = first;
        return;
    }
}

/* Up to a blank, comma or bracket, or a colon that ends a word. */
static kd_str name_after(kd_str text, const char *at)
{
    const char *end = text.ptr + text.len, *from = at;
    while (at < end && *at != ' ' && *at != ',' && *at != ')' && *at != ']' &&
           !(*at == ':' && (at + 1 == end || at[1] == ' ')))
        at++;
    while (at > from && at[-1] == '.')
        at--;
    return (kd_str){ from, (size_t)(at - from) };
}

/* "amdgpu 0000:28:00.0: ring ...": the word before the name of the device is its driver */
static kd_str driver_before(const char *words)
{
    kd_str driver = kd_str_of(words);
    if (driver.len < 2 || driver.ptr[--driver.len] != ' ')
        return (kd_str){ NULL, 0 };
    for (size_t i = 0; i < driver.len; i++)
        if (!kd_is_digit(driver.ptr[i]) && (driver.ptr[i] < 'a' || driver.ptr[i] > 'z'))
            return (kd_str){ NULL, 0 };
    return driver;
}

/* "eth0 (bcmgenet): transmit queue 3 timed out": the driver behind the name */
static kd_str driver_behind(kd_str text, kd_str device)
{
    kd_scan in = { device.ptr + device.len, text.ptr + text.len, false };
    kd_str driver = { NULL, 0 };
    return kd_scan_literal(&in, " (") && kd_scan_until(&in, ')', &driver) ? driver
                                                                          : (kd_str){ NULL, 0 };
}

/* "sda1-8": the journal that inode 8 of sda1 holds */
static kd_str without_journal(kd_str device)
{
    if (kd_str_ends(device, "-8"))
        device.len -= 2;
    return device;
}

static void find_device(const wording *w, kd_str text, kd_str *device, kd_str *driver)
{
    *device = *driver = (kd_str){ NULL, 0 };
    if (!w->device)
        return;
    if (w->device[0] == '\0') {
        name_of_prefix(text, device, driver);
    } else if (w->device[0] == '^') {
        *device = name_after(text, text.ptr);
    } else {
        const char *at = kd_str_find(text, w->device);
        if (at)
            *device = without_journal(name_after(text, at + kd_str_of(w->device).len));
        if (at && device->len > 0 && w->kind == &kd_kind_gpu_hang)
            *driver = driver_before(w->device);
        if (at && device->len > 0 && w->kind == &kd_kind_net_tx_timeout)
            *driver = driver_behind(text, *device);
    }
    const char *named = kd_str_is(*device, "AMD-Vi") ? kd_str_find(text, "device=") : NULL;
    if (named)
        *device = name_after(text, named + sizeof "device=" - 1);
    if (device->len > 64)
        *device = (kd_str){ NULL, 0 };
}

/* Reading an empty drive fails on every machine; with initcall_debug a callback that succeeded is
 * told too; and a kernel without extended attributes reads a squashfs that holds some. */
static bool is_harmless(const wording *w, kd_str device, kd_str text)
{
    if (w->kind == &kd_kind_suspend_failure)
        return kd_str_ends(text, " returns 0");
    if (w->kind == &kd_kind_fs_error)
        return kd_str_ends(text, "Xattrs in filesystem, these will be ignored");
    return w->kind == &kd_kind_io_error &&
           (kd_str_starts(device, "fd") || kd_str_starts(device, "sr") || device.len == 0);
}

static bool is_other_device(const kdf_device_error *error, kd_str device)
{
    char rooms[2][80];
    if (!error->device.src || device.len == 0)
        return false;
    kd_str a = kd_device_base(error->device.v, rooms[0], sizeof rooms[0]);
    kd_str b = kd_device_base(device, rooms[1], sizeof rooms[1]);
    return !kd_str_eq(a, b);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* A mail program broke the line in the middle of the number. */
static bool is_cut(const kd_scan *in)
{
    return in->end - in->at == 1 && *in->at == '=';
}

static void put_u64(kd_parse *parse, kd_u64 *field, kd_str text, const char *words)
{
    kd_scan in;
    uint64_t value;
    if (!field->src && kd_scan_after(text, words, &in) && kd_scan_u64(&in, &value) && !is_cut(&in))
        kd_put(parse, field, value);
}

static void put_hex(kd_parse *parse, kd_hex *field, kd_str text, const char *words)
{
    kd_scan in;
    uint64_t value;
    if (!field->src && kd_scan_after(text, words, &in) && kd_scan_hex(&in, &value) && !is_cut(&in))
        kd_put(parse, field, value);
}

static void put_minus(kd_parse *parse, kd_i64 *field, kd_str text, const char *words)
{
    kd_scan in;
    int64_t value;
    if (!field->src && kd_scan_after(text, words, &in) && kd_scan_i64(&in, &value) && value < 0 &&
        value > -4096)
        kd_put(parse, field, value);
}

static void put_text(kd_parse *parse, kd_text *field, kd_str text, const char *words,
                     const char *stops)
{
    kd_scan in;
    if (field->src || !kd_scan_after(text, words, &in))
        return;
    kd_str value = kd_scan_to_any(&in, stops);
    if (value.len > 0 && value.len <= 64)
        kd_put(parse, field, value);
}

static void put_values(kd_parse *parse, kdf_device_error *error, kd_str text)
{
#define KD_DEVICE_U64(member, words) put_u64(parse, &error->member, text, words);
#define KD_DEVICE_HEX(member, words) put_hex(parse, &error->member, text, words);
#define KD_DEVICE_MINUS(member, words) put_minus(parse, &error->member, text, words);
#define KD_DEVICE_TEXT(member, words, stops) put_text(parse, &error->member, text, words, stops);
#include "family/device/value.def"
#undef KD_DEVICE_U64
#undef KD_DEVICE_HEX
#undef KD_DEVICE_MINUS
#undef KD_DEVICE_TEXT
}

/* "res 41/40:00:e0:79:2d/00:00:14:00:00/40 ... (media error)": the first bad sector */
static void put_ata_sector(kd_parse *parse, kdf_device_error *error, kd_str text)
{
    kd_scan in;
    uint64_t byte[12];
    size_t count = 0;
    if (error->sector.src || !kd_str_has(text, "(media error)") ||
        !kd_scan_after(text, "res ", &in))
        return;
    while (count < KD_COUNT(byte) && kd_scan_hex(&in, &byte[count]) && byte[count] < 256) {
        count++;
        if (!kd_scan_char(&in, '/') && !kd_scan_char(&in, ':'))
            break;
    }
    if (count == KD_COUNT(byte))
        kd_put(parse, &error->sector,
               byte[10] << 40 | byte[9] << 32 | byte[8] << 24 | byte[5] << 16 | byte[4] << 8 |
                   byte[3]);
}

/* "Process information: process Xorg pid 2184 thread Xorg:cs0 pid 2284", " Process code pid 1 ...";
 * a job of the kernel's own has no name: "process  pid 0". "UBIFS error (ubi0:23 pid 887): ..." */
static void put_process(kd_parse *parse, kdf_device_error *error, const wording *w, kd_str text)
{
    static const char *const heads[] = { "Process information: process ", ":  Process ",
                                         ": Process " };
    kd_scan in;
    kd_str comm;
    uint64_t pid;
    if (w->kind != &kd_kind_gpu_hang)
        put_u64(parse, &error->pid, text, " pid ");
    for (size_t i = 0; i < KD_COUNT(heads); i++) {
        if (error->comm.src || !kd_scan_after(text, heads[i], &in))
            continue;
        if (!kd_scan_past(&in, " pid ", &comm) || comm.len == 0 || comm.len > 15 ||
            !kd_scan_u64(&in, &pid))
            return;
        kd_put(parse, &error->comm, comm);
        kd_put(parse, &error->pid, pid);
    }
}

/* "critical temperature reached (105 C), shutting down" */
static void put_temperature(kd_parse *parse, kdf_device_error *error, kd_str text)
{
    kd_scan in;
    int64_t degrees;
    if (!error->temperature.src && kd_scan_after(text, "temperature reached (", &in) &&
        kd_scan_i64(&in, &degrees) && kd_scan_literal(&in, " C)"))
        kd_put(parse, &error->temperature, degrees);
}

/* i915: "GPU HANG: ecode 9:1:85dffffb, in Xorg [1234]", "... in X [1234], reason: Ring hung" */
static void put_submitter(kd_parse *parse, kdf_device_error *error, kd_str text)
{
    kd_scan in;
    kd_str comm, ecode;
    uint64_t pid;
    if (error->comm.src || !kd_scan_after(text, "GPU HANG: ecode ", &in) ||
        !kd_scan_past(&in, ", in ", &ecode) || !kd_scan_past(&in, " [", &comm) || comm.len == 0 ||
        comm.len > 15 || !kd_scan_u64(&in, &pid) || !kd_scan_char(&in, ']'))
        return;
    kd_put(parse, &error->comm, comm);
    kd_put(parse, &error->pid, pid);
}

/* The later line counts: a ring that could not be reset alone is reset with the whole GPU. */
static void put_outcome(kd_parse *parse, kdf_device_error *error, kd_str text)
{
    static const char *const words[] = {
#define KD_GPU_OUTCOME(words, says) words,
#include "family/device/say.def"
    };
    if (kd_str_has(text, " reset") || kd_str_has(text, "GPU Recovery"))
        for (size_t i = 0; i < KD_COUNT(words); i++)
            if (kd_str_has(text, words[i])) {
                kd_put_again(parse, &error->outcome, text);
                return;
            }
}

/* ---- taking lines ---------------------------------------------------------------------------- */

static bool fits(const wording *w, kd_str text)
{
    return kd_str_has(text, w->words) &&
           (!w->device || w->device[0] == '^' || w->how == MORE || kd_str_has(text, w->device));
}

static const wording *find_wording(kd_str text, const kd_kind *kind)
{
    for (size_t i = 0; i < KD_COUNT(wordings); i++)
        if ((kind ? wordings[i].kind == kind : wordings[i].how != MORE) && fits(&wordings[i], text))
            return &wordings[i];
    return NULL;
}

/* CSTS bit 1: the controller itself says that it cannot go on. */
static kd_device_class class_of(const wording *w, const kdf_device_error *error)
{
    if (w->class == KD_DEVICE_TIMEOUT && error->csts.src && error->csts.v & 2)
        return KD_DEVICE_CONTROLLER;
    if (w->kind == &kd_kind_ata_error && error->emask.src && error->emask.v & 0x10)
        return w->class > KD_DEVICE_LINK ? w->class : KD_DEVICE_LINK;
    return w->class;
}

static void take(kd_parse *parse, const wording *w, const kd_line *line, bool keep)
{
    kdf_device_error *error = parse->body;
    kd_str device, driver;
    if (keep) {
        find_device(w, line->text, &device, &driver);
        if (device.len > 0)
            kd_put(parse, &error->device, device);
        if (driver.len > 0)
            kd_put(parse, &error->driver, driver);
        put_values(parse, error, line->text);
        put_process(parse, error, w, line->text);
        if (w->kind == &kd_kind_thermal)
            put_temperature(parse, error, line->text);
        if (w->kind == &kd_kind_gpu_hang)
            put_submitter(parse, error, line->text);
        if (w->kind == &kd_kind_ata_error)
            put_ata_sector(parse, error, line->text);
        if (w->kind == &kd_kind_suspend_failure && kd_str_is(kd_str_of(w->words), "*ERROR* "))
            kd_put_again(parse, &error->reason, line->text);
    }
    if (w->kind == &kd_kind_gpu_hang)
        put_outcome(parse, error, line->text);
    kd_device_class class = class_of(w, error);
    if (class > error->class_)
        error->class_ = class;
    parse->own[OWN_LINES]++;
    if (line->has_time)
        parse->own[OWN_LAST] = (uint32_t)(line->time_us / 100000);
}

/* A mail program broke the line where something must follow. */
static bool is_torn(const wording *w, kd_str text)
{
    return w->how == JOINS && (kd_str_ends(text, ",") || kd_str_ends(text, "[IO_PAGE_FAULT") ||
                               kd_str_ends(text, "I/O Error"));
}

/* What stands before it: the driver's own words, or the device that the first line of a record
 * names. */
static void look_back(kd_parse *parse, kdf_device_error *error)
{
    kd_back back = kd_back_from(parse);
    kd_line before;
    kd_scan in;
    bool lost = error->class_ == KD_DEVICE_GPU_LOST;
    for (int i = 0; i < (lost ? 3 : 6) && kd_back_line(&back, &before); i++) {
        bool named = lost && kd_scan_after(before.text, "NVRM: The NVIDIA GPU ", &in);
        bool says = !lost && error->device.src && kd_str_has(before.text, "NVRM: ") &&
                    kd_str_find(before.text, ": ") && error->device.v.len > 4 &&
                    error->device.v.len < 64;
        if (!named && !says)
            continue;
        kd_src src = kd_back_keep(parse, &before);
        kd_str text = src ? kd_arena_str(parse->arena, before.text) : (kd_str){ NULL, 0 };
        if (!src || text.len == 0)
            return;
        if (named && kd_scan_after(text, "NVRM: The NVIDIA GPU ", &in))
            error->device = (kd_text){ name_after(text, in.at), src };
        else
            error->reason = (kd_text){ text, src };
        return;
    }
}

/* Behind "cut here" it is the text of the WARN() that follows. */
static bool is_of_warning(const kd_parse *parse)
{
    kd_back back = kd_back_from(parse);
    kd_line before;
    return kd_back_line(&back, &before) && kd_str_has(before.text, "[ cut here ]");
}

static kd_verdict open_device(kd_parse *parse, const kd_line *line)
{
    kdf_device_error *error = parse->body;
    kd_str device, driver;
    const wording *w = find_wording(line->text, NULL);
    if (!w)
        return KD_NOT_MINE;
    if (is_torn(w, line->text))
        return KD_UNFINISHED;
    find_device(w, line->text, &device, &driver);
    if (is_harmless(w, device, line->text) ||
        (w->kind == &kd_kind_net_tx_timeout && is_of_warning(parse)))
        return KD_NOT_MINE;
    parse->event->kind = w->kind;
    kd_put(parse, &error->headline, line->text);
    take(parse, w, line, true);
    if (w->class == KD_DEVICE_GPU_LOST || w->kind == &kd_kind_suspend_failure)
        look_back(parse, error);
    if (w->kind == &kd_kind_io_error)
        kd_device_look_for_unplugging(parse, error, line);
    return KD_TAKEN;
}

/* A file system that names no device is another one than that of the event, unless both are told in
 * the same words. */
static bool is_other_file_system(const kdf_device_error *error, const wording *w, kd_str device)
{
    return w->kind == &kd_kind_fs_error && w->how != MORE &&
           (device.len == 0) != !error->device.src && !kd_str_has(error->headline.v, w->words);
}

static uint64_t burst_of(const kd_kind *kind)
{
    for (size_t i = 0; i < KD_COUNT(bursts); i++)
        if (bursts[i].kind == kind)
            return bursts[i].seconds;
    return BURST_DEFAULT;
}

static kd_verdict more_device(kd_parse *parse, const kd_line *line)
{
    kdf_device_error *error = parse->body;
    uint64_t most = burst_of(parse->event->kind), last = parse->own[OWN_LAST];
    uint32_t now = (uint32_t)(line->time_us / 100000);
    if (most == 0 || (line->has_time && parse->event->has_time && now - last > most * 10 &&
                      last - now > most * 10))
        return KD_OVER;
    const wording *w = find_wording(line->text, parse->event->kind);
    if (!w)
        return KD_NOT_MINE;
    kd_str device, driver;
    find_device(w, line->text, &device, &driver);
    /* a hub's supply fails all of its ports at once */
    bool supply = w->class == KD_DEVICE_USB_POWER && error->class_ == KD_DEVICE_USB_POWER;
    if (supply && is_other_device(error, device))
        kd_put(parse, &error->others, device);
    else if (is_other_device(error, device) || is_other_file_system(error, w, device))
        return KD_NOT_MINE;
    if (w->how == NEW)
        return KD_OVER;
    bool keep = parse->own[OWN_LINES] < LINES_KEPT;
    take(parse, w, line, keep);
    return keep ? KD_TAKEN : KD_PASSED;
}

static void close_device(kd_parse *parse)
{
    kdf_device_error *error = parse->body;
    error->what = (kd_text){ kd_str_of(whats[error->class_]), KD_DERIVED };
    error->lines_alike = (kd_u64){ parse->own[OWN_LINES], KD_DERIVED };
    parse->event->complete = true;
}

const kd_parser kd_parser_device = {
    .name = "device",
    .anchors = anchors,
    .kind = &kd_kind_io_error,
    .patience = 12,
    .open = open_device,
    .more = more_device,
    .close = close_device,
};
