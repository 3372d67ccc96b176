#!/usr/bin/env python3
"""check_rules.py: every rule has a log where it must fire and a near miss where it must not.

Both stand in the .expect files of tests/logs by the rule's own id: `must RULE[...]`, and `never RULE` (no `*`, no
condition) for a log that could have made it speak: an event in it wakes the rule, so that it was asked and found
nothing; or, for rules whose whole condition is the kind of event, the log has an event of another kind of the same
family, or no event of that family and a line with an anchor of it, which its recognisers had to refuse. Which events
a log has is read from what is frozen beside it. Run from the top of the repository.
"""
import pathlib
import sys

from check_golden import frozen_events
from check_index import read_logs

sys.path.insert(0, "tools")
from rows import anchors, families, kinds, rows, rules  # noqa: E402


class Families:
    def __init__(self):
        self.of_kind = {args[0]: name for name in families() for macro, args in rows(family=name) if macro == "KIND"}
        assert set(self.of_kind) == {kind for kind, *_ in kinds()}
        self.anchors = {name: [text.encode() for text in anchors(family=name)] for name in families()}

    def could_wake(self, log, wakes):
        """Was the rule asked, or a recogniser of the family of its events?"""
        events = {kind for kind, _ in frozen_events(log.path)}
        wanted = {self.of_kind[kind] for kind in wakes}
        if events & wakes or {self.of_kind[kind] for kind in events} & wanted:
            return True
        text = log.path.read_bytes()
        return any(anchor in text for family in wanted for anchor in self.anchors[family])


def main():
    wakes = {rule[1]: set(rule[3].split()) for rule in rules()}
    houses = Families()
    fires, missed, asleep = set(), set(), set()
    for log in read_logs(pathlib.Path("tests/logs").resolve()):
        fires |= {entry.split(":")[0] for entry in log.must}
        for rule in {entry for entry in log.never if entry in wakes} - missed:
            (missed if houses.could_wake(log, wakes[rule]) else asleep).add(rule)
    bad = [f"{rule}: no log where it fires (must {rule})" for rule in wakes if rule not in fires]
    bad += [f"{rule}: no near miss (never {rule})" + (", only logs that have nothing to do with it" if rule in asleep else "")
            for rule in wakes if rule not in missed]
    print("\n".join(bad) or f"{len(wakes)} rules")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
