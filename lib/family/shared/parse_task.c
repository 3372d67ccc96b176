/* parse_task.c - who was running, on which kernel and machine.
 *
 *   CPU: 0 PID: 2173 Comm: insmod Tainted: P             3.14.43_cig001 #6
 *   CPU: 0    Not tainted  (2.6.39 #1)                              arm to 3.9
 *   CPU: 0 UID: 0 PID: 99 Comm: insmod Not tainted 6.12.107+deb13-amd64 #1  Debian 6.12.107-1
 *   Pid: 5060, comm: rmmod Tainted: G           O 3.2.6 #4 TOSHIBA T20
 *   Hardware name: linux,dummy-virt (DT)
 *   Workqueue: events kf_work_fn [kfault]
 *   Modules linked in: kfault(OE+) [last unloaded: x]
 *
 * dump_stack_print_info() and print_modules(); before 3.10 each architecture's own line.
 */
#include "family/fields.h"
#include "family/shared/parse_shared.h"

/* kd_block_state of a task line that a mail program broke: the line that goes on, and where */
enum { BROKEN_NONE, BROKEN_NAME, BROKEN_FLAGS };

/* "3.2.6 #4 VENDOR", "(2.6.24-19-generic #1)", "(2.6.32 #1) BOARD": release and build. */
static bool put_kernel(kd_parse *parse, kdf_task *task, kd_str release, kd_str build)
{
    bool bracket = kd_str_starts(release, "(");
    if (bracket) {
        const char *close = kd_str_find(build, ")");
        build.len = close ? (size_t)(close - build.ptr) : build.len;
        release = kd_str_from(release, 1);
    }
    if (release.len == 0 || !kd_is_digit(release.ptr[0]))
        return false;
    kd_put(parse, &task->kernel_release, release);
    kd_put(parse, &task->build, build);
    return true;
}

/* "G           O 3.2.6 #4 VENDOR": flags, release, build. The release is the word before " #".
 * False: the line ends before it. */
static bool read_kernel(kd_parse *parse, kdf_task *task, kd_str text, bool tainted)
{
    const char *mark = kd_str_find(text, " #");
    kd_str head = mark ? (kd_str){ text.ptr, (size_t)(mark - text.ptr) } : text;
    const char *blank = kd_str_find_last(head, " ");
    kd_str release = blank ? kd_str_from(head, (size_t)(blank + 1 - head.ptr)) : head;
    kd_str flags = { head.ptr, head.len - release.len };
    if (mark)
        put_kernel(parse, task, release, kd_str_from(text, (size_t)(mark + 1 - text.ptr)));
    else
        flags = head;
    kd_put(parse, &task->taint.raw, tainted ? kd_str_trim(flags) : KD_STR(""));
    return mark != NULL;
}

/* Where the text ends in the middle of what follows a name, the name ends before that. */
static bool drop_broken(kd_str *comm, const char *words)
{
    if (!kd_str_ends(*comm, words))
        return false;
    comm->len -= kd_str_of(words).len;
    return true;
}

/* What follows "Comm: ": the name may hold blanks, so it ends where the taint text begins. */
static void read_comm(kd_parse *parse, kdf_task *task, kd_str text)
{
    const char *taint = kd_str_find_last(text, " Not tainted");
    bool tainted = !taint, whole = false;
    size_t skip = sizeof " Not tainted" - 1;
    uint32_t broken = BROKEN_NAME;
    if (!taint) {
        taint = kd_str_find_last(text, " Tainted: ");
        skip = sizeof " Tainted: " - 1;
    }
    kd_str comm = taint ? (kd_str){ text.ptr, (size_t)(taint - text.ptr) } : text;
    if (!taint && drop_broken(&comm, " Tainted:"))
        broken = BROKEN_FLAGS;
    else if (!taint)
        drop_broken(&comm, " Not");
    const char *kdump = kd_str_find(comm, " Kdump: loaded");
    if (kdump)
        comm.len = (size_t)(kdump - comm.ptr);
    drop_broken(&comm, " Kdump:");
    kd_put(parse, &task->comm, kd_str_trim(comm));
    if (taint)
        whole =
            read_kernel(parse, task, kd_str_from(text, (size_t)(taint - text.ptr) + skip), tainted);
    parse->state->more = whole ? 0 : parse->src;
    parse->state->at = taint ? (tainted ? BROKEN_FLAGS : BROKEN_NONE) : broken;
}

/* "CPU: " or what a capture left of it */
static bool scan_cpu(kd_scan *in, uint64_t *cpu)
{
    kd_scan_char(in, 'C');
    kd_scan_char(in, 'P');
    return kd_scan_literal(in, "U: ") && kd_scan_blanks(in) && kd_scan_u64(in, cpu);
}

