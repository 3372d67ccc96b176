#!/usr/bin/env python3
"""check_cli.py TOOL RELEASE_TOOL: exit statuses, strange input and its memory, errors on one line.

Memory is measured on the release tool: a sanitizer's shadow would count.
"""
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

from expecting import expect, failures

LIMIT_KB = 64 * 1024


def run(tool, *args, **more):
    return subprocess.run([tool, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, **more)


def peak_kb(tool, path):
    """Peak memory of one run in kB, and its exit status and output."""
    with open(os.devnull, "rb") as null, tempfile.TemporaryFile() as out:
        child = subprocess.Popen([tool, "analyze", path], stdin=null, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        out.seek(0)
        return usage.ru_maxrss, os.waitstatus_to_exitcode(status), out.read()


def strange(tool, release, folder):
    rng = random.Random(1)
    seed = open("tests/logs/alloc/arm64-cma-order4.log", "rb").read()
    files = {
        "empty": b"",
        "nuls": bytes(1 << 20),
        "random": None,
        "long-line": None,
        "cut": seed[:len(seed) * 2 // 3 - 7],
        "escape": b"Linux version 5.4.0\x1b[31m\n" + seed.replace(b"kworker", b"\x1b]0;x\x07er"),
    }
    for name, data in files.items():
        path = os.path.join(folder, name)
        with open(path, "wb") as out:
            if name == "random":
                for _ in range(64):
                    out.write(rng.randbytes(1 << 20))
            elif name == "long-line":
                for _ in range(200):
                    out.write(b"page allocation failure Unable to handle " * 25575)
            else:
                out.write(data)
        used, status, output = peak_kb(release, path)
        print(f"{name}: {os.path.getsize(path)} bytes, status {status}, {used} kB")
        expect(f"{name}: status {status}", status == 0)
        expect(f"{name}: {used} kB", used <= LIMIT_KB)
        report = json.loads(output)
        expect(f"{name}: format", report["format"] == "kdiag-report/1")
        if name == "long-line":
            expect("long-line: not counted as cut", report["stats"]["lines_cut"] == 1)
    text = run(tool, "analyze", "-f", "text", os.path.join(folder, "escape"))
    expect("text output holds an escape", b"\x1b" not in text.stdout and text.returncode == 0)


def errors(tool, folder):
    def one_line(what, done):
        lines = done.stderr.decode().splitlines()
        expect(f"{what}: status {done.returncode}, stderr {lines}",
               done.returncode == 2 and len(lines) == 1 and lines[0].startswith("oopsdoc: "))

    one_line("directory", run(tool, "analyze", folder))
    one_line("missing file", run(tool, "analyze", os.path.join(folder, "missing")))
    one_line("bad --kernel", run(tool, "analyze", "--kernel", "x.y", "-", input=b""))
    one_line("bad --arch", run(tool, "analyze", "--arch", "z80", "-", input=b""))
    one_line("bad format", run(tool, "analyze", "-f", "xml", "-", input=b""))
    one_line("bad option", run(tool, "analyze", "--nonsense"))
    one_line("bad command", run(tool, "diagnose"))
    one_line("bad number", run(tool, "decode", "gfp", "0xzz"))
    one_line("bad rule", run(tool, "rules", "explain", "no.such"))
    log = "tests/logs/module/parisc-reloc.log"
    with open("/dev/full", "wb") as full:
        done = subprocess.run([tool, "analyze", log], stdout=full, stderr=subprocess.PIPE)
        one_line("full disk", done)
    done = run(tool, "analyze", os.path.join(folder, "missing"), log)
    one_line("one missing of two", done)
    expect("the other file is analysed", len(json.loads(done.stdout)) == 1)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([tool, "analyze", log], stdout=writer, stderr=subprocess.PIPE)
    expect("closed pipe is quiet", done.returncode == 0 and done.stderr == b"")


def forms(tool):
    log = "tests/logs/alloc/arm64-cma-order4.log"
    one = json.loads(run(tool, "analyze", log).stdout)
    expect("ndjson is the same report", json.loads(run(tool, "analyze", "-f", "ndjson", log).stdout) == one)
    expect("two files make an array", len(json.loads(run(tool, "analyze", log, log).stdout)) == 2)
    stream = [json.loads(line) for line in run(tool, "analyze", "-f", "stream", log).stdout.splitlines()]
    expect("stream ends with end", list(stream[-1]) == ["end"] and stream[-1]["end"]["stats"]["lines"] == 73)
    rules = [item["diagnosis"]["rule"] for item in stream if "diagnosis" in item]
    expect("stream has the diagnoses", sorted(rules) == sorted(d["rule"] for d in one["diagnoses"]))
    expect("--fail-on", run(tool, "analyze", "--fail-on", "error", log).returncode == 1)
    expect("--fail-on without a finding", run(tool, "analyze", "--fail-on", "info", "-", input=b"").returncode == 0)
    expect("--count", json.loads(run(tool, "analyze", "--count", log).stdout)["lines"] == 73)
    none = run(tool, "analyze", "-f", "text", "-", input=b"a\nb\n")
    expect("text says that nothing was found", b"Nothing was found" in none.stdout and b"2 lines" in none.stdout)
    gfp = json.loads(run(tool, "decode", "gfp", "0xa20", "--kernel", "5.4").stdout)
    expect("decode gfp", gfp["names"] == ["GFP_ATOMIC"] and gfp["migratetype"] == "unmovable")
    esr = json.loads(run(tool, "decode", "esr", "96000006").stdout)
    expect("decode esr", esr["dfsc_name"] == "level 2 translation fault" and esr["wnr"] == 0)
    every = json.loads(run(tool, "decode", "gfp", "--all-versions", "0xd0").stdout)
    expect("decode --all-versions", any(m["names"] == ["GFP_KERNEL"] for m in every["meanings"]))
    of_2_6 = json.loads(run(tool, "decode", "gfp", "--all-versions", "0x400000").stdout)
    expect("decode --all-versions, 2.6 with its third number",
           (of_2_6["meanings"][0]["from"], of_2_6["meanings"][0]["until"]) == ("2.6.32", "2.6.38"))
    by_option = json.loads(run(tool, "decode", "gfp", "--all-versions", "0x1000000").stdout)
    expect("decode --all-versions, options",
           any(m["flags"] == ["__GFP_SKIP_ZERO"] and m["condition"] == "CONFIG_KASAN_HW_TAGS"
               and m["from"] == "5.18" and "until" not in m for m in by_option["meanings"]))
    vendor = json.loads(run(tool, "decode", "gfp", "0x600040", "--kernel",
                            "4.18.0-193.el8").stdout)
    expect("decode gfp of a distribution", vendor["names"] == ["GFP_NOFS"])
    later = json.loads(run(tool, "decode", "gfp", "0x820", "--kernel",
                           "5.14.0-687.13.1.el9_8.x86_64").stdout)
    expect("decode gfp of a distribution with later bits",
           later["names"] == ["GFP_ATOMIC"] and later["version"]["by"] == "assumed")
    expect("rules list", b"alloc.only-cma-at-order" in run(tool, "rules").stdout)
    for section in pathlib.Path("docs/rules.md").read_text().split("\n## ")[1:]:
        rule, said = section.split("\n", 1)[0], section.strip().rsplit("\n", 1)[1]
        expect(f"docs/rules.md says all of {rule}", said in run(tool, "rules", "explain", rule).stdout.decode() + "\n"
               and said.endswith((".", ")")), said)
    hidden = json.loads(run(tool, "analyze", "--no-text", log).stdout)
    expect("--no-text", not any("text" in e for d in hidden["diagnoses"] for e in d["evidence"]))


def lines(tool):
    """-f lines: every line once, in order, with who opened and took it."""
    log = ("noise\n[    1.000000] Kernel panic - not syncing: hung_task\n[    1.000001] CPU: 0 PID: 1 Comm: init\n"
           "[    1.000002] BUG: unable to handle nothing\n")
    done = run(tool, "analyze", "-f", "lines", "-", input=log.encode())
    rows = done.stdout.decode().splitlines()
    expect("lines: status", done.returncode == 0)
    expect("lines: one a line", [row[8:52].split() for row in rows][:3]
           == [[], ["e1", "opens", "panic"], ["e1", "takes", "panic/task"]])
    expect("lines: who refused", "seen" in rows[3] or "not " in rows[3])


def main():
    tool, release = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        strange(tool, release, folder)
        errors(tool, folder)
    lines(tool)
    forms(tool)
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
