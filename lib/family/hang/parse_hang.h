/* parse_hang.h - what the recognisers of this family share. */
#ifndef KD_HANG_PARSE_HANG_H
#define KD_HANG_PARSE_HANG_H

#include "core/parser.h"
#include "family/fields.h"
#include "family/lock/parse_lock.h"

/* ---- several stacks in one report ------------------------------------------------------------ */

/* Where the stacks of a report go. `own` of the recogniser: the first three words are the router's,
 * which remembers there whose stack the next frames are. */
typedef struct kd_stacks {
    kd_list *main;  /* of kdf_frame: the stack below the header; NULL: there is none */
    kd_list *cpus;  /* of kdf_hang_cpu */
    kd_list *tasks; /* of kdf_hang_task; NULL: the report shows none */
    kdf_task *task; /* learns release, hardware and modules; NULL: nothing does */
} kd_stacks;

enum { KD_OWN_WHOSE, KD_OWN_INDEX, KD_OWN_TRACE, KD_OWN_FREE };

/* Lines of other CPUs and tasks; while the header's own stack is being read, NOT_MINE. */
kd_verdict kd_stacks_take(kd_parse *parse, const kd_stacks *stacks, const kd_line *line);
/* The entry of that CPU, added when there is none; NULL: refused. */
kdf_hang_cpu *kd_stacks_cpu(kd_parse *parse, const kd_stacks *stacks, uint64_t cpu);
/* What follows is of that CPU. A second stack of the same CPU says nothing new. */
void kd_stacks_turn_to_cpu(kd_parse *parse, const kd_stacks *stacks, uint64_t cpu);
/* What follows is of a task with this role: a literal. */
void kd_stacks_task(kd_parse *parse, const kd_stacks *stacks, const char *role);
/* Did the report ask other CPUs for their stacks? */
bool kd_stacks_asked(const kd_parse *parse);

/* One line that shows a task: "task:bash state:R stack:0 pid:205 ...", "bash R running task ..." */
typedef struct kd_task_line {
    kd_str comm, state;
    uint64_t pid, ppid;
    bool has_ppid, running;
} kd_task_line;
bool kd_scan_task_line(kd_str text, kd_task_line *out);

/* ---- blame ----------------------------------------------------------------------------------- */

/* Reasons that rules tell apart: texts of blame.why. */
#define KD_WHY_LOCK "it waits for a lock there: who holds the lock is not shown"
#define KD_WHY_AFTER "interrupts were just enabled again: the time was spent before, in it"
#define KD_WHY_PEER "the CPU waits for another that does not answer: a victim"
#define KD_WHY_IDLE "the CPU idles: nobody there is at fault"

/* The function that a CPU ran when it was looked at, from its instruction pointer and stack; leaves
 * blame without a function, and says why, where nobody there is guilty. */
void kd_blame_cpu(kdf_blame *blame, const kdf_symbol *ip, const kd_list *backtrace);
/* The first frame below the detector and the entry of its interrupt; 0 where none is on top, or
 * where the stack ends before the entry: `ends_inside`. */
uint32_t kd_below_detector(const kd_list *backtrace, bool *ends_inside);

#endif
