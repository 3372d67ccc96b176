/* parse_inline.c - functions that the compiler put into another, as decoders of stacks show them.
 *
 *    __dump_stack lib/dump_stack.c:77 [inline]
 *    dump_stack+0x172/0x1f0 lib/dump_stack.c:113
 *   [<ffffffff81b0d9ae>] kmalloc include/linux/slab.h:556 [inline]
 *   [<8132cb64>] (neigh_direct_output) from [<814a949c>] (neigh_output include/net/neighbour.h:546
 * [inline])
 *
 * The frame that holds them follows. They are no frames: with another compiler they are not there.
 */
#include "family/shared/parse_inline.h"
#include "core/lists.h"

#include <string.h>

#define MOST 16u

/* The name in "ANYTHING name FILE:LINE [inline]", "[<A>] (f) from [<A>] (name FILE:LINE [inline])".
 */
static bool read_name(kd_str text, kd_str *name)
{
    if (kd_str_ends(text, " [inline])"))
        text.len--;
    if (!kd_str_ends(text, " [inline]"))
        return false;
    text.len -= sizeof " [inline]" - 1;
    const char *blank = kd_str_find_last(text, " ");
    if (!blank || !kd_str_has(kd_str_from(text, (size_t)(blank - text.ptr)), ":"))
        return false;
    text.len = (size_t)(blank - text.ptr);
    blank = kd_str_find_last(text, " ");
    *name = blank ? kd_str_from(text, (size_t)(blank + 1 - text.ptr)) : text;
    if (name->len > 0 && name->ptr[0] == '(')
        *name = kd_str_from(*name, 1);
    return name->len > 0 && (kd_is_alpha(name->ptr[0]) || name->ptr[0] == '_');
}

bool kd_is_inline(kd_str text)
{
    kd_str name;
    return text.len > 0 && memchr("]) \t\r\xa0", text.ptr[text.len - 1], 6) &&
           read_name(kd_str_trim(text), &name);
}

void kd_inline_collect(kd_parse *parse, kd_texts *out)
{
    const kd_line_ref *lines = kd_event_lines(parse->event);
    uint32_t count = parse->event->lines.count, first = count ? count - 1 : 0;
    kd_str name;
    while (first > 0 && count - first <= MOST &&
           read_name(kd_str_trim(lines[first - 1].raw), &name))
        first--;
    for (uint32_t i = first; i + 1 < count; i++) {
        kd_text *item = KD_LIST_ADD(parse->arena, out, kd_text);
        if (item && read_name(kd_str_trim(lines[i].raw), &name))
            *item = (kd_text){ name, i + 1 };
    }
}
