#!/usr/bin/env python3
"""check_text.py [--update] TOOL [FAST]: the report for people.

Of every log in tests/logs: -f text is at most 120 lines of at most 80 columns (equations and words that cannot be
broken apart), --full is no shorter; -f brief is at most 2 kB of printable ASCII, its first line at most 80
columns. What stands in tests/text/NAME.txt is the text of the log tests/logs/FAMILY/NAME.log, byte for byte:
--update writes it anew; read it as a tired engineer would. FAST is the same tool without sanitizers: it tells the
shape of the many, and TOOL that of one in EACH.
"""
import pathlib
import re
import subprocess
import sys

MOST_LINES, COLUMNS, MOST_BRIEF = 120, 80, 2048
EACH = 16


def run(tool, *args):
    return subprocess.run([tool, "analyze", *args], stdout=subprocess.PIPE, check=True).stdout


def faults(tool, log):
    text = run(tool, "-f", "text", log).decode()
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        yield f"{len(lines)} lines of text"
    for number, line in enumerate(lines, 1):
        # a word longer than a line, and a table of numbers, are not broken
        if len(line) > COLUMNS and " " in line.strip() and max(map(len, line.split())) < 40 and "=" not in line:
            yield f"line {number} of the text has {len(line)} columns: {line}"
    if len(run(tool, "-f", "text", "--full", log).splitlines()) < len(lines):
        yield "--full is shorter"
    brief = run(tool, "-f", "brief", log)
    if len(brief) > MOST_BRIEF:
        yield f"brief has {len(brief)} bytes"
    if any(byte != 10 and not 32 <= byte < 127 for byte in brief):
        yield "brief is no plain ASCII"
    if len(brief.splitlines()[0]) > COLUMNS:
        yield "the first line of brief is too long"
    counted = re.match(rb"\w+: (\d+) problem", brief)
    told = len(re.findall(rb"^p\d+ ", brief, re.M)) + sum(map(int, re.findall(rb"^and (\d+) more problems$", brief, re.M)))
    if told != (int(counted[1]) if counted else 0):
        yield f"brief tells {told} problems"


def main():
    update = sys.argv[1] == "--update"
    tool, fast = (sys.argv[1 + update:] * 2)[:2]
    bad = 0
    for number, log in enumerate(sorted(pathlib.Path("tests/logs").glob("*/*.log"))):
        for fault in faults(fast if number % EACH else tool, log):
            print(f"{log}: {fault}")
            bad += 1
    for frozen in sorted(pathlib.Path("tests/text").glob("*.txt")):
        (log,) = pathlib.Path("tests/logs").glob(f"*/{frozen.stem}.log")
        text = run(tool, "-f", "text", log)
        if update:
            frozen.write_bytes(text)
        elif frozen.read_bytes() != text:
            print(f"{frozen} is not what is printed now: ./dev update-logs, and read the difference")
            bad += 1
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
