/* rules.c - oopsdoc rules: what can be diagnosed. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char help[] =
    "usage: oopsdoc rules [list | explain ID]\n"
    "Lists the rules (id, severity, title), or tells what one proves and what it cannot.\n";

static void put_text(const char *text)
{
    put_stdout(text, strlen(text), NULL);
}

static void list_rules(const kd_engine *engine)
{
    char line[256];
    for (size_t i = 0; i < kd_engine_rule_count(engine); i++) {
        const kd_rule *rule = kd_engine_rule(engine, i);
        snprintf(line, sizeof line, "%-32s %-8s %s\n", rule->id, kd_severity_name(rule->severity),
                 rule->title);
        put_text(line);
    }
}

static void explain_rule(const kd_rule *rule)
{
    put_text(rule->id);
    put_text("\n");
    put_text(rule->title);
    put_text("\nseverity: ");
    put_text(kd_severity_name(rule->severity));
    put_text("\nlooks at: ");
    put_text(rule->wakes_on);
    put_text("\n\n");
    put_text(rule->doc ? rule->doc : "");
    put_text("\n");
}

/* One finding may be reached in several ways: each has its own text. */
static int explain(const kd_engine *engine, const char *id)
{
    bool found = false;
    for (size_t i = 0; i < kd_engine_rule_count(engine); i++) {
        const kd_rule *rule = kd_engine_rule(engine, i);
        if (strcmp(rule->id, id) != 0)
            continue;
        if (found)
            put_text("\n");
        explain_rule(rule);
        found = true;
    }
    return found ? 0 : complain(id, "no such rule; oopsdoc rules lists them");
}

int cmd_rules(int argc, char **argv)
{
    kd_engine *engine;
    int result = 0;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        put_text(help);
        return 0;
    }
    kd_status made = kd_engine_new(&engine, NULL);
    if (made != KD_OK)
        return complain(NULL, kd_status_name(made));
    if (argc == 1 || (argc == 2 && strcmp(argv[1], "list") == 0))
        list_rules(engine);
    else if (argc == 3 && strcmp(argv[1], "explain") == 0)
        result = explain(engine, argv[2]);
    else
        result = complain(NULL, "rules takes list, or explain ID");
    kd_engine_free(engine);
    return result;
}
