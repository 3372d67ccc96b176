#!/usr/bin/env python3
"""check_layers.py LIB: fails when a file of lib/ uses something that stands after it; prints the arrows.

The frame stands in layers, one folder each. Between core and problem stand the families, in the order of
family/families.def: a family uses only those before it. Inside a family the prefix of a file is its layer, and
facts (tables and what reads them) have none. Families may hold folders of their own: they belong to the decoders.
"""
import collections
import pathlib
import re
import sys

LAYERS = ["base", "input", "core", "family", "problem", "report", "api"]
PREFIXES = ["fact", "parse", "learn", "decode", "rule"]
OWNER = re.compile(r"^KD_(?:GROUP|KIND|FACT)\((\w+)", re.M)
USE = re.compile(r"\bkd(?:f_|_fields_|_kind_)(\w+)|\bKD_BODY\([^,()]*(?:\([^()]*\))?[^,()]*, (\w+)\)")


def families(lib):
    text = (lib / "family/families.def").read_text()
    return re.findall(r'^#include "family/(\w+)/\1\.def"$', text, re.M)


def owners(lib, order):
    """Which family declares a group or a kind."""
    return {name: family for family in order
            for name in OWNER.findall((lib / f"family/{family}/{family}.def").read_text())}


def place(parts, order):
    """(layer, family, prefix) as numbers, and a name for the table of arrows."""
    layer = LAYERS.index(parts[0])
    if parts[0] != "family" or len(parts) == 2:
        return (layer, -1, -1), parts[0]
    first = parts[2].split("_")[0] if len(parts) == 3 else "decode"
    prefix = PREFIXES.index(first) if first in PREFIXES else 0
    return (layer, order.index(parts[1]), prefix), "family/" + parts[1]


def uses(path, lib, order, owner):
    text = path.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([\w./]+)"', line)
        if match and "/" in match[1]:
            where, name = place(pathlib.PurePath(match[1]).parts, order)
            yield number, match[1], where, name
        for found in USE.finditer(line):
            family = owner.get(found[1] or found[2])
            if family:
                yield number, found[0], (LAYERS.index("family"), order.index(family), 0), "family/" + family


def main(lib):
    order = families(lib)
    owner = owners(lib, order)
    arrows = collections.Counter()
    bad = 0
    for path in sorted(lib.rglob("*.[ch]")):
        own, name = place(path.relative_to(lib).parts, order)
        # the lists at the root of family/ name every family: that is what they are for
        if own[:2] == (LAYERS.index("family"), -1):
            continue
        for number, what, where, other in uses(path, lib, order, owner):
            if name != other:
                arrows[name, other] += 1
            if where > own and where[1] != -1 or where[0] > own[0]:
                print(f"{path}:{number}: {name} must not use {what}")
                bad += 1
    for (name, other), count in sorted(arrows.items()):
        print(f"{name} -> {other}: {count}")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
