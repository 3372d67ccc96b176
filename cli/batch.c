/* batch.c - oopsdoc batch: a filter, one record out for each record in, in order. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "look.h"
#include "options.h"
#include "packs.h"

static const char help[] =
    "usage: oopsdoc batch [OPTIONS]\n"
    "A filter: one JSON object a line in, one out for each, in the same order.\n"
    "\n"
    "  in    {\"id\": ANY, \"text\": LOG | \"path\": FILE, and any of \"source\", \"kernel\",\n"
    "        \"arch\", \"page_size\", \"kconfig\" (its text), \"cmdline\" (the kernel's),\n"
    "        \"before\" (a log's text)}\n"
    "  out   {\"id\": ANY, \"report\": {...}} or {\"id\": ANY, \"error\": WHY}\n"
    "\n"
    "      --root DIR    records may name files below it; without, they may name none\n"
    "      --most N      MiB that a record may take (64): a longer one is an error\n"
    "      --no-text     leave the log's own lines out of the reports\n" FACT_HELP
    "      --pack F      messages that this file (or folder) describes\n"
    "      --no-sandbox  keep the rights to other files and system calls\n"
    "\n"
    "SIGTERM ends it behind the record at hand. Exit status: 0 also when records were\n"
    "errors, 2 a wrong call or a failed write.\n"
    "\n"
    "example:\n"
    "  jq -nc --rawfile t dmesg.txt '{id: 1, text: $t}' | oopsdoc batch | jq .report.problems\n";

enum { OPT_ROOT = 256, OPT_MOST, OPT_NO_TEXT, OPT_NO_SANDBOX, OPT_PACK, OPT_HELP };

static const struct option options[] = {
    { "root", required_argument, NULL, OPT_ROOT },
    { "most", required_argument, NULL, OPT_MOST },
    { "no-text", no_argument, NULL, OPT_NO_TEXT },
    { "pack", required_argument, NULL, OPT_PACK },
    { "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
    { "help", no_argument, NULL, OPT_HELP },
    FACT_OPTIONS,
    { NULL, 0, NULL, 0 },
};

typedef struct batch {
    kd_engine *engine;
    pack_list packs;
    kd_options options; /* where a record says nothing */
    const char *root;
    size_t most; /* bytes of a record */
    bool no_sandbox;
    /* what was read */
    char *buffer;
    size_t start, len, room;
    uint64_t line;
    bool skipping, ended;
} batch;

/* ---- one record out -------------------------------------------------------------------------- */

static void put_record(json_object *id, const batch *b, const char *error, const text *report)
{
    text out = { 0 };
    text_add(&out, "{");
    if (id) {
        text_add(&out, "\"id\":");
        json_print(&out, id);
        text_add(&out, ",");
    } else {
        text_print(&out, "\"line\":%llu,", (unsigned long long)b->line);
    }
    if (error) {
        json_object *why = json_text((kd_str){ error, strlen(error) });
        text_add(&out, "\"error\":");
        json_print(&out, why);
        json_object_put(why);
    } else {
        text_add(&out, "\"report\":");
    }
    if (out.failed) { /* a record in any case, so that those behind it keep their places */
        char line[80];
        int len = snprintf(line, sizeof line, "{\"line\":%llu,\"error\":\"out of memory\"}\n",
                           (unsigned long long)b->line);
        put_stdout(line, (size_t)len, NULL);
    } else {
        put_stdout(out.at, out.len, NULL);
        if (!error)
            put_stdout(report->at, report->len, NULL);
        put_stdout("}\n", 2, NULL);
    }
    text_free(&out);
}

/* NULL, or why not. */
static const char *set_options(kd_options *to, json_object *record)
{
    kd_str kernel = json_str(record, "kernel"), arch = json_str(record, "arch");
    kd_str kconfig = json_str(record, "kconfig"), before = json_str(record, "before");
    kd_str line = json_str(record, "cmdline");
    json_object *size = json_member(record, "page_size", json_type_int);
    if (kernel.len > 0 && kd_kernel_parse(kernel) == 0)
        return "kernel: no kernel release";
    if (arch.len > 0 && !kd_arch_known(arch))
        return "arch: not known";
    if (kernel.len > 0)
        to->kernel_release = kernel.ptr;
    if (arch.len > 0)
        to->arch = arch.ptr;
    if (kconfig.len > 0)
        to->kconfig = kconfig;
    if (line.len > 0)
        to->command_line = line;
    if (before.len > 0)
        to->before = before;
    if (size)
        to->page_size = (uint32_t)json_object_get_int(size);
    to->source_name = json_str(record, "source");
    return NULL;
}

/* Below the root, with no way out of it in the name; links are for the sandbox to stop. */
static bool may_read(const batch *b, const char *path)
{
    size_t len = b->root ? strlen(b->root) : 0;
    if (b->no_sandbox && !b->root)
        return true;
    while (len > 0 && b->root[len - 1] == '/')
        len--;
    return b->root && strncmp(path, b->root, len) == 0 && path[len] == '/' &&
           !strstr(path, "/../") && !(strlen(path) > 2 && !strcmp(path + strlen(path) - 3, "/.."));
}

static kd_status feed(void *user, kd_str bytes)
{
    return kd_session_feed(user, bytes);
}

static void packed(void *user, const char *how)
{
    kd_session_packed(user, (kd_str){ how, strlen(how) });
}

