#!/usr/bin/env python3
"""check_style.py FOLDER...: the limits of docs/architecture.md on functions, files and lines."""
import pathlib
import re
import sys

MOST_FUNCTION, MEDIAN, NINETIETH, MOST_FILE, COLUMNS = 80, 15, 45, 500, 100
BANNED = re.compile(r"^(?! *[/*]).*\b(strtok|sscanf|strtod|isdigit|isalpha|sprintf|strcpy|strcat|gets)\s*\(")

# each allocation of the tool is noted when it fails (cli/text.h); what heap.c gives, the library looks at
UNNOTED = re.compile(r"^(?! *[/*]).*\b(malloc|calloc|realloc|strdup|asprintf)\s*\((?!\))")
NOTED_IN = "cli/text.c", "cli/late_capstone.c", "cli/heap.c"


def functions(lines):
    """(first line, length) of each function: a '{' alone in column 0 up to the '}' in column 0."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield start, number - start - 1
            start = None


def main():
    bad, lengths = [], []
    for folder in sys.argv[1:]:
        for path in sorted(pathlib.Path(folder).rglob("*.[ch]")):
            lines = path.read_text().splitlines()
            if len(lines) > MOST_FILE:
                bad.append(f"{path}: {len(lines)} lines")
            for number, line in enumerate(lines, 1):
                if len(line) > COLUMNS:
                    bad.append(f"{path}:{number}: {len(line)} columns")
                if folder == "lib" and BANNED.search(line):
                    bad.append(f"{path}:{number}: not on log text: {line.strip()}")
                if folder == "cli" and str(path) not in NOTED_IN and UNNOTED.search(line):
                    bad.append(f"{path}:{number}: an allocation that is not noted when it fails: {line.strip()}")
            for number, length in functions(lines):
                lengths.append(length)
                if length > MOST_FUNCTION:
                    bad.append(f"{path}:{number}: function of {length} lines")
    lengths.sort()
    median, ninetieth = lengths[len(lengths) // 2], lengths[len(lengths) * 9 // 10]
    print(f"{len(lengths)} functions: median {median}, 90th percentile {ninetieth}, longest {lengths[-1]}")
    if median > MEDIAN or ninetieth > NINETIETH:
        bad.append("functions are too long on the whole")
    print("\n".join(bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
