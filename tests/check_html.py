#!/usr/bin/env python3
"""check_html.py TOOL: -f html is one page without script or outside file, without a fault that tidy finds; what a log says stays
text; pictures have names and say what they show."""
import base64
import hashlib
import html.parser
import pathlib
import re
import subprocess
import sys
import tempfile

from expecting import expect, failures

ALLOWED = {"html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "h3", "h4", "p", "ul", "ol", "li",
           "article", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "code", "br", "span", "mark",
           "figure", "svg", "desc", "rect", "path", "text"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "open", "role", "viewbox", "width", "height",
              "aria-label", "tabindex", "x", "y", "text-anchor", "d", "rx"}
VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    def __init__(self, data):
        super().__init__()
        self.open, self.wrong, self.style, self.csp, self.pictures, self.seen, self.words = [], [], "", "", 0, set(), []
        self.level, self.says = 0, 0
        self.feed(data)
        self.wrong += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        self.seen.add(tag)
        if tag not in ALLOWED or set(names) - ATTRIBUTES:
            self.wrong.append(f"<{tag} {attributes}>")
        if tag == "meta" and names.get("http-equiv") == "Content-Security-Policy":
            self.csp = names["content"]
        if tag == "svg":
            self.pictures += 1
            if names.get("role") != "img" or not names.get("aria-label"):
                self.wrong.append("a picture without a name")
            self.says -= 1
        if re.fullmatch("h[1-6]", tag):
            if int(tag[1]) > self.level + 1:
                self.wrong.append(f"<{tag}> below a heading of level {self.level}")
            self.level = int(tag[1])
        if tag == "rect" and (float(names["width"]) < 0 or float(names["x"]) < 0 or float(names["x"]) + float(names["width"]) > 640):
            self.wrong.append(f"a bar of {names}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        if self.open and self.open[-1] == "desc" and data.strip():
            self.says += 1
        self.words.append(data)


def page(tool, *args, data=None, command="analyze"):
    done = subprocess.run([tool, command, "-f", "html", *map(str, args)], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    expect(f"{args}: status", done.returncode in (0, 3), done)
    text = done.stdout.decode()
    found = Page(text)
    expect(f"{args}: markup", not found.wrong, found.wrong[:5])
    expect(f"{args}: pictures say what they show", found.says == 0, found.says)
    checked = subprocess.run(["tidy", "-quiet", "-errors", "-utf8"], input=done.stdout, stderr=subprocess.PIPE, check=False)
    expect(f"{args}: tidy", not checked.stderr and checked.returncode == 0, checked.stderr.decode()[:400])
    made = base64.b64encode(hashlib.sha256(found.style.encode()).digest()).decode()
    expect(f"{args}: policy", found.csp.startswith(f"default-src 'none'; style-src 'sha256-{made}'") and "script" not in found.csp,
           found.csp)
    expect(f"{args}: one file", not re.search(r"url|@import|expression", found.style) and "<script" not in text)
    return found


def hostile(tool):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&lt;"
    for name in ("alloc/arm64-cma-order4", "fault/amd64-6.1.0-50-amd64-null_read", "hang/amd64-6.1.0-50-amd64-hung_task"):
        log = pathlib.Path(f"tests/logs/{name}.log").read_text()
        for old, new in [("kworker", evil), ("kfault", evil), ("Amlogic", "javascript:alert(3)"), ("QEMU", evil),
                         ("wlan_mt7663_usb", evil), ("insmod", "\x1b]0;x\x07\u202e" + evil), ("mode:", evil)]:
            found = page(tool, "-", data=log.replace(old, new).encode())
            expect("nothing hidden", not re.search("[\x00-\x08\x0e-\x1f\u202e\u200b]", "".join(found.words)))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "<svg onload=alert(1)>&.log"
        path.write_text(log)
        page(tool, path)


def main():
    tool = sys.argv[1]
    pictures = 0
    logs = sorted(pathlib.Path("tests/logs").rglob("*.log"))
    for first in range(0, len(logs), 60):
        pictures += page(tool, *logs[first:first + 60]).pictures
    expect("pictures", pictures > 1000, pictures)
    page(tool, logs[0])
    memory = page(tool, "tests/logs/alloc/arm64-cma-order4.log", "tests/logs/fault/amd64-6.1.0-50-amd64-null_read.log")
    words = " ".join(memory.words)
    expect("said", all(text in words for text in ("asked for: this size or more", "who holds the memory", "look here first",
                                                   "glSetHifInfo", "NULL page", "305 + 86 + 19")), words[:300])
    later = page(tool, "tests/logs/warn/panic-long-after-oops.log", "tests/logs/boot/reset-without-a-word.log")
    expect("effects and boots", {"p1: then panic at 9327.534 s", "boot 1"} <= set(later.words), later.words[:60])
    expect("empty", "0 problems" in "".join(page(tool, "-", data=b"").words))
    hostile(tool)
    if subprocess.run([tool, "triage", "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        groups = page(tool, "tests/logs/fault", "tests/logs/forms", command="triage")
        expect("groups", "problems by kernel" in " ".join(groups.words) and groups.pictures > 3, groups.words[:20])
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
