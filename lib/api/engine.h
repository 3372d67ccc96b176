/* engine.h - what sessions share: recognisers' anchors, rules, the allocator. Layer: api. */
#ifndef KD_API_ENGINE_H
#define KD_API_ENGINE_H

#include <stdatomic.h>

#include "core/identity.h"
#include "core/lists.h"
#include "core/tracker.h"
#include "family/pack/pack.h"
#include "input/grammar.h"
#include "input/shape.h"
#include "report/store.h"

struct kd_engine {
    kd_allocator allocator;
    kd_mem mem;
    kd_anchors anchors;
    kd_matcher heads; /* known beginnings of messages */
    kd_grammars grammars;
    KD_VEC(kd_rule) rules;
    KD_VEC(kd_identity) identities; /* by kd_kind.index */
    kd_packs packs;
    kd_list *wakes; /* by kd_kind.index: of uint32_t, the rules to be asked */
    kd_arena arena; /* holds them */
    atomic_uint references;
    atomic_bool used; /* no rule may be added any more */
};

/* NULL-safe; marks the engine as used. */
kd_engine *kd_engine_hold(kd_engine *engine);

/* The packs that are built in, and the matcher with the anchors of all. */
kd_status kd_engine_builtin_packs(kd_engine *engine);

/* Adds a rule whose id is known to be new. */
kd_status kd_engine_put_rule(kd_engine *engine, const kd_rule *rule);

/* Takes the rules from that one on out again. */
void kd_engine_cut_rules(kd_engine *engine, size_t count);

/* The caller's options with the defaults for what it does not know. KD_E_INVAL: one is none. */
kd_status kd_options_take(kd_options *out, const kd_options *given);

/* A fresh, empty report that holds a reference to the engine; NULL: out of memory. */
kd_report *kd_report_new(kd_engine *engine, const kd_options *options);

#endif
