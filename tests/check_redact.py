#!/usr/bin/env python3
"""check_redact.py TOOL FAST [LOG...]: nothing that was planted is left, and the report is the same, names apart.

What is planted is made here, without a look at the tool's patterns: a value of each class in lines as kernels, daemons and
services write them, before and behind the log; and each line of personal.txt by itself, with values that no other has.
LOGs (tests/logs by default) are also redacted as they are. FAST is the same tool without sanitizers: it makes the
reports that are compared.
"""
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from expecting import expect, failures

NAME = re.compile(r"(?:token|uuid|container|cloud|user|host|serial|ssid|mac|ip|address)-\d+|mail-\d+@mail\.invalid|"
                  r"0{8}(?:[-_]0{4}){3}[-_]\d{12}")
tool = fast = ""


def word(rng, letters, count):
    return "".join(rng.choice(letters) for _ in range(count))


LOW, HEX, ALL = "abcdefghijklmnopqrstuvwxyz", "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def planted(rng):
    """(value, lines that hold it) of each class."""
    user, host, other = "u" + word(rng, LOW, 7), "h" + word(rng, LOW, 6) + "-07", "srv" + word(rng, LOW, 5)
    mac = ":".join(word(rng, HEX, 2) for _ in range(6))
    mac2 = "-".join(word(rng, HEX.upper(), 2) for _ in range(6))
    uuid = "-".join(word(rng, HEX, n) for n in (8, 4, 4, 4, 12))
    pod = "-".join(word(rng, HEX, n) for n in (8, 4, 4, 4, 12))
    box = word(rng, HEX, 63) + "a"
    ip = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    ip6 = f"2001:db8:{rng.randrange(4096, 65536):x}::{rng.randrange(4096, 65536):x}"
    link = f"fe80::{rng.randrange(4096, 65536):x}:{rng.randrange(4096, 65536):x}:fe{rng.randrange(16, 256):x}:1"
    full = ":".join(f"{rng.randrange(4096, 65536):x}" for _ in range(8))
    serial, serial2 = "SN" + word(rng, "0123456789ABCDEF", 10), word(rng, "0123456789ABCDEF", 12)
    ssid, ssid2 = "Net " + word(rng, ALL, 8), "wlan" + word(rng, ALL, 7)
    mail = f"{word(rng, LOW, 5)}.{word(rng, LOW, 7)}@{word(rng, LOW, 6)}.example.com"
    aws, inst, account = "AKIA" + word(rng, "ABCDEFGHIJKLMNOP234567", 16), "i-0" + word(rng, HEX, 16), word(rng, "123456789", 12)
    hub, secret = "ghp_" + word(rng, ALL, 36), word(rng, ALL, 16)
    jwt = "eyJ" + word(rng, ALL, 30) + "." + word(rng, ALL, 40) + "." + word(rng, ALL, 43)
    project = "proj-" + word(rng, LOW, 8)
    return [
        (user, [f"systemd-logind[612]: New session 4 of user {user}.", f"exec of /home/{user}/bin/tool failed",
                f"sudo:  {user} : TTY=pts/0 ; PWD=/ ; COMMAND=/bin/dmesg", f"process started by {user}, ok"]),
        (host, [f"systemd[1]: Hostname set to <{host}>.", f"nfs: server {host} not responding, still trying"]),
        (other, [f"sshd[99]: Accepted publickey for root from {other}.corp.internal port 22 ssh2"]),
        (mac, [f"e1000e 0000:00:1f.6 eth0: (PCI Express:2.5GT/s:Width x1) {mac}", f"wlan0: authenticate with {mac.upper()}"]),
        (mac2, [f"bluetooth: hci0: address {mac2} is up"]),
        (uuid, [f"Command line: root=UUID={uuid} ro quiet", f"EXT4-fs (sda2): mounted filesystem {uuid} r/w"]),
        (pod, [f"cgroup: /kubepods/burstable/pod{pod}/x is busy"]),
        (box, [f"overlayfs: /var/lib/docker/containers/{box}/merged is slow"]),
        (ip, [f"nfs: server {ip} OK", f"[UFW BLOCK] IN=eth0 OUT= SRC={ip} DST=8.8.4.4 LEN=60"]),
        (ip6, [f"IPv6: martian source {ip6} from dev eth0"]), (link, [f"eth0: duplicate address {link} detected!"]),
        (full, [f"audit: addr={full} terminal=ssh"]),
        (serial, [f"usb 1-2: SerialNumber: {serial}"]), (serial2, [f"ata1.00: disk, Serial Number: {serial2}, 512 sectors"]),
        (ssid, [f"wpa_supplicant[5]: wlan0: Trying to associate with SSID '{ssid}'"]), (ssid2, [f"ath10k: scan: ssid={ssid2} found"]),
        (mail, [f"smartd[1]: warning sent by mail to {mail}", f"contact <{mail}> about this"]),
        (aws, [f"agent[7]: using {aws} for uploads"]), (inst, [f"cloud-init[1]: instance-id is {inst}"]),
        (account, [f"agent[7]: arn:aws:iam::{account}:role/x denied"]), (project, [f"guest-agent: projects/{project}/zones/a"]),
        (hub, [f"runner[3]: token {hub} was refused"]), (secret, [f"app[3]: login failed, password={secret}"]),
        (jwt, [f"app[3]: Authorization: Bearer {jwt}"]),
    ]


