#!/usr/bin/env python3
"""check_packs.py TOOL: the built-in packs keep to their schema and examples; the skeleton works; a wrong pack is told
with its reason and does no harm; a pattern that takes too long is given up.
"""
import json
import pathlib
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
}


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
    for end in range(0, len(text), 97):
        path.write_bytes(text[:end])
        expect(f"cut at {end}", run(tool, "pack", "test", str(path)).returncode == 2)
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


def main():
    tool = sys.argv[1]
    schema = json.loads(pathlib.Path("schemas/pack.schema.json").read_text())
    for path in sorted(pathlib.Path("packs").glob("*.json")):
        jsonschema.validate(json.loads(path.read_text()), schema)
    expect("the built-in packs' examples", run(tool, "pack", "test").returncode == 0)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        jsonschema.validate(json.loads(run(tool, "pack", "new", "acme").stdout), schema)
        for part in (wrong, cut, slow, uses):
            part(tool, folder)
    print("\n".join(failures) or f"{len(WRONG)} wrong packs")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
