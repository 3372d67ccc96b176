#!/usr/bin/env python3
"""check_shown.py [--update] TOOL: README.md and docs/*.md show what TOOL prints. A block of code that begins with
`$ oopsdoc COMMAND` holds the beginning of its output, blank lines apart; `...` alone on a line stands for what is left out, and the lines
behind it stand further down in the output. --update writes the blocks anew where nothing but their end is left out."""
import os
import pathlib
import re
import subprocess
import sys

from expecting import expect, failures

BLOCK = re.compile(r"^    \$ ((?:dmesg \| )?oopsdoc .*)\n((?:(?:    .*)?\n)*)", re.MULTILINE)
DMESG = "tests/logs/alloc/arm64-cma-order4.log"  # whose output README shows
FILES = [pathlib.Path("README.md"), *sorted(pathlib.Path("docs").glob("*.md"))]


def output(command, tool):
    command = command.replace("dmesg |", f"cat {DMESG} |").replace("oopsdoc", tool)
    done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, check=False, env={**os.environ, "LC_ALL": "C"})
    return [line.rstrip() for line in done.stdout.decode().splitlines()]


def shown(block):
    return [line[4:].rstrip() for line in block.splitlines() if line.strip()]


def stands(lines, out):
    """None, or the first line that is not where it should be."""
    at, free, out = 0, False, [line for line in out if line]
    for line in lines:
        if line.strip() == "...":
            free = True
            continue
        rest = out[at:]
        if line.endswith(" ..."):
            found = [n for n, text in enumerate(rest) if text.startswith(line[:-4])]
        else:
            found = [n for n, text in enumerate(rest) if text == line]
        if not found or (found[0] > 0 and not free):
            return line
        at, free = at + found[0] + 1, False
    return None


def anew(match, tool):
    lines = shown(match[2])
    if lines[-1:] != ["..."] or any(line.endswith("...") for line in lines[:-1]):
        return match[0]
    out = output(match[1], tool)
    if stands(lines, out) is None:
        return match[0]
    wanted = [number for number, line in enumerate(out) if line][len(lines) - 2]
    return f"    $ {match[1]}\n" + "".join(f"    {line}".rstrip() + "\n" for line in [*out[:wanted + 1], "..."]) + "\n"


def main():
    update, tool = sys.argv[1] == "--update", os.path.abspath(sys.argv[-1])
    count = 0
    for path in FILES:
        words = path.read_text()
        if update:
            made = BLOCK.sub(lambda match: anew(match, tool), words)
            if made != words:
                path.write_text(made)
            continue
        for match in BLOCK.finditer(words):
            wrong = stands(shown(match[2]), output(match[1], tool))
            expect(f"{path}: {match[1]}: not printed (./dev update-logs writes it anew):", wrong is None, wrong)
            count += 1
    expect("blocks", update or count >= 3, count)
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
