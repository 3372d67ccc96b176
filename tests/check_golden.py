#!/usr/bin/env python3
"""check_golden.py [--update] TOOL LOG...: has the report of each log changed?

Beside SLUG.log stands what is frozen of its report, from the top of the repository:
  SLUG.json      the whole report, byte for byte. Few logs have one: those that choose_golden.py names,
                 so that each kind of event and each rule is read once in full
  SLUG.skeleton  elsewhere: the events and their lines, the diagnoses with confidence, role and events,
                 the problems, one a line
--update writes the file anew: read the difference before you commit it.
Extra arguments of a log stand in its SLUG.args, one a line.
"""
import difflib
import json
import pathlib
import re
import sys

from check_index import lacks_disassembler, read_logs, run


def frozen_whole(output):
    # the number of rules changes with each new one and says nothing of the log
    return re.sub(rb'("tool": \{[^}]*"rules": )\d+', rb'\g<1>0', output, count=1).decode("utf-8", "replace")


def skeleton(output):
    report = json.loads(output)
    lines = []
    for event in report.get("events", []):
        spans = " ".join(f"{first}-{last}" for first, last in event.get("lines", []))
        lines.append(f"{event['id']} {event['kind']} {spans}")
    for found in report.get("diagnoses", []):
        lines.append(f"{found['id']} {found['rule']} {found['confidence']} {found['role']} "
                     f"{' '.join(found['events'])}")
    for problem in report.get("problems", []):
        lines.append(f"{problem['id']} root {problem['root']} x{problem['count']}")
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
    return [(kind, [list(map(int, span.split("-"))) for span in spans])
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
