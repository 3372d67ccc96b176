/* memory.c - pictures of memory: free blocks, marks, who holds it. */
#include <stdio.h>
#include <string.h>

#include "html.h"

enum { WIDTH = 640, LEFT = 110, RIGHT = 500, ROW = 20 };

static json_object *list_of(json_object *of, const char *name)
{
    return json_member(of, name, json_type_array);
}

static void name_zone(char *to, size_t size, json_object *zone, const char *words)
{
    snprintf(to, size, "node %llu, zone %.20s%s", (unsigned long long)html_number(zone, "node", 0),
             json_str(zone, "name").ptr, words);
}

/* ---- free blocks by order and type ----------------------------------------------------------- */

static bool is_only_cma(const char *types)
{
    return types[0] == 'C' && types[1] == 0;
}

static void put_blocks(picture *to, json_object *block, int row, uint64_t page_kb, uint64_t most)
{
    uint64_t order = html_number(block, "order", 0), blocks = html_number(block, "blocks", 0);
    const char *types = json_str(block, "types").ptr;
    uint64_t kb = (page_kb << order) * blocks;
    int width = (int)((RIGHT - LEFT) * (double)kb / (double)most), y = 26 + row * ROW;
    char words[120];
    snprintf(words, sizeof words, "order %llu", (unsigned long long)order);
    svg_label(to, LEFT - 8, y + 12, "end", NULL, words);
    svg_bar(to, LEFT, y, width < 1 && kb > 0 ? 1 : width, 14, is_only_cma(types) ? "fb" : "fa");
    snprintf(words, sizeof words, "%llu of %llu kB%s%.12s", (unsigned long long)blocks,
             (unsigned long long)(page_kb << order), types[0] ? " " : "", types);
    svg_label(to, LEFT + width + 6, y + 12, "start", "soft", words);
}

static void put_zone_blocks(text *out, json_object *zone, uint64_t wanted, bool has_wanted)
{
    json_object *buddy = list_of(zone, "buddy");
    uint64_t page_kb = html_number(zone, "page_kb", 4), most = 1;
    size_t count = html_count(buddy);
    picture to;
    char title[160];
    if (count == 0 || count > 20)
        return;
    for (size_t i = 0; i < count; i++) {
        json_object *block = html_item(buddy, i);
        uint64_t order = html_number(block, "order", 0);
        uint64_t kb = order < 20 ? (page_kb << order) * html_number(block, "blocks", 0) : 0;
        most = kb > most ? kb : most;
    }
    name_zone(title, sizeof title, zone, ": free memory by size of block");
    svg_begin(&to, out, WIDTH, 40 + (int)count * ROW, title);
    svg_label(&to, LEFT, 14, "start", "soft", title);
    for (size_t i = 0; i < count; i++) {
        uint64_t order = html_number(html_item(buddy, i), "order", 0);
        if (order < 20)
            put_blocks(&to, html_item(buddy, i), (int)i, page_kb, most);
        if (has_wanted && order == wanted) {
            int y = 24 + (int)i * ROW;
            snprintf(title, sizeof title, "M%d %dH%d", LEFT - 70, y, WIDTH - 10);
            svg_line(&to, "bad", title);
            svg_label(&to, WIDTH - 10, y - 4, "end", "ffatal", "asked for: this size or more");
        }
    }
    svg_end(&to);
    text_add(out,
             "<p class=\"soft\">Types: U unmovable, M movable, E reclaimable, H highatomic, C CMA "
             "(movable only; drawn in the other colour where there is nothing else).</p>\n");
}

/* ---- marks against free memory --------------------------------------------------------------- */

static void put_mark(picture *to, int y, uint64_t kb, uint64_t most, const char *name)
{
    int x = LEFT + (int)((RIGHT - LEFT) * (double)kb / (double)most);
    char words[64];
    snprintf(words, sizeof words, "M%d %dv26", x, y - 4);
    svg_line(to, "bad", words);
    snprintf(words, sizeof words, "%s %llu", name, (unsigned long long)kb);
    svg_label(to, x, y + 36, "start", "soft", words);
}

