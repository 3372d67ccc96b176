#!/usr/bin/env python3
"""check_dresses.py TOOL FAST: the same report, however a capture dresses its lines.

Known dresses are written here from the grammars of the programs that print them; each of the logs in KNOWN is
dressed in each. The invented ones are in no table of the tool: it has to learn them from the log. A report must
not change except for what a dress tells by itself: times, callers, forms, offsets. FAST is the same tool without
sanitizers: TOOL reads every eighth.
"""
import itertools
import json
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

LOGS = pathlib.Path(__file__).resolve().parent / 'logs'
KNOWN = ['fault/amd64-6.1.0-50-amd64-null_read', 'oom/amd64-6.1.0-56-amd64-memcg_group']
LEARN = KNOWN + ['alloc/arm64-cma-order4', 'vmalloc/amd64-4.15-bpf-jit', 'warn/amd64-6.1.0-50-amd64-kmalloc_huge']
STAMP = re.compile(r'^(?:<(\d)>)?\[\s*(\d+)\.(\d{6})\] ?')
# what firmware wrote to the console stands before the kernel's first stamp
INNER = re.compile(r'\[\s*(?P<nothing>)(\d+)\.(\d{6})\] ')
DAY = 'May  3'


class Line:
    def __init__(self, number, raw):
        found = STAMP.match(raw) or INNER.search(raw)
        self.number = number
        self.text = raw[found.end():] if found else raw
        self.seconds, self.micros = (int(found[2]), found[3]) if found else (0, '000000')
        self.stamp = f'[{self.seconds:5d}.{self.micros}] '
        self.clock = f'{self.seconds // 3600 % 24:02d}:{self.seconds // 60 % 60:02d}:{self.seconds % 60:02d}'
        self.iso = f'2022-05-03T{self.clock}'
        self.us = self.seconds * 1000000 + int(self.micros)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


