#!/usr/bin/env python3
"""triage.py FOLDER: which bugs are in the logs of a folder, those of most logs first."""
import collections
import pathlib
import sys

import kdiag

logs = collections.defaultdict(set)
titles = {}
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.log")):
    for problem in kdiag.analyze(path.read_bytes(), source=str(path)).problems:
        logs[problem.signature.id].add(path.name)
        titles[problem.signature.id] = problem.signature.title
for signature, names in sorted(logs.items(), key=lambda item: -len(item[1])):
    print(f"{len(names):5}  {signature}  {titles[signature]}")
