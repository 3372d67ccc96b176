"""Fact tables against the headers that they state. A check yields (key, what is wrong)."""
import itertools
import re

from . import defs
from .text import literals, strip_comments, wild
from .tree import Header

FAULT = "family/fault/"
GFP = "family/gfp/"
ARM64 = "arch/arm64/"


def differ(ours, theirs, what=lambda key: key):
    """Two dictionaries that should be the same."""
    for key in sorted(set(ours) | set(theirs), key=str):
        if ours.get(key) != theirs.get(key):
            yield what(key), f"ours {ours.get(key)!r}, theirs {theirs.get(key)!r}"


def missing(ours, theirs, what):
    """What the tree has and we have not."""
    for key in sorted(set(theirs) - set(ours), key=str):
        yield f"{what} {key}", f"not in our table: {theirs[key] if isinstance(theirs, dict) else key}"


def check_taint(tree, lib):
    header = Header(tree.texts("include/linux/panic.h", "include/linux/kernel.h"))
    panic = strip_comments(tree.text("kernel/panic.c"))
    theirs = {header.value("TAINT_" + name): (letter, name) for name, letter in
              re.findall(r"TAINT_FLAG\(\s*(\w+)\s*,\s*'(.)'", panic) +
              re.findall(r"\[\s*TAINT_(\w+)\s*\]\s*=\s*\{\s*'(.)'", panic)}
    ours = {}
    for bit, letter, name, first, _ in defs.rows(lib / "family/shared/taint.def", "TAINT"):
        if defs.version(first) <= tree.version:
            ours[int(bit)] = (letter.strip("'"), defs.string(name))
    return differ(ours, theirs, lambda bit: f"bit {bit}")


# ---- GFP ------------------------------------------------------------------------------------------------

CONFIGS = {"KD_GFP_HW_TAGS": "CONFIG_KASAN_HW_TAGS", "KD_GFP_LOCKDEP": "CONFIG_LOCKDEP",
           "KD_GFP_OBJ_EXT": "CONFIG_SLAB_OBJ_EXT"}


def configurations():
    for size in range(len(CONFIGS) + 1):
        yield from map(set, itertools.combinations(CONFIGS, size))


def gfp_header(tree, options):
    return Header(tree.texts("include/linux/gfp_types.h", "include/linux/gfp.h"), {CONFIGS[o] for o in options})


def our_bits(tree, lib, options):
    bits = {}
    for name, first, until, bit, needs, without in defs.rows(lib / GFP / "gfp_bits.def", "GFP_BIT"):
        needs, without = set(re.findall(r"\w+", needs)) - {"0"}, set(re.findall(r"\w+", without)) - {"0"}
        if defs.holds(tree, first, until) and needs <= options and not without & options:
            bits[name] = int(bit, 0)
    return bits


def check_gfp_bits(tree, lib):
    for options in configurations():
        header = gfp_header(tree, options)
        theirs = {name[6:]: header.value(name) for name in header.names
                  if re.fullmatch(r"___GFP_\w+", name) and not name.endswith("_BIT") and header.value(name)}
        theirs = {name.lstrip("_"): bit for name, bit in theirs.items()}
        yield from differ(our_bits(tree, lib, options), theirs,
                          lambda name: f"__GFP_{name}" + "".join(f" +{CONFIGS[o][7:]}" for o in sorted(options)))


def check_gfp_composites(tree, lib):
    for options in configurations():
        header, bits = gfp_header(tree, options), our_bits(tree, lib, options)
        ours, theirs = {}, {}
        for name, first, until, flags in defs.rows(lib / GFP / "gfp_composites.def", "GFP_COMPOSITE"):
            if defs.holds(tree, first, until):
                ours[name] = hex(sum(bits.get(flag, 0) for flag in re.findall(r"F\((\w+)\)", flags)))
        for (name,) in defs.rows(lib / GFP / "gfp_composites.def", "GFP_NAME"):
            if header.value(name) is not None:
                theirs[name] = hex(header.value(name))
        yield from differ(ours, theirs, lambda name: f"{name}" + "".join(f" +{CONFIGS[o][7:]}" for o in sorted(options)))