static bool take_cpu_line(kd_parse *parse, kdf_task *task, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu, pid;
    kd_str skipped, rest;
    if (!scan_cpu(&in, &cpu) || !kd_scan_past(&in, "PID: ", &skipped) || skipped.len > 40 ||
        !kd_scan_u64(&in, &pid) || !kd_scan_literal(&in, " Comm: "))
        return false;
    kd_put(parse, &task->cpu, cpu);
    kd_put(parse, &task->pid, pid);
    kd_scan_rest(&in, &rest);
    read_comm(parse, task, rest);
    return true;
}

/* "CPU: 0    Not tainted  (2.6.35.3 #10)": arm to 3.9; "CPU:    0": i386 to 2.6.24 */
static bool take_bare_cpu(kd_parse *parse, kdf_task *task, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu;
    kd_str rest;
    if (!scan_cpu(&in, &cpu))
        return false;
    kd_scan_blanks(&in);
    bool clean = kd_scan_literal(&in, "Not tainted");
    bool tainted = !clean && kd_scan_literal(&in, "Tainted: ");
    if (!clean && !tainted && !kd_scan_at_end(&in))
        return false;
    kd_put(parse, &task->cpu, cpu);
    kd_scan_rest(&in, &rest);
    if (clean || tainted)
        read_kernel(parse, task, kd_str_trim(rest), tainted);
    return true;
}

static bool take_pid_line(kd_parse *parse, kdf_task *task, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t pid;
    kd_str rest;
    if (!kd_scan_literal(&in, "Pid: ") || !kd_scan_u64(&in, &pid) ||
        !kd_scan_literal(&in, ", comm: "))
        return false;
    kd_put(parse, &task->pid, pid);
    kd_scan_rest(&in, &rest);
    read_comm(parse, task, rest);
    return true;
}

/* "CPU 0" (x86 to 3.9) and "Process rmmod (pid: 5060, threadinfo ..." */
static bool take_old_lines(kd_parse *parse, kdf_task *task, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t number;
    kd_str comm;
    if (kd_scan_literal(&in, "CPU ") && kd_scan_u64(&in, &number) && kd_scan_at_end(&in)) {
        kd_put(parse, &task->cpu, number);
        return true;
    }
    in = kd_scan_of(text);
    if (kd_scan_literal(&in, "Process ") && kd_scan_past(&in, " (pid: ", &comm) &&
        kd_scan_u64(&in, &number)) {
        kd_put(parse, &task->comm, comm);
        kd_put(parse, &task->pid, number);
        return true;
    }
    return kd_str_starts(text, "task: ") && kd_str_has(text, " task.");
}

/* "[last unloaded: bpf_testmod(OE)]" */
static void read_unloaded(kd_parse *parse, kdf_task *task, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str name;
    if (!kd_scan_literal(&in, "[last unloaded: ") || !kd_scan_until(&in, ']', &name))
        return;
    const char *bracket = kd_str_find(name, "(");
    if (bracket)
        name.len = (size_t)(bracket - name.ptr);
    if (name.len > 0)
        kd_put(parse, &task->last_unloaded, name);
}

/* "kfault(OE+) usbcore" up to the tail in brackets. */
static void read_modules(kd_parse *parse, kdf_task *task, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        if (word.ptr[0] == '[')
            read_unloaded(parse, task, kd_str_from(text, (size_t)(word.ptr - text.ptr)));
        if (word.ptr[0] == '[' || task->modules.count >= 2000)
            return;
        const char *bracket = kd_str_find(word, "(");
        kd_str name = bracket ? (kd_str){ word.ptr, (size_t)(bracket - word.ptr) } : word;
        kdf_module_ref *module = KD_LIST_ADD(parse->arena, &task->modules, kdf_module_ref);
        if (!module)
            return;
        module->name = (kd_text){ name, parse->src };
        if (bracket && word.ptr[word.len - 1] == ')')
            module->flags = (kd_text){ { bracket + 1, word.len - name.len - 2 }, parse->src };
    }
}

/* Taint letters alone, each between blanks. */
static bool are_letters(kd_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool letter = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
        bool alone = i == 0 || text.ptr[i - 1] == ' ';
        if (!(letter && alone) && !kd_is_blank(text.ptr[i]))
            return false;
    }
    return true;
}

