/*
 * kdiag.h - find out why a Linux kernel complained, from its log alone.
 *
 * Objects    kd_engine   recognisers, rules, fact tables. Immutable once in use: share it.
 *            kd_session  one log stream. One thread at a time; open as many as you like.
 *            kd_report   the frozen result of one analysis. Read-only: any thread may read it.
 * Ownership  What arrives through `**out` is yours: pass it to the matching _free() (NULL is fine).
 *            A const pointer or kd_str belongs to the object you asked, and lives as long as it.
 * Errors     KD_OK, a positive state, or a negative kd_status. Strange, cut or hostile log text is
 *            never an error: it is read as far as it goes, and kd_stats tells what was skipped.
 * Promises   No global state, locale, clock, I/O or output. Never abort() or exit().
 * Versions   Enums and structs only grow. Structs that the caller fills open with their size.
 */
#ifndef KDIAG_H
#define KDIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KD_VERSION_MAJOR 0
#define KD_VERSION_MINOR 1
#define KD_VERSION_PATCH 0

/** 8.8.16 bits: unlike the kernel's own macro, it holds stable releases such as 4.14.336. */
#define KD_KERNEL(major, minor, patch) \
    (((uint32_t)(major) << 24) | ((uint32_t)(minor) << 16) | (uint32_t)(patch))

#ifndef KD_API
#define KD_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- basics ---------------------------------------------------------------------------------- */

typedef enum kd_status {
    KD_OK = 0,
    KD_END = 1, /**< nothing more to hand out now; not an error */
    KD_E_NOMEM = -1,
    KD_E_INVAL = -2, /**< the caller broke the contract: NULL, bad option, unknown path */
    KD_E_LIMIT = -3, /**< a limit of kd_options was reached; what was found so far is kept */
    KD_E_SINK = -4   /**< the caller's write function failed */
} kd_status;

/** Text by pointer and length: not NUL-terminated, any bytes. */
typedef struct kd_str {
    const char *ptr;
    size_t len;
} kd_str;

typedef enum kd_severity { KD_INFO, KD_NOTICE, KD_WARNING, KD_ERROR, KD_FATAL } kd_severity;
typedef enum kd_confidence { KD_POSSIBLE, KD_LIKELY, KD_CERTAIN } kd_confidence;
/** What it meant for the machine; KD_IMPACT_UNKNOWN: the log does not tell. */
typedef enum kd_impact {
    KD_IMPACT_UNKNOWN,
    KD_IMPACT_NONE, /**< harmless as printed */
    KD_IMPACT_DEGRADED,
    KD_IMPACT_REQUEST_FAILED,
    KD_IMPACT_TASK_KILLED,
    KD_IMPACT_MACHINE_DOWN
} kd_impact;
/** Whose turn it is. */
typedef enum kd_suspect {
    KD_SUSPECT_NONE, /**< nothing was said */
    KD_SUSPECT_HARDWARE,
    KD_SUSPECT_FIRMWARE,
    KD_SUSPECT_DRIVER,
    KD_SUSPECT_KERNEL,
    KD_SUSPECT_CONFIGURATION,
    KD_SUSPECT_WORKLOAD,
    KD_SUSPECT_TEST,
    KD_SUSPECT_UNKNOWN
} kd_suspect;
typedef enum kd_role { KD_PRIMARY, KD_CONTRIBUTING, KD_EFFECT } kd_role;

typedef struct kd_engine kd_engine;
typedef struct kd_session kd_session;
typedef struct kd_report kd_report;
typedef struct kd_event kd_event;     /**< one thing the kernel said: an Oops, a failed vmap, ... */
typedef struct kd_context kd_context; /**< one boot: arch, version, page size, ... */
typedef struct kd_diag kd_diag;       /**< one diagnosis with its evidence */
typedef struct kd_problem
    kd_problem;                   /**< one root and what follows from it: what a person counts */
typedef struct kd_emit kd_emit;   /**< where a rule puts its findings */
typedef struct kd_value kd_value; /**< one value, with the line it was read from */

