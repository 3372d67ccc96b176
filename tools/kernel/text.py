"""The strings of C source, and comments."""
import re

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*|\'(?:[^\'\\\n]|\\.)+\'', re.S)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?:if|el|endif)[^\n]*$", re.M)
_BETWEEN = re.compile(r"\s*([A-Za-z_]\w*)?\s*")
_FAR = 300  # more than that between two strings: they are no neighbours
_ESCAPE = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'", "0": "\0", "r": "\r", "a": "\a", "e": "\x1b"}
CONVERSION = re.compile(r"%(?:%|[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*)?)?(?:hh|h|ll|l|z|t|L|q)?(?:p[A-Za-z]{1,4}(?:\d+)?|[a-zA-Z]))")
ANYTHING = "\x01"


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
