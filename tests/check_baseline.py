#!/usr/bin/env python3
"""check_baseline.py TOOL: what a continuous integration does: known problems do not count, new ones do, entries expire, are
not seen, hold on some machines only; a log that tells nothing is no success. KTAP, and objects of KernelCI's schema."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from expecting import expect, failures

KNOWN = pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-null_read.log").resolve()
OTHER = pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-err_ptr.log").resolve()
SYSLOG = pathlib.Path("tests/logs/forms/syslog.log").resolve()
tool = ""


def run(*args, status=0, **more):
    done = subprocess.run([tool, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **more)
    expect(f"{args}: status {done.returncode}", done.returncode == status, done.stderr)
    return done


def entries(folder, **more):
    """A baseline of one entry for the known problem."""
    report = json.loads(subprocess.run([tool, "analyze", KNOWN], stdout=subprocess.PIPE, check=True).stdout)
    entry = {"signature": report["problems"][0]["signature"]["id"], "reason": "BZ 1", **more}
    path = folder / "entries.json"
    path.write_text(json.dumps({"format": "kdiag-baseline/1",
                                "entries": [{k: v for k, v in entry.items() if v is not None}]}))
    return path


def both(base, log, status, folder):
    """analyze and triage agree."""
    first = run("analyze", "--baseline", base, log, status=status)
    second = run("triage", "--baseline", base, log, status=status)
    return first.stderr + second.stderr


def ci(folder):
    base = folder / "known.json"
    report = run("analyze", KNOWN).stdout
    (folder / "report.json").write_bytes(report)
    added = run("baseline", "add", "--reason", "BZ 207065", "--owner", "net", base, folder / "report.json").stdout
    expect("added", added == b"1 added, 1 known\n", added)
    again = run("baseline", "add", "--reason", "again", base, "-", input=report).stdout
    expect("not twice", again == b"0 added, 1 known\n", again)
    expect("one file", sorted(os.listdir(folder)) == ["known.json", "report.json"], os.listdir(folder))
    entry = json.loads(base.read_text())["entries"][0]
    expect("an entry", entry["reason"] == "BZ 207065" and entry["owner"] == "net" and "kf_null_read" in entry["title"], entry)
    expect("known", both(base, KNOWN, 0, folder) == b"")
    told = both(base, OTHER, 1, folder)
    expect("new, and one was not seen", told.count(b"was not seen") == 2, told)
    both(folder / "known.json", "/dev/null", 2, folder)
    nothing = folder / "nothing.log"
    nothing.write_bytes(b"make: *** [all] Error 1\n")
    expect("no line of a kernel", b"kernel" in both(base, nothing, 2, folder))
    both(base, folder / "missing", 2, folder)
    run("analyze", "--baseline", base, KNOWN, folder / "missing", status=2)
    both(folder / "report.json", KNOWN, 2, folder)
    run("triage", "--baseline", base, KNOWN, OTHER, status=1)
    empty = folder / "empty"
    empty.mkdir()
    run("triage", "--baseline", base, empty, status=2)
    bundle = folder / "bundle.tar"
    subprocess.run(["tar", "cf", bundle, "-C", KNOWN.parent, KNOWN.name, "-C", folder, "nothing.log"], check=True)
    run("triage", "--baseline", base, bundle)
    groups = json.loads(run("triage", "-f", "json", "--baseline", base, KNOWN, OTHER, status=1).stdout)["groups"]
    expect("marked in groups", [g.get("known") for g in groups if "kf_null_read" in g["title"]] == ["BZ 207065"], groups)
    expect("marked in text", b"known: BZ 207065" in run("triage", "--baseline", base, KNOWN).stdout)
    triaged = folder / "triaged.json"
    triaged.write_text(json.dumps({"groups": groups}))
    expect("from groups", run("baseline", "add", "--reason", "x", base, triaged).stdout == b"1 added, 2 known\n")
    both(base, OTHER, 0, folder)


def conditions(folder):
    for more, log, status in [
            ({"expires": "2020-01-01"}, KNOWN, 1), ({"expires": "2999-01-01"}, KNOWN, 0),
            ({"arch": "x86_64"}, KNOWN, 0), ({"arch": "arm64"}, KNOWN, 1),
            ({"kernel": {"from": "5.10", "until": "6.2"}}, KNOWN, 0), ({"kernel": {"until": "6.1"}}, KNOWN, 1),
            ({"kernel": {"from": "6.2"}}, KNOWN, 1), ({"host": "web-*"}, KNOWN, 1),
            ({"signature": None, "rule": "oops.null-deref"}, KNOWN, 0),
            ({"signature": None, "rule": "oops.null-deref"}, pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-noncanonical.log").resolve(), 1)]:
        both(entries(folder, **more), log, status, folder)
    hosted = folder / "hosted.log"
    hosted.write_bytes(b"".join(b"Nov 22 13:12:48 web-7 kernel: " + line for line in KNOWN.read_bytes().splitlines(True)))
    both(entries(folder, host="web-*"), hosted, 0, folder)
    both(entries(folder, host="db-*"), hosted, 1, folder)
    for broken in ({"reason": None}, {"signature": None}, {"expires": "soon"}, {"kernel": {"from": "x"}}):
        both(entries(folder, **broken), KNOWN, 2, folder)


def check(folder):
    base = entries(folder)
    report = folder / "r.json"
    report.write_bytes(run("analyze", KNOWN).stdout)
    run("baseline", "check", base)
    run("baseline", "check", base, report)
    report.write_bytes(run("analyze", OTHER).stdout)
    expect("unused", b"was not seen" in run("baseline", "check", base, report, status=1).stderr)
    run("baseline", "check", "--today", "2030-01-01", entries(folder, expires="2029-12-31"), status=1)
    run("baseline", "check", "--today", "2029-12-31", entries(folder, expires="2029-12-31"))
    run("baseline", "check", report, status=2)
    run("baseline", "add", base, report, status=2)
    report.write_text("[]")
    run("baseline", "add", "--reason", "x", base, folder / "missing", status=2)
    expect("no draft is left", [n for n in os.listdir(folder) if n.startswith("entries.json.")] == [])


def ktap(folder):
    hostile = folder / "ho#stile\n.log"
    hostile.write_bytes(KNOWN.read_bytes())
    nothing = folder / "nothing.log"
    nothing.write_bytes(b"x\n")
    out = run("analyze", "-f", "ktap", "--baseline", entries(folder), KNOWN, OTHER, nothing, hostile, folder / "missing",
              status=2).stdout.decode().splitlines()
    expect("ktap: head", out[:2] == ["KTAP version 1", "1..5"], out)
    tests = [line for line in out if re.match(r"(not )?ok \d+ ", line)]
    expect("ktap: tests", [re.match(r"((?:not )?ok) (\d+)", line).groups() for line in tests]
           == [("ok", "1"), ("not ok", "2"), ("not ok", "3"), ("ok", "4"), ("not ok", "5")], tests)
    expect("ktap: known", any(re.match(r"    ok 1 null_deref in kf_null_read \[kfault\] # XFAIL BZ 1$", line) for line in out))
    expect("ktap: inert", "ho_stile?.log" in tests[3] and "#" not in tests[3], tests[3])


def kcidb(folder):
    done = run("analyze", "-f", "kcidb", "--origin", "my_ci", "--test-id", "my_ci:boot.1", KNOWN, OTHER, OTHER)
    data = json.loads(done.stdout)
    expect("kcidb", set(data) == {"version", "issues", "incidents"} and data["version"] == {"major": 5, "minor": 3})
    allowed = {"issues": {"id", "version", "origin", "report_subject", "culprit", "comment", "misc"},
               "incidents": {"id", "origin", "issue_id", "issue_version", "test_id", "present", "comment", "misc"}}
    for kind, names in allowed.items():
        for item in data[kind]:
            expect(f"kcidb: {kind}", set(item) <= names and re.match(r"my_ci:[^\0]+$", item["id"]), item)
            expect("kcidb: no null", None not in item.values())
    ids = {item["id"] for item in data["issues"]}
    expect("kcidb: an issue once", len(ids) == len(data["issues"]))
    expect("kcidb: linked", all(item["issue_id"] in ids for item in data["incidents"]))
    run("analyze", "-f", "kcidb", "--origin", "A B", KNOWN, status=2)
    run("analyze", "-f", "stream", "--baseline", entries(folder), KNOWN, status=2)


def main():
    global tool
    tool = sys.argv[1]
    for part in (ci, conditions, check, ktap, kcidb):
        with tempfile.TemporaryDirectory() as folder:
            part(pathlib.Path(folder))
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
