#!/usr/bin/env python3
"""make_logs.py FOLDER COUNT [--from FOLDER] [--size BYTES] [--seed N]: many logs of few faults, for triage.

Each is a log of the lab (tests/logs by default: those named ARCH-RELEASE-FAULT.log that begin with a boot), as another
machine, another day and another way to capture it would have it: another host, form, clock, other ordinary lines among
those of the boot and behind the end, in some between those of the report, up to the size.
FOLDER.truth.tsv says for each log (by the number in its name) which fault of which kernel it is.
"""
import argparse
import pathlib
import random
import re

NAME = re.compile(r"((?:amd64|arm64|i386|armhf|ppc64el|riscv64|s390x)-\d+\.\d+\.\d+[-+][^/]*?)-([a-z][a-z0-9]*(?:_[a-z0-9]+)*)$")
STAMP = re.compile(rb"^(?:<\d+>)?\[ *(\d+)\.(\d{6})\] ?")
ORDINARY = [
    "usb 1-{a}: new high-speed USB device number {b} using xhci_hcd",
    "usb 1-{a}: New USB device found, idVendor={h:04x}, idProduct={i:04x}, bcdDevice= 1.0{a}",
    "EXT4-fs (sda{a}): mounted filesystem with ordered data mode. Quota mode: none.",
    "systemd[1]: Started Session {b} of user operator{a}.",
    "e1000e 0000:00:1f.{a} eth0: NIC Link is Up {b} Mbps Full Duplex, Flow Control: Rx/Tx",
    "IPv6: ADDRCONF(NETDEV_CHANGE): wlan{a}: link becomes ready",
    "pci 0000:00:{b:02x}.0: [8086:{h:04x}] type 00 class 0x060000",
    "input: Power Button as /devices/LNXSYSTM:00/LNXPWRBN:0{a}/input/input{b}",
    "audit: type=1400 audit(16{b}.{a}:{b}): apparmor=\"STATUS\" operation=\"profile_load\" name=\"svc{a}\" pid={b}",
    "random: crng init done, {h} bits",
]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
FORMS = ("dmesg", "level", "console", "syslog", "iso", "journal", "caller", "ctime", "ci", "kmsg")


def sources(folder):
    """(kernel, fault, lines with their time in us) of each log of the lab that is a dmesg from its boot on."""
    for path in sorted(pathlib.Path(folder).rglob("*.log")):
        match = NAME.match(path.stem)
        if not match:
            continue
        lines, last = [], 0
        for line in path.read_bytes().replace(b"\r\n", b"\n").splitlines():
            stamp = STAMP.match(line)
            last = int(stamp[1]) * 1000000 + int(stamp[2]) if stamp else last
            lines.append((last, bool(stamp), line[stamp.end():] if stamp else line))
        boots = [number for number, line in enumerate(lines) if b"Linux version " in line[2]]
        if len(boots) == 1 and boots[0] < 5 and sum(line[1] for line in lines) * 10 > 9 * len(lines):
            yield match[1], match[2], lines[boots[0]:]


def noise(rng):
    text = rng.choice(ORDINARY)
    return text.format(a=rng.randrange(1, 9), b=rng.randrange(2, 99), h=rng.randrange(1 << 16),
                       i=rng.randrange(1 << 16)).encode()


def first_report(lines):
    """Ordinary lines may stand before it only: a report is not torn."""
    for number, line in enumerate(lines):
        if re.search(rb"kfault|BUG|WARNING|Unable|panic|failure|cut here|blocked for|stall|Mem-Info|Out of memory", line[2]):
            return max(2, number - 3)
    return len(lines)


def dressed(form, rng, host, start, time, text):
    seconds, micro = divmod(time, 1000000)
    stamp = f"[{seconds:5d}.{micro:06d}] "
    wall = start + seconds
    day, rest = divmod(wall, 86400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    month, day = divmod(day % 336, 28)
    head = {
        "dmesg": stamp, "level": "<6>" + stamp, "console": stamp,
        "syslog": f"{MONTHS[month]} {day + 1:2d} {clock} {host} kernel: {stamp}",
        "iso": f"2026-{month + 1:02d}-{day + 1:02d}T{clock}.{micro:06d}+00:00 {host} kernel: {stamp}",
        "journal": f"{MONTHS[month]} {day + 1:02d} {clock} {host} kernel: ",
        "caller": f"[{seconds:5d}.{micro:06d}][    T1] ",
        "ctime": f"[{DAYS[wall // 86400 % 7]} {MONTHS[month]} {day + 1:2d} {clock} 2026] ",
        "ci": f"2026-{month + 1:02d}-{day + 1:02d}T{clock}.{micro // 1000:03d}Z {stamp}",
        "kmsg": f"6,{time // 977},{time},-;",
    }[form]
    return head.encode() + text + (b"\r\n" if form == "console" else b"\n")


def make(rng, lines, size):
    form, host = rng.choice(FORMS), f"{rng.choice(('web', 'db', 'edge', 'node'))}-{rng.randrange(4000)}"
    start, shift = rng.randrange(336 * 86400), rng.choice((0, 0, rng.randrange(10**6), rng.randrange(10**12)))
    lines = [(time + shift, text) for time, _, text in lines]
    cut = first_report([(0, 0, text) for _, text in lines])
    report = sum(len(text) + 40 for _, text in lines)
    room = max(0, size - report)
    before, after = [], [b"random: crng init done, %d bits" % rng.randrange(1 << 32)]  # no two logs are the same
    while room > 0:
        text = noise(rng)
        (before if rng.random() < 0.7 else after).append(text)
        room -= len(text) + 40
    places = sorted(rng.randrange(1, cut) for _ in before) if cut > 1 else []
    out, at = [], 0
    for place, text in zip(places, before):
        out += lines[at:place]
        at = max(at, place)
        out.append((out[-1][0] if out else shift, text))
    rest = lines[at:]
    for _ in range(rng.choice((0, 0, 0, 12)) if len(rest) > 1 else 0):  # between the lines of the report too
        place = rng.randrange(1, len(rest))
        rest.insert(place, (rest[place - 1][0], noise(rng)))
    out += rest
    last = out[-1][0]
    out += [(last + 1000 * (number + 1), text) for number, text in enumerate(after)]
    return b"".join(dressed(form, rng, host, start, time, text) for time, text in out), host, form


def write_logs(folder, count, source="tests/logs", size=60000, seed=1):
    rng = random.Random(seed)
    found = list(sources(source))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    order = list(range(count))
    rng.shuffle(order)
    with open(folder.parent / (folder.name + ".truth.tsv"), "w") as truth:
        for number in order:
            kernel, fault, lines = found[number % len(found)]
            data, host, form = make(rng, lines, size)
            place = folder / f"{number % max(4, count // 100):02d}"
            place.mkdir(exist_ok=True)
            (place / f"{rng.randrange(1 << 32):08x}-{number}.log").write_bytes(data)
            truth.write(f"{number}\t{kernel}\t{fault}\t{host}\t{form}\n")
    return len(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("count", type=int)
    parser.add_argument("--from", dest="source", default="tests/logs")
    parser.add_argument("--size", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    kinds = write_logs(args.folder, args.count, args.source, args.size, args.seed)
    print(f"{args.count} logs of {kinds} faults of kernels")


if __name__ == "__main__":
    main()
