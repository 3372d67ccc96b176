#!/usr/bin/env python3
"""check_golden.py [--update] TOOL LOG...: has the report of each log changed?

Beside SLUG.log stands what is frozen of its report, from the top of the repository:
  SLUG.json      the whole report, byte for byte. Few logs have one: those that choose_golden.py names,
                 so that each kind of event and each rule is read once in full
  SLUG.skeleton  elsewhere, one a line: the events and their lines, and what each holds: its members, with the number
                 of values below those that have several; the diagnoses with confidence, role, events, the lines
                 of their evidence and what they hold; the problems; what the boots hold; the
                 counts that are not 0
--update writes the file anew: read the difference before you commit it.
Extra arguments of a log stand in its SLUG.args, one a line.
"""
import difflib
import json
import pathlib
import re
import sys

from check_index import lacks_disassembler, read_logs, run

# in every one, or told in words of their own
OF_EACH_EVENT = {"id", "kind", "boot", "lines", "offset", "complete", "signature"}
OF_EACH_DIAGNOSIS = {"id", "rule", "severity", "confidence", "role", "title", "explanation", "events", "evidence"}
OF_EACH_PROBLEM = {"id", "title", "root", "count", "signature"}
OF_EACH_BOOT = {"boot"}


def frozen_whole(output):
    # the number of rules changes with each new one and says nothing of the log
    return re.sub(rb'("tool": \{[^}]*"rules": )\d+', rb'\g<1>0', output, count=1).decode("utf-8", "replace")


def values_in(thing):
    """How many values stand below."""
    if isinstance(thing, (dict, list)):
        return sum(map(values_in, thing.values() if isinstance(thing, dict) else thing))
    return 1


def members(thing, told):
    """The names of the members that are not told elsewhere, with the number of values of those that hold several; how
    much a disassembler says of `code` is its own affair."""
    return " ".join(f"{name}:{values_in(value)}" if isinstance(value, (dict, list)) and name != "code" else name
                    for name, value in sorted(thing.items()) if name not in told)


def skeleton(output):
    report = json.loads(output)
    lines = []
    for event in report.get("events", []):
        spans = " ".join(f"{first}-{last}" for first, last in event.get("lines", []))
        lines.append(f"{event['id']} {event['kind']} {spans}{'' if event['complete'] else ' cut'} holds {members(event, OF_EACH_EVENT)}")
    for found in report.get("diagnoses", []):
        evidence = " ".join(f"{piece.get('source', '')}{piece['line']}" for piece in found["evidence"])
        lines.append(f"{found['id']} {found['rule']} {found['confidence']} {found['role']} {' '.join(found['events'])} "
                     f"from {evidence} holds {members(found, OF_EACH_DIAGNOSIS)}")
    for problem in report.get("problems", []):
        lines.append(f"{problem['id']} root {problem['root']} x{problem['count']} "
                     f"holds {members(problem, OF_EACH_PROBLEM)}")
    for boot in report.get("boots", []):
        lines.append(f"boot {boot['boot']} holds {members(boot, OF_EACH_BOOT)}")
    lines.append(" ".join(["stats", *(f"{name} {values_in(count) if isinstance(count, (dict, list)) else count}"
                                      for name, count in report["stats"].items() if count)]))
    return "".join(f"{line}\n" for line in lines)


def frozen_file(log):
    """The file that holds what is frozen, and what makes its text from the tool's output."""
    whole = log.with_suffix(".json")
    return (whole, frozen_whole) if whole.exists() else (log.with_suffix(".skeleton"), skeleton)


def frozen_events(log):
    """(kind, first and last lines) of each event, from what is frozen beside the log."""
    whole, short = log.with_suffix(".json"), log.with_suffix(".skeleton")
    if whole.exists():
        return [(event["kind"], event["lines"]) for event in json.loads(whole.read_bytes())["events"]]
    words = [line.split() for line in short.read_text(encoding="utf-8").splitlines()] if short.exists() else []
    return [(kind, [list(map(int, span.split("-"))) for span in spans if re.fullmatch("[0-9]+-[0-9]+", span)])
            for name, kind, *spans in words if name.startswith("e")]


def update(log, output):
    path, text_of = frozen_file(log)
    path.write_text(text_of(output), encoding="utf-8")


def difference(log, output):
    """The lines of a diff between what is frozen and what the tool says now."""
    path, text_of = frozen_file(log)
    if not path.exists():
        return [f"{path.name} is missing: ./dev update-logs makes it; read it before you commit it\n"]
    was = path.read_text(encoding="utf-8")
    return list(difflib.unified_diff(was.splitlines(True), text_of(output).splitlines(True), path.name, "now"))


def main():
    updates = sys.argv[1] == "--update"
    tool, *names = sys.argv[1 + updates:]
    tool = str(pathlib.Path(tool).resolve())
    failed = 0
    for name in names:
        (log,) = read_logs(pathlib.Path(name).resolve())
        output = run(tool, log)
        if updates:
            update(log.path, output)
            continue
        if lacks_disassembler(output):
            continue  # what is frozen was made with one
        changed = difference(log.path, output)
        sys.stdout.writelines(changed)
        failed |= bool(changed)
    return failed


if __name__ == "__main__":
    sys.exit(main())
