#!/usr/bin/env python3
"""kernel_check.py TREE... : what of this project's knowledge no longer fits a kernel source tree.

    facts      every fact table against the header that it states
    wordings   every text that a recogniser relies on against the format strings of the tree
    formats    what the tree prints that looks like ours and wakes no recogniser
    functions  the functions that rules were read from, by a hash (docs/kernel-checked.tsv says what was looked at)

Prints what to look at and exits 1 if there is any. What was looked at and is right stands in docs/kernel-accepted.tsv
with its reason. docs/new-kernel.md says how a release is done. A tree needs Makefile mm kernel lib arch fs init block
net include drivers security ipc. Run from the top of the repository.

    --only PART       facts, wordings, formats or functions
    --unused          tells the rows of docs/kernel-accepted.tsv that none of the trees needs: give all that it was made for
    --read            enters the functions of the trees into docs/kernel-checked.tsv: after they were read
    --lib FOLDER      the tables to check (lib)
    --docs FOLDER     where the two .tsv stand (docs)
    --tables          lists each .def with how it is checked, or why it is not
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from kernel import facts, formats, functions, wordings  # noqa: E402
from kernel.tree import Tree, pack  # noqa: E402

NOT_CHECKABLE = {  # table -> why no source tree can confirm it
    "core/rows.def": "the grammar of rows, no facts", "core/rows_end.def": "the grammar of rows, no facts",
    "family/families.def": "the list of families, no facts",
    "core/stable.def": "how distributions write their versions", "core/vendor.def": "distributions and their back-ports",
    "input/grammars.def": "what programs other than the kernel print before a line",
    "core/evidence.def": "which architecture alone prints a text: the texts are those of parse_*.c, that they are alone is "
                         "a judgement over all architectures",
    "family/device/class.def": "our words for what a line of wording.def means",
    "family/free/layout_more.def": "sums over several headers and the paging mode of the CPU; riscv's stand in "
                                   "Documentation alone",
    "family/address/layout.def": "sums over several headers and the paging mode of the CPU; riscv's stand in Documentation "
                                 "alone",
    "family/address/magic.def": "marks of several headers, and constants that code computes with",
    "family/boot/stage.def": "what boot loaders, init programs and firmware print, beside a few lines of the kernel",
    "family/fault/access.def": "instructions, from the manuals of the processors",
    "family/fault/s390_access.def": "instructions, from the manual of the processor",
    "family/fault/effect.def": "instructions, from the manuals of the processors",
    "family/fault/insn.def": "instructions, from the manuals of the processors",
    "family/gfp/gfp_backports.def": "distributions and their back-ports",
    "family/hang/hypervisor.def": "names of firmware and hypervisors",
    "family/lock/lockdep_company.def": "lines that are passed over: one that is printed no more costs nothing",
    "family/lock/locking.def": "what to do about a report: judgement, its titles are lockdep_title.def",
    "family/lock/waited.def": "our words for what wait.def names",
    "family/module/symbol_hint.def": "symbols of compilers and of whole subsystems: judgement",
}
BY_HASH = {  # table -> functions and macros of docs/kernel-checked.tsv
    "family/alloc/alloc_rules.def": "alloc_rules.def", "family/vmalloc/vmalloc_area.def": "vmalloc_area.def",
    "family/vmalloc/module_area.def": "module_area.def", "family/vmalloc/layout.def": "layout.def",
}


def tables(lib):
    """(table, how it is checked or None) of each .def."""
    for path in sorted(lib.rglob("*.def")):
        name = str(path.relative_to(lib))
        if name in facts.CHECKS:
            how = "facts"
        elif name in wordings.TABLES:
            how = "wordings"
        elif name in BY_HASH:
            depends = [function for function, _, why in functions.READ if BY_HASH[name] in why]
            how = "functions: " + " ".join(depends) if depends else None
        elif path.stem == path.parent.name and path.parent.parent.name == "family":
            how = "rows of a family: its texts are in parse_*.c (wordings)"
        else:
            how = "not checkable: " + NOT_CHECKABLE[name] if name in NOT_CHECKABLE else None
        yield name, how


class Accepted:
    """docs/kernel-accepted.tsv: part, key (a '*' at its end: all that begin so), from, until, reason."""

    def __init__(self, path):
        self.rows, self.used = [], set()
        for line in path.read_text().splitlines() if path.exists() else []:
            if line and line[0] != "#":
                part, key, first, until, reason = line.split("\t")
                assert reason, line
                self.rows.append((part, key, self._release(first, 0), self._release(until, 0xffffffff), f"{first} to {until}"))

    @staticmethod
    def _release(text, other):
        return other if text == "-" else pack(*map(int, text.split(".")))

    def has(self, part, key, version):
        for row in self.rows:
            fits = key == row[1] or row[1].endswith("*") and key.startswith(row[1][:-1])
            if part == row[0] and fits and row[2] <= version < row[3]:
                self.used.add(row)
                return True
        return False

    def unused(self, versions, only):
        """Rows that speak of one of the versions and accepted nothing."""
        for row in self.rows:
            part, key, first, until, said = row
            if row not in self.used and only in (None, part) and any(first <= version < until for version in versions):
                yield part, key, said


def findings(tree, lib, docs, only):
    """(part, key, what)"""
    if only in (None, "facts"):
        for table, check in facts.CHECKS.items():
            for key, what in check(tree, lib):
                yield "facts", f"{pathlib.Path(table).stem}: {key}", what
    if only in (None, "wordings"):
        for text, what in wordings.gone(tree, lib):
            yield "wordings", formats.key(text), what
    if only in (None, "formats"):
        for key, what in formats.unmatched(tree, lib):
            yield "formats", key, what
    if only in (None, "functions"):
        for key, what in functions.changed(tree, docs / "kernel-checked.tsv"):
            yield "functions", key, what


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("trees", nargs="*")
    options.add_argument("--only", choices=("facts", "wordings", "formats", "functions"))
    options.add_argument("--unused", action="store_true")
    options.add_argument("--read", action="store_true")
    options.add_argument("--tables", action="store_true")
    options.add_argument("--lib", type=pathlib.Path, default="lib")
    options.add_argument("--docs", type=pathlib.Path, default="docs")
    o = options.parse_args()
    if o.tables:
        print("\n".join(f"{name:40}{how or 'NOT COVERED'}" for name, how in tables(o.lib)))
        return any(how is None for _, how in tables(o.lib))
    if o.read:
        functions.write({tree.name: functions.current(tree) for tree in map(Tree, o.trees)}, o.docs / "kernel-checked.tsv")
        return 0
    bad, versions, accepted = 0, [], Accepted(o.docs / "kernel-accepted.tsv")
    for tree in map(Tree, o.trees):
        number = new = 0
        versions.append(tree.version)
        for part, key, what in findings(tree, o.lib, o.docs, o.only):
            number += 1
            if not accepted.has(part, key, tree.version):
                new += 1
                print(f"{tree.name} {part}\t{key}\t{what}")
        print(f"{tree.full}: {number} findings, {number - new} looked at, {new} unexplained")
        bad += new
    for row in accepted.unused(versions, o.only) if o.unused else ():
        print("unused", *row, sep="\t")
        bad += 1
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
