/* last_line.c - the last line of the boot before. */
#include "family/boot/last_line.h"

/* So many lines of a boot loader may stand between. */
#define MOST_LINES 48

void kd_put_last_line(kd_parse *parse, kd_text *out)
{
    kd_back back = kd_back_from(parse);
    kd_line line;
    for (int i = 0; i < MOST_LINES && kd_back_line(&back, &line); i++) {
        if (!line.has_time || line.text.len == 0)
            continue;
        kd_src src = kd_back_keep(parse, &line);
        if (src)
            *out = (kd_text){ kd_arena_str(parse->arena, line.text), src };
        return;
    }
}
