/* members.h - what an event, a boot, a diagnosis, a problem is said to have, as tables: from them
 * the JSON is written, and each member is read by its path. Layer: report. */
#ifndef KD_REPORT_MEMBERS_H
#define KD_REPORT_MEMBERS_H

#include "base/json.h"
#include "base/scan.h"
#include "core/diag.h"

typedef enum kd_member_type {
    KDM_u64,
    KDM_u32,  /* absent when 0 */
    KDM_some, /* a u64, absent when 0 */
    KDM_bool,
    KDM_text,  /* a kd_str */
    KDM_words, /* a kd_str, absent when empty */
    KDM_id,    /* a u64, written with the letter */
    KDM_call,  /* computed by `call` */
    KDM_texts, /* list of kd_str */
    KDM_ids,
    KDM_ranges, /* list of [first, last], handed out by `range` */
    KDM_facts,  /* object by name */
    KDM_group,  /* an object inside this one, with its members in `of` */
    KDM_known,  /* a kd_known, absent when nothing is */
    KDM_groups, /* list of objects */
    KDM_fields  /* an event's, by those of its kind; without a name of their own */
} kd_member_type;

/* How far `range` came: all 0 at the beginning. */
typedef struct kd_walk {
    uint32_t at, passed;
} kd_walk;

typedef struct kd_members kd_members;
typedef struct kd_member {
    const char *name;
    kd_str key; /* as it is written: KD_JSON_KEY(name) */
    kd_member_type type;
    size_t at;                           /* offset in the object */
    char letter;                         /* of ids: "e3" */
    const kd_members *of;                /* of groups */
    size_t known;                        /* offset of a kd_known that tells the line, 0: none */
    bool (*present)(const void *object); /* NULL: always */
    kd_value (*call)(const void *object);
    bool (*range)(const void *object, kd_walk *walk, kd_range *out); /* false: no more */
} kd_member;
struct kd_members {
    const kd_member *rows;
    size_t count, size; /* size of the object, in lists */
};

extern const kd_members kd_event_members, kd_boot_members, kd_diag_members, kd_problem_members;

/* The value of a row of one of the first types (u64 to call); KD_NONE: it is absent. */
kd_value kd_member_value(const kd_member *row, const void *object);
/* Is there anything to say of it? */
bool kd_member_present(const kd_member *row, const void *object);

/* By path: "evidence[0].line". KD_E_INVAL: there is no such name; an absent value gives KD_NONE. */
kd_status kd_members_get(const kd_members *members, const void *object, kd_str path, kd_value *out);

/* One object as JSON. */
void kd_put(kd_json *out, const kd_members *members, const void *object);

#endif
