#!/usr/bin/env python3
"""check_rules.py: every rule has a log where it must fire and a near miss where it must not.

Both stand in the .expect files of tests/logs by the rule's own id: `must RULE[...]`, and `never RULE` (no `*`,
no condition) for a log in which an event wakes the rule, so that it was asked and found nothing. Where a kind
of event is the rule's whole condition, the near miss is a log in the family's folder that the recogniser must
refuse. Which events a log has is read from what is frozen beside it. Run from the top of the repository.
"""
import json
import pathlib
import sys

from check_index import read_logs

sys.path.insert(0, "tools")
from rows import families, rows, rules  # noqa: E402


def kinds_of(log):
    whole, skeleton = log.path.with_suffix(".json"), log.path.with_suffix(".skeleton")
    if whole.exists():
        return {event["kind"] for event in json.loads(whole.read_bytes())["events"]}
    lines = skeleton.read_text().splitlines() if skeleton.exists() else []
    return {line.split()[1] for line in lines if line.startswith("e")}


def main():
    wakes = {rule[1]: set(rule[3].split()) for rule in rules()}
    home = {args[1]: name for name in families() for macro, args in rows(family=name) if macro == "RULE"}
    fires, missed, asleep = set(), set(), set()
    for log in read_logs(pathlib.Path("tests/logs").resolve()):
        fires |= {entry.split(":")[0] for entry in log.must}
        never = [entry for entry in log.never if entry in wakes]
        if not set(never) - missed:
            continue
        kinds = kinds_of(log)
        folder = log.name.split("/")[0]
        missed |= {rule for rule in never if kinds & wakes[rule] or folder == home[rule] and not kinds}
        asleep |= {rule for rule in never}
    bad = [f"{rule}: no log where it fires (must {rule})" for rule in wakes if rule not in fires]
    bad += [f"{rule}: no near miss (never {rule})" + (", only logs that have nothing to do with it" if rule in asleep else "")
            for rule in wakes if rule not in missed]
    print("\n".join(bad) or f"{len(wakes)} rules")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