KD_API uint32_t kd_version(void);                    /**< of the running library, packed 8.8.16 */
KD_API const char *kd_status_name(kd_status status); /**< static text, never NULL */
KD_API const char *kd_severity_name(kd_severity severity);       /**< "fatal" ... "info" */
KD_API const char *kd_confidence_name(kd_confidence confidence); /**< "certain" ... */
KD_API const char *kd_impact_name(kd_impact impact);    /**< "machine-down" ...; "" unknown */
KD_API const char *kd_suspect_name(kd_suspect suspect); /**< "driver" ...; "" nothing was said */
/**
 * A kernel release as `uname -r` prints it ("5.10.0-32-amd64", "4.18.0-193.el8", "5.4") to packed
 * 8.8.16. 0 when the text does not begin with one (major 2..99, a dot, minor).
 */
KD_API uint32_t kd_kernel_parse(kd_str release);

/** Is this the name of an architecture that kd_options.arch takes ("arm64", "x86_64", "arm")? */
KD_API bool kd_arch_known(kd_str name);

/* ---- engine: build once, share --------------------------------------------------------------- */

/** One function for all: ptr NULL allocates; new_size 0 frees, giving NULL. Must be thread-safe. */
typedef struct kd_allocator {
    void *(*resize)(void *user, void *ptr, size_t old_size, size_t new_size);
    void *user;
} kd_allocator;

/** @param alloc  for everything that comes from this engine, outliving it. NULL: the C library. */
KD_API kd_status kd_engine_new(kd_engine **out, const kd_allocator *alloc);

/** Drops your reference. Sessions and reports hold their own: free in any order. */
KD_API void kd_engine_free(kd_engine *engine);

/** What a rule may look at: the event that woke it, and the events before it, newest last. */
typedef struct kd_view {
    const kd_context *context; /**< of the boot that the event belongs to */
    const kd_event *event;
    const kd_event *const *history;
    size_t history_len;
} kd_view;

/**
 * A rule in C. Same view, same findings: no I/O, no statics. Its strings outlive the engine.
 * When check() returns an error, the finding that it was making is dropped, kd_stats.rules_failed
 * counts it, and the other rules are asked as if nothing had happened.
 */
typedef struct kd_rule {
    size_t size;       /**< sizeof(kd_rule), so that the struct can grow */
    const char *id;    /**< unique, and stable for ever: "acme.dma-pool-empty" */
    const char *title; /**< one line, at most 100 characters */
    kd_severity severity;
    const char *wakes_on; /**< event kinds, blank-separated: "page_alloc_failure null_deref" */
    const char *doc; /**< what it proves and what it cannot; for `rules explain`. May be NULL */
    kd_status (*check)(const kd_view *view, kd_emit *out, void *user);
    void *user;
} kd_rule;

/**
 * Before first use of the engine; later KD_E_INVAL. The rule is copied, its strings are not.
 * KD_E_INVAL also for an id that is taken, and for a word in wakes_on that is no event kind.
 */
KD_API kd_status kd_engine_add_rule(kd_engine *engine, const kd_rule *rule);

/**
 * Adds a pack: messages and what they mean, as JSON (schemas/pack.schema.json). All of its entries
 * or none. Before first use of the engine. `json` is not kept.
 * @param why   room for the reason in words, NUL-terminated ("entry 3 (site.foo): no near miss");
 * may be NULL
 * @param room  bytes of it
 * @return KD_E_INVAL: not a pack, an entry is wrong, or its id is taken; KD_E_NOMEM
 */
KD_API kd_status kd_engine_add_pack(kd_engine *engine, kd_str json, char *why, size_t room);

/**
 * Runs each entry of the added packs (of the built-in ones where none was added) on its own
 * examples, which must fire with the values given there, and on its near misses, which must not.
 * Uses the engine.
 * @param tried  number of logs that were tried; may be NULL
 * @return KD_E_INVAL with the first that failed
 */
KD_API kd_status kd_engine_try_packs(kd_engine *engine, char *why, size_t room, size_t *tried);

