#!/usr/bin/env python3
"""corpus.py TOOL SHARED: what the tool makes of GFP masks and of failed allocations in real logs.

SHARED is the folder with reference/, corpus/dev/ and lab/logs/; what is not there is passed over.
Three parts are printed:

  1. GFP masks: rows of the reference tables through `TOOL decode gfp`, and each mask of a log whose
     names the kernel printed. Every disagreement is listed with what resolved it.
  2. Each failed allocation and OOM kill with a memory dump: the verdict, whether the free lists add
     up, the three samples of free memory, and for lab logs whether the verdict is the truth.
  3. Totals.

Exit status 1: a lab verdict is wrong as certain, a failure with a memory dump has not exactly one
primary verdict, or a mask is decoded wrongly.
"""
import collections
import concurrent.futures
import csv
import json
import pathlib
import re
import subprocess
import sys

KINDS = ("page_alloc_failure", "oom_kill", "vmalloc_failure")
VENDOR_MARKS = (".el", ".al", ".amzn", "-default", "-android", ".oe", "-tlinux", ".vz")


def run(tool, *args):
    done = subprocess.run([tool, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        report = json.loads(done.stdout.decode("utf-8", "replace"))
    except ValueError:
        return None
    return report[0] if isinstance(report, list) else report


def in_parallel(work, items):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, items))


def rows_of(path):
    """Rows of a table with a heading; lines with # are comments."""
    if not path.exists():
        return []
    lines = [l for l in path.read_text().splitlines() if l and not l.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


# ---- 1a. reference tables through the decoder ----------------------------------------------------

def names_of(gfp):
    return "|".join((gfp or {}).get("names") or [])


def check_decode(tool, title, checks):
    """checks: (kernel, mask, names expected, what it is). Gives the number of disagreements."""
    def ask(check):
        return names_of(run(tool, "decode", "gfp", check[1], "--kernel", check[0]))
    found = in_parallel(ask, checks)
    bad = [(c, f) for c, f in zip(checks, found) if f != c[2]]
    print(f"{title}: {len(checks) - len(bad)} of {len(checks)} agree")
    for (kernel, mask, names, what), ours in bad:
        print(f"  {kernel} {mask}: {names or '()'}, ours {ours or '()'} ({what})")
    return len(bad)


def checks_of_logs(folder):
    return [(r["kernel"], r["mask"], r["names_printed"], r["source"])
            for r in rows_of(folder / "verify-dev.tsv")
            if r["class"] == "real" and r["names_printed"]]


def checks_of_kernels(folder):
    return [(r["release"], r["value"], r["printed"], f"{r['arch']} {r['name_or_bit']}")
            for r in rows_of(folder / "flag-names-by-kernel.tsv") if r["set"] in ("gfp", "gfpbit")]


def checks_of_composites(folder):
    checks = []
    for row in rows_of(folder / "gfp-composites.tsv"):
        # __GFP_RECLAIM has the value of GFP_NOIO, which stands before it in the kernel's table
        if row["in_show_table"] not in ("", "__GFP_RECLAIM") and int(row["hex"], 16):
            for end in ("first_version", "last_version"):
                version = row[end].rstrip("+")
                if version_key(version) >= (4, 6):
                    checks.append((version, row["hex"], row["in_show_table"], "composite"))
    return checks


def version_key(text):
    numbers = [int(n) for n in text.rstrip("+").split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)) if numbers[0] == 2 else numbers[:2])


def holds(condition, options):
    """Is a condition of the table, or of the decoder (terms with ||), true of these options?"""
    terms = [t for t in re.split(r"\s*\|\|\s*", condition or "") if t] or [""]
    return any(all((literal.lstrip("!") in options) != literal.startswith("!")
                   for literal in re.split(r"\s*&&\s*", term) if literal) for term in terms)


def flag_at(meanings, version, options):
    for meaning in meanings:
        until = meaning.get("until")
        if (version_key(meaning["from"]) <= version and holds(meaning.get("condition"), options)
                and (not until or version < version_key(until))):
            return (meaning.get("flags") or [None])[0]
    return None