def value_of(rng, kind):
    """A new value; what stands behind the letters and digits of its kind parts its digits."""
    name, count, between = re.fullmatch(r"([A-Za-z]+)(\d*)(\W|_)?", kind).groups("")
    if name in ("host", "user", "mailer"):
        return {"host": "zorb", "user": "qw", "mailer": "ml"}[name] + word(rng, LOW, 9)
    if name == "mail":
        return f"{word(rng, LOW, 9)}@mail.example.org"
    if name == "ip":
        return (between or ".").join([{"40": "010"}.get(count, "10"), *(str(rng.randrange(100, 255)) for _ in range(3))])
    if name.lower() == "mac":
        size = 4 if count == "4" and between == "." else 2
        value = between.join(word(rng, HEX, size) for _ in range(3 if size == 4 else int(count or 6)))
    elif name == "guid":
        value = between.join(word(rng, HEX, 4) for _ in range(4))
    elif name.lower() == "uuid":
        value = "-".join(word(rng, HEX, n) for n in (8, 4, 4, 4, 12))
    elif name.lower() == "hex":
        value = "a" + word(rng, HEX, int(count) - 1)
    else:
        return {"imei": word(rng, "123456789", 15), "account": word(rng, "123456789", 12),
                "serial": "SN" + word(rng, "0123456789ABCDEFGHJ", 10),
                "ssid": "Wlz" + word(rng, ALL, 8), "secret": "Zk" + word(rng, ALL, 14),
                "letters": word(rng, ALL, int(count or 1))}[name]
    return value.upper() if name.isupper() else value


def by_itself():
    rng = random.Random(11)
    lines, values = [], []
    for form in pathlib.Path("tests/personal.txt").read_text().splitlines():
        if form.startswith("# "):
            continue
        values.append([])

        def make(match):
            values[-1].append(value_of(rng, match[1]))
            return values[-1][-1]

        lines.append(re.sub(r"\{([A-Za-z]+\d*[-:._ ]?)\}", make, form))
    shown = run("redact", "-", data="".join(line + "\n" for line in lines).encode()).stdout.decode().splitlines()
    expect("a line for a line", len(shown) == len(lines), len(shown))
    left = [(line, after) for line, some, after in zip(lines, values, shown) if any(v.lower() in after.lower() for v in some)]
    expect("each value was planted", all(values))
    for pair in left:
        expect("left:", False, pair)
    print(f"{len(lines)} lines by themselves: {len(left)} planted values left")


def names_only(before, after, where=""):
    """Two reports that differ in names only; offsets move with them. What differs otherwise."""
    if isinstance(before, dict) and isinstance(after, dict):
        if before.keys() != after.keys():
            return f"{where}: {sorted(before.keys() ^ after.keys())}"
        for key in before:
            if key in ("offset", "length") or (key, where) in (("bytes", ".source"), ("name", ".source")):
                continue
            wrong = names_only(before[key], after[key], f"{where}.{key}")
            if wrong:
                return wrong
        return None
    if isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            return f"{where}: {len(before)} != {len(after)}"
        return next(filter(None, (names_only(x, y, f"{where}[]") for x, y in zip(before, after))), None)
    if before == after or (where.endswith("signature.id") and NAME.search(json.dumps(after) + TITLES[0])):
        return None
    if isinstance(before, str) and isinstance(after, str) and NAME.search(after):
        literal = [re.escape(part) for part in NAME.split(after)]
        if re.fullmatch("(?:.+)".join(literal), before, re.S):
            return None
        if re.match(".+?".join(literal), before, re.S) or before.startswith(NAME.split(after)[0]):
            return None  # evidence is cut at a number of bytes
    return f"{where}: {before!r} != {after!r}"


TITLES = [""]


