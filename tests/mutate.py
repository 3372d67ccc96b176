#!/usr/bin/env python3
"""mutate.py [--seed N] [--count N] [--quick] [--keep FOLDER] [PATH...]: do the tests notice when the library is changed?

Makes one small change at a time in a file of lib (or of the given paths): a comparison turned, a constant one up
or down, && for ||, a statement taken away, a result negated. Builds the library with it and runs the logs of
tests/logs, the texts of tests/text and the unit tests until one fails. Prints each mutant that no test notices,
with the reports that differ all the same; a person then says whether it means anything. Run from the top of the
repository. Undefined behaviour ends a program; what only ASan sees survives.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "tests")
import check_golden  # noqa: E402
import check_index  # noqa: E402
import check_text  # noqa: E402

TURNED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}
OPERATOR = re.compile(r"(?<= )(<=|>=|==|!=|&&|\|\||<|>)(?= )")
NUMBER = re.compile(r"(?<![\w.])(0x[0-9a-fA-F]+|[0-9]+)(?=u?\b)(?!\.)")
DECLARES = re.compile(r"(?:const|static|struct|enum|unsigned) |\w+ \*?\w+(?: =|;|\[|,)")
KEYWORDS = ("return", "break", "continue", "goto", "case", "default", "else", "for", "while", "do", "if")
RESULT = re.compile(r"^( +return )([^;]+);$")
HIDDEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|/\*.*?\*/|//.*')


def is_statement(text):
    """A whole statement that does something, on one line."""
    return (text.endswith(";") and text.count("(") == text.count(")") and ("(" in text or "=" in text)
            and not text.startswith((*KEYWORDS, ":", "?", "&", "|")) and not DECLARES.match(text))


def changes_of(line):
    """(text after, what was done) for each change that this line allows."""
    if line.lstrip().startswith(("#", "*", "/*", "KD_")) or not line.startswith("    "):
        return
    bare = HIDDEN.sub(lambda match: " " * len(match[0]), line)
    for match in OPERATOR.finditer(bare):
        yield line[:match.start()] + TURNED[match[0]] + line[match.end():], f"{match[0]} is {TURNED[match[0]]}"
    for match in NUMBER.finditer(bare):
        for step in (1, -1):
            if int(match[0], 0) + step >= 0:
                other = str(int(match[0], 0) + step)
                yield line[:match.start()] + other + line[match.end():], f"{match[0]} is {other}"
    if is_statement(bare.strip()):
        yield line[:len(line) - len(line.lstrip())] + ";", "the statement is gone"
    result = RESULT.match(line)
    if result:
        other = "KD_E_INVAL" if result[2] == "KD_OK" else f"!({result[2]})"  # a positive state is no error
        yield f"{result[1]}{other};", "the result is negated"


def all_changes(paths):
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines()):
            for after, what in changes_of(line):
                yield path, number, line, after, what


class Bench:
    """The library as one shared object with all names visible, and the programs that use it."""

    SCRIPTS = ("check_batch", 2), ("check_match", 1), ("check_cli", 2), ("check_packs", 1), ("check_decoders", 2)

    def __init__(self, folder):
        self.folder = folder
        libraries = subprocess.run(["pkg-config", "--cflags", "--libs", "libpcre2-8", "json-c", "capstone", "check"],
                                   stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        self.links = [*(word for word in libraries if word.startswith(("-l", "-L"))), "-lpthread", "-lm"]
        self.compile = ["cc", "-std=c11", "-O1", "-fPIC", "-w", "-D_GNU_SOURCE", "-DKD_CAPSTONE", "-DKD_NO_SANDBOX",
                        "-D_FORTIFY_SOURCE=2", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error",
                        "-Iinclude", "-Ilib", "-Itests/unit", "-Itests", "-Icli",
                        *(word for word in libraries if word.startswith(("-I", "-D")))]
        sources = [*pathlib.Path("lib").rglob("*.c"), pathlib.Path("build/release/lib/builtin_packs.c")]
        self.object = {path: folder / (str(path).replace("/", "_") + ".o") for path in sources}
        for path, built in self.object.items():
            if not built.exists() or built.stat().st_mtime < path.stat().st_mtime:
                self.build(path, path)
        self.link()
        self.programs = {path.stem: [self.program(path)] for folder in ("unit", "api")
                         for path in sorted(pathlib.Path("tests", folder).glob("test_*.c"))}
        self.tool = self.program(*sorted([*pathlib.Path("cli").glob("*.c"), *pathlib.Path("cli/html").glob("*.c")]))
        self.logs = check_index.read_logs(pathlib.Path("tests/logs").resolve())
        for name, tools in self.SCRIPTS:
            self.programs[name] = [sys.executable, f"tests/{name}.py", *tools * [self.tool]]
        self.programs["check_limits"] = [self.program(pathlib.Path("tests/check_limits.c")), "--every", "7",
                                         *(str(log.path) for log in self.logs)]
        self.texts = [(next(pathlib.Path("tests/logs").glob(f"*/{text.stem}.log")), text.read_bytes())
                      for text in sorted(pathlib.Path("tests/text").glob("*.txt"))]
        self.was = self.reports()
        self.differ = []

    def build(self, path, source):
        subprocess.run([*self.compile, f"-I{path.parent}", "-c", str(source), "-o", str(self.object[path])], check=True,
                       stderr=subprocess.DEVNULL)

    def link(self):
        subprocess.run(["cc", "-shared", "-o", str(self.folder / "libkdiag.so"), *map(str, self.object.values()),
                        *self.links], check=True)

    def program(self, *sources):
        out = self.folder / "_".join(sources[-1].parts[-2:])[:-2]
        subprocess.run([*self.compile, *map(str, sources), "-o", str(out), f"-L{self.folder}", "-lkdiag",
                        f"-Wl,-rpath,{self.folder}", *self.links], check=True)
        return str(out)

    def reports(self):
        """The report of each log, a line each, from one process; the logs with options of their own come last."""
        plain = [log for log in self.logs if not log.path.with_suffix(".args").exists()]
        done = subprocess.run([self.tool, "analyze", "-f", "ndjson", *(str(log.path) for log in plain)], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
        found = dict(zip((log.name for log in plain), done.stdout.splitlines()))
        found.update((log.name, check_index.run(self.tool, log)) for log in self.logs if log not in plain)
        return found

    def log_fails(self, log):
        output = check_index.run(self.tool, log)
        return (any(True for _ in check_index.faults_of_report(log, json.loads(output)))
                or bool(check_golden.difference(log.path, output)))

    def noticed(self):
        """The first test that fails, or None."""
        try:
            now = self.reports()
            self.differ = [log for log in self.logs if now[log.name] != self.was[log.name]]
            for log in self.differ:
                if self.log_fails(log):
                    return log.name
            for log, frozen in self.texts:
                if check_text.run(self.tool, "-f", "text", log) != frozen or any(check_text.faults(self.tool, log)):
                    return f"the text of {log.name}"
        except (subprocess.SubprocessError, ValueError, KeyError) as error:
            return f"the logs: {type(error).__name__}"
        for name, command in self.programs.items():
            try:
                subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            except subprocess.SubprocessError:
                return name
        return None

    def order_programs(self, most):
        """The quick ones first; those that take more seconds are left out."""
        cost = {}
        for name, command in self.programs.items():
            began = time.monotonic()
            try:
                subprocess.run(command, check=True, timeout=most, stdout=subprocess.DEVNULL)
                cost[name] = time.monotonic() - began
            except subprocess.TimeoutExpired:
                pass
        self.programs = {name: self.programs[name] for name in sorted(cost, key=cost.get)}


def try_one(bench, change):
    path, number, _, after, _ = change
    lines = path.read_text().splitlines()
    lines[number] = after
    mutant = bench.folder / "mutant" / path.name  # its name stands in the object
    mutant.parent.mkdir(exist_ok=True)
    mutant.write_text("\n".join(lines) + "\n")
    good = bench.object[path].read_bytes()
    try:
        bench.build(path, mutant)
    except subprocess.CalledProcessError:
        return "does not compile"
    try:
        if bench.object[path].read_bytes() == good:
            return "same code"
        bench.link()
        return bench.noticed()
    finally:
        bench.object[path].write_bytes(good)


def told(differ):
    """How many reports are others, and which are the first."""
    if not differ:
        return "no report differs"
    return f"{len(differ)} reports differ ({', '.join(log.name for log in differ[:3])})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--keep", help="the build's folder, kept afterwards")
    parser.add_argument("--quick", action="store_true", help="without the programs that take more than three seconds")
    parser.add_argument("paths", nargs="*", type=pathlib.Path, default=[pathlib.Path("lib")])
    options = parser.parse_args()
    files = [file for path in options.paths for file in (sorted(path.rglob("*.c")) if path.is_dir() else [path])]
    changes = list(all_changes(files))
    random.Random(options.seed).shuffle(changes)
    folder = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="mutants"))
    folder.mkdir(exist_ok=True)
    bench = Bench(folder.resolve())
    bench.order_programs(3 if options.quick else 600)
    if bench.noticed():
        sys.exit(f"{bench.noticed()} fails without any change")
    print(f"{len(bench.programs)} programs, {len(bench.logs)} logs", flush=True)
    tried, survived = 0, 0
    for change in changes:
        if tried == options.count:
            break
        path, number, before, after, what = change
        by = try_one(bench, change)
        if by in ("does not compile", "same code"):
            continue
        tried += 1
        survived += by is None
        verdict = f"noticed by {by}" if by else f"SURVIVES, {told(bench.differ)}"
        print(f"{tried:3} {verdict}: {path}:{number + 1}: {what}: {before.strip()}", flush=True)
    print(f"{tried} mutants of {len(changes)} possible, {survived} survive")
    if not options.keep:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
