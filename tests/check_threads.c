/* check_threads.c LOG...: several threads share one engine and give the same reports as one alone.
 */
#include <pthread.h>

#include "load.h"

typedef struct job {
    kd_engine *engine;
    char **paths;
    int count;
    text out;
} job;

static void *work(void *user)
{
    job *j = user;
    for (int i = 0; i < j->count; i++) {
        text log = load_file(j->paths[i]);
        kd_report *report = NULL;
        must(kd_analyze(j->engine, (kd_str){ log.ptr, log.len }, NULL, &report), "kd_analyze");
        free(log.ptr);
        must(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &j->out), "kd_report_write");
        kd_report_free(report);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    job jobs[THREADS];
    kd_engine *engine;
    must(kd_engine_new(&engine, NULL), "kd_engine_new");
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job){ engine, argv + 1, argc - 1, { NULL, 0, 0 } };
        if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0)
            return 2;
    }
    int failed = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        failed |= jobs[i].out.len != jobs[0].out.len ||
                  memcmp(jobs[i].out.ptr, jobs[0].out.ptr, jobs[0].out.len) != 0;
    }
    kd_engine_free(engine);
    for (int i = 0; i < THREADS; i++)
        free(jobs[i].out.ptr);
    return failed || argc < 2;
}
