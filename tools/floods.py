#!/usr/bin/env python3
"""floods.py TOOL [--most MB] [--alike] [--only WORD] [--as FORMAT] [--counts N,N...] [--instructions]: is a flood of
each kind of event read in linear time?

For each kind of event and recogniser the smallest of its events in tests/logs is repeated 5,000, 20,000 and 80,000
times (or --counts; fewer where that is more than --most MB, 48 unless told), each time with another time, other
functions, tasks and numbers, so that nothing folds (--alike: only the time differs). Events are only counted; with
--as ndjson they are judged and written, too. Prints a row each: bytes of one event, how many, user time, growth of the
time from one size to the next, speed and peak memory; at its end what breaks a bar: growth above 4.4, less than
10 MB/s. --instructions: 500, 2,000 and 8,000 times under valgrind, for machines with other work: millions of
instructions without those of the start, their growth, and instructions a byte; more than 600, some 10 MB/s where a
second has 6 thousand million of them, break the bar. Run from the top of the repository.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

COUNTS = 5000, 20000, 80000
GROWTH, SPEED = 4.4, 10.0
FEWER = 10  # times, under valgrind
DENSE = 600  # instructions a byte
TOO_SHORT = 0.04  # seconds: such a time says nothing
TIME = re.compile(r"^((?:<\d+>)?\[ *)\d+\.\d{6}")
SYMBOL = re.compile(r"\b([A-Za-z_]\w{2,})(?=[.\w]*\+0x)")
TASK = re.compile(r"((?:Comm|comm|task|process|name): ?\(?)([\w/:-]{2,})|^([\w-]{2,})(?=: page allocation failure| invoked oom-killer)")
NUMBER = re.compile(r"((?:PID|Pid|pid|req-size|size|order|sector|block|inode|port|tag|err)[:= #]+)(\d+)")


def letters(number):
    """A word of its own for each number, without digits."""
    word = ""
    for _ in range(5):
        word += "ghijklmnopqrstuvwxyz"[number % 20]
        number //= 20
    return word


def opened(tool, log):
    """(line, recogniser) of each line that opens an event."""
    done = subprocess.run([tool, "analyze", "-f", "lines", log], stdout=subprocess.PIPE, check=False)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        words = line.split()
        if len(words) > 3 and words[2] == "opens":
            yield int(words[0]), words[3]


def samples(tool):
    """{(kind, recogniser): lines} with the smallest event of each."""
    found = {}
    for log in sorted(pathlib.Path("tests/logs").rglob("*.log")):
        done = subprocess.run([tool, "analyze", "-f", "ndjson", str(log)], stdout=subprocess.PIPE, check=False)
        report = json.loads(done.stdout)
        if set(report["source"]["forms"]) - {"dmesg", "level"}:
            continue
        lines = log.read_text("utf-8", "replace").splitlines()
        by_line = dict(opened(tool, str(log)))
        for event in report["events"]:
            first, last = event["lines"][0][0], event["lines"][-1][1]
            block = lines[first - 1:last]
            key = event["kind"], by_line.get(first, "?")
            size = sum(map(len, block))
            if key not in found or size < sum(map(len, found[key])):
                found[key] = block
    return found


def template(block, alike):
    """The event as a text for %, with its time, a word and a number in it."""
    out = []
    for line in block:
        line = line.replace("%", "%%")
        line = TIME.sub(r"\g<1>%(time)s", line)
        if not alike:
            line = SYMBOL.sub(r"\g<1>_%(word)s", line)
            line = TASK.sub(lambda m: (m[1] or "") + "%(word)s", line)
            line = NUMBER.sub(r"\g<1>%(number)d", line)
        out.append(line + "\n")
    return "".join(out) + "\n"


def write_flood(path, block, count, alike):
    text = template(block, alike)
    with open(path, "w", encoding="utf-8") as out:
        for i in range(count):
            out.write(text % {"time": f"{100 + i // 100}.{i % 100 * 10000:06}", "word": letters(i), "number": i + 1})
    return os.path.getsize(path)


def measure(options, path):
    """User seconds and peak KiB."""
    how = ["-f", options.form] if options.form else ["--count"]
    child = subprocess.Popen([options.tool, "analyze", *how, path], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 3):
        sys.exit(f"{path}: exit status {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def instructions(tool, path):
    """What valgrind counts."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", tool, "analyze", "--count", "--no-sandbox", path]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    found = re.search(rb"Collected : (\d+)", done.stderr)
    if done.returncode not in (0, 3) or not found:
        sys.exit(f"{path}: exit status {done.returncode}: {done.stderr.decode()}")
    return int(found[1])


