/* json.h - json-c with texts of any bytes. */
#ifndef OOPSDOC_JSON_H
#define OOPSDOC_JSON_H

#include <json-c/json.h>

#include "text.h"

/* A string; U+FFFD for each byte that is part of no UTF-8. */
json_object *json_text(kd_str from);
void json_add_text(json_object *to, const char *name, kd_str value); /* an empty one: nothing */
void json_add_words(json_object *to, const char *name, const char *value); /* NULL, "": nothing */
void json_add_number(json_object *to, const char *name, uint64_t value);

/* On one line, without blanks. */
void json_print(text *to, json_object *value);
int put_json(json_object *value);        /* to standard output, with a newline */
int put_json_pretty(json_object *value); /* over several lines */

/* Whole text, one value; NULL: it is none. */
json_object *json_read(kd_str from);
/* Of an object; NULL: it has none of that name and type. */
json_object *json_member(json_object *of, const char *name, json_type type);
kd_str json_str(json_object *of, const char *name); /* empty: none */

#endif
