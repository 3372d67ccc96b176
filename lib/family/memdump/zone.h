/* zone.h - kinds of memory zones, in the kernel's order. */
#ifndef KD_MEMDUMP_ZONE_H
#define KD_MEMDUMP_ZONE_H

typedef enum kd_zone_kind {
    KD_ZONE_DMA,
    KD_ZONE_DMA32,
    KD_ZONE_NORMAL,
    KD_ZONE_HIGHMEM,
    KD_ZONE_MOVABLE,
    KD_ZONE_DEVICE,
    KD_ZONE_KINDS,
    KD_ZONE_INVALID = KD_ZONE_KINDS /* a combination of zone bits that the kernel calls a bug */
} kd_zone_kind;

#endif
