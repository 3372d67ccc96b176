/* context.h - which kernel and machine one boot ran on, and how each fact is known.
 * Layer: core. */
#ifndef KD_CORE_CONTEXT_H
#define KD_CORE_CONTEXT_H

#include "core/event.h"

typedef enum kd_by { KD_BY_NONE, KD_BY_ASSUMED, KD_BY_READ, KD_BY_GIVEN } kd_by;

typedef struct kd_known {
    kd_by by;
    uint64_t line; /* KD_BY_READ: where */
} kd_known;

/* A row of the boot log's memory layout. */
typedef struct kd_read_area {
    kd_str name;         /* "vmalloc", "modules", "lowmem" ... as printed */
    uint64_t start, end; /* end is exclusive */
    kd_line_ref line;
} kd_read_area;
#define KD_READ_AREAS 32u

/* How far a boot came, as far as the log shows. */
typedef enum kd_stage {
    KD_STAGE_UNKNOWN,
    KD_STAGE_LOADER,
    KD_STAGE_KERNEL,
    KD_STAGE_INIT,
    KD_STAGE_LOGIN
} kd_stage;

struct kd_context {
    kd_arena arena;                 /* holds all of it */
    uint64_t boot;                  /* index from 0 */
    uint64_t first_line, last_line; /* 0: no line yet */
    kd_str arch;                    /* "x86_64", "i386", "arm64", "arm", "riscv64" ... */
    kd_str release;                 /* uname -r */
    kd_str version_text;            /* "6.1.176" */
    uint32_t version;               /* packed; 0 unknown */
    kd_str hardware;
    uint32_t page_size; /* bytes; 0 unknown */
    uint64_t ram_kb;    /* 0 unknown */
    uint64_t ram_start; /* physical address that the linear map begins with */
    bool ram_start_known;
    uint64_t text_offset;         /* KASLR offset of the kernel text */
    uint64_t text_base, text_end; /* where the text is linked; last address it may move to */
    uint64_t va_bits;
    uint32_t cpus;          /* 0 unknown */
    bool mobility_off;      /* pages are not grouped by mobility */
    uint64_t vmalloc_bytes; /* vmalloc= of the command line; 0: not given */
    kd_line_ref vmalloc_line;
    uint64_t module_pages[2];    /* arm64 from 6.5: [0] needs no PLTs, [1] with PLTs */
    kd_line_ref module_lines[2]; /* number 0: not printed */
    kd_list areas;               /* of kd_read_area, at most KD_READ_AREAS */
    kd_list zones;               /* of kd_text: configured zones in order; empty: unknown */
    kd_known arch_known, release_known, version_known, hardware_known, page_size_known;
    kd_known text_offset_known;
    uint64_t conflicts;      /* facts that later lines contradict */
    unsigned arch_weight;    /* kd_weight of what told the architecture last */
    uint32_t evidence_lines; /* that were looked at for it */
    kd_str kconfig;          /* text of the .config that was given; may be empty */
    struct kd_isas *isas; /* what reads instructions, of the whole report; NULL: nothing is kept */
    struct kd_hints *hints; /* lines that announce what is about to happen; NULL: none */
    kd_list said;           /* of const kd_rule *: those that spoke of its events, each once */
    unsigned stage;         /* kd_stage */
    bool is_console;        /* lines stand in it that only a console shows */
    bool has_ended;         /* in order: it was shut down */
    kd_line_ref reset_line; /* tells why the machine was reset; number 0: none */
    bool has_timed;         /* an event of it has a time */
    uint64_t newest_us;     /* the latest of those times */
    uint64_t newest_line;   /* of the headers of its events, the last one */
    bool in_use;            /* scratch of kd_thin_boots() */
    uint64_t state;         /* grows with each fact that is learnt */
    bool pulled;
    uint64_t told;                  /* kd_boot_hash() of what was handed out last; 0: never */
    uint64_t told_first, told_last; /* its lines then */
};

/* Facts that the caller gave hold from the start. */
void kd_context_init(kd_context *context, uint64_t boot, const kd_options *options);
void kd_context_free(kd_context *context);

/* Learns what the event tells; texts are copied into the arena. */
void kd_context_learn(kd_context *context, const kd_event *event, kd_arena *arena);

/* ---- for learners: what is known better stays ------------------------------------------------ */

/* The number of the line that a field was read from; 0: none. */
uint64_t kd_line_of(const kd_event *event, kd_src src);
/* A copy of that line, for facts that outlive the event. */
kd_line_ref kd_learn_line(const kd_event *event, kd_src src, kd_arena *arena);
/* Sets a text fact, unless something as good said it before. True: it is new. */
bool kd_learn(kd_context *context, kd_str *fact, kd_known *known, kd_str value, uint64_t line);
/* `uname -r`; gives the version and often the architecture too. */
void kd_learn_release(kd_context *context, kd_str release, uint64_t line, kd_arena *arena);
/* The stable version that a distribution's release is: "6.1.176-1". */
void kd_learn_stable(kd_context *context, kd_str text, uint64_t line, kd_arena *arena);
/* Debian's task line: "#1  Debian 6.1.176-1" */
void kd_learn_build(kd_context *context, kd_str build, uint64_t line, kd_arena *arena);

/* "boot loader", "kernel", "init", "login prompt"; empty: not known. */
kd_str kd_stage_name(const kd_context *context);

/* "given", "read", "assumed"; NULL for KD_BY_NONE. */
const char *kd_by_name(kd_by by);

bool kd_arch_is(const kd_context *context, const char *arch);

/* Page size, or 4096 when nothing tells it. */
uint32_t kd_context_page_size(const kd_context *context);

/* The n-th row of that name ("vmalloc" also finds "vmalloc & ioremap"), or NULL. */
const kd_read_area *kd_context_area(const kd_context *context, const char *name, size_t n);

/* The architecture that the release or banner names ("-amd64", ".x86_64", "-armmp"), or empty. */
kd_str kd_arch_of_release(kd_str release);
#endif
