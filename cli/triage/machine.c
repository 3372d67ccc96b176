/* machine.c - what other files of a bundle tell of the machine whose logs it holds.
 *
 * A file is known by the end of its path; what stands before that is the root of the bundle, and
 * what the file tells is told of the logs below this root only.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unpack.h"
#include "triage.h"

#define MOST_MACHINES 16u /* of one archive at a time: the members of one stand together */
#define MOST_CONFIGS 4u
#define MOST_FACT ((size_t)512 << 10) /* bytes of a file, unpacked */
#define MOST_LINE 8192u

struct facts {
    atomic_uint holders; /* it is not changed while others hold it */
    text root, command_line;
    char host[72], kernel[100], arch[24];
    struct config {
        char of[100]; /* the release in its name; empty: of the kernel that ran */
        text words;
    } configs[MOST_CONFIGS];
    size_t config_count;
    hash made; /* of all but the host */
    bool hashed;
};

/* Of all texts: logs that wait hold those of machines that are gone. */
static atomic_size_t held_bytes;
#define MANY_BYTES ((size_t)64 << 20)

bool facts_are_many(void)
{
    return atomic_load(&held_bytes) > MANY_BYTES;
}

static void drop_text(text *t)
{
    atomic_fetch_sub(&held_bytes, t->len);
    text_free(t);
}

static void keep_text(text *t, const char *at, size_t len)
{
    size_t had = t->len;
    text_put(at, len, t);
    atomic_fetch_add(&held_bytes, t->len - had);
}

/* ---- holding --------------------------------------------------------------------------------- */

const facts *facts_hold(const facts *f)
{
    if (f)
        atomic_fetch_add(&((facts *)(uintptr_t)f)->holders, 1);
    return f;
}

void facts_drop(const facts *held)
{
    facts *f = (facts *)(uintptr_t)held;
    if (!f || atomic_fetch_sub(&f->holders, 1) > 1)
        return;
    for (size_t i = 0; i < f->config_count; i++)
        drop_text(&f->configs[i].words);
    drop_text(&f->root);
    drop_text(&f->command_line);
    free(f);
}

static void copy_text(text *to, const text *from)
{
    if (from->len > 0)
        keep_text(to, from->at, from->len);
}

static bool is_whole(const facts *f)
{
    bool failed = f->root.failed || f->command_line.failed;
    for (size_t i = 0; i < f->config_count; i++)
        failed |= f->configs[i].words.failed;
    return !failed;
}

/* One that nobody else holds, in the place of *f; false: no memory. */
static bool make_own(facts **f)
{
    facts *was = *f, *own;
    if (atomic_load(&was->holders) == 1)
        return true;
    own = zeroed_noted(1, sizeof *own);
    if (!own)
        return false;
    atomic_init(&own->holders, 1);
    memcpy(own->host, was->host, sizeof own->host);
    memcpy(own->kernel, was->kernel, sizeof own->kernel);
    memcpy(own->arch, was->arch, sizeof own->arch);
    copy_text(&own->root, &was->root);
    copy_text(&own->command_line, &was->command_line);
    own->config_count = was->config_count;
    for (size_t i = 0; i < was->config_count; i++) {
        memcpy(own->configs[i].of, was->configs[i].of, sizeof own->configs[i].of);
        copy_text(&own->configs[i].words, &was->configs[i].words);
    }
    *f = own;
    facts_drop(was);
    return is_whole(own);
}

/* ---- files that tell ------------------------------------------------------------------------- */

/* One word of a line, counted from 0. */
static kd_str word_of(kd_str line, int number)
{
    size_t at = 0, end;
    for (; number > 0 && at < line.len && line.ptr[at] != '\n'; at++)
        number -= line.ptr[at] == ' ';
    for (end = at; end < line.len && !strchr(" \t\r\n", line.ptr[end]);)
        end++;
    return (kd_str){ line.ptr + at, end - at };
}

static kd_str line_of(kd_str bytes)
{
    const char *end = bytes.len ? memchr(bytes.ptr, '\n', bytes.len) : NULL;
    return (kd_str){ bytes.ptr, end ? (size_t)(end - bytes.ptr) : bytes.len };
}

