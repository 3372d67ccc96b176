"""The rows of a fact table, and the versions that they name."""
import pathlib
import re

from .text import strip_comments, unescape
from .tree import pack

NEWEST = 0xffffffff
_NAMES = {"KD_OLDEST": pack(2, 6, 32), "KD_NEWEST": NEWEST}


def split(arguments):
    """At the commas that stand in no bracket and no string."""
    parts, depth, start = [], 0, 0
    for m in re.finditer(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[(),]', arguments):
        if m[0] == "(":
            depth += 1
        elif m[0] == ")":
            depth -= 1
        elif m[0] == "," and depth == 0:
            parts.append(arguments[start:m.start()].strip())
            start = m.end()
    return parts + [arguments[start:].strip()]


def rows(path, macro=None):
    """Arguments of each row of that macro (None: (macro, arguments) of all)."""
    text = re.sub(r"^\s*#.*$", "", strip_comments(pathlib.Path(path).read_text()).replace("\\\n", " "), flags=re.M)
    end = 0
    for m in re.finditer(r"\bKD_(\w+)\(", text):
        if m.start() < end:
            continue  # inside another row
        at, depth = m.end(), 1
        for c in re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[()]').finditer(text, at):
            depth += (c[0] == "(") - (c[0] == ")")
            if depth == 0:
                break
        end = c.end()
        arguments = split(text[at:c.start()])
        if macro is None:
            yield m[1], arguments
        elif m[1] == macro:
            yield arguments


def string(argument):
    """The text of string literals, or None."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"', argument)
    return unescape("".join(found)) if found else None


def version(argument):
    argument = argument.strip()
    if argument in _NAMES:
        return _NAMES[argument]
    numbers = [int(n) for n in re.findall(r"\d+", argument.replace("V26", ""))]
    return pack(2, 6, *numbers) if argument.startswith("V26") else pack(*numbers)


def holds(tree, first, until):
    return version(first) <= tree.version < version(until)
