#!/usr/bin/env python3
"""check_schema.py TOOL SCHEMA: the report of every log in tests/logs is valid against the schema."""
import glob
import json
import subprocess
import sys

import jsonschema


def main():
    validator = jsonschema.Draft7Validator(json.load(open(sys.argv[2])))
    logs = sorted(glob.glob("tests/logs/*/*.log"))
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
