#!/usr/bin/env python3
"""check_triage.py TOOL [COUNT]: the groups are the faults; killed runs go on, processes share a database, a full disk leaves
it whole; archives, bombs and absurd names; comparing. COUNT logs are made from those of tests/logs."""
import gzip
import io
import json
import os
import pathlib
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

sys.path.insert(0, "tests")
import check_groups  # noqa: E402
from make_logs import write_logs  # noqa: E402

from expecting import expect, failures

LOG = pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-null_read.log").resolve()
# it does not tell which kernel wrote it
CUT = b"".join(line for line in LOG.read_bytes().splitlines(keepends=True) if b"Linux version" not in line and b"-amd64" not in line)
tool = ""


def run(*args, status=0, **more):
    done = subprocess.run([tool, "triage", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
                          **more)
    if status is not None:
        expect(f"{args}: status {done.returncode}", done.returncode == status, done.stderr.decode())
    return done


def groups(*args, status=0):
    return json.loads(run("-f", "json", *args, status=status).stdout)


def lines(*args, status=0):
    return [json.loads(line) for line in run("-f", "ndjson", *args, status=status).stdout.splitlines()]


def dump(path):
    """What a database says, whatever the order in which it was written."""
    with sqlite3.connect(path) as db:
        expect("integrity", db.execute("PRAGMA integrity_check").fetchone() == ("ok",))
        logs = {row[0]: row[1:] for row in db.execute("SELECT * FROM logs")}
        sources = {row[0]: (logs.get(row[1]), row[2]) for row in db.execute("SELECT * FROM sources")}
        problems = sorted((logs[row[0]][0], *map(str, row[1:])) for row in db.execute("SELECT * FROM problems"))
        return sources, problems, len(logs)


def faults(made):
    rows = list(check_groups.read(f"{made}.truth.tsv", [json.dumps(line) for line in lines(made)]))
    purity, wholeness = check_groups.measure(rows)
    expect("wholeness", wholeness >= 0.98, wholeness)
    expect("purity", purity >= 0.995, purity)
    whole = groups(made)
    expect("all logs are counted", whole["logs"] == len(rows) and whole["unreadable"] == 0, whole["logs"])
    expect("largest first", [g["logs"] for g in whole["groups"]] == sorted((g["logs"] for g in whole["groups"]), reverse=True))
    first = whole["groups"][0]
    expect("a group says what it is", first["title"] and first["kernels"] and len(first["examples"]) <= 3
           and sum(first["kernels"].values()) <= first["count"], first)
    one = run("-f", "json", "-j", "1", made).stdout
    expect("the same with one thread", json.loads(one) == whole)
    expect("text", f"{len(rows)} logs" in run(made).stdout.decode().splitlines()[0])


def survives(made, folder, rng):
    whole, killed, shared = folder / "whole.db", folder / "killed.db", folder / "shared.db"
    started = time.monotonic()
    run("--db", whole, made)
    length = time.monotonic() - started
    for _ in range(6):
        child = subprocess.Popen([tool, "triage", "--db", killed, made], stdout=subprocess.DEVNULL)
        time.sleep(rng.random() * length)
        child.kill()
        child.wait()
    run("--db", killed, made)
    expect("killed and run again", dump(killed) == dump(whole))
    two = [subprocess.Popen([tool, "triage", "--db", shared, made], stdout=subprocess.DEVNULL) for _ in range(2)]
    expect("two at once", [child.wait(300) for child in two] == [0, 0])
    expect("two at once: the same", dump(shared) == dump(whole))
    again = time.monotonic()
    same = run("-f", "json", "--db", whole, made).stdout
    print(f"first run {length:.2f} s, second {time.monotonic() - again:.2f} s")
    expect("the second run says the same", json.loads(same) == groups(made))
    expect("without a path: all", json.loads(run("-f", "json", "--db", whole).stdout)["groups"]
           == json.loads(same)["groups"])


def full_disk(made, folder):
    path = folder / "full.db"
    run("--db", path, made / "00")

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 8192,) * 2)

    done = run("--db", path, made, status=2, preexec_fn=small)
    expect("full disk: one error", len(done.stderr.splitlines()) == 1, done.stderr)
    dump(path)
    run("--db", path, made)
    run("--db", folder / "whole.db", made)
    expect("full disk: goes on", dump(path) == dump(folder / "whole.db"))


