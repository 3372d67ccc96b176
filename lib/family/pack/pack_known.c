/* pack_known.c - known issues of packs: bugs that somebody described, and what tells them.
 *
 * An issue is named only where its message stands in the report, or two functions of its path do.
 * Layer: family.
 */
#include <stddef.h>
#include <string.h>

#include "family/pack/pack_reader.h"

#define AT(member) offsetof(kd_pack_known, member)
#define SAYS(member) (AT(says) + offsetof(kd_pack_says, member))

static const kd_pack_member known_members[] = {
    KD_MEMBER("id", kd_pack_read_text, AT(id), 0, 80),
    KD_MEMBER("title", kd_pack_read_text, AT(title), 0, 100),
    KD_MEMBER("event", kd_pack_read_words, AT(events), 0, 0),
    KD_MEMBER("message", kd_pack_read_text, AT(message), 0, 200),
    KD_MEMBER("frames", kd_pack_read_texts, AT(frames), 3, 200),
    KD_MEMBER("module", kd_pack_read_text, AT(module), 0, 60),
    KD_MEMBER("arch", kd_pack_read_text, AT(archs), 0, 200),
    KD_MEMBER("from", kd_pack_read_release, AT(from), 0, 0),
    KD_MEMBER("until", kd_pack_read_release, AT(until), 0, 0),
    KD_MEMBER("introduced_in", kd_pack_read_texts, AT(introduced_in), 3, 40),
    KD_MEMBER("fixed_in", kd_pack_read_texts, AT(fixed_in), 3, 40),
    KD_MEMBER("commit", kd_pack_read_text, AT(commit), 0, 40),
    KD_MEMBER("severity", kd_pack_read_severity, AT(says), 0, 0),
    KD_MEMBER("explanation", kd_pack_read_text, SAYS(explanation), 0, 1200),
    KD_MEMBER("remedies", kd_pack_read_texts, SAYS(remedies), 1, 4000),
    KD_MEMBER("links", kd_pack_read_texts, SAYS(links), 1, 400),
    KD_MEMBER("examples", kd_pack_read_examples, AT(examples), 0, 0),
    KD_MEMBER("near_misses", kd_pack_read_near_misses, AT(near_misses), 0, 0),
};

static bool is_taken(const kd_packs *packs, kd_str id)
{
    uint32_t i = 0;
    while (i < packs->known.count && !kd_str_eq(kd_packs_known(packs, i)->id, id))
        i++;
    return i < packs->known.count;
}

/* Each name is one of a report's functions: a letter or "_" first, no blanks. */
static bool are_functions(const kd_list *frames)
{
    for (uint32_t i = 0; i < frames->count; i++) {
        kd_str name = KD_ITEMS(*frames, kd_str)[i];
        if (memchr(name.ptr, ' ', name.len))
            return false;
    }
    return true;
}

static bool is_whole(kd_pack_reader *in, const kd_pack_known *known)
{
    if (known->id.len == 0 || !kd_pack_is_id(known->id))
        return kd_pack_refuse(in, "the id is not of the form \"site.what-happened\"");
    if (known->title.len == 0 || known->says.explanation.len == 0)
        return kd_pack_refuse(in, "no title, or no explanation");
    if (known->events.len == 0)
        return kd_pack_refuse(in, "no event");
    if (known->message.len < 12 && known->frames.count < 2)
        return kd_pack_refuse(in, "neither two frames nor a message of 12 bytes or more");
    if (!are_functions(&known->frames))
        return kd_pack_refuse(in, "a frame holds a blank");
    if (known->until == 0 && known->commit.len == 0)
        return kd_pack_refuse(in,
                              "neither \"until\" nor \"commit\": what is not fixed is not known");
    if (known->says.links.count == 0)
        return kd_pack_refuse(in, "no link");
    if (known->examples.count == 0)
        return kd_pack_refuse(in, "no example that fires");
    return known->near_misses.count > 0 || kd_pack_refuse(in, "no near miss");
}

bool kd_pack_read_known(kd_pack_reader *in, const kd_json_value *value)
{
    kd_pack_known *known = kd_arena_alloc(in->arena, sizeof *known);
    if (!known)
        return kd_pack_refuse(in, "out of memory");
    *known = (kd_pack_known){ .pack = in->pack };
    known->says.severity = KD_NOTICE;
    kd_pack_note_id(in, value);
    if (!kd_pack_read_object(in, value, known_members, KD_COUNT(known_members), known) ||
        !is_whole(in, known))
        return false;
    if (is_taken(in->packs, known->id))
        return kd_pack_refuse(in, "its id is taken");
    const kd_pack_known **place = KD_LIST_ADD(in->arena, &in->packs->known, const kd_pack_known *);
    if (!place)
        return kd_pack_refuse(in, "out of memory");
    *place = known;
    return true;
}
