#!/usr/bin/env python3
"""check_shortage.py TOOL FAIL_MALLOC LOG...: each allocation of the process fails in turn, once and from then on: the
tool says so and exits 2, or prints the whole. It does not crash, also where capstone's allocation is the one, or
libarchive's; of most cases every 7th. Not tried so is what reads JSON by json-c
(match, baselines): it does not look at each of its allocations, so the tool sees first that there is room (cli/json.c).
There the address space is limited instead, as ulimit -v does, from too little to enough.
"""
import os
import resource
import subprocess
import sys
import tarfile
import tempfile

WAYS = ("-f", "json"), ("-f", "stream"), ("-f", "ktap"), ("-f", "html")
EACH = ("-f", "json"), ("-f", "html")
PACK = "tests/nomem_pack.json"
STEP = 7
SPACE = range(6000, 64000, 64)  # KB
ENOUGH = 12  # limits in a row under which all is whole
# the loader ends the process itself while it opens a library
SAID = b"oopsdoc: ", b"Fatal Internal Error in libarchive: ", b"out of memory\n"


def run(words, preload, **env):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "LD_PRELOAD": preload, **env}, timeout=60, check=False)


def cases(tool, logs, folder):
    """(words, step)"""
    for way in WAYS:
        for log in logs:
            yield [tool, "analyze", *way, "--no-sandbox", log], 2 if way in EACH and log == logs[-1] else STEP
    archive = os.path.join(folder, "logs.tar.gz")
    with tarfile.open(archive, "w:gz") as file:
        file.add(log)
    yield [tool, "analyze", "--no-sandbox", "-f", "text", log], STEP
    yield [tool, "analyze", "--no-sandbox", "-f", "brief", "--pack", PACK, log], 3
    yield [tool, "analyze", "--no-sandbox", "-f", "html", *logs], STEP
    yield [tool, "pack", "test", PACK], STEP
    if subprocess.run([tool, "triage", "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                      check=False).returncode == 0:
        yield [tool, "redact", "--no-sandbox", log], STEP
        yield [tool, "triage", "--no-sandbox", "-j", "1", archive], STEP


def is_told(done):
    return done.returncode in (2, 127) and done.stderr.startswith(SAID)


def limited(words, kilobytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (kilobytes * 1024, kilobytes * 1024))

    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          preexec_fn=limit, check=False)


def under_limits(words):
    """(limits tried, wrong ones)"""
    right, tried, wrong, enough = run(words, ""), 0, 0, 0
    for limit in SPACE:
        done = limited(words, limit)
        tried += 1
        whole = done.returncode == right.returncode and done.stdout == right.stdout
        enough = enough + 1 if whole else 0
        if not whole and not is_told(done) and done.returncode != 127:  # the loader names the tool first
            print(f"{' '.join(words[1:])}: {limit} KB: exit status {done.returncode}, {done.stderr[:100]}")
            wrong += 1
        if enough == ENOUGH:
            return tried, wrong
    return tried, wrong + 1


def main():
    tool, preload, logs = sys.argv[1], sys.argv[2], sys.argv[3:]
    failed = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        told = os.path.join(folder, "count")
        for words, step in cases(tool, logs, folder):
            right = run(words, preload, FAIL_COUNT=told)
            with open(told, encoding="ascii") as file:
                count = int(file.read())
            for n in range(1, count + 1, step):
                for more in {}, {"FAIL_FROM": "1"}:
                    done = run(words, preload, FAIL_AT=str(n), **more)
                    failed += 1
                    whole = done.returncode == right.returncode and done.stdout == right.stdout
                    if not whole and not is_told(done):
                        print(f"{' '.join(words[1:])}: allocation {n} fails{' and all after' if more else ''}: "
                              f"exit status {done.returncode}, {done.stderr[:100]}")
                        wrong += 1
    limits = 0
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        with open(report, "wb") as file:
            file.write(run([tool, "analyze", logs[-1]], "").stdout)
        for words in ["analyze", "-f", "html", "--no-sandbox"], ["match", report]:
            tried, more = under_limits([tool, *words, logs[-1]])
            limits += tried
            wrong += more
    print(f"{failed} allocations failed, {limits} limits of the address space, {wrong} wrong")
    return wrong > 0 or failed < 100 or limits < 50


if __name__ == "__main__":
    sys.exit(main())
