#!/usr/bin/env python3
"""operands.py TOOL FOLDER...: how many faulting instructions are read, and whether their operands give the address.

For each architecture: reports with bytes of the code, of these decoded; reports with an address too, those that can be
compared (code.comparison is equal or differs), those that are equal. Below, each that is not decoded and each that is
not equal, by its reason: where the log does not allow it to compare (late: of an imprecise abort the CPU keeps no
address; torn: the line was cut; no-register; other-fault; checker ...) that is no disagreement, but it is listed.
"""
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import sys


def report_of(tool, log):
    done = subprocess.run([tool, 'analyze', str(log)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return None


def count(report, name, rows, listed):
    boots = {b['boot']: b.get('arch', '?') for b in report['boots']}
    for event in report['events']:
        code = event.get('code') or {}
        if not code.get('bytes'):
            continue
        row = rows[boots.get(event.get('boot'), '?')]
        row['bytes'] += 1
        row['decoded'] += 'instruction' in code
        where = f'{name} {event["id"]} {event["kind"]}'
        if 'instruction' not in code:
            listed['not decoded: ' + code.get('undecoded', '?')].append(where)
        if not event.get('address') or event['kind'] == 'warning':
            continue
        how = code.get('comparison', '?')
        row['address'] += 1
        row['comparable'] += how in ('equal', 'differs')
        row['equal'] += how == 'equal'
        if how != 'equal':
            listed[f'{how}: {code.get("disagrees") or code.get("undecoded") or "?"}'].append(where)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    logs = sorted(p for root in sys.argv[2:] for p in pathlib.Path(root).rglob('*')
                  if p.suffix in ('.log', '.txt', '.dmesg'))
    rows, listed = collections.defaultdict(collections.Counter), collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for log, report in zip(logs, pool.map(lambda p: report_of(sys.argv[1], p), logs)):
            if report:
                count(report, log, rows, listed)
    columns = ('bytes', 'decoded', 'address', 'comparable', 'equal')
    rows['all'] = sum(rows.values(), collections.Counter())
    print('%-12s' % '', *('%11s' % c for c in columns))
    for arch in sorted(rows, key=lambda a: (a == 'all', a)):
        print('%-12s' % arch, *('%11d' % rows[arch][c] for c in columns))
    for reason in sorted(listed):
        print(f'\n{reason}')
        for where in listed[reason]:
            print('   ', where)


if __name__ == '__main__':
    main()
