/* decode_esr.c - the exception syndrome of arm64 (ESR_ELx). */
#include "family/fault/decode_esr.h"

#include <string.h>

#include "base/str.h"
#include "core/version.h"

static const struct ec_row {
    uint8_t code;
    uint32_t from;
    kd_esr_class class;
    const char *text;
} ec_rows[] = {
#define KD_ESR_EC(code, from, class, text) { code, from, KD_ESR_##class, text },
#include "family/fault/esr.def"
};

static const struct fsc_row {
    uint8_t code;
    uint32_t from, until;
    const char *text;
} fsc_rows[] = {
#define KD_ESR_FSC(code, from, until, text) { code, from, until, text },
#include "family/fault/esr.def"
};

static const struct fault_row {
    uint8_t first, last;
    kd_esr_fault fault;
    int first_level;
} fault_rows[] = {
#define KD_ESR_FAULT(first, last, fault, level) { first, last, KD_ESR_FAULT_##fault, level },
#include "family/fault/esr.def"
};

static const struct brk_row {
    uint16_t first, last;
    kd_esr_brk_use use;
    const char *text;
} brk_rows[] = {
#define KD_ESR_BRK(first, last, use, text) { first, last, KD_ESR_BRK_##use, text },
#include "family/fault/esr.def"
};

static const char *const ubsan_checks[256] = {
#define KD_ESR_UBSAN(number, text) [number] = text,
#include "family/fault/esr.def"
};

static const char *const aet_names[8] = {
#define KD_ESR_AET(number, text) [number] = text,
#include "family/fault/esr.def"
};

enum { NO_LEVEL = -2 };

/* "unknown N" for every fault status. */
#define ROW8(a, b, c, d, e, f, g, h)                                                          \
    "unknown " #a, "unknown " #b, "unknown " #c, "unknown " #d, "unknown " #e, "unknown " #f, \
        "unknown " #g, "unknown " #h
static const char *const unknown_names[64] = {
    ROW8(0, 1, 2, 3, 4, 5, 6, 7),         ROW8(8, 9, 10, 11, 12, 13, 14, 15),
    ROW8(16, 17, 18, 19, 20, 21, 22, 23), ROW8(24, 25, 26, 27, 28, 29, 30, 31),
    ROW8(32, 33, 34, 35, 36, 37, 38, 39), ROW8(40, 41, 42, 43, 44, 45, 46, 47),
    ROW8(48, 49, 50, 51, 52, 53, 54, 55), ROW8(56, 57, 58, 59, 60, 61, 62, 63),
};
#undef ROW8

static bool bit(uint64_t value, unsigned shift)
{
    return (value >> shift & 1) != 0;
}

static void find_class(uint32_t version, kd_esr *out)
{
    static const char unrecognized[] = "UNRECOGNIZED EC";
    /* Before 4.4 the kernel had no words for classes. */
    uint32_t table = version < V(4, 4) ? KD_NEWEST_KNOWN : version;
    out->class = KD_ESR_UNALLOCATED;
    out->ec_name = out->ec_newest = unrecognized;
    for (size_t i = 0; i < KD_COUNT(ec_rows); i++) {
        if (ec_rows[i].code != out->ec)
            continue;
        out->class = ec_rows[i].class;
        out->ec_newest = ec_rows[i].text;
        if (table >= ec_rows[i].from)
            out->ec_name = ec_rows[i].text;
    }
}

static const char *fault_status_name(uint8_t code, uint32_t version)
{
    for (size_t i = 0; i < KD_COUNT(fsc_rows); i++)
        if (fsc_rows[i].code == code && kd_version_in(version, fsc_rows[i].from, fsc_rows[i].until))
            return fsc_rows[i].text;
    return unknown_names[code & 63];
}

static void find_fault(kd_esr_abort *out)
{
    out->fault = KD_ESR_FAULT_OTHER;
    for (size_t i = 0; i < KD_COUNT(fault_rows); i++) {
        const struct fault_row *row = &fault_rows[i];
        if (out->dfsc < row->first || out->dfsc > row->last)
            continue;
        out->fault = row->fault;
        out->has_level = row->first_level != NO_LEVEL;
        out->level = out->has_level ? row->first_level + (out->dfsc - row->first) : 0;
    }
}

/* Fields that data aborts alone have. */
static void find_data_fields(uint32_t iss, uint32_t iss2, kd_esr_abort *out)
{
    out->wnr = bit(iss, 6);
    out->cm = bit(iss, 8);
    out->vncr = bit(iss, 13);
    out->isv = bit(iss, 24);
    if (out->isv) {
        out->ar = bit(iss, 14);
        out->sf = bit(iss, 15);
        out->srt = (uint8_t)(iss >> 16 & 31);
        out->sse = bit(iss, 21);
        out->access_bytes = (uint8_t)(1u << (iss >> 22 & 3));
    }
    out->xs = (uint8_t)(iss2 & 31);
    out->dirty_bit = bit(iss2, 5);
    out->overlay = bit(iss2, 6);
    out->gcs = bit(iss2, 8);
    out->tag_access = bit(iss2, 9);
    out->tnd = bit(iss2, 10);
}

static void find_access(bool data, kd_esr_abort *out)
{
    static const char *const names[] = { [KD_ESR_ACCESS_NONE] = "",
                                         [KD_ESR_READ] = "read",
                                         [KD_ESR_WRITE] = "write",
                                         [KD_ESR_EXECUTE] = "execute" };
    /* Cache maintenance always reports a write. */
    out->access = !data ? KD_ESR_EXECUTE : out->wnr && !out->cm ? KD_ESR_WRITE : KD_ESR_READ;
    out->access_name = names[out->access];
}

