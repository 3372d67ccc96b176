"""The C library by ctypes: what of kdiag.h the binding calls."""
import ctypes
import ctypes.util
import os
import pathlib
from ctypes import POINTER, byref, c_bool, c_char_p, c_int, c_size_t, c_uint32, c_void_p

OK, END, E_NOMEM, E_INVAL, E_LIMIT, E_SINK = 0, 1, -1, -2, -3, -4
NO_REPAIR, NO_TEXT = 1 << 1, 1 << 2
FORMATS = {"json": 0, "text": 1, "stats": 2, "brief": 3}


class Str(ctypes.Structure):
    _fields_ = [("ptr", c_char_p), ("len", c_size_t)]


class Options(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("flags", c_uint32), ("kernel_version", c_uint32), ("page_size", c_uint32),
                ("arch", c_char_p), ("kernel_release", c_char_p), ("source_name", Str), ("kconfig", Str), ("before", Str),
                ("max_line", c_uint32), ("max_event_lines", c_uint32), ("max_history", c_uint32), ("max_diags", c_uint32),
                ("max_memory", c_size_t), ("on_line", c_void_p), ("on_line_user", c_void_p), ("tool_name", c_char_p),
                ("command_line", Str)]


class Item(ctypes.Structure):
    _fields_ = [("boot", c_void_p), ("event", c_void_p), ("diag", c_void_p), ("problem", c_void_p)]


WRITE = ctypes.CFUNCTYPE(c_int, c_void_p, c_size_t, c_void_p)
PROTOTYPES = {
    "kd_version": (c_uint32,),
    "kd_status_name": (c_char_p, c_int),
    "kd_engine_new": (c_int, POINTER(c_void_p), c_void_p),
    "kd_engine_free": (None, c_void_p),
    "kd_options_init": (None, POINTER(Options), c_size_t),
    "kd_analyze": (c_int, c_void_p, Str, POINTER(Options), POINTER(c_void_p)),
    "kd_report_free": (None, c_void_p),
    "kd_report_write": (c_int, c_void_p, c_int, c_uint32, WRITE, c_void_p),
    "kd_session_new": (c_int, POINTER(c_void_p), c_void_p, POINTER(Options)),
    "kd_session_free": (None, c_void_p),
    "kd_session_feed": (c_int, c_void_p, Str),
    "kd_session_flush": (c_int, c_void_p),
    "kd_session_finish": (c_int, c_void_p),
    "kd_session_busy": (c_bool, c_void_p),
    "kd_session_next": (c_int, c_void_p, POINTER(Item)),
    "kd_session_report": (c_int, c_void_p, POINTER(c_void_p)),
    "kd_boot_write": (c_int, c_void_p, WRITE, c_void_p),
    "kd_event_write": (c_int, c_void_p, WRITE, c_void_p),
    "kd_diag_write": (c_int, c_void_p, WRITE, c_void_p),
    "kd_problem_write": (c_int, c_void_p, WRITE, c_void_p),
}


def _candidates():
    """KDIAG_LIBRARY, the one installed beside this file, the system's, that of the tree around it."""
    if os.environ.get("KDIAG_LIBRARY"):
        yield os.environ["KDIAG_LIBRARY"]
        return
    own = pathlib.Path(__file__).with_name("libkdiag.so")
    if own.exists():
        yield str(own)
    found = ctypes.util.find_library("kdiag")
    if found:
        yield found
    yield str(pathlib.Path(__file__).resolve().parents[2] / "build/release/lib/libkdiag.so")


def load():
    errors = []
    for name in _candidates():
        try:
            library = ctypes.CDLL(name)
        except OSError as error:
            errors.append(str(error))
            continue
        for function, (result, *arguments) in PROTOTYPES.items():
            getattr(library, function).restype = result
            getattr(library, function).argtypes = arguments
        return library
    raise ImportError("libkdiag is not there (KDIAG_LIBRARY names it): " + "; ".join(errors))


def collect(call, *arguments):
    """What a writer of the library writes, as bytes; and its status."""
    parts = []

    def write(data, size, _user):
        parts.append(ctypes.string_at(data, size))
        return 0

    status = call(*arguments, WRITE(write), None)
    return status, b"".join(parts)


__all__ = ["Str", "Options", "Item", "load", "collect", "byref", "c_void_p", "FORMATS"]
