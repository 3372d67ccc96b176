"""The binding against the tool: the same reports; errors as exceptions; threads."""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "python"))
import kdiag  # noqa: E402

LOG = TOP / "tests/logs/alloc/arm64-cma-order4.log"
TOOL = os.environ.get("OOPSDOC", str(TOP / "build/release/cli/oopsdoc"))
LOGS = sorted((TOP / "tests/logs").rglob("*.log"))[::25]


def told(path):
    """What the tool says, without who says it."""
    report = json.loads(subprocess.run([TOOL, "analyze", "-f", "ndjson", path], stdout=subprocess.PIPE, check=True).stdout)
    report["tool"]["name"] = "libkdiag"
    return report


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_same_report(path):
    assert kdiag.analyze(path.read_bytes(), source=str(path)).raw == told(path)


def test_typed():
    report = kdiag.analyze(LOG.read_bytes())
    problem = report.problems[0]
    assert problem.signature.id == report.raw["problems"][0]["signature"]["id"]
    assert report.root(problem).rule == "alloc.only-cma-at-order"
    assert report.root(problem).confidence == "certain"
    failed = next(event for event in report.events if event.kind == "page_alloc_failure")
    assert failed["gfp"]["names"] == ["GFP_ATOMIC"]
    assert report.boots[0].arch == "arm64"
    assert report.diagnoses[0].evidence[0].line > 0
    assert "alloc.only-cma-at-order" in report.text("brief") and "problem" in report.text("brief")
    assert problem.suspect is None or problem.suspect.kind in ("driver", "kernel", "workload", "configuration", "unknown")


def test_options():
    given = kdiag.analyze(b"", kernel="6.1.0-50-amd64", arch="x86_64", page_size=4096)
    assert given.problems == [] and given.boots[0].kernel_release == "6.1.0-50-amd64"
    hidden = kdiag.analyze(LOG.read_text(), keep_text=False)
    assert all(e.text is None for d in hidden.diagnoses for e in d.evidence)


def test_command_line():
    vmap = "[    8.500100] vmap allocation for size 1052672 failed: use vmalloc=<size> to increase size.\n"
    report = kdiag.analyze(vmap, kernel="5.10.0-32-686", arch="i386", cmdline="quiet vmalloc=64M\n")
    assert report.diagnoses[0].facts["vmalloc_option_bytes"] == 64 << 20


@pytest.mark.parametrize("options", [{"arch": "z80"}, {"page_size": 1000}, {"kernel": "x"}])
def test_wrong_options(options):
    with pytest.raises(kdiag.InvalidError):
        kdiag.analyze(b"", **options)


def test_unknown_option():
    with pytest.raises(TypeError):
        kdiag.analyze(b"", colour="red")


def test_limit():
    with pytest.raises(kdiag.LimitError) as caught:
        kdiag.analyze(LOG.read_bytes() * 300, max_history=2)
    assert caught.value.report.stats["limits"]


def test_session():
    whole = kdiag.analyze(LOG.read_bytes())
    data, last = LOG.read_bytes(), {}
    with kdiag.Session() as session:
        for at in range(0, len(data), 777):
            last.update({item.id: item for item in session.feed(data[at:at + 777]) if not isinstance(item, kdiag.Boot)})
        last.update({item.id: item for item in session.finish() if not isinstance(item, kdiag.Boot)})
    rules = sorted(d.rule for d in last.values() if isinstance(d, kdiag.Diagnosis) and not d.withdrawn)
    assert rules == sorted(d.rule for d in whole.diagnoses)
    with pytest.raises(kdiag.Error):
        session.feed(b"x")


def test_odd_text():
    assert kdiag.analyze("\udcff\udcfe[    1.000000] \0 text").stats["lines"] == 1
    assert kdiag.analyze(b"").stats["lines"] == 0


def test_threads():
    data = LOG.read_bytes()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: kdiag.analyze(data).raw, range(40)))
    assert all(report == found[0] for report in found)


def test_example():
    out = subprocess.run([sys.executable, TOP / "python/examples/triage.py", TOP / "tests/logs/hang"], check=True,
                         env={**os.environ, "PYTHONPATH": str(TOP / "python")}, stdout=subprocess.PIPE, text=True).stdout
    assert "hung_task" in out
