/* parsers.c - the list of recognisers, from parsers.def. Layer: event. */
#include "core/parser.h"

const kd_parser *const kd_parsers[] = {
#define KD_PARSER(name) &kd_parser_##name,
#include "core/parsers.def"
#undef KD_PARSER
};
const size_t kd_parser_count = KD_COUNT(kd_parsers);
