#!/usr/bin/env python3
"""check_index.py TOOL INDEX.tsv [PATTERN...]: does each log get the report that it means?

Runs `TOOL analyze [options of LOG.args] LOG` for each row of the index, from the top of the
repository (two folders above the one of INDEX.tsv; a relative TOOL counts from the present folder).
With patterns, only the rows whose log matches one. One line for each failure; the last line is
"N passed, N failed"; exit status 1 when anything failed.

Columns: log, origin, kernel, arch, must, never, proves.
`must` and `never` hold entries with commas between them, or "-":

  RULE[|RULE...][:CONFIDENCE][:ROLE]
      a diagnosis. RULE may hold `*`. CONFIDENCE: certain, likely, possible, >=likely, any.
      ROLE: primary, contributing, effect. Under `never` too: `alloc.*`, `free.*:certain`
  kind=KIND[|KIND...]      an event of this kind
  boot:FIELD=VALUE         a field of the first boot (arch, kernel_release, page_size ...)
  field:KIND.PATH=VALUE    a field of an event of this kind; a list on the way: any of its members
  fact:RULE.NAME=VALUE     a fact of a diagnosis
  text:RULE~WORDS          WORDS stand somewhere in the diagnosis: title, explanation, proof,
                           evidence, facts (as name=value), remedies, assumes. A number stands
                           alone: 569 is not found in 15690 but is in 569kB
  assumes:RULE~WORDS       WORDS stand in what the diagnosis assumes

Every report is also held to what goes for all of them: exit status 0, its format, certain only with
a proof, evidence that stands in the log at the line it names, one primary among the alloc.* and
vmalloc.* diagnoses of a failed request.
"""
import collections
import csv
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

COLUMNS = ['log', 'origin', 'kernel', 'arch', 'must', 'never', 'proves']
CONFIDENCE = ['possible', 'likely', 'certain']
ROLES = ['primary', 'contributing', 'effect']


def read_index(path):
    """The rows of the index, checked for their shape."""
    with open(path, encoding='utf-8', newline='') as handle:
        rows = list(csv.DictReader(handle, delimiter='\t', quoting=csv.QUOTE_NONE))
    for number, row in enumerate(rows, 2):
        if list(row) != COLUMNS or None in row.values():
            sys.exit(f'{path}:{number}: wants the columns {" ".join(COLUMNS)}')
    return rows


def entries(cell):
    found = [entry.strip() for entry in cell.split(',')]
    return [entry for entry in found if entry not in ('', '-')]


def same(wanted, value):
    """Is this value what the index names? Numbers are compared as such, whatever their base."""
    if isinstance(value, list):
        return any(same(wanted, member) for member in value)
    if isinstance(value, bool):
        return wanted == str(value).lower()
    try:
        return int(wanted, 0) == int(str(value), 0)
    except ValueError:
        return wanted == str(value)


def values_at(thing, path):
    """All values at a dotted path; a list on the way stands for all of its members."""
    if isinstance(thing, list):
        return [value for member in thing for value in values_at(member, path)]
    if not path:
        return [thing]
    if not isinstance(thing, dict) or path[0] not in thing:
        return []
    last = len(path) == 1
    return [thing[path[0]]] if last else values_at(thing[path[0]], path[1:])


def plain(text):
    return str(text).lower().replace('\u2212', '-')


def words_of(diagnosis):
    """Everything that a diagnosis says, one thing a line."""
    said = [diagnosis.get('title', ''), diagnosis.get('explanation', '')]
    for step in diagnosis.get('proof', []):
        said += [step.get('claim', ''), step.get('equation', '')]
    for piece in diagnosis.get('evidence', []):
        said += [piece.get('says', ''), piece.get('text', '')]
        said += [f'source={piece["source"]}'] if 'source' in piece else []
    for name, value in diagnosis.get('facts', {}).items():
        said += [f'{name}={member}' for member in (value if isinstance(value, list) else [value])]
    said += diagnosis.get('remedies', []) + diagnosis.get('assumes', [])
    return '\n'.join(map(plain, said))


def assumptions_of(diagnosis):
    return '\n'.join(map(plain, diagnosis.get('assumes', [])))


def says(text, wanted):
    """Do the words stand in the text? A number stands alone, but for its 0x and a unit."""
    wanted = plain(wanted)
    if not re.fullmatch(r'-?(0x)?[0-9a-f]*[0-9][0-9a-f]*', wanted):
        return wanted in text
    unit = '(?:[km]i?b)?' if wanted.isdigit() else ''
    pattern = r'(?<![0-9a-z_])(?:0x0*)?' + re.escape(wanted) + unit + r'(?![0-9a-z_])'
    return re.search(pattern, text) is not None


def diagnoses_of(report, rules):
    return [d for d in report.get('diagnoses', [])
            if any(fnmatch.fnmatchcase(d.get('rule', ''), rule) for rule in rules.split('|'))]


def is_sure(diagnosis, wanted):
    have = diagnosis.get('confidence')
    if wanted == 'any':
        return True
    if wanted.startswith('>='):
        return have in CONFIDENCE and CONFIDENCE.index(have) >= CONFIDENCE.index(wanted[2:])
    return have == wanted