static void put_zone_marks(text *out, json_object *zone)
{
    uint64_t free_kb = html_number(zone, "free_kb", 0), high = html_number(zone, "high_kb", 0);
    uint64_t min = html_number(zone, "min_kb", 0), cma = html_number(zone, "free_cma_kb", 0);
    uint64_t most = free_kb > high ? free_kb : high;
    char title[200], words[80];
    picture to;
    if (most == 0 || !json_member(zone, "free_kb", json_type_int) || cma > free_kb)
        return;
    name_zone(title, sizeof title, zone, "");
    snprintf(words, sizeof words, ": %llu kB free, min %llu, high %llu",
             (unsigned long long)free_kb, (unsigned long long)min, (unsigned long long)high);
    strcat(title, words);
    int width = (int)((RIGHT - LEFT) * (double)free_kb / (double)most);
    int own = (int)((RIGHT - LEFT) * (double)(free_kb - cma) / (double)most);
    svg_begin(&to, out, WIDTH, 76, title);
    svg_label(&to, LEFT, 14, "start", "soft", title);
    svg_bar(&to, LEFT, 24, own, 18, "fa");
    svg_bar(&to, LEFT + own, 24, width - own, 18, "fb");
    if (json_member(zone, "min_kb", json_type_int))
        put_mark(&to, 24, min, most, "min");
    if (json_member(zone, "high_kb", json_type_int) && high > min + most / 8)
        put_mark(&to, 24, high, most, "high");
    svg_end(&to);
}

/* ---- who holds the memory -------------------------------------------------------------------- */

static void put_consumers(text *out, json_object *memory)
{
    json_object *list = list_of(memory, "consumers");
    size_t count = html_count(list) < 12 ? html_count(list) : 12;
    uint64_t rest = html_number(memory, "unaccounted_kb", 0), most = rest > 1 ? rest : 1;
    char words[96];
    picture to;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        uint64_t kb = html_number(html_item(list, i), "kb", 0);
        most = kb > most ? kb : most;
    }
    svg_begin(&to, out, WIDTH, 30 + (int)(count + (rest > 0)) * ROW, "Who holds the memory");
    svg_label(&to, LEFT + 30, 14, "start", "soft", "who holds the memory");
    for (size_t i = 0; i < count + (rest > 0); i++) {
        json_object *item = html_item(list, i);
        uint64_t kb = i < count ? html_number(item, "kb", 0) : rest;
        int width = (int)((RIGHT - LEFT - 30) * (double)kb / (double)most);
        int y = 22 + (int)i * ROW;
        svg_label(&to, LEFT + 22, y + 12, "end", NULL,
                  i < count ? json_str(item, "name").ptr : "no counter tells");
        svg_bar(&to, LEFT + 30, y, width, 14, i < count ? "fc" : "fd");
        snprintf(words, sizeof words, "%llu kB", (unsigned long long)kb);
        svg_label(&to, LEFT + 36 + width, y + 12, "start", "soft", words);
    }
    svg_end(&to);
}

/* ---- /proc/pagetypeinfo ---------------------------------------------------------------------- */

static void put_types(text *out, json_object *zone)
{
    json_object *free_lists = json_member(zone, "free", json_type_object);
    char title[160];
    if (!free_lists)
        return;
    name_zone(title, sizeof title, zone, ": free blocks by type and order");
    text_add(out, "<table><caption class=\"soft\">");
    html_words(out, title);
    text_add(out, "</caption><tbody>\n");
    json_object_object_foreach(free_lists, name, orders)
    {
        text_add(out, "<tr><th scope=\"row\">");
        html_words(out, name);
        text_add(out, "</th>");
        for (size_t i = 0; i < html_count(orders) && i < 20; i++)
            text_print(out, "<td>%llu</td>",
                       (unsigned long long)json_object_get_uint64(html_item(orders, i)));
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table>\n");
}

void svg_memory(text *out, json_object *event)
{
    json_object *memory = json_member(event, "meminfo", json_type_object);
    bool has_order = json_member(event, "order", json_type_int) != NULL;
    json_object *own = memory ? memory : event;
    json_object *zones = list_of(own, "zones");
    for (size_t i = 0; i < html_count(zones) && i < 8; i++) {
        json_object *zone = html_item(zones, i);
        put_zone_marks(out, zone);
        put_zone_blocks(out, zone, html_number(event, "order", 0), has_order);
        put_types(out, zone);
    }
    put_consumers(out, own);
}
