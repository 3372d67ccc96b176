#!/usr/bin/env python3
"""check_log.py TOOL LOG...: each log's report means what its .expect says, and has not changed from what is
frozen beside it (check_index.py, check_golden.py), with one run of the tool a log."""
import json
import pathlib
import sys

from check_golden import difference
from check_index import faults_of_output, lacks_disassembler, read_logs, run


def main():
    tool = str(pathlib.Path(sys.argv[1]).resolve())
    failed = 0
    for name in sys.argv[2:]:
        (log,) = read_logs(pathlib.Path(name).resolve())
        output = run(tool, log)
        said = [f"{log.name}: {fault}\n" for fault in faults_of_output(log, output, json.loads(output))]
        said += [] if lacks_disassembler(output) else difference(log.path, output)
        sys.stdout.writelines(said)
        failed |= bool(said)
    return failed


if __name__ == "__main__":
    sys.exit(main())
