#!/usr/bin/env python3
"""check_header.py HEADER: the header alone compiles as C11 and as C++17."""
import subprocess
import sys


def main():
    flags = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]
    for compiler in (["gcc", "-std=c11", "-x", "c"], ["g++", "-std=c++17", "-x", "c++"]):
        if subprocess.run(compiler + flags + [sys.argv[1]]).returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
