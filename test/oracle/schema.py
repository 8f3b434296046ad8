"""A random schema to start an episode with: tables, rows, indexes, triggers.

{AM} stands for the twin's access method, {OTHER} for a heap that is another one than
that; {OPTIONS ...} for a clause that only the olap twin gets.
"""

from exprs import Exprs, Ref
from values import PRELUDE, literal, pick_type, value
from writes import Step

RESET = ['DROP SCHEMA IF EXISTS twin CASCADE', 'CREATE SCHEMA twin', 'SET search_path = twin, public']

VALUE_KEYS = ('bool', 'mood', 'int', 'text', 'date')


def ddl(cls, sql):
    return Step(cls, sql, ddl=True)


class Schema:
    def __init__(self, rng, on):
        self.rng = rng
        self.on = on
        self.exprs = Exprs(rng)
        self.count = 0
        self.pinned = set()         # time columns: olap keeps them

    def steps(self):
        """DDL of the whole schema; rows come later, through the model."""
        rng = self.rng
        out = [ddl('create', sql) for sql in PRELUDE]
        out.append(ddl('create', 'CREATE TABLE audit (op text, tab text, was text, new text)'))
        for _ in range(rng.choice([2, 3, 3, 4])):
            out += self.table()
        return out

    def name(self, prefix='t'):
        self.count += 1
        return f'{prefix}{self.count}'

    # --- tables ------------------------------------------------------------

    def table(self, prefix=None):
        rng = self.rng
        kind = rng.random()
        name = self.name(prefix or ('big' if rng.random() < 0.18 else 't'))
        columns = self.columns(rng.choice([1, 2, 4, 6, 10]))
        body = ', '.join(self.key() + [c for _, _, c in columns])
        if rng.random() < 0.1:
            body += f', CONSTRAINT {name}_check CHECK ({self.check(columns)})'
        if kind < 0.18 and self.on('partition'):
            return self.partitioned(name, columns, body)
        persistence = ''
        if kind < 0.25 and self.on('unlogged'):
            persistence = 'UNLOGGED '
        elif kind < 0.30 and self.on('temp') and prefix is None:
            persistence = 'TEMP '
        options = self.options(columns)
        if persistence == 'TEMP ' and rng.random() < 0.3:
            options = f' ON COMMIT {rng.choice(["DELETE ROWS", "PRESERVE ROWS", "DROP"])}'
        out = [ddl('create', f'CREATE {persistence}TABLE {name} ({body}){options}')]
        if kind > 0.93 and self.on('inherit') and not persistence:
            extra = ', '.join(c for _, _, c in self.columns(1))
            out.append(ddl('inherit', f'CREATE TABLE {self.name()} ({extra}) INHERITS ({name})'))
        return out

    def key(self):
        rng = self.rng
        if self.on('unique') and rng.random() < 0.5:
            return [f'k {rng.choice(["integer", "bigint"])} PRIMARY KEY']
        return [rng.choice(['k integer', 'k integer NOT NULL', 'k bigint NOT NULL'])]

    def columns(self, n):
        """(name, type, definition)"""
        rng = self.rng
        out = []
        for _ in range(n):
            t = pick_type(rng)
            name = self.name('c')
            sql = f'{name} {t.decl}'
            kind = rng.random()
            ints = [c for c, ct, _ in out if ct.kind == 'int' and 'GENERATED' not in _]
            texts = [c for c, ct, _ in out if ct.kind == 'text' and 'GENERATED' not in _]
            if kind < 0.08 and ints and self.on('generated'):
                sql = f'{name} numeric GENERATED ALWAYS AS ({rng.choice(ints)}::numeric * 2) STORED'
            elif kind < 0.12 and texts and self.on('generated'):
                sql = f'{name} text GENERATED ALWAYS AS (upper({rng.choice(texts)})) STORED'
            elif kind < 0.16 and self.on('identity'):
                sql = f'{name} integer GENERATED {rng.choice(["ALWAYS", "BY DEFAULT"])} AS IDENTITY'
            elif kind < 0.35:
                sql += f' DEFAULT {literal(t, value(rng, t, 0))}'
                if rng.random() < 0.3:
                    sql += ' NOT NULL'
            elif kind < 0.42:
                sql += ' NOT NULL'
            out.append((name, t, sql))
        return out

    def check(self, columns):
        refs = [Ref(n, t) for n, t, sql in columns if 'GENERATED' not in sql] or [Ref('k', pick_type(self.rng))]
        if refs[0].sql == 'k':
            return 'k > 0'
        return f'({self.exprs.test(refs)}) IS NOT FALSE OR k % 4 <> 0'

    def options(self, columns):
        """Options of olap tables; the heap twin has none."""
        rng = self.rng
        if rng.random() < 0.6 or not self.on('options'):
            return ''
        parts = []
        times = [n for n, t, d in columns if t.kind in ('date', 'tz') and 'GENERATED' not in d]
        if times and rng.random() < 0.7:
            time = rng.choice(times)
            self.pinned.add(time)
            parts.append(f"time_column = '{time}'")
            if rng.random() < 0.5:
                parts.append(f"segment_interval = '{rng.choice(['1 day', '30 days', '2 days'])}'")
        plain = [n for n, t, d in columns if t.ordered and t.hashed and 'GENERATED' not in d]
        for option in ['order_by', 'bitmap', 'bloom']:
            if plain and rng.random() < 0.4:
                parts.append(f"{option} = '{rng.choice(plain)}'")
        return ' {OPTIONS WITH (' + ', '.join(parts) + ')}' if parts else ''

    def partitioned(self, name, columns, body):
        rng = self.rng
        key = 'k'
        by_value = [(n, t) for n, t, d in columns if t.partition and t.kind in VALUE_KEYS and 'GENERATED' not in d]
        if 'PRIMARY' in body:
            kind = rng.choice(['RANGE', 'HASH'])
        elif by_value and rng.random() < 0.5:
            kind, (key, type_) = 'LIST', rng.choice(by_value)    # updates move rows to other partitions
        else:
            kind = rng.choice(['RANGE', 'LIST', 'HASH'])
            key = '(k % 4)' if kind == 'LIST' else 'k'
        if kind == 'RANGE':
            bounds = ['FROM (MINVALUE) TO (30)', 'FROM (30) TO (200)']
        elif kind == 'HASH':
            bounds = [f'WITH (MODULUS 3, REMAINDER {i})' for i in range(3)]
        elif key == '(k % 4)':
            bounds = ['IN (0, 1)', 'IN (2)']
        else:
            some = rng.sample(type_.values, 2)
            bounds = [f'IN ({literal(type_, some[0])})', f'IN ({literal(type_, some[1])}, NULL)']
        out = [f'CREATE TABLE {name} ({body}) PARTITION BY {kind} ({key})']
        out += [f'CREATE TABLE {name}_{i} PARTITION OF {name} FOR VALUES {b}' for i, b in enumerate(bounds)]
        if kind != 'HASH' and rng.random() < 0.8:
            out.append(f'CREATE TABLE {name}_d PARTITION OF {name} DEFAULT')
        return [ddl('partition', sql) for sql in out]


def first_rows(rng, model, writes):
    """Rows for every table: delta runs of several sizes, and segments."""
    for table in list(model.writable()):
        if table.partition:
            continue
        if table.name.startswith('big'):
            yield writes.fill(table, rng.choice([4200, 5000, 9000]), 'create')
            if rng.random() < 0.3:
                yield writes.fill(table, 4500, 'create')
        for _ in range(rng.choice([0, 1, 2, 4])):
            yield rng.choice([lambda: writes.insert(table), lambda: writes.fill(table, rng.choice([3, 30, 120]), 'create')])()
