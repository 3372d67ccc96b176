"""A kernel source tree: its release, headers with their values, functions, format strings."""
import os
import pathlib
import re
import subprocess

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*|\'(?:[^\'\\\n]|\\.)+\'', re.S)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?:if|el|endif)[^\n]*$", re.M)
_BETWEEN = re.compile(r"\s*([A-Za-z_]\w*)?\s*")
_FAR = 300  # more than that between two strings: they are no neighbours
_ESCAPE = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'", "0": "\0", "r": "\r", "a": "\a", "e": "\x1b"}
CONVERSION = re.compile(r"%(?:%|[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*)?)?(?:hh|h|ll|l|z|t|L|q)?(?:p[A-Za-z]{1,4}(?:\d+)?|[a-zA-Z]))")
ANYTHING = "\x01"


def pack(major, minor, sub=0):
    """As KD_KERNEL."""
    return major << 24 | minor << 16 | sub


def strip_comments(text):
    return _TOKEN.sub(lambda m: " " if m[0].startswith("/") else m[0], text)


def unescape(literal):
    return re.sub(r"\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)", lambda m: _ESCAPE.get(m[1], m[1]), literal, flags=re.S)


def wild(text):
    """A format as it prints: what a conversion puts there is ANYTHING."""
    return CONVERSION.sub(lambda m: "%" if m[0] == "%%" else ANYTHING, text)


def literals(text):
    """(position, literal) of each string of C source; neighbours are one, a macro between two is ANYTHING."""
    parts, start, end, gap = [], 0, 0, ""
    for m in _TOKEN.finditer(text):
        gap = gap + text[end:m.start()] if m.start() - end < _FAR else ";"
        end = m.end()
        if m[0][0] == "/":
            continue
        if m[0][0] == "'":
            gap += ";"
            continue
        between = _BETWEEN.fullmatch(_DIRECTIVE.sub("", gap).replace("\\\n", " ")) if parts and len(gap) < _FAR else None
        if between:
            parts.append(ANYTHING if between[1] else "")
        else:
            if parts:
                yield start, "".join(parts)
            parts, start = [], m.start()
        parts.append(unescape(m[0][1:-1]))
        gap = ""
    if parts:
        yield start, "".join(parts)


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
    FOLDERS = ("mm", "kernel", "lib", "arch", "fs", "init", "block", "net", "security", "ipc", "include")
    MORE = ("drivers",)

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

    def _files(self, folders):
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*.[chS])".rstrip(")"))):
                if path.is_file():
                    yield path

    def formats(self, folders=None):
        """Every string of the source, as it prints, one a line."""
        folders = folders or self.FOLDERS
        if folders not in self._big:
            lines = set()
            for path in self._files(folders):
                if "/tests/" in str(path) or path.name.endswith("_kunit.c") or folders == self.MORE and path.suffix != ".c":
                    continue
                for _, literal in literals(path.read_text(errors="replace")):
                    lines.update(wild(line) for line in literal.split("\n") if len(line) > 1)
            self._big[folders] = "\n" + "\n".join(sorted(lines)) + "\n"
        return self._big[folders]

    def words(self, wanted):
        """Which of these names the source has, one a line, without leading underscores; '*' in one: any letters."""
        if wanted not in self._big:
            pattern = r"\b_*(" + "|".join(name.replace("*", r"\w*") for name in wanted) + r")\b"
            folders = [str(self.root / folder) for folder in self.FOLDERS + self.MORE if (self.root / folder).is_dir()]
            found = subprocess.run(["grep", "-rhoE", "--include=*.[chS]", pattern, *folders], stdout=subprocess.PIPE,
                                   check=False, env={**os.environ, "LC_ALL": "C"}).stdout.decode(errors="replace")
            self._big[wanted] = "\n" + "\n".join(sorted({word.lstrip("_") for word in set(found.split())})) + "\n"
        return self._big[wanted]


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
