"""What rules were read from: functions and macros of the kernel, by a hash of their text.

docs/kernel-checked.tsv says of each which text was read for which releases, and what it means for the rules. Comments,
blanks, and the number and order of lines do not count; names, types and strings do.
"""
import hashlib
import pathlib
import re

TABLE = "docs/kernel-checked.tsv"

PAGE_ALLOC = "mm/page_alloc.c"
DUMP = "mm/show_mem.c lib/show_mem.c mm/page_alloc.c"
READ = [  # (name, files where it may stand, what depends on it)
    ("__zone_watermark_ok", PAGE_ALLOC, "alloc_rules.def, 2: the watermark"),
    ("__zone_watermark_unusable_free", PAGE_ALLOC, "alloc_rules.def, 2: HIGHATOMIC_PAGES, CMA_PAGES"),
    ("zone_watermark_fast", PAGE_ALLOC, "alloc_rules.def, 2: FAST_TEST, UNBOOSTED_TEST"),
    ("gfp_to_alloc_flags", PAGE_ALLOC, "alloc_rules.def, 1: rights of a mask"),
    ("alloc_flags_slowpath", PAGE_ALLOC, "alloc_rules.def, 1: rights of a mask (7.3 on)"),
    ("alloc_flags_nonblocking", PAGE_ALLOC, "alloc_rules.def, 1: rights of a mask (7.3 on)"),
    ("gfp_to_alloc_flags_cma", PAGE_ALLOC, "alloc_rules.def, 1: CMA_FOR_MOVABLE"),
    ("alloc_flags_cma", PAGE_ALLOC, "alloc_rules.def, 1: CMA_FOR_MOVABLE (7.3 on)"),
    ("__gfp_pfmemalloc_flags", PAGE_ALLOC, "alloc_rules.def, 1: RESERVE_ATTEMPT, VICTIM_RIGHT"),
    ("__alloc_pages_slowpath", PAGE_ALLOC, "replay: which attempt is the last one"),
    ("should_reclaim_retry", PAGE_ALLOC, "rule_alloc_reclaim.c"),
    ("should_compact_retry", PAGE_ALLOC, "rule_alloc_reclaim.c"),
    ("__alloc_pages_may_oom", PAGE_ALLOC, "rule_alloc_reclaim.c, rule_oom.c"),
    ("get_page_from_freelist", PAGE_ALLOC, "replay/zones.c: which zones are tried"),
    ("rmqueue_buddy", PAGE_ALLOC, "alloc_rules.def, 3: HIGHATOMIC_FIRST, HIGHATOMIC_LAST"),
    ("rmqueue", PAGE_ALLOC, "alloc_rules.def, 3 (to 5.10 the lists, too)"),
    ("fallbacks", PAGE_ALLOC, "replay/lists.c: the order of migratetypes"),
    ("reserve_highatomic_pageblock", PAGE_ALLOC, "replay/watermark.c: the limit of the reserve"),
    ("__alloc_frozen_pages_noprof", PAGE_ALLOC, "size_check.def; the first attempt"),
    ("warn_alloc", PAGE_ALLOC, "parse_page_alloc_failure.c"),
    ("warn_alloc_show_mem", PAGE_ALLOC, "alloc_rules.def, 4: DUMP_UP_TO_ASKED"),
    ("show_free_areas", DUMP, "parse_meminfo*.c, accounting.def, version_signs.def"),
    ("__show_free_areas", DUMP, "parse_meminfo*.c, accounting.def, version_signs.def"),
    ("show_mem", DUMP, "parse_meminfo.c: the closing lines"),
    ("__show_mem", DUMP, "parse_meminfo.c: the closing lines"),
    ("nr_pcp_alloc", PAGE_ALLOC, "alloc_rules.def, 4: PCP_SCALE"),
    ("oom_badness", "mm/oom_kill.c", "decode_oom.c: who is killed"),
    ("dump_header", "mm/oom_kill.c", "parse_oom_kill.c"),
    ("dump_task", "mm/oom_kill.c", "parse_oom_tasks.c"),
    ("dump_oom_victim", "mm/oom_kill.c", "parse_oom_victim.c (6.12 on)"),
    ("dump_oom_summary", "mm/oom_kill.c", "parse_oom_victim.c (to 6.1)"),
    ("__oom_kill_process", "mm/oom_kill.c", "parse_oom_victim.c"),
    ("constrained_alloc", "mm/oom_kill.c", "rule_oom_node.c"),
    ("check_panic_on_oom", "mm/oom_kill.c", "panic_reason.def"),
    ("slab_out_of_memory", "mm/slub.c", "parse_slab_alloc_failure.c"),
    ("mem_cgroup_print_oom_meminfo", "mm/memcontrol.c", "parse_oom_memcg.c"),
    ("alloc_vmap_area", "mm/vmalloc.c", "parse_vmap_failure.c, rule_vmalloc*.c"),
    ("__vmalloc_node_range", "mm/vmalloc.c", "parse_vmalloc_failure.c"),
    ("__vmalloc_node_range_noprof", "mm/vmalloc.c", "parse_vmalloc_failure.c (6.10 on)"),
    ("__vmalloc_area_node", "mm/vmalloc.c", "parse_vmalloc_failure.c"),
    ("cma_alloc", "mm/cma.c", "parse_cma_failure.c, rule_areas.c"),
    ("__cma_alloc", "mm/cma.c", "parse_cma_failure.c, rule_areas.c"),
    ("pcpu_alloc", "mm/percpu.c", "alloc.percpu-exhausted"),
    ("pcpu_alloc_noprof", "mm/percpu.c", "alloc.percpu-exhausted (6.10 on)"),
    ("VMALLOC_START", "arch/x86/include/asm/pgtable_64_types.h", "vmalloc_area.def, layout.def"),
    ("VMALLOC_SIZE_TB_L4", "arch/x86/include/asm/pgtable_64_types.h", "vmalloc_area.def"),
    ("VMALLOC_SIZE_TB_L5", "arch/x86/include/asm/pgtable_64_types.h", "vmalloc_area.def"),
    ("__VMALLOC_BASE_L4", "arch/x86/include/asm/pgtable_64_types.h", "layout.def"),
    ("__VMEMMAP_BASE_L4", "arch/x86/include/asm/pgtable_64_types.h", "layout.def"),
    ("MODULES_VADDR", "arch/x86/include/asm/pgtable_64_types.h", "module_area.def"),
    ("MODULES_END", "arch/x86/include/asm/pgtable_64_types.h", "module_area.def"),
    ("MODULES_LEN", "arch/x86/include/asm/pgtable_64_types.h", "module_area.def"),
    ("KERNEL_IMAGE_SIZE", "arch/x86/include/asm/page_64_types.h", "module_area.def"),
    ("__PAGE_OFFSET_BASE_L4", "arch/x86/include/asm/page_64_types.h", "layout.def"),
    ("VMALLOC_START", "arch/arm64/include/asm/pgtable.h", "vmalloc_area.def, layout.def"),
    ("VMALLOC_END", "arch/arm64/include/asm/pgtable.h", "vmalloc_area.def, layout.def"),
    ("VMEMMAP_START", "arch/arm64/include/asm/memory.h", "layout.def"),
    ("VMEMMAP_SIZE", "arch/arm64/include/asm/memory.h", "layout.def"),
    ("_PAGE_OFFSET", "arch/arm64/include/asm/memory.h", "layout.def"),
    ("MODULES_VSIZE", "arch/arm64/include/asm/memory.h", "module_area.def"),
    ("MODULES_VADDR", "arch/arm64/include/asm/memory.h", "module_area.def"),
    ("module_alloc", "arch/arm64/kernel/module.c", "module_area.def (to 6.9)"),
    ("module_init_limits", "arch/arm64/kernel/module.c arch/arm64/mm/init.c", "module_area.def (6.5 on)"),
    ("execmem_arch_setup", "arch/arm64/mm/init.c", "module_area.def (6.10 on)"),
    ("execmem_arch_setup", "arch/x86/mm/init.c", "module_area.def (6.10 on)"),
    ("VMALLOC_SIZE", "arch/riscv/include/asm/pgtable.h", "vmalloc_area.def"),
    ("MODULES_VADDR", "arch/riscv/include/asm/pgtable.h", "module_area.def"),
    ("MODULES_VADDR", "arch/loongarch/include/asm/pgtable.h", "module_area.def"),
    ("MODULES_LEN", "arch/s390/include/asm/pgtable.h", "module_area.def"),
    ("is_valid_bugaddr", "arch/x86/kernel/traps.c", "decode_code.c: BUG and WARN by their bytes"),
    ("__warn", "kernel/panic.c", "parse_warning.c: the head of a WARN"),
    ("oops_begin", "arch/x86/kernel/dumpstack.c", "parse_oops.c"),
    ("__die_header", "arch/x86/kernel/dumpstack.c", "parse_oops.c: the die line"),
    ("show_fault_oops", "arch/x86/mm/fault.c", "parse_oops.c"),
    ("__die", "arch/arm64/kernel/traps.c", "parse_oops.c: the die line"),
    ("die_kernel_fault", "arch/arm64/mm/fault.c", "parse_oops.c"),
    ("__die", "arch/arm/kernel/traps.c", "parse_oops.c: the die line"),
    ("die_kernel_fault", "arch/arm/mm/fault.c", "parse_oops.c"),
    ("check_hung_task", "kernel/hung_task.c", "parse_hung_task.c"),
    ("hung_task_info", "kernel/hung_task.c", "parse_hung_task.c"),
    ("watchdog_timer_fn", "kernel/watchdog.c", "parse_lockup.c"),
    ("print_other_cpu_stall", "kernel/rcu/tree_stall.h", "parse_rcu_stall.c"),
    ("print_cpu_stall", "kernel/rcu/tree_stall.h", "parse_rcu_stall.c"),
    ("dump_stack_print_info", "lib/dump_stack.c", "parse_task.c: the CPU line"),
]


