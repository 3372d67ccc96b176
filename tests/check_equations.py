"""check_equations.py PROGRAM [--every N] LOG...: each equation of each proof, computed again.

PROGRAM is check_equations: it analyses each log whole, with lines removed and with lines cut, and prints
each equation that it meets once, as JSON: {"log", "rule", "equation"}. What is false or cannot be read fails.

An equation is statements with "," or ";" between them; each is a chain of terms with = != < <= > >= between:
    2^3 * 4096 < size <= 2^4 * 4096          free 855 pages <= 860          pid 5 = pid 5
    EC = 0x96000006 >> 26 & 0x3f = 0x25      -8 .. 7 bytes                  constraint = CONSTRAINT_MEMCG
    ((0xd0 & 8) != 0) << 1 = 2               0x3fdffff0 - 2^30 = -2097168 words      "a b" != "a c"
Operators bind as in C; 2^3 is a power. One word before a number and one in parentheses behind it only say what
it is. kB is 1024 bytes. Division is C's, or rounded in the result. A word alone is a name: what it is said to
be holds for the rest of the equation; two names that are no numbers are compared as words. Or it is a table:
rows that end in "= total", or columns of numbers under their names.
A text alone, in quotes, is what the log says: PROGRAM has looked whether it does. "(mod 2^64)" ends what wraps.
"""
import json
import re
import subprocess
import sys
from fractions import Fraction

TOKEN = re.compile(r'\s*(?:(?P<number>0x[0-9a-f]+|\d+(?:\.\d+)?)|(?P<text>"[^"]*")|(?P<word>[A-Za-z_]\w*)'
                   r'|(?P<sign>\.\.|<<|>>|<=|>=|!=|[-+*/^&|~()=<>,;%]))')