def holds_diagnosis(report, entry):
    rules, *conditions = entry.split(':')
    found = diagnoses_of(report, rules)
    for condition in conditions:
        if condition in ROLES:
            found = [d for d in found if d.get('role') == condition]
        elif condition == 'any' or condition.removeprefix('>=') in CONFIDENCE:
            found = [d for d in found if is_sure(d, condition)]
        else:
            raise ValueError(f'no such confidence or role: {condition}')
    return bool(found)


def holds_field(report, where):
    path, wanted = where.split('=', 1)
    kind, *rest = path.split('.')
    events = [event for event in report.get('events', []) if event.get('kind') == kind]
    return any(same(wanted, value) for value in values_at(events, rest))


def holds(report, entry):
    """Does the report hold what this entry of the index names?"""
    if entry.startswith('kind='):
        kinds = {event.get('kind') for event in report.get('events', [])}
        return bool(kinds & set(entry[5:].split('|')))
    head, _, rest = entry.partition(':')
    if head == 'boot':
        name, wanted = rest.split('=', 1)
        return any(same(wanted, value) for value in values_at(report.get('boots', [])[:1], [name]))
    if head == 'field':
        return holds_field(report, rest)
    if head == 'fact':
        path, wanted = rest.split('=', 1)
        rule, name = path.rsplit('.', 1)
        facts = [d.get('facts', {}) for d in diagnoses_of(report, rule)]
        return any(same(wanted, fact[name]) for fact in facts if name in fact)
    if head in ('text', 'assumes'):
        rule, wanted = rest.split('~', 1)
        words = words_of if head == 'text' else assumptions_of
        return any(says(words(d), wanted) for d in diagnoses_of(report, rule))
    return holds_diagnosis(report, entry)


def stands_in(lines, piece):
    """Is the quoted text that of the line? Blanks do not count, nor bytes that are not UTF-8."""
    number, text = piece.get('line'), piece.get('text', '')
    if 'source' in piece or not text:
        return True
    line = lines[number - 1] if isinstance(number, int) and 0 < number <= len(lines) else ''
    squeezed = ' '.join(text.rstrip('…').split())
    return squeezed[:60] in ' '.join(line.split())


def primaries_of(report):
    """How many primary diagnoses each failed request has, of the alloc.* and vmalloc.* rules."""
    failures = {event.get('id') for event in report.get('events', [])
                if str(event.get('kind')).endswith('_failure')}
    primaries = collections.Counter()
    for diagnosis in report.get('diagnoses', []):
        if diagnosis.get('rule', '').startswith(('alloc.', 'vmalloc.')):
            for event in failures & set(diagnosis.get('events', [])):
                primaries[event] += diagnosis.get('role') == 'primary'
    return primaries


def faults_of_any(report, lines):
    """What is wrong whatever the log means."""
    if report.get('format') != 'kdiag-report/1':
        yield f'format is {report.get("format")}'
    for diagnosis in report.get('diagnoses', []):
        rule = diagnosis.get('rule', '')
        if diagnosis.get('confidence') == 'certain' and not diagnosis.get('proof'):
            yield f'{rule} is certain without a proof'
        for piece in diagnosis.get('evidence', []):
            if not stands_in(lines, piece):
                yield f'{rule}: the evidence of line {piece.get("line")} does not stand there'
    for event, count in sorted(primaries_of(report).items()):
        if count != 1:
            yield f'{event} has {count} primary diagnoses'


def run(tool, top, log):
    options = log.with_suffix('.args')
    options = options.read_text(encoding='utf-8').splitlines() if options.exists() else []
    name = log.relative_to(top).as_posix()
    done = subprocess.run([tool, 'analyze', *options, name], cwd=top, timeout=120, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        message = done.stderr.decode('utf-8', 'replace').strip()
        raise ValueError(f'exit status {done.returncode}: {message[:200]}')
    report = json.loads(done.stdout.decode('utf-8'))
    return report[0] if isinstance(report, list) else report


def faults_of(tool, top, log, row):
    """What is wrong with the report on one log."""
    if not log.is_file():
        return ['no such log']
    try:
        report = run(tool, top, log)
        lines = log.read_bytes().decode('utf-8', 'replace').split('\n')
        faults = list(faults_of_any(report, lines))
        faults += [f'lacks {entry}' for entry in entries(row['must']) if not holds(report, entry)]
        faults += [f'must not have {entry}' for entry in entries(row['never'])
                   if holds(report, entry)]
        return faults
    except (ValueError, OSError, subprocess.TimeoutExpired) as error:
        return [str(error)]


def faults_of_index(folder, listed):
    """Logs that the index does not list, or lists twice."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob('*.log')}
    yield from (f'{name}: not in the index' for name in sorted(found - set(listed)))
    yield from (f'{name}: twice in the index' for name in sorted(set(listed))
                if listed.count(name) > 1)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    tool = pathlib.Path(sys.argv[1])
    tool = str(tool.resolve()) if tool.exists() else sys.argv[1]
    index = pathlib.Path(sys.argv[2]).resolve()
    patterns = sys.argv[3:] or ['*']
    rows = read_index(index)
    passed = failed = 0
    for fault in faults_of_index(index.parent, [row['log'] for row in rows]):
        print(fault)
        failed += 1
    for row in rows:
        if not any(fnmatch.fnmatchcase(row['log'], pattern) for pattern in patterns):
            continue
        faults = faults_of(tool, index.parents[2], index.parent / row['log'], row)
        for fault in faults:
            print(f'{row["log"]}: {fault}')
        passed += not faults
        failed += bool(faults)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