def check_gfp_print(tree, lib):
    header = strip_comments(tree.text("include/trace/events/mmflags.h"))
    names = re.findall(r'gfpflag_string\((_*GFP_\w+)\)|\{\s*\(unsigned long\)\s*(_*GFP_\w+)\s*,', header)
    theirs = [a or b for a, b in names]
    if re.search(r"#define __def_gfpflag_names\b(?:[^\n]*\\\n)*[^\n]*TRACE_GFP_FLAGS", header):
        theirs += ["__GFP_" + name for name in re.findall(r"TRACE_GFP_EM\((\w+)\)", header) if name != "a"]
    bits = our_bits(tree, lib, set(CONFIGS))
    composites = {row[0] for row in defs.rows(lib / GFP / "gfp_composites.def", "GFP_COMPOSITE")
                  if defs.holds(tree, row[1], row[2])}
    ours = []
    for macro, (name, first, until) in defs.rows(lib / GFP / "gfp_print.def"):
        if defs.holds(tree, first, until) and (name in composites if macro == "GFP_PRINT_NAME" else name in bits):
            ours.append(name if macro == "GFP_PRINT_NAME" else "__GFP_" + name)
    yield from differ(dict.fromkeys(ours, True), dict.fromkeys(theirs, True))
    if set(ours) == set(theirs) and ours != theirs:
        yield "order", f"ours {' '.join(ours)}, theirs {' '.join(theirs)}"


# ---- the memory dump --------------------------------------------------------------------------------------

def dump_formats(tree):
    """place -> all formats of the memory dump that stand there."""
    text = "\n".join(tree.function(name, "mm/show_mem.c", "mm/page_alloc.c", "lib/show_mem.c") for name in
                     ("show_free_areas", "__show_free_areas", "show_mem", "__show_mem", "show_migration_types",
                      "show_node", "show_swap_cache_info"))
    text += tree.function("show_swap_cache_info", "mm/swap_state.c")
    places = {"GLOBAL": "", "NODE": "", "ZONE": "", "END": ""}
    for _, literal in literals(text):
        place = ("GLOBAL" if "active_anon:%lu inactive_anon" in literal else "NODE" if " active_anon:%lukB" in literal and
                 " min:" not in literal else "ZONE" if " min:%lukB" in literal else "END")
        places[place] += literal + "\n"
    return places


def stands(name, text):
    """Is there a counter of that name, or a closing line?"""
    if name.startswith("pages_") or name.endswith("_pages"):
        return name.replace("_", " ") in text or " ".join(reversed(name.split("_"))) in text
    return re.search(rf"(?<![\w)]){re.escape(name)}:? ?%", text) is not None


def check_version_signs(tree, lib):
    places = dump_formats(tree)
    warn = tree.function("warn_alloc", "mm/page_alloc.c") + tree.text("kernel/cgroup/cpuset.c")
    letters = tree.function("show_migration_types", "mm/show_mem.c", "mm/page_alloc.c")
    for place, name, first, until in defs.rows(lib / GFP / "version_signs.def", "SIGN"):
        name, now = defs.string(name), defs.holds(tree, first, until)
        if place == "HEADER":
            there = {"flag names": "%pGg", "nodemask=": "nodemask=", "cpuset=": ",cpuset="}[name] in warn
        elif place == "BUDDY":
            there = all(f"'{letter}'" in letters for letter in name.strip("()")) and name not in ("(EM)",)
        elif name:
            there = stands(name, places[place] + (places["END"] if place == "GLOBAL" else ""))
        else:
            there = bool(places["NODE"])
        if there != now:
            yield f"{place} {name}", f"{'printed' if there else 'not printed'}, the row says {first} to {until}"


