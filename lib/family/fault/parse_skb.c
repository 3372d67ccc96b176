/* parse_skb.c - the line that skb_put() and skb_push() print before they call BUG().
 *
 *   skbuff: skb_over_panic: text:8058e098 len:2048 put:2048 head:84c678a0 data:84c678c2
 * tail:0x84c680c2 end:0x84c67f00 dev:usb0 skb_under_panic: text:ffffffff8142b3a9 len:142 put:14
 * head:ffff88003ad6b000 data:ffff88003ad6aff4 tail:0x82 end:0xc0 dev:<NULL>
 *
 * skb_over_panic(), skb_under_panic(), skb_panic(); 2.6.32 to 7.3; all on one line.
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"

/* The number behind the label, which a blank ends: one that the line ends with may be cut. */
static bool read_number(kd_str text, const char *label, bool hex, uint64_t *out)
{
    const char *at = kd_str_find(text, label);
    if (!at)
        return false;
    kd_scan in = { at + kd_str_of(label).len, text.ptr + text.len, false };
    return (hex ? kd_scan_hex(&in, out) : kd_scan_u64(&in, out)) && kd_scan_char(&in, ' ');
}

void kd_oops_put_skb(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kdf_skb *skb = &oops->skb;
    const struct {
        const char *label;
        kd_hex *out;
    } words[] = {
        { " text:", &skb->text }, { " head:", &skb->head }, { " data:", &skb->data },
        { " tail:", &skb->tail }, { " end:", &skb->end },
    };
    uint64_t value;
    for (size_t i = 0; i < KD_COUNT(words); i++)
        if (read_number(text, words[i].label, true, &value))
            kd_put(parse, words[i].out, value);
    if (read_number(text, " len:", false, &value))
        kd_put(parse, &skb->len, value);
    if (read_number(text, " put:", false, &value))
        kd_put(parse, &skb->put, value);
    const char *dev = kd_str_find(text, " dev:");
    kd_scan in = { dev ? dev + 5 : text.ptr + text.len, text.ptr + text.len, false };
    kd_str name;
    if (kd_scan_word(&in, &name) && name.ptr[0] != '<')
        kd_put(parse, &skb->dev, name);
    kd_put(parse, &skb->before, kd_str_has(text, "skb_under_panic"));
}
