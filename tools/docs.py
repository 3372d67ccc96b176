#!/usr/bin/env python3
"""docs.py [--check]: writes what is made from the families' rows: docs/fields.md, docs/rules.md and
schemas/report.schema.json (its frame is schemas/report.base.json), and from the packs: docs/packs.md. Run from the top."""
import json
import pathlib
import re
import sys

import rows

PLAIN = {
    "u64": {"type": "integer", "minimum": 0}, "i64": {"type": "integer"}, "bool": {"type": "boolean"},
    "text": {"type": "string"}, "hex": {"type": "string", "pattern": "^0x[0-9a-f]+$"},
}


def fields():
    out = ["# Fields of events", "", "Made from the rows of lib/family/*/*.def by tools/docs.py.", "",
           "| kind | fields | severity | meaning |", "|---|---|---|---|"]
    out += [f"| `{k}` | [{group}](#{group}) | {severity.lower()} | {doc} |"
            for k, group, severity, _, doc in rows.kinds()]
    for name, (doc, members) in rows.groups().items():
        out += ["", f"## {name}", "", doc, "", "| name | type | meaning |", "|---|---|---|"]
        for what, kind, member, meaning in members:
            if what == "FLAT":
                out.append(f"| | all of [{kind}](#{kind}) | |")
            elif what == "FIELD":
                out.append(f"| `{member}` | {kind} | {meaning} |")
            else:
                out.append(f"| `{member}` | {'list of ' if what == 'MANY' else ''}[{kind}](#{kind}) | {meaning} |")
    return "\n".join(out) + "\n"


def rule_docs():
    """function -> its kd_doc text"""
    docs = {}
    for path in sorted(pathlib.Path("lib/family").rglob("rule_*.c")):
        for m in re.finditer(r'const char kd_doc_(\w+)\[\] =((?:\s*"(?:[^"\\]|\\.)*")+);', path.read_text()):
            docs[m[1]] = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', m[2])).replace('\\"', '"')
    return docs


def rules():
    docs = rule_docs()
    out = ["# Rules", "", "Made from lib/family by tools/docs.py; `oopsdoc rules explain ID` says the same.", ""]
    for function, rule, severity, wakes, title in rows.rules():
        out += [f"## {rule}", "", f"{title} ({severity.lower()}; looks at {wakes})", "", docs[function], ""]
    return "\n".join(out)


def field_schema(what, kind):
    reference = {"$ref": f"#/definitions/{kind}"}
    if what == "ONE":
        return reference
    if what == "MANY":
        return {"type": "array", "items": reference}
    if kind in PLAIN:
        return PLAIN[kind]
    if kind in ("texts", "u64s"):
        return {"type": "array", "items": PLAIN[kind[:-1]]}
    value = kind[len("map_"):]
    return {"type": "object", "additionalProperties":
            {"type": "array", "items": PLAIN["u64"]} if value == "u64s" else PLAIN[value]}


def members_schema(groups, name):
    out = {}
    for what, kind, member, _ in groups[name][1]:
        if what == "FLAT":
            out.update(members_schema(groups, kind))
        else:
            out[member] = field_schema(what, kind)
    return out


def schema():
    out = json.loads(pathlib.Path("schemas/report.base.json").read_text())
    groups = rows.groups()
    event = out["properties"]["events"]["items"]
    event["properties"]["kind"] = {"enum": [kind for kind, *_ in rows.kinds()]}
    event["allOf"] = [
        {"if": {"properties": {"kind": {"const": kind}}}, "then": {"$ref": f"#/definitions/{group}"}}
        for kind, group, *_ in rows.kinds()]
    out["definitions"] = {
        name: {"description": doc, "type": "object", "properties": members_schema(groups, name)}
        for name, (doc, _) in groups.items()}
    return json.dumps(out, indent=1) + "\n"


def packs():
    seen = {}
    for line in pathlib.Path("docs/packs-seen.tsv").read_text().splitlines():
        if line and line[0] != "#":
            rule, count = line.split("\t")
            seen[rule] = count
    out = ["# Packs", "", "Made from packs/ by tools/docs.py; docs/adding-a-pack.md says what an entry is.", "",
           "Logs: how many logs of real machines made it speak (docs/packs-seen.tsv, by tools/packs_seen.py). Where none did,",
           "its words are those of the sources of the kernel and its drivers alone."]
    for path in sorted(pathlib.Path("packs").glob("*.json")):
        content = json.loads(path.read_text())
        out += ["", f"## {content['name']}", "", "| id | severity | suspect, action | title | logs |", "|---|---|---|---|---|"]
        for entry in content["entries"]:
            severities = dict.fromkeys([entry.get("severity", "warning")] + [
                case["severity"] for case in entry.get("cases", []) if "severity" in case])
            suspect = entry.get("suspect", {}).get("class", "")
            out.append(f"| `{entry['id']}` | {', '.join(severities)} | {suspect}{', ' if suspect else ''}{entry.get('action', '')} "
                       f"| {entry['title']} | {seen.get(entry['id'], 'none')} |")
    out += ["", "## Known issues", "", "| id | kernels | title | fix | logs |", "|---|---|---|---|---|"]
    for path in sorted(pathlib.Path("packs/known").glob("*.json")):
        for issue in json.loads(path.read_text())["known"]:
            since, until = issue.get("from", ""), issue.get("until", "")
            ranges = [] if since and since == until else [f"{since} to {until}".strip()]
            kernels = ", ".join(ranges + [f"since {release}" for release in issue.get("introduced_in", [])])
            out.append(f"| `{issue['id']}` | {kernels} | {issue['title']} | [{issue['commit'][:12]}]({issue['links'][0]}) "
                       f"| {seen.get(issue['id'], 'none')} |")
    return "\n".join(out) + "\n"


def main():
    bad = 0
    for path, text in (("docs/fields.md", fields()), ("docs/rules.md", rules()),
                       ("docs/packs.md", packs()), ("schemas/report.schema.json", schema())):
        file = pathlib.Path(path)
        if "--check" not in sys.argv:
            file.write_text(text)
        elif file.read_text() != text:
            print(f"{path} is old: run tools/docs.py")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
