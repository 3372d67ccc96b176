/* rule_skb.c - a socket buffer that was written beyond its room. */
#include "core/diag.h"
#include "family/fields.h"

const char kd_doc_skb_overflow[] =
    "skb_put() or skb_push() was asked for more bytes than the socket buffer has room for. The "
    "line "
    "before the BUG holds the numbers; certain where they were printed and show it. Whoever called "
    "skb_put() (a driver that trusts a length, or too small a headroom) is at fault, not the "
    "check.";

/* Kernels of 64 bits count tail and end from the head. */
static bool is_counted(const kdf_skb *skb)
{
    return skb->tail.v < UINT64_C(0x1000000) && skb->end.v < UINT64_C(0x1000000);
}

/* How many bytes lie beyond the buffer; false: the numbers are not all there, or do not fit
 * together (pointers are hashed from 4.15 on). */
static bool find_beyond(const kdf_skb *skb, uint64_t *out)
{
    if (!skb->tail.src || !skb->end.src || !skb->put.src || !skb->len.src ||
        skb->put.v > skb->len.v)
        return false;
    bool counted = is_counted(skb);
    if (!counted && (!skb->head.src || !skb->data.src || skb->tail.v - skb->data.v != skb->len.v ||
                     skb->end.v <= skb->head.v))
        return false;
    bool beyond = !skb->before.v ? skb->tail.v > skb->end.v
                  : counted      ? skb->len.v > skb->tail.v
                                 : skb->head.v > skb->data.v;
    *out = !skb->before.v ? skb->tail.v - skb->end.v
           : counted      ? skb->len.v - skb->tail.v
                          : skb->head.v - skb->data.v;
    return beyond && *out <= skb->put.v;
}

static void say_over(kd_emit *out, const kdf_skb *skb, uint64_t beyond)
{
    uint64_t room = skb->put.v - beyond;
    kd_say_more(out,
                "%llu bytes were put where there was room for %llu: %llu bytes beyond the end of "
                "the buffer.",
                KD_LLU(skb->put.v), KD_LLU(room), KD_LLU(beyond));
    kd_say_proof(out, KD_STR("the end of the data less the end of the buffer"),
                 "0x%llx - 0x%llx = %llu", KD_LLU(skb->tail.v), KD_LLU(skb->end.v), KD_LLU(beyond));
    kd_say_proof(out, KD_STR("what was put, less what lies beyond: the room there was"),
                 "%llu - %llu = %llu", KD_LLU(skb->put.v), KD_LLU(beyond), KD_LLU(room));
    kd_say_u64(out, "room_bytes", room);
}

static void say_under(kd_emit *out, const kdf_skb *skb, uint64_t beyond)
{
    uint64_t room = skb->put.v - beyond;
    kd_say_more(out,
                "%llu bytes were pushed before the data, and the headroom was %llu: %llu bytes "
                "before the begin of the buffer.",
                KD_LLU(skb->put.v), KD_LLU(room), KD_LLU(beyond));
    if (is_counted(skb))
        kd_say_proof(
            out, KD_STR("the data end so far behind the begin of the buffer, and are longer"),
            "%llu - 0x%llx = %llu", KD_LLU(skb->len.v), KD_LLU(skb->tail.v), KD_LLU(beyond));
    else
        kd_say_proof(out, KD_STR("the begin of the buffer less the begin of the data"),
                     "0x%llx - 0x%llx = %llu", KD_LLU(skb->head.v), KD_LLU(skb->data.v),
                     KD_LLU(beyond));
    kd_say_proof(out, KD_STR("what was pushed, less what lies beyond: the headroom there was"),
                 "%llu - %llu = %llu", KD_LLU(skb->put.v), KD_LLU(beyond), KD_LLU(room));
    kd_say_u64(out, "headroom_bytes", room);
}

static void say_whose(kd_emit *out, const kdf_oops *oops)
{
    const kdf_skb *skb = &oops->skb;
    if (skb->dev.src) {
        kd_say_more(out, "The device is %.*s.", KD_FMT(skb->dev.v));
        kd_say_text(out, "device", skb->dev.v);
    }
    if (oops->blame.module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, oops->blame.module.v, "it calls the check");
    else
        kd_say_suspect(out, KD_SUSPECT_DRIVER, skb->dev.src ? skb->dev.v : KD_STR(""),
                       "the driver of the device, or who builds its packets");
    if (skb->before.v)
        kd_say_remedy(out, "Does the device announce the headroom that it needs "
                           "(needed_headroom), and does whoever pushes a header ask for it "
                           "(skb_cow_head())?");
    else
        kd_say_remedy(out, "Does the driver compare the length that the hardware reports with the "
                           "room of the buffer before skb_put()? An MTU or a frame that is larger "
                           "than its buffers shows it.");
    if (skb->text.src && !oops->blame.function.src)
        kd_say_missing(out, "which function holds 0x%llx (System.map or kallsyms): the caller",
                       KD_LLU(skb->text.v));
}

kd_status kd_check_skb_overflow(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    uint64_t beyond;
    (void)user;
    if (!oops || !oops->skb.before.src)
        return KD_OK;
    const kdf_skb *skb = &oops->skb;
    bool known = find_beyond(skb, &beyond);
    kd_say_diag(out, known ? KD_CERTAIN : KD_LIKELY,
                "A network packet was written beyond the %s of its buffer.",
                skb->before.v ? "begin" : "end");
    kd_say_evidence(out, view->event, skb->before.src, "the numbers of the buffer");
    if (oops->blame.function.src)
        kd_say_remedy(out, "Look at %.*s() first.", KD_FMT(oops->blame.function.v));
    if (known) {
        kd_say_u64(out, "bytes_beyond", beyond);
        if (skb->before.v)
            say_under(out, skb, beyond);
        else
            say_over(out, skb, beyond);
    } else {
        kd_say_assume(out,
                      "the check of skb_put() and skb_push() is right: the numbers are hidden, "
                      "cut or do not fit together");
    }
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    say_whose(out, oops);
    return KD_OK;
}
