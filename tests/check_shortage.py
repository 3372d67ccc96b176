#!/usr/bin/env python3
"""check_shortage.py TOOL FAIL_MALLOC LOG...: each allocation of the process fails in turn, once and from then on: the
tool says so and exits 2, or prints the whole. It does not crash, also where capstone's allocation is the one.
"""
import os
import subprocess
import sys
import tempfile

WAYS = ("-f", "json"), ("-f", "stream"), ("-f", "ktap")


def run(tool, way, log, preload, **env):
    return subprocess.run([tool, "analyze", *way, "--no-sandbox", log], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "LD_PRELOAD": preload, **env}, timeout=60, check=False)


def main():
    tool, preload, logs = sys.argv[1], sys.argv[2], sys.argv[3:]
    failed = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        told = os.path.join(folder, "count")
        for log, way in ((log, way) for log in logs for way in WAYS):
            right = run(tool, way, log, preload, FAIL_COUNT=told)
            with open(told, encoding="ascii") as file:
                count = int(file.read())
            for n in range(1, count + 1):
                for more in {}, {"FAIL_FROM": "1"}:
                    done = run(tool, way, log, preload, FAIL_AT=str(n), **more)
                    failed += 1
                    whole = done.returncode == right.returncode and done.stdout == right.stdout
                    if not whole and (done.returncode != 2 or not done.stderr.startswith(b"oopsdoc: ")):
                        print(f"{log}: {' '.join(way)}: allocation {n} fails{' and all after' if more else ''}: "
                              f"exit status {done.returncode}, {done.stderr[:100]}")
                        wrong += 1
    print(f"{failed} allocations failed, {wrong} wrong")
    return wrong > 0 or failed < 100


if __name__ == "__main__":
    sys.exit(main())