def check_accounting(tree, lib):
    places = dump_formats(tree)
    where = {"PAGES": places["GLOBAL"] + places["END"], "KB": places["NODE"] + places["ZONE"], "END": places["END"]}
    rows = {}
    for name, printed, _, _, _, first, until in defs.rows(lib / "family/memdump/accounting.def", "ACCOUNT"):
        key = (defs.string(name), printed)
        rows[key] = rows.get(key, False) or defs.holds(tree, first, until)
    for (name, printed), now in sorted(rows.items()):
        there = stands(name, where[printed]) if printed != "END" else name in where["END"]
        if there != now:
            yield f"{printed} {name}", f"{'printed' if there else 'not printed'}, the rows say the other"
    known = "\n".join(path.read_text() for path in sorted((lib / "family/memdump").glob("*")))
    for place in ("GLOBAL", "NODE", "ZONE"):
        for name in re.findall(r"([A-Za-z_]+(?:\(\w+\))?):? ?%", places[place]):
            if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)|{re.escape(name.replace('(', '_').rstrip(')'))}", known):
                yield f"{place} new {name}", "a counter that no table knows"


def check_migratetypes(tree, lib):
    """The letters and names that parse_pagetypeinfo.c and the replay know."""
    letters = dict(re.findall(r"\[MIGRATE_(\w+)\]\s*=\s*'(\w)'",
                              tree.function("show_migration_types", "mm/show_mem.c", "mm/page_alloc.c")))
    ours = {"UNMOVABLE": "U", "MOVABLE": "M", "RECLAIMABLE": "E", "HIGHATOMIC": "H", "CMA": "C", "ISOLATE": "I"}
    known = set(re.findall(r"\{ '(\w)', KD_BLOCK_", (lib / "family/alloc/replay/event.c").read_text()))
    yield from differ(ours, letters)
    yield from missing(known, set(ours.values()), "letter")
    names = [text for _, text in literals(tree.function("migratetype_names", "mm/page_alloc.c"))]
    theirs = re.findall(r'"(\w+)"', tree.function("migratetype_names", "mm/page_alloc.c")) or names
    if theirs != ["Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate"]:
        yield "names", " ".join(theirs)


# ---- exceptions -------------------------------------------------------------------------------------------

def table_strings(text):
    """The strings of a table, one an entry."""
    return [literal for _, literal in literals(text)]


def check_esr(tree, lib):
    header = Header(tree.text(ARM64 + "include/asm/esr.h"))
    names = re.findall(r'\[(ESR_ELx_EC_\w+)\]\s*=\s*"([^"]*)"', tree.function("esr_class_str", ARM64 + "kernel/traps.c"))
    theirs = {header.value(name): text for name, text in names if not name.endswith("_MAX")}
    ours = {int(code, 0): defs.string(text) for code, first, _, text in defs.rows(lib / FAULT / "esr.def", "ESR_EC")
            if defs.version(first) <= tree.version}
    yield from differ(ours, theirs, lambda code: f"EC {code:#x}")
    theirs = dict(enumerate(table_strings(tree.function("fault_info", ARM64 + "mm/fault.c"))))
    theirs = {code: text for code, text in theirs.items() if not text.startswith("unknown")}
    ours = {int(code, 0): defs.string(text) for code, first, until, text in defs.rows(lib / FAULT / "esr.def", "ESR_FSC")
            if defs.holds(tree, first, until)}
    yield from differ(ours, theirs, lambda code: f"FSC {code:#x}")
    brk = Header(tree.text(ARM64 + "include/asm/brk-imm.h"))
    ours = {int(row[0], 0) for row in defs.rows(lib / FAULT / "esr.def", "ESR_BRK")}
    yield from missing(ours, {brk.value(name) for name in brk.names
                              if re.search(r"_BRK_IMM(_BASE)?$", name)} - {None}, "BRK")
    aet = {header.value(name) >> 10 for name in header.names if re.fullmatch(r"ESR_ELx_AET_(?!SHIFT)\w+", name)}
    yield from differ({int(row[0]): True for row in defs.rows(lib / FAULT / "esr.def", "ESR_AET")},
                      dict.fromkeys(aet, True), lambda code: f"AET {code}")
    yield from check_ubsan(tree, lib)


