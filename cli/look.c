/* look.c - one log analysed, for the commands that need more than its report printed. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "look.h"

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct feeding {
    kd_session *session;
    look *it;
} feeding;

static void keep_tail(look *it, kd_str bytes)
{
    if (bytes.len >= TAIL_MOST) {
        memcpy(it->tail, bytes.ptr + bytes.len - TAIL_MOST, TAIL_MOST);
        it->tail_len = TAIL_MOST;
        return;
    }
    size_t over = it->tail_len + bytes.len > TAIL_MOST ? it->tail_len + bytes.len - TAIL_MOST : 0;
    memmove(it->tail, it->tail + over, it->tail_len - over);
    it->tail_len -= over;
    memcpy(it->tail + it->tail_len, bytes.ptr, bytes.len);
    it->tail_len += bytes.len;
}

/* A marker may stand across two portions: then its beginning is at the end of the tail. */
static void seek_marker(look *it, kd_str bytes)
{
    char seam[512];
    size_t most = it->marker.len - 1;
    size_t before = it->tail_len < most ? it->tail_len : most;
    size_t after = bytes.len < most ? bytes.len : most;
    memcpy(seam, it->tail + it->tail_len - before, before);
    memcpy(seam + before, bytes.ptr, after);
    it->marked = memmem(bytes.ptr, bytes.len, it->marker.ptr, it->marker.len) ||
                 memmem(seam, before + after, it->marker.ptr, it->marker.len);
}

static kd_status feed(void *user, kd_str bytes)
{
    feeding *f = user;
    if (f->it->marker.len > 0 && f->it->marker.len <= 256 && !f->it->marked)
        seek_marker(f->it, bytes);
    keep_tail(f->it, bytes);
    return kd_session_feed(f->session, bytes);
}

static void packed(void *user, const char *how)
{
    feeding *f = user;
    kd_session_packed(f->session, (kd_str){ how, strlen(how) });
}

int look_at(kd_engine *engine, kd_options *options, const char *path, look *it)
{
    feeding f = { NULL, it };
    options->source_name = (kd_str){ path, strcmp(path, "-") ? strlen(path) : 0 };
    kd_status status = kd_session_new(&f.session, engine, options);
    if (status != KD_OK)
        return complain(path, kd_status_name(status));
    const taker to = { feed, NULL, packed, 0, &f };
    int result = read_portions(path, &to);
    it->limited = result == EXIT_LIMIT;
    if (result != EXIT_TROUBLE) {
        status = kd_session_report(f.session, &it->report);
        it->limited |= status == KD_E_LIMIT;
        result = it->report ? 0 : complain(path, kd_status_name(status));
    }
    kd_session_free(f.session);
    return result;
}

void look_free(look *it)
{
    kd_report_free(it->report);
    it->report = NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

static kd_str text_of(kd_status status, const kd_value *value)
{
    return status == KD_OK && value->type == KD_TEXT ? value->as.s : (kd_str){ "", 0 };
}

static uint64_t number_of(kd_status status, const kd_value *value, uint64_t otherwise)
{
    if (status != KD_OK)
        return otherwise;
    switch (value->type) {
    case KD_U64:
    case KD_HEX: return value->as.u;
    case KD_LIST: return value->as.count;
    case KD_BOOL: return value->as.b;
    default: return otherwise;
    }
}

kd_str event_text(const kd_event *event, const char *path)
{
    kd_value value;
    return text_of(kd_event_get(event, path, &value), &value);
}

uint64_t event_number(const kd_event *event, const char *path, uint64_t otherwise)
{
    kd_value value;
    return number_of(kd_event_get(event, path, &value), &value, otherwise);
}

kd_str problem_text(const kd_problem *problem, const char *path)
{
    kd_value value;
    return text_of(kd_problem_get(problem, path, &value), &value);
}

uint64_t problem_number(const kd_problem *problem, const char *path, uint64_t otherwise)
{
    kd_value value;
    return number_of(kd_problem_get(problem, path, &value), &value, otherwise);
}

/* ---- what a report says ---------------------------------------------------------------------- */

static const kd_event *event_by_id(const kd_report *report, uint64_t id)
{
    size_t low = 0, high = kd_report_event_count(report);
    while (low < high) { /* they stand in the order of their numbers */
        size_t middle = low + (high - low) / 2;
        const kd_event *event = kd_report_event(report, middle);
        if (kd_event_id(event) == id)
            return event;
        if (kd_event_id(event) < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const kd_diag *diag_by_id(const kd_report *report, uint64_t id)
{
    for (size_t i = 0, count = kd_report_diag_count(report); i < count; i++)
        if (kd_diag_number(kd_report_diag(report, i)) == id)
            return kd_report_diag(report, i);
    return NULL;
}

const kd_diag *root_diag(const kd_report *report, const kd_problem *problem)
{
    uint64_t root = problem_number(problem, "root", 0);
    uint64_t count = problem_number(problem, "diagnoses", 0);
    char path[40];
    for (uint64_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "diagnoses[%llu]", (unsigned long long)i);
        if (problem_number(problem, path, 0) == root) /* else it is the number of an event */
            return diag_by_id(report, root);
    }
    return NULL;
}

const kd_event *root_event(const kd_report *report, const kd_problem *problem)
{
    kd_str wanted = problem_text(problem, "signature.id");
    uint64_t count = problem_number(problem, "events", 0);
    const kd_event *first = NULL;
    char path[40];
    for (uint64_t i = 0; i < count && i < 64; i++) {
        snprintf(path, sizeof path, "events[%llu]", (unsigned long long)i);
        const kd_event *event = event_by_id(report, problem_number(problem, path, 0));
        kd_str id = event ? event_text(event, "signature.id") : (kd_str){ "", 0 };
        if (id.len == wanted.len && id.len > 0 && memcmp(id.ptr, wanted.ptr, id.len) == 0)
            return event;
        first = first ? first : event;
    }
    return first;
}

/* Lines with a kernel's prefix, facts of a machine, or an event. */
bool is_kernel_log(const kd_report *report)
{
    text words = { 0 };
    kd_value value;
    bool found = kd_report_event_count(report) > 0;
    for (size_t i = 0; !found && i < kd_report_boot_count(report); i++)
        found = kd_context_get(kd_report_context(report, i), "kernel_release", &value) == KD_OK &&
                value.type == KD_TEXT && value.line > 0;
    if (!found && kd_report_write(report, KD_FORMAT_END, 0, text_put, &words) == KD_OK) {
        json_object *whole = json_read(text_str(&words));
        if (!whole)
            note_no_memory();
        json_object *end = json_member(whole, "end", json_type_object);
        json_object *source = json_member(end, "source", json_type_object);
        json_object *forms = json_member(source, "forms", json_type_array);
        for (size_t i = 0; forms && i < json_object_array_length(forms); i++) {
            const char *form = json_object_get_string(json_object_array_get_idx(forms, i));
            found |= strncmp(form, "gzip", 4) && strncmp(form, "xz", 2) && strncmp(form, "zstd", 4);
        }
        json_object_put(whole);
    }
    text_free(&words);
    return found;
}
