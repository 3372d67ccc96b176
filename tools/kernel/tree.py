"""A kernel source tree: its release, headers with their values, functions, format strings."""
import bisect
import functools
import pathlib
import re

from . import scan
from .text import strip_comments


def pack(major, minor, sub=0):
    """As KD_KERNEL."""
    return major << 24 | minor << 16 | sub


class Header:
    """What a header defines, for one configuration: #define and enum, evaluated."""

    def __init__(self, text, config=()):
        self.config, self.names = {"__KERNEL__", *config}, {}
        self.text = self._preprocess(strip_comments(text).replace("\\\n", " "))
        for body in re.findall(r"\benum\b[^{};]*\{(.*?)\}", self.text, re.S):
            before = None
            for entry in filter(None, (part.strip() for part in body.split(","))):
                name, _, value = (part.strip() for part in entry.partition("="))
                self.names[name] = value or (f"({before}) + 1" if before else "0")
                before = name

    def _true(self, condition):
        condition = re.sub(r"\bdefined\s*\(?\s*(\w+)\s*\)?", lambda m: str(int(m[1] in self.config or m[1] in self.names)),
                           condition)
        condition = re.sub(r"\bIS_(?:ENABLED|BUILTIN|REACHABLE)\s*\(\s*(\w+)\s*\)", lambda m: str(int(m[1] in self.config)),
                           condition)
        condition = re.sub(r"\b[A-Za-z_]\w*", "0", condition)
        condition = condition.replace("&&", " and ").replace("||", " or ")
        condition = re.sub(r"!(?!=)", " not ", condition)
        try:
            return bool(eval(condition, {"__builtins__": {}}))
        except Exception:
            return False

    def _preprocess(self, text):
        out, stack = [], [[True, True]]  # [now, was one of the branches taken]
        for line in text.split("\n"):
            m = re.match(r"\s*#\s*(\w+)\s*(.*)", line)
            if not m:
                if all(now for now, _ in stack):
                    out.append(line)
                continue
            word, rest = m[1], m[2].strip()
            if word in ("if", "ifdef", "ifndef"):
                known = rest in self.config or rest in self.names
                now = known if word == "ifdef" else not known if word == "ifndef" else self._true(rest)
                stack.append([now, now])
            elif word in ("elif", "else") and len(stack) > 1:
                now = not stack[-1][1] and (word == "else" or self._true(rest))
                stack[-1] = [now, stack[-1][1] or now]
            elif word == "endif" and len(stack) > 1:
                stack.pop()
            elif word == "define" and all(now for now, _ in stack):
                d = re.match(r"(\w+)(\(.*?\))?\s*(.*)", rest)
                if d and not d[2]:
                    self.names[d[1]] = d[3]
        return "\n".join(out)

    def value(self, name, depth=0):
        """The number that the name stands for, or None."""
        if name not in self.names or depth > 30:
            return None
        return self.number(self.names[name], depth + 1)

    def number(self, text, depth=0):
        text = re.sub(r"\(\s*(?:__force\s+)?(?:gfp_t|void \*|unsigned long|unsigned int)\s*\)", "", text)
        text = re.sub(r"\b(?:UL|ULL|_UL|_ULL|U64_C|_BITUL|_AC)\s*\(\s*(\w+)\s*(?:,\s*\w+\s*)?\)", r"(\1)", text)
        text = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", text)
        text = re.sub(r"\b0+(?=\d)", "", text)

        def resolve(m):
            if m[0] in ("BIT", "GENMASK"):
                return m[0]
            value = self.value(m[0], depth)
            if value is None:
                raise ValueError(m[0])
            return str(value)
        try:
            text = re.sub(r"(?<![\w])[A-Za-z_]\w*", resolve, text)
            return int(eval(text, {"__builtins__": {}, "BIT": lambda b: 1 << b,
                                   "GENMASK": lambda h, l: (1 << (h + 1)) - (1 << l)}))
        except Exception:
            return None


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        make = (self.root / "Makefile").read_text()
        number = {key: int(re.search(rf"^{key} *= *(\d+)", make, re.M)[1]) for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL")}
        self.release = (number["VERSION"], number["PATCHLEVEL"])
        self.version = pack(*self.release, number["SUBLEVEL"])
        self.name = "{}.{}".format(*self.release)
        self.full = f"{self.name}.{number['SUBLEVEL']}"
        self._texts, self._big = {}, {}

    def text(self, *paths):
        """The first of these files that is there; '' for none."""
        for path in paths:
            if path not in self._texts:
                file = self.root / path
                self._texts[path] = file.read_text(errors="replace") if file.is_file() else ""
            if self._texts[path]:
                return self._texts[path]
        return ""

    def texts(self, *paths):
        return "\n".join(filter(None, map(self.text, paths)))

    def function(self, name, *paths):
        """The definition of a function, table or macro, without comments and indentation; '' for none."""
        for path in paths:
            text = strip_comments(self.text(path))
            for m in re.finditer(rf"^(?:[A-Za-z_][^;{{}}#]*?)?\b{re.escape(name)}\b(?:\s*\[[^\]]*\])*\s*[(=]", text, re.M):
                found = _definition(text, m)
                if found:
                    return "\n".join(" ".join(line.split()) for line in found.split("\n") if line.strip())
            macro = [" ".join(m.split()) for m in
                     re.findall(rf"^[ \t]*#[ \t]*define[ \t]+{re.escape(name)}\b(?:[^\n\\]|\\.|\\\n)*", text, re.M | re.S)]
            if macro:
                return "\n".join(macro)
        return ""

    @functools.cached_property
    def scan(self):
        return scan.Scan(self.root)

    def formats(self, folders):
        """Every string of the source, as it prints: one a line."""
        if folders not in self._big:
            self._big[folders] = "\n" + "\n".join(sorted(self.scan.lines[folders])) + "\n"
        return self._big[folders]

    @functools.cached_property
    def names(self):
        """The identifiers of the source in order, without leading underscores."""
        return sorted(self.scan.names)

    def has_name(self, name):
        """'*' in it: any letters."""
        name = name.lstrip("_")
        first, pattern = name.partition("*")[0], re.compile(re.escape(name).replace(r"\*", r"\w*"))
        at = bisect.bisect_left(self.names, first)
        while at < len(self.names) and self.names[at].startswith(first):
            if pattern.fullmatch(self.names[at]):
                return True
            at += 1
        return False


def _definition(text, m):
    """The text from a match up to the end of its braces, if it is a definition and no call or declaration."""
    at = m.end() - 1
    if text[at] == "(":
        at = _closing(text, at, "()") + 1
        rest = re.compile(r"\s*(?:__\w+(?:\([^)]*\))?\s*)*\{").match(text, at)
        if not rest:
            return None
        at = rest.end() - 1
    elif text[at] == "=":
        rest = re.compile(r"\s*\{").match(text, at + 1)
        if not rest:
            return None
        at = rest.end() - 1
    return text[m.start():_closing(text, at, "{}") + 1]


def _closing(text, at, pair):
    depth = 0
    for m in re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|[(){}]').finditer(text, at):
        depth += (m[0] == pair[0]) - (m[0] == pair[1])
        if depth == 0 and m[0] == pair[1]:
            return m.start()
    return len(text) - 1
