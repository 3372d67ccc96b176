/* html.h - reports as one page: no script, no outside file, pictures in SVG. */
#ifndef OOPSDOC_HTML_H
#define OOPSDOC_HTML_H

#include "../text.h"

void html_begin(text *out, const char *title);
void html_end(text *out, const char *title); /* title: not used */
/* One section: a report, and why a part of it may be missing (NULL: nothing is). */
void html_report(text *out, const kd_report *report, const char *path, const char *why);

/* ---- reading the report ---------------------------------------------------------------------- */

/* A boot, an event, a diagnosis or a problem, or a part of one: what its path begins with. */
typedef kd_status (*html_getter)(const void *of, const char *path, kd_value *out);
typedef struct html_part {
    html_getter get;
    const void *of;
    char path[64];
} html_part;

html_part html_boot(const kd_context *boot);
html_part html_event(const kd_event *event);
html_part html_diag(const kd_diag *diag);
html_part html_problem(const kd_problem *problem);
html_part html_inner(const html_part *of, const char *name); /* of an object: "blame" */
html_part html_item(const html_part *of, const char *list, size_t index); /* of a list of objects */

/* KD_NONE: there is none. */
kd_value html_value(const html_part *of, const char *name);
kd_value html_value_at(const html_part *of, const char *list, size_t index);
kd_str html_str(const html_part *of, const char *name); /* empty: none */
uint64_t html_number(const html_part *of, const char *name, uint64_t otherwise);
bool html_has_number(const html_part *of, const char *name);
size_t html_count(const html_part *of, const char *list);

/* By their numbers; NULL: none. */
const kd_event *html_event_by_id(const kd_report *report, uint64_t id);
const kd_diag *html_diag_by_id(const kd_report *report, uint64_t id);
/* The diagnosis that is the root of a problem; NULL: it has none. */
const kd_diag *html_root(const kd_report *report, const kd_problem *problem);

/* ---- parts ----------------------------------------------------------------------------------- */

/* Text of a log or a file name: no markup, nothing that hides or turns what stands around it. */
void html_text(text *out, kd_str words);
void html_words(text *out, const char *words);
/* A member that is text or an address, between two literals; nothing where it is not there. */
void html_member(text *out, const char *before, const html_part *of, const char *name,
                 const char *after);

/* A picture has a name, and its labels as words for who cannot see where they stand. */
typedef struct picture {
    text *out;
    text drawn, said;
} picture;

void svg_begin(picture *to, text *out, int width, int height, const char *title);
void svg_end(picture *to);
void svg_bar(picture *to, int x, int y, int width, int height, const char *class);
void svg_line(picture *to, const char *class, const char *path);
void svg_label(picture *to, int x, int y, const char *anchor, const char *class, const char *words);

void svg_timelines(text *out, const kd_report *report);
/* Free blocks by order and type, marks, and who holds the memory. */
void svg_memory(text *out, const html_part *event);
void svg_address(text *out, const html_part *event, kd_str arch);
void html_stack(text *out, const html_part *event);

#endif
