/* parse_task.c - who was running, on which kernel and machine.
 *
 *   CPU: 0 PID: 2173 Comm: insmod Tainted: P             3.14.43_cig001 #6
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

/* "G           O 3.2.6 #4 VENDOR": flags, release, build. The release is the word before " #". */
static void read_kernel(kd_parse *parse, kdf_task *task, kd_str text, bool tainted)
{
    const char *mark = kd_str_find(text, " #");
    kd_str head = mark ? (kd_str){ text.ptr, (size_t)(mark - text.ptr) } : text;
    const char *blank = kd_str_find_last(head, " ");
    kd_str release = blank ? kd_str_from(head, (size_t)(blank + 1 - head.ptr)) : head;
    kd_str flags = { head.ptr, head.len - release.len };
    if (mark && release.len > 0 && kd_is_digit(release.ptr[0])) {
        kd_put(parse, &task->kernel_release, release);
        kd_put(parse, &task->build, kd_str_from(text, (size_t)(mark + 1 - text.ptr)));
    }
    if (!mark)
        flags = head;
    kd_put(parse, &task->taint.raw, tainted ? kd_str_trim(flags) : KD_STR(""));
}

/* What follows "Comm: ": the name may hold blanks, so it ends where the taint text begins. */
static bool read_comm(kd_parse *parse, kdf_task *task, kd_str text)
{
    const char *taint = kd_str_find_last(text, " Not tainted");
    bool tainted = !taint;
    size_t skip = sizeof " Not tainted" - 1;
    if (!taint) {
        taint = kd_str_find_last(text, " Tainted: ");
        skip = sizeof " Tainted: " - 1;
    }
    kd_str comm = taint ? (kd_str){ text.ptr, (size_t)(taint - text.ptr) } : text;
    const char *kdump = kd_str_find(comm, " Kdump: loaded");
    if (kdump)
        comm.len = (size_t)(kdump - comm.ptr);
    kd_put(parse, &task->comm, kd_str_trim(comm));
    if (taint)
        read_kernel(parse, task, kd_str_from(text, (size_t)(taint - text.ptr) + skip), tainted);
    return true;
}

static bool take_cpu_line(kd_parse *parse, kdf_task *task, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu, pid;
    kd_str skipped, rest;
    if (!kd_scan_literal(&in, "CPU: ") || !kd_scan_u64(&in, &cpu) ||
        !kd_scan_past(&in, "PID: ", &skipped) || skipped.len > 40 || !kd_scan_u64(&in, &pid) ||
        !kd_scan_literal(&in, " Comm: "))
        return false;
    kd_put(parse, &task->cpu, cpu);
    kd_put(parse, &task->pid, pid);
    kd_scan_rest(&in, &rest);
    return read_comm(parse, task, rest);
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
    return read_comm(parse, task, rest);
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

/* "kfault(OE+) usbcore" up to the tail in brackets. */
static void read_modules(kd_parse *parse, kdf_task *task, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
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

/* "5.7.0-rc3+ #121": what a mail program wrapped off the line before. */
static bool take_wrapped_kernel(kd_parse *parse, kdf_task *task, kd_str text)
{
    if (!task->taint.raw.src || task->taint.raw.src + 1 != parse->src || task->kernel_release.src ||
        text.len == 0 || !kd_is_digit(text.ptr[0]))
        return false;
    kd_scan in = kd_scan_of(text);
    kd_str release, build;
    if (!kd_scan_past(&in, " #", &release) || !kd_str_has(release, ".") || kd_str_has(release, " "))
        return false;
    build = kd_str_from(text, release.len + 1);
    kd_put(parse, &task->kernel_release, release);
    kd_put(parse, &task->build, build);
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
    if (take_cpu_line(parse, task, text) || take_pid_line(parse, task, text) ||
        take_label(parse, &task->hardware, text, "Hardware name: ") ||
        take_label(parse, &task->workqueue, text, "Workqueue: ") ||
        take_old_lines(parse, task, text) || take_wrapped_kernel(parse, task, text))
        return KD_TAKEN;
    if (kd_str_starts(text, "Modules linked in:")) {
        if (task->modules.count == 0)
            read_modules(parse, task, kd_str_from(text, sizeof "Modules linked in:" - 1));
        return KD_TAKEN;
    }
    if (kd_str_starts(text, "Tainted: [") || kd_str_starts(text, "Unloaded tainted modules:") ||
        kd_str_starts(text, "Stopper: ") || kd_str_starts(text, "Sched_ext: "))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

const kd_block kd_block_task = { .name = "task", .take = take };
