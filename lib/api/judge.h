/* judge.h - decoding events and asking the rules; the life of a report. Layer: api. */
#ifndef KD_API_JUDGE_H
#define KD_API_JUDGE_H

#include "api/engine.h"

/* Counts the event on an identical earlier one of the same boot, and takes it over; false: there
 * is none. */
bool kd_fold(kd_report *report, kd_event *event);
/* Takes back that the event may be the first of identical ones: it is not kept. */
void kd_unfold(kd_report *report, const kd_event *event);

/* ---- limits (thin.c) ------------------------------------------------------------------------- */

/* At most so many events that nobody knows of yet. */
void kd_thin_events(kd_report *report, size_t most);
void kd_obey_history(kd_report *report, size_t most);
/* Events and boots leave half of the memory to what is found out about them. */
void kd_obey_memory(kd_report *report);
/* Lets go of boots without events, but for the newest `most`. */
void kd_thin_boots(kd_report *report, size_t most);
/* At most so many diagnoses; the problems of the judged events (from first to before last of `all`)
 * are made anew. For reports of which nothing was handed out. */
void kd_thin_diags(kd_report *report, kd_event *const *all, kd_range judged, size_t most);
/* As if nothing was judged yet. For the same reports. */
void kd_unjudge(kd_report *report);

/* ---- judging --------------------------------------------------------------------------------- */

/* Those of one event are handed out in the order in which they were made. */
void kd_hang_on_event(kd_event *event, kd_diag *diag);
/* The boot that the event belongs to, or NULL. */
kd_context *kd_boot_of(const kd_report *report, const kd_event *event);

/* Decodes each event that is new and asks the rules about it, in log order. An event may be the
 * effect of an older one that is still open: only those before number `until` are judged. */
kd_status kd_judge(kd_report *report, kd_engine *engine, const kd_options *options, uint64_t until);
/* All once more, where something is known that was not when the items were handed out. */
kd_status kd_judge_again(kd_report *report, kd_engine *engine, const kd_options *options,
                         uint64_t until);
/* Boots that changed since they were handed out are handed out again. */
void kd_boots_again(kd_report *report);

/* The next boot, event, diagnosis or problem that was not handed out yet as it is now; KD_END:
 * none. Lets go of what was handed out and is older than max_history. */
kd_status kd_report_pull(kd_report *report, const kd_options *options, kd_item *out);

/* Notes the event all[index] with the diagnoses from `woken` on. */
void kd_note_problems(kd_report *report, kd_event *const *all, size_t index, size_t woken);
/* Once the diagnoses have their last ids. */
void kd_finish_problems(kd_report *report);

/* Sorts, numbers, drops what was pulled: the report is ready for readers. KD_E_NOMEM: it is as it
 * was, but for what was pulled. */
kd_status kd_report_finish(kd_report *report);

/* Takes the events of an earlier capture over, and frees the rest of that report. */
void kd_report_adopt_earlier(kd_report *report, kd_report *earlier);

#endif