def check_ubsan(tree, lib):
    header = Header(tree.text("lib/ubsan.h"))
    theirs = {header.value(name): name[6:] for name in header.names if re.match("ubsan_", name) and
              header.value(name) is not None}
    ours = {int(row[0]): defs.string(row[1]) for row in defs.rows(lib / FAULT / "esr.def", "ESR_UBSAN")}
    for number, name in sorted(theirs.items()):
        words = set(re.findall(r"[a-z]+", ours.get(number, "").replace("div/rem", "divrem").lower()))
        if not words & set(name.split("_")):
            yield f"UBSAN {number}", f"ours {ours.get(number)!r}, theirs {name}"


def check_fsr(tree, lib):
    rows = list(defs.rows(lib / FAULT / "fsr.def", "FSR_SHORT"))
    for table, column in (("fsr_info", 1), ("ifsr_info", 2)):
        theirs = dict(enumerate(table_strings(tree.function(table, "arch/arm/mm/fsr-2level.c"))))
        theirs = {i: text for i, text in theirs.items() if not text.startswith("unknown")}
        ours = {int(row[0]): defs.string(row[column]) for row in rows if row[column] != "NULL"}
        yield from differ(ours, theirs, lambda i: f"short {table} {i}")
    theirs = dict(enumerate(table_strings(tree.function("fsr_info", "arch/arm/mm/fsr-3level.c"))))
    theirs = {i: text for i, text in theirs.items() if not text.startswith("unknown")}
    ours = {int(row[0]): defs.string(row[1]) for row in defs.rows(lib / FAULT / "fsr.def", "FSR_LONG")}
    yield from differ(ours, theirs, lambda i: f"long {i}")


def check_x86_fault(tree, lib):
    header = Header(tree.texts("arch/x86/include/asm/trap_pf.h", "arch/x86/include/asm/traps.h"))
    theirs = {header.value(name).bit_length() - 1: name for name in header.names if name.startswith("X86_PF_") and
              header.value(name)}
    return missing({int(row[0]) for row in defs.rows(lib / FAULT / "x86_fault.def", "X86_FAULT")}, theirs, "bit")


def codes(lib, macro):
    return {int(row[0], 0) for row in defs.rows(lib / FAULT / "cause.def", macro)}


def check_cause(tree, lib):
    riscv = Header(tree.text("arch/riscv/include/asm/csr.h"))
    yield from missing(codes(lib, "RISCV_CAUSE"), {riscv.value(n): n for n in riscv.names if n.startswith("EXC_")}, "riscv")
    mips = Header(tree.text("arch/mips/include/asm/mipsregs.h"))
    yield from missing(codes(lib, "MIPS_CAUSE"), {mips.value(n): n for n in mips.names if n.startswith("EXCCODE_")}, "mips")
    loong = Header(tree.text("arch/loongarch/include/asm/loongarch.h"))
    theirs = {loong.value(n): n for n in loong.names if n.startswith("EXCCODE_") and
              (loong.value(n) or 0) < 64}
    yield from missing(codes(lib, "LOONGARCH_ECODE"), theirs, "loongarch")
    words = table_strings(tree.function("humanize_exc_name", "arch/loongarch/kernel/traps.c"))
    for row in defs.rows(lib / FAULT / "cause.def", "LOONGARCH_ECODE"):
        if words and not any(word.startswith(defs.string(row[1])) for word in words):
            yield f"loongarch name {row[0]}", f"{row[1]} is not printed"
    power = Header(tree.text("arch/powerpc/include/asm/reg.h"))
    bits = {power.value(name) for name in power.names if name.startswith("DSISR_")}
    yield from missing(bits, codes(lib, "DSISR"), "DSISR")
    vectors = Header(tree.text("arch/powerpc/include/asm/interrupt.h"), {"CONFIG_PPC_BOOK3S", "CONFIG_PPC_BOOK3S_64"})
    theirs = {vectors.value(n) for n in vectors.names if n.startswith("INTERRUPT_")}
    yield from missing(theirs, codes(lib, "PPC_VECTOR") if theirs else (), "ppc vector")
    pgm = tree.text("arch/s390/kernel/pgm_check.S")
    theirs = {int(code, 16): name for name, code in re.findall(r"^PGM_CHECK\((\w+)\)\s*/\* (\w+) \*/", pgm, re.M)}
    if not theirs:
        table = re.search(r"\(\*pgm_check_table\[128\]\)[^;{]*=\s*\{(.*?)\};", tree.text("arch/s390/kernel/traps.c"), re.S)
        table = " ".join(table[1].split()) if table else ""
        theirs = {int(code, 16): name for code, name in re.findall(r"\[(0x\w+)\] = (\w+)", table)
                  if name != "default_trap_handler"}
    if not theirs:
        yield "s390 table", "pgm_check_table was not found"
    yield from missing(codes(lib, "S390_CODE"), theirs, "s390")
    traps = tree.function("trap_description", "arch/parisc/mm/fault.c")
    theirs = {int(code): text for code, text in re.findall(r'\[(\d+)\] =? ?"([^"]*)"', traps)}
    yield from missing(codes(lib, "PARISC_TRAP"), theirs or {0: "trap_description was not found"}, "parisc")