def stopped(made, folder):
    child = subprocess.Popen([tool, "triage", "-f", "json", "--db", folder / "stopped.db", made], stdout=subprocess.PIPE)
    time.sleep(0.15)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    if child.returncode == 3:
        expect("stopped", json.loads(out)["stopped"] is True)
    else:
        expect("was too fast to be stopped", child.returncode in (0, -2), child.returncode)
    run("--db", folder / "stopped.db", made)
    expect("stopped: goes on", dump(folder / "stopped.db") == dump(folder / "whole.db"))


def by_hash(items):
    return {item["hash"]: item["problems"] for item in items}


def archives(made, folder):
    plain = by_hash(lines(made / "00"))
    names = sorted((made / "00").iterdir())
    for mode in ("gz", "xz", "bz2", ""):
        path = folder / f"a.tar{mode}"
        with tarfile.open(path, f"w:{mode}") as out:
            for name in names:
                out.add(name, arcname=f"bundle/var/log/{name.name}")
        expect(f"tar {mode}", by_hash(lines(path)) == plain)
    subprocess.run(f"zstd -q {folder}/a.tar -o {folder}/a.tar.zst", shell=True, check=False)
    if (folder / "a.tar.zst").exists():
        found = lines(folder / "a.tar.zst")
        expect("tar.zst", by_hash(found) == plain)
        expect("member names", found[0]["source"].startswith(f"{folder}/a.tar.zst:bundle/var/log/"), found[0])
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for name in names:
            out.write(name, f"dir/{name.name}")
    expect("zip", by_hash(lines(folder / "a.zip")) == plain)
    with tarfile.open(folder / "nested.tar", "w") as out:
        out.add(folder / "a.zip", arcname="x/a.zip")
        out.add(LOG, arcname="log")
    nested = by_hash(lines(folder / "nested.tar"))
    expect("nested", all(nested.get(key) == value for key, value in plain.items()) and len(nested) == len(plain) + 1)
    broken = (folder / "a.targz").read_bytes()
    (folder / "broken.tgz").write_bytes(broken[:len(broken) // 2])
    found = lines(folder / "broken.tgz", status=2)
    expect("cut archive", any("error" in item for item in found) and len(found) > 1, found[:2])


def bundle(folder):
    """What other files of a bundle tell of the machine is known of its logs; what a log tells itself goes before."""
    path = folder / "sosreport.tar"
    with tarfile.open(path, "w") as out:
        add(out, "sos-x/etc/hostname", b"web-77\n")
        add(out, "sos-x/proc/version", b"Linux version 6.1.0-49-amd64 (x) #1 SMP\n")
        add(out, "sos-x/var/log/kern.log", CUT)
        add(out, "sos-x/var/log/old.log", LOG.read_bytes())
    suse = folder / "scc_x.tar"
    bare = b"[    5.1] BUG: kernel NULL pointer dereference, address: 0000000000000010\n[    5.1] Oops: 0000 [#1] SMP\n"
    with tarfile.open(suse, "w") as out:
        add(out, "scc_x/basic-environment.txt", b"#==[ Command ]====#\n# /bin/uname -a\nLinux db-3 5.14.21-150400.24.33-default "
            b"#1 SMP PREEMPT_DYNAMIC Fri Nov 4 13:55:06 UTC 2022 (76cfe60) x86_64 x86_64 x86_64 GNU/Linux\n\n")
        add(out, "scc_x/messages.txt", bare)
    told = groups(suse)["groups"][0]
    expect("supportconfig", (told["kernels"], told["archs"], told["machines"])
           == ({"5.14.21-150400.24.33-default": 1}, {"x86_64": 1}, 1), told)
    found = groups(path)
    kernels = {name: count for g in found["groups"] for name, count in g["kernels"].items()}
    expect("bundle", kernels.get("6.1.0-49-amd64") == 1 and kernels.get("6.1.0-50-amd64") == 1, found)
    expect("bundle: machine", all(g["machines"] == 1 for g in found["groups"]), found)


def facts(folder):
    """Whatever the order of its files: the .config of that release, the command line and the kernel; of each machine its
    own, in archives and in folders."""
    module = b"[   77.000100] vmalloc_node_range for size 20480 failed: Address range restricted to 0xffffffffc02f1000 - "
    module += b"0xffffffffff000000\n"
    plain, moved = b"CONFIG_X86_64=y\n# CONFIG_RANDOMIZE_BASE is not set\n", b"CONFIG_X86_64=y\nCONFIG_RANDOMIZE_BASE=y\n"
    version = b"Linux version 6.11.0-8-generic (x86_64-linux-gnu-gcc-14) #8 SMP\n"
    uname = b"Linux web-1 6.11.0-8-generic #8-Ubuntu SMP PREEMPT_DYNAMIC x86_64 x86_64 x86_64 GNU/Linux\n"

    def write(name, files):
        with tarfile.open(folder / f"{name}.tar", "w") as out:
            for path, data in files.items():
                add(out, path, data)
                (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / name / path).write_bytes(data)

    def rules(name):
        for path in (folder / f"{name}.tar", folder / name):
            yield {line["source"][len(str(path)) + 1:]: line["problems"][0]["rule"] for line in lines(path) if line["problems"]}

    write("late", {"sos-a/a/dmesg": module, "sos-a/uname": uname, "sos-a/proc/config.gz": gzip.compress(plain),
                   "sos-b/sos_commands/kernel/uname_-a": uname, "sos-b/boot/config-6.11.0-8-generic": moved, "sos-b/var/log/kern.log": module,
                   "sos-c/boot/config-6.1.0": plain, "sos-c/dmesg": module, "sos-c/proc/version": version, "sos-c/uname": uname})
    area, space = "vmalloc.module-space-exhausted", "vmalloc.space-exhausted"
    for found in rules("late"):
        expect("facts: each machine's own", found == {"sos-a/a/dmesg": space, "sos-b/var/log/kern.log": area,
                                                      "sos-c/dmesg": area}, found)
    phone = b"== dumpstate: 2024-01-01 10:00:00\nBuild: x\nKernel: Linux version 4.19.110-g1 (x) #1 SMP PREEMPT\n" \
            b"Command line: vmalloc=400M androidboot.x=1\n"
    write("phone", {"FS/sys/fs/pstore/console-ramoops-0": CUT, "bugreport-x-2024.txt": phone})
    for path in (folder / "phone.tar", folder / "phone"):
        found = groups(path)["groups"]
        expect("facts: a bug report", [g["kernels"] for g in found] == [{"4.19.110-g1": 1}], found)
    bomb, many = b"CONFIG_X=y\n" * 40_000_000, {}
    for number in range(40):
        many |= {f"m{number}/proc/config.gz": gzip.compress(bomb[:600_000 if number else None], 1), f"m{number}/dmesg": CUT,
                 f"m{number}/proc/cmdline": b"x" * 100_000,
                 f"m{number}/etc/hostname": b"\xff\0" * 50, f"m{number}/proc/version": b"Linux version ../../../etc/passwd\n"}
    write("many", many)
    for path in (folder / "many.tar", folder / "many"):
        expect("facts: hostile ones", [(g["logs"], g["kernels"]) for g in groups(path)["groups"]] == [(1, {})], groups(path))
    base = folder / "facts.db"
    for name, line in (("one", b"quiet\n"), ("two", b"quiet vmalloc=512M\n")):
        write(name, {"x/boot.txt": b"#==[ Configuration File ]===#\n# /proc/cmdline\n" + line, "x/kern.log": CUT})
        run("--db", base, folder / f"{name}.tar")
    run("--db", base, folder / "two")
    logs = [item for item in lines("--db", base) if item["source"].endswith("kern.log")]
    expect("facts: other facts, another result", len(logs) == 3 and len(by_hash(logs)) == 2, logs)


def journal(folder):
    """Exports of the journal, as text and as JSON, tell the host."""
    texts = [line.split(b"] ", 1)[-1] for line in LOG.read_bytes().splitlines()]
    entry = b"__MONOTONIC_TIMESTAMP=%d\n_TRANSPORT=kernel\nPRIORITY=4\n_HOSTNAME=web-7\nMESSAGE=%s\n\n"
    export = b"".join(entry % (5000000 + n, text) for n, text in enumerate(texts))
    as_json = "".join(json.dumps({"__MONOTONIC_TIMESTAMP": str(5000000 + n), "_TRANSPORT": "kernel", "_HOSTNAME": "web-8",
                                  "MESSAGE": text.decode()}) + "\n" for n, text in enumerate(texts)).encode()
    with zipfile.ZipFile(folder / "journal.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("export", export)
        out.writestr("journal.json", as_json)
    found = groups(folder / "journal.zip")["groups"]
    whole = groups(LOG)["groups"]
    expect("journal", [(g["signature"], g["logs"], g["machines"]) for g in found] == [(whole[0]["signature"], 2, 2)], found)


def pstore(folder):
    """What firmware keeps of a panic in pieces is one log, of each event; what is whole stays so."""
    place, pieces = folder / "pstore", [b""]
    place.mkdir()
    for line in reversed(LOG.read_bytes().splitlines(keepends=True)):
        if len(pieces[-1]) > 1500:
            pieces.append(b"")
        pieces[-1] = b"<4>" + line + pieces[-1]
    for event, time_ in (("Oops#1", 1723456789), ("Panic#2", 1723456789), ("Oops#1", 1799999999)):
        for part, piece in enumerate(pieces, 1):
            name = place / f"dmesg-efi_pstore-{time_}{part:02d}{event[-1]:0>3}"
            name.write_bytes(f"{event} Part{part}\n".encode() + piece + f"<6>[ 9.0] {event} {time_}".encode() * (part == 1))
    (place / "dmesg-ramoops-0").write_bytes(b"Panic#1 Part1\n" + LOG.read_bytes())
    (place / "dmesg-ramoops-1").write_bytes(b"Panic#1 Part1\n" + LOG.read_bytes() + b"# of another boot\n")
    (place / "dmesg-not.txt").write_bytes(LOG.read_bytes() + b"# another\n")
    found = groups(place)
    whole = groups(LOG)["groups"][0]["signature"]
    expect("pstore: pieces are whole", found["logs"] == 6 and [(g["signature"], g["logs"]) for g in found["groups"]]
           == [(whole, 6)], [(g["signature"], g["logs"], g["title"]) for g in found["groups"]])
    with tarfile.open(folder / "pstore.tar.gz", "w:gz") as out:
        out.add(place, arcname="x/sys/fs/pstore")
    packed = groups(folder / "pstore.tar.gz")
    expect("pstore: in an archive", packed["logs"] == 6 and [(g["signature"], g["logs"]) for g in packed["groups"]]
           == [(whole, 6)], packed)
    expect("pstore: a name", lines(place)[0]["source"] == f"{place}/dmesg-efi_pstore-172345678901001", lines(place)[0])


def packs(folder):
    """Other packs find other things in the same bytes: they are kept apart."""
    pack, log, base = folder / "acme.json", folder / "widget.log", folder / "packs.db"
    pack.write_bytes(subprocess.run([tool, "pack", "new", "acme"], stdout=subprocess.PIPE, check=True).stdout)
    log.write_bytes(b"[   12.345678] widget: timeout on port 3 after 500 ms\n")
    without = lines("--db", base, log)[0]["problems"]
    found = lines("--db", base, "--pack", pack, log)[0]["problems"]
    expect("packs", without == [] and [p["rule"] for p in found] == ["acme.widget-timed-out"], found)
    same = subprocess.run([tool, "match", "-q", "--pack", pack, found[0]["signature"], log], check=False).returncode
    expect("packs: match", same == 0, same)


def add(out, name, data=b"", kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, link
    out.addfile(info, io.BytesIO(data))


def hostile(folder):
    path = folder / "hostile.tar"
    with tarfile.open(path, "w") as out:
        for name in ("../../etc/cron.d/x", "/etc/passwd", "a\x1b[31m\nb", "n" * 5000, "\udcff\udcfe", "", "x" * 200 + "/y"):
            add(out, name, LOG.read_bytes() + name.encode("utf-8", "surrogateescape")[:50])
        add(out, "link", kind=tarfile.SYMTYPE, link="/etc/passwd")
        add(out, "hard", kind=tarfile.LNKTYPE, link="../../etc/shadow")
        add(out, "device", kind=tarfile.CHRTYPE)
        add(out, "binary", bytes(range(256)) * 64)
    whole = groups(path)
    expect("hostile: links", whole.get("links_not_followed") == 2 and whole.get("no_files") == 1, whole)
    expect("hostile: one bug", len(whole["groups"]) == 1 and whole["groups"][0]["logs"] >= 6, whole)
    expect("hostile: not text", whole["not_text"] == 1)
    shown = run(path).stdout
    expect("hostile: nothing for the terminal", b"\x1b" not in shown)
    bomb = folder / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        with out.open("bomb.log", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(b"[    1.000000] all the same\n" * 37450)
    done = run(bomb, status=2)
    expect("bomb", b"unpacks to far more than logs" in done.stderr, done.stderr)
    out = folder / "odd"
    out.mkdir()
    os.symlink("/etc", out / "folder")
    os.symlink(LOG, out / "file")
    os.mkfifo(out / "pipe")
    (out / "empty").write_bytes(b"")
    (out / b"na\xff\nme.log".decode("utf-8", "surrogateescape")).write_bytes(LOG.read_bytes())
    odd = groups(out)
    expect("odd: counted", (odd.get("links_not_followed"), odd.get("no_files"), odd["logs"]) == (2, 1, 2), odd)
    expect("a link that was named", groups(out / "file")["logs"] == 1)
    done = run(folder / "missing", status=2)
    expect("a database is named", run("--db", folder, LOG, status=2).stderr.startswith(f"oopsdoc: {folder}: ".encode()))
    expect("an empty path", run("", status=2).stderr == b"oopsdoc: a path is empty\n")
    unreadable(folder)
    expect("missing", done.stderr.startswith(b"oopsdoc: ") and b"1 unreadable" in done.stdout, done)


def unreadable(folder):
    """Each is named with its reason, and the others are looked at."""
    if os.geteuid() == 0 and not pathlib.Path("/usr/bin/setpriv").exists():
        return
    place = folder / "closed"
    place.mkdir(mode=0o755)
    folder.chmod(0o755)
    (place / "open.log").write_bytes(LOG.read_bytes())
    (place / "closed.log").write_bytes(LOG.read_bytes())
    (place / "closed.log").chmod(0)
    (place / "open.log").chmod(0o644)
    copy = folder / "oopsdoc"
    copy.write_bytes(pathlib.Path(tool).read_bytes())
    copy.chmod(0o755)
    other = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    counts = folder / "counts"  # what a build that counts leaves, where the other user may write
    counts.mkdir()
    counts.chmod(0o777)
    done = subprocess.run([*other, copy, "triage", "-f", "json", place], capture_output=True, check=False,
                          env={**os.environ, "GCOV_PREFIX": str(counts)})
    expect("unreadable: named", done.stderr == f"oopsdoc: {place}/closed.log: Permission denied\n".encode(), done.stderr)
    expect("unreadable: status", done.returncode == 2, done.returncode)
    expect("unreadable: counted", json.loads(done.stdout)["unreadable"] == 1 and json.loads(done.stdout)["logs"] == 1)


def compares(folder):
    old, new = folder / "old", folder / "new"
    other = pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-err_ptr.log")
    third = pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-gp_fault.log")
    third = third if third.exists() else sorted(pathlib.Path("tests/logs/oom").glob("amd64-*.log"))[0]

    def fill(place, counts):
        place.mkdir()
        for name, count in counts.items():
            for number in range(count):
                (place / f"{name.stem}-{number}").write_bytes(name.read_bytes() + b"# %d %s\n" % (number, place.name.encode()))

    fill(old, {LOG: 5, other: 20, third: 6})
    fill(new, {LOG: 60, other: 22, QUIET: 30})
    found = groups("--compare", old, new)
    named = {g["title"]: g for g in found["groups"]}
    change = {g["change"] for g in found["groups"]}
    expect("compare", {"more", "gone", "new"} <= change, [(g["title"], g["change"]) for g in found["groups"]])
    more = [g for g in named.values() if g["change"] == "more"][0]
    expect("an interval", more["ratio"]["low"] > 1 and more["ratio"]["high"] > more["ratio"]["low"]
           and (more["old_logs"], more["logs"]) == (5, 60), more)
    for name in (old, new):
        run("--db", folder / f"{name.name}.db", name)
    bases = groups("--compare", folder / "old.db", folder / "new.db")
    strip = [{k: v for k, v in g.items() if k != "examples"} for g in found["groups"]]
    expect("databases", [{k: v for k, v in g.items() if k != "examples"} for g in bases["groups"]] == strip)
    releases = groups("--compare", "6.1", "6.12", "tests/logs/checker")
    expect("releases", releases["old"]["logs"] > 0 and releases["logs"] > 0, releases)
    expect("compare: text", "more" in run("--compare", old, new).stdout.decode())
    run("--compare", old, status=2)


QUIET = sorted(pathlib.Path("tests/logs/hang").glob("amd64-*hung_task.log"))[0]


def main():
    global tool
    tool = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        made = folder / "made"
        write_logs(made, count)
        faults(made)
        survives(made, folder, random.Random(3))
        full_disk(made, folder)
        stopped(made, folder)
        archives(made, folder)
        bundle(folder)
        facts(folder)
        pstore(folder)
        journal(folder)
        packs(folder)
        hostile(folder)
        compares(folder)
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
