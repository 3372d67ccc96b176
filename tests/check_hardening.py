#!/usr/bin/env python3
"""check_hardening.py TOOL: what the release build of the tool is hardened with, as readelf tells it."""
import subprocess
import sys


def readelf(*args):
    return subprocess.run(["readelf", "-W", *args, sys.argv[1]], stdout=subprocess.PIPE, check=True, text=True).stdout


def main():
    header, segments, dynamic, symbols = readelf("-h"), readelf("-l"), readelf("-d"), readelf("-s")
    stack = next((line for line in segments.splitlines() if "GNU_STACK" in line), "")
    facts = {
        "position independent": "DYN" in header,
        "read-only relocations": "GNU_RELRO" in segments,
        "bound at start": "NOW" in dynamic,
        "stack not executable": stack != "" and " RWE " not in stack,
        "stack protector": "__stack_chk_fail" in symbols,
        "fortified functions": "_chk@" in symbols,
    }
    for fact, holds in facts.items():
        print(f"{fact}: {'yes' if holds else 'NO'}")
    return not all(facts.values())


if __name__ == "__main__":
    sys.exit(main())