def check_bits(tool, folder):
    """Every row of gfp-bits.tsv, at both ends of its range, against --all-versions."""
    rows = [r for r in rows_of(folder / "gfp-bits.tsv") if int(r["hex"], 16)]
    masks = sorted({r["hex"] for r in rows})
    reports = in_parallel(lambda m: run(tool, "decode", "gfp", m, "--all-versions"), masks)
    meanings = {m: (r or {}).get("meanings", []) for m, r in zip(masks, reports)}
    bad = 0
    for row in rows:
        condition = row["condition"] or ""
        condition = "" if condition.startswith("no effect") else condition
        options = {t for t in re.split(r"\s*&&\s*", condition) if t and not t.startswith("!")}
        for end in (row["first_version"], row["last_version"]):
            found = flag_at(meanings[row["hex"]], version_key(end), options)
            if found != row["flag"]:
                bad += 1
                print(f"  {end} {row['hex']} {condition}: {row['flag']}, ours {found}")
    if rows:
        print(f"rows of gfp-bits.tsv at both ends: {2 * len(rows) - bad} of {2 * len(rows)} agree")
    return bad


def check_tables(tool, folder):
    bad = check_bits(tool, folder)
    for title, checks in (("masks of real logs (verify-dev.tsv)", checks_of_logs(folder)),
                          ("masks printed by kernels themselves", checks_of_kernels(folder)),
                          ("composites at both ends", checks_of_composites(folder))):
        if checks:
            bad += check_decode(tool, title, checks)
    return bad


# ---- 1b. masks in the logs -----------------------------------------------------------------------

def boot_of(report, event):
    return next((b for b in report.get("boots") or [] if b.get("boot") == event.get("boot")), {})


def why_differs(gfp, boot):
    """Class of a mask that the table of the log's version does not print so."""
    version = gfp.get("version") or {}
    if not boot.get("kernel_version"):
        return "no version in the log"
    if "no known kernel" in version.get("note", ""):
        return "no table agrees: vendor bits, edited, or our error"
    if any(mark in boot.get("kernel_release", "") for mark in VENDOR_MARKS):
        return "vendor table"
    return "text of another version"


def print_masks(reports):
    count = collections.Counter()
    for path, report in reports:
        for event in report.get("events") or []:
            gfp = event.get("gfp") or {}
            version = gfp.get("version") or {}
            if "printed" not in gfp:
                continue
            same = names_of(gfp) == gfp["printed"].replace(" ", "")
            if same and version.get("by") != "assumed":
                count["agree, with the version of the log"] += 1
                continue
            boot = boot_of(report, event)
            kind = why_differs(gfp, boot) if same or boot else "our error"
            count[f"{'agree' if same else 'DISAGREE'}: {kind}"] += 1
            print(f"  {path.parent.name}/{path.name}:{event['lines'][0][0]}"
                  f" {boot.get('kernel_release', '-')} {gfp['value']}({gfp['printed']})"
                  f" ours {names_of(gfp)}, table of {gfp.get('version_used')}"
                  f" ({version.get('by')}{': ' + version['note'] if 'note' in version else ''})")
    for kind, number in sorted(count.items()):
        print(f"masks with printed names: {number} {kind}")
    return sum(n for kind, n in count.items() if kind.startswith("DISAGREE"))


# ---- 2. failed allocations -----------------------------------------------------------------------

def failures(report):
    for event in report.get("events") or []:
        if event.get("kind") in KINDS and event.get("meminfo"):
            yield event


def primaries(report, event):
    return [d for d in report.get("diagnoses") or []
            if event["id"] in (d.get("events") or []) and d.get("role") == "primary"
            and d["rule"].split(".")[0] in ("alloc", "vmalloc")]


def buddy_faults(event):
    """(zones with a list, zones that add up, why the others do not)"""
    zones = [z for z in event["meminfo"].get("zones") or [] if z.get("buddy")]
    why = []
    for zone in zones:
        if zone.get("buddy_adds_up"):
            continue
        orders = [b["order"] for b in zone["buddy"]]
        if "buddy_kb" not in zone:
            why.append(f"{zone['name']}: cut before the sum")
        elif orders != list(range(len(orders))):
            why.append(f"{zone['name']}: a group is lost")
        elif not event.get("complete"):
            why.append(f"{zone['name']}: dump is cut")
        else:
            why.append(f"{zone['name']}: numbers do not fit the sum")
    return len(zones), len(zones) - len(why), why


