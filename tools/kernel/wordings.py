"""Texts that recognisers rely on, against the format strings of a tree."""
import functools
import itertools
import pathlib
import re
import subprocess

import rows

from . import defs, scan
from .text import ANYTHING, literals

ENOUGH = 0.6     # of a text's letters must stand in a format, the rest is what conversions print
FEW = 5          # letters of the format itself, where the rest is a string of the source
MARKS = " :[]#()='\"`.,-"
OUR_NAME = re.compile(r"^const kd_parser \w+ = \{\s*\.name = \"\w+\"", re.M)  # of a recogniser
NAME = re.compile(r"(_*[a-z][a-z0-9_]*)(?:\.(?:part|cold|isra|constprop))*(?:\.|\+0x)?")  # of a function, or how it begins
TABLES = {       # table -> [(macro, column)]: texts of kernel lines
    "input/heads.def": [("HEAD", 0)],
    "family/seen/wording.def": [("WORDING", 0)],
    "family/fault/oops_form.def": [("OOPS_HEADLINE", 0), ("OOPS_DIE", 0), ("OOPS_TORN", 0), ("OOPS_NAME", 0)],
    "family/lock/lockdep_title.def": [("TITLE", 0)],
    "family/warn/panic_reason.def": [("PANIC", 0)],
    "family/checker/sentence.def": [("REFCOUNT", 0)],
    "family/checker/tail.def": [("TAIL", 1), ("SENTENCE", 1)],
    "problem/chain.def": [("CHAIN", 1), ("CHAIN_ON_PATH", 1), ("CHAIN_ON_DEVICE", 1)],
    "family/module/load_form.def": [("LOAD", 1)],
    "family/device/wording.def": [("DEVICE", 2)],
    "family/device/value.def": [("DEVICE_U64", 1), ("DEVICE_HEX", 1), ("DEVICE_MINUS", 1), ("DEVICE_TEXT", 1)],
    "family/ras/value.def": [("RAS_U64", 1), ("RAS_HEX", 1), ("RAS_TEXT", 1)],
    "family/warn/detector.def": [("WARN_TEXT", 0)],
    "family/warn/asked.def": [("ASKED_LINE", 1)],
    "family/warn/boot_error.def": [("BOOT_ERROR", 0)],
    "family/bug/exception.def": [("EXCEPTION", 0)],
}


def of_parsers(lib):
    """Every string of the recognisers: parse_*.c after the preprocessor, without what headers hold."""
    for path in sorted(pathlib.Path(lib).glob("family/*/parse_*.c")):
        text = subprocess.run(["cc", "-E", f"-I{lib}", f"-I{lib}/../include", str(path)], stdout=subprocess.PIPE, check=True,
                              text=True).stdout
        ours, inside = [], False
        for line in text.split("\n"):
            marker = re.match(r'# \d+ "([^"]*)"', line)
            if marker:
                inside = marker[1].endswith(".c")  # tables: of_tables()
            elif inside:
                ours.append(line)
        for _, text in literals(OUR_NAME.sub("", "\n".join(ours))):
            yield text, path.stem[6:]


def of_tables(lib):
    for table, columns in TABLES.items():
        for macro, column in columns:
            for row in defs.rows(pathlib.Path(lib) / table, macro):
                text = defs.string(row[column]) or ""
                if macro == "LOAD" and defs.string(row[3]) or macro == "LOAD" and defs.string(row[2]) in ("tool", "removal"):
                    continue  # words of user space
                if table.endswith("/value.def"):
                    text = text.replace("#", ANYTHING)  # a number or a word in brackets
                for part in text.split("|") if macro.startswith("CHAIN") else [text]:
                    yield re.sub(r"%[a-z*]", ANYTHING, part) if macro == "LOAD" else part, pathlib.Path(table).stem


def ours(lib):
    """text -> where it is relied on; what is too short or no words is left out."""
    found = {}
    for text, where in [(text, "anchor") for text in rows.anchors(lib)] + list(of_parsers(lib)) + list(of_tables(lib)):
        text = text.strip(" ")
        if len(re.findall("[A-Za-z]", text)) >= 4 and not text.startswith("CONFIG_"):
            found.setdefault(text, set()).add(where)
    return found


