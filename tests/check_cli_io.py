#!/usr/bin/env python3
"""check_cli_io.py TOOL: pipes, descriptors, odd files and signals: what was read is reported, JSON stays JSON."""
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

from expecting import expect, failures

LOG = os.path.abspath("tests/logs/alloc/arm64-cma-order4.log")
OOPS = os.path.abspath("tests/logs/fault/amd64-6.1.0-50-amd64-null_read.log")
tool = ""


def run(*args, **more):
    return subprocess.run([tool, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **more)


def shell(command):
    return subprocess.run(["bash", "-c", command.replace("TOOL", tool).replace("LOG", LOG)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)


def value(data):
    try:
        return json.loads(data)
    except ValueError:
        return None


def arrays():
    log = open(LOG, "rb").read()
    for names, status, reports in [((LOG, ".", LOG), 2, 2), ((LOG, "."), 2, 1), ((".", LOG), 2, 1), ((".", "."), 2, 0),
                                   ((LOG, "/proc/self/mem", LOG), 2, 2), ((LOG, "-", LOG), 0, 3), (("-", LOG), 0, 2),
                                   (("/dev/null", LOG), 0, 2), ((LOG, "missing"), 2, 1)]:
        for options in (), ("--count",):
            done = run("analyze", *options, *names, input=log)
            items = value(done.stdout)
            expect(f"array of {names} {options}", done.returncode == status and isinstance(items, list)
                   and len(items) == reports, (done.returncode, done.stderr))
    rows = run("analyze", "--count", "-f", "ndjson", LOG, LOG).stdout.splitlines()
    expect("--count -f ndjson", len(rows) == 2 and all(value(row)["lines"] == 73 for row in rows))


def names_on_stderr():
    for name in b"a\x1b[31m", b"a\xff", "a\u009bm".encode(), "a\u202eb".encode(), b"a\nb", "a\U000e0041".encode():
        done = subprocess.run([tool.encode(), b"analyze", name], stderr=subprocess.PIPE)
        text = done.stderr.decode()
        expect(f"name {name}", text.count("\n") == 1 and text[:-1].isprintable() and "?" in text, done.stderr)
    done = run("analyze", "nicht-da-\u00e4\u20ac")
    expect("a name in UTF-8 is shown", "nicht-da-\u00e4\u20ac" in done.stderr.decode())


def descriptors():
    log = open(LOG, "rb").read()
    reader, writer = os.pipe()
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_NONBLOCK)
    child = subprocess.Popen([tool, "analyze"], stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(.1)
    os.write(writer, log)
    os.close(writer)
    os.close(reader)
    output, error = child.communicate()
    expect("standard input that does not block", child.returncode == 0 and value(output), error)

    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    child = subprocess.Popen([tool, "analyze"] + [LOG] * 20, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    time.sleep(.3)
    with os.fdopen(reader, "rb") as pipe:
        output = pipe.read()
    child.wait()
    expect("standard output that does not block", child.returncode == 0 and len(value(output) or []) == 20)

    expect("standard input closed", shell("TOOL analyze <&-").returncode == 2)
    expect("standard input closed, file given", value(shell("TOOL analyze LOG <&-").stdout))
    expect("standard output closed", shell("TOOL analyze LOG >&-").returncode == 2)
    expect("standard input is a folder", shell("TOOL analyze < .").returncode == 2)
    twice = run("analyze", "--before", "-", input=log)
    expect("--before - leaves the log", twice.returncode == 0 and value(twice.stdout)["events"])
    for page in " 4096", "\t4096", "+4096", "-4096", "", "4096x":
        expect(f"--page-size {page!r}", run("analyze", "--page-size", page, LOG).returncode == 2)
    for mask in " 12", "\t12", "+1", "-1", "", "0x":
        expect(f"decode gfp {mask!r}", run("decode", "gfp", mask).returncode == 2)


def limits(folder):
    done = shell(f"ulimit -f 1; for i in $(seq 20); do cat LOG; done | TOOL analyze > {folder}/out")
    expect("file at its size limit", done.returncode == 2 and done.stderr.count(b"\n") == 1, done)


class Stream:
    """`analyze -f stream` on a pipe, its objects as they come."""

    def __init__(self, *options):
        self.child = subprocess.Popen([tool, "analyze", "-f", "stream", *options], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.items = []
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for row in self.child.stdout:
            self.items.append((time.time(), json.loads(row)))

    def feed(self, data):
        self.child.stdin.write(data)
        self.child.stdin.flush()

    def wait(self, kind, seconds):
        until = time.time() + seconds
        while time.time() < until:
            for when, item in self.items:
                if kind in item:
                    return when
            time.sleep(.01)
        return None

    def end(self):
        error = self.child.stderr.read()
        self.child.wait()
        self.thread.join()
        return error


def stream():
    oops = open(OOPS, "rb").read()
    one = Stream("--quiet-after", "0.3")
    one.feed(oops)
    start = time.time()
    seen = one.wait("diagnosis", 30)
    expect("an oops is out when the input is quiet", seen and seen - start < 25 and one.child.poll() is None)
    one.feed(b"[  999.000000] nothing\n")
    one.child.stdin.close()
    one.end()
    expect("and it ends as usual", "end" in one.items[-1][1] and one.child.returncode == 0)

    one = Stream("--quiet-after", "0.2")
    one.feed(b"host login: ")
    time.sleep(1)
    one.feed(b"[  999.000000] kernel BUG at mm/slub.c:4!\n")
    seen = one.wait("event", 30)
    expect("what stands behind a prompt that waited is read", seen)
    one.child.stdin.close()
    one.end()

    for number in signal.SIGTERM, signal.SIGINT:
        one = Stream("--quiet-after", "1000")
        one.feed(oops[:len(oops) * 2 // 3])
        time.sleep(.3)
        one.child.send_signal(number)
        error = one.end()
        kinds = [list(item)[0] for _, item in one.items]
        expect(f"signal {number}: what was known is out", one.child.returncode == 0 and "event" in kinds
               and kinds[-1] == "end" and not error, (one.child.returncode, kinds, error))
        one.child.stdin.close()
    child = subprocess.Popen([tool, "analyze"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdin.write(oops)
    child.stdin.flush()
    time.sleep(.3)
    child.terminate()
    output = child.stdout.read()
    expect("a report for who is asked to stop", child.wait() == 0 and value(output)["events"])


def controls():
    log = b"[    1.000000] Kernel panic - not syncing: a\x7fb\xc2\x9b31mc\n"
    output = run("analyze", "-f", "ndjson", "-", input=log).stdout
    expect("no control character in JSON", all(31 < c != 127 or c == 10 for c in output) and b"\xc2\x9b" not in output)
    expect("and its value is the log's", "a\x7fb\x9b31mc" in json.loads(output)["events"][0]["reason"])


def main():
    global tool
    tool = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        limits(folder)
    arrays()
    names_on_stderr()
    descriptors()
    controls()
    stream()
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
