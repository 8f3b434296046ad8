"""Types of columns, and values worth trying in them.

A type says what the generator may do with its columns.  "kind" groups types that
compare with each other.  "peers" marks types whose equal values can look
different (-0 and 0, 1.5 and 1.50, texts equal under a collation): where any one
of several equals may be answered, such a column's answers are not comparable as
they stand.
"""

import random

BIG_TEXT = 0.02                 # share of text values long enough to be toasted


class Type:
    def __init__(self, sql, kind, values, *, ordered=True, hashed=True,
                 peers=False, collation=None, weight=4, draw=None, partition=True):
        self.sql = sql                  # as format_type() prints it
        self.kind = kind
        self.values = values
        self.ordered = ordered          # has a btree operator class
        self.hashed = hashed
        self.peers = peers
        self.collation = collation
        self.weight = weight
        self.draw = draw                # a random value beyond the listed ones
        self.partition = partition      # may be a partition key

    @property
    def decl(self):
        if self.collation:
            return f'{self.sql} COLLATE "{self.collation}"'
        return self.sql

    @property
    def equal(self):
        return self.ordered or self.hashed


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def literal(type_, value):
    if value is None:
        return f'NULL::{type_.sql}'
    return f'{quote(value)}::{type_.sql}'


def value(rng, type_, nulls=0.12):
    """A value's text, or None for NULL."""
    if rng.random() < nulls:
        return None
    if type_.draw and rng.random() < 0.35:
        return type_.draw(rng)
    return rng.choice(type_.values)


def constant(rng, type_, nulls=0.04):
    return literal(type_, value(rng, type_, nulls))


# --- random values -------------------------------------------------------------

def _text(rng):
    if rng.random() < BIG_TEXT:
        if rng.random() < 0.5:
            return rng.choice(['ab', 'xyz ', 'ä']) * rng.choice([700, 3000])
        return '%0*x' % (6000, rng.getrandbits(24000))
    letters = rng.choice(['ab', 'abAB', 'abcdefgh ', 'aäöß€'])
    return ''.join(rng.choice(letters) for _ in range(rng.randint(0, 9)))


def _short(length):
    return lambda rng: _text(rng)[:rng.randint(0, length)]


def _int(bits):
    def draw(rng):
        width = rng.choice([2, 4, 8, bits])
        return str(rng.randrange(-(1 << (width - 1)), 1 << (width - 1)))
    return draw


def _numeric(rng):
    return '%s%d.%0*d' % (rng.choice(['', '-']), rng.randrange(10 ** rng.choice([1, 3, 9])),
                          rng.choice([1, 2]), rng.randrange(10))


def _quarter(rng):
    return str(rng.randrange(-4000, 4000) / 4)


def _float(rng):
    return repr(rng.choice([rng.uniform(-10, 10), rng.gauss(0, 1e6), rng.uniform(0, 1e-10)]))


def _date(rng):
    return '20%02d-%02d-%02d' % (rng.randrange(20, 27), rng.randrange(1, 13), rng.randrange(1, 29))


def _stamp(rng):
    return '%s %02d:%02d:%02d.%06d' % (_date(rng), rng.randrange(24), rng.randrange(60),
                                       rng.randrange(60), rng.choice([0, 0, rng.randrange(10 ** 6)]))


def _uuid(rng):
    h = '%032x' % rng.getrandbits(128)
    return '-'.join([h[:8], h[8:12], h[12:16], h[16:20], h[20:]])


def _json(rng):
    return rng.choice(['{"a": %d}', '{"a": {"b": [%d, null]}}', '[%d, "x"]', '{"b": "%d", "a": 1}']) \
        % rng.randrange(20)


def _array(item):
    def draw(rng):
        return '{' + ','.join(item(rng) for _ in range(rng.randrange(4))) + '}'
    return draw


INTS = ['-2', '-1', '0', '1', '2', '3', '7', '77']
TEXTS = ['', ' ', 'a', 'A', 'ab', 'abc', 'b', 'B', 'ä', 'äb', 'z%', '_', 'a\\b', 'null', 'a\nb']

