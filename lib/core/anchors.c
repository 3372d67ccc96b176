/* anchors.c - what the first lines of events hold, of all recognisers. Layer: core. */
#include <string.h>

#include "core/lists.h"
#include "core/tracker.h"
#include "input/mend.h"

/* The recogniser of the messages that packs describe. */
static uint8_t pack_parser(void)
{
    for (size_t i = 0; i < kd_parser_count; i++)
        if (kd_str_is(kd_str_of(kd_parsers[i]->name), "pack"))
            return (uint8_t)i;
    return NO_PARSER;
}

kd_status kd_anchors_init(kd_anchors *anchors, kd_mem *mem, const kd_list *more)
{
    size_t count = 0, n = 0;
    memset(anchors, 0, sizeof *anchors);
    for (size_t i = 0; i < kd_parser_count; i++)
        for (size_t k = 0; kd_parsers[i]->anchors[k]; k++)
            count++;
    for (size_t k = 0; kd_carrier_anchors[k]; k++)
        count++;
    for (size_t k = 0; kd_mend_anchors[k]; k++)
        count++;
    count += more->count;
    anchors->count = count;
    anchors->texts = kd_mem_resize(mem, NULL, 0, count * sizeof *anchors->texts);
    anchors->parser = kd_mem_resize(mem, NULL, 0, count * sizeof *anchors->parser);
    if (!anchors->texts || !anchors->parser)
        return KD_E_NOMEM;
    for (size_t i = 0; i < kd_parser_count; i++)
        for (size_t k = 0; kd_parsers[i]->anchors[k]; k++, n++) {
            anchors->texts[n] = kd_parsers[i]->anchors[k];
            anchors->parser[n] = (uint8_t)i;
        }
    for (size_t k = 0; kd_carrier_anchors[k]; k++, n++) {
        anchors->texts[n] = kd_carrier_anchors[k];
        anchors->parser[n] = NO_PARSER;
    }
    for (size_t k = 0; kd_mend_anchors[k]; k++, n++) {
        anchors->texts[n] = kd_mend_anchors[k];
        anchors->parser[n] = NO_PARSER;
    }
    const uint8_t of_packs = pack_parser();
    for (uint32_t k = 0; k < more->count; k++, n++) {
        anchors->texts[n] = KD_ITEMS(*more, kd_str)[k].ptr;
        anchors->parser[n] = of_packs;
    }
    return kd_matcher_init(&anchors->matcher, mem, anchors->texts, count);
}

void kd_anchors_free(kd_anchors *anchors, kd_mem *mem)
{
    kd_matcher_free(&anchors->matcher, mem);
    if (anchors->texts)
        kd_mem_free(mem, anchors->texts, anchors->count * sizeof *anchors->texts);
    if (anchors->parser)
        kd_mem_free(mem, anchors->parser, anchors->count * sizeof *anchors->parser);
}
