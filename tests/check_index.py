#!/usr/bin/env python3
"""check_index.py TOOL WHERE [PATTERN...]: does each log get the report that it means?

WHERE is a folder (all SLUG.expect files below it, each beside its SLUG.log), one SLUG.expect, one
SLUG.log (its expectations), or an INDEX.tsv. Runs `TOOL analyze [options of SLUG.args] SLUG.log`
for each, from the top of the repository (two folders above `logs`; a relative TOOL counts from the
present folder). With patterns, only the logs whose name below `logs` matches one. One line for each
failure; the last line is "N passed, N failed"; exit status 1 when anything failed.

A SLUG.expect says what the log means, one entry a line:
  # the first such line: what the log shows; further ones: where it comes from, kernel, arch
  must ENTRY               the report holds it
  never ENTRY              the report does not
An INDEX.tsv has one row a log, with the columns log, origin, kernel, arch, must, never, proves;
`must` and `never` hold entries with commas between them, or "-".

An ENTRY:

  RULE[|RULE...][:CONFIDENCE][:ROLE]
      a diagnosis. RULE may hold `*`. CONFIDENCE: certain, likely, possible, >=likely, any.
      ROLE: primary, contributing, effect. Under `never` too: `alloc.*`, `free.*:certain`
  kind=KIND[|KIND...]      an event of this kind
  count:KIND[|KIND...]=N   exactly N events of these kinds
  problems=N               the report counts N problems
  boot:FIELD=VALUE         a field of the first boot (arch, kernel_release, how_known.arch.by ...)
  stats:PATH=VALUE         a count of the report; a list on the way: any of its members
  field:KIND[|KIND...].PATH=VALUE[|VALUE...]
      a field of an event of one of these kinds has one of these values; a list on the way: any of
      its members
  members:KIND[|KIND...].PATH=N
      the object or list at that path of an event has N members
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
import os
import pathlib
import re
import subprocess
import sys

COLUMNS = ['log', 'origin', 'kernel', 'arch', 'must', 'never', 'proves']
CONFIDENCE = ['possible', 'likely', 'certain']
ROLES = ['primary', 'contributing', 'effect']


class Log:
    """A log, what it must and must never show, and where the paths of its report count from."""

    def __init__(self, path, top, must, never):
        self.path, self.top, self.must, self.never = path, top, must, never
        self.name = '/'.join(path.relative_to(top).parts[2:])


def entries(cell):
    found = [entry.strip() for entry in cell.split(',')]
    return [entry for entry in found if entry not in ('', '-')]


def read_index(path):
    """The logs of an INDEX.tsv, its rows checked for their shape."""
    with open(path, encoding='utf-8', newline='') as handle:
        rows = list(csv.DictReader(handle, delimiter='\t', quoting=csv.QUOTE_NONE))
    for number, row in enumerate(rows, 2):
        if list(row) != COLUMNS or None in row.values():
            sys.exit(f'{path}:{number}: wants the columns {" ".join(COLUMNS)}')
    return [Log(path.parent / row['log'], path.parents[2], entries(row['must']),
                entries(row['never'])) for row in rows]


def read_expect(path, top):
    """The log of a SLUG.expect."""
    said = {'must': [], 'never': []}
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        word, _, entry = line.partition(' ')
        if word in said and entry.strip():
            said[word].append(entry.strip())
        elif line.strip() and not line.startswith('#'):
            sys.exit(f'{path}:{number}: neither "# ...", "must ENTRY" nor "never ENTRY"')
    return Log(path.with_suffix('.log'), top, said['must'], said['never'])


def top_of(path):
    """The folder above tests/logs, which the paths in .args files count from."""
    logs = [parent for parent in (path, *path.parents) if parent.name == 'logs']
    return logs[-1].parents[1] if logs else path.parents[1]


def read_logs(where):
    """All logs that are meant, and a line for each that is without expectations."""
    if where.suffix == '.tsv':
        return read_index(where)
    top = top_of(where)
    if where.is_dir():
        return [read_expect(path, top) for path in sorted(where.rglob('*.expect'))]
    return [read_expect(where.with_suffix('.expect'), top)]


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
    kinds, *rest = path.split('.')
    events = [event for event in report.get('events', []) if event.get('kind') in kinds.split('|')]
    values = values_at(events, rest)
    return any(same(one, value) for one in (wanted, *wanted.split('|')) for value in values)


def holds_members(report, where):
    path, wanted = where.split('=', 1)
    kinds, *rest = path.split('.')
    for value in [event for event in report.get('events', []) if event.get('kind') in kinds.split('|')]:
        for name in rest:
            value = value.get(name, {}) if isinstance(value, dict) else {}
        if len(value) == int(wanted):
            return True
    return False


def holds_count(report, where):
    kinds, wanted = where.split('=', 1)
    kinds = kinds.split('|')
    return sum(event.get('kind') in kinds for event in report.get('events', [])) == int(wanted)


def holds(report, entry):
    """Does the report hold what this entry names?"""
    if entry.startswith('kind='):
        kinds = {event.get('kind') for event in report.get('events', [])}
        return bool(kinds & set(entry[5:].split('|')))
    if entry.startswith('problems='):
        return 'problems' in report and len(report['problems']) == int(entry[9:])
    head, _, rest = entry.partition(':')
    if head == 'boot':
        name, wanted = rest.split('=', 1)
        return any(same(wanted, value) for value in values_at(report.get('boots', [])[:1], name.split('.')))
    if head == 'stats':
        path, wanted = rest.split('=', 1)
        return any(same(wanted, value) for value in values_at(report.get('stats', {}), path.split('.')))
    if head == 'field':
        return holds_field(report, rest)
    if head == 'members':
        return holds_members(report, rest)
    if head == 'count':
        return holds_count(report, rest)
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


def run(tool, log):
    options = log.path.with_suffix('.args')
    options = options.read_text(encoding='utf-8').splitlines() if options.exists() else []
    name = log.path.relative_to(log.top).as_posix()
    done = subprocess.run([tool, 'analyze', *options, name], cwd=log.top, timeout=120, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        message = done.stderr.decode('utf-8', 'replace').strip()
        raise ValueError(f'exit status {done.returncode}: {message[:200]}')
    return done.stdout


def lacks_disassembler(output):
    """A build with KD_CAPSTONE=OFF says so in each report whose code bytes it could not read; of a warning it
    reads the trap itself, and not what stands before it."""
    told = b'"undecoded": "this build has no disassembler"' in output
    return told or ('KD_NO_DISASSEMBLER' in os.environ and b'"code": {' in output)


def faults_of_undecoded(log, report):
    """Without the instruction less is known: what is certain must hold all the same."""
    lines = log.path.read_bytes().decode('utf-8', 'replace').split('\n')
    yield from faults_of_any(report, lines)
    yield from (f'must not have {entry}' for entry in log.never
                if ':certain' in entry and holds(report, entry))


def faults_of_report(log, report):
    """What is wrong with a report, by the log's expectations and by those of every log."""
    lines = log.path.read_bytes().decode('utf-8', 'replace').split('\n')
    yield from faults_of_any(report, lines)
    yield from (f'lacks {entry}' for entry in log.must if not holds(report, entry))
    yield from (f'must not have {entry}' for entry in log.never if holds(report, entry))


