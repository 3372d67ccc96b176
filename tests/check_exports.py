#!/usr/bin/env python3
"""check_exports.py HEADER LIBRARY: the library exports the functions of the header, and no others."""
import re
import subprocess
import sys


def main():
    header = open(sys.argv[1]).read()
    wanted = set(re.findall(r"KD_API[^;{]*?\b(kd_\w+)\(", header))
    lines = subprocess.run(["nm", "-D", "--defined-only", sys.argv[2]], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    found = {line.split()[-1].split("@")[0] for line in lines if " T " in line}
    for name in sorted(wanted - found):
        print(f"not exported: {name}")
    for name in sorted(found - wanted):
        print(f"exported, but not in the header: {name}")
    print(f"{len(wanted)} functions")
    return wanted != found


if __name__ == "__main__":
    sys.exit(main())