# ---- modules, allocations, values --------------------------------------------------------------------------

ELF = {"arm": ["arch/arm/include/asm/elf.h"], "arm64": ["arch/arm64/include/asm/elf.h"],
       "x86_64": ["arch/x86/include/asm/elf.h"],
       "ppc64": ["arch/powerpc/include/uapi/asm/elf.h", "arch/powerpc/include/asm/elf.h"],
       "riscv64": ["arch/riscv/include/uapi/asm/elf.h"], "s390": ["arch/s390/include/asm/elf.h"],
       "parisc": ["arch/parisc/include/asm/elf.h"]}


def check_reloc(tree, lib):
    headers = {arch: Header(tree.texts(*paths)) for arch, paths in ELF.items()}
    for arch, number, name, *_ in defs.rows(lib / "family/module/reloc.def", "RELOC"):
        arch, name = defs.string(arch), defs.string(name)
        value = headers[arch].value(name)
        if value != int(number):
            yield f"{name}", f"ours {number}, theirs {value}"


def check_size_check(tree, lib):
    for path, function, _, first, until in defs.rows(lib / "family/warn/size_check.def", "SIZE_CHECK"):
        path, function = defs.string(path), defs.string(function)
        there = tree.function(function, path)
        if defs.holds(tree, first, until) and "WARN" not in there:
            yield f"{function}", f"no WARN in {path} any more" if there else f"not in {path}"


def check_kmalloc(tree, lib):
    header = Header(tree.text("include/linux/slab.h"), {"CONFIG_SLUB"})
    header.names["PAGE_SHIFT"] = "12"
    cache = header.value("KMALLOC_SHIFT_HIGH")
    for allocator, first, until, pages in defs.rows(lib / "family/alloc/kmalloc.def", "KMALLOC"):
        if allocator == "SLUB" and defs.holds(tree, first, until) and cache != 12 + int(pages) - 1:
            yield "SLUB", f"ours {pages} pages, theirs a shift of {cache}"
    for word, allocator in (("CONFIG_SLAB)", "SLAB"), ("CONFIG_SLOB", "SLOB")):
        text = re.sub(r"(?<=[\w)])\s+", ")", tree.text("mm/Makefile"))
        there = re.search(rf"\({re.escape(word.rstrip(')'))}\)", text) is not None
        now = any(row[0] == allocator and defs.holds(tree, row[1], row[2])
                  for row in defs.rows(lib / "family/alloc/kmalloc.def", "KMALLOC"))
        if there != now:
            yield allocator, f"{'built' if there else 'gone'}, the rows say the other"


