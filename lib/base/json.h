/* json.h - a JSON writer: values go to the sink as they come, without a tree and without memory.
 *
 * Nothing but the sink can fail, so half a value is never written for want of memory; keys and
 * texts have any length and any bytes (a byte that is part of no UTF-8 sequence becomes U+FFFD).
 * The caller opens and closes in pairs and gives each member of an object its key.
 *
 * KD_PRETTY: an object or list stands on one line when it fits into KD_JSON_WIDTH columns, else
 * each member has a line. To know that, the writer holds back at most one line. Layer: base.
 */
#ifndef KD_BASE_JSON_H
#define KD_BASE_JSON_H

#include "base/sink.h"

#define KD_JSON_WIDTH 110u

/* A comma, or the bracket that a member begins with, in what is held back. */
typedef struct kd_json_mark {
    uint8_t at;
    bool bracket;
    unsigned depth; /* of the object or list that it stands in */
} kd_json_mark;

typedef struct kd_json {
    kd_sink sink;
    kd_str key; /* of the value that comes next; written with it */
    bool pretty;
    bool bare;       /* no separator before the next value: it has a key, or is the first of all */
    bool empty;      /* the innermost object or list has no member yet */
    unsigned indent; /* blanks before the members of the innermost one that has its own lines */
    unsigned levels; /* how many are open in what is held back */
    size_t held;     /* where that begins in the sink's portion */
    size_t limit;    /* so far the portion is filled without making room */
    size_t mark_count;
    kd_json_mark marks[KD_JSON_WIDTH];
} kd_json;

/* @param flags  KD_PRETTY or 0 */
void kd_json_init(kd_json *out, uint32_t flags, kd_write_fn write, void *user);
/* The next value is one of its own, not a member: after a new line. */
void kd_json_line(kd_json *out);
kd_status kd_json_end(kd_json *out);

/* '{' or '[', and '}' or ']'. */
void kd_json_open(kd_json *out, char bracket);
void kd_json_close(kd_json *out, char bracket);
/* The same, with each member on its own line in any case. */
void kd_json_open_lines(kd_json *out, char bracket);

void kd_json_key(kd_json *out, kd_str name);
/* A key that is a name of our own, as it is written: KD_JSON_KEY("lines"). */
void kd_json_name(kd_json *out, kd_str key);
#define KD_JSON_KEY(name)                              \
    {                                                  \
        "\"" name "\": ", sizeof("\"" name "\": ") - 1 \
    }
void kd_json_text(kd_json *out, kd_str text);
void kd_json_u64(kd_json *out, uint64_t number);
void kd_json_i64(kd_json *out, int64_t number);
void kd_json_bool(kd_json *out, bool value);
/* "0x1f" */
void kd_json_hex(kd_json *out, uint64_t number);

#endif
