/* decode_gfp.h - what a GFP mask asks of the page allocator, by kernel version. */
#ifndef KD_GFP_DECODE_GFP_H
#define KD_GFP_DECODE_GFP_H

#include "base/str.h"
#include "family/memdump/zone.h"

/* Kernel options that move bits. A log seldom tells: KD_GFP_CONFIG_DEFAULT is what distributions
 * build. Android kernels for arm64 have kasan_hw_tags, debug and test kernels have lockdep. */
typedef struct kd_gfp_config {
    bool lockdep, kasan_hw_tags, slab_obj_ext, kmemcheck;
    bool android; /* not an option: an Android tree with CONFIG_CMA and its own bit for it */
} kd_gfp_config;
#define KD_GFP_CONFIG_DEFAULT ((kd_gfp_config){ .slab_obj_ext = true })

/* The same as bits, for the rows of gfp_bits.def. */
enum {
    KD_GFP_LOCKDEP = 1,
    KD_GFP_HW_TAGS = 2,
    KD_GFP_OBJ_EXT = 4,
    KD_GFP_KMEMCHECK = 8,
    KD_GFP_ANDROID = 16
};

/* KD_GFP_ATOMIC is __GFP_ATOMIC, and so on. */
typedef enum kd_gfp_flag {
#define KD_GFP_FLAG(name) KD_GFP_##name,
#include "family/gfp/gfp_bits.def"
    KD_GFP_FLAG_COUNT
} kd_gfp_flag;

/* Kernels number these differently over the versions: these are ours. A mask asks for one of the
 * first three; the others are lists that only the kernel itself fills. */
typedef enum kd_migratetype {
    KD_UNMOVABLE,
    KD_MOVABLE,
    KD_RECLAIMABLE,
    KD_RESERVE,
    KD_HIGHATOMIC,
    KD_CMA,
    KD_ISOLATE,
    KD_MIGRATETYPE_INVALID /* both bits set: a bug of the caller */
} kd_migratetype;

/* Each name and each flag takes at least one bit, and no version has flags above bit 31. */
#define KD_GFP_MAX_NAMES 32
/* Holds every text of kd_gfp_print() and kd_gfp_prove_migratetype(). */
#define KD_GFP_TEXT_MAX 768

typedef struct kd_gfp_meaning {
    uint64_t mask;
    /* As this kernel prints the mask: composites first. Bits that it prints in hex behind the names
     * are in unnamed_bits. Kernels before 4.6 print no names: theirs are in the spelling of 4.6. */
    const char *names[KD_GFP_MAX_NAMES];
    size_t name_count;
    uint64_t unnamed_bits;
    /* Every bit by its __GFP_ name, lowest bit first; unknown_bits have no flag in this version. */
    const char *flags[KD_GFP_MAX_NAMES];
    size_t flag_count;
    uint64_t unknown_bits;
    uint64_t set; /* 1 << kd_gfp_flag for each flag; ask with kd_gfp_has() */

    /* The highest zone it may use; where that is not configured or empty, the next lower one. */
    kd_zone_kind zone;
    const char *zone_name; /* "DMA", "DMA32", "Normal", "HighMem", "Movable", "invalid" */
    kd_migratetype migratetype;
    const char *migratetype_name; /* "unmovable", "movable", "reclaimable", "invalid" */
    uint64_t movable_bit, reclaimable_bit;
    unsigned migratetype_index; /* this kernel's own number for it */

    bool may_sleep;      /* direct reclaim: it may wait for memory */
    bool may_io, may_fs; /* may start disk I/O, may call into file systems, to get memory */
    bool wakes_kswapd;
    bool may_use_cma; /* mainline rule; with mobility grouping off nothing may */
    bool high, atomic, memalloc, nomemalloc;
    bool noretry, repeat, retry_mayfail, nofail;
    bool thisnode, hardwall, comp, nowarn, zero, account, write;
    uint32_t version_used; /* the release whose table was used, packed 8.8.16 */
} kd_gfp_meaning;

/* `version` 0 takes the newest table; older or newer than the tables takes their first or last. */
void kd_gfp_decode(uint64_t mask, uint32_t version, kd_gfp_config config, kd_gfp_meaning *out);

static inline bool kd_gfp_has(const kd_gfp_meaning *meaning, kd_gfp_flag flag)
{
    return (meaning->set >> flag & 1) != 0;
}

/*
 * Which kernel prints exactly `printed` (what stands between the brackets) for this mask? Asked
 * are the given version with *config, with every other configuration, then its neighbours: next
 * release, previous release, next but one ... Returns `version` itself, the release that agrees,
 * or 0. *config is set to the configuration that agrees.
 */
uint32_t kd_gfp_agree(uint64_t mask, kd_str printed, uint32_t version, kd_gfp_config *config);

/* False: no version has all bits of the mask in these names. A forged mask is told so without all
 * tables being tried. */
bool kd_gfp_may_print(uint64_t mask, kd_str printed);

/* No name, no bit and no rule differs between the two versions: each mask means the same. */
bool kd_gfp_same_tables(uint32_t a, uint32_t b);

/* The options that some bit of that version depends on; the others change nothing. */
kd_gfp_config kd_gfp_options_of(uint32_t version);

/* "GFP_KERNEL" on 5.4 gives 0xcc0, "__GFP_COMP" 0x40000; default configuration. False: no such
 * name in that version. */
bool kd_gfp_by_name(const char *name, uint32_t version, uint64_t *mask);

/* Each meaning that the mask ever had, by the start of its range, oldest first; return false to
 * stop. `condition` is empty, or the kernel options that it takes ("CONFIG_LOCKDEP &&
 * !CONFIG_KASAN_HW_TAGS"): then one release has several meanings. */
typedef bool (*kd_gfp_version_fn)(const kd_gfp_meaning *meaning, uint32_t from, uint32_t until,
                                  const char *condition, void *user);
void kd_gfp_each_version(uint64_t mask, kd_gfp_version_fn tell, void *user);

/* The release whose table a kernel of that name and version uses: another one where a
 * distribution took bits over from later releases. Sets what the name tells of the options. */
uint32_t kd_gfp_table_of(kd_str release, uint32_t version, kd_gfp_config *config);

/* Write text and a NUL, cut to `size` bytes; return the length written. */
/* "GFP_KERNEL|__GFP_COMP|0x8000000": what the kernel prints between the brackets. */
size_t kd_gfp_print(const kd_gfp_meaning *meaning, char *text, size_t size);
/* "(0xa20 & 0x18) >> 3 = 0", by the arithmetic of that version. */
size_t kd_gfp_prove_migratetype(const kd_gfp_meaning *meaning, char *text, size_t size);

#endif
