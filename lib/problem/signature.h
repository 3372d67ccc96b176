/* signature.h - what tells one bug from another, across builds, hosts and captures. Layer: problem.
 *
 * The number is a hash over the recipe's version, the kind, the values of its KD_SIGNATURE row
 * (numbers blanked), the module to blame and the first four frames that are not machinery, by bare
 * function names: no offsets, no compiler suffixes. Without a frame the headline, numbers blanked,
 * stands for them.
 */
#ifndef KD_PROBLEM_SIGNATURE_H
#define KD_PROBLEM_SIGNATURE_H

#include "core/event.h"

#define KD_SIGNATURE_VERSION 1u

/* Sets event->bug and event->bug_title: one line that a tracker can take. Once per event, when it
 * is decoded. */
void kd_signature_set(kd_event *event);

#endif
