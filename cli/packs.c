/* packs.c - oopsdoc pack: messages and what they mean, as data; and --pack of other commands. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "packs.h"

static const char help[] =
    "usage: oopsdoc pack test [FILE|DIR...] run the packs' own examples and near misses\n"
    "       oopsdoc pack new NAME           print the skeleton of a pack, to begin with\n"
    "A pack describes messages that oopsdoc does not know: docs/adding-a-pack.md. It is\n"
    "used with --pack FILE|DIR.\n";

static const char skeleton[] =
    "{\n"
    "  \"format\": \"kdiag-pack/1\",\n"
    "  \"name\": \"%s\",\n"
    "  \"entries\": [\n"
    "    {\n"
    "      \"id\": \"%s.widget-timed-out\",\n"
    "      \"title\": \"A widget did not answer\",\n"
    "      \"severity\": \"warning\",\n"
    "      \"anchors\": [\"widget: timeout on port \"],\n"
    "      \"pattern\": \"timeout on port (?<port>\\\\d+)(?: after (?<ms>\\\\d+) ms)?\",\n"
    "      \"fields\": {\"port\": \"number\", \"ms\": \"number\"},\n"
    "      \"device\": \"port\",\n"
    "      \"explanation\": \"The widget on port {port} did not answer< within {ms} ms>.\",\n"
    "      \"remedies\": [\"Look at the cable of port {port}.\"],\n"
    "      \"impact\": \"request-failed\",\n"
    "      \"suspect\": {\"class\": \"hardware\", \"name\": \"port {port}\", \"why\": \"it did not "
    "answer\"},\n"
    "      \"action\": \"watch\",\n"
    "      \"examples\": [\n"
    "        {\"lines\": [\"[   12.345678] widget: timeout on port 3 after 500 ms\"],\n"
    "         \"fields\": {\"port\": \"3\", \"ms\": \"500\"}}\n"
    "      ],\n"
    "      \"near_misses\": [\n"
    "        [\"[   12.345678] widget: timeout on port disabled by the user\"]\n"
    "      ]\n"
    "    }\n"
    "  ]\n"
    "}\n";

static uint64_t added = 14695981039346656037u;

static int add_file(kd_engine *engine, const char *path)
{
    kd_str text;
    char why[512];
    if (!read_whole(path, &text))
        return EXIT_TROUBLE;
    for (size_t i = 0; i < text.len; i++)
        added = (added ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    kd_status status = kd_engine_add_pack(engine, text, why, sizeof why);
    free((void *)(uintptr_t)text.ptr);
    return status == KD_OK ? 0 : complain(path, why[0] ? why : kd_status_name(status));
}

static int is_pack(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

int add_packs(kd_engine *engine, const char *path)
{
    struct dirent **names;
    char file[4096];
    int result = 0, count = scandir(path, &names, is_pack, alphasort);
    if (count < 0 && errno == ENOTDIR)
        return add_file(engine, path);
    if (count < 0)
        return complain(path, strerror(errno));
    for (int i = 0; i < count; i++) {
        int len = snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (result == 0)
            result = len > 0 && (size_t)len < sizeof file ? add_file(engine, file)
                                                          : complain(path, "a name is too long");
        free(names[i]);
    }
    free(names);
    return result;
}

int note_pack(pack_list *to, const char *path)
{
    if (to->count == MOST_PACKS)
        return complain(path, "too many packs");
    to->paths[to->count++] = path;
    return 0;
}

int add_pack_list(kd_engine *engine, const pack_list *list)
{
    int result = 0;
    for (int i = 0; result == 0 && i < list->count; i++)
        result = add_packs(engine, list->paths[i]);
    return result;
}

uint64_t packs_hash(void)
{
    return added;
}

static int test(int count, char **paths)
{
    kd_engine *engine;
    char text[512];
    size_t tried = 0;
    int result = 0;
    kd_status status = kd_engine_new(&engine, NULL);
    if (status != KD_OK)
        return complain(NULL, kd_status_name(status));
    for (int i = 0; i < count && result == 0; i++)
        result = add_packs(engine, paths[i]);
    if (result == 0)
        status = kd_engine_try_packs(engine, text, sizeof text, &tried);
    if (result == 0 && status == KD_E_INVAL) {
        complain(NULL, text);
        result = EXIT_FOUND;
    } else if (result == 0 && status != KD_OK) {
        result = complain(NULL, kd_status_name(status));
    } else if (result == 0) {
        int len = snprintf(text, sizeof text, "%zu logs, all as expected\n", tried);
        put_stdout(text, (size_t)len, NULL);
    }
    kd_engine_free(engine);
    return result;
}

static int print_skeleton(const char *name)
{
    char text[2048];
    size_t len = strlen(name);
    if (len == 0 || len > 40 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
        return complain(name, "a name of small letters, digits and - is needed");
    int size = snprintf(text, sizeof text, skeleton, name, name);
    return put_stdout(text, (size_t)size, NULL) ? EXIT_TROUBLE : 0;
}

int cmd_pack(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
    if (argc > 1 && strcmp(argv[1], "test") == 0)
        return test(argc - 2, argv + 2);
    if (argc == 3 && strcmp(argv[1], "new") == 0)
        return print_skeleton(argv[2]);
    return complain(NULL, "pack takes test FILE, or new NAME; see oopsdoc pack --help");
}