/* What stands behind the first `mark`; empty: it does not stand there. */
static kd_str behind(kd_str bytes, const char *mark)
{
    const char *found = bytes.len ? memmem(bytes.ptr, bytes.len, mark, strlen(mark)) : NULL;
    size_t at = found ? (size_t)(found - bytes.ptr) + strlen(mark) : bytes.len;
    return (kd_str){ bytes.ptr + at, bytes.len - at };
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void learn_kernel(facts *f, kd_str release)
{
    if (release.len > 0 && kd_kernel_parse(release) != 0)
        copy_clean(f->kernel, sizeof f->kernel, release);
}

/* "Linux version RELEASE (...) ..." */
static void learn_version(facts *f, const char *path, kd_str bytes)
{
    (void)path;
    if (bytes.len > 14 && memcmp(bytes.ptr, "Linux version ", 14) == 0)
        learn_kernel(f, word_of(bytes, 2));
}

/* "Linux HOST RELEASE #1 SMP ... x86_64 GNU/Linux" */
static void learn_uname(facts *f, const char *path, kd_str bytes)
{
    kd_str line = line_of(bytes), before = { NULL, 0 };
    (void)path;
    if (line.len < 6 || memcmp(line.ptr, "Linux ", 6) != 0)
        return;
    learn_kernel(f, word_of(line, 2));
    if (f->host[0] == 0)
        copy_clean(f->host, sizeof f->host, word_of(line, 1));
    for (int i = 3; i < 24; i++) {
        kd_str word = word_of(line, i);
        if (word.len == 9 && memcmp(word.ptr, "GNU/Linux", 9) == 0 && kd_arch_known(before))
            copy_clean(f->arch, sizeof f->arch, before);
        before = word;
    }
}

static void learn_host(facts *f, const char *path, kd_str bytes)
{
    (void)path;
    copy_clean(f->host, sizeof f->host, word_of(bytes, 0));
}

static void learn_command_line(facts *f, const char *path, kd_str bytes)
{
    kd_str line = line_of(bytes);
    (void)path;
    drop_text(&f->command_line);
    if (line.len > 0 && line.len < MOST_LINE)
        keep_text(&f->command_line, line.ptr, line.len);
}

/* Sections of commands and files, of supportconfig. */
static void learn_sections(facts *f, const char *path, kd_str bytes)
{
    kd_str line = behind(bytes, "\n# /proc/cmdline\n");
    learn_uname(f, path, behind(bytes, "uname -a\n"));
    if (line.len > 0)
        learn_command_line(f, path, line);
}

/* The head of Android's bug reports. */
static void learn_bugreport(facts *f, const char *path, kd_str bytes)
{
    kd_str head = { bytes.ptr, bytes.len < 65536 ? bytes.len : 65536 };
    kd_str line = behind(head, "\nCommand line: ");
    learn_version(f, path, behind(head, "\nKernel: "));
    if (line.len > 0)
        learn_command_line(f, path, line);
}

/* "boot/config-6.1.0-50-amd64", "proc/config.gz" */
static void learn_config(facts *f, const char *path, kd_str bytes)
{
    const char *name = last_name(path), *of = strncmp(name, "config-", 7) == 0 ? name + 7 : "";
    struct config *to = NULL;
    if (!memmem(bytes.ptr, bytes.len, "CONFIG_", 7))
        return;
    for (size_t i = 0; i < f->config_count; i++)
        if (strcmp(f->configs[i].of, of) == 0)
            to = &f->configs[i];
    if (!to && f->config_count < MOST_CONFIGS)
        to = &f->configs[f->config_count++];
    if (!to)
        return;
    drop_text(&to->words);
    copy_clean(to->of, sizeof to->of, (kd_str){ of, strlen(of) });
    keep_text(&to->words, bytes.ptr, bytes.len);
}

/* By the ends of their paths: the longer of two that fit stands first. */
static const struct teller {
    const char *end;
    bool begins; /* more of the name may follow */
    void (*learn)(facts *f, const char *path, kd_str bytes);
} tellers[] = {
    { "sos_commands/kernel/uname_-a", false, learn_uname },
    { "sos_commands/host/uname_-a", false, learn_uname },
    { "sos_commands/host/hostname", false, learn_host },
    { "etc/hostname", false, learn_host },
    { "proc/version", false, learn_version },
    { "proc/cmdline", false, learn_command_line },
    { "proc/config.gz", false, learn_config },
    { "basic-environment.txt", false, learn_sections },
    { "boot.txt", false, learn_sections },
    { "uname_-a", false, learn_uname },
    { "uname", false, learn_uname },
    { "hostname", false, learn_host },
    { "cmdline", false, learn_command_line },
    { "bugreport-", true, learn_bugreport },
    { "boot/config-", true, learn_config }, /* the kernel is known by then */
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Where the root ends; -1: it is another file. */
static ptrdiff_t root_of(const struct teller *row, const char *path)
{
    ptrdiff_t len = (ptrdiff_t)strlen(path), end = (ptrdiff_t)strlen(row->end), at = len - end;
    if (row->begins)
        at = (last_name(path) - path) - (last_name(row->end) - row->end);
    if (at < 0 || at + end > len || memcmp(path + at, row->end, (size_t)end) != 0)
        return -1;
    return at == 0 || path[at - 1] == '/' ? at : -1;
}

/* NULL: the file tells nothing. */
static const struct teller *find_teller(const char *path, size_t *root)
{
    for (const struct teller *row = tellers; row < tellers + COUNT(tellers); row++) {
        ptrdiff_t at = root_of(row, path);
        *root = at > 0 ? (size_t)at : 0;
        if (at >= 0)
            return row;
    }
    return NULL;
}

/* ---- unpacked -------------------------------------------------------------------------------- */

static kd_status collect(void *user, kd_str bytes)
{
    text *to = user;
    if (to->len + bytes.len > MOST_FACT)
        return KD_E_SINK;
    text_put(bytes.ptr, bytes.len, to);
    return KD_OK;
}

/* False: too long, or cannot be unpacked. */
static bool unpack_fact(kd_str bytes, text *out)
{
    unpack u = { .feed = collect, .user = out };
    kd_status status = unpack_feed(&u, bytes);
    if (status == KD_OK)
        status = unpack_end(&u);
    bool whole = status == KD_OK && !u.limited && !u.refused && !u.damaged && !out->failed;
    unpack_free(&u);
    return whole && out->len > 0;
}

/* ---- machines -------------------------------------------------------------------------------- */

struct machines {
    facts *items[MOST_MACHINES]; /* of whom something was learnt last stands last */
    size_t count;
};

static bool is_root(const facts *f, const char *path, size_t len)
{
    return f->root.len == len && (len == 0 || memcmp(f->root.at, path, len) == 0);
}

/* That of this root, made the last one; NULL: no memory. */
static facts **machine_of(machines *all, const char *path, size_t root)
{
    facts *it = NULL;
    for (size_t i = 0; i < all->count; i++)
        if (is_root(all->items[i], path, root)) {
            it = all->items[i];
            memmove(&all->items[i], &all->items[i + 1], (--all->count - i) * sizeof *all->items);
            break;
        }
    if (!it) {
        if (!(it = zeroed_noted(1, sizeof *it)))
            return NULL;
        atomic_init(&it->holders, 1);
        keep_text(&it->root, path, root);
    }
    if (all->count == MOST_MACHINES) {
        facts_drop(all->items[0]);
        memmove(&all->items[0], &all->items[1], --all->count * sizeof *all->items);
    }
    all->items[all->count] = it;
    return &all->items[all->count++];
}

void machines_learn(machines **all, const char *path, kd_str bytes)
{
    size_t root;
    text plain = { 0 };
    const struct teller *row = find_teller(path, &root);
    facts **f;
    if (!row || bytes.len == 0 || (!*all && !(*all = zeroed_noted(1, sizeof **all))))
        return;
    if (row->learn == learn_bugreport)
        bytes.len = bytes.len < MOST_FACT ? bytes.len : MOST_FACT;
    if (unpack_fact(bytes, &plain) && (f = machine_of(*all, path, root)) && make_own(f)) {
        (*f)->hashed = false;
        row->learn(*f, path, text_str(&plain));
    }
    text_free(&plain);
}

/* Others than the host's name change what is found. */
static void hash_facts(facts *f)
{
    text words = { 0 };
    if (f->kernel[0] || f->arch[0] || f->command_line.len > 0 || f->config_count > 0)
        text_print(&words, "%s\n%s\n%s\n", f->kernel, f->arch,
                   f->command_line.len ? f->command_line.at : "");
    for (size_t i = 0; i < f->config_count; i++) {
        text_print(&words, "%s\n", f->configs[i].of);
        text_put(f->configs[i].words.at, f->configs[i].words.len, &words);
    }
    f->hashed = !words.failed;
    if (f->hashed)
        f->made = words.len > 0 ? hash_of(text_str(&words)) : (hash){ { 0 } };
    text_free(&words);
}

/* The longest root that fits. */
const facts *machines_tell(machines *all, const char *path)
{
    facts *best = NULL;
    for (size_t i = 0; all && i < all->count; i++) {
        facts *f = all->items[i];
        if (strncmp(path, f->root.len ? f->root.at : "", f->root.len) == 0 &&
            (!best || f->root.len >= best->root.len))
            best = f;
    }
    if (best && !best->hashed)
        hash_facts(best);
    return best && best->hashed && is_whole(best) ? facts_hold(best) : NULL;
}

void machines_free(machines *all)
{
    for (size_t i = 0; all && i < all->count; i++)
        facts_drop(all->items[i]);
    free(all);
}

/* ---- in folders ------------------------------------------------------------------------------ */

static void learn_file(machines **all, const char *path)
{
    struct stat info;
    char *bytes = NULL;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        (bytes = resize_noted(NULL, MOST_FACT)))
        n = read(fd, bytes, MOST_FACT);
    if (fd >= 0)
        close(fd);
    if (n > 0)
        machines_learn(all, path, (kd_str){ bytes, (size_t)n });
    free(bytes);
}

static void learn_below(machines **all, const char *folder, const char *name, const char *more)
{
    size_t len = strlen(folder);
    text path = { 0 };
    text_print(&path, "%s%s%s%s", folder, len > 0 && folder[len - 1] == '/' ? "" : "/", name, more);
    if (!path.failed)
        learn_file(all, path.at);
    text_free(&path);
}

void machines_visit(machines **all, const char *folder, struct dirent **items, int count,
                    bool is_below)
{
    size_t root;
    for (int i = 0; i < count && !is_below; i++)
        if (find_teller(items[i]->d_name, &root))
            learn_below(all, folder, items[i]->d_name, "");
    for (const struct teller *row = tellers; row < tellers + COUNT(tellers); row++) {
        const facts *known = *all ? (*all)->items[(*all)->count - 1] : NULL;
        if (!row->begins && strchr(row->end, '/'))
            learn_below(all, folder, row->end, "");
        else if (row->begins && known && known->kernel[0] && !strchr(known->kernel, '/'))
            learn_below(all, folder, row->end, known->kernel);
    }
}

/* ---- told ------------------------------------------------------------------------------------ */

const char *facts_host(const facts *f)
{
    return f ? f->host : "";
}

void facts_key(const facts *f, hash *key)
{
    static const hash none;
    char both[2 * HASH_BYTES];
    if (!f || memcmp(&f->made, &none, sizeof none) == 0)
        return;
    memcpy(both, key->bytes, HASH_BYTES);
    memcpy(both + HASH_BYTES, f->made.bytes, HASH_BYTES);
    *key = hash_of((kd_str){ both, sizeof both });
}

/* Of that release; one without a name is of the kernel that ran. */
static const text *config_of(const facts *f, const char *kernel, bool ran)
{
    const text *found = NULL;
    for (size_t i = 0; i < f->config_count; i++) {
        const struct config *c = &f->configs[i];
        if (kernel[0] && strcmp(c->of, kernel) == 0)
            return &c->words;
        if (c->of[0] == 0 && ran)
            found = &c->words;
    }
    return found;
}

bool facts_add(const facts *f, const char *kernel, const char *arch, kd_options *to)
{
    if (!f)
        return false;
    const char *release = kernel[0] ? kernel : f->kernel;
    bool ran = strcmp(release, f->kernel) == 0, news = false;
    const text *config = to->kconfig.len == 0 ? config_of(f, release, ran) : NULL;
    if (!kernel[0] && f->kernel[0] && !to->kernel_release)
        to->kernel_release = f->kernel, news = true;
    if (!arch[0] && f->arch[0] && !to->arch)
        to->arch = f->arch, news = true;
    if (config && config->len > 0)
        to->kconfig = text_str(config), news = true;
    if (ran && to->command_line.len == 0 && f->command_line.len > 0)
        to->command_line = text_str(&f->command_line), news = true;
    return news;
}
