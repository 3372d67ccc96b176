/* parse_check.c - the stacks of a checker's report, and its blame. */
#include "family/checker/parse_check.h"

#define MOST_STACKS 8u

const kd_block_use kd_check_blocks[] = {
    { &kd_block_task, offsetof(kdf_check, oops.task) },
    { &kd_block_registers, offsetof(kdf_check, oops) },
    { &kd_block_code, offsetof(kdf_check, oops.code) },
    { &kd_block_trace, offsetof(kdf_check, oops.backtrace) },
    { NULL, 0 },
};

void kd_check_turn(kd_parse *parse, kdf_check *check, const char *role)
{
    kdf_check_stack *stack = check->stacks.count < MOST_STACKS
                                 ? KD_LIST_ADD(parse->arena, &check->stacks, kdf_check_stack)
                                 : NULL;
    if (!stack)
        return;
    stack->role = (kd_text){ kd_str_of(role), parse->src };
    parse->own[KD_CHECK_STACK] = check->stacks.count;
    parse->own[KD_CHECK_TRACE] = 1; /* frames follow without a header of their own */
}

kd_verdict kd_check_frame(kd_parse *parse, kdf_check *check, const kd_line *line)
{
    uint32_t index = parse->own[KD_CHECK_STACK];
    if (index == 0 || index > check->stacks.count)
        return KD_NOT_MINE;
    kd_block_state state = { .at = parse->own[KD_CHECK_TRACE] }, *own = parse->state;
    parse->state = &state;
    kd_list *frames = &KD_ITEMS(check->stacks, kdf_check_stack)[index - 1].frames;
    kd_verdict verdict = kd_block_trace.take(parse, frames, line);
    parse->state = own;
    if (verdict != KD_NOT_MINE)
        parse->own[KD_CHECK_TRACE] = state.at;
    return verdict;
}

/* The allocation tells whose it was: constructors and registries stand above him. */
static bool allocates(kd_str bare)
{
    static const char *const names[] = { "*alloc*",     "*kmem*",        "*slab*",
                                         "*mmap*",      "*strdup*",      "*strndup*",
                                         "*memdup*",    "pcpu_create*",  "kasprintf*",
                                         "kvasprintf*", "idr_get*",      "list_lru_init*",
                                         "kmemleak_*",  "create_object*" };
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_name_fits(bare, names[i]))
            return true;
    return false;
}

/* A cipher only works on the bytes that it is handed. */
static bool works_on_bytes(kd_str bare)
{
    static const char *const names[] = { "*_encrypt",   "*_decrypt",   "crypto_*",
                                         "cipher_*",    "drbg_*",      "rng_*",
                                         "*alloc_skb*", "netlink_ack", "netlink_rcv_skb" };
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_name_fits(bare, names[i]))
            return true;
    return false;
}

void kd_check_blame(kd_parse *parse)
{
    kdf_check *check = parse->body;
    const kd_kind *kind = parse->event->kind;
    kd_blame_pass *also = kind == &kd_kind_memory_leak ? allocates
                          : kind == &kd_kind_kmsan     ? works_on_bytes
                                                       : NULL;
    kd_blame_past(&check->oops.blame, &check->oops.backtrace, &check->oops.ip, also);
    if (check->oops.backtrace.count > 0 || check->oops.ip.function.src)
        parse->event->complete = true;
}
