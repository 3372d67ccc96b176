/* page.h - text for people: columns, wrapping, colours, nothing that fools a terminal. Layer:
 * report. */
#ifndef KD_REPORT_PAGE_H
#define KD_REPORT_PAGE_H

#include "base/sink.h"

typedef struct kd_page {
    kd_sink sink;
    bool colour;
    size_t width; /* columns */
    size_t lines; /* written so far */
} kd_page;

/* @param flags  KD_COLOUR, KD_WIDTH(columns) */
void kd_page_init(kd_page *page, uint32_t flags, kd_write_fn write, void *user);

/* Our own words. */
void kd_page_put(kd_page *page, const char *text);
void kd_page_printf(kd_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An escape sequence, where colours are wanted. */
void kd_page_style(kd_page *page, const char *code);
void kd_page_heading(kd_page *page, const char *text);
/* Label, then words wrapped at the page's width; further lines are indented as the label is wide.
 */
void kd_page_item(kd_page *page, const char *label, kd_str text);
/* A text that keeps its own lines and blanks; a single line is wrapped. */
void kd_page_table(kd_page *page, const char *label, kd_str text);
/* A line of the log, escaped, cut to `room` columns. */
void kd_page_log(kd_page *page, kd_str text, size_t room);
/* The same without the end of the line. */
void kd_page_words(kd_page *page, kd_str text, size_t room);

/* The columns that the text takes when it is escaped. */
size_t kd_page_columns(kd_str text);

#endif
