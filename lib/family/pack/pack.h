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
    kd_str type; /* kd_pack_type_of() */
} kd_pack_field;

/* A log that an entry must fire on, or must not. */
typedef struct kd_pack_example {
    kd_str log;
    kd_list values; /* of kd_pack_value: what must be read */
} kd_pack_example;

typedef struct kd_pack_value {
    kd_str name, value;
} kd_pack_value;

/* Another event: a condition, a cause, an effect. */
typedef struct kd_pack_other {
    kd_str events;    /* words: kinds of events, ids of entries */
    uint32_t within;  /* seconds; without times in any distance */
    bool same_device; /* where both name one */
    kd_str has;       /* a text of its headline or reason; empty: any */
    kd_list
        frames; /* of kd_str: functions, one is in its stack; "nfs_*": a beginning. Empty: any */
} kd_pack_other;

/* One of the values. */
typedef struct kd_pack_wanted {
    kd_str field;
    kd_list values; /* of kd_str */
} kd_pack_wanted;

/* What must hold; what a log does not tell of its kernel is no reason against. */
typedef struct kd_pack_when {
    kd_str archs; /* words; empty: any */
    uint32_t from,
        until;      /* packed kernel versions, `until` is the first that is not meant; 0: any */
    kd_list fields; /* of kd_pack_wanted: all */
    kd_list after, before, not_after; /* of kd_pack_other: one of `after`, one of `before` */
} kd_pack_when;

/* What is said of a message; a case says it better for some. */
typedef struct kd_pack_says {
    bool has_severity, has_confidence, has_impact;
    kd_severity severity;
    kd_confidence confidence; /* never certain: a pack proves nothing */
    kd_impact impact;
    kd_suspect suspect;
    kd_str suspect_name, suspect_why;
    kd_str explanation, action; /* explanations hold "{field}" */
    kd_list remedies, links;    /* of kd_str */
} kd_pack_says;

typedef struct kd_pack_case {
    kd_pack_when when;
    kd_pack_says says;
} kd_pack_case;

/* So many of one device within so many seconds, before that it is no event at all. */
typedef struct kd_pack_repeat {
    uint32_t count, within; /* count 0: the first one counts */
} kd_pack_repeat;

typedef struct kd_pack_entry {
    kd_str pack, id, title; /* NUL-terminated, as all texts here are */
    const kd_kind *kind;    /* of its events */
    kd_pack_says says;
    kd_list anchors; /* of kd_str */
    kd_str pattern;  /* empty: an anchor is enough */
    kd_list fields;  /* of kd_pack_field */
    kd_str device;   /* the field that names the device; empty: none */
    kd_list tells;   /* of kd_str: fields whose values make it another event */
    kd_pack_repeat repeat;
    bool stack;      /* the task and its stack follow */
    kd_list follows; /* of kd_str: beginnings of lines that go with it */
    kd_pack_when when;
    kd_list cases;                 /* of kd_pack_case: the first that holds counts */
    kd_list caused_by, explains;   /* of kd_pack_other */
    kd_list examples, near_misses; /* of kd_pack_example */
} kd_pack_entry;

/* A bug that is known, with what tells it. */
typedef struct kd_pack_known {
    kd_str pack, id, title;
    kd_str events;  /* words: kinds */
    kd_str message; /* a text of the headline, the message or the reason; empty: any */
    kd_list frames; /* of kd_str: "a|b" either; all of them are in the stack, in any order */
    kd_str module;  /* that the blamed function is of; empty: any */
    kd_str archs;
    uint32_t from, until; /* the kernels that have it; `until`: the first release without */
    /* of kd_str: stable releases that got the bug with a back-port, and those with the fix */
    kd_list introduced_in, fixed_in;
    kd_str commit;
    kd_pack_says says;
    kd_list examples, near_misses;
} kd_pack_known;

/* Whose anchor a pattern of the matcher is. */
typedef struct kd_pack_owner {
    const kd_pack_entry *entry;
    uint32_t order; /* the lowest is asked first: its place among the entries */
} kd_pack_owner;

/* Those of an engine. */
typedef struct kd_packs {
    kd_mem *mem;
    kd_arena arena;
    kd_list entries; /* of const kd_pack_entry *, in the order in which they are asked */
    uint32_t own;    /* of them, the first: not built in */
    kd_list known;   /* of const kd_pack_known *; those that are not built in stand behind */
    kd_list owners;  /* of kd_pack_owner, as the patterns of the matcher */
    void *general;   /* pcre2_general_context */
} kd_packs;

/* How much of them there is, to go back to. */
typedef struct kd_packs_mark {
    uint32_t entries, known;
} kd_packs_mark;

