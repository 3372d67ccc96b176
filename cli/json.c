/* json.c - json-c with texts of any bytes. */
#include <stdlib.h>
#include <string.h>

#include "json.h"

json_object *json_text(kd_str from)
{
    text whole = { 0 };
    uint32_t c;
    for (size_t at = 0, size; at < from.len; at += size ? size : 1) {
        size = take_char(from.ptr + at, from.len - at, &c);
        if (size)
            text_put(from.ptr + at, size, &whole);
        else
            text_add(&whole, "\xef\xbf\xbd");
    }
    kd_str valid = text_str(&whole);
    json_object *made = json_object_new_string_len(valid.ptr, (int)valid.len);
    if (!made)
        note_no_memory();
    text_free(&whole);
    return made;
}

void json_add_text(json_object *to, const char *name, kd_str value)
{
    if (value.len > 0 && json_object_object_add(to, name, json_text(value)) != 0)
        note_no_memory();
}

void json_add_words(json_object *to, const char *name, const char *value)
{
    if (value)
        json_add_text(to, name, (kd_str){ value, strlen(value) });
}

void json_add_number(json_object *to, const char *name, uint64_t value)
{
    json_object *number = json_object_new_uint64(value);
    if (!number || json_object_object_add(to, name, number) != 0)
        note_no_memory();
}

#define PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

void json_print(text *to, json_object *value)
{
    size_t len = 0;
    const char *words = json_object_to_json_string_length(value, PLAIN, &len);
    if (words)
        text_put(words, len, to);
    else
        note_no_memory();
}

static int put(json_object *value, int flags)
{
    size_t len = 0;
    const char *words = json_object_to_json_string_length(value, flags, &len);
    if (!words)
        return complain(NULL, "out of memory");
    return put_stdout(words, len, NULL) || put_stdout("\n", 1, NULL) ? EXIT_TROUBLE : 0;
}

int put_json(json_object *value)
{
    return put(value, PLAIN);
}

int put_json_pretty(json_object *value)
{
    return put(value,
               JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* json-c does not look at each of its allocations. Its trees take some twenty bytes for each of the
 * text, where members are many; a text that large is a log in one string. So much must be there
 * before. */
#define MOST_OF_TREE ((size_t)64 << 20)

static bool is_room_for(size_t size)
{
    size_t tree = size < MOST_OF_TREE / 32 ? size * 32 + 65536 : MOST_OF_TREE + 2 * size;
    void *room = resize_noted(NULL, tree);
    free(room);
    return room != NULL;
}

json_object *json_read(kd_str from)
{
    if (from.len > INT32_MAX || !is_room_for(from.len))
        return NULL;
    struct json_tokener *reader = json_tokener_new_ex(64);
    if (!reader) {
        note_no_memory();
        return NULL;
    }
    json_object *value = json_tokener_parse_ex(reader, from.ptr, (int)from.len);
    size_t end = value ? json_tokener_get_parse_end(reader) : 0;
    while (value && end < from.len && strchr(" \t\r\n", from.ptr[end]) && from.ptr[end])
        end++;
    if (value && end < from.len) { /* something stands behind it */
        json_object_put(value);
        value = NULL;
    }
    json_tokener_free(reader);
    return value;
}

json_object *json_member(json_object *of, const char *name, json_type type)
{
    json_object *found = NULL;
    if (!json_object_is_type(of, json_type_object) ||
        !json_object_object_get_ex(of, name, &found) || !json_object_is_type(found, type))
        return NULL;
    return found;
}

kd_str json_str(json_object *of, const char *name)
{
    json_object *found = json_member(of, name, json_type_string);
    if (!found)
        return (kd_str){ "", 0 };
    return (kd_str){ json_object_get_string(found), (size_t)json_object_get_string_len(found) };
}
