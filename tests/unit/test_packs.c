/* test_packs.c - the built-in packs: their tables say what their texts do. */
#include "family/fields.h"
#include "family/pack/pack.h"
#include "plain.h"
#include "suite.h"
#include <string.h>

static void same_text(const char *id, kd_str table, kd_str text)
{
    ck_assert_msg(kd_str_eq(table, text), "%s: \"%.*s\" is \"%.*s\" in the text", id, KD_FMT(table),
                  KD_FMT(text));
    ck_assert_msg(table.len == 0 || table.ptr[table.len] == '\0', "%s: no NUL", id);
}

static void same_count(const char *id, const kd_list *table, const kd_list *text)
{
    ck_assert_msg(table->count == text->count, "%s: %u items, %u in the text", id, table->count,
                  text->count);
}

static void same_texts(const char *id, const kd_list *table, const kd_list *text)
{
    same_count(id, table, text);
    for (uint32_t i = 0; i < table->count; i++)
        same_text(id, KD_ITEMS(*table, kd_str)[i], KD_ITEMS(*text, kd_str)[i]);
}

/* Members of an object are in any order. */
static void same_fields(const char *id, const kd_list *table, const kd_list *text)
{
    same_count(id, table, text);
    for (uint32_t i = 0; i < table->count; i++) {
        const kd_pack_field *field = &KD_ITEMS(*table, kd_pack_field)[i];
        uint32_t k = 0;
        while (k < text->count && !kd_str_eq(KD_ITEMS(*text, kd_pack_field)[k].name, field->name))
            k++;
        ck_assert_msg(k < text->count, "%s: %s is no field", id, field->name.ptr);
        same_text(id, field->name, KD_ITEMS(*text, kd_pack_field)[k].name);
        same_text(id, field->type, KD_ITEMS(*text, kd_pack_field)[k].type);
    }
}

static void same_wanted(const char *id, const kd_list *table, const kd_list *text)
{
    same_count(id, table, text);
    for (uint32_t i = 0; i < table->count; i++) {
        const kd_pack_wanted *wanted = &KD_ITEMS(*table, kd_pack_wanted)[i];
        uint32_t k = 0;
        while (k < text->count &&
               !kd_str_eq(KD_ITEMS(*text, kd_pack_wanted)[k].field, wanted->field))
            k++;
        ck_assert_msg(k < text->count, "%s: %s is not asked for", id, wanted->field.ptr);
        same_texts(id, &wanted->values, &KD_ITEMS(*text, kd_pack_wanted)[k].values);
    }
}

static void same_others(const char *id, const kd_list *table, const kd_list *text)
{
    same_count(id, table, text);
    for (uint32_t i = 0; i < table->count; i++) {
        const kd_pack_other *a = &KD_ITEMS(*table, kd_pack_other)[i];
        const kd_pack_other *b = &KD_ITEMS(*text, kd_pack_other)[i];
        same_text(id, a->events, b->events);
        ck_assert_msg(a->within == b->within, "%s: within %u, %u in the text", id, a->within,
                      b->within);
        ck_assert_msg(a->same_device == b->same_device, "%s: same_device", id);
        same_text(id, a->has, b->has);
        same_texts(id, &a->frames, &b->frames);
    }
}

static void same_when(const char *id, const kd_pack_when *table, const kd_pack_when *text)
{
    same_text(id, table->archs, text->archs);
    ck_assert_msg(table->from == text->from && table->until == text->until, "%s: releases", id);
    same_wanted(id, &table->fields, &text->fields);
    same_others(id, &table->after, &text->after);
    same_others(id, &table->before, &text->before);
    same_others(id, &table->not_after, &text->not_after);
}

