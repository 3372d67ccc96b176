/* pack.h - packs: messages and what they mean, as data. Layer: family.
 *
 * A pack is a JSON text (schemas/pack.schema.json, docs/adding-a-pack.md). Its entries join the
 * recognisers (their anchors the one matcher) and the rules (their ids the list of rules). A pack
 * is untrusted: each text has a limit, a pattern that takes too long is given up, and an entry
 * without an example and a near miss is refused.
 */
#ifndef KD_PACK_PACK_H
#define KD_PACK_PACK_H

#include "core/event.h"

#define KD_PACK_MOST_FIELDS 16u

typedef enum kd_pack_type { KD_PACK_TEXT, KD_PACK_NUMBER, KD_PACK_HEX } kd_pack_type;

typedef struct kd_pack_field {
    kd_str name;
    kd_pack_type type;
    uint32_t group; /* of the pattern */
} kd_pack_field;

/* A log that an entry must fire on, or must not. */
typedef struct kd_pack_example {
    kd_str log;
    kd_list values; /* of kd_pack_value: what must be read */
} kd_pack_example;

typedef struct kd_pack_value {
    kd_str name, value;
} kd_pack_value;

typedef struct kd_pack_entry {
    kd_str pack, id, title; /* NUL-terminated, as all texts here are */
    const kd_kind *kind;    /* of its events */
    kd_severity severity;
    kd_confidence confidence; /* never certain: a pack proves nothing */
    kd_list anchors;          /* of kd_str */
    void *code;               /* pcre2_code; NULL: an anchor is enough */
    kd_pack_field fields[KD_PACK_MOST_FIELDS];
    uint32_t field_count;
    bool stack;      /* the task and its stack follow */
    kd_list follows; /* of kd_str: beginnings of lines that go with it */
    kd_str archs;    /* words; empty: any */
    uint32_t from,
        until; /* packed kernel versions, `until` is the first that it is not for; 0: any */
    kd_str explanation, action; /* explanations hold "{field}" */
    kd_list remedies, links;    /* of kd_str */
    kd_impact impact;
    kd_suspect suspect;
    kd_str suspect_name, suspect_why;
    kd_list examples, near_misses; /* of kd_pack_example */
} kd_pack_entry;

/* Those of an engine. */
typedef struct kd_packs {
    kd_mem *mem;
    kd_arena arena;
    kd_list entries; /* of kd_pack_entry *, in the order in which they are asked */
    uint32_t own;    /* of them, the first: not built in */
    void *general;   /* pcre2_general_context */
} kd_packs;

/* What one session needs to try patterns; zeroed but for the first two. */
typedef struct kd_pack_use {
    const kd_packs *packs;
    kd_mem *mem;
    void *general, *match, *stack, *data; /* of PCRE2 */
    bool gave_up;                         /* a pattern met its limit */
} kd_pack_use;

/* Those of packs/, embedded at build time. */
extern const kd_str kd_builtin_packs[];
extern const size_t kd_builtin_pack_count;

/* Why a pack was refused: "entry 3 (net.foo): no near miss". */
typedef struct kd_pack_error {
    char *text;
    size_t room;
} kd_pack_error;

/* Adds the entries of the text, all or none of them.
 * @return KD_E_INVAL with the reason, KD_E_NOMEM */
kd_status kd_packs_add(kd_packs *packs, kd_str json, kd_pack_error error);
/* Takes the entries from that one on out again. */
void kd_packs_cut(kd_packs *packs, uint32_t count);
void kd_packs_free(kd_packs *packs);
static inline kd_pack_entry *kd_packs_at(const kd_packs *packs, uint32_t index)
{
    return ((kd_pack_entry **)packs->entries.items)[index];
}

/* Does the text fit the entry? Gives where its fields stand in it. */
typedef struct kd_pack_hit {
    kd_str values[KD_PACK_MOST_FIELDS]; /* ptr NULL: not in this message */
} kd_pack_hit;
bool kd_pack_matches(kd_pack_use *use, const kd_pack_entry *entry, kd_str text, kd_pack_hit *out);
void kd_pack_use_free(kd_pack_use *use);

/* The pattern, compiled; NULL with the reason. The first `fields` of the entry get their groups. */
bool kd_pack_compile(kd_packs *packs, kd_pack_entry *entry, kd_str pattern, kd_pack_error error);
void kd_pack_release(kd_pack_entry *entry);

/* A rule for the entry: it speaks of the events that the entry made. */
kd_rule kd_pack_rule(const kd_pack_entry *entry);

#endif
