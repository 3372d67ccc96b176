#!/usr/bin/env python3
"""check_stream.py TOOL FAST ITEMS LOG...: the last words of a stream are the report.

Each log is analysed whole, and as a stream: by TOOL -f stream, and by ITEMS in portions of 1, 7, 4096 bytes and of
random size, pulled at random. The last object of each id, without the withdrawn ones, must be the report's. Ids of
diagnoses and problems differ (a report numbers them in its order): they are compared through what they stand for.
FAST is the same tool without sanitizers: it tells the reports (TOOL's are those of each log's own test), and streams
all but one log in EACH.
"""
import collections
import json
import subprocess
import sys

EACH = 16


def last_words(items):
    words = {kind: {} for kind in ("boot", "event", "diagnosis", "problem")}
    for item in items:
        for kind, value in item.items():
            if kind in words:
                words[kind][value["boot" if kind == "boot" else "id"]] = value
    return {kind: [v for v in found.values() if not v.get("withdrawn")] for kind, found in words.items()}


def comparable(boots, events, diagnoses, problems):
    """A multiset of texts; ids of diagnoses are replaced by what they say."""
    names = {}
    for diag in diagnoses:
        names[diag["id"]] = json.dumps([diag["rule"], diag["events"], diag["explanation"]])
    out = [("boot", json.dumps(b)) for b in boots] + [("event", json.dumps(e)) for e in events]
    for diag in diagnoses:
        causes = sorted(names.get(c, c) for c in diag["caused_by"])
        out.append(("diagnosis", json.dumps({**diag, "id": "", "caused_by": causes})))
    for problem in problems:
        out.append(("problem", json.dumps({**problem, "id": "", "root": names.get(problem["root"], problem["root"]),
                                           "diagnoses": sorted(names.get(d, d) for d in problem["diagnoses"])})))
    return collections.Counter(out)


def report_of(tool, log):
    done = subprocess.run([tool, "analyze", "-f", "ndjson", log], stdout=subprocess.PIPE, check=False)
    report = json.loads(done.stdout)
    return comparable(*(report[k] for k in ("boots", "events", "diagnoses", "problems"))), report["stats"]


def words_of(items):
    words = last_words(items)
    return comparable(*(words[k] for k in ("boot", "event", "diagnosis", "problem")))


def tell(way, log, report, words):
    print(f"{log}: {way}: the last words are not the report's")
    for sign, more in ("-", report - words), ("+", words - report):
        for kind, text in list(more)[:3]:
            print(f"  {sign} {kind} {text[:300]}")


def main():
    tool, fast, items, logs = *sys.argv[1:4], sys.argv[4:]
    wrong = checked = 0
    reports = {}
    for number, log in enumerate(logs):
        reports[log], stats = report_of(fast, log)
        done = subprocess.run([fast if number % EACH else tool, "analyze", "-f", "stream", log], stdout=subprocess.PIPE, check=False)
        stream = [json.loads(line) for line in done.stdout.splitlines()]
        words = words_of(stream)
        checked += 1
        if words != reports[log] or stream[-1]["end"]["stats"] != stats:
            tell("-f stream", log, reports[log], words)
            wrong += 1
    for portion in 1, 7, 4096, 0:
        done = subprocess.run([items, str(portion), str(portion + 1), *logs], stdout=subprocess.PIPE, check=True)
        of_log, log = [], None
        for line in [*done.stdout.splitlines(), b'{"log": ""}']:
            item = json.loads(line)
            if "log" not in item:
                of_log.append(item)
                continue
            if log:
                words = words_of(of_log)
                checked += 1
                if words != reports[log]:
                    tell(f"portions of {portion}", log, reports[log], words)
                    wrong += 1
            log, of_log = item["log"], []
    print(f"{len(logs)} logs, {checked} streams, {wrong} differ from the report")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
