#!/usr/bin/env python3
"""check_layers.py LIB: fails when a file includes something from a layer above its own."""
import pathlib
import re
import sys

# Bottom first. A layer may include itself and what stands before it.
LAYERS = ["base", "facts", "input", "event", "context", "decode", "rules", "report", "api"]


def main(lib):
    bad = 0
    for path in sorted(lib.rglob("*.[ch]")):
        own = LAYERS.index(path.relative_to(lib).parts[0])
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"(\w+)/', line)
            if match and LAYERS.index(match[1]) > own:
                print(f"{path}:{number}: {LAYERS[own]} must not use {match[1]}")
                bad += 1
    return bad != 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
