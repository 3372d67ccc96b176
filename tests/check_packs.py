#!/usr/bin/env python3
"""check_packs.py TOOL FAST [MB_A_SECOND]: the built-in packs keep to their schema and examples; the skeleton works; a wrong
pack is told with its reason and does no harm; a pattern that takes too long is given up; hostile lines are as fast.
FAST is a tool without sanitizers, for what is run hundreds of times.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import jsonschema

from expecting import expect, failures


def run(tool, *args, **more):
    return subprocess.run([tool, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **more)


def entry(**changes):
    new = {"id": "site.thing", "title": "A thing happened", "anchors": ["thing happened"], "explanation": "It did.",
           "examples": [{"lines": ["thing happened"]}], "near_misses": [["a thing that happened"]]}
    new.update(changes)
    return {key: value for key, value in new.items() if value is not None}


def pack(*entries, **changes):
    return json.dumps({"format": "kdiag-pack/1", "name": "site", "entries": list(entries), **changes}).encode()


WRONG = {  # text -> what the reason says
    b"": "cannot", b"{": "too early", b"[]": "no JSON object", b"nonsense": "", b"{} {}": "",
    b'{"format": "kdiag-pack/2"}': "format", pack(): "1 to 1000 entries", pack(name=7): "name",
    b"[" * 100: "", b'{"format": "kdiag-pack/1", "name": "\xff"}': "",
    pack(entry(id=None)): "no id", pack(entry(id="nodot")): "form", pack(entry(id="Site.X")): "form",
    pack(entry(), entry()): "taken", pack(entry(id="oops.null-deref")): "rule has this id",
    pack(entry(anchors=["abc"])): "4 bytes", pack(entry(anchors=[])): "empty", pack(entry(anchors="x")): "list",
    pack(entry(examples=None)): "no example", pack(entry(near_misses=None)): "no near miss",
    pack(entry(near_misses=[[]])): "1 to 64 lines", pack(entry(examples=[{"line": "x"}])): "takes lines",
    pack(entry(severity="bad")): "severity", pack(entry(confidence="certain")): "proves nothing",
    pack(entry(pattern="(")): "pattern, at", pack(entry(fields={"x": "text"})): "without a pattern",
    pack(entry(pattern="(?<y>a)", fields={"x": "text"})): "no group named",
    pack(entry(pattern="x", fields={"X": "text"})): "small letters", pack(entry(pattern="\\C")): "pattern",
    pack(entry(when={"from": "new"})): "no kernel release", pack(entry(titel="x")): "titel",
    pack(entry(title="x" * 101)): "too long", pack(entry(title="a\0b")): "NUL", pack(entry(suspect={})): "class",
    pack(entry(stack="yes")): "true nor false", pack(entry(action="pray")): "action",
    pack(*[entry(id=f"a.x{i}") for i in range(1001)]): "1000", b" " * (2 << 20): "1 MiB",
    pack(entry(repeat={"count": 3})): "count and within", pack(entry(repeat={"count": 1, "within": 5})): "from 2 to 64",
    pack(entry(repeat={"count": 1 << 40, "within": 5})): "from 2 to 64", pack(entry(repeat=[3, 5])): "no object",
    pack(entry(repeat={"count": 3, "within": -1})): "from 1 to 86400", pack(entry(repeat={"often": 3})): "takes count",
    pack(entry(device="dev")): "none of its fields", pack(entry(tells=["dev"])): "none of its fields",
    pack(entry(caused_by=[])): "1 to 8 events", pack(entry(caused_by=[{"within": 5}])): "names no event",
    pack(entry(explains=[{"event": ["no_such_kind"]}])): "no kind of events", pack(entry(explains="oom_kill")): "list",
    pack(entry(explains=[{"event": ["site.thing"]}])): "explain itself",
    pack(entry(caused_by=[{"event": ["oom_kill"], "within": 1e99}])): "from 1 to 86400",
    pack(entry(caused_by=[{"event": ["oom kill"]}])): "blank", pack(entry(caused_by=[{"event": "x"}])): "list",
    pack(entry(caused_by=[{"event": ["oom_kill"], "frames": []}])): "empty",
    pack(entry(when={"after": [{"event": ["x.y"]}]})): "no entry has this name",
    pack(entry(when={"fields": {"x": ["1"]}})): "no such field", pack(entry(when={"fields": {}})): "members",
    pack(entry(when={"weather": "rain"})): "takes arch", pack(entry(cases=[])): "1 to 32 cases",
    pack(entry(cases=[{"severity": "info"}])): "no \"when\"", pack(entry(cases=[{"when": {}, "links": ["x"]}])): "takes when",
    pack(entry(cases=[{"when": {"until": "x"}}])): "no kernel release",
    pack(entry(cases=[{"when": {"fields": {"y": ["1"]}}}])): "no such field",
    pack(entry(pattern="(?<x>a)", fields={"x": "base64"})): "no decoder",
}


def issue(**changes):
    new = {"id": "site.known", "title": "A bug", "event": ["null_deref"], "frames": ["foo_start", "foo_open|foo_stop"],
           "explanation": "It is known.", "from": "5.0", "until": "6.7", "fixed_in": ["6.1.50"], "commit": "0123456789ab",
           "links": ["https://kernel.example/0123456789ab"], "examples": [{"lines": OOPS}], "near_misses": [["foo_start"]]}
    new.update(changes)
    return {key: value for key, value in new.items() if value is not None}


OOPS = ["BUG: kernel NULL pointer dereference, address: 0000000000000008", "Oops: 0000 [#1] SMP NOPTI",
        "CPU: 0 PID: 77 Comm: foo Not tainted 6.1.20 #1", "RIP: 0010:foo_start+0x10/0x40 [foo]", "Call Trace:", " <TASK>",
        " foo_open+0x11/0x70 [foo]", " do_sys_open+0x21/0x60", " </TASK>"]
WRONG |= {
    json.dumps({"format": "kdiag-pack/1", "name": "x", "known": known}).encode(): reason for known, reason in [
        ([], "1 to 1000"), ([issue(frames=["foo_start"])], "two frames"), ([issue(frames=None)], "two frames"),
        ([issue(frames=None, message="oops")], "12 bytes"), ([issue(links=None)], "no link"), ([issue(event=None)], "no event"),
        ([issue(event=["site.thing"])], "names no kind"), ([issue(until=None, commit=None)], "not fixed is not known"),
        ([issue(examples=None)], "no example"), ([issue(near_misses=None)], "no near miss"), ([issue(), issue()], "taken"),
        ([issue(confidence="likely")], "takes id"), ([issue(frames=["a b", "foo"])], "blank"), ([issue(id="x")], "form")]}


def wrong(tool, folder):
    for number, (text, reason) in enumerate(WRONG.items()):
        path = folder / f"wrong{number}.json"
        path.write_bytes(text)
        result = run(tool, "analyze", "--pack", str(path), "/dev/null")
        lines = result.stderr.decode().splitlines()
        what = f"{text[:60]!r}: {result.returncode} {lines}"
        expect(what, result.returncode == 2 and len(lines) == 1 and str(path) in lines[0])
        expect(what + f", not {reason}", reason in lines[0] or reason == "cannot")
        expect(what + " printed", not result.stdout)


def cut(tool, folder):
    """A good pack that ends anywhere is refused, or is whole."""
    text = pathlib.Path("packs/kernel.json").read_bytes().replace(b'"id": "', b'"id": "x.')
    path = folder / "cut.json"
    for number, end in enumerate(range(0, len(text), 97)):
        path.write_bytes(text[:end])
        by = tool if number % 8 == 0 else sys.argv[2]
        expect(f"cut at {end}", run(by, "pack", "test", str(path)).returncode == 2)
    path.write_bytes(text)
    expect("a site's own entries come before the built-in ones", run(tool, "pack", "test", str(path)).returncode == 0)


def slow(tool, folder):
    path, log = folder / "slow.json", folder / "slow.log"
    path.write_bytes(pack(entry(pattern="(x+x+)+[yz]", anchors=["xxxx"], examples=[{"lines": ["xxxxy"]}],
                                near_misses=[["xxxx"]])))
    log.write_bytes((b"[    1.000000] " + b"x" * 3000 + b"\n") * 200)
    begun = time.monotonic()
    result = run(tool, "analyze", "--pack", str(path), str(log))
    report = json.loads(result.stdout)
    expect("a slow pattern is told", "pattern" in report["stats"]["limits"])
    expect("a slow pattern is given up", time.monotonic() - begun < 60 and not report["events"])


def stretched(line, anchor, fill):
    """The line with as much of `fill` before and behind its anchor as a message of the kernel has room for."""
    at, more = line.index(anchor), (fill * 900)[:900 - len(line)]
    for place in (at, at + len(anchor), len(line)):
        yield line[:place] + more + line[place:]


def hostile(tool, folder):
    """Lines made for it keep no pattern of the built-in packs busy: its square of steps is not met."""
    log, lines = folder / "hostile.log", []
    for path in sorted(pathlib.Path("packs").glob("*.json")):
        for entry in json.loads(path.read_text())["entries"]:
            line, anchor = next(((line, anchor) for line in entry["examples"][0]["lines"]
                                 for anchor in entry["anchors"] if anchor in line), ("", ""))
            words = re.findall(r"\S+ ", line)
            for fill in [] if not line else ["a", "0", "-", "(", ": ", "x-", *dict.fromkeys(words)]:
                lines += stretched(line, anchor, fill)
    log.write_text("".join(f"[  100.{i % 1000000:06}] {line}\n" for i, line in enumerate(lines)))
    before = os.times().children_user
    report = json.loads(run(tool, "analyze", "--count", str(log)).stdout)
    expect(f"no pattern gives up: {report['limits']}", "pattern" not in report["limits"])
    speed = log.stat().st_size / 1e6 / (os.times().children_user - before)
    least = float(sys.argv[3]) if len(sys.argv) > 3 else 4
    expect(f"{log.stat().st_size} bytes of hostile messages: {speed:.1f} MB/s", speed > least)


def uses(tool, folder):
    made = run(tool, "pack", "new", "acme")
    (folder / "more").mkdir()
    path = folder / "more" / "acme.json"
    path.write_bytes(made.stdout)
    expect("the skeleton's own examples", run(tool, "pack", "test", str(path)).returncode == 0)
    log = folder / "acme.log"
    log.write_text("[    1.000000] widget: timeout on port 3 after 500 ms\n[    2.000000] widget: timeout on port 4\n")
    report = json.loads(run(tool, "analyze", "--pack", str(folder / "more"), str(log)).stdout)
    said = [diagnosis["explanation"] for diagnosis in report["diagnoses"]]
    expect(f"skeleton: {said}", said == ["The widget on port 3 did not answer within 500 ms.",
                                         "The widget on port 4 did not answer."])
    values = [value for event in report["events"] for value in event["values"]]
    expect(f"values: {values}", values[0] == {"name": "port", "text": "3", "number": 3} and len(values) == 3)
    changed = json.loads(made.stdout)
    changed["entries"][0]["near_misses"] = [["widget: timeout on port 7"]]
    path.write_text(json.dumps(changed))
    result = run(tool, "pack", "test", str(path))
    expect("a near miss that fires", result.returncode == 1 and b"fires on its near miss" in result.stderr)
    changed["entries"][0]["examples"][0]["fields"]["port"] = "9"
    path.write_text(json.dumps(changed))
    result = run(tool, "pack", "test", str(path))
    expect("another value", result.returncode == 1 and b"another value for port" in result.stderr)
    old = dict(changed["entries"][0], when={"until": "5.0"}, near_misses=[["widget: no"]])
    path.write_bytes(pack(old))
    newer = run(tool, "analyze", "--kernel", "6.1", "--pack", str(path), str(log))
    expect("another kernel", json.loads(newer.stdout)["diagnoses"] == [])
    expect("no such file", run(tool, "analyze", "--pack", str(folder / "none"), str(log)).returncode == 2)


def report_of(tool, folder, entries, lines, known=None):
    path, log = folder / "pack.json", folder / "pack.log"
    content = {"format": "kdiag-pack/1", "name": "site"}
    content |= {"entries": entries} if entries else {}
    content |= {"known": known} if known else {}
    path.write_text(json.dumps(content))
    log.write_text("\n".join(lines) + "\n")
    result = run(tool, "analyze", "--pack", str(path), str(log))
    expect(f"{result.stderr}", result.returncode in (0, 1))
    return json.loads(result.stdout)


def stamped(*lines):
    return [f"[{second:5}.000000] {text}" for second, text in lines]


LINK = entry(id="site.link", anchors=["link is down"], pattern="(?<dev>eth\\d+): link is down", fields={"dev": "text"},
             device="dev", repeat={"count": 3, "within": 60}, explanation="{dev}: {times} times< in {within_s} s>.")


def repeats(tool, folder):
    def said(*times, device="eth0"):
        report = report_of(tool, folder, [LINK], stamped(*[(second, f"{device}: link is down") for second in times]))
        return [(diagnosis["explanation"], event.get("repeated", {}).get("count", 1))
                for diagnosis, event in zip(report["diagnoses"], report["events"])]

    expect("two are none", said(10, 20) == [])
    expect("three far apart are none", said(10, 60, 100) == [])
    expect(f"three: {said(10, 20, 70)}", said(10, 20, 70) == [("eth0: 3 times in 60 s.", 1)])
    expect(f"six: {said(1, 2, 3, 4, 5, 6)}", said(1, 2, 3, 4, 5, 6) == [("eth0: 3 times in 2 s.", 4)])
    mixed = stamped(*[(second, f"eth{second % 2}: link is down") for second in range(4)])
    expect("two devices", report_of(tool, folder, [LINK], mixed)["events"] == [])
    many = stamped(*[(second, f"eth{second % 100}: link is down") for second in range(3000)])
    expect("more devices than are counted", report_of(tool, folder, [LINK], many)["events"] == [])
    two_boots = stamped((50, "eth0: link is down"), (51, "eth0: link is down"), (2, "eth0: link is down"))
    expect("the next boot begins anew", report_of(tool, folder, [LINK], two_boots)["events"] == [])


def conditions(tool, folder):
    first = entry(id="site.power", anchors=["power dips"], pattern="(?<dev>\\w+): power dips", fields={"dev": "text"}, device="dev",
                  explanation="Power dips.")
    other = [{"event": ["site.power"], "within": 10, "same_device": True}]
    second = entry(id="site.reset", anchors=["was reset"], pattern="(?<dev>\\w+): was reset, code (?<code>\\d+)",
                   fields={"dev": "text", "code": "errno"}, device="dev", explanation="Reset< ({code.words})>.")

    def rules(entries, *lines):
        return [diagnosis["rule"] for diagnosis in report_of(tool, folder, entries, stamped(*lines))["diagnoses"]]

    near = (1, "sda: power dips"), (5, "sda: was reset, code 5")
    far = (1, "sda: power dips"), (50, "sda: was reset, code 5")
    elsewhere = (1, "sdb: power dips"), (5, "sda: was reset, code 5")
    swapped = (1, "sda: was reset, code 5"), (5, "sda: power dips")
    for when, fits in {"after": (near,), "before": (swapped,), "not_after": (far, elsewhere, swapped)}.items():
        for lines in (near, far, elsewhere, swapped):
            got = rules([first, dict(second, when={when: other})], *lines)
            expect(f"{when} {lines}: {got}", ("site.reset" in got) == (lines in fits))
    cases = [{"when": {"fields": {"code": ["7"]}}, "severity": "error"},
             {"when": {"after": other}, "severity": "notice", "remedies": ["Look at the power."], "explanation": "The power dipped."}]
    report = report_of(tool, folder, [first, dict(second, cases=cases, remedies=["Look at the disk."])], stamped(*near))
    reset = next(diagnosis for diagnosis in report["diagnoses"] if diagnosis["rule"] == "site.reset")
    expect(f"a case: {reset}", reset["severity"] == "notice" and reset["remedies"] == ["Look at the power."]
           and reset["explanation"] == "Reset (EIO: I/O error). The power dipped.")
    for pair in ([first, dict(second, caused_by=other)], [dict(first, explains=[dict(other[0], event=["site.reset"])]), second]):
        for lines in (near, far, elsewhere):
            report = report_of(tool, folder, pair, stamped(*lines))
            rule = {diagnosis["id"]: diagnosis["rule"] for diagnosis in report["diagnoses"]}
            problems = [rule[problem["root"]] for problem in report["problems"]]
            expect(f"problems of {lines}: {problems}", problems == ["site.power"] if lines == near else len(problems) == 2)
            roles = [diagnosis["role"] for diagnosis in report["diagnoses"]]
            expect(f"roles of {lines}: {roles}", roles == ["primary", "effect" if lines == near else "primary"])
    circle = [dict(first, explains=[{"event": ["site.reset"]}]), dict(second, explains=[{"event": ["site.power"]}])]
    many = [(second, f"sda: {'power dips' if second % 2 else f'was reset, code {second}'}") for second in range(500)]
    report = report_of(tool, folder, circle, stamped(*many))
    expect(f"a circle: {len(report['problems'])}", len(report["problems"]) == 1)


def known(tool, folder):
    def said(lines=OOPS, **changes):
        report = report_of(tool, folder, None, lines, [issue(**changes)])
        return [diagnosis for diagnosis in report["diagnoses"] if diagnosis["rule"] == "site.known"]

    found = said()
    expect(f"known: {found}", len(found) == 1 and found[0]["confidence"] == "possible" and found[0]["role"] == "contributing")
    text = found[0]["explanation"]
    expect(f"known: {text}", all(word in text for word in ("foo_start", "foo_open", "6.1.20", "6.1.50", "0123456789ab")))
    expect("another kernel", not said(until="6.1") and not said(**{"from": "6.2"}))
    expect("a back-port", not said(fixed_in=["6.1.20"]) and said(fixed_in=["6.1.21"]) and said(fixed_in=["6.2.1"]))
    expect("a bug that came with a back-port", not said(**{"from": "6.2"}, introduced_in=["6.1.21", "6.0.1"])
           and said(**{"from": "6.2"}, introduced_in=["6.1.20"])
           and not said(**{"from": "6.2"}, introduced_in=["6.1.10"], fixed_in=["6.1.15"]))
    expect("another function", not said(frames=["foo_start", "foo_stop"]))
    expect("another module", not said(module="bar") and said(module="foo"))
    expect("another kind", not said(event=["kernel_bug"]))
    expect("a message", said(frames=None, message="kernel NULL pointer dereference") and not said(message="of another kind"))
    unknown = said([line.replace("6.1.20 #1", "") for line in OOPS])
    expect("no release", unknown and unknown[0]["missing"] == ["the kernel release"])
    expect("no event", not said([line for line in OOPS if "foo" in line and "RIP" not in line]))
    result = run(tool, "pack", "test", str(folder / "pack.json"))
    expect(f"its examples: {result.stderr}", result.returncode == 0)


def main():
    tool = sys.argv[1]
    schema = json.loads(pathlib.Path("schemas/pack.schema.json").read_text())
    contents = [json.loads(path.read_text()) for path in sorted(pathlib.Path("packs").rglob("*.json"))]
    for content in contents:
        jsonschema.validate(content, schema)
    result = run(tool, "pack", "test")
    expect(f"the built-in packs' examples: {result.stderr}", result.returncode == 0)
    ids = [line.split()[0] for line in run(tool, "rules").stdout.decode().splitlines()]
    ours = [item["id"] for content in contents for item in content.get("entries", []) + content.get("known", [])]
    expect(f"not listed once: {[name for name in ours if ids.count(name) != 1]}", all(ids.count(name) == 1 for name in ours))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        jsonschema.validate(json.loads(run(tool, "pack", "new", "acme").stdout), schema)
        for part in (wrong, cut, slow, hostile, uses, repeats, conditions, known):
            part(tool, folder)
    print("\n".join(failures) or f"{len(WRONG)} wrong packs")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