/** Built-in rules first, then those added, in the order in which they are asked. */
KD_API size_t kd_engine_rule_count(const kd_engine *engine);
KD_API const kd_rule *kd_engine_rule(const kd_engine *engine, size_t index); /**< NULL past end */

/**
 * In a rule: starts a finding. What follows belongs to it until the next kd_emit_diag().
 * All texts are copied. A `certain` finding without proof is handed on as `likely`.
 * KD_E_INVAL: no finding was started, a value is none of its enum, or the path is none of the
 * event.
 */
KD_API kd_status kd_emit_diag(kd_emit *out, kd_confidence confidence, kd_str explanation);
KD_API kd_status kd_emit_role(kd_emit *out, kd_role role);
/** Ties the finding to the line that one field of one event was read from. @param says  may be
 * empty */
KD_API kd_status kd_emit_evidence(kd_emit *out, const kd_event *event, const char *path,
                                  kd_str says);
/** @param value  type and as; its line is ignored. KD_HEX writes "0x..." */
KD_API kd_status kd_emit_fact(kd_emit *out, const char *name, const kd_value *value);
KD_API kd_status kd_emit_proof(kd_emit *out, kd_str claim, kd_str equation);
KD_API kd_status kd_emit_remedy(kd_emit *out, kd_str text);
KD_API kd_status kd_emit_assume(kd_emit *out, kd_str text);
KD_API kd_status kd_emit_impact(kd_emit *out, kd_impact impact);
/** @param name  module, file, unit or part; may be empty @param why  may be empty */
KD_API kd_status kd_emit_suspect(kd_emit *out, kd_suspect suspect, kd_str name, kd_str why);
/** What would settle it: "the Mem-Info block". */
KD_API kd_status kd_emit_missing(kd_emit *out, kd_str text);
/** Somebody asked for it: sysrq, a test. */
KD_API kd_status kd_emit_deliberate(kd_emit *out);

/* ---- options and limits ---------------------------------------------------------------------- */

enum {
    KD_COPY_INPUT = 1u << 0, /**< one shot: kept for callers; input is always copied as needed */
    KD_NO_REPAIR = 1u << 1,  /**< take lines as they are: no unwrapping, unquoting, rejoining */
    KD_NO_TEXT = 1u << 2,    /**< leave the log's own lines out of the evidence */
    KD_COUNTS = 1u << 3      /**< only kd_stats: nothing is kept (kd_stats.events is 0) or judged */
};

/** What became of a line that was read: told to people who write recognisers. */
typedef enum kd_fate {
    KD_FATE_REFUSED, /**< the recogniser or the open event did not want it */
    KD_FATE_WAITS,   /**< it ends in the middle of the recogniser's format: joined with the next */
    KD_FATE_OPENED,  /**< an event begins with it */
    KD_FATE_TAKEN,   /**< by the recogniser of an open event, or by one of its blocks */
    KD_FATE_PASSED,  /**< part of an event, one of many alike: only its number is kept */
    KD_FATE_CLOSED   /**< an open event ended before it, and did not take it */
} kd_fate;

/** One answer to one line; a line may get several. Lines without an anchor that no event waits for
 * get none: they are never looked at. */
typedef struct kd_line_fate {
    size_t size;
    uint64_t line; /**< from 1 */
    kd_fate fate;
    uint64_t event;         /**< 3 for "e3"; 0: none, or one that only tells of the machine */
    const char *recogniser; /**< by its name in the families' rows */
    const char *block;      /**< that took it; NULL: the recogniser itself */
} kd_line_fate;
typedef void (*kd_fate_fn)(const kd_line_fate *fate, void *user);

