/* text.c - text that grows, and what came from outside made printable. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static atomic_bool no_memory;

void note_no_memory(void)
{
    atomic_store(&no_memory, true);
}

bool was_no_memory(void)
{
    return atomic_load(&no_memory);
}

void *zeroed_noted(size_t count, size_t size)
{
    void *made = calloc(count, size);
    if (!made)
        note_no_memory();
    return made;
}

void *resize_noted(void *from, size_t size)
{
    void *made = realloc(from, size);
    if (!made)
        note_no_memory();
    return made;
}

static bool make_room(text *to, size_t more)
{
    size_t need = to->len + more + 1, room = to->room ? to->room : 256;
    if (to->failed || need < more)
        return false;
    if (need <= to->room)
        return true;
    while (room < need)
        room *= 2;
    char *wider = resize_noted(to->at, room);
    if (!wider) {
        to->failed = true;
        return false;
    }
    to->at = wider;
    to->room = room;
    return true;
}

int text_put(const char *data, size_t len, void *user)
{
    text *to = user;
    if (!make_room(to, len))
        return 1;
    if (len > 0)
        memcpy(to->at + to->len, data, len);
    to->len += len;
    to->at[to->len] = 0;
    return 0;
}

void text_add(text *to, const char *words)
{
    text_put(words, strlen(words), to);
}

void text_print(text *to, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0)
        text_put(line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1, to);
}

kd_str text_str(const text *from)
{
    return (kd_str){ from->at ? from->at : "", from->len };
}

void text_free(text *it)
{
    free(it->at);
    *it = (text){ 0 };
}

char *copy_str(kd_str from)
{
    char *copy = resize_noted(NULL, from.len + 1);
    if (!copy)
        return NULL;
    if (from.len > 0)
        memcpy(copy, from.ptr, from.len);
    copy[from.len] = 0;
    return copy;
}

/* Code points that move, hide or turn the text around them. */
static bool is_hidden(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },
        { 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
        { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

size_t take_char(const char *at, size_t len, uint32_t *out)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char first = (unsigned char)at[0];
    size_t size = first < 0x80             ? 1
                  : (first & 0xe0) == 0xc0 ? 2
                  : (first & 0xf0) == 0xe0 ? 3
                  : (first & 0xf8) == 0xf0 ? 4
                                           : 0;
    if (size == 0 || size > len)
        return 0;
    *out = size == 1 ? first : first & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return 0;
        *out = *out << 6 | ((unsigned char)at[i] & 0x3f);
    }
    return *out < least[size] || *out > 0x10ffff || (*out >> 11) == 0x1b ? 0 : size;
}

/* A file name may hold a newline, an escape sequence, bytes that are no text. */
size_t make_safe(char *line, size_t len)
{
    size_t kept = 0;
    for (size_t at = 0, step; at < len; at += step) {
        uint32_t c = 0;
        size_t size = take_char(line + at, len - at, &c);
        step = size ? size : 1;
        if (size == 0 || is_hidden(c))
            line[kept++] = '?';
        else
            memmove(line + kept, line + at, size), kept += size;
    }
    return kept;
}
