#!/usr/bin/env python3
"""check_decoders.py TOOL FAST: `oopsdoc decode` against numbers and names of the kernel's own headers (decoders.tsv), of
which none is read by the tool; every bit of a register is named or told as one without a name. FAST is the same tool
without sanitizers: of the thousands of runs TOOL makes every 16th.
"""
import collections
import itertools
import json
import pathlib
import subprocess
import sys

from expecting import expect, failures

BITS = {"ata-status": 8, "ata-error": 8, "ata-emask": 11, "ata-serr": 32, "aer-correctable": 32, "aer-uncorrectable": 32,
        "mmc-status": 32, "nvme-csts": 32, "pci-status": 16, "amd-vi-flags": 12}


def decode(tool, what, number):
    result = subprocess.run([tool, "decode", what, number], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    expect(f"decode {what} {number}: {result.stderr}", result.returncode == 0)
    return json.loads(result.stdout or "{}")


def main():
    whole, fast = sys.argv[1:]
    tools = itertools.cycle([whole] + 15 * [fast])
    count, told = collections.Counter(), set()
    for line in pathlib.Path("tests/decoders.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        what, number, word, name = line.split("\t")
        names = " ".join(decode(next(tools), what, number).get("names", [])).lower()
        expect(f"{what} {number} is {name} ({word}): {names}", word.lower() in names)
        count[what] += 1
        told.add((what, int(number, 0)))
    for what, width in BITS.items():
        for bit in (bit for bit in range(width) if (what, 1 << bit) not in told):
            found = decode(next(tools), what, hex(1 << bit))
            expect(f"{what}, bit {bit}: {found}", found.get("names") or int(found.get("unnamed_bits", "0"), 16) == 1 << bit)
    known = {"nvme-status 4371": "DNR", "scsi-sense 31100": "Medium Error", "xid 79": "fallen off", "xid 48": "double-bit ECC"}
    for words, meaning in known.items():
        names = decode(next(tools), *words.split()).get("names", [])
        expect(f"{words}: {names}", any(meaning in name for name in names))
    result = subprocess.run([whole, "decode", "scsi-sense", "-5"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    expect("a number with a minus", result.returncode == 2)
    print("\n".join(failures) or f"{sum(count.values())} numbers of {len(count)} decoders")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
