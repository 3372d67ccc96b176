#!/usr/bin/env python3
"""check_page.py PAGE.html TOOL [--every N] [--shots FOLDER]: the page in a real Chromium, from file://. Its reports are those of
TOOL on each N-th log of tests/logs; pasted, chosen, dropped and packed logs; hostile text is inert, in what -f html writes too;
what a screen reader is told; nothing is connected to; a log of 20 MB shows progress and leaves the page alive. --shots keeps pictures of it: light, dark, phone."""
import argparse
import base64
import bz2
import gzip
import json
import lzma
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from expecting import expect, failures

LOGS = pathlib.Path("tests/logs")
EVIL = "<script>window.hacked=1</script>\"'><img src=x onerror=\"window.hacked=2\"><svg onload=\"window.hacked=3\">"


class Browser:
    """Chromium by its debugging pipe: JSON messages that end with NUL."""

    def __init__(self, folder):
        to_read, self.out = os.pipe()
        self.back, to_write = os.pipe()

        def pipes():
            high = os.dup(to_read), os.dup(to_write)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.child = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number, self.rest, self.events = 0, b"", []
        target = [t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page"][0]
        self.session = None
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for name in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.ask(name + ".enable")

    def receive(self):
        while b"\0" not in self.rest:
            got = os.read(self.back, 1 << 20)
            if not got:
                sys.exit("chromium ended")
            self.rest += got
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def run(self, words):
        result = self.ask("Runtime.evaluate", expression=words, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            sys.exit(f"{words}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, words, seconds=120):
        end = time.monotonic() + seconds
        while not self.run(words):
            if time.monotonic() > end:
                expect(f"waited for {words}", False, self.run("document.getElementById('state').textContent"))
                return False
            time.sleep(0.02)
        return True

    def open(self, page):
        self.ask("Page.navigate", url=page.resolve().as_uri())
        self.wait("document.readyState === 'complete' && !!document.getElementById('form')")

    def choose(self, paths):
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector="#files")["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path.resolve()) for path in paths])

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def close(self):
        self.child.terminate()
        self.child.wait(20)


SHOWN = "document.querySelectorAll('#results > .log').length"
IDLE = "document.getElementById('work').hidden"


def results(browser, count):
    browser.wait(f"{SHOWN} >= {count} && {IDLE}", 300)
    return [json.loads(text) for text in
            browser.run("Array.from(document.querySelectorAll('#results > .log'), l => l.report ? l.report.json : 'null')")]


def native(tool, paths):
    done = subprocess.run([tool, "analyze", "-f", "ndjson", *map(str, paths)], stdout=subprocess.PIPE, check=False)
    for line, path in zip(done.stdout.splitlines(), paths):
        report = json.loads(line)
        report["source"]["name"] = path.name
        yield report


def reports(browser, tool, logs):
    for first in range(0, len(logs), 100):
        some = logs[first:first + 100]
        browser.run("document.getElementById('clear').click()")
        browser.choose(some)
        for path, got, wanted in zip(some, results(browser, len(some)), native(tool, some)):
            expect(f"{path}: the same report", got == wanted)
    print(f"{len(logs)} reports compared")


def pasted(browser, tool):
    log = LOGS / "alloc/arm64-cma-order4.log"
    browser.run("document.getElementById('clear').click(); document.getElementById('text').focus()")
    browser.ask("Input.insertText", text=log.read_text())
    for kind in ("keyDown", "keyUp"):
        browser.ask("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, modifiers=2)
    got, wanted = results(browser, 1)[0], next(native(tool, [log]))
    expect("pasted", got["problems"] == wanted["problems"] and got["diagnoses"] == wanted["diagnoses"])
    words = browser.run("document.getElementById('results').textContent")
    expect("pasted: shown", all(text in words for text in ("asked for: this size or more", "look here first", "305 + 86 + 19")))
    whole = subprocess.run([tool, "analyze", "-f", "html", log], stdout=subprocess.PIPE, check=True).stdout.decode()
    drawn = browser.run("['svg', 'rect', 'tr', 'li', 'summary'].map(n => document.querySelectorAll('#results ' + n).length)")
    expect("nothing of -f html is lost", drawn == [whole.count(f"<{n}") for n in ("svg", "rect", "tr", "li", "summary")], drawn)
    expect("a picture says what it is", browser.run(
        "Array.from(document.querySelectorAll('svg')).every(s => s.getAttribute('aria-label') && s.getAttribute('role') === 'img')"))
    spoken(browser, "the page")
    expect("the stack is open", browser.run("Array.from(document.querySelectorAll('details')).filter(d => d.open).length === 1"))
    expect("keys reach all", browser.run(
        "Array.from(document.querySelectorAll('textarea, input, button')).every(e => e.tabIndex === 0 && "
        "(e.labels && e.labels.length || e.textContent))"))


def dropped(browser):
    text = json.dumps((LOGS / "fault/amd64-6.1.0-50-amd64-null_read.log").read_text())
    browser.run("document.getElementById('clear').click()")
    browser.run(f"""(() => {{ const data = new DataTransfer(); data.items.add(new File([{text}], 'dropped.log'));
        dispatchEvent(new DragEvent('drop', {{dataTransfer: data, cancelable: true}})); }})()""")
    got = results(browser, 1)[0]
    expect("dropped", got["source"]["name"] == "dropped.log" and got["problems"], got["source"])


def packed(browser, tool, folder):
    """Packed logs, whole and cut: the report of each is that of the tool."""
    log = (LOGS / "fault/amd64-6.1.0-50-amd64-null_read.log").read_bytes()
    noise = log + base64.b64encode(os.urandom(300000))
    paths = []
    for how, pack in (("gz", gzip.compress), ("xz", lzma.compress), ("zst", zstd)):
        for name, data in (("whole", pack(log)), ("twice", pack(log) + pack(b"[    9.0] more\n")), ("cut", pack(noise)[:-100000]),
                           ("damaged", pack(noise)[:150000] + bytes(1000) + pack(noise)[151000:])):
            paths.append(folder / f"{name}.log.{how}")
            paths[-1].write_bytes(data)
    browser.run("document.getElementById('clear').click()")
    browser.choose(paths)
    for path, got, wanted in zip(paths, results(browser, len(paths)), native(tool, paths)):
        expect(f"{path.name}: the same report", got == wanted, (got or {}).get("source"))
        expect(f"{path.name}: a problem", got and got["problems"])
    other = folder / "other.log.bz2"
    other.write_bytes(bz2.compress(log))
    browser.run("document.getElementById('clear').click()")
    browser.choose([other])
    got = results(browser, 1)
    expect("bzip2", got == [None] and "packed with bzip2" in browser.run("document.getElementById('results').textContent"), got)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def hostile(browser, folder):
    paths = []
    for number, name in enumerate(("alloc/arm64-cma-order4", "fault/amd64-6.1.0-50-amd64-null_read",
                                   "hang/amd64-6.1.0-50-amd64-hung_task")):
        log = (LOGS / f"{name}.log").read_text()
        for old in ("kworker", "kfault", "wlan_mt7663_usb", "QEMU", "insmod", "Amlogic"):
            paths.append(folder / f"{number}-{old}-<svg onload=window.hacked=4>&.log")
            paths[-1].write_text(log.replace(old, EVIL if old != "Amlogic" else "javascript:window.hacked=5"))
    paths.append(folder / "noise.log")
    paths[-1].write_bytes(b"[    1.000000] BUG: unable to handle \0\xff\xfe\x1b]0;x\x07\xe2\x80\xae page fault at 0\n" + os.urandom(20000))
    browser.run("document.getElementById('clear').click()")
    browser.choose(paths)
    results(browser, len(paths))
    expect("inert", browser.run("window.hacked === undefined"))
    strange = browser.run("""Array.from(document.querySelectorAll('#results *')).filter(e => /^(script|img|a|iframe|object|embed|style|link|form)$/
        .test(e.localName) || e.getAttributeNames().some(n => /^on|href|src|style/.test(n))).map(e => e.outerHTML.slice(0, 80))""")
    expect("no markup of the log's", strange == [], strange)
    browser.run("""(() => { const box = document.createElement('div'); document.body.append(box);
        box.innerHTML = '<img src=x onerror="window.hacked=6">'; box.remove(); })()""")
    refused = browser.run("fetch('data:text/plain,x').then(() => 'connected', () => 'refused')")
    expect("even what gets in is inert", refused == "refused" and browser.run("window.hacked === undefined"), refused)


def report_pages(browser, tool, folder):
    """What -f html writes of hostile logs does nothing in a browser; pictures have a name and say what they show."""
    evil = [folder / "evil.log", folder / "<img src=x onerror=window.hacked=7>.log"]
    log = (LOGS / "alloc/arm64-cma-order4.log").read_text() + (LOGS / "fault/amd64-6.1.0-50-amd64-null_read.log").read_text()
    for path, words in zip(evil, (EVIL, "javascript:window.hacked=8")):
        path.write_text(re.sub("kworker|kfault|wlan_mt7663_usb|insmod|QEMU", lambda _: words, log))
    for command in ("analyze", "triage"):
        page = folder / f"{command}.html"
        page.write_bytes(subprocess.run([tool, command, "-f", "html", *evil], stdout=subprocess.PIPE, check=True).stdout)
        browser.ask("Page.navigate", url=page.resolve().as_uri())
        browser.wait("document.readyState === 'complete' && !!document.querySelector('section')")
        strange = browser.run("""Array.from(document.querySelectorAll('*')).filter(e => /^(script|img|a|iframe|object|embed|link|form)$/
            .test(e.localName) || e.getAttributeNames().some(n => /^on|href|src|style/.test(n))).map(e => e.outerHTML.slice(0, 80))""")
        expect(f"{command} -f html: no markup of the log's", strange == [], strange)
        spoken(browser, f"{command} -f html", command == "analyze")
        browser.run("Array.from(document.querySelectorAll('details, summary, li, svg')).forEach(e => e.dispatchEvent(new Event('click')))")
        browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hacked=9\">')")
        time.sleep(0.2)
        expect(f"{command} -f html: inert", browser.run("window.hacked === undefined"))


def said(node, what):
    return node.get(what, {}).get("value", "")


def spoken(browser, where, pictures=True):
    """What a screen reader is told of the pictures, and that keys reach what scrolls."""
    browser.ask("Accessibility.enable")
    nodes = [node for node in browser.ask("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
    images = [node for node in nodes if said(node, "role") in ("image", "img")]
    expect(f"{where}: pictures for who listens", bool(images) or not pictures, [said(n, "role") for n in nodes][:40])
    expect(f"{where}: each has a name and says what it shows", all(said(n, "name") and said(n, "description") for n in images),
           [(said(n, "name"), said(n, "description")) for n in images][:4])
    heads = [int(p["value"]["value"]) for n in nodes if said(n, "role") == "heading" for p in n["properties"] if p["name"] == "level"]
    expect(f"{where}: headings in order", all(b <= a + 1 for a, b in zip([0, *heads], heads)), heads)
    expect(f"{where}: keys reach pictures", browser.run("Array.from(document.querySelectorAll('figure')).every(f => f.tabIndex === 0)"))


def large(browser, folder):
    path = folder / "large.log"
    log = (LOGS / "fault/amd64-6.1.0-50-amd64-null_read.log").read_bytes()
    line = b"[    0.%06d] usb 1-1: New USB device found, idVendor=1d6b, idProduct=%04x\n"
    path.write_bytes(b"".join(line % (n % 1000000, n & 0xffff) for n in range(280000)) + log)
    browser.run("document.getElementById('clear').click()")
    browser.run("""(() => { window.seen = []; window.gap = 0; let last = performance.now();
        window.timer = setInterval(() => { const now = performance.now(); window.gap = Math.max(window.gap, now - last); last = now;
        const p = document.getElementById('progress'); if (!document.getElementById('work').hidden) window.seen.push(p.value); }, 5); })()""")
    began = time.monotonic()
    browser.choose([path])
    got = results(browser, 1)[0]
    took = time.monotonic() - began
    seen, gap = browser.run("clearInterval(window.timer), [Array.from(new Set(window.seen)), window.gap]")
    expect("20 MB", got["problems"] and got["source"]["bytes"] == path.stat().st_size, got["source"])
    expect("20 MB: progress", len(seen) >= 3 and seen == sorted(seen), seen)
    expect("20 MB: the page lives", gap < 1000, gap)
    print(f"{path.stat().st_size / 1e6:.1f} MB in {took:.2f} s, {len(seen)} steps of progress, "
          f"the page did not answer for at most {gap:.0f} ms")


def connections(browser):
    for event in browser.events:
        params = event.get("params", {})
        if event["method"] == "Network.requestWillBeSent":
            url = params["request"]["url"]
            expect("nothing is connected to", url.startswith(("file://", "blob:", "data:text/plain,x")), url)
        elif event["method"] == "Runtime.exceptionThrown":
            expect("no exception", False, params["exceptionDetails"])
        elif event["method"] == "Page.javascriptDialogOpening":
            expect("no dialog", False, params)


def shots(browser, folder):
    folder.mkdir(exist_ok=True)
    for name, width, scheme in (("light", 1100, "light"), ("dark", 1100, "dark"), ("phone", 390, "light")):
        browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        browser.picture(folder / f"{name}.png")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("tool")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--shots", type=pathlib.Path)
    args = parser.parse_args()
    tidy = subprocess.run(["tidy", "-quiet", "-errors", "-utf8", "--warn-proprietary-attributes", "no", args.page],
                          stderr=subprocess.PIPE, check=False)
    expect("tidy finds no fault", tidy.returncode == 0, tidy.stderr.decode())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        browser = Browser(folder / "profile")
        browser.open(args.page)
        pasted(browser, args.tool)
        if args.shots:
            shots(browser, args.shots)
        dropped(browser)
        packed(browser, args.tool, folder)
        hostile(browser, folder)
        large(browser, folder)
        connections(browser)
        report_pages(browser, args.tool, folder)
        browser.open(args.page)
        reports(browser, args.tool, sorted(LOGS.rglob("*.log"))[::args.every])
        browser.close()
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