static void same_says(const char *id, const kd_pack_says *table, const kd_pack_says *text)
{
    ck_assert_msg(table->severity == text->severity, "%s: severity", id);
    ck_assert_msg(table->confidence == text->confidence, "%s: confidence", id);
    ck_assert_msg(table->has_confidence == text->has_confidence, "%s: confidence", id);
    ck_assert_msg(table->impact == text->impact, "%s: impact", id);
    ck_assert_msg(table->has_impact == text->has_impact, "%s: impact", id);
    ck_assert_msg(table->suspect == text->suspect, "%s: suspect", id);
    same_text(id, table->suspect_name, text->suspect_name);
    same_text(id, table->suspect_why, text->suspect_why);
    same_text(id, table->explanation, text->explanation);
    same_text(id, table->action, text->action);
    same_texts(id, &table->remedies, &text->remedies);
    same_texts(id, &table->links, &text->links);
}

static void same_cases(const char *id, const kd_list *table, const kd_list *text)
{
    same_count(id, table, text);
    for (uint32_t i = 0; i < table->count; i++) {
        const kd_pack_case *a = &KD_ITEMS(*table, kd_pack_case)[i];
        const kd_pack_case *b = &KD_ITEMS(*text, kd_pack_case)[i];
        same_when(id, &a->when, &b->when);
        same_says(id, &a->says, &b->says);
        ck_assert_msg(a->says.has_severity == b->says.has_severity, "%s: severity", id);
    }
}

static void same_entry(const kd_pack_entry *table, const kd_pack_entry *text)
{
    const char *id = text->id.ptr;
    same_text(id, table->id, text->id);
    same_text(id, table->pack, text->pack);
    same_text(id, table->title, text->title);
    ck_assert_msg(table->kind == text->kind, "%s: kind", id);
    same_says(id, &table->says, &text->says);
    same_texts(id, &table->anchors, &text->anchors);
    same_text(id, table->pattern, text->pattern);
    same_fields(id, &table->fields, &text->fields);
    same_text(id, table->device, text->device);
    same_texts(id, &table->tells, &text->tells);
    ck_assert_msg(table->repeat.count == text->repeat.count, "%s: repeat", id);
    ck_assert_msg(table->repeat.within == text->repeat.within, "%s: repeat", id);
    ck_assert_msg(table->stack == text->stack, "%s: stack", id);
    same_texts(id, &table->follows, &text->follows);
    same_when(id, &table->when, &text->when);
    same_cases(id, &table->cases, &text->cases);
    same_others(id, &table->caused_by, &text->caused_by);
    same_others(id, &table->explains, &text->explains);
}

static void same_known(const kd_pack_known *table, const kd_pack_known *text)
{
    const char *id = text->id.ptr;
    same_text(id, table->id, text->id);
    same_text(id, table->pack, text->pack);
    same_text(id, table->title, text->title);
    same_text(id, table->events, text->events);
    same_text(id, table->message, text->message);
    same_texts(id, &table->frames, &text->frames);
    same_text(id, table->module, text->module);
    same_text(id, table->archs, text->archs);
    ck_assert_msg(table->from == text->from && table->until == text->until, "%s: releases", id);
    same_texts(id, &table->introduced_in, &text->introduced_in);
    same_texts(id, &table->fixed_in, &text->fixed_in);
    same_text(id, table->commit, text->commit);
    same_says(id, &table->says, &text->says);
}

START_TEST(tables_are_their_texts)
{
    char why[512] = "";
    kd_mem mem = { .allocator = &allocator, .limit = SIZE_MAX };
    kd_packs packs = { .mem = &mem };
    for (size_t i = 0; i < kd_builtin_pack_count; i++) {
        kd_pack_error error = { why, sizeof why };
        ck_assert_msg(kd_packs_add(&packs, kd_builtin_packs[i], error) == KD_OK, "%s", why);
    }
    ck_assert_uint_eq(kd_builtin_entry_count, packs.entries.count);
    ck_assert_uint_eq(kd_builtin_known_count, packs.known.count);
    for (uint32_t i = 0; i < packs.entries.count; i++)
        same_entry(&kd_builtin_entries[i], kd_packs_at(&packs, i));
    for (uint32_t i = 0; i < packs.known.count; i++)
        same_known(&kd_builtin_known[i], kd_packs_known(&packs, i));
    kd_packs_free(&packs);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("packs");
    TCase *tests = tcase_create("packs");
    tcase_add_test(tests, tables_are_their_texts);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
