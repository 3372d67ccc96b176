#!/usr/bin/env python3
"""check_groups.py TRUTH.tsv < NDJSON: are the groups of triage the faults? Purity: of the logs whose first problem is in a
group, how many show the group's most frequent fault; wholeness: of the logs of one fault of one kernel, how many have
their first problem in one group. What is confused is listed. Lines of `oopsdoc triage -f ndjson`."""
import collections
import json
import re
import sys

# What the lab calls otherwise is one bug where the log is read alone: the same call with a policy that makes a panic of
# it, the same missing root file system, the same failure in another capture or of the next order, the same limit of a
# control group in another hierarchy or with another victim.
SAME = {"warn_panic": "warn", "hung_panic": "hung_task", "no_init": "no_rootfs", "forms": "frag_deref",
        "cma_kmalloc_order5": "cma_kmalloc_atomic", "memcg_v1": "oom_memcg", "memcg_group": "oom_memcg"}
# And what the lab calls by the same name, where by its own account another thing had run out on that machine.
THERE = {("arm64-6.1.0-50-arm64", "frag_deref"): "cma_null_deref"}


def read(truth, lines):
    """(number, kernel, fault, signature) of each log; of one without a finding the signature is ''."""
    faults = {}
    for row in open(truth):
        number, kernel, fault = row.rstrip("\n").split("\t")[:3]
        faults[number] = (kernel, THERE.get((kernel, fault), SAME.get(fault, fault)))
    for line in lines:
        item = json.loads(line)
        number = re.search(r"-(\d+)\.log$", item["source"])
        if number:
            first = item["problems"][0]["signature"] if item["problems"] else ""
            yield number[1], *faults[number[1]], first


def measure(rows, out=sys.stdout):
    rows = list(rows)
    groups, wholes = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    for _, kernel, fault, signature in rows:
        groups[signature][fault] += 1
        wholes[kernel, fault][signature] += 1
    found = sum(sum(g.values()) for s, g in groups.items() if s)
    pure = sum(g.most_common(1)[0][1] for s, g in groups.items() if s)
    whole = sum(w.most_common(1)[0][1] for w in wholes.values())
    for signature, group in sorted(groups.items()):
        if len(group) > 1:
            print(f"group {signature or 'without a finding'}: {dict(group.most_common())}", file=out)
    for (kernel, fault), signatures in sorted(wholes.items()):
        if len(signatures) > 1:
            print(f"{kernel} {fault}: {dict(signatures.most_common())}", file=out)
    purity, wholeness = pure / max(1, found), whole / max(1, len(rows))
    print(f"{len(rows)} logs, {len(groups)} groups: purity {purity:.2%}, wholeness {wholeness:.2%}", file=out)
    return purity, wholeness


if __name__ == "__main__":
    PURITY, WHOLENESS = measure(read(sys.argv[1], sys.stdin))
    sys.exit(PURITY < 0.995 or WHOLENESS < 0.98)