def samples(event, page_kb):
    """Free kB three times: the global counter, the zones, the free lists. '-' where not printed."""
    meminfo = event["meminfo"]
    zones = meminfo.get("zones") or []
    counters = meminfo.get("counters_pages") or {}
    whole = counters["free"] * page_kb if "free" in counters else "-"
    of_zones = sum(z.get("free_kb", 0) for z in zones) if zones else "-"
    of_lists = sum(z.get("buddy_kb", 0) for z in zones) if zones else "-"
    return f"{whole}/{of_zones}/{of_lists}"


def truth_of(path):
    """Rule ids that are due in a lab log, alloc.* and vmalloc.* only, and what was done to the kernel;
    None without a truth. An OOM kill without a rule of its own is one of the whole machine."""
    expected = path.with_suffix(".json")
    if path.parent.name != "logs" or not expected.exists():
        return None, ""
    truth = json.loads(expected.read_text())["expected"]
    due = {rule for row in truth["rules"] for rule in row
           if rule.split(".")[0] in ("alloc", "vmalloc")}
    if not due and "oom_kill" in truth["kinds"]:
        due = {"alloc.out-of-memory"}
    return due or None, truth["root_cause"]


def judge_log(path, report):
    """right, WRONG, wrong-and-certain, or '-' for a log without a truth about memory."""
    due, _ = truth_of(path)
    said = [d for event in failures(report) for d in primaries(report, event)]
    if due is None or not any(True for _ in failures(report)):
        return "-"
    if any(d["rule"] in due for d in said):
        return "right"
    return "wrong-and-certain" if any(d["confidence"] == "certain" for d in said) else "WRONG"


def failure_row(path, report, event, truth):
    boot = boot_of(report, event)
    gfp = event.get("gfp") or {}
    said = primaries(report, event)
    verdict = said[0]["rule"] if said else "none"
    lists, good, why = buddy_faults(event)
    page_kb = boot.get("page_size", 4096) // 1024
    return [f"{path.parent.name}/{path.stem}", event["lines"][0][0],
            boot.get("kernel_version", "-"), event["kind"], event.get("order", "-"),
            f"{gfp.get('value', '-')}({names_of(gfp)})",
            verdict if len(said) < 2 else f"{len(said)} primaries",
            said[0]["confidence"] if said else "-", f"{good} of {lists}",
            samples(event, page_kb), truth, truth_of(path)[1], "; ".join(why)]


def print_failures(reports, count):
    print("log\tline\tkernel\tkind\torder\tmask\tverdict\tconfidence\tlists that add up"
          "\tfree kB: counter/zones/lists\ttruth\troot cause\twhy not")
    for path, report in reports:
        truth = judge_log(path, report)
        if truth != "-":
            count[f"lab logs {truth}"] += 1
        for event in failures(report):
            row = failure_row(path, report, event, truth)
            print("\t".join(str(cell) for cell in row))
            said = primaries(report, event)
            lists, good, why = buddy_faults(event)
            count["failures with a dump"] += 1
            count["with one primary verdict" if len(said) == 1 else
                  "WITH SEVERAL primaries" if said else
                  "WITHOUT a primary verdict" if event["meminfo"].get("zones") else
                  "no zone line in the dump: nothing to judge by"] += 1
            count["free lists"] += lists
            count["free lists that add up"] += good
            count.update("free lists: " + text.split(": ")[1] for text in why)


# ---- all of it -----------------------------------------------------------------------------------

def main(tool, shared):
    logs = sorted(p for part in ("corpus/dev", "lab/logs")
                  for p in (shared / part).rglob("*.log"))
    reports = [(p, r or {}) for p, r in
               zip(logs, in_parallel(lambda p: run(tool, "analyze", str(p)), logs))]
    count = collections.Counter()
    print("== GFP masks")
    wrong_masks = check_tables(tool, shared / "reference") + print_masks(reports)
    print("== failed allocations with a memory dump")
    print_failures(reports, count)
    print("== totals")
    for name, number in sorted(count.items()):
        print(f"{number:6} {name}")
    bad = (wrong_masks + count["lab logs wrong-and-certain"] + count["WITHOUT a primary verdict"]
           + count["WITH SEVERAL primaries"])
    return bad != 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
