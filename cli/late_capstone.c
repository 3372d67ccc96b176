/* late_capstone.c - capstone, opened where instructions may have to be read.
 *
 * Its tables hold some 75,000 addresses that the loader fills in: as long as all the rest of a
 * start takes. So the tool has the calls of capstone itself, and they go on to the library.
 */
#include "late_capstone.h"

#ifdef KD_LIB_CAPSTONE
#include <capstone/capstone.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "open.h"

static struct {
#define KD_CALL(name) __typeof__(cs_##name) *name;
#include "late_capstone.def"
#undef KD_CALL
    cs_err (*error)(csh handle); /* errno is a macro */
} late;

static bool is_open, is_missing;

/* ---- memory: capstone does not look at each of its allocations ------------------------------- */

static void *given(void *memory)
{
    if (memory)
        return memory;
    complain(NULL, "out of memory");
    _exit(EXIT_TROUBLE);
}

static void *take(size_t size)
{
    return given(malloc(size ? size : 1));
}

static void *take_zeroed(size_t count, size_t size)
{
    return given(calloc(count ? count : 1, size ? size : 1));
}

static void *resize(void *memory, size_t size)
{
    return given(realloc(memory, size ? size : 1));
}

/* ---- opening --------------------------------------------------------------------------------- */

static void open_once(void)
{
    static const call calls[] = {
#define KD_CALL(name) { "cs_" #name, &late.name },
#include "late_capstone.def"
#undef KD_CALL
        { "cs_errno", &late.error },
    };
    const cs_opt_mem memory = { take, take_zeroed, resize, free, vsnprintf };
    is_open = open_library(KD_LIB_CAPSTONE, calls, sizeof calls / sizeof *calls) &&
              late.option(0, CS_OPT_MEM, (size_t)(uintptr_t)&memory) == CS_ERR_OK;
    is_missing = !is_open;
    if (is_missing)
        complain(KD_LIB_CAPSTONE, "cannot be loaded: instructions are not decoded");
}

void open_capstone(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_once);
}

bool was_no_capstone(void)
{
    return is_missing;
}

/* ---- is it needed? --------------------------------------------------------------------------- */

/* "Code: ", "Instruction dump:", or something that may hold them in another form: packed, the lines
 * of a mail, JSON. */
static bool may_hold_code(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0x1b)
            return true;
    }
    return memmem(text, len, "od", 2) || memmem(text, len, "nstruction", 10) ||
           (len > 0 && text[0] == '{') || memmem(text, len, "\n{", 2);
}

bool may_show_code(const char *path)
{
    char text[16384];
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size >= (off_t)sizeof text)
        return true;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = file < 0 ? -1 : read(file, text, sizeof text);
    if (file >= 0)
        close(file);
    return len < 0 || (size_t)len == sizeof text || may_hold_code(text, (size_t)len);
}

/* ---- what the library calls ------------------------------------------------------------------ */

cs_err cs_open(cs_arch arch, cs_mode mode, csh *handle)
{
    open_capstone();
    return is_open ? late.open(arch, mode, handle) : CS_ERR_MEMSETUP;
}

cs_err cs_close(csh *handle)
{
    return late.close(handle);
}

cs_err cs_option(csh handle, cs_opt_type type, size_t value)
{
    return late.option(handle, type, value);
}

size_t cs_disasm(csh handle, const uint8_t *code, size_t size, uint64_t address, size_t count,
                 cs_insn **insn)
{
    return late.disasm(handle, code, size, address, count, insn);
}

cs_err cs_errno(csh handle)
{
    return late.error(handle);
}

void cs_free(cs_insn *insn, size_t count)
{
    late.free(insn, count);
}

const char *cs_reg_name(csh handle, unsigned reg)
{
    return late.reg_name(handle, reg);
}

bool cs_insn_group(csh handle, const cs_insn *insn, unsigned group)
{
    return late.insn_group(handle, insn, group);
}

cs_err cs_regs_access(csh handle, const cs_insn *insn, cs_regs read, uint8_t *read_count,
                      cs_regs written, uint8_t *written_count)
{
    return late.regs_access(handle, insn, read, read_count, written, written_count);
}
#else
void open_capstone(void)
{
}

bool was_no_capstone(void)
{
    return false;
}

bool may_show_code(const char *path)
{
    (void)path;
    return false;
}
#endif
