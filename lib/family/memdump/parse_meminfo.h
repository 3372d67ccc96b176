/* parse_meminfo.h - what the files of the memory-dump block share.
 *
 * A dump is read token by token, because captures break its lines anywhere: printk continuation
 * prints "Node 0 " and each number by itself, mail programs wrap at column 72, web pages at 100.
 * The place says which part the last line belonged to, so that a line without a head of its own
 * can go on there.
 */
#ifndef KD_MEMDUMP_PARSE_MEMINFO_H
#define KD_MEMDUMP_PARSE_MEMINFO_H

#include "core/parser.h"
#include "family/fields.h"

extern const kd_block kd_block_meminfo; /* kdf_meminfo */

#define KD_MEM_NODES 64u
#define KD_MEM_ZONES 256u
#define KD_MEM_ORDERS 32u
#define KD_MEM_COUNTERS 512u
#define KD_MEM_RESERVES 16u
/* Index of a node or zone beyond the limit: its lines are taken, its values are not kept. */
#define KD_MEM_DROPPED 0xffffu

typedef enum kd_mem_part {
    KD_MEM_BEFORE, /* nothing of the dump was seen */
    KD_MEM_GLOBAL,
    KD_MEM_CMA, /* vendor line inside the global block */
    KD_MEM_NODE,
    KD_MEM_ZONE,
    KD_MEM_RESERVE,
    KD_MEM_BUDDY,
    KD_MEM_CALLS, /* table of allocations by call site */
    KD_MEM_OTHER  /* nothing that could go on */
} kd_mem_part;

typedef enum kd_mem_pending {
    KD_MEM_NOTHING,
    KD_MEM_VALUE, /* "shmem_thp:" stood at the end of the line */
    KD_MEM_YES_NO /* "all_unreclaimable?" did */
} kd_mem_pending;

typedef struct kd_mem_place {
    uint8_t part, pending;
    uint8_t page_log; /* buddy: 1 + log2 of the kB of order 0; 0: not known yet */
    bool node_alone;  /* "Node 0 " was a line by itself: it belongs to the next one */
    uint16_t index;   /* of the node or zone at hand */
    uint16_t node;    /* of node_alone */
} kd_mem_place;

/* What the words of a line are. */
typedef struct kd_counts {
    unsigned tokens, kb, plain;
    bool at_once; /* the first word is one */
    bool counted;
    kd_str first; /* name of the first counter */
} kd_counts;

/* One line on its way through the block. */
typedef struct kd_mem_dump {
    kd_parse *parse;
    kdf_meminfo *info;
    kd_mem_place place; /* kept only when the line is taken */
    kd_scan in;         /* the line without "Node 0 " */
    kd_counts *words;   /* of `in`; see kd_mem_words() */
    bool has_node;
    uint64_t node;
} kd_mem_dump;

/* "Node 0 " stood on the line itself. */
static inline bool kd_mem_node_printed(const kd_mem_dump *dump)
{
    return dump->has_node && !dump->place.node_alone;
}

static inline bool kd_mem_begun(const kd_mem_dump *dump)
{
    return dump->place.part != KD_MEM_BEFORE;
}

/* Each of these takes the line and changes what it must, or returns false and changes nothing. */
bool kd_mem_take_zone(kd_mem_dump *dump);    /* NAME free:... */
bool kd_mem_take_node(kd_mem_dump *dump);    /* Node 0 active_anon:... */
bool kd_mem_take_global(kd_mem_dump *dump);  /* active_anon:... without units */
bool kd_mem_take_vendor(kd_mem_dump *dump);  /* [cma] driver:..., Free_Unmovable:... */
bool kd_mem_take_more(kd_mem_dump *dump);    /* counters that go on from the line before */
bool kd_mem_take_reserve(kd_mem_dump *dump); /* lowmem_reserve[]: and numbers that follow it */
bool kd_mem_take_buddy(kd_mem_dump *dump);   /* NAME: 1*4kB (U) ... = 4kB and what follows it */

/* Index of that zone of that node, KD_MEM_DROPPED when it is not there. A line that lost its
 * "Node 0 " means the only zone of that name. */
uint16_t kd_mem_zone_find(const kd_mem_dump *dump, kd_str name);
/* Adds it; KD_MEM_DROPPED beyond the limit. */
uint16_t kd_mem_zone_add(kd_mem_dump *dump, kd_str name);
/* The zone at hand, or NULL. */
kdf_zone *kd_mem_zone_here(const kd_mem_dump *dump);
bool kd_mem_zone_name_known(const kd_mem_dump *dump, kd_str name);

/* Adds a pair unless the name is there already or the map is full. */
void kd_mem_map_put(kd_parse *parse, kd_list *map, kd_str name, uint64_t n);
bool kd_mem_map_has(const kd_list *map, kd_str name);

/* ---- counters, word by word (meminfo_count.c) ------------------------------------------------ */

typedef enum kd_count_kind {
    KD_COUNT_END,
    KD_COUNT_KB,      /* name:5kB, or name: 5kB */
    KD_COUNT_PLAIN,   /* name:5 */
    KD_COUNT_TOO_BIG, /* one of these two, but the number does not fit */
    KD_COUNT_HALF,    /* "name:" at the end of the line */
    KD_COUNT_YES_NO,  /* all_unreclaimable? no; value 2 when the answer is on the next line */
    KD_COUNT_WORD     /* something else */
} kd_count_kind;

typedef struct kd_count {
    kd_count_kind kind;
    kd_str name;
    uint64_t n;
} kd_count;

#define KD_YES_NO_LATER 2u

/* The next word or counter of the line. */
kd_count kd_count_next(kd_scan *in);
bool kd_count_scan_name(kd_scan *in, kd_str *out);
/* "5kB" or "5": the whole of the word. */
kd_count_kind kd_count_scan_value(kd_str word, uint64_t *out);
/* 1, 0, or KD_YES_NO_LATER when it does not stand there. */
uint64_t kd_count_scan_yes_no(kd_scan *in);

kd_counts kd_counts_of(kd_scan in);
/* Those of the whole line, which are counted once. */
const kd_counts *kd_mem_words(const kd_mem_dump *dump);
bool kd_counts_are_kb(const kd_counts *line);
bool kd_counts_are_plain(const kd_counts *line);

#endif