typedef struct kd_options {
    size_t size;                /**< set by kd_options_init() */
    uint32_t flags;             /**< KD_NO_REPAIR ... */
    uint32_t kernel_version;    /**< KD_KERNEL(5, 4, 125). 0: learn it. A given fact wins */
    uint32_t page_size;         /**< bytes, a power of two up to 1 MiB. 0: learn it */
    const char *arch;           /**< "arm64". NULL: learn it */
    const char *kernel_release; /**< "6.1.0-50-amd64". NULL: learn it. Back-ports turn on it */
    kd_str source_name;         /**< for the report: "dmesg.txt" */
    kd_str kconfig;             /**< text of a kernel .config; empty: none */
    kd_str before;              /**< an earlier capture of the same machine; empty: none */
    uint32_t max_line;          /**< bytes read of one line, 256 to 16 MiB       (16 KiB) */
    uint32_t max_event_lines;   /**< lines that one event may take, 16 at least  (4096) */
    uint32_t max_history; /**< events kept for rules and report (20000): beyond it the first of
                             each kind, the last and the most severe; boots too */
    uint32_t max_diags;   /**< held by one report or session    (10000): the most severe */
    size_t max_memory;    /**< bytes held by one session        (256 MiB) */
    kd_fate_fn on_line;   /**< told what becomes of each line that is read; NULL: nobody */
    void *on_line_user;
    const char *tool_name; /**< who made the report. NULL: "libkdiag" */
    kd_str command_line; /**< text of /proc/cmdline; empty: none. A boot that prints its own goes by
                            that */
} kd_options;

/** Fills in the defaults. Whoever takes options copies them with all their texts, and answers
 * KD_E_INVAL when one of them is none of what stands above. Pass sizeof(kd_options), as your
 * compiler knows it. */
KD_API void kd_options_init(kd_options *options, size_t size);

/* ---- one shot -------------------------------------------------------------------------------- */

/**
 * Analyses a whole log; the bytes are yours again on return.
 * On KD_E_LIMIT *out is a valid, partial report; on any other error it is NULL.
 */
KD_API kd_status kd_analyze(kd_engine *engine, kd_str log, const kd_options *options,
                            kd_report **out);
KD_API void kd_report_free(kd_report *report);

/** Diagnoses: causes first, then most severe first. Events: in log order. Past the end: NULL. */
KD_API size_t kd_report_diag_count(const kd_report *report);
KD_API const kd_diag *kd_report_diag(const kd_report *report, size_t index);
KD_API size_t kd_report_event_count(const kd_report *report);
KD_API const kd_event *kd_report_event(const kd_report *report, size_t index);
/** What matters most first; every event that is a finding and every diagnosis is in exactly one. */
KD_API size_t kd_report_problem_count(const kd_report *report);
KD_API const kd_problem *kd_report_problem(const kd_report *report, size_t index);
KD_API size_t kd_report_boot_count(const kd_report *report);
KD_API const kd_context *kd_report_context(const kd_report *report, size_t boot);

typedef enum kd_format {
    KD_FORMAT_JSON,
    KD_FORMAT_TEXT, /**< for people, 80 columns; control bytes of the log are escaped */
    /** Only the stats object, as JSON. */
    KD_FORMAT_STATS,
    /** At most 2 kB of plain ASCII: a line of at most 80 columns, then one a problem. */
    KD_FORMAT_BRIEF,
    KD_FORMAT_END /**< {"end": {"source": ..., "stats": ...}}: the last line of a stream */
} kd_format;
enum {
    KD_PRETTY = 1u << 0, /**< JSON over several lines */
    KD_COLOUR = 1u << 1, /**< text with terminal colours */
    KD_FULL = 1u << 2    /**< text with every line of evidence and every step of the proofs */
};
/** Among the flags: how many columns text may have; 0: 80. */
#define KD_WIDTH(columns) ((uint32_t)((columns) > 1000 ? 1000 : (columns)) << 16)
typedef int (*kd_write_fn)(const char *data, size_t len, void *user); /**< nonzero: stop */
KD_API kd_status kd_report_write(const kd_report *report, kd_format format, uint32_t flags,
                                 kd_write_fn write, void *user);

/* ---- streaming: push bytes, pull findings ---------------------------------------------------- */

KD_API kd_status kd_session_new(kd_session **out, kd_engine *engine, const kd_options *options);
KD_API void kd_session_free(kd_session *session);
/**
 * What the bytes were unpacked from ("gzip", "xz-cut"), for the report's source.forms; at most 15
 * bytes of it, and the first two such words. Ends with the report.
 */
