/* mail.h - what mail programs do to the bytes of a text. Layer: input. */
#ifndef KD_INPUT_MAIL_H
#define KD_INPUT_MAIL_H

#include "base/str.h"

/* Without "> " and ">> " at its beginning; most lines have none. */
kd_str kd_mail_unquote(kd_str text);
static inline kd_str kd_mail_unquoted(kd_str text)
{
    bool may_be = text.len > 0 && (text.ptr[0] == '>' || text.ptr[0] == ' ');
    return may_be ? kd_mail_unquote(text) : text;
}

/* May the line be quoted-printable: is each "=" of it an escape, or the last character? */
bool kd_qp_fits(kd_str line);
/* Escapes that no other text holds: "gfp=3D0x820", "mask=3D(null),cpuset=3D/". */
bool kd_qp_proves(kd_str line);
/* Is it as long as lines are that an encoder breaks, and ends with "="? */
bool kd_qp_broken(kd_str line);
/* Decodes into `room`, which has as many bytes as the text, soft breaks too; gives the length. A
 * newline that was encoded becomes a blank. */
size_t kd_qp_decode(kd_str text, char *room);

/* Decodes a whole line of base64 into `room` (three bytes for four): how many bytes it gave; 0: it
 * is none, or holds no text. `whole`: it must be as long as lines of an encoder are. */
size_t kd_base64_decode(kd_str line, char *room, bool whole);

/* What a line of a mail's header tells of the lines that follow. */
typedef enum kd_mail_header {
    KD_MAIL_NO_HEADER,
    KD_MAIL_QP,
    KD_MAIL_BASE64,
    KD_MAIL_AS_IS,  /* Content-Transfer-Encoding: 7bit, 8bit */
    KD_MAIL_FLOWED, /* format=flowed */
} kd_mail_header;
kd_mail_header kd_mail_header_of(kd_str line);

#endif