class Formats:
    """All format strings of the tree; the folders of drivers only where the others do not have a text."""

    def __init__(self, tree):
        self.tree = tree

    def stand(self, text):
        """As it is; without the marks that another format puts behind it; without what pr_fmt() puts before it."""
        name = NAME.fullmatch(text)
        if name and ("_" in name[1] or name[1] != text) and self.tree.has_name(name[1] + "*"):
            return True
        bare = text.strip(MARKS)
        forms = [text, bare] + [m[1] for m in [re.fullmatch(r"[\w-]+: (.*)", bare)] if m and 2 * _count(m[1]) > _count(bare)]
        return any(self._stands(form, self.tree.formats(folders)) for folders in (scan.FOLDERS, scan.MORE)
                   for form in forms if _count(form) >= 4)

    def _word(self, text):
        """Is that a string of its own? A conversion may print it then."""
        return any(text + end in lines for lines in self.tree.scan.lines.values() for end in ("", " "))

    def _stands(self, text, big):
        if text in big:
            return True
        words, seen = sorted(re.findall(r"[A-Za-z_]{3,}", text), key=len, reverse=True), set()
        for word in words[:2]:
            at = big.find(word)
            while at >= 0:
                end = big.index("\n", at)
                line = big[big.rindex("\n", 0, at) + 1:end]
                if ANYTHING in line and line not in seen:
                    seen.add(line)
                    if covers(line, text) or any(map(self._word, printed(line, text))):
                        return True
                at = big.find(word, end)
        return False


def covers(line, text):
    """Can the format print the text, most of whose letters stand in it?"""
    text = text.strip(ANYTHING + " ")
    chunks = line.split(ANYTHING)
    letters = len(re.findall("[A-Za-z]", text)) or 1
    return any(_walk(chunks, i, text) >= ENOUGH * letters for i in range(len(chunks)))


def printed(line, text):
    """What the only conversion of the format that prints part of the text prints, for each place where it can begin."""
    chunks, letters = line.split(ANYTHING), list(itertools.accumulate(map(_is_letter, text), initial=0))
    for before, after in zip(chunks, chunks[1:]):
        for begin in range(min(len(before), len(text) - 1), -1, -1):
            if not before.endswith(text[:begin]):
                continue
            for end in range(len(text), max(begin, len(text) - len(after) - 1), -1):
                if (letters[begin] + letters[-1] - letters[end] >= FEW and after.startswith(text[end:])
                        and text[begin:end].strip()):
                    yield text[begin:end].strip()


def _is_letter(c):
    return c.isascii() and c.isalpha()


@functools.lru_cache(maxsize=None)
def _count(text):
    return sum(map(_is_letter, text))


def _walk(chunks, i, text):
    """Letters of the text that the chunks from the i-th on print, or -1: begins in the i-th or before it."""
    best = -1
    for begin in range(len(chunks[i])):
        tail = chunks[i][begin:]
        if text.startswith(tail) and i + 1 < len(chunks):
            best = max(best, _add(_count(tail), _rest(chunks, i + 1, text[len(tail):])))
        elif tail.startswith(text):
            return _count(text)
    if i and chunks[i]:
        best = max(best, _rest(chunks, i, text))
    return best


def _add(letters, rest):
    return letters + rest if rest >= 0 else -1


def _rest(chunks, i, text):
    """A conversion printed some of the text, then the chunks from the i-th on."""
    letters = 0
    for at in range(i, len(chunks)):
        chunk, last = chunks[at], at + 1 == len(chunks)
        if not chunk:
            if last:
                return letters
            continue
        found = text.find(chunk)
        if found < 0:
            for length in range(min(len(chunk), len(text)), 0, -1):
                if text.endswith(chunk[:length]):
                    return letters + _count(chunk[:length])
            return letters  # ends inside the conversion
        letters += _count(chunk)
        text = text[found + len(chunk):]
        if not text.strip():
            return letters
        if last:
            return -1
    return letters


def gone(tree, lib):
    formats = Formats(tree)
    for text, where in sorted(ours(lib).items()):
        if not formats.stand(text):
            yield text, "stands in no format (" + ", ".join(sorted(where)) + ")"
