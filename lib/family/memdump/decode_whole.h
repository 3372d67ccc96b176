/* decode_whole.h - is a part of a memory dump whole? A log is cut anywhere, and lines are torn: a
 * list is taken for complete only where its end was seen. */
#ifndef KD_MEMDUMP_DECODE_WHOLE_H
#define KD_MEMDUMP_DECODE_WHOLE_H

#include "family/fields.h"

/* The blocks of the zone's buddy line, up to its sum, which they add up to. */
bool kd_dump_list_is_whole(const kdf_zone *zone);
/* Every zone with its counters and reserve, up to the buddy lines that follow them. */
bool kd_dump_zones_are_whole(const kdf_meminfo *meminfo);
/* And each zone has its buddy line. */
bool kd_dump_lists_are_whole(const kdf_meminfo *meminfo);
/* The node lines, where there are any. */
bool kd_dump_nodes_are_whole(const kdf_meminfo *meminfo);

#endif
