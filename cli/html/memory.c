/* memory.c - pictures of memory: free blocks, marks, who holds it. */
#include <stdio.h>
#include <string.h>

#include "html.h"

enum { WIDTH = 640, LEFT = 110, RIGHT = 500, ROW = 20 };

static void name_zone(char *to, size_t size, const html_part *zone, const char *words)
{
    kd_str name = html_str(zone, "name");
    snprintf(to, size, "node %llu, zone %.*s%s", (unsigned long long)html_number(zone, "node", 0),
             name.len < 20 ? (int)name.len : 20, name.ptr, words);
}

/* ---- free blocks by order and type ----------------------------------------------------------- */

static bool is_only_cma(kd_str types)
{
    return types.len == 1 && types.ptr[0] == 'C';
}

static void put_blocks(picture *to, const html_part *block, int row, uint64_t page_kb,
                       uint64_t most)
{
    uint64_t order = html_number(block, "order", 0), blocks = html_number(block, "blocks", 0);
    kd_str types = html_str(block, "types");
    uint64_t kb = (page_kb << order) * blocks;
    int width = (int)((RIGHT - LEFT) * (double)kb / (double)most), y = 26 + row * ROW;
    char words[120];
    snprintf(words, sizeof words, "order %llu", (unsigned long long)order);
    svg_label(to, LEFT - 8, y + 12, "end", NULL, words);
    svg_bar(to, LEFT, y, width < 1 && kb > 0 ? 1 : width, 14, is_only_cma(types) ? "fb" : "fa");
    snprintf(words, sizeof words, "%llu of %llu kB%s%.*s", (unsigned long long)blocks,
             (unsigned long long)(page_kb << order), types.len ? " " : "",
             types.len < 12 ? (int)types.len : 12, types.ptr);
    svg_label(to, LEFT + width + 6, y + 12, "start", "soft", words);
}

static void put_zone_blocks(text *out, const html_part *zone, uint64_t wanted, bool has_wanted)
{
    uint64_t page_kb = html_number(zone, "page_kb", 4), most = 1;
    size_t count = html_count(zone, "buddy");
    picture to;
    char title[160];
    if (count == 0 || count > 20)
        return;
    for (size_t i = 0; i < count; i++) {
        html_part block = html_item(zone, "buddy", i);
        uint64_t order = html_number(&block, "order", 0);
        uint64_t kb = order < 20 ? (page_kb << order) * html_number(&block, "blocks", 0) : 0;
        most = kb > most ? kb : most;
    }
    name_zone(title, sizeof title, zone, ": free memory by size of block");
    svg_begin(&to, out, WIDTH, 40 + (int)count * ROW, title);
    svg_label(&to, LEFT, 14, "start", "soft", title);
    for (size_t i = 0; i < count; i++) {
        html_part block = html_item(zone, "buddy", i);
        uint64_t order = html_number(&block, "order", 0);
        if (order < 20)
            put_blocks(&to, &block, (int)i, page_kb, most);
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

static void put_zone_marks(text *out, const html_part *zone)
{
    uint64_t free_kb = html_number(zone, "free_kb", 0), high = html_number(zone, "high_kb", 0);
    uint64_t min = html_number(zone, "min_kb", 0), cma = html_number(zone, "free_cma_kb", 0);
    uint64_t most = free_kb > high ? free_kb : high;
    char title[200], words[80];
    picture to;
    if (most == 0 || !html_has_number(zone, "free_kb") || cma > free_kb)
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
    if (html_has_number(zone, "min_kb"))
        put_mark(&to, 24, min, most, "min");
    if (html_has_number(zone, "high_kb") && high > min + most / 8)
        put_mark(&to, 24, high, most, "high");
    svg_end(&to);
}

/* ---- who holds the memory -------------------------------------------------------------------- */

static void put_consumers(text *out, const html_part *memory)
{
    size_t all = html_count(memory, "consumers"), count = all < 12 ? all : 12;
    uint64_t rest = html_number(memory, "unaccounted_kb", 0), most = rest > 1 ? rest : 1;
    char words[96];
    picture to;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        html_part item = html_item(memory, "consumers", i);
        uint64_t kb = html_number(&item, "kb", 0);
        most = kb > most ? kb : most;
    }
    svg_begin(&to, out, WIDTH, 30 + (int)(count + (rest > 0)) * ROW, "Who holds the memory");
    svg_label(&to, LEFT + 30, 14, "start", "soft", "who holds the memory");
    for (size_t i = 0; i < count + (rest > 0); i++) {
        html_part item = html_item(memory, "consumers", i);
        uint64_t kb = i < count ? html_number(&item, "kb", 0) : rest;
        kd_str name = html_str(&item, "name");
        int width = (int)((RIGHT - LEFT - 30) * (double)kb / (double)most);
        int y = 22 + (int)i * ROW;
        snprintf(words, sizeof words, "%.*s", name.len < 90 ? (int)name.len : 90, name.ptr);
        svg_label(&to, LEFT + 22, y + 12, "end", NULL, i < count ? words : "no counter tells");
        svg_bar(&to, LEFT + 30, y, width, 14, i < count ? "fc" : "fd");
        snprintf(words, sizeof words, "%llu kB", (unsigned long long)kb);
        svg_label(&to, LEFT + 36 + width, y + 12, "start", "soft", words);
    }
    svg_end(&to);
}

/* ---- /proc/pagetypeinfo ---------------------------------------------------------------------- */

static void put_orders(text *out, const html_part *free_lists, kd_str type)
{
    html_part row = html_inner(free_lists, "");
    int len = snprintf(row.path, sizeof row.path, "%.24s%.*s", free_lists->path,
                       type.len < 32 ? (int)type.len : 32, type.ptr);
    size_t count = len > 0 ? html_count(&row, "") : 0;
    for (size_t i = 0; i < count && i < 20; i++)
        text_print(out, "<td>%llu</td>", (unsigned long long)html_value_at(&row, "", i).as.u);
}

static void put_types(text *out, const html_part *zone)
{
    size_t count = html_count(zone, "free");
    html_part free_lists = html_inner(zone, "free");
    char title[160];
    if (count == 0)
        return;
    name_zone(title, sizeof title, zone, ": free blocks by type and order");
    text_add(out, "<table><caption class=\"soft\">");
    html_words(out, title);
    text_add(out, "</caption><tbody>\n");
    for (size_t i = 0; i < count; i++) {
        kd_value name = html_value_at(zone, "free", i);
        if (name.type != KD_TEXT)
            continue;
        text_add(out, "<tr><th scope=\"row\">");
        html_text(out, name.as.s);
        text_add(out, "</th>");
        put_orders(out, &free_lists, name.as.s);
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table>\n");
}

void svg_memory(text *out, const html_part *event)
{
    html_part dump = html_inner(event, "meminfo");
    bool has_dump = html_count(&dump, "zones") + html_count(&dump, "consumers") > 0;
    const html_part *memory = has_dump ? &dump : event;
    size_t count = html_count(memory, "zones");
    for (size_t i = 0; i < count && i < 8; i++) {
        html_part zone = html_item(memory, "zones", i);
        put_zone_marks(out, &zone);
        put_zone_blocks(out, &zone, html_number(event, "order", 0),
                        html_has_number(event, "order"));
        put_types(out, &zone);
    }
    put_consumers(out, memory);
}
