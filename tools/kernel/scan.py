"""One pass over the source of a tree, by all processors: each file is read once."""
import multiprocessing
import os
import re

from .text import literals, wild

FOLDERS = ("mm", "kernel", "lib", "arch", "fs", "init", "block", "net", "security", "ipc", "include")
MORE = ("drivers",)
COMPLAINING = ("mm", "kernel", "lib", "arch", "fs", "init")  # what they print should be known
PRINTS = re.compile(r"\b(pr_(?:emerg|alert|crit|err|warn)\w*|printk\w*|nmi_panic|panic|WARN\w*|die\w*)\s*\(")
_NAME = re.compile(r"\b_*([A-Za-z]\w*)")
_TESTS = re.compile(r"/(tests?|selftests?)/|kunit|test\w*\.c$|torture|rcuscale|\bkdb\b")
_NEAR = 200
_FEW_FILES = 500


class Scan:
    """lines: {folders: set of the strings as they print}; printed: [(is it a panic, file, first line)];
    names: identifiers without leading underscores."""

    def __init__(self, root):
        self.lines, self.printed, self.names = {FOLDERS: set(), MORE: set()}, [], set()
        files = [(folders, path) for folders in (FOLDERS, MORE) for folder in folders
                 for path in sorted((root / folder).rglob("*.[chS]")) if path.is_file()]
        parts = [(str(root), files[at:at + _FEW_FILES]) for at in range(0, len(files), _FEW_FILES)]
        if len(parts) > 1:
            with multiprocessing.Pool(os.cpu_count()) as pool:
                self._join(pool.imap(_scan, parts))
        else:
            self._join(map(_scan, parts))

    def _join(self, found):
        for lines, printed, names in found:
            for folders, texts in lines.items():
                self.lines[folders] |= texts
            self.printed += printed
            self.names |= names


def _scan(part):
    root, files = part
    lines, printed, names = {FOLDERS: set(), MORE: set()}, [], set()
    for folders, path in files:
        name, text = str(path)[len(root) + 1:], path.read_text(errors="replace")
        names.update(_NAME.findall(text))
        if folders == MORE and path.suffix != ".c":
            continue
        found = list(literals(text))
        if "/tests/" not in name and not name.endswith("_kunit.c"):
            lines[folders].update(wild(line) for _, literal in found for line in literal.split("\n") if len(line) > 1)
        if name.startswith(COMPLAINING) and path.suffix == ".c" and not _TESTS.search(name):
            printed += _printed(name, text, found)
    return lines, printed, names


def _printed(name, text, found):
    for at, literal in found:
        calls = list(PRINTS.finditer(text, max(0, at - _NEAR), at))
        if calls and ";" not in text[calls[-1].end():at] and calls[-1][1] not in ("pr_warn_once",):
            yield "panic" in calls[-1][1], name, wild(literal).split("\n")[0]
