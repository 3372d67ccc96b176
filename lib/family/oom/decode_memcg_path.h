/* decode_memcg_path.h - what the path of a memory control group tells: whose level it is, and which
 * pod, container or unit it belongs to. */
#ifndef KD_OOM_DECODE_MEMCG_PATH_H
#define KD_OOM_DECODE_MEMCG_PATH_H

#include "base/str.h"

typedef enum kd_memcg_level {
    KD_LEVEL_UNKNOWN,
    KD_LEVEL_ALL_PODS,  /* /kubepods, /kubepods.slice: what the node gives to all pods */
    KD_LEVEL_QOS,       /* all pods of one class: burstable, besteffort */
    KD_LEVEL_POD,       /* all containers of one pod */
    KD_LEVEL_CONTAINER, /* one container */
    KD_LEVEL_UNIT,      /* a systemd service or scope */
    KD_LEVEL_SLICE      /* all units below a systemd slice */
} kd_memcg_level;

typedef struct kd_memcg_place {
    kd_memcg_level level;
    kd_str pod;       /* "poda5d8fdd1_1369_...": as in the path; empty: none */
    kd_str container; /* its id or name */
    kd_str unit;      /* the innermost systemd unit or slice */
    bool besteffort;  /* the class of pods without requests and limits */
} kd_memcg_place;

/* Knows kubelet's drivers cgroupfs and systemd, docker, containerd, cri-o, podman, lxc, systemd. */
void kd_memcg_place_of(kd_str path, kd_memcg_place *out);

#endif
