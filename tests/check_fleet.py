#!/usr/bin/env python3
"""check_fleet.py WORKER TOOL [COUNT] [--workers N] [--kills N] [--logs FOLDER]: logs over NATS JetStream. Workers and the broker are killed in the
middle; each log is in the database once, and the database is that of `oopsdoc triage`. A log that kills its worker is
given up. Needs nats-server; without it 77."""
import argparse
import gzip
import pathlib
import random
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "tests")
from make_logs import write_logs  # noqa: E402

from expecting import expect, failures


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Fleet:
    def __init__(self, worker, folder, ack_wait):
        self.worker, self.folder, self.port, self.ack_wait = worker, folder, free_port(), ack_wait
        folder.mkdir(exist_ok=True)
        self.conf = folder / "nats.conf"
        self.conf.write_text(f'listen: "127.0.0.1:{self.port}"\nmax_payload: 8MB\njetstream {{ store_dir: "{folder}/jetstream" }}\n')
        self.broker, self.workers, self.collector, self.sender = None, [], None, None

    def start_broker(self):
        self.broker = subprocess.Popen(["nats-server", "-c", self.conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self, command, *args):
        return [self.worker, command, "--server", f"nats://127.0.0.1:{self.port}", *map(str, args)]

    def start_worker(self):
        self.workers.append(subprocess.Popen(self.run("work", "--ack-wait", self.ack_wait), stderr=subprocess.PIPE))

    def start_collector(self, db):
        self.collector = subprocess.Popen(self.run("collect", "--ack-wait", self.ack_wait, "--db", db), stderr=subprocess.PIPE)

    def end(self):
        said = []
        if self.sender and self.sender.poll() is None:
            self.sender.kill()
            self.sender.wait()
        for child in [*self.workers, self.collector]:
            if child and child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in [*self.workers, self.collector]:
            if child and child.poll() is None:
                said.append((child.communicate(timeout=60)[1] or b"").decode())
                expect("ended quietly", child.returncode == 0, (child.returncode, said[-1]))
        self.broker.kill()
        self.broker.wait()
        return said


def count(db):
    try:
        with sqlite3.connect(db, timeout=60) as base:
            return base.execute("SELECT count(*) FROM sources").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def wait_for(fleet, db, wanted, seconds=120):
    """None of them ends on its own meanwhile: that is told, and nothing more is waited for."""
    end = time.monotonic() + seconds
    while count(db) < wanted:
        ended = [child for child in [*fleet.workers, fleet.collector] if child.poll() is not None]
        if ended:
            sys.exit("ended on its own: " + ended[0].communicate()[1].decode()[-500:])
        if time.monotonic() > end:
            sys.exit(f"{count(db)} of {wanted} records after {seconds} s")
        time.sleep(0.05)


def dump(db):
    with sqlite3.connect(db) as base:
        logs = {row[0]: row[1:] for row in base.execute("SELECT * FROM logs")}
        sources = {row[0]: (logs.get(row[1]), row[2]) for row in base.execute("SELECT name, log, error FROM sources")}
        problems = sorted((logs[row[0]][0], *map(str, row[1:])) for row in base.execute("SELECT * FROM problems"))
        return sources, problems, len(logs)


def all_of_them(fleet, args, made, folder, rng):
    db = folder / "fleet.db"
    fleet.start_broker()
    for _ in range(args.workers):
        fleet.start_worker()
    fleet.start_collector(db)
    began = time.monotonic()
    sender = fleet.sender = subprocess.Popen(fleet.run("send", made), stderr=subprocess.PIPE)
    for number in range(args.kills):
        wait_for(fleet, db, args.count * (number + rng.random()) / (args.kills + 1))
        if number % 3 == 0:
            victim = fleet.workers.pop(0)
            victim.kill()
            victim.wait()
            fleet.start_worker()
        elif number % 3 == 1:
            fleet.broker.kill()
            fleet.broker.wait()
            time.sleep(rng.random() / 2)
            fleet.start_broker()
        else:
            fleet.collector.kill()
            fleet.collector.wait()
            fleet.start_collector(db)
    sent = sender.communicate()[1].decode()
    expect("sent", sender.returncode == 0 and f"{args.count} logs sent" in sent, sent)
    wait_for(fleet, db, args.count)
    print(f"{count(db)} records in {time.monotonic() - began:.1f} s, {args.workers} workers, {args.kills} kills")
    return db


def poison(fleet, folder):
    """A log that takes more time than its worker may: after two tries it is given up, and told."""
    log, db = folder / "poison.log.gz", folder / "poison.db"
    text = pathlib.Path("tests/logs/fault/amd64-6.1.0-50-amd64-null_read.log").read_bytes()
    log.write_bytes(gzip.compress(text * (1000000 // len(text))) * 150)
    fleet.start_broker()
    subprocess.run(fleet.run("send", log), stderr=subprocess.DEVNULL, check=True)
    fleet.start_collector(db)
    deaths = 0
    while count(db) < 1 and deaths < 10:
        child = subprocess.Popen(fleet.run("work", "--tries", 2, "--ack-wait", 1), stderr=subprocess.DEVNULL,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 2)))
        fleet.workers.append(child)
        while child.poll() is None and count(db) < 1:
            time.sleep(0.1)
        deaths += child.poll() is not None
    expect("given up", [error for _, error in dump(db)[0].values()] == ["given up: no worker came to its end"]
           and 2 <= deaths < 10, (dump(db)[0], deaths))
    fleet.workers = [child for child in fleet.workers if child.poll() is None]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("worker")
    parser.add_argument("tool")
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--size", type=int, default=20000)
    parser.add_argument("--logs", type=pathlib.Path, help="a folder of COUNT logs, instead of some that are made")
    args = parser.parse_args()
    if not shutil.which("nats-server"):
        print("no nats-server")
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        made, whole = args.logs or folder / "made", folder / "whole.db"
        if not args.logs:
            write_logs(made, args.count, size=args.size)
        fleet = Fleet(args.worker, folder, 2)
        try:
            db = all_of_them(fleet, args, made, folder, random.Random(7))
        finally:
            said = fleet.end()
        print("".join(said), end="")
        subprocess.run([args.tool, "triage", "--db", whole, made], stdout=subprocess.DEVNULL, check=False)
        fleet = Fleet(args.worker, folder / "second", 1)
        try:
            poison(fleet, folder)
        finally:
            fleet.end()
        expect("the database is that of triage", dump(db) == dump(whole), (len(dump(db)[0]), len(dump(whole)[0])))
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
