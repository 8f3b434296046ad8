"""Random INSERT, UPDATE, DELETE, MERGE, COPY and row locks.

New rows take their key from a counter, and no statement changes a key: it stays
the unique order that queries rely on.  Columns of unique indexes are set to
constants only, because which of two changing rows meets the other first is up to
the plan.
"""

from exprs import refs_of
from values import quote, value


class Step:
    """One statement, as the twins are to run it."""
    __slots__ = ('session', 'sql', 'cls', 'ordered', 'loose', 'copy', 'multi', 'ddl', 'table')

    def __init__(self, cls, sql, *, ordered=False, loose=False, copy=None, multi=False, ddl=False, table=None):
        self.session = 0
        self.sql = sql
        self.cls = cls
        self.ordered = ordered      # the rows' order counts
        self.loose = loose          # equal values may look different
        self.copy = copy            # data for COPY FROM STDIN
        self.multi = multi          # several rows may fail in several ways
        self.ddl = ddl              # the model is out of date afterwards
        self.table = table          # whose contents have changed


class Writes:
    def __init__(self, rng, exprs, model, queries):
        self.rng = rng
        self.exprs = exprs
        self.model = model
        self.queries = queries
        self.top = 0                # last key given out
        self.hot = 0                # how many keys of a table are liked best
        self.ranges = {}            # table -> the ranges of keys it has got

    def keys(self, table, n=1):
        """The first of n new keys of a table."""
        base = self.top + 1
        self.top += n
        ranges = self.ranges.setdefault(table, [])
        if ranges and ranges[-1][1] == base - 1:
            ranges[-1] = (ranges[-1][0], self.top)
        else:
            ranges.append((base, self.top))
        return base

    def picker(self, table):
        """A function that gives keys the table may have."""
        ranges = self.ranges.get(table.name) or [(1, max(self.top, 1))]
        if self.hot and self.rng.random() < 0.7:
            # sessions shall meet: a few keys, the same in the whole episode
            return lambda: ranges[0][0] + self.rng.randrange(self.hot)
        return lambda: self.rng.randint(*self.rng.choice(ranges[-6:] if self.rng.random() < 0.7 else ranges))

    def table(self):
        tables = self.model.writable()
        weights = [1 if t.big else 3 for t in tables]
        return self.rng.choices(tables, weights)[0]

    def returning(self, table, chance=0.35):
        if self.rng.random() > chance:
            return ''
        refs = refs_of(table, table.name)
        return ' RETURNING ' + self.rng.choice(['*', ', '.join(self.queries.targets(refs)), f'{table.name}.k'])

    # --- INSERT ------------------------------------------------------------

    def columns(self, table):
        """Columns an INSERT names: the key, and most others."""
        return [c for c in table.free() if c.notnull and not c.default or self.rng.random() < 0.85]

    def row(self, table, columns, key=None):
        return [str(key if key is not None else self.keys(table.name))] + [self.exprs.assignment(c) for c in columns]

    def insert(self, table=None, one=False):
        rng = self.rng
        table = table or self.table()
        columns = self.columns(table)
        names = ', '.join(['k'] + [c.name for c in columns])
        n = 1 if one else rng.choice([1, 1, 1, 2, 5, 20])
        rows = [f'({", ".join(self.row(table, columns))})' for _ in range(n)]
        return Step('insert', f'INSERT INTO {table.name} ({names}) VALUES {", ".join(rows)}'
                    + self.returning(table), multi=n > 1, table=table.name)

    def insert_select(self):
        """From a table (its own too), or from numbers."""
        rng = self.rng
        table = self.table()
        if rng.random() < 0.3:
            return self.fill(table, rng.choice([1, 10, 200]))
        source = self.table()
        columns = self.columns(table)
        refs = refs_of(source, 's')
        items = []
        for c in columns:
            same = [r for r in refs if r.type is c.type]
            items.append(rng.choice(same).sql if same and rng.random() < 0.9
                         else f'({self.literal(c)})')
        base = self.keys(table.name, 50)
        where = self.exprs.key_condition('s.k', self.picker(source))
        sql = f'INSERT INTO {table.name} ({", ".join(["k"] + [c.name for c in columns])}) ' \
            f'SELECT {", ".join([f"row_number() OVER (ORDER BY s.k) + {base - 1}"] + items)} FROM {source.name} s WHERE {where} ORDER BY s.k LIMIT 50'
        return Step('insert_select', sql + self.returning(table), multi=True, table=table.name)

    def literal(self, column):
        v = value(self.rng, column.type, 0.02 if column.notnull else 0.12)
        return f'NULL::{column.type.sql}' if v is None else f'{quote(v)}::{column.type.sql}'

    def fill(self, table, rows, cls='insert_select'):
        """Many rows in one statement; each column cycles through some values."""
        rng = self.rng
        columns = self.columns(table)
        items = []
        for i, c in enumerate(columns):
            n = rng.choice([1, 2, 5, 13])
            step = rng.choice([1, 3, 7])
            # some columns follow the row number, so that zones prune
            index = f'g * {n} / {rows + 1}' if rng.random() < 0.3 else f'(g * {step} + g / 7) % {n}'
            arms = ' '.join(f'WHEN {j} THEN {self.literal(c)}' for j in range(n))
            items.append(f'CASE {index} {arms} END')
        base = self.keys(table.name, rows) - 1
        return Step(cls, f'INSERT INTO {table.name} ({", ".join(["k"] + [c.name for c in columns])}) '
                    f'SELECT {", ".join([f"g + {base}"] + items)} FROM generate_series(1, {rows}) g',
                    multi=True, table=table.name)

    def copy(self):
        rng = self.rng
        table = self.table()
        columns = [c for c in table.free() if c.notnull or rng.random() < 0.85]
        if rng.random() < 0.15:
            return Step('copy', f'COPY (SELECT * FROM {table.name}) TO STDOUT', copy='')
        csv = rng.random() < 0.3
        lines = []
        for _ in range(rng.choice([1, 5, 40, 40, 300])):
            vals = [str(self.keys(table.name))] + [value(rng, c.type, 0 if c.notnull else 0.12) for c in columns]
            lines.append((copy_csv if csv else copy_text)(vals))
        options = []
        if csv:
            options.append('FORMAT csv')
        if rng.random() < 0.05:
            options.append('FREEZE')
        where = ''
        if rng.random() < 0.1:
            where = f' WHERE k % {rng.choice([2, 3])} = 0'
        sql = f'COPY {table.name} ({", ".join(["k"] + [c.name for c in columns])}) FROM STDIN' \
            + (f' WITH ({", ".join(options)})' if options else '') + where
        return Step('copy', sql, copy=''.join(lines), multi=True, table=table.name)

    def on_conflict(self):
        rng = self.rng
        tables = [t for t in self.model.writable() if any(i.unique for i in t.indexes)]
        if not tables:
            return self.insert()
        table = rng.choice(tables)
        columns = self.columns(table)
        index = rng.choice([i for i in table.indexes if i.unique])
        # an existing key may come again only where the index on it stops it
        keyed = any(i.unique and i.columns == ['k'] and not i.special for i in table.indexes)
        rows = []
        for _ in range(rng.choice([1, 1, 2, 5])):
            key = self.picker(table)() if keyed and rng.random() < 0.5 else None
            rows.append(f'({", ".join(self.row(table, columns, key))})')
        target = ''
        if index.plain and not index.special and rng.random() < 0.8:
            target = f'({", ".join(index.columns)})'
        action = 'DO NOTHING'
        if target and rng.random() < 0.6:
            refs = refs_of(table, table.name)
            action = f'DO UPDATE SET {self.sets(table, refs, excluded=True)}'
            if rng.random() < 0.3:
                action += f' WHERE {self.exprs.test(refs)}'
        sql = f'INSERT INTO {table.name} AS {table.name} ({", ".join(["k"] + [c.name for c in columns])}) ' \
            f'VALUES {", ".join(rows)} ON CONFLICT {target} {action}'
        return Step('on_conflict', sql + self.returning(table), multi=True, table=table.name)

    # --- UPDATE, DELETE, MERGE ---------------------------------------------

    def sets(self, table, refs, excluded=False):
        rng = self.rng
        unique = table.unique_columns()
        free = table.free()
        if not free:
            return f'k = {refs[0].sql.split(".")[0]}.k' if '.' in refs[0].sql else 'k = k'
        chosen = rng.sample(free, min(len(free), rng.choice([1, 1, 2, 3])))
        parts = []
        for c in chosen:
            if excluded and rng.random() < 0.5 and c.name not in unique:
                parts.append(f'{c.name} = excluded.{c.name}')
            else:
                parts.append(f'{c.name} = {self.exprs.assignment(c, () if c.name in unique else refs)}')
        return ', '.join(parts)

    def target_where(self, table, refs, prefix):
        """Which rows an UPDATE or DELETE is about: mostly few."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.05 and table.single and prefix:
            where = self.exprs.key_condition('k', self.picker(table))
            return f'{prefix}ctid = ANY (ARRAY(SELECT ctid FROM {table.name} WHERE {where}))'
        if kind < 0.55:
            return self.exprs.key_condition(prefix + 'k', self.picker(table))
        if kind < 0.97:
            cond = self.exprs.condition(refs, sub=self.queries.subtest if self.queries.on('subquery') else None)
            if rng.random() < 0.6:
                cond = f'({cond}) AND {self.exprs.key_condition(prefix + "k", self.picker(table))}'
            return cond
        return 'true'

    def update(self, single=False):
        rng = self.rng
        table = self.table()
        refs = refs_of(table, table.name)
        only = 'ONLY ' if rng.random() < 0.03 else ''
        if single:
            where = f'{table.name}.k = {self.picker(table)()}'
            source = ''
        elif rng.random() < 0.2:
            other = self.table()
            source = f' FROM {other.name} s'
            cond = self.target_where(table, refs + refs_of(other, 's'), table.name + '.')
            where = f'{table.name}.k = s.k AND ({cond})'
        else:
            source = ''
            where = self.target_where(table, refs, table.name + '.')
        return Step('update', f'UPDATE {only}{table.name} SET {self.sets(table, refs)}{source} WHERE {where}'
                    + self.returning(table), multi=not single, table=table.name)

    def delete(self, single=False):
        rng = self.rng
        table = self.table()
        refs = refs_of(table, table.name)
        if single:
            return Step('delete', f'DELETE FROM {table.name} WHERE k = {self.picker(table)()}'
                        + self.returning(table), table=table.name)
        where = self.target_where(table, refs, table.name + '.')
        if where == 'true' and rng.random() < 0.7 or rng.random() < 0.3:
            where = f'({where}) AND {table.name}.k % 5 = {rng.randrange(5)}'
        source = ''
        if rng.random() < 0.15:
            other = self.table()
            source = f' USING {other.name} s'
            where = f'{table.name}.k = s.k AND ({where})'
        if rng.random() < 0.06 and not source:
            return self.move(table, where)
        return Step('delete', f'DELETE FROM {table.name}{source} WHERE {where}' + self.returning(table),
                    multi=True, table=table.name)

    def move(self, table, where):
        """Rows go from one table to another, or come back under a new key."""
        target = self.table()
        columns = self.columns(target)
        gone = refs_of(table, 'd')
        items = []
        for c in columns:
            same = [r.sql for r in gone if r.type is c.type]
            items.append(same[0] if same else self.literal(c))
        base = self.keys(target.name, 50) - 1
        return Step('delete', f'WITH d AS (DELETE FROM {table.name} WHERE {where} RETURNING *) '
                    f'INSERT INTO {target.name} ({", ".join(["k"] + [c.name for c in columns])}) '
                    f'SELECT {", ".join([f"row_number() OVER (ORDER BY d.k) + {base}"] + items)} FROM d ORDER BY d.k LIMIT 50', multi=True, table=target.name)

    def merge(self):
        rng = self.rng
        table, other = self.table(), self.table()
        refs, theirs = refs_of(table, 't'), refs_of(other, 's')
        columns = self.columns(table)
        arms = []
        # Several lines of each kind: the first whose condition holds is taken.
        lines = rng.choice([1, 1, 2])
        for i in range(lines):
            cond = f' AND {self.exprs.test(refs + theirs)}' if rng.random() < 0.4 or i + 1 < lines else ''
            action = rng.choice([f'UPDATE SET {self.sets(table, refs + theirs)}', 'DELETE', 'DO NOTHING'])
            arms.append(f' WHEN MATCHED{cond} THEN {action}')
        # in which order new rows come is the join's business, and so are their numbers
        if rng.random() < 0.7 and not any(c.identity for c in table.columns):
            base = self.keys(table.name, 20) - 1
            cond = f' AND {self.exprs.test(theirs)}' if rng.random() < 0.3 else ''
            items = [f's.n + {base}'] + [self.literal(c) for c in columns]
            arms.append(f' WHEN NOT MATCHED{cond} THEN INSERT ({", ".join(["k"] + [c.name for c in columns])}) '
                        f'VALUES ({", ".join(items)})')
        where = self.exprs.key_condition('k', self.picker(rng.choice([table, other])))
        return Step('merge', f'MERGE INTO {table.name} t USING (SELECT *, row_number() OVER (ORDER BY k) AS n '
                    f'FROM {other.name} WHERE {where} '
                    f'ORDER BY k LIMIT 20) s ON t.k = s.k{"".join(arms)}', multi=True, table=table.name)

    def loop(self):
        """A loop that changes rows while its own query runs; errors are caught."""
        rng = self.rng
        table = self.table()
        refs = refs_of(table, table.name)
        where = self.exprs.key_condition('k', self.picker(table))
        inner = []
        for _ in range(rng.choice([1, 2])):
            if rng.random() < 0.5 and self.queries.on('update'):
                inner.append(f'UPDATE {table.name} SET {self.sets(table, refs)} WHERE k = r')
            elif rng.random() < 0.3 and self.queries.on('delete'):
                inner.append(f'DELETE FROM {table.name} WHERE k = r')
            else:
                columns = self.columns(table)
                base = self.keys(table.name, 300) - 1
                items = [f'{base} + n'] + [self.literal(c) for c in columns]
                inner.append(f'n := n + 1; INSERT INTO {table.name} ({", ".join(["k"] + [c.name for c in columns])}) '
                             f'VALUES ({", ".join(items)})')
        body = '; '.join(inner) + ';'
        if rng.random() < 0.5:
            body = f'BEGIN {body} EXCEPTION WHEN OTHERS THEN caught := caught + 1; END;'
        return Step('loop', f'DO $$ DECLARE r bigint; n int := 0; caught int := 0; BEGIN '
                    f'FOR r IN SELECT k FROM {table.name} WHERE {where} ORDER BY k LIMIT 100 LOOP {body} END LOOP; '
                    f'END $$', multi=True, table=table.name)

    # --- locks -------------------------------------------------------------

    def for_update(self, strengths=('UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE')):
        rng = self.rng
        table = self.table()
        refs = refs_of(table, 'x')
        strength = rng.choice(strengths)
        wait = rng.choice(['', '', '', ' NOWAIT', ' SKIP LOCKED'])
        where = self.exprs.key_condition('x.k', self.picker(table))
        if rng.random() < 0.3:
            where += f' AND {self.exprs.test(refs)}'
        if rng.random() < 0.2:
            other = self.table()
            return Step('for_update', f'SELECT x.k, y.k FROM {table.name} x JOIN {other.name} y ON x.k = y.k '
                        f'WHERE {where} ORDER BY x.k FOR {strength} OF {rng.choice(["x", "y", "x, y"])}{wait}',
                        ordered=True)
        limit = f' LIMIT {rng.choice([1, 3])}' if rng.random() < 0.3 else ''
        return Step('for_update', f'SELECT {", ".join(["x.k"] + self.queries.targets(refs))} FROM {table.name} x '
                    f'WHERE {where} ORDER BY x.k{limit} FOR {strength}{wait}', ordered=True)

    def truncate(self):
        rng = self.rng
        table = self.table()
        return Step('truncate', f'TRUNCATE {rng.choice(["", "ONLY "])}{table.name}'
                    + rng.choice(['', ' CASCADE', ' RESTART IDENTITY']), table=table.name)


def copy_text(values):
    return '\t'.join('\\N' if v is None else v.replace('\\', '\\\\').replace('\t', '\\t').replace('\n', '\\n')
                     for v in values) + '\n'


def copy_csv(values):
    return ','.join('' if v is None else '"' + v.replace('"', '""') + '"' for v in values) + '\n'