def faults_of_output(log, output, report):
    faults = faults_of_undecoded if lacks_disassembler(output) else faults_of_report
    return faults(log, report)


def faults_of(tool, log):
    """What is wrong with the report on one log."""
    if not log.path.is_file():
        return ['no such log']
    try:
        output = run(tool, log)
        report = json.loads(output.decode('utf-8'))
        return list(faults_of_output(log, output, report[0] if isinstance(report, list) else report))
    except (ValueError, OSError, subprocess.TimeoutExpired) as error:
        return [str(error)]


def faults_of_listing(where, logs):
    """Logs below a folder, or beside an index, that nobody says anything about, or twice."""
    listed = collections.Counter(log.path for log in logs)
    folder = where if where.is_dir() else where.parent
    if where.is_dir() or where.suffix == '.tsv':
        for path in sorted(set(folder.rglob('*.log')) - set(listed)):
            yield f'{path.relative_to(folder)}: no expectations'
    yield from (f'{path.relative_to(folder)}: listed twice' for path in sorted(listed)
                if listed[path] > 1)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    tool = pathlib.Path(sys.argv[1])
    tool = str(tool.resolve()) if tool.exists() else sys.argv[1]
    where = pathlib.Path(sys.argv[2]).resolve()
    patterns = sys.argv[3:] or ['*']
    logs = read_logs(where)
    passed = failed = 0
    for fault in faults_of_listing(where, logs):
        print(fault)
        failed += 1
    for log in logs:
        if not any(fnmatch.fnmatchcase(log.name, pattern) for pattern in patterns):
            continue
        faults = faults_of(tool, log)
        for fault in faults:
            print(f'{log.name}: {fault}')
        passed += not faults
        failed += bool(faults)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
