#!/usr/bin/env python3
"""seeds.py OUT: seeds for the libFuzzer programs, a folder for each, from tests/logs: of each log the events and
some lines around them, so that a seed is small. Run from the top of the repository."""
import pathlib
import sys

sys.path.insert(0, "tests")
from check_golden import frozen_events  # noqa: E402

MOST_BYTES = 6000
LOGS = pathlib.Path("tests/logs")


def piece(log):
    lines = log.read_bytes().splitlines(True)
    events = frozen_events(log)
    wanted = set(range(3)) | {number for _, spans in events for first, last in spans
                              for number in range(first - 3, last + 2)}
    kept = b"".join(line for number, line in enumerate(lines) if number in wanted or not events)
    return kept[:MOST_BYTES]


def main():
    out = pathlib.Path(sys.argv[1])
    for name in ("report", "session", "options", "decode"):
        (out / name).mkdir(parents=True, exist_ok=True)
    config = b"CONFIG_ARM=y\nCONFIG_PAGE_OFFSET=0xC0000000\nCONFIG_HIGHMEM=y\n"
    for number, log in enumerate(sorted(LOGS.rglob("*.log"))):
        text = piece(log)
        name = f"{number:04}"
        plan = bytes((number * 37 + i * 11) % 251 for i in range(16))
        (out / "report" / name).write_bytes(text)
        (out / "session" / name).write_bytes(plan[:4] + text)
        (out / "options" / name).write_bytes(plan + text[:3000] + b"\n====\n" + config + b"\n====\n" + text[:1000])
        (out / "decode" / name).write_bytes(plan)
    return 0


if __name__ == "__main__":
    sys.exit(main())