static const char *read_path(const batch *b, kd_options *opts, kd_str path, kd_report **out)
{
    kd_session *session = NULL;
    if (memchr(path.ptr, 0, path.len) || !may_read(b, path.ptr))
        return "path: not below --root";
    if (opts->source_name.len == 0)
        opts->source_name = path;
    kd_status status = kd_session_new(&session, b->engine, opts);
    if (status != KD_OK)
        return kd_status_name(status);
    const taker to = { feed, NULL, packed, 0, session };
    bool limited;
    const char *why = pour_file(path.ptr, &to, &limited);
    if (!why)
        status = kd_session_report(session, out);
    kd_session_free(session);
    return why ? why : *out ? NULL : kd_status_name(status);
}

static void answer(const batch *b, json_object *record)
{
    kd_options opts = b->options;
    kd_report *report = NULL;
    text out = { 0 };
    json_object *id = NULL, *log = json_member(record, "text", json_type_string);
    kd_str path = json_str(record, "path");
    json_object_object_get_ex(record, "id", &id);
    const char *error = set_options(&opts, record);
    if (!error && log && path.len > 0) {
        error = "text and path: one of them";
    } else if (!error && log) {
        kd_str words = { json_object_get_string(log), (size_t)json_object_get_string_len(log) };
        kd_status status = kd_analyze(b->engine, words, &opts, &report);
        error = report ? NULL : kd_status_name(status);
    } else if (!error && path.len > 0) {
        error = read_path(b, &opts, path, &report);
    } else if (!error) {
        error = "neither text nor path";
    }
    if (report && kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &out) != KD_OK)
        error = "out of memory";
    while (out.len > 0 && out.at[out.len - 1] == '\n')
        out.len--;
    put_record(id, b, error, &out);
    text_free(&out);
    kd_report_free(report);
}

static void answer_line(batch *b, kd_str line)
{
    b->line++;
    if (strspn(line.ptr, " \t\r") == line.len) /* a blank line is no record */
        return;
    json_object *record = json_read(line);
    if (json_object_is_type(record, json_type_object))
        answer(b, record);
    else
        put_record(NULL, b, "no JSON object", NULL);
    json_object_put(record);
}

/* ---- records in ------------------------------------------------------------------------------ */

/* All whole lines of the buffer; what is left moves to its start. */
static void take_lines(batch *b)
{
    char *end;
    while (!stdout_failed() && !is_stopped() &&
           (end = memchr(b->buffer + b->start, '\n', b->len - b->start))) {
        kd_str line = { b->buffer + b->start, (size_t)(end - b->buffer) - b->start };
        *end = 0;
        b->start += line.len + 1;
        if (b->skipping)
            b->skipping = false;
        else
            answer_line(b, line);
    }
    memmove(b->buffer, b->buffer + b->start, b->len - b->start);
    b->len -= b->start;
    b->start = 0;
    flush_stdout(); /* who waits for the answer before asking again gets it */
}

static int make_room(batch *b)
{
    if (b->skipping)
        b->len = 0;
    if (b->len + 1 < b->room)
        return 0;
    if (b->len > b->most) {
        b->line++;
        put_record(NULL, b, "longer than --most", NULL);
        b->skipping = true;
        b->len = 0;
        b->room = 65536; /* give back what the long one took */
    } else {
        b->room *= 2;
    }
    char *other = resize_noted(b->buffer, b->room);
    if (!other)
        return complain(NULL, "out of memory");
    b->buffer = other;
    return 0;
}

static int run(batch *b)
{
    b->room = 65536;
    b->buffer = resize_noted(NULL, b->room);
    if (!b->buffer)
        return complain(NULL, "out of memory");
    for (ssize_t n = 1; n > 0 && !stdout_failed() && !is_stopped();) {
        if (make_room(b) != 0)
            return EXIT_TROUBLE;
        n = read_waiting(STDIN_FILENO, b->buffer + b->len, b->room - b->len - 1);
        if (n < 0)
            return complain("standard input", strerror(errno));
        b->len += (size_t)n;
        if (n == 0 && b->len > 0 && !is_stopped())
            b->buffer[b->len++] = '\n'; /* the last line may lack its end */
        take_lines(b);
    }
    return 0;
}

static int set_option(batch *b, int option, const char *value)
{
    int fact = set_fact(&b->options, option, value);
    char *end;
    switch (fact >= 0 ? 0 : option) {
    case 0: return fact;
    case OPT_ROOT: b->root = value; return 0;
    case OPT_MOST:
        b->most = strtoul(value, &end, 10) << 20;
        if (*end || b->most < 1u << 20 || b->most > 1u << 30)
            return complain(value, "--most takes MiB, 1 to 1024");
        return 0;
    case OPT_NO_TEXT: b->options.flags |= KD_NO_TEXT; return 0;
    case OPT_PACK: return note_pack(&b->packs, value);
    case OPT_NO_SANDBOX: b->no_sandbox = true; return 0;
    default: return complain(NULL, "wrong option; try oopsdoc batch --help");
    }
}

int cmd_batch(int argc, char **argv)
{
    batch b = { .options = tool_options(), .most = (size_t)64 << 20 };
    int option, result = 0;
    opterr = 0;
    while (result == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP)
            return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
        result = set_option(&b, option, optarg);
    }
    if (result == 0 && optind < argc)
        result = complain(argv[optind], "batch reads standard input; see --help");
    if (result == 0) {
        char *roots[] = { (char *)(uintptr_t)b.root };
        kd_status made = kd_engine_new(&b.engine, NULL);
        result = made == KD_OK ? add_pack_list(b.engine, &b.packs)
                               : complain(NULL, kd_status_name(made));
        stop_on_signals();
        if (!b.no_sandbox)
            enter_sandbox(b.root ? 1 : 0, roots);
    }
    if (result == 0)
        result = run(&b);
    kd_engine_free(b.engine);
    free(b.buffer);
    free_facts(&b.options);
    return result;
}
