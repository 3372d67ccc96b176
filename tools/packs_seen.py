#!/usr/bin/env python3
"""packs_seen.py TOOL FOLDER...: counts, for each entry of the built-in packs and each known issue, the logs of the folders
that make it speak, and writes docs/packs-seen.tsv. For logs of real machines, not for those that were written for a test.
"""
import collections
import json
import pathlib
import subprocess
import sys


def spoken(tool, log):
    result = subprocess.run([tool, "analyze", str(log)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300)
    return {diagnosis["rule"] for diagnosis in json.loads(result.stdout or b"{}").get("diagnoses", [])}


def main():
    tool, folders = sys.argv[1], sys.argv[2:]
    ours = set()
    for path in pathlib.Path("packs").rglob("*.json"):
        content = json.loads(path.read_text())
        ours |= {item["id"] for item in content.get("entries", []) + content.get("known", [])}
    count = collections.Counter()
    for folder in folders:
        for log in sorted(pathlib.Path(folder).rglob("*.log")):
            count.update(spoken(tool, log) & ours)
    rows = "".join(f"{rule}\t{number}\n" for rule, number in sorted(count.items()))
    pathlib.Path("docs/packs-seen.tsv").write_text("# entry, logs of real machines that make it speak; tools/packs_seen.py\n" + rows)


if __name__ == "__main__":
    main()
