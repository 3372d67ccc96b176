/* html.h - reports as one page: no script, no outside file, pictures in SVG. */
#ifndef OOPSDOC_HTML_H
#define OOPSDOC_HTML_H

#include "../json.h"

void html_begin(text *out, const char *title);
void html_end(text *out, const char *title); /* title: not used */
/* One section: a report, and why a part of it may be missing (NULL: nothing is). */
void html_report(text *out, const kd_report *report, const char *path, const char *why);

/* ---- parts ----------------------------------------------------------------------------------- */

/* Text of a log or a file name: no markup, nothing that hides or turns what stands around it. */
void html_text(text *out, kd_str words);
void html_words(text *out, const char *words);
/* A member that is text, between two literals; nothing where it is not there. */
void html_member(text *out, const char *before, json_object *of, const char *name,
                 const char *after);
uint64_t html_number(json_object *of, const char *name, uint64_t otherwise);
json_object *html_item(json_object *list, size_t index);
size_t html_count(json_object *list);
/* Of "events" or "diagnoses"; NULL: none. */
json_object *html_by_id(json_object *report, const char *list, const char *id);

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

void svg_timelines(text *out, json_object *report);
/* Free blocks by order and type, marks, and who holds the memory. */
void svg_memory(text *out, json_object *event);
void svg_address(text *out, json_object *event, const char *arch);
void html_stack(text *out, json_object *event);

#endif
