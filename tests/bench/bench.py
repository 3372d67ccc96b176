#!/usr/bin/env python3
"""bench.py TOOL [MEGABYTES]: CPU time of `TOOL analyze` on a large ordinary log, beside wc and rg.

The log is made once (build/bench-N.log, 512 MB): ordinary boot and service lines, with known crashes
planted. All tools run in turn, five times; the figures are user + system time of whole processes, the
ratios are of medians. rg looks for the same anchors as the recognisers do. Exit status 1 when a planted
crash is not found, when the tool needs more CPU time than rg, or more than 64 MiB of memory; also when
the best of 200 starts on a log of one line takes 5 ms or more.
"""
import itertools
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, "tools")
from rows import anchors  # noqa: E402

ORDINARY = [
    "usb 1-{a}: new high-speed USB device number {b} using xhci_hcd",
    "usb 1-{a}: New USB device found, idVendor={h:04x}, idProduct={i:04x}, bcdDevice= 1.0{a}",
    "EXT4-fs (sda{a}): mounted filesystem with ordered data mode. Opts: errors=remount-ro",
    "systemd[1]: Started Session {b} of user operator{a}.",
    "audit: type=1400 audit(16{b}.{a}:{c}): apparmor=\"STATUS\" operation=\"profile_load\" name=\"svc{a}\" pid={c}",
    "e1000e 0000:00:1f.{a} eth0: NIC Link is Up {b} Mbps Full Duplex, Flow Control: Rx/Tx",
    "IPv6: ADDRCONF(NETDEV_CHANGE): wlan{a}: link becomes ready",
    "[UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:{h:02x} SRC=10.0.{a}.{b} DST=10.0.0.1 LEN={c} PROTO=TCP SPT={c} DPT=22",
    "perf: interrupt took too long ({c} > {b}), lowering kernel.perf_event_max_sample_rate to {c}",
    "pci 0000:00:{a}.0: [8086:{h:04x}] type 00 class 0x060000",
    "ACPI: PCI Interrupt Link [LNK{a}] (IRQs 5 *10 11)",
    "i915 0000:00:02.0: [drm] GuC firmware i915/kbl_guc_70.{a}.{b}.bin version 70.{a}",
    "docker0: port {a}(veth{h:x}) entered forwarding state",
    "NFS: server storage{a} OK, still trying after {c} retries",
    "thermal thermal_zone{a}: temperature of {b} C is below the trip point",
    "mlx5_core 0000:3b:00.{a}: Port module event: module {a}, Cable plugged",
    "random: crng init done after {c} bytes",
    "workqueue: round-robin CPU selection for unbound work {a}",
    "tcp_listen_portaddr_hash hash table entries: {c} (order: {a}, {d} bytes, linear)",
]
SEEDS = {"vmalloc/arm-3.14-module-space": "3.14.43_cig001",  # and the release that prints it
         "alloc/arm64-cma-order4": "5.4.125-android11-2-g6d2ca40337f4-dirty-ab2800", "module/parisc-reloc": "5.10.0",
         "free/x86_64-free-pages": "3.2.6"}
START_MS = 5.0
LIMIT_KB = 64 * 1024
DENSE_KB = 32 * 1024
DENSE_BYTES = 7600000


def planted(rng, count):
    """The four real failures, each time with another task number, behind the banner of their kernel."""
    seeds = [f"Linux version {release} (build@host) #1 SMP\n".encode() + open(f"tests/logs/{name}.log", "rb").read()
             for name, release in SEEDS.items()]
    for i in range(count):
        text = seeds[i % len(seeds)]
        yield re.sub(rb"(PID: |Pid: )\d+", lambda m: m[1] + str(rng.randrange(300, 30000)).encode(), text)


def make_log(path, megabytes, crashes):
    rng = random.Random(7)
    size, at, seconds = megabytes * 1000000, 0, 0.0
    places = sorted(rng.sample(range(1, 1000), crashes))
    crash = planted(rng, crashes)
    with open(path + ".part", "wb") as out:
        for block in range(1000):
            if block in places:
                out.write(next(crash))
            wanted = size * (block + 1) // 1000
            while at < wanted:
                lines = []
                for _ in range(500):
                    seconds += rng.random() / 50
                    lines.append("[%12.6f] %s\n" % (seconds, rng.choice(ORDINARY).format(
                        a=rng.randrange(9), b=rng.randrange(1000), c=rng.randrange(100000),
                        d=rng.randrange(10000000), h=rng.randrange(65536), i=rng.randrange(65536))))
                data = "".join(lines).encode()
                out.write(data)
                at += len(data)
    os.rename(path + ".part", path)


