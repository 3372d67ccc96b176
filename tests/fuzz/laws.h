/* laws.h - what holds for every report, whatever the bytes: shared by the libFuzzer programs. A
 * broken law aborts with one line that names it. */
#ifndef KD_TESTS_FUZZ_LAWS_H
#define KD_TESTS_FUZZ_LAWS_H

#include <json-c/json.h>
#include <stdint.h>

#include "../load.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(holds, what)                           \
    do {                                           \
        if (!(holds)) {                            \
            fprintf(stderr, "broken: %s\n", what); \
            abort();                               \
        }                                          \
    } while (0)

static inline void law_ok(kd_status status, const char *what)
{
    LAW(status == KD_OK || status == KD_E_LIMIT, what);
}

/* One whole JSON value and nothing else, as a strict parser sees it. */
static inline void law_json(const text *out)
{
    struct json_tokener *parser = json_tokener_new_ex(64);
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
    struct json_object *value = json_tokener_parse_ex(parser, out->ptr, (int)out->len);
    enum json_tokener_error error = json_tokener_get_error(parser);
    size_t end = json_tokener_get_parse_end(parser);
    LAW(error == json_tokener_success, "the JSON can be parsed");
    LAW(out->len - end <= 1, "nothing stands behind the JSON but a line end");
    json_object_put(value);
    json_tokener_free(parser);
}

/* Text for people reaches terminals: no control byte of the log may pass. */
static inline void law_printable(const text *out)
{
    for (size_t i = 0; i < out->len; i++) {
        unsigned char byte = (unsigned char)out->ptr[i];
        LAW((byte >= ' ' && byte != 0x7f) || byte == '\n', "text holds no control byte");
    }
}

static inline void law_diag(const kd_diag *diag, size_t log_length)
{
    kd_value value;
    if (kd_diag_confidence(diag) == KD_CERTAIN)
        LAW(kd_diag_get(diag, "proof[0].equation", &value) == KD_OK, "certain only with a proof");
    for (size_t i = 0; i < kd_diag_evidence_count(diag); i++) {
        const kd_evidence *piece = kd_diag_evidence(diag, i);
        LAW(piece->line > 0, "evidence has a line");
        if (!piece->before)
            LAW(piece->offset <= log_length && piece->length <= log_length - piece->offset,
                "evidence lies inside the log");
    }
}

static inline text report_text(const kd_report *report, kd_format format, uint32_t flags)
{
    text out = { NULL, 0, 0 };
    law_ok(kd_report_write(report, format, flags, text_put, &out), "kd_report_write");
    return out;
}

static inline void law_report(const kd_report *report, size_t log_length)
{
    kd_stats stats;
    kd_report_stats(report, &stats, sizeof stats);
    for (size_t i = 0; i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        law_diag(diag, log_length);
        LAW(kd_diag_explanation(diag).len > 0 || stats.limits & KD_LIMIT_MEMORY,
            "a diagnosis is explained, unless there was no memory for the words");
    }
    text json = report_text(report, KD_FORMAT_JSON, 0);
    text people = report_text(report, KD_FORMAT_TEXT, 0);
    law_json(&json);
    law_printable(&people);
    free(json.ptr);
    free(people.ptr);
}

#endif
