#!/usr/bin/env python3
"""check_page.py PAGE.html TOOL [--every N] [--shots FOLDER]: the page in a real Chromium, from file://. Its reports are those of
TOOL on each N-th log of tests/logs; pasted, chosen and dropped logs; hostile text is inert; nothing is connected to; a log of
20 MB shows progress and leaves the page alive. --shots keeps pictures of it: light, dark, phone."""
import argparse
import base64
import gzip
import json
import os
import pathlib
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


def packed(browser, folder):
    log = (LOGS / "fault/amd64-6.1.0-50-amd64-null_read.log").read_bytes()
    whole, cut, other = folder / "whole.log.gz", folder / "cut.log.gz", folder / "other.log.xz"
    whole.write_bytes(gzip.compress(log))
    cut.write_bytes(gzip.compress(log + os.urandom(300000))[:-100000])
    other.write_bytes(b"\xfd7zXZ\0" + bytes(100))
    browser.run("document.getElementById('clear').click()")
    browser.choose([whole, cut, other])
    got = results(browser, 3)
    expect("gzip", got[0]["source"]["forms"][-1:] == ["gzip"] or "gzip" in got[0]["source"]["forms"], got[0]["source"])
    expect("gzip, cut", got[1]["problems"] and "gzip-cut" in got[1]["source"]["forms"], got[1]["source"])
    expect("xz", got[2] is None and "packed with xz" in browser.run("document.getElementById('results').textContent"))


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
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        browser = Browser(folder / "profile")
        browser.open(args.page)
        pasted(browser, args.tool)
        if args.shots:
            shots(browser, args.shots)
        dropped(browser)
        packed(browser, folder)
        hostile(browser, folder)
        large(browser, folder)
        connections(browser)
        reports(browser, args.tool, sorted(LOGS.rglob("*.log"))[::args.every])
        browser.close()
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
