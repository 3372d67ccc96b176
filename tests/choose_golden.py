#!/usr/bin/env python3
"""choose_golden.py --check | [--update] TOOL: which logs have their whole report frozen?

Prints the logs of tests/logs that have one and why: so chosen that each kind of event and each rule stands in
one (with each confidence that it reaches), short reports first. --update freezes the reports that are
missing and takes away those that add nothing; --check, from the frozen files alone, fails when something
that a skeleton names stands in no report.
Run from the top of the repository.
"""
import json
import pathlib
import sys

from check_golden import update
from check_index import read_logs, run


def shown(report):
    """What a report shows that a frozen one should: kinds, rules with their confidence, other parts."""
    names = {event["kind"] for event in report["events"]}
    names |= {f"{found['rule']}:{found['confidence']}" for found in report["diagnoses"]}
    names |= {f"problems with {key}" for problem in report.get("problems", []) for key in problem}
    return names


def choose(reports, chosen):
    """Adds to the chosen logs until everything that any log shows stands in one: a greedy cover."""
    left = set().union(*(shown(json.loads(output)) for _, output in reports.values()))
    why = {}
    for name in chosen:
        new = shown(json.loads(reports[name][1])) & left
        left -= new
        if new:
            why[name] = new
    while left:
        gains = {name: len(shown(json.loads(output)) & left) / (4000 + len(output))
                 for name, (_, output) in reports.items()}
        best = max(sorted(gains), key=gains.get)
        why[best] = shown(json.loads(reports[best][1])) & left
        left -= why[best]
    return why


def named(skeleton):
    """What a skeleton shows, as shown() has it."""
    names = set()
    for line in skeleton.splitlines():
        words = line.split()
        if words[0][0] in "ed":
            names.add(words[1] if words[0][0] == "e" else f"{words[1]}:{words[2]}")
    return names


def check(folder):
    frozen = set().union(*(shown(json.loads(path.read_bytes())) for path in folder.rglob("*.json")))
    missing = {name: path for path in sorted(folder.rglob("*.skeleton"))
               for name in named(path.read_text(encoding="utf-8")) - frozen}
    for name, path in sorted(missing.items()):
        print(f"no whole report shows {name} (as {path.relative_to(folder)} does): ./dev update-logs freezes one")
    return bool(missing)


def main():
    folder = pathlib.Path("tests/logs").resolve()
    if sys.argv[1] == "--check":
        return check(folder)
    tool = str(pathlib.Path(sys.argv[-1]).resolve())
    reports = {log.name: (log.path, run(tool, log)) for log in read_logs(folder)}
    frozen = [name for name, (path, _) in reports.items() if path.with_suffix(".json").exists()]
    why = choose(reports, frozen)
    for name, reasons in sorted(why.items()):
        print(f"{name}: {', '.join(sorted(reasons))}")
    print(f"{len(why)} of {len(reports)} reports frozen whole")
    if sys.argv[1] == "--update":
        for name, (path, output) in reports.items():
            keep, other = (".json", ".skeleton") if name in why else (".skeleton", ".json")
            path.with_suffix(other).unlink(missing_ok=True)
            if not path.with_suffix(keep).exists():
                path.with_suffix(keep).touch()
                update(path, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