/* "G S", and in the next line "D": no line holds all of it. */
static void put_flags(kd_parse *parse, kdf_task *task, kd_str flags)
{
    kd_text *raw = &task->taint.raw;
    if (!raw->src || flags.len == 0) {
        kd_put(parse, raw, flags);
        return;
    }
    *raw = (kd_text){ kd_arena_format(parse->arena, "%.*s %.*s", KD_FMT(raw->v), KD_FMT(flags)),
                      KD_DERIVED };
}

/* "5.7.0-rc3+ #121", "D   7.0.3-arch1-2 #1", "Tainted: G W 6.1.0 #1", "tainted 5.4.0 #2": what a
 * mail program wrapped off the line before. */
static bool take_wrapped_kernel(kd_parse *parse, kdf_task *task, kd_str text)
{
    uint32_t broken = parse->state->at;
    kd_str head;
    if (parse->state->more == 0 || parse->state->more + 1 != parse->src || task->kernel_release.src)
        return false;
    kd_scan in = kd_scan_of(text);
    if (broken == BROKEN_NAME)
        kd_scan_literal(&in, "loaded "); /* "Kdump: " stands in the line before */
    bool clean = broken == BROKEN_NAME &&
                 (kd_scan_literal(&in, "Not tainted ") || kd_scan_literal(&in, "tainted "));
    bool tainted = broken == BROKEN_NAME && !clean && kd_scan_literal(&in, "Tainted: ");
    if (broken == BROKEN_NAME && !clean && !tainted)
        return false;
    kd_scan_rest(&in, &text);
    in = kd_scan_of(text);
    if (!kd_scan_past(&in, " #", &head))
        return false;
    const char *blank = kd_str_find_last(head, " ");
    kd_str release = blank ? kd_str_from(head, (size_t)(blank + 1 - head.ptr)) : head;
    kd_str flags = { head.ptr, head.len - release.len };
    if (!kd_str_has(release, ".") || !are_letters(flags) ||
        !put_kernel(parse, task, release, kd_str_from(text, head.len + 1)))
        return false;
    put_flags(parse, task, clean ? KD_STR("") : kd_str_trim(flags));
    return true;
}

/* A line that holds nothing but names of modules, and "[last unloaded: x]". */
static bool are_modules(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    size_t count = 0;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        if (word.ptr[0] == '[')
            return count > 0 && kd_str_starts((kd_str){ word.ptr, (size_t)(in.end - word.ptr) },
                                              "[last unloaded: ");
        size_t n = 0;
        while (n < word.len && (kd_is_digit(word.ptr[n]) || word.ptr[n] == '_' ||
                                (word.ptr[n] >= 'a' && word.ptr[n] <= 'z')))
            n++;
        if (n == 0 || kd_is_digit(word.ptr[0]) ||
            (n < word.len && (word.ptr[n] != '(' || word.ptr[word.len - 1] != ')')))
            return false;
        count++;
    }
    return count > 2;
}

/* The list is so long that the kernel, or a log daemon, printed it in pieces. */
static bool take_more_modules(kd_parse *parse, kdf_task *task, kd_str text)
{
    const kd_list *modules = &task->modules;
    if (modules->count == 0 || task->last_unloaded.src ||
        KD_ITEMS(*modules, kdf_module_ref)[modules->count - 1].name.src + 1 != parse->src ||
        !are_modules(text))
        return false;
    read_modules(parse, task, text);
    return true;
}

static bool take_label(kd_parse *parse, kd_text *field, kd_str text, const char *label)
{
    kd_str value;
    if (!kd_str_starts(text, label))
        return false;
    value = kd_str_trim(kd_str_from(text, kd_str_of(label).len));
    kd_put(parse, field, value);
    return true;
}

static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_task *task = group;
    kd_str text = line->text;
    if (line->frame)
        return KD_NOT_MINE;
    if (take_cpu_line(parse, task, text) || take_bare_cpu(parse, task, text) ||
        take_pid_line(parse, task, text) ||
        take_label(parse, &task->hardware, text, "Hardware name: ") ||
        take_label(parse, &task->workqueue, text, "Workqueue: ") ||
        take_old_lines(parse, task, text) || take_wrapped_kernel(parse, task, text))
        return KD_TAKEN;
    if (kd_str_starts(text, "Modules linked in:")) {
        if (task->modules.count == 0)
            read_modules(parse, task, kd_str_from(text, sizeof "Modules linked in:" - 1));
        return KD_TAKEN;
    }
    if (take_more_modules(parse, task, text) || kd_str_starts(text, "Tainted: [") ||
        kd_str_starts(text, "Unloaded tainted modules:") || kd_str_starts(text, "Stopper: ") ||
        kd_str_starts(text, "Sched_ext: "))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

const kd_block kd_block_task = { .name = "task", .take = take };
