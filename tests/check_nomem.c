/* check_nomem.c LOG: the N-th allocation fails, for every N: each call says so, nothing leaks or
 * crashes. */
#include "load.h"

typedef struct budget {
    size_t left, live;
} budget;

static void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
    budget *b = user;
    if (new_size == 0) {
        b->live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (b->left == 0)
        return NULL;
    b->left--;
    void *fresh = realloc(ptr, new_size);
    b->live += !ptr && fresh;
    (void)old_size;
    return fresh;
}

static kd_status run(budget *b, text log)
{
    kd_allocator allocator = { resize, b };
    kd_engine *engine = NULL;
    kd_report *report = NULL;
    kd_status status = kd_engine_new(&engine, &allocator);
    if (status == KD_OK)
        status = kd_analyze(engine, (kd_str){ log.ptr, log.len }, NULL, &report);
    kd_report_free(report);
    kd_engine_free(engine);
    return status;
}

int main(int argc, char **argv)
{
    size_t failures = 0;
    if (argc < 2)
        return 2;
    text log = load_file(argv[1]);
    for (size_t n = 0;; n++) {
        budget b = { n, 0 };
        kd_status status = run(&b, log);
        if (b.live != 0) {
            printf("allocation %zu failed: %zu blocks leak\n", n, b.live);
            return 1;
        }
        if (b.left > 0) {
            printf("%zu allocations, each failed once\n", n);
            free(log.ptr);
            return status != KD_OK || failures == 0;
        }
        failures += status == KD_E_NOMEM;
    }
}