POISON = {"LIST_POISON1": 0x100, "LIST_POISON2": 0x122, "POISON_FREE": 0x6b, "POISON_INUSE": 0x5a, "POISON_END": 0xa5}


def check_poison(tree, lib):
    """rule_pointer_value.c and rule_check.c: pointers of list_del() and of freed slabs."""
    header = Header(tree.text("include/linux/poison.h"))
    yield from differ(POISON, {name: header.value(name) for name in POISON})
    for name in ("arch/x86/Kconfig", "arch/arm64/Kconfig"):
        if "default 0xdead000000000000" not in " ".join(tree.text(name).split()):
            yield f"delta {name}", "no ILLEGAL_POINTER_VALUE of 0xdead000000000000"


POISON_BYTES = {0x6b: ["POISON_FREE"], 0xaa: ["PAGE_POISON"], 0x5a: ["POISON_INUSE"], 0xbb: ["SLUB_RED_INACTIVE"],
                0xcc: ["POISON_FREE_INITMEM", "SLUB_RED_ACTIVE"], 0xa7: ["POOL_POISON_FREED"],
                0xa9: ["POOL_POISON_ALLOCATED"]}


def check_poison_bytes(tree, lib):
    header = Header(tree.text("include/linux/poison.h"))
    ours = {int(row[0], 0) for row in defs.rows(lib / "family/address/poison.def", "POISON")}
    for byte in sorted(ours | set(POISON_BYTES)):
        names = POISON_BYTES.get(byte, [])
        if byte not in ours or not names or any(header.value(name) != byte for name in names):
            yield hex(byte), f"{'ours' if byte in ours else 'not ours'}; {[(name, header.value(name)) for name in names]}"


MACHINE_CHECKS = {  # arch/x86/include/asm/mce.h -> the row that has it, and the request that its bits 7:4 tell
    "MCACOD_SCRUB": ("memory", "MCE_MEMORY", "scrub"), "MCACOD_L3WB": ("cache", "MCE_REQUEST", "eviction"),
    "MCACOD_DATA": ("cache", "MCE_REQUEST", "data read"), "MCACOD_INSTR": ("cache", "MCE_REQUEST", "instruction fetch")}
AMD_CHECKS = {"TLB_ERROR": "TLB", "MEM_ERROR": "cache", "BUS_ERROR": "bus"}  # drivers/edac/mce_amd.h
REQUESTS = {"GEN": "any request", "RD": "read", "WR": "write", "DRD": "data read", "DWR": "data write",
            "IRD": "instruction fetch", "PRF": "prefetch", "EV": "eviction", "SNP": "snoop"}


def check_mce(tree, lib):
    table = lib / FAULT / "mce.def"
    header = Header(tree.text("arch/x86/include/asm/mce.h"))
    rows = [(int(mask, 0), int(value, 0), defs.string(name)) for mask, value, name, _ in defs.rows(table, "MCACOD")]
    words = {macro: {int(row[0]): defs.string(row[1]) for row in defs.rows(table, macro)}
             for macro in ("MCE_MEMORY", "MCE_REQUEST")}
    for name, (kind, macro, request) in MACHINE_CHECKS.items():
        code = header.value(name)
        ours = next((row[2] for row in rows if code is not None and code & row[0] == row[1]), None)
        said = words[macro].get((code or 0) >> 4 & (7 if macro == "MCE_MEMORY" else 15))
        if (ours, said) != (kind, request):
            yield name, f"{code}: the rows say {ours}, {said}"
    if header.value("MCACOD") != 0xefff:
        yield "MCACOD", "bit 12 counts"
    amd = tree.text("drivers/edac/mce_amd.h")
    for name, kind in AMD_CHECKS.items():
        there = re.search(rf"#define {name}\(x\)\s*\(\(\(x\) & (0x\w+)\) == (0x\w+)\)", amd)
        if not there or (int(there[1], 16), int(there[2], 16), kind) not in rows:
            yield name, f"theirs {there and there[0]}"
    theirs = dict(enumerate(table_strings(re.sub(r",", ";", tree.function("rrrr_msgs", "drivers/edac/mce_amd.c")))))
    yield from differ(words["MCE_REQUEST"], {i: REQUESTS.get(word, word) for i, word in theirs.items()},
                      lambda i: f"request {i}")


