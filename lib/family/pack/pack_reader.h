/* pack_reader.h - reading the JSON of a pack: members by tables, a wrong one is told with its
 * place. Layer: family. */
#ifndef KD_PACK_PACK_READER_H
#define KD_PACK_PACK_READER_H

#include "base/json_read.h"
#include "family/pack/pack.h"

#define KD_PACK_MOST_ITEMS 32u

typedef struct kd_pack_reader {
    kd_packs *packs;
    kd_arena *arena;  /* of the packs */
    kd_str pack;      /* its name */
    const char *list; /* whose item is read: "entry", "known" */
    size_t number;    /* of the item, from 1; 0: outside */
    kd_str id;        /* of the item */
    const char *key;  /* of it that is being read */
    kd_pack_error error;
    kd_status status;
} kd_pack_reader;

/* Notes why; always false. */
bool kd_pack_refuse(kd_pack_reader *in, const char *what);
/* Whose item is read from here on. */
void kd_pack_note_id(kd_pack_reader *in, const kd_json_value *item);

/* A member of an object: how it is read, and where to. */
typedef struct kd_pack_member kd_pack_member;
typedef bool (*kd_pack_read)(kd_pack_reader *in, const kd_json_value *value,
                             const kd_pack_member *member, void *to);
struct kd_pack_member {
    const char *key;
    kd_pack_read read;
    size_t at;                   /* in the struct */
    size_t least, most;          /* of a text, a list or a number */
    const char *(*name_of)(int); /* of a choice: its words, `most` of them */
};

#define KD_MEMBER(key, read, at, least, most) \
    {                                         \
        key, read, at, least, most, NULL      \
    }

/* Reads the members that the table lists; any other is refused. `to` is the struct. */
bool kd_pack_read_object(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *members, size_t count, void *to);
/* The same, for what the `key` of the reader says that each member is. */
bool kd_pack_read_item(kd_pack_reader *in, const kd_json_value *value,
                       const kd_pack_member *members, size_t count, void *to);

/* ---- how members are read; the struct's type is behind each ---------------------------------- */

bool kd_pack_read_text(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                       void *to); /* kd_str, NUL-terminated */
bool kd_pack_read_texts(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member,
                        void *to); /* kd_list of kd_str, each of `least` bytes or more */
bool kd_pack_read_words(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member,
                        void *to); /* the list as one kd_str, a blank between */
bool kd_pack_read_flag(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                       void *to); /* bool */
bool kd_pack_read_u32(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                      void *to); /* uint32_t */
bool kd_pack_read_choice(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *member, void *to); /* int */
bool kd_pack_read_release(kd_pack_reader *in, const kd_json_value *value,
                          const kd_pack_member *member, void *to); /* uint32_t */

/* ---- parts of entries ------------------------------------------------------------------------ */

bool kd_pack_read_when(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                       void *to); /* kd_pack_when */
bool kd_pack_read_others(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *member, void *to); /* kd_list of kd_pack_other */
bool kd_pack_read_cases(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member, void *to); /* kd_list of kd_pack_case */
bool kd_pack_read_suspect(kd_pack_reader *in, const kd_json_value *value,
                          const kd_pack_member *member, void *to); /* kd_pack_says */
bool kd_pack_read_action(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *member, void *to); /* kd_str */
bool kd_pack_read_severity(kd_pack_reader *in, const kd_json_value *value,
                           const kd_pack_member *member, void *to); /* kd_pack_says */
bool kd_pack_read_confidence(kd_pack_reader *in, const kd_json_value *value,
                             const kd_pack_member *member, void *to); /* kd_pack_says */
bool kd_pack_read_impact(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *member, void *to); /* kd_pack_says */
bool kd_pack_read_examples(kd_pack_reader *in, const kd_json_value *value,
                           const kd_pack_member *member, void *to); /* kd_list of kd_pack_example */
bool kd_pack_read_near_misses(kd_pack_reader *in, const kd_json_value *value,
                              const kd_pack_member *member, void *to);

/* A known issue; see pack_known.c. */
bool kd_pack_read_known(kd_pack_reader *in, const kd_json_value *value);
bool kd_pack_is_id(kd_str id);

#endif