/* How often a message of one device came. */
#define KD_PACK_MOST_REPEATS 64u
typedef struct kd_pack_tally {
    const kd_pack_entry *entry;
    uint64_t device; /* hash of its name */
    uint64_t line;   /* that was counted last */
    uint64_t times_us[KD_PACK_MOST_REPEATS];
    uint32_t at, count; /* where the next one goes; how many there are */
} kd_pack_tally;
#define KD_PACK_TALLIES 32u

/* A pattern, compiled by the session that first needs it: most are never needed. */
typedef struct kd_pack_code {
    void *code;                           /* pcre2_code; NULL: it cannot be compiled */
    uint32_t groups[KD_PACK_MOST_FIELDS]; /* of the fields */
    uint32_t uses;                        /* after the first one */
} kd_pack_code;

/* What one session needs to try patterns; zeroed but for the first two. */
typedef struct kd_pack_use {
    const kd_packs *packs;
    kd_mem *mem;
    void *general, *match, *stack, *data; /* of PCRE2 */
    bool gave_up;                         /* a pattern met its limit */
    const struct kd_matcher *matcher;     /* of the engine; its patterns from `first` on are ours */
    size_t first;
    kd_pack_tally *tallies; /* KD_PACK_TALLIES of them; NULL: nothing was counted yet */
    uint32_t next_tally;    /* that is given away next */
    kd_pack_code **codes;   /* by kd_pack_owner.order: the patterns that were needed so far */
    uint32_t code_count;
} kd_pack_use;

/* Those of packs/: tables that are made at build time, without the examples; and their texts. */
extern const kd_pack_entry kd_builtin_entries[];
extern const size_t kd_builtin_entry_count;
extern const kd_pack_known kd_builtin_known[];
extern const size_t kd_builtin_known_count;
extern const kd_str kd_builtin_packs[];
extern const size_t kd_builtin_pack_count;

/* Why a pack was refused: "entry 3 (net.foo): no near miss". */
typedef struct kd_pack_error {
    char *text;
    size_t room;
} kd_pack_error;

/* Adds those that are built in. */
kd_status kd_packs_add_builtin(kd_packs *packs);
/* Adds the entries of the text, all or none of them.
 * @return KD_E_INVAL with the reason, KD_E_NOMEM */
kd_status kd_packs_add(kd_packs *packs, kd_str json, kd_pack_error error);
/* Takes what came later out again. */
void kd_packs_cut(kd_packs *packs, kd_packs_mark to);
void kd_packs_free(kd_packs *packs);
static inline const kd_pack_entry *kd_packs_at(const kd_packs *packs, uint32_t index)
{
    return ((const kd_pack_entry **)packs->entries.items)[index];
}
static inline const kd_pack_known *kd_packs_known(const kd_packs *packs, uint32_t index)
{
    return ((const kd_pack_known **)packs->known.items)[index];
}
static inline kd_packs_mark kd_packs_here(const kd_packs *packs)
{
    return (kd_packs_mark){ packs->entries.count, packs->known.count };
}
/* Each event that is named is a kind, or an entry of these packs. Once all of them are in. */
bool kd_packs_check_names(const kd_packs *packs, kd_packs_mark from, kd_pack_error error);

struct kd_word_decoder; /* of family/device */
/* What a value of the field is; `decoder` gives its meaning in words, NULL: none. False: there is
 * no such type. */
bool kd_pack_type_of(const kd_pack_field *field, kd_pack_type *type,
                     const struct kd_word_decoder **decoder);

/* Does the text fit the entry? Gives where its fields stand in it. */
typedef struct kd_pack_hit {
    kd_str values[KD_PACK_MOST_FIELDS]; /* ptr NULL: not in this message */
} kd_pack_hit;
bool kd_pack_matches(kd_pack_use *use, const kd_pack_owner *owner, kd_str text, kd_pack_hit *out);
void kd_pack_use_free(kd_pack_use *use);

/* Can the pattern be compiled, and has it a group for each field? A pack that comes from outside
 * is told so at once. */
bool kd_pack_check_pattern(kd_packs *packs, const kd_pack_entry *entry, kd_pack_error error);

/* Counts the message of the device (empty: none is named). True: it is one too many. */
bool kd_pack_count(kd_pack_use *use, const kd_pack_entry *entry, kd_str device,
                   const struct kd_line *line, uint64_t *seconds);

/* A rule for the entry: it speaks of the events that the entry made. */
kd_rule kd_pack_rule(const kd_pack_entry *entry);
/* A rule for the known issue. */
kd_rule kd_pack_known_rule(const kd_pack_known *known);

#endif
