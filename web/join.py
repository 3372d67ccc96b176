#!/usr/bin/env python3
"""join.py KDIAG.wasm DEBIAN OUT.html: the page as one file. DEBIAN: the folder with the unpacked source packages."""
import base64
import gzip
import hashlib
import html
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
MOST = 3000000
LICENCES = ("pcre2-*/LICENCE", "capstone-*/LICENSE.TXT", "zlib-*/debian/copyright", "xz-utils-*/COPYING",
            "libzstd-*/LICENSE", "/usr/share/doc/wasi-libc/copyright")


def literals(path):
    """The text of C's string literals."""
    return "".join(re.findall(r'^"(.*)"$', path.read_text(), re.MULTILINE))


def licences(debian):
    for name in LICENCES:
        found = [pathlib.Path(name)] if name.startswith("/") else sorted(debian.glob(name))
        yield f"---- {(name.split('/')[0] or 'wasi-libc').rstrip('-*')} ----\n\n" + found[0].read_text(errors="replace")


def hashed(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def main():
    code, debian, out = map(pathlib.Path, sys.argv[1:])
    style = literals(HERE.parent / "cli/html/style.inc") + "\n" + (HERE / "page.css").read_text()
    script, worker = (HERE / "page.js").read_text(), (HERE / "worker.js").read_text()
    assert "</script" not in script + worker and "<!--" not in script + worker
    policy = (f"default-src 'none'; script-src {hashed(script)} 'wasm-unsafe-eval'; worker-src blob:; "
              f"style-src {hashed(style)}; base-uri 'none'; form-action 'none'")
    parts = {"CSP": policy, "STYLE": style, "LICENCES": html.escape("\n\n".join(licences(debian))),
             "WORKER": worker, "SCRIPT": script,
             "WASM": base64.b64encode(gzip.compress(code.read_bytes(), 9, mtime=0)).decode()}
    page = re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], (HERE / "page.html").read_text())
    out.write_text(page)
    size = out.stat().st_size
    print(f"{out}: {size} bytes")
    return size > MOST


if __name__ == "__main__":
    sys.exit(main())
