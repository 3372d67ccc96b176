/* record.c - a result as JSON, and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"

static const char *const outcomes[] = { "read", "limited", "not-text", "no-kernel" };

static const struct row {
    const char *name;
    size_t at, size;
} words[] = {
#define ROW(member, name)                                               \
    {                                                                   \
        name, offsetof(finding, member), sizeof(((finding *)0)->member) \
    }
    ROW(signature, "signature"),
    ROW(title, "title"),
    ROW(rule, "rule"),
    ROW(confidence, "confidence"),
    ROW(severity, "severity"),
    ROW(impact, "impact"),
    ROW(suspect_class, "suspect_class"),
    ROW(suspect, "suspect"),
    ROW(arch, "arch"),
    ROW(kernel, "kernel"),
    ROW(wall_time, "wall_time"),
#undef ROW
};

static json_object *problem_of(const finding *f)
{
    json_object *made = json_object_new_object();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        json_add_words(made, words[i].name, (const char *)f + words[i].at);
    json_add_number(made, "count", f->count);
    json_add_number(made, "first_line", f->first_line);
    json_add_number(made, "last_line", f->last_line);
    return made;
}

void record_write(text *out, const looked *r, const char *tool)
{
    json_object *made = json_object_new_object(), *list = json_object_new_array();
    char key[2 * HASH_BYTES + 1];
    for (int i = 0; i < HASH_BYTES; i++)
        snprintf(key + 2 * i, 3, "%02x", r->hash.bytes[i]);
    json_add_words(made, "source", r->name);
    json_add_words(made, "hash", key);
    json_add_words(made, "tool", tool);
    json_add_words(made, "error", r->error);
    json_add_words(made, "outcome", outcomes[r->outcome]);
    json_add_number(made, "bytes", r->bytes);
    json_add_number(made, "lines", r->lines);
    json_add_words(made, "machine", r->machine);
    json_add_words(made, "arch", r->arch);
    json_add_words(made, "kernel", r->kernel);
    for (size_t i = 0; i < r->count; i++)
        json_object_array_add(list, problem_of(&r->items[i]));
    json_object_object_add(made, "problems", list);
    json_print(out, made);
    json_object_put(made);
}

/* ---- back ------------------------------------------------------------------------------------ */

static uint64_t number_of(json_object *of, const char *name)
{
    json_object *found = json_member(of, name, json_type_int);
    return found ? json_object_get_uint64(found) : 0;
}

static void read_problem(finding *to, json_object *from)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        copy_clean((char *)to + words[i].at, words[i].size, json_str(from, words[i].name));
    to->count = number_of(from, "count");
    to->first_line = number_of(from, "first_line");
    to->last_line = number_of(from, "last_line");
}

static bool read_hash(hash *to, kd_str from)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; from.len == 2 * HASH_BYTES && i < from.len; i++) {
        const char *digit = from.ptr[i] ? strchr(digits, from.ptr[i]) : NULL;
        if (!digit)
            return false;
        to->bytes[i / 2] = (unsigned char)(to->bytes[i / 2] << 4 | (digit - digits));
    }
    return from.len == 2 * HASH_BYTES;
}

static bool read_rest(looked *r, json_object *from)
{
    json_object *list = json_member(from, "problems", json_type_array);
    size_t count = list ? json_object_array_length(list) : 0;
    kd_str outcome = json_str(from, "outcome"), error = json_str(from, "error");
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (strcmp(outcome.ptr, outcomes[i]) == 0)
            r->outcome = (log_outcome)i;
    r->name = copy_str(json_str(from, "source"));
    r->error = error.len ? copy_str(error) : NULL;
    r->bytes = number_of(from, "bytes");
    r->lines = number_of(from, "lines");
    copy_clean(r->machine, sizeof r->machine, json_str(from, "machine"));
    copy_clean(r->arch, sizeof r->arch, json_str(from, "arch"));
    copy_clean(r->kernel, sizeof r->kernel, json_str(from, "kernel"));
    if (count > 0 && !(r->items = zeroed_noted(count, sizeof *r->items)))
        return false;
    r->count = count;
    for (size_t i = 0; i < count; i++)
        read_problem(&r->items[i], json_object_array_get_idx(list, i));
    return r->name && r->name[0] && (!error.len || r->error) &&
           read_hash(&r->hash, json_str(from, "hash"));
}

looked *record_read(kd_str from, char **tool)
{
    json_object *whole = json_read(from);
    kd_str by = json_str(whole, "tool");
    looked *r = by.len ? zeroed_noted(1, sizeof *r) : NULL;
    *tool = copy_str(by);
    if (r && (!*tool || !read_rest(r, whole))) {
        record_free(r);
        r = NULL;
    }
    if (!r) {
        free(*tool);
        *tool = NULL;
    }
    json_object_put(whole);
    return r;
}

void record_free(looked *r)
{
    if (!r)
        return;
    free((char *)(uintptr_t)r->error); /* copy_str()'s here, static text elsewhere */
    result_free(r);
}
