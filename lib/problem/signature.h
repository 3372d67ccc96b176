/* signature.h - what tells one bug from another, across builds, hosts and captures. Layer: problem.
 *
 * The number is a hash over the recipe's version, the kind, the values of its KD_SIGNATURE row
 * (numbers blanked), the module to blame and the first four frames that are not machinery, by bare
 * function names: no offsets, no compiler suffixes. Without a frame the headline, numbers blanked,
 * stands for them. Where a KD_REASON row fits the diagnosis, what it says joins the number:
 * recipe 2.
 */
#ifndef KD_PROBLEM_SIGNATURE_H
#define KD_PROBLEM_SIGNATURE_H

#include "core/diag.h"

#define KD_SIGNATURE_VERSION 1u
#define KD_SIGNATURE_WITH_REASON 2u

/* Sets event->bug and event->bug_title: one line that a tracker can take. Once per event, when it
 * is decoded. */
void kd_signature_set(kd_event *event);

/* Before the event is judged (diag NULL: whatever was told before is forgotten), and with each
 * primary diagnosis. */
void kd_signature_reason(kd_event *event, const kd_diag *diag);

#endif