SIZES = {'bytes': 1, 'byte': 1, 'kB': 1 << 10, 'MiB': 1 << 20, 'GiB': 1 << 30}
COUNTS = {'pages', 'page', 'blocks', 'block', 'words', 'word', 's', 'ms', 'us', '%'}
RELATIONS = ('=', '!=', '<', '<=', '>', '>=')
LEVELS = [['|'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/']]


class Wrong(Exception):
    pass


class Value:
    """A number, exact and as C's integers would have it; its unit where one is said."""

    def __init__(self, exact, whole, unit=None, inexact=False):
        self.exact, self.whole, self.unit, self.inexact = exact, whole, unit, inexact


class Parser:
    def __init__(self, text):
        self.tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match or match.end() == at:
                raise Wrong(f'unreadable at: {text[at:at + 20]}')
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at, self.names = 0, {}

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else (None, None)

    def take(self, token):
        if self.peek()[1] == token and self.peek()[0] == 'sign':
            self.at += 1
            return True
        return False

    def need(self, token):
        if not self.take(token):
            raise Wrong(f'"{token}" expected, not {self.peek()[1]}')

    # ---- values -------------------------------------------------------------------------------
    def unit(self, value):
        kind, word = self.peek()
        if kind == 'word' and (word in SIZES or word in COUNTS) or word == '%':
            self.at += 1
            value = Value(value.exact, value.whole, word if word in SIZES else None, value.inexact)
        if self.peek()[1] == '(' and self.peek(1)[0] == 'word' and self.peek(2)[1] == ')':
            self.at += 3
        return value

    def atom(self):
        kind, word = self.peek()
        if kind == 'word' and (self.peek(1)[0] == 'number'):
            self.at += 1
            kind, word = self.peek()
        if kind == 'number':
            self.at += 1
            exact = Fraction(int(word, 16) if word.startswith('0x') else word)
            value = Value(exact, exact if exact.denominator == 1 else None)
            if self.take('^'):
                power = self.atom()
                value = Value(value.exact ** int(power.exact), value.whole ** int(power.exact), power.unit)
            return self.unit(value)
        if kind == 'word' and word in self.names and isinstance(self.names[word], Value):
            self.at += 1
            return self.unit(self.names[word])
        if self.take('('):
            value = self.chain(inside=True)
            self.need(')')
            return self.unit(value)
        raise Wrong(f'a number expected, not {word}')

    def unary(self):
        if self.take('-'):
            value = self.unary()
            return Value(-value.exact, None if value.whole is None else -value.whole, value.unit, value.inexact)
        if self.take('+'):
            return self.unary()
        if self.take('~'):
            value = self.unary()
            return Value(~int(value.exact), ~int(value.exact))
        return self.atom()

    def binary(self, level=0):
        if level == len(LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek()[0] == 'sign' and self.peek()[1] in LEVELS[level]:
            operator = self.peek()[1]
            self.at += 1
            left = compute(left, operator, self.binary(level + 1))
        return left

    def term(self):
        """A number, a range (two numbers), or a word or text that stands alone."""
        kind, word = self.peek()
        if kind == 'text' or kind == 'word' and self.peek(1)[1] in (None, ',', ';', *RELATIONS):
            if kind == 'text' or not isinstance(self.names.get(word), Value):
                self.at += 1
                return self.names.get(word, word) if kind == 'word' else word
        value = self.binary()
        if not self.take('..'):
            return value
        other = self.binary()
        if not value.exact <= other.exact:
            raise Wrong('a range that ends before it begins')
        return (value, other)

    # ---- relations ----------------------------------------------------------------------------
    def modulus(self):
        start = self.at
        if self.take('(') and self.peek()[1] == 'mod':
            self.at += 1
            value = self.binary()
            self.need(')')
            return value
        self.at = start
        return None

    def chain(self, inside=False):
        first_name = self.peek()[1] if self.peek()[0] == 'word' and self.peek(1)[1] in RELATIONS else None
        terms, relations = [self.binary() if inside else self.term()], []
        while self.peek()[1] in RELATIONS and self.peek()[0] == 'sign':
            relations.append(self.peek()[1])
            self.at += 1
            terms.append(self.binary() if inside else self.term())
        modulus = None if inside else self.modulus()
        if modulus:
            terms = [Value(t.exact % modulus.exact, None, t.unit) for t in terms]
        if inside and not relations:
            return terms[0]
        if not relations and not isinstance(terms[0], tuple) and not str(terms[0]).startswith('"'):
            raise Wrong('says nothing: no relation')
        if inside:
            true = all(holds(terms[i], r, terms[i + 1]) for i, r in enumerate(relations))
            return Value(Fraction(int(true)), int(true))
        judge(terms, relations)
        if first_name and relations[0] == '=' and first_name not in self.names:
            self.names[first_name] = terms[1]
        return None

    def all(self):
        while True:
            self.chain()
            if not self.take(',') and not self.take(';'):
                break
        if self.at < len(self.tokens):
            raise Wrong(f'unread: {self.peek()[1]}')


def compute(left, operator, right):
    unit = left.unit or right.unit
    both_sizes = left.unit and right.unit and left.unit != right.unit
    if operator in '+-*/' and not (operator == '/' and both_sizes):
        if both_sizes:
            raise Wrong(f'{left.unit} and {right.unit} in one term')
        if operator == '/' and right.exact == 0:
            raise Wrong('divided by 0')
        exact = {'+': lambda: left.exact + right.exact, '-': lambda: left.exact - right.exact,
                 '*': lambda: left.exact * right.exact, '/': lambda: left.exact / right.exact}[operator]()
        whole = None
        if left.whole is not None and right.whole is not None:
            whole = {'+': lambda: left.whole + right.whole, '-': lambda: left.whole - right.whole,
                     '*': lambda: left.whole * right.whole,
                     '/': lambda: Fraction(int(Fraction(left.whole, right.whole)))
                     if right.whole else None}[operator]()
        if operator == '/' and left.unit and right.unit:
            unit = None
        inexact = left.inexact or right.inexact or operator == '/' and exact.denominator != 1
        return Value(exact, whole, unit, inexact)
    if left.exact.denominator != 1 or right.exact.denominator != 1 or both_sizes:
        raise Wrong(f'{operator} of what is no whole number')
    a, b = int(left.exact), int(right.exact)
    if operator in ('<<', '>>') and not 0 <= b < 128:
        raise Wrong('a shift too far')
    value = Fraction({'<<': lambda: a << b, '>>': lambda: a >> b, '&': lambda: a & b, '|': lambda: a | b}[operator]())
    return Value(value, value, unit)


def holds(left, relation, right):
    if isinstance(left, tuple) or isinstance(right, tuple):
        return (isinstance(left, tuple) and isinstance(right, tuple) and relation == '='
                and all(holds(a, '=', b) for a, b in zip(left, right)))
    if isinstance(left, str) or isinstance(right, str):
        if isinstance(left, Value) or isinstance(right, Value):
            raise Wrong(f'a number beside a word: {left if isinstance(left, str) else right}')
        if relation not in ('=', '!='):
            raise Wrong(f'words have no order: {left} {relation} {right}')
        return (left == right) == (relation == '=')
    if left.inexact or right.inexact:
        # what was divided: as C divides, or rounded to the digits that are printed
        if any(compare(a, relation, b, left, right) for a, b in
               ((left.whole, right.exact), (left.exact, right.whole), (left.exact, right.exact)) if None not in (a, b)):
            return True
        return relation == '=' and (left.unit == right.unit or None in (left.unit, right.unit)) \
            and abs(left.exact - right.exact) < 1
    return compare(left.exact, relation, right.exact, left, right)


def compare(a, relation, b, left, right):
    def true(a, b):
        return {'=': a == b, '!=': a != b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b}[relation]
    scaled = true(a * SIZES.get(left.unit, 1), b * SIZES.get(right.unit, 1))
    if left.unit and right.unit:
        return scaled
    if relation == '=' and (left.unit or right.unit):
        return true(a, b) or scaled
    return true(a, b)


def judge(terms, relations):
    """Neighbours hold; over a name without a value, what stands on its two sides does."""
    if all(isinstance(t, str) for t in terms) and len(terms) == 2 and relations[0] == '=' \
            and not terms[0].startswith('"'):
        return  # what a thing is called
    known, between = None, []
    for i, term in enumerate(terms):
        if i:
            between.append(relations[i - 1])
        if isinstance(term, str) and any(not isinstance(t, str) for t in terms):
            continue
        if known is not None:
            relation = joined(between)
            if relation and not holds(known, relation, term):
                raise Wrong('false')
        known, between = term, []


def joined(between):
    signs = {r for r in between if r != '='}
    if not signs:
        return '='
    if signs <= {'<', '<='}:
        return '<' if '<' in signs else '<='
    if signs <= {'>', '>='}:
        return '>' if '>' in signs else '>='
    return between[0] if len(between) == 1 else None


def check_table(text):
    rows = [line.split() for line in text.split('\n')]
    if rows[-1][0] == '=':
        numbers = []
        for row in rows:
            if len(row) < 2 or row[-1] != 'kB' or not re.fullmatch(r'-?\d+', row[-2]):
                raise Wrong('a row of a sum without its number')
            numbers.append(-int(row[-2]) if row[0] == '-' else int(row[-2]))
        if sum(numbers[:-1]) != numbers[-1]:
            raise Wrong('false')
        return
    if any(len(row) != len(rows[0]) or not all(re.fullmatch(r'\d+', n) for n in row) for row in rows[1:]):
        raise Wrong('neither a sum nor columns')
    if [int(row[0]) for row in rows[1:]] != sorted({int(row[0]) for row in rows[1:]}):
        raise Wrong('rows out of order')


def check(text):
    """None, or what is wrong with the equation."""
    try:
        if '\n' in text:
            check_table(text)
        else:
            Parser(text).all()
    except Wrong as wrong:
        return str(wrong)
    return None


GOOD = ['1 + 2 = 3', '0x96000006 >> 26 & 0x3f = 0x25', 'EC = 0x96000006 >> 26 & 0x3f = 0x25, EC = 37',
        '2^3 * 4096 < size <= 2^4 * 4096', 'pid 5 = pid 5', '-8 .. 7 bytes', '-2^2 .. 2^2 - 1 = -4 .. 3 bytes',
        'Unmovable != Movable', '"a b" != "a c"', '0xff000000 - 0xf0000000 = 240 MiB', '7 kB * 100 / 9 kB = 77 %',
        '1000 - (1000 + 15345 pages * 1000 / 16) / 8949 blocks = 893', '((0xd0 & 8) != 0) << 1 | 1 = 1',
        'free 69 - 3 (order) - 0 (CMA) = 66 <= 69', '0x3fdffff0 - 2^30 = -2097168 words', 'size >= 120 MiB',
        'managed 5 kB\n- free 2 kB\n= rest 3 kB', '"the log says so"', '5 - 7 = 2^32 - 2 (mod 2^32)', 'order = -1', '5 = 5 kB < 6 kB']
BAD = ['5 - 7 = 2^32 - 3 (mod 2^32)', '1 + 2 = 4', '14 <= 0', '0xbf000000 - 0xc0000000 = 16 MiB', 'pid 5 = pid 6', '5 .. 3', 'Movable != Movable',
       'kswapd()', '6 kB of 0 kB = 0 %', '6 kB * 100 / 0 kB = 0 %', '8 <= size < 8', 'x = 1, x = 2', '8192 bytes',
       '"a" = "b"', 'managed 5 kB\n- free 2 kB\n= rest 4 kB', '49160 kB / 2.091 s = 23502 kB', '1 kB < 1 pages and more']


def main():
    wrong = [e for e in GOOD if check(e)] + [e for e in BAD if not check(e)]
    if wrong:
        print('the checker itself fails on:', *wrong, sep='\n    ')
        return 1
    result = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=False)
    lines = result.stdout.decode().split('\n')
    faults, count = {}, 0
    for line in lines[:-2]:
        said = json.loads(line)
        count += 1
        why = check(said['equation'])
        if why:
            shape = said['rule'], re.sub(r'\d+', 'N', re.sub(r'0x[0-9a-f]+', 'N', said['equation']))
            faults.setdefault(shape, []).append((said, why))
    for cases in faults.values():
        said, why = cases[0]
        print(f'{said["log"]}: {said["rule"]}: {said["equation"]}\n    {why} ({len(cases)} like it)')
    print(f'{lines[-2]}: {count} different equations, {sum(map(len, faults.values()))} wrong')
    return 1 if result.returncode or faults or not count else 0


if __name__ == '__main__':
    sys.exit(main())
