/* packs.c - the packs of an engine: those that are built in, and taking back. Layer: family. */
#include "base/mem.h"
#include "family/device/decode_word.h"
#include "family/pack/pack.h"

static bool add_entry(kd_packs *packs, const kd_pack_entry *entry)
{
    const kd_pack_entry **place =
        KD_LIST_ADD(&packs->arena, &packs->entries, const kd_pack_entry *);
    if (place)
        *place = entry;
    return place != NULL;
}

static bool add_known(kd_packs *packs, const kd_pack_known *known)
{
    const kd_pack_known **place = KD_LIST_ADD(&packs->arena, &packs->known, const kd_pack_known *);
    if (place)
        *place = known;
    return place != NULL;
}

kd_status kd_packs_add_builtin(kd_packs *packs)
{
    bool all = true;
    packs->arena.mem = packs->mem;
    for (size_t i = 0; all && i < kd_builtin_entry_count; i++)
        all = add_entry(packs, &kd_builtin_entries[i]);
    for (size_t i = 0; all && i < kd_builtin_known_count; i++)
        all = add_known(packs, &kd_builtin_known[i]);
    return all ? KD_OK : KD_E_NOMEM;
}

void kd_packs_cut(kd_packs *packs, kd_packs_mark to)
{
    if (packs->entries.count > to.entries)
        packs->entries.count = to.entries;
    if (packs->known.count > to.known)
        packs->known.count = to.known;
}

bool kd_pack_type_of(const kd_pack_field *field, kd_pack_type *type,
                     const kd_word_decoder **decoder)
{
    static const char *const types[] = {
        [KD_PACK_TEXT] = "text", [KD_PACK_NUMBER] = "number", [KD_PACK_HEX] = "hex"
    };
    *decoder = NULL;
    for (size_t i = 0; i < KD_COUNT(types); i++)
        if (kd_str_is(field->type, types[i])) {
            *type = (kd_pack_type)i;
            return true;
        }
    *decoder = kd_word_decoder_of(field->type);
    *type = *decoder && (*decoder)->is_hex ? KD_PACK_HEX : KD_PACK_NUMBER;
    return *decoder != NULL;
}
