/* chain.h - which event explains another. Layer: problem. */
#ifndef KD_PROBLEM_CHAIN_H
#define KD_PROBLEM_CHAIN_H

#include "problem/problem.h"

/* The problem of the event that explains it; NULL: none does. */
kd_problem *kd_chain_find(const kd_event *event, const kd_known_items *known);

#endif
