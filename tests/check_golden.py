#!/usr/bin/env python3
"""check_golden.py [--update] TOOL LOG...: the report of each log is the .json beside it, byte for byte.

Extra arguments of a log stand in its .args file, one a line. Run from the top of the repository.
"""
import difflib
import os
import re
import subprocess
import sys


def report(tool, log):
    args = log[:-4] + ".args"
    extra = open(args).read().splitlines() if os.path.exists(args) else []
    done = subprocess.run([tool, "analyze", *extra, log], stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{log}: exit status {done.returncode}")
    # the number of rules changes with each new one and says nothing of the log
    return re.sub(rb'("tool": \{[^}]*"rules": )\d+', rb'\g<1>0', done.stdout, count=1)


def main():
    update = sys.argv[1] == "--update"
    tool, *logs = sys.argv[1 + update:]
    failed = 0
    for log in logs:
        golden = log[:-4] + ".json"
        now = report(tool, log)
        if update:
            open(golden, "wb").write(now)
            continue
        if not os.path.exists(golden):
            sys.exit(f"{golden} is missing: ./dev update-logs makes it; read it before you commit it")
        was = open(golden, "rb").read()
        if was != now:
            failed = 1
            sys.stdout.writelines(difflib.unified_diff(
                was.decode("utf-8", "replace").splitlines(True), now.decode("utf-8", "replace").splitlines(True),
                golden, "now"))
    return failed


if __name__ == "__main__":
    sys.exit(main())
