#!/usr/bin/env python3
"""check_schema.py TOOL SCHEMA: the report of every log in tests/logs is valid against the schema, and holds no
member that the schema does not name (for its readers the schema stays open: reports gain members)."""
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema


def close(schema):
    """No object with named members may have another one."""
    if isinstance(schema, list):
        for part in schema:
            close(part)
    if not isinstance(schema, dict):
        return
    for name, part in schema.items():
        if name not in ("if", "then", "allOf"):
            close(part)
    if "properties" in schema and "allOf" not in schema:
        schema.setdefault("additionalProperties", False)


def strict(schema):
    """The schema closed; the members of an event are those of all events and those of its kind."""
    closed = copy.deepcopy(schema)
    close(closed)
    event = closed["properties"]["events"]["items"]
    for row in event["allOf"]:
        group = row["then"]["$ref"].rsplit("/", 1)[1]
        members = {**closed["definitions"][group]["properties"], **event["properties"]}
        row["then"] = {"properties": members, "additionalProperties": False}
    return closed


def main():
    validator = jsonschema.Draft7Validator(strict(json.loads(pathlib.Path(sys.argv[2]).read_text())))
    logs = sorted(map(str, pathlib.Path("tests/logs").rglob("*.log")))
    done = subprocess.run([sys.argv[1], "analyze", "-f", "ndjson", *logs], stdout=subprocess.PIPE, check=True)
    reports = done.stdout.splitlines()
    bad = 0
    for log, line in zip(logs, reports):
        for error in validator.iter_errors(json.loads(line)):
            print(f"{log}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
            bad += 1
    print(f"{len(reports)} reports, {bad} errors")
    return bad != 0 or len(reports) != len(logs) or not logs


if __name__ == "__main__":
    sys.exit(main())
