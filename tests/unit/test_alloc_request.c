/* test_alloc_request.c - what a failed request was bound to, and the kmalloc() behind it. */
#include "core/version.h"
#include "family/alloc/decode_kmalloc.h"
#include "family/alloc/decode_node_list.h"
#include "family/fields.h"
#include "suite.h"

START_TEST(node_lists)
{
    static const struct {
        const char *text;
        kd_node_list read;
        bool has1;
    } rows[] = {
        { "(null)", KD_NODES_ALL, false },
        { "0", KD_NODES_SOME, false },
        { "1", KD_NODES_SOME, true },
        { "0-3", KD_NODES_SOME, true },
        { "0,2-3", KD_NODES_SOME, false },
        { " 0,1 ", KD_NODES_SOME, true },
        { "", KD_NODES_UNREADABLE, false },
        { "0-", KD_NODES_UNREADABLE, false },
        { "3-0", KD_NODES_UNREADABLE, false },
        { "0 x", KD_NODES_UNREADABLE, false },
        { "99999999999999999999", KD_NODES_UNREADABLE, false },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_str text = kd_str_of(rows[i].text);
        ck_assert_msg(kd_node_list_read(text) == rows[i].read, "%s", rows[i].text);
        ck_assert_msg(kd_node_list_has(text, 1) == rows[i].has1, "%s", rows[i].text);
    }
}
END_TEST

static kd_kmalloc look(const char *const *functions, size_t count, uint64_t order, uint32_t version,
                       uint64_t page)
{
    static kdf_frame frames[8];
    kd_list trace = { frames, (uint32_t)count, 8 };
    kd_kmalloc found;
    for (size_t i = 0; i < count; i++)
        frames[i] = (kdf_frame){ .function = { kd_str_of(functions[i]), 1 } };
    kd_kmalloc_of(&trace, order, version, page, &found);
    return found;
}

START_TEST(past_the_caches)
{
    const char *const large[] = { "__alloc_pages", "kmalloc_large_node", "__kmalloc_node" };
    kd_kmalloc k = look(large, 3, 4, V(6, 1), 4096);
    ck_assert_int_eq(k.kind, KD_KMALLOC_LARGE);
    ck_assert_int_eq(k.allocator, KD_SLAB_SLUB);
    ck_assert_uint_eq(k.cache_limit_bytes, 8192);
    ck_assert_uint_eq(k.min_bytes, 32769);
    ck_assert_uint_eq(k.max_bytes, 65536);
    /* order 2: 8193 to 16384 bytes; the caches serve up to 8192 */
    ck_assert_uint_eq(look(large, 3, 2, V(6, 1), 4096).min_bytes, 8193);
    /* nothing past the caches is as small as order 1 */
    ck_assert_int_eq(look(large, 3, 1, V(6, 1), 4096).kind, KD_KMALLOC_NONE);
    /* pages of 64 KiB: caches up to 128 KiB */
    ck_assert_uint_eq(look(large, 3, 4, V(6, 1), 65536).min_bytes, 524289);
    ck_assert_uint_eq(look(large, 3, 4, V(6, 1), 65536).cache_limit_bytes, 131072);
}
END_TEST

START_TEST(a_new_slab)
{
    const char *const slub[] = { "__alloc_pages", "allocate_slab", "___slab_alloc", "__kmalloc" };
    const char *const slab[] = { "__alloc_pages_nodemask", "cache_alloc_refill", "__kmalloc" };
    const char *const none[] = { "__alloc_pages", "alloc_pages_vma", "do_anonymous_page" };
    ck_assert_int_eq(look(slub, 4, 3, V(6, 1), 4096).kind, KD_KMALLOC_SLAB_PAGE);
    ck_assert_int_eq(look(slub, 4, 3, V(6, 1), 4096).allocator, KD_SLAB_SLUB);
    /* SLAB: caches go up to the largest block to 6.0, to two pages from 6.1 on */
    ck_assert_int_eq(look(slab, 3, 3, V(6, 0), 4096).allocator, KD_SLAB_SLAB);
    ck_assert_uint_eq(look(slab, 3, 3, V(6, 0), 4096).cache_limit_bytes, 0);
    ck_assert_uint_eq(look(slab, 3, 3, V(6, 1), 4096).cache_limit_bytes, 8192);
    ck_assert_int_eq(look(none, 3, 0, V(6, 1), 4096).kind, KD_KMALLOC_NONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alloc_request");
    TCase *tests = tcase_create("alloc_request");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, node_lists);
    tcase_add_test(tests, past_the_caches);
    tcase_add_test(tests, a_new_slab);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
