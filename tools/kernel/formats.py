"""Formats of a tree that look like what recognisers are for, and that none of them is woken by."""
import pathlib
import re

import rows

from . import defs
from .text import ANYTHING
from .wordings import covers

# panics of other architectures are those of their boards: a text that tells all
PANICS = ("mm/", "kernel/", "fs/", "init/", "lib/", "arch/x86/", "arch/arm64/", "arch/arm/kernel/", "arch/arm/mm/")
OURS = re.compile(  # how a kernel begins to complain
    r"(BUG: |INFO: (?!lockdep is turned off)|Unable to handle |Internal error: |Oops|WARNING: (at|CPU|possible)|"
    r"general protection|Kernel panic|Bad (page|mode|rss)|.*: page allocation failure|.*allocation failure: |"
    r".*(soft|hard|spinlock|workqueue) lockup|.*detected (expedited )?stalls|[Oo]ut of memory: |list_(add|del)|refcount_t|"
    r".*invoked oom-killer|.*[Kk]illed process|.*unable to allocate|.*corruption|.*(double|bad|invalid) free|.*leaked )")


def unmatched(tree, lib):
    """(key, what) of each that nothing of ours knows."""
    lib = pathlib.Path(lib)
    anchors = [anchor.strip() for anchor in rows.anchors(lib)]
    anchors += [m[1] for m in (re.fullmatch(r"[\w-]+: (.*)", anchor) for anchor in anchors) if m]  # behind pr_fmt()
    reasons = [defs.string(row[0]) for row in defs.rows(lib / "family/warn/panic_reason.def", "PANIC")]
    done = set()
    for panic, name, text in tree.scan.printed:
        if text in done or len(re.findall("[A-Za-z]", text)) < 6:
            continue
        done.add(text)
        if panic:
            if name.startswith(PANICS) and not any(reason in text for reason in reasons):
                yield f"panic: {key(text)}", f"{name}: a panic without a row in panic_reason.def"
        elif OURS.match(text) and not any(anchor in text or _needs(anchor) and covers(text, anchor) for anchor in anchors):
            yield key(text), f"{name}: looks like ours, no anchor"


def _needs(anchor):
    return len(re.findall("[A-Za-z]", anchor)) >= 8


def key(text):
    return " ".join(text.replace(ANYTHING, "%").split())
