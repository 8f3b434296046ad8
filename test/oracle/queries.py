"""Random SELECTs, answered alike by every right plan.

Rows come without an order unless the query ends in a total one: by the unique
key, or by the whole row's text.  A query is loose if it answers one of several
equal values (of floats, numerics); then the comparison ignores what equality
does.  Types whose equal values differ in more ways are kept out of such places.
"""

from exprs import Ref, refs_of

LOOSE = {'float', 'numeric'}    # kinds the comparison can normalise


class Queries:
    def __init__(self, rng, exprs, model, on):
        self.rng = rng
        self.exprs = exprs
        self.model = model
        self.on = on                # whether a class of statements is on

    # --- parts -------------------------------------------------------------

    def table(self, small=False):
        tables = self.model.readable()
        if small:
            tables = [t for t in tables if not t.big] or tables
        return self.rng.choice(tables)

    def where(self, refs, chance=0.75, sub=True):
        if self.rng.random() > chance:
            return ''
        make = self.subtest if sub and self.on('subquery') else None
        return ' WHERE ' + self.exprs.condition(refs, sub=make)

    def groupable(self, refs):
        """Columns that may be grouped by or deduplicated; and whether loosely."""
        return [r for r in refs if r.type.equal and r.type.ordered
                and (not r.type.peers or r.type.kind in LOOSE)]

    def subtest(self, refs):
        """A condition with a subquery over another table."""
        rng = self.rng
        inner = self.table(small=True)
        mine = refs_of(inner, 'z')
        ref = rng.choice([r for r in refs if r.type.equal] or refs)
        same = [r for r in mine if r.type.kind == ref.type.kind and r.type.equal]
        cond = self.exprs.condition(mine, 1)
        if not same or not ref.type.equal:
            return f'{rng.choice(["", "NOT "])}EXISTS (SELECT 1 FROM {inner.name} z WHERE {cond})'
        other = rng.choice(same).sql
        kind = rng.random()
        if kind < 0.3:
            return f'{ref.sql} {rng.choice(["", "NOT "])}IN (SELECT {other} FROM {inner.name} z WHERE {cond})'
        if kind < 0.6 or not ref.type.ordered:
            return f'{rng.choice(["", "NOT "])}EXISTS (SELECT 1 FROM {inner.name} z WHERE {other} = {ref.sql} AND {cond})'
        if kind < 0.8 and ref.type.ordered and ref.type.kind not in ('bool', 'uuid', 'bytea', 'jsonb', 'range',
                                                                     'multirange', 'pair', 'name', '"char"', 'char',
                                                                     'bit', 'varbit', 'macaddr', 'tsvector'):
            return f'{ref.sql} >= (SELECT {rng.choice(["min", "max"])}({other}) FROM {inner.name} z WHERE {cond})'
        return f'{ref.sql} {rng.choice([">", "<="])} {rng.choice(["ANY", "ALL"])} ' \
            f'(SELECT {other} FROM {inner.name} z WHERE {cond})'

    def source(self):
        """FROM and WHERE: (sql after FROM, refs, unique order or None, big)."""
        rng = self.rng
        t = self.table()
        kind = rng.random()
        if kind < 0.62 or not self.on('join'):
            only = 'ONLY ' if rng.random() < 0.03 else ''
            refs = refs_of(t, 'x')
            return f'{only}{t.name} x' + self.where(refs), refs, ('x.k' if t.key else None), t.big
        if kind < 0.70:
            inner = refs_of(t, 'w')
            chosen = [r for r in inner if rng.random() < 0.7] or inner
            refs = [Ref('x.o%d' % i, r.type) for i, r in enumerate(chosen)]
            items = ', '.join(f'{r.sql} AS o{i}' for i, r in enumerate(chosen))
            offset = ' OFFSET 0' if rng.random() < 0.5 else ''
            return f'(SELECT {items} FROM {t.name} w{self.where(inner)}{offset}) x' + self.where(refs), refs, \
                None, t.big
        return self.join(t)

    def join(self, t):
        rng = self.rng
        sql, refs, order, big = f'{t.name} x', refs_of(t, 'x'), ['x.k'] if t.key else None, t.big
        for alias in ['y', 'z'][:rng.choice([1, 1, 1, 2])]:
            u = self.table(small=big or alias == 'z')
            mine = refs_of(u, alias)
            kind = rng.choice(['JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'LATERAL'])
            both = [(a, b) for a in refs for b in mine
                    if a.type.kind == b.type.kind and a.type.equal and a.type.hashed and b.type.hashed
                    and a.type.ordered]
            keys = [(a, b) for a, b in both if a.sql.endswith('.k') and b.sql.endswith('.k')]
            if keys and (rng.random() < 0.6 or big or u.big):
                both = keys
            if not both or (big or u.big) and both is not keys:
                continue
            a, b = rng.choice(both)
            if kind == 'LATERAL':
                if not u.key:
                    continue
                items = ', '.join(r.sql for r in mine)
                sql += f' CROSS JOIN LATERAL (SELECT {items} FROM {u.name} {alias} WHERE {a.sql} ' \
                    f'{rng.choice(["=", "=", "<"]) if a.type.ordered and not u.big and not big else "="} {b.sql} ' \
                    f'ORDER BY {alias}.k LIMIT {rng.randint(1, 3)}) {alias}'
            else:
                on = f'{a.sql} = {b.sql}'
                if rng.random() < 0.3 and kind != 'FULL JOIN':
                    on += f' AND {self.exprs.test(refs + mine)}'
                sql += f' {kind} {u.name} {alias} ON {on}'
            refs = refs + mine
            order = order + [alias + '.k'] if order and u.key else None
            big = big or u.big
        return sql + self.where(refs), refs, ', '.join(order) if order else None, big

    def targets(self, refs):
        rng = self.rng
        return [self.exprs.output(refs) for _ in range(rng.choice([1, 2, 3, 5]))]

    # --- whole queries: (class, sql, ordered, loose) --------------------------

    def select(self):
        rng = self.rng
        source, refs, order, big = self.source()
        kind = rng.random()
        if kind < 0.2:
            items = 'count(*)'
        elif kind < 0.35:
            items = 'x.*'
        elif kind < 0.4:
            items = 'x'
        elif kind < 0.43 and '(' not in source.split(' ')[0] and order and ' JOIN ' not in source:
            items = 'x.tableoid::regclass, x.k'
        else:
            items = ', '.join(self.targets(refs))
        sql = f'SELECT {items} FROM {source}'
        ordered = False
        if items != 'count(*)' and order and rng.random() < 0.4:
            sortable = [r for r in refs if r.type.ordered]
            keys = [rng.choice(sortable).sql + rng.choice(['', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])
                    for _ in range(rng.choice([0, 1, 1, 2]))]
            sql += ' ORDER BY ' + ', '.join(keys + [order])
            ordered = True
            if rng.random() < 0.6 or big:
                sql += f' LIMIT {rng.choice([0, 1, 3, 10, 100])}'
                if rng.random() < 0.4:
                    sql += f' OFFSET {rng.choice([1, 5, 50])}'
        elif big and items != 'count(*)':
            sql = digest(sql)
        if rng.random() < 0.05:
            sql = f'SELECT count(*) FROM ({sql}) s'
            ordered = False
        return 'select', sql, ordered, False

    def aggregate(self):
        rng = self.rng
        source, refs, _, big = self.source()
        keys = self.groupable(refs)
        group = [rng.choice(keys) for _ in range(rng.choice([0, 1, 1, 2]))] if keys else []
        group = list({g.sql: g for g in group}.values())
        loose = any(g.type.peers for g in group)
        items = [g.sql for g in group]
        for _ in range(rng.choice([1, 2, 4])):
            item, may_differ = self.aggregate_item(refs)
            loose = loose or may_differ
            items.append(item)
        sql = f'SELECT {", ".join(items)} FROM {source}'
        if group:
            names = [g.sql for g in group]
            style = rng.random()
            if style < 0.75:
                sql += ' GROUP BY ' + ', '.join(names)
            elif style < 0.85:
                sql += f' GROUP BY ROLLUP ({", ".join(names)})'
            elif style < 0.93:
                sql += f' GROUP BY CUBE ({", ".join(names)})'
            else:
                sql += f' GROUP BY GROUPING SETS (({", ".join(names)}), (), ({names[0]}))'
            if rng.random() < 0.25:
                sql += f' HAVING {rng.choice(["count(*) > 1", f"min({keys[0].sql}) IS NOT NULL" if keys[0].type.kind in ("int", "text", "float", "numeric") else "count(*) < 3"])}'
            if style < 0.75 and rng.random() < 0.4:
                return 'aggregate', sql + self.top(len(items), len(group)), True, loose
        elif rng.random() < 0.1:
            sql += ' HAVING count(*) > 0'
        return 'aggregate', sql, False, loose

    def top(self, columns, keys):
        """ORDER BY one of the columns, then the keys, which are the first, and a LIMIT."""
        rng = self.rng
        first = str(rng.randint(1, columns)) + rng.choice(['', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST'])
        sql = f' ORDER BY {", ".join([first] + [str(i + 1) for i in range(keys)])} LIMIT {rng.choice([1, 3, 10, 100])}'
        return sql + (f' OFFSET {rng.choice([1, 5, 50])}' if rng.random() < 0.3 else '')

    def aggregate_item(self, refs):
        """(sql, loose)"""
        rng = self.rng
        ref = rng.choice(refs)
        sql, t = ref.sql, ref.type
        choices = [('count(*)', False), (f'count({sql})', False)]
        if t.kind in ('int', 'numeric', 'float', 'text', 'textc', 'texten', 'date', 'tz', 'time', 'timetz', 'bpchar',
                      'oid', 'inet', 'ints', 'texts', 'mood', 'lsn'):
            choices += [(f'min({sql})', t.peers), (f'max({sql})', t.peers)] * 2
        if t.kind == 'int':
            choices += [(f'sum({sql})', False), (f'avg({sql})', False), (f'bit_or({sql})', False),
                        (f'variance({sql})', False)]
        if t.kind == 'numeric':
            choices += [(f'sum({sql})', True), (f'avg({sql})', True)]
        if t.kind == 'float':
            choices += [(f'sum(({sql})::numeric)', True), (f'avg(({sql})::numeric)', True)]
        if t.kind == 'bool':
            choices += [(f'bool_and({sql})', False), (f'bool_or({sql})', False), (f'every({sql})', False)]
        if t.ordered and t.equal and t.kind != 'textnd':
            choices += [(f'count(DISTINCT {sql})', False)]
        if t.ordered:
            choices += [(f"string_agg(({sql})::text, ',' ORDER BY ({sql})::text COLLATE \"C\")", False),
                        (f'array_agg(({sql})::text ORDER BY ({sql})::text COLLATE "C" DESC)', False)]
        sql, loose = rng.choice(choices)
        if rng.random() < 0.2:
            sql += f' FILTER (WHERE {self.exprs.test(refs)})'
        return sql, loose

    def window(self):
        rng = self.rng
        source, refs, order, big = self.source()
        if not order:
            return self.select()
        keys = self.groupable(refs)
        part = f'PARTITION BY {rng.choice(keys).sql} ' if keys and rng.random() < 0.6 else ''
        by = [r for r in refs if r.type.ordered]
        over = f'{part}ORDER BY {rng.choice(by).sql}{rng.choice(["", " DESC"])}, {order}'
        ints = [r.sql for r in refs if r.type.kind == 'int']
        frame = rng.choice(['', '', ' ROWS BETWEEN 2 PRECEDING AND CURRENT ROW', ' RANGE UNBOUNDED PRECEDING',
                            ' GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW'])
        calls = ['row_number()', 'rank()', 'ntile(3)', 'count(*)', f'lag({rng.choice(refs).sql})',
                 f'first_value({rng.choice(refs).sql})', f'last_value({rng.choice(refs).sql})']
        calls += [f'sum({i})' for i in ints]
        items = [f'{rng.choice(calls)} OVER (w{frame})' for _ in range(rng.choice([1, 2]))]
        items.append(order.split(', ')[0])
        sql = f'SELECT {", ".join(items)} FROM {source} WINDOW w AS ({over})'
        if rng.random() < 0.2:
            sql = f'SELECT * FROM (SELECT row_number() OVER ({over}) AS r, {order.split(", ")[0]} FROM {source}) s WHERE r <= 3'
        elif big:
            sql = digest(sql)
        return 'window', sql, False, False

    def setop(self):
        rng = self.rng
        a, b = self.table(), self.table()
        ra, rb = self.groupable(refs_of(a, 'x')), self.groupable(refs_of(b, 'y'))
        pairs = [(p, q) for p in ra for q in rb if p.type.kind == q.type.kind
                 and (p.type is q.type or p.type.kind == 'int')]
        if not pairs:
            return self.distinct()
        chosen = [rng.choice(pairs) for _ in range(rng.choice([1, 1, 2]))]
        op = rng.choice(['UNION', 'UNION ALL', 'INTERSECT', 'INTERSECT ALL', 'EXCEPT', 'EXCEPT ALL'])
        sql = f'SELECT {", ".join(p.sql for p, _ in chosen)} FROM {a.name} x{self.where(refs_of(a, "x"))} {op} ' \
            f'SELECT {", ".join(q.sql for _, q in chosen)} FROM {b.name} y{self.where(refs_of(b, "y"))}'
        if a.big or b.big:
            sql = f'SELECT count(*) FROM ({sql}) s'
        return 'setop', sql, False, True

    def distinct(self):
        rng = self.rng
        source, refs, order, big = self.source()
        keys = self.groupable(refs)
        if not keys:
            return self.select()
        chosen = [rng.choice(keys) for _ in range(rng.choice([1, 1, 2]))]
        if order and rng.random() < 0.6:
            on = [c.sql for c in chosen]
            by = [f'{c}{rng.choice(["", " DESC"])}' for c in on]
            sortable = [r for r in refs if r.type.ordered]
            for _ in range(rng.choice([0, 1, 1, 2])):
                by.append(rng.choice(sortable).sql + rng.choice(['', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST']))
            last = f'{order}{rng.choice(["", " DESC"])}'
            items = 'x.*' if rng.random() < 0.3 else ', '.join(self.targets(refs))
            sql = f'SELECT DISTINCT ON ({", ".join(on)}) {items} FROM {source} ORDER BY {", ".join(by)}, {last}'
            if rng.random() < 0.15:
                sql = f'SELECT count(*) FROM ({sql}) s'
            return 'distinct', sql, False, False
        sql = f'SELECT DISTINCT {", ".join(c.sql for c in chosen)} FROM {source}'
        if rng.random() < 0.3:
            return 'distinct', sql + self.top(len(chosen), len(chosen)), True, True
        if rng.random() < 0.2:
            sql = f'SELECT count(*) FROM ({sql}) s'
        return 'distinct', sql, False, True

    def cte(self):
        rng = self.rng
        t, u = self.table(small=True), self.table(small=True)
        how = rng.choice(['', 'MATERIALIZED ', 'NOT MATERIALIZED '])
        x, y = refs_of(t, 'x'), refs_of(u, 'y')
        pairs = [(a, b) for a in x for b in y if a.type.kind == b.type.kind and a.type.hashed and a.type.ordered
                 and b.type.hashed and b.type.ordered]
        sql = f'WITH c AS {how}(SELECT * FROM {t.name} x{self.where(x)}) '
        if not pairs or rng.random() < 0.3:
            return 'subquery', sql + 'SELECT count(*), (SELECT count(*) FROM c c2) FROM c c1', False, False
        a, b = rng.choice(pairs)
        return 'subquery', sql + f'SELECT y.* FROM {u.name} y WHERE {b.sql} IN ' \
            f'(SELECT {a.sql.replace("x.", "c.", 1)} FROM c)', False, False

    KINDS = [('select', 8), ('aggregate', 6), ('window', 1), ('setop', 2), ('distinct', 2), ('subquery', 1)]

    def query(self):
        kinds = [(k, w) for k, w in self.KINDS if self.on(k)]
        kind = self.rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        return (self.cte if kind == 'subquery' else getattr(self, kind))()


def digest(sql):
    """Count and digest of a query's rows, for answers too long to fetch."""
    return f'SELECT count(*), sum(hashtextextended(s::text, 0)::numeric) FROM ({sql}) s'


def contents(table):
    return digest(f'SELECT * FROM {table}')
