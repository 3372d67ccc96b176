/* check_cuts.c --lines|--random N LOG...: each log whole, cut at every line (or at N places) and
 * with bytes changed: nothing crashes, and every report can be written. Run under ASan and UBSan.
 */
#include "load.h"

static unsigned long long state = 88172645463325252u;

static int count_only(const char *data, size_t len, void *user)
{
    (void)data;
    *(size_t *)user += len;
    return 0;
}

static void analyze(kd_engine *engine, const char *data, size_t len)
{
    kd_report *report = NULL;
    size_t written = 0;
    must(kd_analyze(engine, (kd_str){ data, len }, NULL, &report), "kd_analyze");
    must(kd_report_write(report, KD_FORMAT_JSON, 0, count_only, &written), "JSON");
    must(kd_report_write(report, KD_FORMAT_TEXT, KD_COLOUR, count_only, &written), "text");
    kd_report_free(report);
    if (written == 0)
        exit(1);
}

static void cut_at_lines(kd_engine *engine, text log)
{
    /* of a long log the last 300 lines: the failures stand there */
    size_t lines = 0, from = log.len;
    while (from > 0 && lines < 300)
        lines += log.ptr[--from] == '\n';
    for (size_t i = from; i < log.len; i++)
        if (log.ptr[i] == '\n')
            analyze(engine, log.ptr + from, i - from + 1);
}

static void mutate(kd_engine *engine, text log)
{
    static const char odd[] = "\0\n\r:[]<>()=*, 0x9fF\xff\xc2\x80";
    char *copy = malloc(log.len + 1);
    if (!copy)
        exit(2);
    for (int round = 0; round < 8; round++) {
        memcpy(copy, log.ptr, log.len);
        for (size_t i = 0; i < 1 + log.len / 200; i++)
            copy[random_below(&state, log.len)] = odd[random_below(&state, sizeof odd - 1)];
        analyze(engine, copy, log.len);
    }
    free(copy);
}

int main(int argc, char **argv)
{
    kd_engine *engine;
    int first = 2, cuts = 0, runs = 0;
    if (argc > 2 && strcmp(argv[1], "--random") == 0) {
        cuts = atoi(argv[2]);
        first = 3;
    }
    must(kd_engine_new(&engine, NULL), "kd_engine_new");
    for (int i = first; i < argc; i++, runs++) {
        text log = load_file(argv[i]);
        analyze(engine, log.ptr, log.len);
        for (int k = 0; k < cuts; k++) {
            size_t from = random_below(&state, log.len), len = random_below(&state, log.len - from);
            analyze(engine, log.ptr + from, len);
        }
        if (cuts == 0 && log.len > 0) {
            cut_at_lines(engine, log);
            mutate(engine, log);
        }
        free(log.ptr);
    }
    kd_engine_free(engine);
    printf("%d logs cut and changed\n", runs);
    return runs == 0;
}