static void decode_abort(const kd_esr *esr, uint32_t version, kd_esr_abort *out)
{
    out->dfsc = (uint8_t)(esr->iss & 0x3f);
    out->dfsc_name = fault_status_name(out->dfsc, version);
    out->dfsc_newest = fault_status_name(out->dfsc, KD_NEWEST_KNOWN);
    out->s1ptw = bit(esr->iss, 7);
    out->ea = bit(esr->iss, 9);
    out->fnv = bit(esr->iss, 10);
    out->set = (uint8_t)(esr->iss >> 11 & 3);
    out->address_valid = !(out->fnv && out->dfsc == 0x10);
    if (esr->is_data_abort)
        find_data_fields(esr->iss, esr->iss2, out);
    find_fault(out);
    find_access(esr->is_data_abort, out);
}

static void decode_brk(uint32_t iss, kd_esr_brk *out)
{
    out->immediate = (uint16_t)(iss & 0xffff);
    out->name = "unknown";
    for (size_t i = 0; i < KD_COUNT(brk_rows); i++)
        if (out->immediate >= brk_rows[i].first && out->immediate <= brk_rows[i].last) {
            out->use = brk_rows[i].use;
            out->name = brk_rows[i].text;
        }
    if (out->use == KD_ESR_BRK_UBSAN)
        out->check = ubsan_checks[out->immediate & 0xff];
    if (out->use == KD_ESR_BRK_KASAN) {
        unsigned log_size = out->immediate & 15;
        out->write = bit(iss, 4);
        out->recover = bit(iss, 5);
        out->access_bytes = (uint8_t)(log_size < 8 ? 1u << log_size : 0);
    }
    if (out->use == KD_ESR_BRK_CFI) {
        out->target_register = (uint8_t)(iss & 31);
        out->type_register = (uint8_t)(iss >> 5 & 31);
    }
}

static void decode_serror(uint32_t iss, kd_esr_serror *out)
{
    enum { AET_RESTARTABLE = 2, AET_CORRECTED = 6 };
    out->implementation_defined = bit(iss, 24);
    if (out->implementation_defined)
        return;
    out->dfsc = (uint8_t)(iss & 0x3f);
    out->ea = bit(iss, 9);
    out->ras = out->dfsc == 0x11;
    if (!out->ras)
        return;
    out->iesb = bit(iss, 13);
    out->aet = (uint8_t)(iss >> 10 & 7);
    out->aet_name = aet_names[out->aet] ? aet_names[out->aet] : "reserved";
    out->ignored = out->aet == AET_RESTARTABLE || out->aet == AET_CORRECTED;
}

/* Classes of which one is for user mode and the next, odd one for the kernel itself. */
static bool comes_in_pairs(uint8_t ec)
{
    return ec == 0x20 || ec == 0x21 || ec == 0x24 || ec == 0x25 || (ec >= 0x30 && ec <= 0x35);
}

static void decode_rest(kd_esr *out)
{
    if (out->class == KD_ESR_BRK)
        decode_brk(out->iss, &out->brk);
    if (out->class == KD_ESR_SERROR)
        decode_serror(out->iss, &out->serror);
    if (out->class == KD_ESR_BTI)
        out->bti_btype = (uint8_t)(out->iss & 3);
    if (out->class == KD_ESR_FPAC) {
        out->fpac_b_key = bit(out->iss, 0);
        out->fpac_data_key = bit(out->iss, 1);
    }
}

void kd_esr_decode(uint64_t value, uint32_t version, kd_esr *out)
{
    uint32_t table = version == 0 ? KD_NEWEST_KNOWN : version < KD_OLDEST ? KD_OLDEST : version;
    memset(out, 0, sizeof *out);
    out->value = value;
    out->ec = (uint8_t)(value >> 26 & 0x3f);
    out->il = bit(value, 25);
    out->iss = (uint32_t)(value & 0x1ffffff);
    out->iss2 = (uint32_t)(value >> 32 & 0xffffff);
    out->reserved_bits = (uint8_t)(value >> 56);
    find_class(table, out);
    out->is_data_abort = out->class == KD_ESR_DABT;
    out->is_instruction_abort = out->class == KD_ESR_IABT;
    out->from_current_el = comes_in_pairs(out->ec) && (out->ec & 1);
    out->abort.dfsc_name = out->abort.dfsc_newest = out->abort.access_name = out->brk.name = "";
    if (out->is_data_abort || out->is_instruction_abort)
        decode_abort(out, table, &out->abort);
    decode_rest(out);
}

const char *kd_esr_fault_name(kd_esr_fault fault)
{
    static const char *const names[] = {
        [KD_ESR_FAULT_NONE] = "none",
        [KD_ESR_FAULT_TRANSLATION] = "translation",
        [KD_ESR_FAULT_ACCESS_FLAG] = "access flag",
        [KD_ESR_FAULT_PERMISSION] = "permission",
        [KD_ESR_FAULT_ADDRESS_SIZE] = "address size",
        [KD_ESR_FAULT_EXTERNAL] = "external abort",
        [KD_ESR_FAULT_ALIGNMENT] = "alignment",
        [KD_ESR_FAULT_TAG_CHECK] = "tag check",
        [KD_ESR_FAULT_OTHER] = "other",
    };
    return (unsigned)fault < KD_COUNT(names) ? names[fault] : "none";
}
