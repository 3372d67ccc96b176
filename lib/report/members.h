/* members.h - the members that events, boots and diagnoses have beside their fields, as tables, and
 * reading them by path. Layer: report. */
#ifndef KD_REPORT_MEMBERS_H
#define KD_REPORT_MEMBERS_H

#include "base/scan.h"
#include "core/diag.h"

typedef enum kd_member_type {
    KDM_u64,
    KDM_u32,  /* absent when 0 */
    KDM_some, /* a u64, absent when 0 */
    KDM_bool,
    KDM_text, /* a kd_str, absent when empty */
    KDM_texts,
    /* list of kd_str */ KDM_ids, /* list of u64, written with the letter */
    KDM_id,                       /* one of them */
    KDM_call,                     /* computed by `call` */
    KDM_ranges,                   /* list of [first, last], handed out by `range` */
    KDM_facts,                    /* object by name */
    KDM_group,                    /* an object inside this one, with its members in `of` */
    KDM_groups                    /* list of objects */
} kd_member_type;

typedef struct kd_members kd_members;
typedef struct kd_member {
    const char *name;
    kd_member_type type;
    size_t at;                           /* offset in the object */
    char letter;                         /* of ids: "e3" */
    const kd_members *of;                /* of groups */
    size_t known;                        /* offset of a kd_known that tells the line, 0: none */
    bool (*present)(const void *object); /* NULL: always */
    kd_value (*call)(const void *object);
    bool (*range)(const void *object, uint32_t index, kd_range *out);
} kd_member;
struct kd_members {
    const kd_member *rows;
    size_t count, size; /* size of the object, in lists */
};

extern const kd_members kd_event_members, kd_boot_members, kd_diag_members, kd_problem_members;

/* By path: "evidence[0].line". KD_E_INVAL: there is no such name; an absent value gives KD_NONE. */
kd_status kd_members_get(const kd_members *members, const void *object, kd_str path, kd_value *out);

#endif
