"""The rows of the families: lib/family/families.def and what it includes. For tools and tests in Python."""
import ast
import functools
import pathlib
import re
import subprocess

_CALL = re.compile(r"^KD_(\w+)\((.*?)\)\s*$", re.S | re.M)
_PART = re.compile(r'\s*"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*|[^,]+')


def _split(arguments):
    return ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', part)) if '"' in part else part.strip()
            for part in _PART.findall(arguments)]


def families(lib="lib"):
    """Names in order."""
    text = (pathlib.Path(lib) / "family/families.def").read_text()
    return re.findall(r'^#include "family/(\w+)/\1\.def"$', text, re.M)


def rows(lib="lib", family=None):
    """(macro without KD_, arguments) of each row, in order."""
    for name in [family] if family else families(lib):
        text = (pathlib.Path(lib) / f"family/{name}/{name}.def").read_text()
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        for match in _CALL.finditer(text):
            yield match[1], _split(match[2])


def groups(lib="lib"):
    """name -> (meaning, [(what, type or group, JSON name, meaning)]); what: FIELD ONE MANY FLAT."""
    out = {}
    for macro, args in rows(lib):
        if macro == "GROUP":
            out[args[0]] = (args[1], [])
        elif macro == "FIELD_AS":
            out[args[0]][1].append(("FIELD", args[1], args[3], args[4]))
        elif macro in ("FIELD", "ONE", "MANY"):
            out[args[0]][1].append((macro, args[1], args[2], args[3] if len(args) > 3 else ""))
        elif macro == "FLAT":
            out[args[0]][1].append((macro, args[1], None, ""))
    return out


def kinds(lib="lib"):
    """[(kind, group, severity, identity, meaning)]"""
    return [args for macro, args in rows(lib) if macro == "KIND"]


def rules(lib="lib"):
    """[(function, id, severity, wakes on, title)]"""
    return [args for macro, args in rows(lib) if macro == "RULE"]


@functools.lru_cache(maxsize=None)
def anchors(lib="lib", family="*"):
    """The literals that wake a recogniser, sorted: what `.anchors` names, after the preprocessor."""
    literal = r'"(?:[^"\\]|\\.)*"'
    found = set()
    for path in pathlib.Path(lib).glob(f"family/{family}/parse_*.c"):
        text = subprocess.run(["cc", "-E", "-P", f"-I{lib}", f"-I{lib}/../include", str(path)], stdout=subprocess.PIPE,
                              check=True, text=True).stdout
        for name in re.findall(r"\.anchors = (\w+)", text):
            table = re.search(rf"\b{name}\[\] = \{{(.*?)\}};", text, re.S)[1]
            for entry in re.findall(rf"{literal}(?:\s*{literal})*", table):
                found.add("".join(map(ast.literal_eval, re.findall(literal, entry))))
    return sorted(found)