def run(*args, data=None, status=0, by=None):
    done = subprocess.run([by or tool, *map(str, args)], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    if status is not None:
        expect(f"{args}: status {done.returncode}", done.returncode == status, done.stderr)
    return done


def analyzed(data):
    return json.loads(run("analyze", "-", data=data, by=fast).stdout)


def compare(name, before, after):
    first, second = analyzed(before), analyzed(after)
    TITLES[0] = json.dumps([p["signature"] for p in second["problems"]])
    wrong = names_only(first, second)
    expect(f"{name}: another report:", wrong is None, wrong)


CODED = re.compile(r"mail-(?:base64|qp)|coded")


def check_logs(logs):
    rng = random.Random(5)
    left, coded = 0, 0
    for log in logs:
        data = log.read_bytes()
        done = run("redact", log, status=None)
        if done.returncode == 2 and b"hides text" in done.stderr:
            coded += 1
            continue
        expect(f"{log}: status", done.returncode == 0, done.stderr)
        compare(f"{log.name} as it is", data, done.stdout)
        values = planted(rng)
        lines = [line for _, group in values for line in group]
        rng.shuffle(lines)
        head = "".join(f"Nov 22 13:12:{n:02d} planthost9 service[1]: {line}\n" for n, line in enumerate(lines[:8])).encode()
        tail = "".join(f"[99999.{n:06d}] {line}\n" for n, line in enumerate(lines[8:])).encode()
        whole = (data if data.endswith(b"\n") else data + b"\n") + tail + head
        done = run("redact", "-", data=whole)
        shown = done.stdout.decode("utf-8", "replace").lower()
        for value, group in [*values, ("planthost9", [])]:
            if value.lower() in shown:
                left += 1
                expect(f"{log.name}: left:", False, (value, group[:1]))
        expect(f"{log.name}: lines", done.stdout.count(b"\n") == whole.count(b"\n"))
    print(f"{len(logs)} logs, {coded} of them coded: {left} planted values left")


def keys(folder):
    key, log = folder / "key", b"Nov 22 13:12:48 alpha-1 sshd[1]: from 10.1.2.3\nnext 10.1.2.4 %s\n"
    first = run("redact", "--key", key, "-", data=log % b"10.1.2.3").stdout
    expect("names", b"host-1 sshd[1]: from ip-1\nnext ip-2 ip-1\n" in first, first)
    expect("key file is private", key.stat().st_mode & 0o777 == 0o600)
    second = run("redact", "--key", key, "-", data=b"here is 10.1.2.4 and 10.9.9.9, alpha-1 too\n").stdout
    expect("over runs", second == b"here is ip-2 and ip-3, host-1 too\n", second)
    expect("nothing else is left", os.listdir(folder) == ["key"], os.listdir(folder))
    (folder / "bad").write_text("what is this\n")
    run("redact", "--key", folder / "bad", "-", data=b"x\n", status=2)
    expect("the bad key file stays", (folder / "bad").read_text() == "what is this\n")
    run("redact", folder / "missing", status=2)
    lost = run("redact", "--key", folder / "no" / "key", "-", data=b"x\n", status=2).stderr
    expect("the key file is named", lost.startswith(f"oopsdoc: {folder}/no/key: ".encode()), lost)
    odd = run("redact", "--key", folder / "odd", "-", data=b"wlan0: SSID 'a b%\xc3\xa4' ok\n")
    again = run("redact", "--key", folder / "odd", "-", data=b"x SSID 'a b%\xc3\xa4' and SSID 'c'\n").stdout
    expect("odd values", odd.stdout == b"wlan0: SSID 'ssid-1' ok\n" and again == b"x SSID 'ssid-1' and SSID 'ssid-2'\n", again)


def edges():
    pem = b"-----BEGIN RSA PRIVATE KEY-----\nMIIEow" + b"A" * 60 + b"\n-----END RSA PRIVATE KEY-----\nrest\n"
    expect("a private key", run("redact", "-", data=pem).stdout == b"(a private key)\n" * 3 + b"rest\n")
    same = (b"Linux version 2.6.32.27-0.2 (x) #1\nata1.00: cmd 60/08:00:00:00:00/00:00:00:00:00/40 tag 0\n"
            b"RIP: 0010:[<ffffffff81234567>] std::foo 12:34:56 pci 0000:00:1f.2 [mem 0x00000000-0x0009fbff]\n"
            b"eth0: 127.0.0.1 0.0.0.0 1.2.3 \x00\xff\xfe\r\nno end")
    expect("what is not personal", run("redact", "-", data=same).stdout == same, run("redact", "-", data=same).stdout)
    hidden = b"Content-Transfer-Encoding: base64\n\nTm92IDIy\n"
    expect("coded", b"hides text" in run("redact", "-", data=hidden, status=2).stderr)
    shown = run("redact", "--addresses", "-", data=b"at ffffffff81234567 and ffffffff81234567\n").stdout
    expect("addresses", shown == b"at address-1 and address-1\n", shown)
    slow = b"a.a-" * 40000 + b"@\n" + b"a:" * 50000 + b"\n"
    expect("a line made to take long", run("redact", "-", data=slow, status=None).returncode in (0, 3))


def main():
    global tool, fast
    tool, fast = map(os.path.abspath, sys.argv[1:3])
    logs = [pathlib.Path(name) for name in sys.argv[3:]] or sorted(pathlib.Path("tests/logs").rglob("*.log"))[::9]
    with tempfile.TemporaryDirectory() as folder:
        keys(pathlib.Path(folder))
    edges()
    by_itself()
    check_logs(logs)
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