def check_device(tree, lib):
    """Bits of registers and numbers of errors that say.def puts into words."""
    table = lib / "family/device/say.def"
    pci = Header(tree.text("include/uapi/linux/pci_regs.h"))
    theirs = {pci.value(name): name for name in pci.names if name.startswith("PCI_STATUS_")}
    yield from missing(theirs, {1 << int(row[0]) for row in defs.rows(table, "PCI_STATUS")}, "PCI status")
    eh = " ".join(tree.text("drivers/ata/libata-eh.c").split())
    sata = Header(tree.text("include/linux/ata.h") + tree.text("include/linux/libata.h"))
    theirs = {sata.value(name): text for name, text in re.findall(r'& (SERR_\w+) \? "(\w+) "', eh)}
    ours = {1 << int(row[0]): defs.string(row[1]) for row in defs.rows(table, "SATA_ERROR")}
    yield from differ(ours, {bit: theirs.get(bit) for bit in ours}, lambda bit: f"SError {bit:#x}")
    errno = Header(tree.texts("include/uapi/asm-generic/errno-base.h", "include/uapi/asm-generic/errno.h"))
    theirs = {errno.value(name) for name in errno.names if re.fullmatch(r"E[A-Z0-9]+", name)}
    yield from missing(theirs, {int(row[0]) for row in defs.rows(table, "ERRNO")}, "errno")


def check_words(tree, lib):
    """Registers and status numbers that word.def puts into words: AER, SError, status of cards, NVMe, errno."""
    rows = [(row[0], int(row[1]), int(row[2]), int(row[3], 0), defs.string(row[4]))
            for row in defs.rows(lib / "family/device/word.def", "WORD")]
    aer = tree.text("drivers/pci/pcie/aer.c")
    for ours, theirs in (("aer_cor", "aer_correctable_error_string"), ("aer_uncor", "aer_uncorrectable_error_string")):
        table = re.search(theirs + r"\[\w*\]\s*=\s*\{(.*?)\};", aer, re.S)
        names = [text.strip('"') for text in re.findall(r'(NULL|"[^"]*"),', table[1])] if table else []
        known = {shift: words.split(":")[0] for decoder, shift, _, _, words in rows if decoder == ours}
        there = {bit: name for bit, name in enumerate(names) if name not in ("NULL", "Unknown Error Bit 26")}
        yield from differ({bit: known.get(bit) for bit in there}, there, lambda bit: f"{ours} bit {bit}")
    card = Header(tree.text("include/linux/mmc/mmc.h"))
    bits = {1 << shift: words.split(":")[0] for decoder, shift, width, _, words in rows if decoder == "mmc_status" and width == 1}
    there = {card.value("R1_" + name): name for name in bits.values() if card.value("R1_" + name)}
    yield from differ({bit: bits.get(bit) for bit in there}, there, lambda bit: f"card status {bit}")
    nvme = Header(tree.text("include/linux/nvme.h"))
    theirs = {nvme.value(name) for name in nvme.names if name.startswith("NVME_SC_")}
    yield from missing(theirs, {value for decoder, _, width, value, _ in rows if decoder == "nvme_status" and width == 11
                                and value in (0x4, 0x5, 0x6, 0x80, 0x280, 0x281, 0x286)}, "NVMe status")


def check_held(tree, lib):
    """Lines of /proc/meminfo."""
    text = tree.text("fs/proc/meminfo.c")
    for row in defs.rows(lib / "family/leak/held.def", "HELD"):
        if f'"{defs.string(row[0])}:' not in text:
            yield defs.string(row[0]), "no such line in /proc/meminfo"


