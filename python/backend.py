"""What pip calls to install the binding (PEP 517 and 660). It needs nothing that is not in the tree: no network. The library
that `./dev analyze` or CMake built goes along, where there is one."""
import base64
import hashlib
import io
import pathlib
import sysconfig
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = HERE.parent / "build/release/lib/libkdiag.so"


def _value(name):
    """Of pyproject.toml; tomllib is only in newer Pythons."""
    for line in (HERE / "pyproject.toml").read_text().splitlines():
        if line.startswith(f"{name} = "):
            return line.split("=", 1)[1].strip().strip('"')
    raise KeyError(name)


def _metadata():
    return (f"Metadata-Version: 2.1\nName: {_value('name')}\nVersion: {_value('version')}\nSummary: {_value('description')}\n"
            f"License: MIT\nRequires-Python: {_value('requires-python')}\n")


def _wheel(folder, files, tag):
    name = f"{_value('name')}-{_value('version')}"
    files = {**files, f"{name}.dist-info/METADATA": _metadata().encode(),
             f"{name}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: kdiag\nRoot-Is-Purelib: {str(tag.endswith('any')).lower()}\n"
                                        f"Tag: {tag}\n".encode()}
    record = f"{name}.dist-info/RECORD"
    rows = [f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}"
            for path, data in files.items()]
    files[record] = "\n".join([*rows, f"{record},,"]).encode() + b"\n"
    with zipfile.ZipFile(pathlib.Path(folder) / f"{name}-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as out:
        for path, data in files.items():
            out.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return f"{name}-{tag}.whl"


def _package():
    return {f"kdiag/{path.name}": path.read_bytes() for path in sorted((HERE / "kdiag").iterdir())
            if path.suffix == ".py" or path.name == "py.typed"}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    files, tag = _package(), "py3-none-any"
    if LIBRARY.exists():
        files["kdiag/libkdiag.so"] = LIBRARY.read_bytes()
        tag = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return _wheel(wheel_directory, files, tag)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory, {"kdiag.pth": f"{HERE}\n".encode()}, "py3-none-any")


def build_sdist(sdist_directory, config_settings=None):
    name = f"{_value('name')}-{_value('version')}"
    files = {**_package(), "PKG-INFO": _metadata().encode(),
             **{path: (HERE / path).read_bytes() for path in ("pyproject.toml", "backend.py", "README.md")}}
    with tarfile.open(pathlib.Path(sdist_directory) / f"{name}.tar.gz", "w:gz") as out:
        for path, data in files.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return f"{name}.tar.gz"