TYPES = [
    Type('boolean', 'bool', ['t', 'f']),
    Type('smallint', 'int', INTS + ['-32768', '32767'], draw=_int(16)),
    Type('integer', 'int', INTS + ['-2147483648', '2147483647', '40000'], draw=_int(32), weight=8),
    Type('bigint', 'int', INTS + ['-9223372036854775808', '9223372036854775807', '5000000000'],
         draw=_int(64), weight=6),
    Type('real', 'float', ['-1.5', '-0', '0', '0.1', '1.5', '1e30', '1e-40', 'NaN', 'Infinity', '-Infinity'],
         draw=_quarter, peers=True),
    Type('double precision', 'float', ['-1.5', '-0', '0', '0.1', '1.5', '1e300', '5e-324', 'NaN',
                                       'Infinity', '-Infinity'], draw=_float, peers=True),
    Type('numeric(12,2)', 'numeric', ['-9999999999.99', '-1.50', '0', '0.01', '1.5', '2', 'NaN'],
         draw=_numeric, peers=True, weight=6),
    Type('numeric', 'numeric', ['-1e40', '-1.5', '0', '0.00', '1.5', '1.50', '1e-30', 'NaN', 'Infinity',
                                '-Infinity', '12345678901234567890123456789.5'], draw=_numeric, peers=True),
    Type('text', 'text', TEXTS, draw=_text, weight=8),
    Type('text', 'textc', TEXTS + ['a' * 40 + '1', 'a' * 40 + '2'], draw=_text, collation='C', weight=6),
    Type('text', 'texten', TEXTS, draw=_text, collation='en-x-icu'),
    Type('text', 'textnd', TEXTS, draw=_text, collation='nd', peers=True, weight=2),
    Type('character varying(10)', 'text', ['', 'a', 'a ', 'abc', 'ä', 'b', '0123456789'], draw=_short(10)),
    Type('character(5)', 'bpchar', ['', 'a', 'a ', 'abc', 'abcde'], draw=_short(5)),
    Type('bytea', 'bytea', ['\\x', '\\x00', '\\x0001', '\\xff', '\\x' + 'ab' * 1500],
         draw=lambda rng: '\\x%02x' % rng.randrange(256)),
    Type('date', 'date', ['2024-01-01', '2024-01-02', 'infinity', '-infinity', '0044-03-15', '5000-01-01'],
         draw=_date),
    Type('timestamp without time zone', 'date', ['2024-01-01', '2024-01-01 12:00', '2024-01-02', 'infinity',
                                                 '-infinity', '0044-03-15 BC'], draw=_stamp),
    Type('timestamp with time zone', 'tz', ['2024-01-01', '2024-01-01 12:00+02', '2024-01-02', 'infinity',
                                            '-infinity'], draw=_stamp, weight=6),
    Type('time without time zone', 'time', ['00:00', '12:00', '23:59:59.999999', '24:00'], weight=2),
    Type('time with time zone', 'timetz', ['00:00+00', '12:00+02', '11:00+01', '23:59:59.999999-03'], weight=1),
    Type('interval', 'interval', ['0', '1 mon', '30 days', '720:00:00', '-1 year', '1 day -00:00:01'],
         peers=True, weight=2),
    Type('uuid', 'uuid', ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001',
                          'ffffffff-ffff-ffff-ffff-ffffffffffff'], draw=_uuid),
    Type('jsonb', 'jsonb', ['null', '{}', '[]', '1', '1.0', '"a"', '{"a": 1, "b": [1, 2]}'], draw=_json,
         peers=True),
    Type('json', 'json', ['null', '{"a":1,"a":2}', '[1,  2]'], draw=_json, ordered=False, hashed=False, weight=1,
         partition=False),
    Type('inet', 'inet', ['10.0.0.1', '10.0.0.1/8', '192.168.0.0/16', '::1', '255.255.255.255'], weight=2),
    Type('"char"', 'char', ['a', 'b', 'z', ''], weight=1),
    Type('oid', 'oid', ['0', '1', '2147483648', '4294967295'], weight=1),
    Type('name', 'name', ['', 'a', 'abc', 'pg_class'], weight=1),
    Type('bit(4)', 'bit', ['0000', '1010', '1111'], hashed=False, weight=1),
    Type('bit varying', 'varbit', ['', '0', '1010', '1' * 70], hashed=False, weight=1),
    Type('macaddr', 'macaddr', ['08:00:2b:01:02:03', 'ff:ff:ff:ff:ff:ff'], weight=1),
    Type('pg_lsn', 'lsn', ['0/0', '16/B374D848', 'FFFFFFFF/FFFFFFFF'], weight=1),
    Type('point', 'point', ['(0,0)', '(1,-2.5)'], ordered=False, hashed=False, weight=1, partition=False),
    Type('tsvector', 'tsvector', ['', 'a b', "a:1A 'the':2"], weight=1, hashed=False, partition=False),
    Type('int4range', 'range', ['empty', '[1,5)', '(,3]', '[7,)', '(,)'], weight=2),
    Type('int8multirange', 'multirange', ['{}', '{[1,3),[5,8)}', '{(,)}'], weight=1),
    Type('integer[]', 'ints', ['{}', '{1}', '{1,NULL,2}', '{{1,2},{3,4}}', '[2:3]={7,8}'],
         draw=_array(lambda r: str(r.randrange(5))), weight=3),
    Type('text[]', 'texts', ['{}', '{a}', '{"",NULL}', '{a,b,"c d"}'],
         draw=_array(lambda r: r.choice('abc')), weight=2),
    Type('double precision[]', 'floats', ['{}', '{-0}', '{NaN,1}'], peers=True, weight=1),
    # made with the schema
    Type('mood', 'mood', ['sad', 'ok', 'happy'], weight=4),
    Type('posint', 'int', ['1', '2', '3', '77', '2147483647'], draw=lambda r: str(r.randrange(1, 500)), weight=2),
    Type('shorttext', 'text', ['', 'a', 'abc', 'b'], weight=1),
    Type('pair', 'pair', ['(1,a)', '(2,)', '(,)', '(1,"b c")'], weight=1, hashed=False, partition=False),
]

# Changed by ALTER TYPE or hidden in arrays; found by canonical name and collation.
BY_NAME = {(t.sql, t.collation): t for t in TYPES}
WEIGHTS = [t.weight for t in TYPES]
INTEGER = BY_NAME[('integer', None)]
BIGINT = BY_NAME[('bigint', None)]

# What the types above need.
PRELUDE = [
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
    "CREATE DOMAIN posint AS integer CHECK (VALUE > 0)",
    "CREATE DOMAIN shorttext AS text CHECK (length(VALUE) < 5)",
    "CREATE TYPE pair AS (a integer, b text)",
    "CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
]


def pick_type(rng):
    return rng.choices(TYPES, WEIGHTS)[0]


def lookup(name, collation):
    """The type of a column of the catalog; None if it is none of ours."""
    found = BY_NAME.get((name, collation))
    if found is None and collation is None or collation == 'default':
        found = BY_NAME.get((name, None))
    return found


if __name__ == '__main__':
    rng = random.Random(1)
    for t in TYPES:
        print(t.decl, [value(rng, t) for _ in range(3)])
