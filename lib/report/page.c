/* page.c - columns, wrapping, colours. Layer: report. */
#include "report/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define WIDTH 80u
#define NARROWEST 40u

void kd_page_init(kd_page *page, uint32_t flags, kd_write_fn write, void *user)
{
    size_t width = flags >> 16;
    kd_sink_init(&page->sink, write, user);
    page->colour = flags & KD_COLOUR;
    page->width = width == 0 ? WIDTH : width < NARROWEST ? NARROWEST : width;
    page->lines = 0;
}

/* ---- characters ------------------------------------------------------------------------------ */

/* Code points that a terminal shows as nothing, or that move, hide or turn other text. */
static bool is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },
        { 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
        { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
    };
    for (size_t i = 0; i < KD_COUNT(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Of a sequence that kd_utf8_step() found valid. */
static uint32_t code_point(const unsigned char *c, size_t step)
{
    uint32_t value = step == 1 ? c[0] : c[0] & (0x7fu >> step);
    for (size_t i = 1; i < step; i++)
        value = value << 6 | (c[i] & 0x3fu);
    return value;
}

static bool is_safe(kd_str s, size_t step)
{
    return step > 0 && !is_hidden(code_point((const unsigned char *)s.ptr, step));
}

/* One character, escaped where needed; gives the columns it takes. */
static size_t put_char(kd_page *page, kd_str *rest)
{
    size_t step = kd_utf8_step(*rest), columns = 1;
    kd_str c = { rest->ptr, step ? step : 1 };
    if (step == 1 && rest->ptr[0] == '\t') {
        kd_sink_put(&page->sink, KD_STR(" "));
    } else if (is_safe(*rest, step)) {
        kd_sink_put(&page->sink, c);
    } else {
        columns = 0;
        for (size_t i = 0; i < c.len; i++, columns += 4) {
            char escape[8];
            kd_sink_put(&page->sink,
                        kd_str_print(escape, sizeof escape, "\\x%02x", (unsigned char)c.ptr[i]));
        }
    }
    *rest = kd_str_from(*rest, c.len);
    return columns;
}

static size_t columns_of_next(kd_str text)
{
    size_t step = kd_utf8_step(text);
    return is_safe(text, step) || text.ptr[0] == '\t' ? 1 : 4 * (step ? step : 1);
}

size_t kd_page_columns(kd_str text)
{
    size_t columns = 0;
    while (text.len > 0) {
        size_t step = kd_utf8_step(text);
        columns += columns_of_next(text);
        text = kd_str_from(text, step ? step : 1);
    }
    return columns;
}

/* ---- lines ----------------------------------------------------------------------------------- */

void kd_page_put(kd_page *page, const char *text)
{
    for (const char *c = text; *c; c++)
        page->lines += *c == '\n';
    kd_sink_put(&page->sink, kd_str_of(text));
}

void kd_page_printf(kd_page *page, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) > 0)
        kd_page_put(page, text);
    va_end(args);
}

void kd_page_style(kd_page *page, const char *code)
{
    if (page->colour)
        kd_page_put(page, code);
}

void kd_page_heading(kd_page *page, const char *text)
{
    kd_page_style(page, "\033[1m");
    kd_page_put(page, text);
    kd_page_style(page, "\033[0m");
    kd_page_put(page, "\n");
}

static void put_indent(kd_page *page, size_t count)
{
    while (count-- > 0)
        kd_page_put(page, " ");
}

void kd_page_item(kd_page *page, const char *label, kd_str text)
{
    size_t indent = strlen(label), column = indent;
    kd_str word;
    bool first = true;
    kd_page_put(page, label);
    while (kd_str_split(&text, ' ', &word)) {
        size_t columns = kd_page_columns(word);
        if (word.len == 0)
            continue;
        if (!first && column + 1 + columns > page->width) {
            kd_page_put(page, "\n");
            put_indent(page, indent);
            column = indent;
        } else if (!first) {
            kd_page_put(page, " ");
            column++;
        }
        while (word.len > 0)
            column += put_char(page, &word);
        first = false;
    }
    kd_page_put(page, "\n");
}

void kd_page_table(kd_page *page, const char *label, kd_str text)
{
    kd_str line;
    if (!kd_str_has(text, "\n")) {
        kd_page_item(page, label, text);
        return;
    }
    while (kd_str_split(&text, '\n', &line)) {
        kd_page_put(page, label);
        while (line.len > 0)
            put_char(page, &line);
        kd_page_put(page, "\n");
    }
}

void kd_page_words(kd_page *page, kd_str text, size_t room)
{
    size_t column = 0;
    while (text.len > 0 && column + columns_of_next(text) <= room)
        column += put_char(page, &text);
    if (text.len > 0)
        kd_page_put(page, "...");
}

void kd_page_log(kd_page *page, kd_str text, size_t room)
{
    kd_page_words(page, text, room);
    kd_page_put(page, "\n");
}