def cpu(command):
    """(CPU seconds, peak kB, output)"""
    with open("build/bench.out", "wb+") as out:
        child = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, out.read()


def make_dense(path):
    logs = sorted(os.path.join(folder, name) for folder, _, names in os.walk("tests/logs")
                  for name in names if name.endswith(".log"))
    with open(path, "wb") as out:  # piece by piece: what Python holds counts as the peak of its children
        for log in itertools.cycle(logs):
            with open(log, "rb") as one:
                out.write(one.read(DENSE_BYTES - out.tell()))
            if out.tell() == DENSE_BYTES:
                return


def dense(tool):
    """True: too much memory."""
    log, too_much = "build/bench-dense.log", False
    make_dense(log)
    wc = min(cpu(["wc", "-l", log])[0] for _ in range(9))
    for what in ("--count",), ("-f", "stream"), ("-f", "json"):
        runs = [cpu([tool, "analyze", *what, log])[:2] for _ in range(5)]
        seconds, peak = min(runs)[0], max(kb for _, kb in runs)
        print(f"crashes alone, {' '.join(what):9} CPU {seconds * 1000:.0f} ms, {DENSE_BYTES / seconds / 1e6:.0f} MB/s,"
              f" 1/{seconds / wc:.0f} of wc; peak {peak} kB")
        too_much |= what[-1] != "json" and peak > DENSE_KB
    return too_much


def starts_slowly(tool):
    with open("build/bench-line.log", "w", encoding="ascii") as log:
        log.write("[    1.000000] random: crng init done\n")
    argv, times = [tool, "analyze", "build/bench-line.log"], []
    to_nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    for _ in range(200):
        begin = time.perf_counter()
        child = os.posix_spawn(tool, argv, os.environ, file_actions=to_nowhere)
        os.waitpid(child, 0)
        times.append((time.perf_counter() - begin) * 1000)
    print(f"start on one line: {min(times):.1f} {statistics.median(times):.1f} ms (min, median)")
    return min(times) >= START_MS


def main():
    tool, megabytes, crashes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 512, 24
    log = f"build/bench-{megabytes}.log"
    if not os.path.exists(log):
        make_log(log, megabytes, crashes)
    with open("build/bench-anchors.txt", "w") as out:
        out.write("\n".join(anchors()) + "\n")
    commands = {"oopsdoc analyze": [tool, "analyze", log],
                "rg -c -F -f": ["rg", "-c", "-F", "-f", "build/bench-anchors.txt", log],
                "wc -l": ["wc", "-l", log]}
    times = {name: [] for name in commands}
    peak, output = 0, b""
    for _ in range(5):
        for name, command in commands.items():
            seconds, kb, out = cpu(command)
            times[name].append(seconds)
            if name.startswith("oopsdoc"):
                peak, output = max(peak, kb), out
    middle = {name: statistics.median(t) for name, t in times.items()}
    for name, t in times.items():
        print(f"{name:18} CPU {min(t):.3f} {middle[name]:.3f} {max(t):.3f} s (min, median, max)"
              f"  {os.path.getsize(log) / middle[name] / 1e9:.2f} GB/s")
    report = json.loads(output)
    kinds = [e["kind"] for e in report["events"]]
    rules = [d["rule"] for d in report["diagnoses"] if d["confidence"] == "certain"]
    found = sum(rules.count(r) for r in ("alloc.only-cma-at-order", "vmalloc.module-space-exhausted",
                                         "free.struct-page-as-address", "module.relocation-out-of-range"))
    ratio = middle["oopsdoc analyze"] / middle["rg -c -F -f"]
    print(f"planted {crashes}, found {found}; {len(kinds)} events; peak {peak} kB; "
          f"oopsdoc/rg {ratio:.2f}, oopsdoc/wc {middle['oopsdoc analyze'] / middle['wc -l']:.2f}")
    broken = [found < crashes, ratio > 1, peak > LIMIT_KB, starts_slowly(tool), dense(tool)]
    return any(broken)


if __name__ == "__main__":
    sys.exit(main())
