#!/usr/bin/env python3
"""index.py [--check]: writes tests/logs/INDEX.md, a page to read, from the SLUG.expect files beside the logs.

With --check nothing is written: exit status 1 when the page is not current. The order of its lines does not
count there: two branches that add a log each merge by keeping both lines.
"""
import pathlib
import sys

LOGS = pathlib.Path(__file__).resolve().parents[1] / "tests/logs"
PAGE = LOGS / "INDEX.md"
HEAD = """# Logs

What each log shows, from the first line of its `.expect` file (made by `tools/index.py`).

| log | shows |
|---|---|
"""


def row(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    shows = lines[0].lstrip("# ") if lines and lines[0].startswith("#") else ""
    if not shows:
        sys.exit(f"{path}: its first line does not say what the log shows (# ...)")
    name = path.relative_to(LOGS).with_suffix("").as_posix()
    return f"| {name} | {shows.replace('|', chr(92) + '|')} |\n"


def main():
    now = HEAD + "".join(row(path) for path in sorted(LOGS.rglob("*.expect")))
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(now, encoding="utf-8")
        return 0
    was = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if sorted(was.splitlines()) != sorted(now.splitlines()):
        print("tests/logs/INDEX.md is not current: python3 tools/index.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