DRESSES = {
    'bare': lambda l: l.text,
    'dmesg': lambda l: l.stamp + l.text,
    'dmesg -r': lambda l: f'<4>{l.stamp}{l.text}',
    'dmesg -x': lambda l: f'kern  :warn  : {l.stamp}{l.text}',
    'dmesg -T': lambda l: f'[Tue May  3 {l.clock} 2022] {l.text}',
    'dmesg -T, French': lambda l: f'[mar. mai    3 {l.clock} 2022] {l.text}',
    'dmesg -T, Ukrainian': lambda l: f'[вт тра  3 {l.clock} 2022] {l.text}',
    'dmesg -x --time-format iso': lambda l: f'kern  :err   : {l.iso},{l.micros}+02:00 {l.text}',
    'dmesg -H in colours': lambda l: f'\x1b[32m[  +0.000001] \x1b[0m\x1b[31m{l.text}\x1b[0m',
    'printk caller': lambda l: f'{l.stamp[:-1]}[  T123] {l.text}',
    'syslog': lambda l: f'{DAY} {l.clock} host1 kernel: {l.stamp}{l.text}',
    'syslog, host removed': lambda l: f'{DAY} {l.clock} kernel: {l.text}',
    'broadcast of syslogd': lambda l: f' kernel:{l.stamp}{l.text}',
    'RFC 3164': lambda l: f'<4>{DAY} {l.clock} host1 kernel: {l.text}',
    'RFC 5424': lambda l: f'<4>1 {l.iso}.{l.micros}+02:00 host1 kernel - - - {l.stamp}{l.text}',
    'OpenWrt logread': lambda l: f'Tue {DAY} {l.clock} 2022 kern.warn kernel: {l.stamp}{l.text}',
    'journal short-monotonic': lambda l: f'{l.stamp}host1 kernel: {l.text}',
    'journal short-full': lambda l: f'Tue 2022-05-03 {l.clock} CEST host1 kernel: {l.text}',
    'journal short-unix': lambda l: f'{1651593715 + l.seconds}.{l.micros} host1 kernel: {l.text}',
    'journal json': lambda l: f'{{"MESSAGE":{quoted(l.text)},"PRIORITY":"4","_TRANSPORT":"kernel"}}',
    'journal json, bytes': lambda l: f'{{"PRIORITY":"4","MESSAGE":{list(l.text.encode())}}}' if l.text else '{}',
    '/dev/kmsg': lambda l: f'4,{l.number},{l.us},-;{l.text}',
    'netconsole with release': lambda l: f'6.1.0-50-amd64,4,{l.number},{l.us},-;{l.text}',
    'logcat -b kernel': lambda l: f'05-03 {l.clock}.123     0     0 W         : {l.text}',
    'MediaTek': lambda l: f'<4>{l.stamp}(0)[4410:insmod]{l.text}',
    'Samsung': lambda l: f'<4>{l.stamp}c1  {l.text}',
    'Amlogic': lambda l: f'[{l.seconds:5d}.{l.micros}@2] {l.text}',
    'HiSilicon': lambda l: f'[{l.seconds:5d}.{l.micros}s][pid:1,cpu0,swapper/0]{l.text}',
    'Talos': lambda l: f'kern: warning: [{l.iso}.{l.micros}123Z]: {l.text}',
    'vmware.log': lambda l: f'{l.iso}.123Z| vcpu-0| I125: Guest: {l.stamp}{l.text}',
    'CRI': lambda l: f'{l.iso}.{l.micros}789Z stdout F {l.stamp}{l.text}',
    'docker': lambda l: f'{{"log":{quoted(l.stamp + l.text)[:-1]}\\n","stream":"stdout","time":"{l.iso}.1Z"}}',
    'docker compose': lambda l: f'vm-1  | {l.stamp}{l.text}',
    'LAVA': lambda l: f'- {{"dt": "{l.iso}.123", "lvl": "target", "msg": {quoted(l.stamp + l.text)}}}',
    'GitHub Actions': lambda l: f'{l.iso}.{l.micros}0Z {l.stamp}{l.text}',
    'Jenkins': lambda l: f'{l.clock} {l.stamp}{l.text}',
    'GitLab, tio': lambda l: f'[{l.iso}.123Z] {l.stamp}{l.text}',
    'picocom': lambda l: f'[{l.clock}.123] {l.stamp}{l.text}',
    'ts': lambda l: f'May 03 {l.clock} {l.stamp}{l.text}',
    'conserver': lambda l: f'2024/07/23 {l.clock} [LPAR01]: {l.stamp}{l.text}',
    'grep -n': lambda l: f'{l.number}:{l.stamp}{l.text}',
    'numbered with a blank': lambda l: f'{l.number:7d} {l.stamp}{l.text}',
    'quoted': lambda l: f'> {l.stamp}{l.text}',
    'quoted with a bar': lambda l: f'| {l.stamp}{l.text}',
    'list with a dash': lambda l: f'- {l.stamp}{l.text}',
    'list with a star': lambda l: f'* {l.stamp}{l.text}',
    'behind a hash': lambda l: f'# {l.stamp}{l.text}',
    'journal short-delta': lambda l: f'{l.stamp[:-2]} <    0.000123 >] host1 kernel: {l.text}',
    'busybox syslogd': lambda l: f'{DAY} {l.clock} kern.alert kernel: {l.stamp}{l.text}',
    'busybox syslogd with a host': lambda l: f'{DAY} {l.clock} (none) kern.alert kernel: {l.stamp}{l.text}',
    'syslog with a year': lambda l: f'{DAY} 2022 {l.clock} host1 kernel: {l.text}',
    'syslog, French': lambda l: f'mai  3 {l.clock} host1 kernel: {l.text}',
    'syslog, French, host removed': lambda l: f'mai  3 {l.clock} kernel: {l.text}',
    'ISO, host removed': lambda l: f'{l.iso}+02:00 kernel: {l.text}',
    'CRI, stderr': lambda l: f'{l.iso}.{l.micros}789Z stderr F {l.stamp}{l.text}',
    'CRI, a line in parts': lambda l: f'{l.iso}.{l.micros}789Z stdout P {l.stamp}{l.text}',
    'Talos with a host': lambda l: f'10.0.0.2 kern: warning: [{l.iso}.{l.micros}123Z]: {l.text}',
    'Fluent Bit': lambda l: f'kern.warn: {l.stamp}{l.text}',
    'logcat, tag kernel': lambda l: f'01-21 {l.clock}.283  1234  1234 W kernel  : {l.text}',
    'ts -i': lambda l: f'[2022/05/03 {l.clock}] {l.stamp}{l.text}',
    'conserver, no name': lambda l: f'2024/07/23 {l.clock} {l.stamp}{l.text}',
    'emulator': lambda l: f'[UART16550] {l.text}',
    'level inside and outside': lambda l: f'<4>{l.stamp}<4>{l.text}',
    'Samsung, level letter': lambda l: f'{l.stamp[:-1]}I[0:  kworker/u16:3:  435] {l.text}',
    'Marvell': lambda l: f'{l.stamp}c0 1 (swapper/0) {l.text}',
    'MediaTek, interrupts off': lambda l: f'{l.stamp} -(0)[1:swapper/0]{l.text}',
    'Qualcomm': lambda l: f'{l.stamp[:-1]}[3_{l.clock}.123]@2 {l.text}',
    'HiSilicon with a date': lambda l: f'[{l.seconds:5d}.{l.micros}s][2022:05:03 {l.clock}]{l.text}',
    'CSV': lambda l: f'"{l.iso}.000Z","host1","{l.stamp}{l.text}"',
    'HTML': lambda l: (l.stamp + l.text).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;') + '<br />',
    'no-break blanks': lambda l: l.stamp.replace(' ', '\u00a0') + l.text,
    'CR': lambda l: f'{l.stamp}{l.text}\r',
}

