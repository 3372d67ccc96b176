/* names.c - "mac-3" for a value, the same wherever it is seen, and in a key file over runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redact.h"

typedef struct entry {
    const char *class; /* one of classes[] */
    char *key;         /* of the value: two ways to write one are the same */
    size_t key_len;
    char *value, name[40];
    size_t value_len;
    unsigned long number;
    size_t next; /* in its bucket, from 1 */
} entry;

enum { BUCKETS = 4096 };

struct names {
    entry *items;
    size_t count, room;
    size_t buckets[BUCKETS];
    unsigned long last[16]; /* by class */
};

static const char *const classes[] = { "token", "uuid",    "container", "cloud", "mail",
                                       "user",  "host",    "serial",    "ssid",  "mac",
                                       "ip",    "address", "pod" };
enum { CLASSES = sizeof classes / sizeof *classes };

names *names_new(void)
{
    return zeroed_noted(1, sizeof(names));
}

void names_free(names *n)
{
    for (size_t i = 0; n && i < n->count; i++) {
        free(n->items[i].key);
        free(n->items[i].value);
    }
    if (n)
        free(n->items);
    free(n);
}

static size_t class_number(const char *class, size_t len)
{
    size_t i = 0;
    while (i < CLASSES && (strlen(classes[i]) != len || memcmp(classes[i], class, len) != 0))
        i++;
    return i;
}

/* Letters of hosts, addresses and hexadecimal numbers may be of both cases. */
static char *key_of(const char *class, kd_str value, size_t *len)
{
    char *key = copy_str(value);
    bool exact = strcmp(class, "token") == 0 || strcmp(class, "ssid") == 0 ||
                 strcmp(class, "user") == 0 || strcmp(class, "serial") == 0;
    bool bare =
        strcmp(class, "mac") == 0 || strcmp(class, "uuid") == 0 || strcmp(class, "pod") == 0;
    *len = 0;
    for (size_t i = 0; key && i < value.len; i++) {
        char c = value.ptr[i];
        if (bare && (c == ':' || c == '-' || c == '_'))
            continue;
        key[(*len)++] = !exact && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return key;
}

static size_t bucket_of(const char *class, const char *key, size_t len)
{
    uint64_t seed = 14695981039346656037u + (uint64_t) class[0] * 31 + (uint64_t) class[1];
    for (size_t i = 0; i < len; i++)
        seed = (seed ^ (unsigned char)key[i]) * 1099511628211u;
    return (size_t)(seed ^ seed >> 32) % BUCKETS;
}

static entry *find(names *n, const char *class, const char *key, size_t len)
{
    size_t at = n->buckets[bucket_of(class, key, len)];
    for (; at; at = n->items[at - 1].next) {
        entry *e = &n->items[at - 1];
        if (strcmp(e->class, class) == 0 && e->key_len == len && memcmp(e->key, key, len) == 0)
            return e;
    }
    return NULL;
}

/* number 0: the next one of its class */
static entry *add(names *n, size_t class, kd_str value, unsigned long number)
{
    size_t len = 0;
    char *key = key_of(classes[class], value, &len);
    entry *known = key ? find(n, classes[class], key, len) : NULL;
    if (known || !key) {
        free(key);
        return known;
    }
    if (n->count == n->room) {
        size_t room = n->room ? n->room * 2 : 64;
        entry *wider = resize_noted(n->items, room * sizeof *wider);
        if (wider)
            n->items = wider, n->room = room;
    }
    char *copy = copy_str(value);
    if (n->count == n->room || !copy) {
        free(key);
        free(copy);
        return NULL;
    }
    entry *e = &n->items[n->count++];
    number = number ? number : n->last[class] + 1;
    n->last[class] = number > n->last[class] ? number : n->last[class];
    *e = (entry){ .class = classes[class], .key = key, .key_len = len, .value = copy };
    e->value_len = value.len;
    e->number = number;
    if (strcmp(e->class, "pod") == 0) /* is known as one by its shape */
        snprintf(e->name, sizeof e->name, "00000000-0000-0000-0000-%012lu", number % 1000000000000);
    else
        snprintf(e->name, sizeof e->name, "%s-%lu%s", e->class, number,
                 strcmp(e->class, "mail") == 0 ? "@mail.invalid" : "");
    size_t bucket = bucket_of(e->class, key, len);
    e->next = n->buckets[bucket];
    n->buckets[bucket] = n->count;
    return e;
}

const char *name_of(names *n, const char *class, kd_str value)
{
    size_t number = class_number(class, strlen(class));
    entry *e = number < CLASSES ? add(n, number, value, 0) : NULL;
    return e ? e->name : NULL;
}

void each_name(const names *n, name_fn each, void *user)
{
    for (size_t i = 0; i < n->count; i++)
        each(user, n->items[i].class, (kd_str){ n->items[i].value, n->items[i].value_len });
}

/* ---- the key file: CLASS NUMBER VALUE, odd bytes of the value as %XX ------------------------- */

void names_print(const names *n, text *out)
{
    text_add(out, "# oopsdoc redact: names and what they stand for. Keep it to yourself.\n");
    for (size_t i = 0; i < n->count; i++) {
        const entry *e = &n->items[i];
        text_print(out, "%s %lu ", e->class, e->number);
        for (size_t c = 0; c < e->value_len; c++) {
            unsigned char byte = (unsigned char)e->value[c];
            if (byte > ' ' && byte < 127 && byte != '%')
                text_print(out, "%c", byte);
            else
                text_print(out, "%%%02X", byte);
        }
        text_add(out, "\n");
    }
}

static size_t undo_percent(char *value, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        char hex[3] = { 0 };
        if (value[i] == '%' && i + 2 < len + 0) {
            memcpy(hex, value + i + 1, 2);
            value[kept++] = (char)strtoul(hex, NULL, 16);
            i += 2;
        } else {
            value[kept++] = value[i];
        }
    }
    return kept;
}

static bool read_line(names *n, char *line)
{
    char *number = strchr(line, ' '), *value = number ? strchr(number + 1, ' ') : NULL;
    if (line[0] == '#' || line[0] == 0)
        return true;
    size_t class = number ? class_number(line, (size_t)(number - line)) : CLASSES;
    unsigned long count = number ? strtoul(number + 1, NULL, 10) : 0;
    if (class == CLASSES || !value || count == 0)
        return false;
    value++;
    return add(n, class, (kd_str){ value, undo_percent(value, strlen(value)) }, count) != NULL;
}

bool names_read(names *n, const char *path)
{
    kd_str whole = { NULL, 0 };
    bool good = true;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    if (!read_whole(path, &whole))
        return false;
    for (size_t at = 0; good && at < whole.len;) {
        const char *end = memchr(whole.ptr + at, '\n', whole.len - at);
        size_t len = end ? (size_t)(end - whole.ptr) - at : whole.len - at;
        char *line = copy_str((kd_str){ whole.ptr + at, len });
        good = line && read_line(n, line);
        free(line);
        at += len + 1;
    }
    free((void *)(uintptr_t)whole.ptr);
    return good || complain(path, "no key file of oopsdoc redact") == 0;
}
