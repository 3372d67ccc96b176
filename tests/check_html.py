#!/usr/bin/env python3
"""check_html.py TOOL: -f html is one page without script or outside file; what a log says stays text; pictures have names."""
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
           "figure", "svg", "rect", "path", "text"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "open", "role", "viewbox", "width", "height",
              "aria-label", "x", "y", "text-anchor", "d", "rx"}
VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    def __init__(self, data):
        super().__init__()
        self.open, self.wrong, self.style, self.csp, self.pictures, self.seen, self.words = [], [], "", "", 0, set(), []
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
        if tag in ("rect",) and (float(names["width"]) < 0 or float(names["x"]) < 0 or float(names["width"]) > 1200):
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
        self.words.append(data)


def page(tool, *args, data=None, command="analyze"):
    done = subprocess.run([tool, command, "-f", "html", *map(str, args)], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    expect(f"{args}: status", done.returncode in (0, 3), done)
    text = done.stdout.decode()
    found = Page(text)
    expect(f"{args}: markup", not found.wrong, found.wrong[:5])
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
    for log in sorted(pathlib.Path("tests/logs").rglob("*.log"))[::9]:
        pictures += page(tool, log).pictures
    expect("pictures", pictures > 20, pictures)
    memory = page(tool, "tests/logs/alloc/arm64-cma-order4.log", "tests/logs/fault/amd64-6.1.0-50-amd64-null_read.log")
    words = " ".join(memory.words)
    expect("said", all(text in words for text in ("asked for: this size or more", "who holds the memory", "look here first",
                                                   "glSetHifInfo", "NULL page", "305 + 86 + 19")), words[:300])
    expect("empty", "0 problems" in "".join(page(tool, "-", data=b"").words))
    hostile(tool)
    if subprocess.run([tool, "triage", "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        groups = page(tool, "tests/logs/fault", "tests/logs/forms", command="triage")
        expect("groups", "problems by kernel" in " ".join(groups.words) and groups.pictures > 3, groups.words[:20])
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
