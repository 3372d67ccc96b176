#!/usr/bin/env python3
"""check_unpack.py TOOL LOG: a packed log has the same report as the log itself; cut ones give what can be unpacked;
one that unpacks to far more than a log is stopped; a log that begins like a packed file is none."""
import base64
import gzip
import json
import lzma
import pathlib
import subprocess
import sys
import tempfile
import time

# "[    1.000000] vmap allocation for size 12288 failed: use vmalloc=<size> to increase size\n"
ZSTD = ("KLUv/QRYfQIAAkURF5BZB1j/YjAh5KGSEPtu2/DF+5oa2xQggMbta6e61Pb8bmjcJgoGr718SHRtqiN0jrnG7TtWb7"
        "wvE6+VV5LBI0Jg/v8IAgBfSsoF4jcw+EM=")


def run(tool, data, *options, status=0):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "a.log"
        path.write_bytes(data)
        result = subprocess.run([tool, "analyze", *options, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        piped = subprocess.run([tool, "analyze", *options], input=data, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    assert result.returncode == piped.returncode == status, (result, piped)
    report, other = json.loads(result.stdout), json.loads(piped.stdout)
    if "source" in report:
        report["source"].pop("name"), other["source"].pop("name")
    assert report == other
    return report


def without_forms(report):
    return {**report, "source": {**report["source"], "forms": None}}


def check_packed(tool, log, name, packed, exact):
    report = run(tool, packed)
    assert name in report["source"]["forms"], report["source"]
    assert without_forms(report) == without_forms(run(tool, log)), name
    cut = run(tool, packed[:len(packed) // 2])
    assert f"{name}-cut" in cut["source"]["forms"], cut["source"]
    assert 0 < cut["source"]["bytes"] < len(log) or not exact, cut["source"]
    twice = run(tool, packed + packed)
    assert twice["source"]["bytes"] == 2 * len(log) and f"{name}-cut" not in twice["source"]["forms"]


def check_trickle(tool, log, name, packed):
    """Portions may end where the text they held is not all written yet: few bytes say "again" a million times."""
    child = subprocess.Popen([tool, "analyze"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    for at in range(0, len(packed), 500):
        time.sleep(0.1)  # each is a portion of its own
        child.stdin.write(packed[at:at + 500])
    report = json.loads(child.communicate()[0])
    assert report["source"]["forms"] == [name] and report["source"]["bytes"] == len(log), report["source"]


def main():
    tool, log = sys.argv[1], pathlib.Path(sys.argv[2]).read_bytes()
    same = b"[    1.234567] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n" * 400000
    built = subprocess.run(["ldd", tool], stdout=subprocess.PIPE, text=True).stdout
    if "libz." in built:
        check_packed(tool, log, "gzip", gzip.compress(log), True)
        padded = run(tool, gzip.compress(log) + bytes(512))
        assert "gzip-cut" not in padded["source"]["forms"]
        bomb = gzip.compress(bytes(1 << 29))
        assert run(tool, bomb, "--count", status=3)["lines"] == 1
    if "liblzma." in built:
        check_packed(tool, log, "xz", lzma.compress(log), True)
        check_trickle(tool, same, "xz", lzma.compress(same))
    if "libzstd." in built:
        zstd = base64.b64decode(ZSTD)
        one = b"[    1.000000] vmap allocation for size 12288 failed: use vmalloc=<size> to increase size\n"
        check_packed(tool, one, "zstd", zstd, False)
    for start in (b"(", b"\x1f", b"\xfd7zX", b"(\xb5/"):
        assert run(tool, start + log)["source"]["bytes"] == len(start) + len(log)
        assert run(tool, start)["source"]["bytes"] == len(start)


if __name__ == "__main__":
    main()