KD_API kd_status kd_session_packed(kd_session *session, kd_str how);
KD_API void kd_session_set_user(kd_session *session, void *user);
KD_API void *kd_session_user(const kd_session *session);

/** Bytes in any portions, split anywhere. Copied as needed: the buffer is yours again on return. */
KD_API kd_status kd_session_feed(kd_session *session, kd_str bytes);

/**
 * A record that comes without prefix (/dev/kmsg, journal). Unknown: seq 0, level and cpu -1.
 * Records of one CPU belong together, so that reports of two CPUs that interleave come apart; gaps
 * in seq are counted in kd_stats.records_lost. A level is 0 to 7.
 */
typedef struct kd_record {
    size_t size;
    kd_str text;
    uint64_t time_us, seq;
    int32_t level, cpu;
} kd_record;
KD_API kd_status kd_session_feed_record(kd_session *session, const kd_record *record);

/** Is a line or an event unfinished? Then flush at end of input, or when the stream falls quiet. */
KD_API bool kd_session_busy(const kd_session *session);
/** Events that are open are taken for finished; a line without its end waits for it. What was
 * handed out is looked at once more with all that is known by now: kd_session_next() hands it out
 * again where it changed. */
KD_API kd_status kd_session_flush(kd_session *session);
/** The input has ended: a flush, of an unfinished line too, and where each boot ended is known. */
KD_API kd_status kd_session_finish(kd_session *session);

/**
 * At most one pointer is set; it lives until the next call on this session. KD_END: feed more.
 * Events come in the order of their first lines: one that is over waits for an older one that is
 * not, which may be its cause; a flush ends that. Items pulled early know what had been fed by
 * then. After a flush those that later lines changed come again under their ids, and a diagnosis or
 * problem that does not hold any more with `withdrawn` true: pulled to KD_END after
 * kd_session_finish(), the last words of all ids are what a report would have said, as far as the
 * history reaches. What was pulled is
 * not in a later report, but stays in the history for rules: the last max_history events, fewer
 * when all takes more than 1/32 of max_memory.
 */
typedef struct kd_item {
    const kd_context *boot;
    const kd_event *event;
    const kd_diag *diag;
    const kd_problem
        *problem; /**< opened, or it gained an effect, or was repeated 2, 4, 8 ... times */
} kd_item;
KD_API kd_status kd_session_next(kd_session *session, kd_item *out);

/**
 * Finishes and hands over everything that was not pulled (as it is now) as one report; the session
 * starts afresh: lines count from 1 again, and nothing of what was before is known. Ids and the
 * numbers of boots run on, for they are never used twice: look boots up by index.
 * KD_E_LIMIT comes with a report. Any other error leaves *out NULL and the session as it was.
 */
KD_API kd_status kd_session_report(kd_session *session, kd_report **out);
KD_API kd_status kd_boot_write(const kd_context *boot, kd_write_fn write, void *user);
KD_API kd_status kd_event_write(const kd_event *event, kd_write_fn write, void *user);
KD_API kd_status kd_problem_write(const kd_problem *problem, kd_write_fn write, void *user);
KD_API kd_status kd_diag_write(const kd_diag *diag, kd_write_fn write, void *user);

/* ---- reading what was found ------------------------------------------------------------------ */

/**
 * One name space for C and JSON: "gfp.value", "meminfo.zones[0].free_kb" (docs/fields.md), and all
 * other names of the report: "repeated.count", "lines[0][1]", "how_known.arch.by". "e3" is the
 * number 3; of "registers" and other maps "registers[0]" is the name of the first value.
 * KD_E_INVAL: there is no such name; KD_NONE: it has no value here.
 */
typedef enum kd_type { KD_NONE, KD_BOOL, KD_U64, KD_I64, KD_HEX, KD_TEXT, KD_LIST } kd_type;
struct kd_value {
    kd_type type;
    uint64_t line; /**< where it was read; 0: derived or given */
    union {
        bool b;
        uint64_t u; /**< KD_U64, KD_HEX */
        int64_t i;
        kd_str s;
        size_t count; /**< of a KD_LIST */
    } as;
};

