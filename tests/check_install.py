#!/usr/bin/env python3
"""check_install.py BUILD [FLAG...]: an installed tree works where it is moved to, and a program finds the library in
it through pkg-config (shared, and the archive) and through CMake's find_package(kdiag).

FLAGs are for the compiler, as those of a sanitizer that the library was built with.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = r"""
#include <kdiag.h>
#include <stdio.h>

int main(void)
{
    static const char log[] = "vmap allocation for size 8192 failed: use vmalloc=<size> to increase size.\n";
    kd_engine *engine;
    kd_report *report;
    if (kd_version() >> 16 != (KD_VERSION_MAJOR << 8 | KD_VERSION_MINOR) || kd_engine_new(&engine, NULL) != KD_OK ||
        kd_analyze(engine, (kd_str){ log, sizeof log - 1 }, NULL, &report) != KD_OK)
        return 1;
    printf("%zu\n", kd_report_event_count(report));
    kd_report_free(report);
    kd_engine_free(engine);
    return 0;
}
"""
CMAKE = """
cmake_minimum_required(VERSION 3.16)
project(consumer C)
find_package(kdiag 0.1 REQUIRED)
add_executable(shared main.c)
target_link_libraries(shared PRIVATE kdiag::kdiag)
add_executable(static main.c)
target_link_libraries(static PRIVATE kdiag::kdiag_static)
"""


def run(*command, **more):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **more).stdout


def expect_one_event(program, libdir):
    done = run(program, env={**os.environ, "LD_LIBRARY_PATH": str(libdir)})
    assert done == "1\n", f"{program}: {done!r}"


def soname_of(library):
    return re.search(r"SONAME.*\[(.*)\]", run("readelf", "-d", library))[1]


def by_pkg_config(top, prefix, pc, flags):
    env = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent)}
    words = run("pkg-config", "--cflags", "--libs", "kdiag", env=env).split()
    assert str(prefix.name) in " ".join(words), f"kdiag.pc does not follow its tree: {words}"
    run("cc", "-std=c11", *flags, "main.c", *words, "-o", "by-pc", cwd=top)
    expect_one_event(top / "by-pc", pc.parent.parent)
    words = run("pkg-config", "--static", "--cflags", "--libs", "kdiag", env=env).split()
    archive = str(pc.parent.parent / "libkdiag.a")
    words = [archive if word == "-lkdiag" else word for word in words]
    run("cc", "-std=c11", *flags, "main.c", *words, "-o", "by-pc-static", cwd=top)
    expect_one_event(top / "by-pc-static", "/nowhere")


def by_cmake(top, prefix, libdir, flags):
    (top / "CMakeLists.txt").write_text(CMAKE)
    run("cmake", "-S", top, "-B", top / "build", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_FLAGS={' '.join(flags)}",
        "-DCMAKE_EXPORT_NO_PACKAGE_REGISTRY=ON")
    run("cmake", "--build", top / "build")
    expect_one_event(top / "build/shared", libdir)
    expect_one_event(top / "build/static", "/nowhere")


def main():
    build, flags = sys.argv[1], [flag for flag in sys.argv[2:] if flag]
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        run("cmake", "--install", build, "--prefix", top / "first")
        prefix = top / "moved"
        shutil.move(top / "first", prefix)
        pc = next(prefix.rglob("kdiag.pc"))
        libdir = pc.parent.parent
        assert str(top / "first") not in pc.read_text()
        soname = soname_of(libdir / "libkdiag.so")
        version = re.search(r"Version: (\d+)\.(\d+)", pc.read_text())
        wanted = "libkdiag.so." + (f"0.{version[2]}" if version[1] == "0" else version[1])
        assert soname == wanted, f"SONAME {soname}, not {wanted}"
        needed = re.findall(r"NEEDED.*\[lib([\w-]+)\.so", run("readelf", "-d", libdir / "libkdiag.so"))
        named = re.search(r"Requires.private:(.*)", pc.read_text())[1].split()
        assert {name for name in needed if name in ("json-c", "capstone", "pcre2-8")} == {name.removeprefix("lib") for name in named}, \
            f"linked {needed}, kdiag.pc names {named}"
        (top / "main.c").write_text(PROGRAM)
        by_pkg_config(top, prefix, pc, flags)
        by_cmake(top, prefix, libdir, flags)


if __name__ == "__main__":
    main()
