/* text.h - text that grows, and what came from outside made printable. */
#ifndef OOPSDOC_TEXT_H
#define OOPSDOC_TEXT_H

#include "cli.h"

/* Zeroed: empty. */
typedef struct text {
    char *at; /* with a NUL behind it, once something was put */
    size_t len, room;
    bool failed; /* no memory: what was put since is not there */
} text;

/* A text found no memory, or json-c gave none: what was made is not whole, and the command must end
 * so. */
void note_no_memory(void);
bool was_no_memory(void);

/* A kd_write_fn: `user` is a text. */
int text_put(const char *data, size_t len, void *user);
void text_add(text *to, const char *words);
void text_print(text *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
kd_str text_str(const text *from);
void text_free(text *it);

/* Memory of malloc() with a NUL behind it; NULL: there is none. */
char *copy_str(kd_str from);

/* Length of the valid UTF-8 sequence at the start of the text, with its code point; 0: none. */
size_t take_char(const char *at, size_t len, uint32_t *out);
/* Code points that move, hide or turn the text around them become '?', as do bytes that are no
 * text; in place, the new length. */
size_t make_safe(char *line, size_t len);

#endif
