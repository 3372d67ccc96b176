#!/usr/bin/env python3
"""check_rules.py TOOL INDEX: every rule has a log where it must fire and one where it must not."""
import csv
import fnmatch
import re
import subprocess
import sys


def main():
    listed = subprocess.run([sys.argv[1], "rules"], stdout=subprocess.PIPE, check=True, text=True).stdout
    rules = [line.split()[0] for line in listed.splitlines()]
    rows = list(csv.DictReader(open(sys.argv[2]), delimiter="\t", quoting=csv.QUOTE_NONE))
    must = [re.split(r"[:|]", e.strip())[0] for r in rows for e in r["must"].split(",") if "=" not in e.split(":")[0]]
    never = [e.strip().split(":")[0] for r in rows for e in r["never"].split(",") if e.strip()]
    bad = [f"{r}: no log where it fires" for r in rules if r not in must]
    bad += [f"{r}: no near miss" for r in rules if not any(fnmatch.fnmatch(r, p) for p in never)]
    print("\n".join(bad) or f"{len(rules)} rules")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
