#!/usr/bin/env python3
"""check_hardening.py TOOL SHARED ARCHIVE: what the release build is hardened with, as readelf and objdump tell it.

TOOL and SHARED are asked for what the linker does. That branches are protected (on x86-64) is asked of the one object of
ARCHIVE, which is marked where all that it was made of are: where the C library's own start files are not, the linker
leaves the mark out of what it makes.
"""
import platform
import re
import subprocess
import sys


def output(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True).stdout


def linked(path):
    header, segments, dynamic, symbols = (output("readelf", "-W", part, path) for part in ("-h", "-l", "-d", "-s"))
    stack = next((line for line in segments.splitlines() if "GNU_STACK" in line), "")
    return {
        "position independent": "DYN" in header,
        "read-only relocations": "GNU_RELRO" in segments,
        "bound at start": "NOW" in dynamic,
        "no path of its own to libraries": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
        "stack not executable": stack != "" and " RWE " not in stack,
        "stack protector": "__stack_chk_fail" in symbols,
        "fortified functions": "_chk@" in symbols,
    }


def compiled(shared, archive):
    if platform.machine() != "x86_64":
        return {}
    notes = output("readelf", "-W", "-n", archive)
    return {
        "branches protected in each object": "IBT, SHSTK" in notes,
        "large stack frames probed": re.search(r"\bor[ql]\s+\$0x0,\(%rsp\)", output("objdump", "-d", shared)) is not None,
    }


def main():
    tool, shared, archive = sys.argv[1:]
    broken = 0
    for what, facts in (tool, linked(tool)), (shared, linked(shared)), (archive, compiled(shared, archive)):
        for fact, holds in facts.items():
            print(f"{what}: {fact}: {'yes' if holds else 'NO'}")
            broken += not holds
    return broken > 0


if __name__ == "__main__":
    sys.exit(main())
