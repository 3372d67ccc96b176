"""Finds out why a Linux kernel complained, from its log alone.

    import kdiag
    report = kdiag.analyze(open("dmesg.txt", "rb").read())
    for problem in report.problems:
        print(problem.signature.id, problem.title)

Names are those of the report (docs/json.md). What the log does not tell is None. `raw` is the JSON object.
"""
from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, fields
from typing import Any, Iterable, Iterator, List, Optional, Union

from . import _library as lib

__all__ = ["analyze", "Session", "Report", "Problem", "Diagnosis", "Event", "Boot", "Evidence", "Signature", "Suspect",
           "Error", "InvalidError", "LimitError", "version"]


class Error(Exception):
    """The library could not do it."""


class InvalidError(Error, ValueError):
    """An option is none of what the library takes."""


class LimitError(Error):
    """A limit cut the analysis short; `report` is what was found before, when there is one."""

    report: Optional["Report"] = None


_lib = lib.load()
_engine = None
_lock = threading.Lock()


def _check(status: int) -> None:
    if status in (lib.OK, lib.END):
        return
    name = _lib.kd_status_name(status).decode()
    if status == lib.E_NOMEM:
        raise MemoryError(name)
    raise {lib.E_INVAL: InvalidError, lib.E_LIMIT: LimitError}.get(status, Error)(name)


def _get_engine():
    """One for all: it is immutable, and any thread may use it."""
    global _engine
    with _lock:
        if _engine is None:
            made = lib.c_void_p()
            _check(_lib.kd_engine_new(lib.byref(made), None))
            _engine = made
    return _engine


def version() -> str:
    number = _lib.kd_version()
    return f"{number >> 24}.{number >> 16 & 255}.{number & 65535}"


# ---- what is found ---------------------------------------------------------------------------------------------------


def _take(kind, raw: Optional[dict]):
    """An object with the fields that the class knows; others are in raw."""
    if raw is None:
        return None
    known = {f.name: raw[f.name] for f in fields(kind) if f.name in raw and f.name != "raw"}
    made = kind(**known)
    if hasattr(made, "raw"):
        made.raw = raw
    return made


@dataclass
class Signature:
    id: str = ""
    title: str = ""
    version: int = 0


@dataclass
class Suspect:
    name: Optional[str] = None
    why: Optional[str] = None
    kind: str = "unknown"  # "class" of the report: hardware, driver, kernel ...


@dataclass
class Evidence:
    line: int = 0
    offset: int = 0
    length: int = 0
    text: Optional[str] = None
    says: Optional[str] = None
    source: Optional[str] = None


@dataclass
class Boot:
    boot: int = 0
    arch: Optional[str] = None
    kernel_release: Optional[str] = None
    kernel_version: Optional[str] = None
    hardware: Optional[str] = None
    page_size: Optional[int] = None
    raw: dict = field(default_factory=dict, repr=False)


@dataclass
class Event:
    id: str = ""
    kind: str = ""
    boot: int = 0
    lines: List[List[int]] = field(default_factory=list)
    time_us: Optional[int] = None
    wall_time: Optional[str] = None
    complete: bool = True
    comm: Optional[str] = None
    pid: Optional[int] = None
    signature: Optional[Signature] = None
    raw: dict = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Any:
        """Fields of the kind: event["gfp"]["names"]."""
        return self.raw[name]


@dataclass
class Diagnosis:
    id: str = ""
    rule: str = ""
    severity: str = ""
    confidence: str = ""
    role: str = ""
    title: str = ""
    explanation: str = ""
    events: List[str] = field(default_factory=list)
    evidence: List[Evidence] = field(default_factory=list)
    proof: List[dict] = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    remedies: List[str] = field(default_factory=list)
    assumes: List[Any] = field(default_factory=list)
    missing: List[str] = field(default_factory=list)
    impact: Optional[str] = None
    suspect: Optional[Suspect] = None
    withdrawn: bool = False
    raw: dict = field(default_factory=dict, repr=False)


@dataclass
class Problem:
    id: str = ""
    title: str = ""
    root: str = ""
    diagnoses: List[str] = field(default_factory=list)
    events: List[str] = field(default_factory=list)
    count: int = 1
    first_time_us: Optional[int] = None
    last_time_us: Optional[int] = None
    impact: Optional[str] = None
    suspect: Optional[Suspect] = None
    signature: Optional[Signature] = None
    withdrawn: bool = False
    raw: dict = field(default_factory=dict, repr=False)


def _suspect(raw: Optional[dict]) -> Optional[Suspect]:
    if raw is None:
        return None
    return Suspect(name=raw.get("name"), why=raw.get("why"), kind=raw.get("class", "unknown"))


def _typed(kind, raw: dict):
    made = _take(kind, raw)
    if "suspect" in raw:
        made.suspect = _suspect(raw["suspect"])
    if "signature" in raw:
        made.signature = _take(Signature, raw["signature"])
    if kind is Diagnosis:
        made.evidence = [_take(Evidence, item) for item in raw.get("evidence", [])]
    return made


