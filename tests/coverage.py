#!/usr/bin/env python3
"""coverage.py BUILD [--files]: how much of lib was executed, a line for each folder (or file), from the .gcda files
below BUILD, by gcovr. Run from the top of the repository.

Executed is not asserted: some branches are taken only where a log is cut or torn (three in a hundred by the test cuts
alone) or memory is short, and there a report is held to what goes for all of them, not to its words.
"""
import collections
import json
import os
import subprocess
import sys


def percent(part, whole):
    return f"{100 * part / whole:5.1f}" if whole else "    -"


def main():
    build, whole_files = sys.argv[1], "--files" in sys.argv
    done = subprocess.run(["gcovr", "-r", ".", "--filter", "lib/", "--json-summary", "--exclude-throw-branches",
                           "--gcov-ignore-parse-errors", build], stdout=subprocess.PIPE, check=True)
    sums = collections.defaultdict(lambda: [0, 0, 0, 0])
    for file in json.loads(done.stdout)["files"]:
        name = file["filename"]
        counts = [file[key] for key in ("line_covered", "line_total", "branch_covered", "branch_total")]
        for place in (name if whole_files else os.path.dirname(name), "lib (all)"):
            sums[place] = [a + b for a, b in zip(sums[place], counts)]
    print(f"{'':44} lines   %    branches   %")
    for place, (lines, of_lines, branches, of_branches) in sorted(sums.items()):
        print(f"{place:42} {of_lines:7} {percent(lines, of_lines)} {of_branches:9} {percent(branches, of_branches)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
