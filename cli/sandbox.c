/* sandbox.c - before log text is read: what was named stays readable, all else is given up. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"

/* ---- Landlock: of files, only those named, and only reading; a folder for a database --------- */

/* include/uapi/linux/landlock.h, 5.13; headers may be older than the kernel */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { PATH_BENEATH = 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, ALL_OF_5_13 = (1 << 13) - 1 };
/* to write a file, to remove and to make one */
enum { STORE = READ_FILE | 1 << 1 | 1 << 5 | 1 << 8 };

typedef struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed)) path_rule;

static void allow(int rules, const char *path, uint64_t what)
{
    path_rule rule = { what, open(path, O_PATH | O_CLOEXEC) };
    if (rule.parent < 0)
        return; /* reading it will say why */
    syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0);
    close(rule.parent);
}

static bool restrict_files(int count, char **paths, const char *folder)
{
    /* a directory may be opened: that it is one is then told */
    uint64_t handled = ALL_OF_5_13 & ~(uint64_t)READ_DIR;
    int rules = (int)syscall(CREATE_RULESET, &handled, sizeof handled, 0);
    if (rules < 0)
        return false;
    for (int i = 0; i < count; i++)
        allow(rules, paths[i], READ_FILE);
    if (folder)
        allow(rules, folder, STORE);
    bool done = syscall(RESTRICT_SELF, rules, 0) == 0;
    close(rules);
    return done;
}

/* ---- seccomp: of system calls, only those that reading and writing take ---------------------- */

#if defined __x86_64__
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__ && defined __AARCH64EL__
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef THIS_ARCH
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define YES BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NO BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 1), YES
/* low half of the argument, little endian; NO when one of the bits is set */
#define ALLOW_WITHOUT(call, n, bits)                                       \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 4), LOAD(args[n]), \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1), NO, YES

/* Old ways that the C library takes where there are any. */
#ifdef __NR_poll
#define OLD_READ_CALLS ALLOW(poll),
#define OLD_STORE_CALLS ALLOW(unlink), ALLOW(access), ALLOW(readlink), ALLOW(rename),
#else
#define OLD_READ_CALLS
#define OLD_STORE_CALLS
#endif

#define START LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0), NO, LOAD(nr)
#define READ_CALLS                                                                            \
    OLD_READ_CALLS ALLOW(read), ALLOW(readv), ALLOW(write), ALLOW(writev), ALLOW(close),      \
        ALLOW(lseek), ALLOW(munmap), ALLOW(mremap), ALLOW(brk), ALLOW(madvise), ALLOW(fstat), \
        ALLOW(newfstatat), ALLOW(ppoll), ALLOW(rt_sigaction), ALLOW(rt_sigprocmask),          \
        ALLOW(rt_sigreturn), ALLOW(restart_syscall), ALLOW(clock_gettime), ALLOW(futex),      \
        ALLOW(getrandom), ALLOW(getpid), ALLOW(gettid), ALLOW(exit), ALLOW(exit_group)
#define IOCTLS                                                            \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 4), LOAD(args[1]), \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCGETS, 1, 0),                \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCGWINSZ, 0, 1), YES, NO
/* What SQLite takes besides. */
#define STORE_CALLS                                                                               \
    OLD_STORE_CALLS ALLOW(openat), ALLOW(renameat), ALLOW(fcntl), ALLOW(fsync), ALLOW(fdatasync), \
        ALLOW(pread64), ALLOW(pwrite64), ALLOW(ftruncate), ALLOW(unlinkat), ALLOW(getdents64),    \
        ALLOW(faccessat), ALLOW(readlinkat), ALLOW(getcwd), ALLOW(geteuid), ALLOW(fchmod),        \
        ALLOW(fchown), ALLOW(clock_nanosleep), ALLOW(nanosleep), ALLOW(sched_yield)

static bool install(struct sock_filter *filter, size_t count)
{
    struct sock_fprog program = { (unsigned short)count, filter };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static bool restrict_calls(bool stores)
{
    struct sock_filter reads[] = {
        START,
        READ_CALLS,
        ALLOW_WITHOUT(openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC),
        ALLOW_WITHOUT(mmap, 2, PROT_EXEC),
        ALLOW_WITHOUT(mprotect, 2, PROT_EXEC),
        IOCTLS,
    };
    struct sock_filter all[] = {
        START,
        READ_CALLS,
        STORE_CALLS,
        ALLOW_WITHOUT(mmap, 2, PROT_EXEC),
        ALLOW_WITHOUT(mprotect, 2, PROT_EXEC),
        IOCTLS,
    };
    return stores ? install(all, sizeof all / sizeof *all)
                  : install(reads, sizeof reads / sizeof *reads);
}
#else
static bool restrict_calls(bool stores)
{
    (void)stores;
    return false;
}
#endif

bool confine_files(int count, char **paths, const char *folder)
{
#ifdef KD_NO_SANDBOX
    (void)count, (void)paths, (void)folder, (void)restrict_files;
    return false;
#else
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && restrict_files(count, paths, folder);
#endif
}

bool confine_calls(bool stores)
{
#ifdef KD_NO_SANDBOX
    (void)stores, (void)restrict_calls;
    return false;
#else
    return restrict_calls(stores);
#endif
}

bool enter_sandbox(int count, char **paths)
{
    bool files = confine_files(count, paths, NULL);
    return confine_calls(false) || files;
}