class Report:
    """The result of one analysis."""

    def __init__(self, handle):
        self._handle = handle
        self.raw: dict = json.loads(self.text("json"))
        self.boots: List[Boot] = [_typed(Boot, item) for item in self.raw["boots"]]
        self.problems: List[Problem] = [_typed(Problem, item) for item in self.raw["problems"]]
        self.events: List[Event] = [_typed(Event, item) for item in self.raw["events"]]
        self.diagnoses: List[Diagnosis] = [_typed(Diagnosis, item) for item in self.raw["diagnoses"]]
        self.stats: dict = self.raw["stats"]

    def text(self, form: str = "text") -> str:
        """As "text" and "brief" for people, "json", "stats"."""
        if form not in lib.FORMATS:
            raise InvalidError(f"no such form: {form}")
        status, data = lib.collect(_lib.kd_report_write, self._handle, lib.FORMATS[form], 0)
        _check(status)
        return data.decode("utf-8", "replace")

    def root(self, problem: Problem) -> Union[Diagnosis, Event, None]:
        """What a problem stands on."""
        found = self.diagnoses if problem.root.startswith("d") else self.events
        return next((item for item in found if item.id == problem.root), None)

    def __del__(self):
        if getattr(self, "_handle", None):
            _lib.kd_report_free(self._handle)
            self._handle = None

    def __repr__(self) -> str:
        return f"<kdiag.Report: {len(self.problems)} problems, {self.stats['lines']} lines>"


# ---- options and text ------------------------------------------------------------------------------------------------


def _bytes(text: Union[str, bytes, bytearray, memoryview]) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else bytes(text)


def _str(text) -> lib.Str:
    data = _bytes(text)
    return lib.Str(data, len(data))


def _options(kernel=None, arch=None, page_size=None, kconfig=None, before=None, source=None, keep_text=True, repair=True,
             max_memory=None, max_history=None, cmdline=None) -> lib.Options:
    made = lib.Options()
    _lib.kd_options_init(lib.byref(made), lib.ctypes.sizeof(made))
    made.flags |= (0 if keep_text else lib.NO_TEXT) | (0 if repair else lib.NO_REPAIR)
    if kernel is not None:
        made.kernel_release = _bytes(kernel)
    if arch is not None:
        made.arch = _bytes(arch)
    for name, value in (("page_size", page_size), ("max_memory", max_memory), ("max_history", max_history)):
        if value is not None:
            setattr(made, name, value)
    for name, value in (("kconfig", kconfig), ("command_line", cmdline), ("before", before), ("source_name", source)):
        if value is not None:
            setattr(made, name, _str(value))
    return made


def analyze(text: Union[str, bytes], **options) -> Report:
    """A whole log. Options: kernel, arch, page_size, kconfig, cmdline, before, source, keep_text, repair,
    max_memory, max_history. LimitError has the partial report in `report`."""
    handle, given = lib.c_void_p(), _options(**options)
    status = _lib.kd_analyze(_get_engine(), _str(text), lib.byref(given), lib.byref(handle))
    if status == lib.E_LIMIT and handle.value:
        error = LimitError(_lib.kd_status_name(status).decode())
        error.report = Report(handle)
        raise error
    _check(status)
    return Report(handle)


class Session:
    """A log that comes in pieces: feed() gives what is known by now.

        with kdiag.Session() as session:
            for piece in stream:
                for item in session.feed(piece):
                    ...
            for item in session.finish():
                ...

    Items are Boot, Event, Diagnosis and Problem; one that comes again under its id replaces what it said before.
    """

    def __init__(self, **options):
        self._handle = lib.c_void_p()
        given = _options(**options)
        _check(_lib.kd_session_new(lib.byref(self._handle), _get_engine(), lib.byref(given)))

    def _items(self) -> Iterator[Union[Boot, Event, Diagnosis, Problem]]:
        item = lib.Item()
        while True:
            status = _lib.kd_session_next(self._open(), lib.byref(item))
            _check(status)
            if status == lib.END:
                return
            for pointer, write, kind in ((item.boot, _lib.kd_boot_write, Boot), (item.event, _lib.kd_event_write, Event),
                                         (item.diag, _lib.kd_diag_write, Diagnosis),
                                         (item.problem, _lib.kd_problem_write, Problem)):
                if pointer:
                    status, data = lib.collect(write, pointer)
                    _check(status)
                    yield _typed(kind, json.loads(data))

    def _open(self):
        if not self._handle:
            raise Error("the session is closed")
        return self._handle

    def feed(self, piece: Union[str, bytes]) -> Iterable[Union[Boot, Event, Diagnosis, Problem]]:
        _check(_lib.kd_session_feed(self._open(), _str(piece)))
        return list(self._items())

    def flush(self) -> Iterable[Union[Boot, Event, Diagnosis, Problem]]:
        """The stream is quiet: what is open is taken for finished."""
        _check(_lib.kd_session_flush(self._open()))
        return list(self._items())

    def finish(self) -> Iterable[Union[Boot, Event, Diagnosis, Problem]]:
        _check(_lib.kd_session_finish(self._open()))
        return list(self._items())

    @property
    def busy(self) -> bool:
        return bool(_lib.kd_session_busy(self._open()))

    def close(self) -> None:
        if self._handle:
            _lib.kd_session_free(self._handle)
            self._handle = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_error) -> None:
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()
