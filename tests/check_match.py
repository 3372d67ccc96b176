#!/usr/bin/env python3
"""check_match.py TOOL: exit statuses of `match`, and a real `git bisect run` over a repository whose boots print logs."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from expecting import expect, failures

BUG = pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-null_read.log").resolve()
OTHER = pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-err_ptr.log").resolve()
QUIET = pathlib.Path("tests/logs/seen")
tool = ""


def run(*args, **more):
    return subprocess.run([tool, "match", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **more)


def report_of(path):
    return json.loads(subprocess.run([tool, "analyze", path], stdout=subprocess.PIPE, check=True).stdout)


def boot_part(log):
    """The lines before the first report: a boot without a finding."""
    report = report_of(log)
    first = min(event["lines"][0][0] for event in report["events"])
    return b"".join(open(log, "rb").read().splitlines(keepends=True)[:first - 1])


def statuses(folder):
    report = report_of(BUG)
    bug = folder / "bug.json"
    bug.write_text(json.dumps(report))
    signature = report["problems"][0]["signature"]["id"]
    lines = BUG.read_bytes().splitlines(keepends=True)
    healthy = boot_part(BUG)
    late = b"[  900.000000] systemd[1]: Reached target multi-user.target.\n"
    logs = {
        "healthy": (healthy + late, 1),
        "early": (healthy, 125 if report["problems"][0].get("first_time_us") else 1),
        "none": (b"make: *** no rule\n", 125),
        "empty": (b"", 125),
        "cut": (b"".join(OTHER.read_bytes().splitlines(keepends=True)[:report_of(OTHER)["events"][0]["lines"][0][0] + 3]), 125),
        "same": (b"".join(lines), 0),
    }
    for name, (data, status) in logs.items():
        path = folder / name
        path.write_bytes(data)
        done = run(bug, path)
        expect(f"{name}: status", done.returncode == status, (done, status))
        flipped = {0: 1, 1: 0}.get(status, status)
        expect(f"{name}: --bisect", run("--bisect", bug, path).returncode == flipped)
    expect("by signature", run(signature, BUG).returncode == 0)
    expect("another bug that stopped nothing or the machine", run(signature, OTHER).returncode in (1, 125))
    expect("one of two", run(signature, folder / "none", BUG).returncode == 0)
    expect("quiet", run("-q", signature, BUG).stdout == b"")
    expect("--reached", run("--reached", "multi-user", signature, folder / "healthy").returncode == 1)
    expect("not reached", run("--reached", "graphical", signature, folder / "healthy").returncode == 125)
    expect("unreadable", run(signature, folder / "missing").returncode == 125)
    expect("wrong call", run("xyz", BUG).returncode == 2 and run("--bisect", "xyz", BUG).returncode == 128)
    expect("no logs", run(signature).returncode == 2)
    (folder / "no.json").write_text('{"problems": []}')
    expect("a report without a problem", run(folder / "no.json", BUG).returncode == 2)


def marker_seam(folder):
    """The text of --reached stands across two portions."""
    for at in (262144 - 3, 262144 - 8, 262144, 0):
        path = folder / "seam"
        path.write_bytes(b"[    1.000000] Linux version 6.1.0\n".ljust(at, b".") + b"REACHED-IT" + b"\n" * 300000)
        expect(f"seam at {at}", run("--reached", "REACHED-IT", "0" * 16, path).returncode == 1)


def bisect(folder):
    repo = folder / "repo"
    repo.mkdir()

    def git(*args):
        return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", repo, *args],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout

    git("init", "-q")
    healthy = boot_part(BUG) + b"[  900.000000] systemd[1]: Reached target multi-user.target.\n"
    first_bad = None
    for number in range(24):
        boot = BUG.read_bytes() if number >= 15 else healthy
        if number in (7, 11, 12, 16):  # these do not build: the log is none
            boot = b"cc1: error: something\n"
        (repo / "boot.log").write_bytes(boot)
        (repo / "number").write_text(str(number))
        git("add", ".")
        git("commit", "-qm", f"change {number}")
        if number == 15:
            first_bad = git("rev-parse", "HEAD").strip()
    shutil.copy(folder / "bug.json", folder / "wanted.json")
    git("bisect", "start", "HEAD", "HEAD~23")
    out = git("bisect", "run", "sh", "-c",
              f"cat boot.log >../log; {os.path.abspath(tool)} match --bisect ../wanted.json ../log")
    expect("bisect finds the commit", f"{first_bad} is the first bad commit" in out, out)


def main():
    global tool
    tool = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        statuses(folder)
        marker_seam(folder)
        bisect(folder)
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
