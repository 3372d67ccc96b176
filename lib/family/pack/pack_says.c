/* pack_says.c - what a pack says of a message, read: severity, suspect, cases. Layer: family. */
#include <stddef.h>
#include <string.h>

#include "family/pack/pack_reader.h"

static const char *severity_name(int i)
{
    return kd_severity_name((kd_severity)i);
}
static const char *confidence_name(int i)
{
    return kd_confidence_name((kd_confidence)i);
}
static const char *impact_name(int i)
{
    return kd_impact_name((kd_impact)i);
}
static const char *suspect_name(int i)
{
    return kd_suspect_name((kd_suspect)i);
}
static const char *action_name(int i)
{
    static const char *const names[] = { "replace", "reboot", "update", "reconfigure",
                                         "report",  "watch",  "none" };
    return names[i];
}

/* ---- words of a scale ------------------------------------------------------------------------ */

bool kd_pack_read_severity(kd_pack_reader *in, const kd_json_value *value,
                           const kd_pack_member *member, void *to)
{
    static const kd_pack_member words = { .most = KD_FATAL + 1, .name_of = severity_name };
    kd_pack_says *says = to;
    int found = 0;
    (void)member;
    if (!kd_pack_read_choice(in, value, &words, &found))
        return false;
    says->severity = (kd_severity)found;
    return says->has_severity = true;
}

bool kd_pack_read_confidence(kd_pack_reader *in, const kd_json_value *value,
                             const kd_pack_member *member, void *to)
{
    static const kd_pack_member words = { .most = KD_CERTAIN, .name_of = confidence_name };
    kd_pack_says *says = to;
    int found = 0;
    (void)member;
    if (!kd_pack_read_choice(in, value, &words, &found))
        return kd_pack_refuse(in, "is neither possible nor likely: a pack proves nothing");
    says->confidence = (kd_confidence)found;
    return says->has_confidence = true;
}

bool kd_pack_read_impact(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *member, void *to)
{
    static const kd_pack_member words = { .most = KD_IMPACT_MACHINE_DOWN + 1,
                                          .name_of = impact_name };
    kd_pack_says *says = to;
    int found = 0;
    (void)member;
    if (!kd_pack_read_choice(in, value, &words, &found))
        return false;
    says->impact = (kd_impact)found;
    return says->has_impact = true;
}

bool kd_pack_read_action(kd_pack_reader *in, const kd_json_value *value,
                         const kd_pack_member *member, void *to)
{
    static const kd_pack_member words = { .most = 7, .name_of = action_name },
                                text = { .most = 20 };
    int found = 0;
    (void)member;
    return kd_pack_read_choice(in, value, &words, &found) &&
           kd_pack_read_text(in, value, &text, to);
}

/* ---- the suspect ----------------------------------------------------------------------------- */

static bool read_class(kd_pack_reader *in, const kd_json_value *value, const kd_pack_member *member,
                       void *to)
{
    static const kd_pack_member words = { .most = KD_SUSPECT_UNKNOWN + 1, .name_of = suspect_name };
    int found = 0;
    (void)member;
    if (!kd_pack_read_choice(in, value, &words, &found))
        return false;
    ((kd_pack_says *)to)->suspect = (kd_suspect)found;
    return true;
}

bool kd_pack_read_suspect(kd_pack_reader *in, const kd_json_value *value,
                          const kd_pack_member *member, void *to)
{
    static const kd_pack_member members[] = {
        KD_MEMBER("class", read_class, 0, 0, 0),
        KD_MEMBER("name", kd_pack_read_text, offsetof(kd_pack_says, suspect_name), 0, 200),
        KD_MEMBER("why", kd_pack_read_text, offsetof(kd_pack_says, suspect_why), 0, 400),
    };
    (void)member;
    if (!kd_pack_read_item(in, value, members, KD_COUNT(members), to))
        return false;
    return ((kd_pack_says *)to)->suspect != KD_SUSPECT_NONE || kd_pack_refuse(in, "has no class");
}

/* ---- cases ----------------------------------------------------------------------------------- */

#define SAYS(member) (offsetof(kd_pack_case, says) + offsetof(kd_pack_says, member))

bool kd_pack_read_cases(kd_pack_reader *in, const kd_json_value *value,
                        const kd_pack_member *member, void *to)
{
    static const kd_pack_member members[] = {
        KD_MEMBER("when", kd_pack_read_when, offsetof(kd_pack_case, when), 0, 0),
        KD_MEMBER("severity", kd_pack_read_severity, offsetof(kd_pack_case, says), 0, 0),
        KD_MEMBER("confidence", kd_pack_read_confidence, offsetof(kd_pack_case, says), 0, 0),
        KD_MEMBER("impact", kd_pack_read_impact, offsetof(kd_pack_case, says), 0, 0),
        KD_MEMBER("suspect", kd_pack_read_suspect, offsetof(kd_pack_case, says), 0, 0),
        KD_MEMBER("explanation", kd_pack_read_text, SAYS(explanation), 0, 1200),
        KD_MEMBER("action", kd_pack_read_action, SAYS(action), 0, 0),
        KD_MEMBER("remedies", kd_pack_read_texts, SAYS(remedies), 1, 4000),
    };
    size_t count = value->type == KD_JSON_LIST ? value->count : 0;
    if (count == 0 || count > KD_PACK_MOST_ITEMS)
        return kd_pack_refuse(in, "is no list of 1 to 32 cases");
    for (const kd_json_value *item = value->first; item; item = item->next) {
        kd_pack_case *one = KD_LIST_ADD(in->arena, (kd_list *)to, kd_pack_case);
        if (!one)
            return kd_pack_refuse(in, "out of memory");
        if (!kd_pack_read_item(in, item, members, KD_COUNT(members), one))
            return false;
        if (!kd_json_find(item, "when"))
            return kd_pack_refuse(in, "a case has no \"when\"");
    }
    (void)member;
    return true;
}
