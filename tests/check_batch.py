#!/usr/bin/env python3
"""check_batch.py TOOL RELEASE_TOOL: one record out for one in, in order; errors are records; memory is bounded; SIGTERM
ends it behind the record at hand."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from expecting import expect, failures

LOG = pathlib.Path("tests/logs/alloc/arm64-cma-order4.log").resolve()
LIMIT_KB = 96 * 1024
tool = ""


def run(data, *options, program=None):
    done = subprocess.run([program or tool, "batch", *options], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def records():
    text = LOG.read_text()
    alone = json.loads(subprocess.run([tool, "analyze", LOG], stdout=subprocess.PIPE, check=True).stdout)
    alone["source"]["name"] = ""
    asked = [{"id": 1, "text": text}, "no json", {"id": "two"}, {"id": {"a": [1]}, "text": "a\nb\n"}, [1],
             {"id": 5, "text": text, "path": "x"}, {"id": 6, "path": "/etc/passwd"}, {"id": 7, "text": text, "arch": "z80"},
             {"id": 8, "text": text, "kernel": "6.1", "source": "s"}, {"id": 9, "text": "", "page_size": 17}]
    data = b"".join((item if isinstance(item, str) else json.dumps(item)).encode() + b"\n" for item in asked)
    status, out = run(data)
    expect("status", status == 0)
    expect("one for one", len(out) == len(asked), out)
    expect("ids in order", [item.get("id", item.get("line")) for item in out] == [1, 2, "two", {"a": [1]}, 5, 5, 6, 7, 8, 9])
    expect("the same report", out[0]["report"] == alone)
    expect("errors", ["error" in item for item in out] == [False, True, True, False, True, True, True, True, False, True], out)
    expect("options", out[8]["report"]["boots"][0]["how_known"]["kernel_release"]["by"] == "given"
           and out[8]["report"]["source"]["name"] == "s")
    expect("no newline at the end", len(run(json.dumps(asked[0]).encode())[1]) == 1)
    expect("no record", run(b"\n \n") == (0, []))


def facts():
    """A log that does not tell its kernel, architecture or command line is told them."""
    vmap = "[    8.500100] vmap allocation for size 1052672 failed: use vmalloc=<size> to increase size.\n"
    asked = {"text": vmap, "kernel": "5.10.0-32-686", "arch": "i386", "cmdline": "quiet vmalloc=64M\n"}
    report = run(json.dumps(asked).encode())[1][0]["report"]
    expect("cmdline", report["diagnoses"][0]["facts"].get("vmalloc_option_bytes") == 64 << 20, report["diagnoses"])
    with tempfile.TemporaryDirectory() as name:
        for file, text in (("log", vmap), ("cmdline", asked["cmdline"])):
            (pathlib.Path(name) / file).write_text(text)
        same = subprocess.run([tool, "analyze", "--kernel", asked["kernel"], "--arch", "i386", "--cmdline", f"{name}/cmdline",
                               f"{name}/log"], stdout=subprocess.PIPE, check=True).stdout
    expect("--cmdline", json.loads(same)["diagnoses"] == report["diagnoses"])


def paths(folder):
    (folder / "a.log").write_bytes(LOG.read_bytes())
    os.symlink("/etc/passwd", folder / "link")
    os.mkfifo(folder / "pipe")
    asked = ["a.log", "missing", "../a.log", "sub/../../x", "pipe", ""]
    data = b"".join(json.dumps({"id": i, "path": f"{folder}/{name}"}).encode() + b"\n" for i, name in enumerate(asked))
    status, out = run(data, "--root", str(folder))
    expect("paths: status", status == 0)
    expect("paths: errors", ["error" in item for item in out] == [False] + [True] * 5, out)
    expect("paths: source", out[0]["report"]["source"]["name"] == f"{folder}/a.log")


def bounds(release):
    text = "[    1.000000] usb 1-1: new device\n" * 30000
    one = json.dumps({"id": 1, "text": text}).encode() + b"\n"
    child = subprocess.Popen([release, "batch", "--most", "8"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    long = b'{"id": 2, "text": "' + b"x" * (20 << 20) + b'"}\n'
    if os.fork() == 0:
        child.stdout.close()
        for _ in range(40):
            child.stdin.write(one)
        child.stdin.write(long)
        child.stdin.write(one)
        os._exit(0)
    child.stdin.close()
    out = [json.loads(line) for line in child.stdout]
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    expect("long: status", status == 0)
    expect("long: all answered", len(out) == 42 and "error" in out[40] and out[41]["report"]["stats"]["lines"] == 30000)
    expect("memory", usage.ru_maxrss < LIMIT_KB, f"{usage.ru_maxrss} kB")
    print(f"batch of 1 MB records: {usage.ru_maxrss} kB")


def stop():
    child = subprocess.Popen([tool, "batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    record = json.dumps({"id": 1, "text": LOG.read_text()}).encode() + b"\n"
    child.stdin.write(record)
    first = child.stdout.readline() if False else b""
    while not first.endswith(b"\n"):
        first += child.stdout.read(65536)
    expect("answered before the input ends", json.loads(first)["id"] == 1)
    child.stdin.write(record[:100])
    child.send_signal(signal.SIGTERM)
    rest = child.stdout.read()
    expect("stopped", child.wait(20) == 0 and rest == b"", (child.returncode, rest))


def main():
    global tool
    tool = sys.argv[1]
    records()
    facts()
    with tempfile.TemporaryDirectory() as folder:
        paths(pathlib.Path(folder))
    bounds(sys.argv[2])
    stop()
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