WORKERS = ['main', 'uart-rx', 'kworker/u4:2', 'poll']
INVENTED = {
    'columns': lambda l: f'{l.clock} | {WORKERS[l.number % 4]:<12} | {l.number:06d} | {l.text}',
    'node and unit': lambda l: f'node-07:rack3/unit{l.number % 3} ~ {l.text}',
    'counter in braces': lambda l: f'{{{l.number:08x}}}({l.us}) => {l.text}',
    'thread and level': lambda l: f'T+{l.seconds}.{l.micros} <{WORKERS[l.number % 4]}> WARN: {l.text}',
    'probe': lambda l: f'probe#3 [{WORKERS[l.number % 4]}] +{l.number}ms :: {l.text}',
    'day of year': lambda l: f'123/{l.clock}.{l.micros[:3]};board-a;{l.text}',
    'two brackets': lambda l: f'[{WORKERS[l.number % 4]}][{l.number % 8}] {l.text}',
    'tabs': lambda l: f'{l.iso}\tlab-4\ttty{l.number % 2}\t{l.text}',
    'signs': lambda l: f'>>> {l.number:5d} <<< {l.text}',
    'serial adapter': lambda l: f'ttyUSB0@{l.seconds * 1000 + 17}: {l.text}',
}

# what a dress may tell by itself, and what depends on the bytes before the message
OWN = {'time_us', 'wall_time', 'caller', 'offset', 'length', 'source', 'stats', 'text', 'first_time_us', 'last_time_us', 'headline'}


def without_own(value):
    if isinstance(value, dict):
        return {key: without_own(v) for key, v in value.items() if key not in OWN}
    if isinstance(value, list):
        return [without_own(v) for v in value]
    return value


def analyze(tool, text):
    done = subprocess.run([tool, 'analyze', '-'], input=text.encode('utf-8', 'surrogateescape'), stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def difference(a, b, path=''):
    if type(a) is not type(b):
        return f'{path}: {a!r} became {b!r}'
    if isinstance(a, dict):
        for key in sorted(a.keys() | b.keys()):
            if a.get(key) != b.get(key):
                return difference(a.get(key), b.get(key), f'{path}.{key}')
    if isinstance(a, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return difference(x, y, f'{path}[{i}]')
    return f'{path}: {str(a)[:150]!r} became {str(b)[:150]!r}'


def check(job):
    tool, log, name, dress = job
    raw = (LOGS / f'{log}.log').read_text(encoding='utf-8', errors='surrogateescape').split('\n')
    lines = [Line(number, line.rstrip('\r')) for number, line in enumerate(raw[:-1], 1)]
    plain = without_own(analyze(tool, ''.join(DRESSES['dmesg'](l) + '\n' for l in lines)))
    dressed = without_own(analyze(tool, ''.join(dress(l) + '\n' for l in lines)))
    return log, name, None if plain == dressed and plain['events'] else difference(plain, dressed)


def main():
    whole, fast = sys.argv[1:]
    tools = itertools.cycle([whole] + 7 * [fast])
    jobs = [(next(tools), log, name, dress) for log in KNOWN for name, dress in DRESSES.items()]
    jobs += [(next(tools), log, name, dress) for log in LEARN for name, dress in INVENTED.items()]
    bad = 0
    with ThreadPoolExecutor(2) as pool:
        for log, name, fault in pool.map(check, jobs):
            if fault:
                print(f'{log} in {name}: {fault[:400]}')
                bad += 1
    print(f'{len(jobs)} dressed logs, {bad} with another report')
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main())