def count_instructions(options, path, name, block):
    """Does it break a bar?"""
    write_flood(path, block, 1, options.alike)
    start = instructions(options.tool, path)
    row = []
    for count in (n // FEWER for n in COUNTS):
        wrote = write_flood(path, block, count, options.alike)
        row.append(instructions(options.tool, path) - start)
    growth = [later / max(before, start // 4) for before, later in zip(row, row[1:])]
    print(f"{name:46.46} {sum(map(len, block)):6} {COUNTS[-1] // FEWER:6} {' '.join(f'{n / 1e6:6.1f}' for n in row):>22} "
          f"{' '.join(f'{g:5.2f}' for g in growth):>11} {row[-1] / wrote:6.0f}", flush=True)
    return max(growth) > GROWTH or row[-1] / wrote > DENSE


def flood(options, path, block):
    size = sum(map(len, block)) + len(block) + 1
    share = min(1.0, options.most * 1e6 / (size * options.counts[-1]))
    row = []
    for count in (max(1, int(n * share)) for n in options.counts):
        wrote = write_flood(path, block, count, options.alike)
        seconds, peak = measure(options, path)
        if row and seconds > GROWTH * max(row[-1][2], TOO_SHORT):  # once more: the machine may have been busy
            seconds = min(seconds, *(measure(options, path)[0] for _ in range(2)))
        row.append((count, wrote, seconds, peak))
    return row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--most", type=float, default=48)
    parser.add_argument("--alike", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--as", dest="form", default="")
    parser.add_argument("--counts", type=lambda words: [int(word) for word in words.split(",")], default=COUNTS)
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    broken = []
    units = ("10^6", "a byte", "") if options.instructions else ("s", "MB/s", "MiB")
    print(f"{'kind (recogniser)':46} {'bytes':>6} {'most':>6} {units[0]:>22} {'growth':>11} {units[1]:>6} {units[2]:>5}".rstrip())
    with tempfile.TemporaryDirectory() as folder:
        for (kind, recogniser), block in sorted(samples(options.tool).items()):
            name = kind if kind == recogniser else f"{kind} ({recogniser})"
            if options.only not in name:
                continue
            path = os.path.join(folder, "flood.log")
            if options.instructions:
                broken += [name] * count_instructions(options, path, name, block)
                continue
            row = flood(options, path, block)
            times = [max(seconds, TOO_SHORT) for _, _, seconds, _ in row]
            growth = [later / before for before, later in zip(times, times[1:])]
            speed = row[-1][1] / 1e6 / times[-1]
            print(f"{name:46.46} {sum(map(len, block)):6} {row[-1][0]:6} "
                  f"{' '.join(f'{seconds:6.2f}' for _, _, seconds, _ in row):>22} "
                  f"{' '.join(f'{g:5.2f}' for g in growth):>11} {speed:6.1f} {row[-1][3] / 1024:5.0f}", flush=True)
            if max(growth) > GROWTH or speed < SPEED:
                broken.append(name)
    for name in broken:
        print(f"breaks a bar: {name}")
    return len(broken) > 0


if __name__ == "__main__":
    sys.exit(main())