def check_errno(tree, lib):
    """Numbers of errors, alike on all architectures."""
    header = Header(tree.texts("include/uapi/asm-generic/errno-base.h", "include/uapi/asm-generic/errno.h",
                               "include/linux/errno.h"))
    ours = {defs.string(name): int(number) for number, name in defs.rows(lib / "family/address/errno.def", "ERRNO")}
    yield from differ(ours, {name: header.value(name) for name in ours})
    if Header(tree.text("include/linux/err.h")).value("MAX_ERRNO") != 4095:
        yield "MAX_ERRNO", "is not 4095: rule oops.err-ptr"


def check_constraints(tree, lib):
    theirs = set(re.findall(r'"(CONSTRAINT_\w+)"', tree.function("oom_constraint_text", "mm/oom_kill.c")))
    ours = {"CONSTRAINT_NONE", "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY", "CONSTRAINT_MEMCG"}
    return differ(dict.fromkeys(ours, True), dict.fromkeys(theirs, True))


def check_arch(tree, lib):
    """A new architecture in the tree."""
    known = (lib / "core/arch.def").read_text()
    other = {"x86": "x86_64", "powerpc": "ppc64", "riscv": "riscv64", "loongarch": "loongarch64", "um": "x86_64"}
    for path in sorted((tree.root / "arch").iterdir()) if (tree.root / "arch").is_dir() else []:
        if path.is_dir() and f'"{other.get(path.name, path.name)}"' not in known:
            yield path.name, "an architecture that core/arch.def has not"


NAMES = {  # table -> macros with names of functions in their first column, or in the one named
    "family/shared/machinery.def": ["MACHINERY"], "family/lock/lockdep.def": ["LOCKDEP"],
    "family/lock/wait.def": ["WAIT"], "family/hang/spin.def": ["SPIN"],
    "family/vmalloc/vmalloc_caller.def": ["VMALLOC_CALLER"], "family/alloc/caller_advice.def": ["CALLER"],
    "family/pointer/allocator.def": ["FREELIST"], "family/warn/detector.def": ["DETECTOR", "CHECKER"],
    "family/fault/printer.def": ["PRINTER:1", "BELOW_PRINTER", "ABOVE_PRINTER"]}


def names_of(lib, table):
    columns = [(macro.partition(":")[0], int(macro.partition(":")[2] or 0)) for macro in NAMES[table]]
    return [name for macro, at in columns for row in defs.rows(lib / table, macro) for name in defs.string(row[at]).split()]


def check_names(tree, lib, table):
    """Functions that no source of the tree names any more: renamed?"""
    for name in names_of(lib, table):
        if not tree.has_name(name):
            yield name, "no such name in the source"


CHECKS = {
    "family/shared/taint.def": check_taint, "family/gfp/gfp_bits.def": check_gfp_bits,
    "family/gfp/gfp_composites.def": check_gfp_composites, "family/gfp/gfp_print.def": check_gfp_print,
    "family/gfp/version_signs.def": check_version_signs, "family/memdump/accounting.def": check_accounting,
    "family/fault/esr.def": check_esr, "family/fault/fsr.def": check_fsr, "family/fault/x86_fault.def": check_x86_fault,
    "family/fault/cause.def": check_cause, "family/module/reloc.def": check_reloc,
    "family/warn/size_check.def": check_size_check, "family/alloc/kmalloc.def": check_kmalloc,
    "core/arch.def": check_arch, "family/address/errno.def": check_errno,
    "family/address/poison.def": check_poison_bytes, "family/fault/mce.def": check_mce,
    "family/device/say.def": check_device, "family/device/word.def": check_words, "family/leak/held.def": check_held,
    **{table: (lambda tree, lib, table=table: check_names(tree, lib, table)) for table in NAMES},
    # facts that stand in C
    "poison": check_poison, "constraints": check_constraints, "migratetypes": check_migratetypes,
}