def current(tree):
    """(name, file) -> hash of the text, '-' where the tree has none."""
    found = {}
    for name, files, _ in READ:
        path = next((path for path in files.split() if tree.function(name, path)), None)
        text = tree.function(name, path) if path else ""
        found[name, files.split()[0]] = digest(text) if text else "-"
    return found


def digest(text):
    return hashlib.sha256(re.sub(r"\s+", "", text).encode()).hexdigest()[:10]


def table(path=TABLE):
    """(name, file) -> {hash: (releases, note)}"""
    read = {}
    for line in pathlib.Path(path).read_text().splitlines() if pathlib.Path(path).exists() else []:
        if line and line[0] not in "#":
            name, file, text_hash, releases, note = line.split("\t")
            read.setdefault((name, file), {})[text_hash] = (releases.split(), note)
    return read


def changed(tree, path=TABLE):
    """What nobody looked at: (key, what)."""
    read = table(path)
    depends = {(name, files.split()[0]): why for name, files, why in READ}
    for (name, file), text_hash in current(tree).items():
        seen = read.get((name, file), {})
        if text_hash not in seen:
            last = ", ".join(sorted({r for releases, _ in seen.values() for r in releases}, key=release_key)) or "no release"
            yield (f"{name} in {file}", f"{'gone' if text_hash == '-' else 'text ' + text_hash} was not looked at (known: "
                   f"{last}); see {depends[name, file]}")


def release_key(name):
    return [int(part) for part in name.split(".")]


def write(trees_hashes, path=TABLE):
    """Adds what the trees have to the table; notes of texts that are there already stay."""
    read = table(path)
    for release, hashes in trees_hashes.items():
        for key, text_hash in hashes.items():
            releases, note = read.setdefault(key, {}).get(text_hash, ([], ""))
            read[key][text_hash] = (sorted({*releases, release}, key=release_key), note)
    head = [line for line in pathlib.Path(path).read_text().splitlines() if line.startswith("#")] if pathlib.Path(
        path).exists() else []
    lines = ["\t".join((name, file, text_hash, " ".join(releases), note))
             for (name, file) in ((name, files.split()[0]) for name, files, _ in READ)
             for text_hash, (releases, note) in sorted(read.get((name, file), {}).items(),
                                                       key=lambda row: release_key(row[1][0][0]))]
    pathlib.Path(path).write_text("\n".join(head + lines) + "\n")