KD_API const char *kd_event_kind(const kd_event *event); /**< "null_deref", "vmap_failure", ... */
KD_API uint64_t kd_event_id(const kd_event *event);      /**< 3 for "e3" */
KD_API kd_status kd_event_get(const kd_event *event, const char *path, kd_value *out);
KD_API kd_status kd_context_get(const kd_context *context, const char *path, kd_value *out);

/** "facts.needed_order", "proof[0].equation", "remedies[0]", "evidence[0].line", "role". */
KD_API kd_status kd_diag_get(const kd_diag *diag, const char *path, kd_value *out);
/** By the names of the report: "title", "count", "suspect.class", "events[0]" (3 for "e3"). */
KD_API kd_status kd_problem_get(const kd_problem *problem, const char *path, kd_value *out);
KD_API uint64_t kd_problem_id(const kd_problem *problem);          /**< 1 for "p1" */
KD_API kd_severity kd_problem_severity(const kd_problem *problem); /**< the worst in it */

KD_API const char *kd_diag_id(const kd_diag *diag);  /**< "vmalloc.module-space-exhausted" */
KD_API uint64_t kd_diag_number(const kd_diag *diag); /**< 1 for "d1" */
KD_API const char *kd_diag_title(const kd_diag *diag);
KD_API kd_str kd_diag_explanation(const kd_diag *diag);
KD_API kd_severity kd_diag_severity(const kd_diag *diag);
KD_API kd_confidence kd_diag_confidence(const kd_diag *diag);

/** Lines count from 1. Offset and length are bytes of the log as given, before any repair. */
typedef struct kd_evidence {
    uint64_t line, offset, length;
    kd_str text; /**< the line, or the beginning of it */
    kd_str says; /**< what it shows; may be empty */
    bool before; /**< from the earlier capture (kd_options.before) */
} kd_evidence;
KD_API size_t kd_diag_evidence_count(const kd_diag *diag);
KD_API const kd_evidence *kd_diag_evidence(const kd_diag *diag, size_t index);

typedef struct kd_stats {
    uint64_t bytes, lines, lines_in_events, lines_not_understood, lines_cut, repairs;
    uint64_t bytes_not_utf8, events, events_cut, events_left_out, diags_left_out;
    uint32_t limits;       /**< KD_LIMIT_... that were reached */
    uint64_t rules_failed; /**< calls of added rules that returned an error */
    uint64_t records_lost; /**< gaps in kd_record.seq */
    uint64_t problems_left_out, boots_left_out;
} kd_stats;
enum {
    KD_LIMIT_LINE = 1u << 0,        /**< a line was longer than max_line: cut, not an error */
    KD_LIMIT_EVENT_LINES = 1u << 1, /**< an event was closed at max_event_lines */
    KD_LIMIT_HISTORY = 1u << 2,     /**< more events than max_history */
    KD_LIMIT_DIAGS = 1u << 3,
    KD_LIMIT_MEMORY = 1u << 4,
    KD_LIMIT_PATTERN = 1u << 5 /**< a pattern of a pack was given up on a line */
};
KD_API void kd_report_stats(const kd_report *report, kd_stats *out, size_t size);
KD_API void kd_session_stats(const kd_session *session, kd_stats *out, size_t size);

/* ---- decoders on their own ------------------------------------------------------------------- */

/**
 * Writes one JSON object. Kernel version and arch from options (NULL: newest kernel, x86_64).
 * @param what  "gfp", "esr", "x86-fault", "taint"; KD_E_INVAL when unknown
 * @param all_versions  gfp: each meaning that the mask ever had, as "meanings"
 */
KD_API kd_status kd_decode(kd_engine *engine, const char *what, uint64_t value, bool all_versions,
                           const kd_options *options, kd_write_fn write, void *user);

#ifdef __cplusplus
}
#endif
#endif /* KDIAG_H */
