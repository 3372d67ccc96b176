"""The binding is installed from the tree, by pip where there is one, without a network."""
import base64
import csv
import hashlib
import importlib.util
import io
import os
import pathlib
import subprocess
import sys
import zipfile

PYTHON = pathlib.Path(__file__).resolve().parents[1]
LOG = PYTHON.parent / "tests/logs/fault/amd64-6.1.0-50-amd64-null_read.log"
SHOW = ("import sys, kdiag, kdiag._library as l; print(next(l._candidates())); "
        "print(kdiag.analyze(open(sys.argv[1], 'rb').read()).problems[0].signature.title)")


def backend():
    spec = importlib.util.spec_from_file_location("backend", PYTHON / "backend.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shown(python, path=None):
    environment = {name: value for name, value in os.environ.items() if name not in ("KDIAG_LIBRARY", "PYTHONPATH")}
    if path:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run([python, "-c", SHOW, LOG], env=environment, cwd="/", stdout=subprocess.PIPE, text=True,
                          check=True).stdout.splitlines()


def test_wheel(tmp_path):
    name = backend().build_wheel(tmp_path)
    with zipfile.ZipFile(tmp_path / name) as wheel:
        wheel.extractall(tmp_path / "out")
        record = [n for n in wheel.namelist() if n.endswith("RECORD")][0]
        rows = {row[0]: row[1] for row in csv.reader(io.StringIO(wheel.read(record).decode()))}
        assert set(rows) == set(wheel.namelist())
        for path, value in rows.items():
            made = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(path)).digest()).decode().rstrip("=")
            assert path == record or value == "sha256=" + made
    assert shown(sys.executable, tmp_path / "out") == [str(tmp_path / "out/kdiag/libkdiag.so"), "null_deref in kf_null_read [kfault]"]


def test_pip(tmp_path):
    if not all(importlib.util.find_spec(name) for name in ("ensurepip", "venv")):
        return  # Debian has them in a package of their own; test_wheel is the rest of it
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "new"], check=True)
    python = tmp_path / "new/bin/python"
    for how in ([], ["-e"]):
        subprocess.run([python, "-m", "pip", "-q", "install", "--no-index", *how, PYTHON], check=True)
        assert shown(python)[1] == "null_deref in kf_null_read [kfault]"
    listed = subprocess.run([python, "-m", "pip", "show", "kdiag"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "Name: kdiag" in listed and "Version: 0.1.0" in listed
