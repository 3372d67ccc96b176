#!/usr/bin/env python3
"""check_exports.py HEADER SHARED ARCHIVE: both libraries export the functions of the header, and no other name."""
import re
import subprocess
import sys

SANITIZER = re.compile(r"__odr_asan|__asan|__ubsan|_ZN")


def exported(*command):
    lines = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    names = {line.split()[-1].split("@")[0] for line in lines if re.search(r" [TDRBVWCG] ", line)}
    return {name for name in names if not SANITIZER.match(name)}


def main():
    header, shared, archive = sys.argv[1:4]
    wanted = set(re.findall(r"KD_API[^;{]*?\b(kd_\w+)\(", open(header).read()))
    bad = 0
    for library, found in ((shared, exported("nm", "-D", "--defined-only", shared)),
                           (archive, exported("nm", "-g", "--defined-only", archive))):
        for name in sorted(wanted - found):
            print(f"{library}: not exported: {name}")
        for name in sorted(found - wanted):
            print(f"{library}: exported, but not in the header: {name}")
        bad += wanted != found
    print(f"{len(wanted)} functions")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
