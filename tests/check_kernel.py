#!/usr/bin/env python3
"""check_kernel.py: tools/kernel_check.py finds what changes in a kernel tree. Needs no kernel source.

A small made-up tree is checked, changed in one place, and checked again: exactly the change must be new. Every .def must
be covered or have a reason, and the tables of what was looked at must be whole. Run from the top of the repository.
"""
import functools
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, "tools")
import kernel_check  # noqa: E402
from kernel import defs, facts, formats, functions, wordings  # noqa: E402
from kernel.text import literals, wild  # noqa: E402
from kernel.tree import Header, Tree, pack  # noqa: E402

LIB = pathlib.Path("lib")
FILES = {
    "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\n",
    "kernel/panic.c": "const struct taint_flag taint_flags[] = {\n\tTAINT_FLAG(WARN, 'W', ' '),\n};\n",
    "include/linux/panic.h": "#define TAINT_WARN 9\n",
    "include/linux/gfp_types.h": "enum {\n\t___GFP_DMA_BIT,\n#ifdef CONFIG_LOCKDEP\n\t___GFP_NOLOCKDEP_BIT,\n#endif\n"
                                 "\t___GFP_LAST_BIT\n};\n#define ___GFP_DMA BIT(___GFP_DMA_BIT)\n",
    "arch/arm64/mm/fault.c": 'static const struct fault_info fault_info[] = {\n\t{ do_bad, SIGKILL, "level 1 fault" },\n};\n',
    "mm/page_alloc.c": "/* a comment */\nbool __zone_watermark_ok(struct zone *z)\n{\n\treturn z->free > z->min;\n}\n",
    "mm/oom_kill.c": 'static void dump(void)\n{\n\tpr_warn("%s invoked oom-"\n\t\t"killer: mask=%#x\\n", comm, mask);\n}\n',
    "mm/slub.c": 'void f(void)\n{\n\tpr_err("BUG: something we know the beginning of\\n");\n}\n',
}
CHANGES = [  # file, before, after, the finding: part and a piece of its key
    ("kernel/panic.c", "'W'", "'w'", "facts", "taint: bit 9"),
    ("include/linux/panic.h", "9", "19", "facts", "taint: bit 19"),
    ("include/linux/gfp_types.h", "\t___GFP_DMA_BIT,", "\t___GFP_NEW_BIT,\n\t___GFP_DMA_BIT,", "facts", "gfp_bits: __GFP_DMA"),
    ("arch/arm64/mm/fault.c", "level 1 fault", "another fault", "facts", "esr: FSC 0x0"),
    ("mm/page_alloc.c", ">", ">=", "functions", "__zone_watermark_ok in mm/page_alloc.c"),
    ("mm/page_alloc.c", "a comment", "another comment", None, None),
    ("mm/page_alloc.c", "\treturn", "\n\n  return", None, None),
    ("mm/oom_kill.c", '"\n\t\t"killer', 'killer', None, None),
    ("mm/oom_kill.c", "invoked oom", "called the oom", "wordings", "invoked oom-killer:"),
    ("mm/slub.c", "BUG: something", "heap corruption found", "formats", "heap corruption found"),
]


def build(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tree(folder)


def found(tree, docs):
    seen = {}
    for part, key, what in kernel_check.findings(tree, LIB, docs, None):
        seen[part, key] = what if part in ("facts", "functions") else ""
    return seen


def check_changes(top):
    docs = top / "docs"
    docs.mkdir()
    tree = build(top / "tree", FILES)
    functions.write({tree.name: functions.current(tree)}, docs / "kernel-checked.tsv")
    before = found(tree, docs)
    assert not any(part == "functions" for part, _ in before), "the functions were just read"
    for name, old, new, part, piece in CHANGES:
        assert old in FILES[name], (name, old)
        after = found(build(top / "tree", {**FILES, name: FILES[name].replace(old, new, 1)}), docs)
        fresh = [key for key, what in after.items() if before.get(key) != what]
        if part is None:
            assert not fresh, (name, new, fresh)
        else:
            assert any(key[0] == part and piece in key[1] for key in fresh), (name, new, fresh)
            assert all(key[0] == part for key in fresh), (name, new, fresh)


def check_unused(top):
    """A row that no tree of its releases needs is told, one of other releases is not."""
    path = top / "accepted.tsv"
    path.write_text("facts\tused\t-\t-\tx\nfacts\tgone*\t-\t7.3\tx\nfacts\told\t-\t6.1\tx\nformats\tother\t-\t-\tx\n")
    accepted, version = kernel_check.Accepted(path), pack(6, 12)
    assert accepted.has("facts", "used", version) and not accepted.has("facts", "old", version)
    assert list(accepted.unused([version], None)) == [("facts", "gone*", "- to 7.3"), ("formats", "other", "- to -")]
    assert list(accepted.unused([version], "facts")) == [("facts", "gone*", "- to 7.3")]


def check_pieces():
    assert [wild(text) for _, text in literals('a("x %d" /* "no" */\n "y\\n" PRIx "z", \'"\', "w")')] == ["x \x01y\n\x01z", "w"]
    header = Header("#define A BIT(3)\nenum { B = 4, C, D = A | 1 };\n#if defined(X) && !defined(Y)\n#define E 7\n#endif\n", {"X"})
    assert [header.value(name) for name in "ABCDE"] == [8, 4, 5, 9, 7]
    assert Header("#ifdef X\n#define E 7\n#else\n#define E 0x10UL\n#endif\n").value("E") == 16
    assert wordings.covers("BUG: \x01 stack guard page was hit at \x01", "stack guard page was hit at")
    assert wordings.covers("\x01: page allocation failure: order:\x01", ": page allocation failure: order:4")
    assert not wordings.covers("BUG: \x01", "BUG: Bad page state in")
    assert defs.version("V(6, 12)") < defs.version("KD_KERNEL(6, 12, 107)") < defs.version("V(7, 2)") < defs.NEWEST
    assert formats.OURS.match("BUG: x") and not formats.OURS.match("hello")


def check_tables():
    naked = [name for name, how in kernel_check.tables(LIB) if how is None]
    assert not naked, f"neither checked nor not checkable: {naked}"
    known = {name for name, _ in kernel_check.tables(LIB)}
    gone = [name for name in [*kernel_check.NOT_CHECKABLE, *kernel_check.BY_HASH, *wordings.TABLES,
                              *(name for name in facts.CHECKS if name.endswith(".def"))] if name not in known]
    assert not gone, f"no such table: {gone}"
    kernel_check.Accepted(pathlib.Path("docs/kernel-accepted.tsv"))
    read, wanted = functions.table(), {(name, files.split()[0]) for name, files, _ in functions.READ}
    assert set(read) == wanted, set(read) ^ wanted
    releases = {release for rows in read.values() for seen, _ in rows.values() for release in seen}
    for key, rows in read.items():
        assert sorted(r for seen, _ in rows.values() for r in seen) == sorted(releases), key
        assert all(note for _, note in rows.values()), f"{key}: what does it mean?"


def main():
    wordings.ours = functools.lru_cache(wordings.ours)
    wordings.rows.anchors = functools.lru_cache(wordings.rows.anchors)
    check_pieces()
    check_tables()
    with tempfile.TemporaryDirectory() as top:
        check_changes(pathlib.Path(top))
        check_unused(pathlib.Path(top))
    print(f"{len(CHANGES)} changes of a tree, {len(list(kernel_check.tables(LIB)))} tables")


if __name__ == "__main__":
    main()
