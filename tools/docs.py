#!/usr/bin/env python3
"""docs.py [--check]: writes docs/fields.md and docs/rules.md from fields.def and the rules; run from the top."""
import re
import sys

CALL = re.compile(r"^(KD_\w+)\((.*?)\)\s*$", re.S | re.M)


def split(arguments):
    parts = re.findall(r'\s*"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*|[^,]+', arguments)
    return ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', p)) if '"' in p else p.strip() for p in parts]


def calls(path):
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S)
    return [(m[1], split(m[2])) for m in CALL.finditer(text)]


def fields():
    out = ["# Fields of events", "", "Made from lib/event/fields.def by tools/docs.py.", ""]
    rows = calls("lib/event/fields.def")
    out += ["| kind | fields | meaning |", "|---|---|---|"]
    out += [f"| `{a[0]}` | {a[1]} | {a[2]} |" for name, a in rows if name == "KD_KIND" and a[2]]
    for name, a in rows:
        if name == "KD_GROUP":
            out += ["", f"## {a[0]}", "", a[1], "", "| name | type | meaning |", "|---|---|---|"]
        elif name == "KD_FIELD":
            out.append(f"| `{a[2]}` | {a[1]} | {a[3]} |")
        elif name in ("KD_ONE", "KD_MANY"):
            out.append(f"| `{a[2]}` | {'list of ' if name == 'KD_MANY' else ''}[{a[1]}](#{a[1]}) | {a[3]} |")
        elif name == "KD_FLAT":
            out.append(f"| | all of [{a[1]}](#{a[1]}) | |")
    return "\n".join(out) + "\n"


def rules():
    docs = {}
    import glob
    for path in glob.glob("lib/rules/*.c"):
        for m in re.finditer(r"const char kd_doc_(\w+)\[\] =\s*(.*?);", open(path).read(), re.S):
            docs[m[1]] = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', m[2]))
    out = ["# Rules", "", "Made from lib/rules by tools/docs.py; `oopsdoc rules explain ID` says the same.", ""]
    for name, a in calls("lib/rules/rules.def"):
        out += [f"## {a[1]}", "", f"{a[4]} ({a[2].lower()}; looks at {a[3]})", "", docs[a[0]], ""]
    return "\n".join(out)


def main():
    bad = 0
    for path, text in (("docs/fields.md", fields()), ("docs/rules.md", rules())):
        if "--check" in sys.argv:
            if open(path).read() != text:
                print(f"{path} is old: run tools/docs.py")
                bad = 1
        else:
            open(path, "w").write(text)
    return bad


if __name__ == "__main__":
    sys.exit(main())
