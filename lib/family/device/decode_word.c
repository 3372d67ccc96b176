/* decode_word.c - registers and status numbers of devices, in words: word.def. */
#include "family/device/decode_word.h"

#include "core/context.h"
#include "family/fields.h"
#include "family/lock/preempt_count.h"

#define KD_WORD_DECODER(id, name, form) static const kd_word_row rows_##id[] = {
#define KD_WORD(id, shift, width, value, words) { shift, width, value, words },
#define KD_WORD_END(id) \
    }                   \
    ;
#include "family/device/word.def"

enum { FORM_CODE, FORM_BITS, FORM_NUMBER, FORM_ERRNO };

static const kd_word_decoder decoders[] = {
#define KD_WORD_DECODER(id, name, form)                     \
    { name,                                                 \
      FORM_##form == FORM_BITS || FORM_##form == FORM_CODE, \
      FORM_##form == FORM_ERRNO,                            \
      FORM_##form == FORM_BITS,                             \
      rows_##id,                                            \
      KD_COUNT(rows_##id) },
#include "family/device/word.def"
};

const kd_word_decoder *kd_word_decoder_of(kd_str name)
{
    for (size_t i = 0; i < KD_COUNT(decoders); i++)
        if (kd_str_is(name, decoders[i].name))
            return &decoders[i];
    return NULL;
}

static uint64_t mask_of(const kd_word_row *row)
{
    return (row->width >= 64 ? UINT64_MAX : ((uint64_t)1 << row->width) - 1) << row->shift;
}

const char *kd_word_next(const kd_word_decoder *decoder, uint64_t value, size_t *at, uint64_t *left)
{
    while (*at < decoder->count) {
        const kd_word_row *row = &decoder->rows[(*at)++];
        uint64_t mask = mask_of(row);
        if ((value & mask) >> row->shift != row->value)
            continue;
        *left &= ~mask;
        if (row->words[0])
            return row->words;
    }
    return NULL;
}

kd_str kd_words_of(const kd_word_decoder *decoder, uint64_t value, char *room, size_t size)
{
    uint64_t left = value;
    size_t at = 0, len = 0;
    const char *words;
    while ((words = kd_word_next(decoder, value, &at, &left)))
        len += kd_str_print(room + len, size - len, "%s%s", len ? ", " : "", words).len;
    if (decoder->is_bits && left)
        len += kd_str_print(room + len, size - len, "%s0x%llx without a name", len ? ", " : "",
                            KD_LLU(left))
                   .len;
    return (kd_str){ room, len };
}

/* ---- oopsdoc decode -------------------------------------------------------------------------- */

static void add_name(kdf_device_word *word, kd_arena *arena, const char *words)
{
    kd_text *name = KD_LIST_ADD(arena, &word->names, kd_text);
    if (name)
        *name = (kd_text){ kd_str_of(words), KD_DERIVED };
}

static void put(void *group, uint64_t value, kd_arena *arena, const kd_word_decoder *decoder)
{
    kdf_device_word *word = group;
    uint64_t left = value;
    size_t at = 0;
    const char *words;
    word->value = (kd_hex){ value, KD_DERIVED };
    word->register_ = (kd_text){ kd_str_of(decoder->name), KD_DERIVED };
    while ((words = kd_word_next(decoder, value, &at, &left)))
        add_name(word, arena, words);
    if (decoder->is_bits && left)
        word->unnamed_bits = (kd_hex){ left, KD_DERIVED };
}

#define KD_WORD_DECODER(id, name, form)                                                        \
    void kd_put_##id(void *group, uint64_t value, const kd_context *context, kd_arena *arena); \
    void kd_put_##id(void *group, uint64_t value, const kd_context *context, kd_arena *arena)  \
    {                                                                                          \
        (void)context;                                                                         \
        put(group, value, arena, kd_word_decoder_of(KD_STR(name)));                            \
    }
#include "family/device/word.def"
#undef KD_WORD_DECODER

void kd_put_preempt_count(void *group, uint64_t value, const kd_context *context, kd_arena *arena);
void kd_put_preempt_count(void *group, uint64_t value, const kd_context *context, kd_arena *arena)
{
    kdf_device_word *word = group;
    kd_preempt preempt;
    (void)context;
    kd_preempt_read((uint32_t)value, false, &preempt);
    word->value = (kd_hex){ value, KD_DERIVED };
    word->register_ = (kd_text){ KD_STR("preempt-count"), KD_DERIVED };
    const struct {
        bool is;
        const char *words;
    } parts[] = {
        { preempt.negative, "negative: enabled once too often" },
        { preempt.nmi > 0, "in an NMI" },
        { preempt.hardirq > 0, "in a hard interrupt" },
        { preempt.serves_softirq, "in a softirq" },
        { preempt.bh_disabled > 0, "bottom halves disabled" },
        { !preempt.negative && preempt.depth > 0, "preemption disabled (spin locks)" },
    };
    for (size_t i = 0; i < KD_COUNT(parts); i++)
        if (parts[i].is)
            add_name(word, arena, parts[i].words);
}
