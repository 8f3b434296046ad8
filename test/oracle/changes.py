"""Random DDL and maintenance: ALTER TABLE of all kinds, indexes, VACUUM, ..."""

from exprs import refs_of
from values import literal, pick_type, value
from writes import Step

# Type changes whose USING cannot fail.
RETYPE = [
    ('int', 'text', '(%s)::text'), ('int', 'numeric', '(%s)::numeric'), ('int', 'bigint', '(%s)::bigint'),
    ('int', 'integer', '((%s)::numeric %% 1000)::integer'), ('text', 'text', 'left(%s, 4)'),
    ('text', 'character varying(10)', 'left(%s, 10)'), ('textc', 'text', '%s'), ('date', 'date', '(%s)::date'),
    ('numeric', 'numeric', '%s'), ('numeric', 'text', '(%s)::text'), ('tz', 'text', '(%s)::text'),
    ('bool', 'integer', '(%s)::integer'), ('uuid', 'text', '(%s)::text'), ('float', 'numeric', '(%s)::numeric'),
]


def ddl(cls, sql, **more):
    return Step(cls, sql, ddl=True, **more)


class Changes:
    def __init__(self, rng, exprs, model, writes, schema):
        self.rng = rng
        self.exprs = exprs
        self.model = model
        self.writes = writes
        self.schema = schema

    def table(self):
        return self.rng.choice(self.model.writable())

    def column(self, table):
        free = [c for c in table.free() if c.name not in self.schema.pinned]
        return self.rng.choice(free) if free else None

    # --- columns -----------------------------------------------------------

    def alter_add(self):
        rng = self.rng
        table = self.table()
        name, t = self.schema.name('c'), pick_type(rng)
        sql = f'{name} {t.decl}'
        kind = rng.random()
        ints = [c.name for c in table.free() if c.type.kind == 'int']
        if kind < 0.5:
            sql += f' DEFAULT {literal(t, value(rng, t, 0))}' + rng.choice(['', ' NOT NULL'])
        elif kind < 0.6 and ints and self.schema.on('generated'):
            sql = f'{name} numeric GENERATED ALWAYS AS ({rng.choice(ints)}::numeric + 1) STORED'
        elif kind < 0.65:
            sql += f' CHECK ({name} IS NULL OR k > 0)'
        return ddl('alter_add', f'ALTER TABLE {table.name} ADD COLUMN {sql}')

    def alter_drop(self):
        table = self.table()
        columns = [c for c in table.columns if c.name != 'k' and c.name not in self.schema.pinned]
        if len(columns) < 2:
            return self.alter_add()
        column = self.rng.choice(columns)
        return ddl('alter_drop', f'ALTER TABLE {table.name} DROP COLUMN {column.name}'
                   + self.rng.choice(['', ' CASCADE']))

    def alter_type(self):
        rng = self.rng
        table = self.table()
        options = [(c, to, using) for c in table.free() if c.name not in self.schema.pinned
                   for kind, to, using in RETYPE if c.type.kind == kind]
        if not options:
            return self.alter_default()
        column, to, using = rng.choice(options)
        sql = f'ALTER COLUMN {column.name} TYPE {to} USING {using % column.name}'
        if column.default:
            sql = f'ALTER COLUMN {column.name} DROP DEFAULT, ' + sql
        return ddl('alter_type', f'ALTER TABLE {table.name} {sql}')

    def alter_default(self):
        rng = self.rng
        table = self.table()
        column = self.column(table)
        if not column:
            return self.alter_add()
        t = column.type
        action = rng.choice([f'SET DEFAULT {literal(t, value(rng, t, 0))}', 'DROP DEFAULT', 'SET NOT NULL',
                             'DROP NOT NULL', f'SET STATISTICS {rng.choice([0, 10, 100])}'])
        return ddl('alter_default', f'ALTER TABLE {table.name} ALTER COLUMN {column.name} {action}')

    def alter_storage(self):
        rng = self.rng
        table = self.table()
        column = self.column(table)
        if not column or rng.random() < 0.4:
            return ddl('alter_storage', f'ALTER TABLE {table.name} SET (fillfactor = {rng.choice([50, 100])})')
        return ddl('alter_storage', f'ALTER TABLE {table.name} ALTER COLUMN {column.name} SET '
                   + rng.choice(['STORAGE EXTERNAL', 'STORAGE EXTENDED', 'STORAGE PLAIN', 'COMPRESSION pglz']))

    def alter_constraint(self):
        rng = self.rng
        table = self.table()
        checks = [name for name, kind in table.constraints if kind == 'c']
        kind = rng.random()
        if checks and kind < 0.3:
            return ddl('alter_constraint', f'ALTER TABLE {table.name} DROP CONSTRAINT {rng.choice(checks)}')
        if checks and kind < 0.5:
            return ddl('alter_constraint', f'ALTER TABLE {table.name} VALIDATE CONSTRAINT {rng.choice(checks)}')
        test = f'({self.exprs.test(refs_of(table))}) IS NOT FALSE OR k % 4 <> 0'
        return ddl('alter_constraint', f'ALTER TABLE {table.name} ADD CHECK ({test})'
                   + rng.choice(['', ' NOT VALID']))

    def rename(self):
        table = self.table()
        column = self.column(table)
        if not column:
            return self.alter_add()
        return ddl('rename', f'ALTER TABLE {table.name} RENAME COLUMN {column.name} TO {self.schema.name("c")}')

    def alter_many(self):
        """Several subcommands in one rewrite."""
        table = self.table()
        steps = [f() for f in self.rng.sample([self.alter_add, self.alter_type, self.alter_default], 2)]
        parts = [s.sql.split(' ', 3)[3] for s in steps if s.sql.split(' ', 3)[2] == table.name]
        if not parts:
            return steps[0]
        return ddl('alter_add', f'ALTER TABLE {table.name} {", ".join(parts)}')

    # --- whole tables --------------------------------------------------------

    def set_am(self):
        """To heap and back; the heap twin goes to a heap of another name, so it is rewritten as well."""
        # what CREATE INDEX CONCURRENTLY has left, a rewrite would try again
        tables = [t for t in self.model.plain() if all(i.valid for i in t.indexes)]
        if not tables:
            return self.create()
        table = self.rng.choice(tables)
        return ddl('set_am', f'ALTER TABLE {table.name} SET ACCESS METHOD {self.rng.choice(["{OTHER}", "{AM}", "{AM}"])}',
                   table=table.name)

    def logged(self):
        table = self.rng.choice(self.model.plain() or self.model.writable())
        return ddl('logged', f'ALTER TABLE {table.name} SET {self.rng.choice(["LOGGED", "UNLOGGED"])}',
                   table=table.name)

    def create(self):
        rng = self.rng
        if len(self.model.tables) > 14:
            return self.drop()
        kind = rng.random()
        if kind < 0.4:
            return self.schema.table()[0]
        source = self.table()
        query = f'SELECT * FROM {source.name} WHERE {self.exprs.key_condition("k", self.writes.picker(source))}'
        name = self.schema.name('t')
        if kind < 0.6 and self.schema.on('ctas'):
            how = rng.choice(['', 'UNLOGGED '])
            return ddl('ctas', f'CREATE {how}TABLE {name} AS {query}{rng.choice(["", "", " WITH NO DATA"])}')
        if kind < 0.75 and self.schema.on('ctas'):
            return ddl('ctas', f'CREATE TABLE {name} (LIKE {source.name} '
                       f'{rng.choice(["", "INCLUDING ALL", "INCLUDING DEFAULTS"])})')
        if kind < 0.87 and self.schema.on('matview'):
            return ddl('matview', f'CREATE MATERIALIZED VIEW {self.schema.name("m")} AS {query}')
        if self.schema.on('view'):
            return ddl('view', f'CREATE VIEW {self.schema.name("v")} AS {query}')
        return self.schema.table()[0]

    def refresh(self):
        views = [t for t in self.model.tables if t.kind == 'm']
        if not views:
            return self.create()
        return Step('matview', f'REFRESH MATERIALIZED VIEW {self.rng.choice(views).name}')

    def drop(self):
        rng = self.rng
        tables = [t for t in self.model.tables if t.name != 'audit']
        if len(tables) < 4:
            return self.schema.table()[0]
        table = rng.choice(tables)
        kind = {'m': 'MATERIALIZED VIEW', 'v': 'VIEW'}.get(table.kind, 'TABLE')
        return ddl('drop', f'DROP {kind} {table.name}{rng.choice(["", " CASCADE"])}')

    def partition(self):
        rng = self.rng
        roots = [t for t in self.model.tables if t.kind == 'p']
        parts = [t for t in self.model.tables if t.partition and t.parents]
        if not roots:
            return self.create()
        root = rng.choice(roots)
        loose = [t for t in self.model.plain() if not t.parents and not t.partition]
        kind = rng.random()
        if parts and kind < 0.4:
            part = rng.choice(parts)
            return ddl('partition', f'ALTER TABLE {part.parents[0]} DETACH PARTITION {part.name}')
        low = rng.choice([200, 1000, self.writes.top])
        if root.strategy == 'h':
            bounds = f'FOR VALUES WITH (MODULUS 3, REMAINDER {rng.randrange(3)})'
        elif root.strategy == 'l':
            bounds = rng.choice(['FOR VALUES IN (3)', 'FOR VALUES IN (2)', 'FOR VALUES IN (0, 1)', 'DEFAULT'])
        else:
            bounds = rng.choice([f'FOR VALUES FROM ({low}) TO ({low + 100})', 'DEFAULT',
                                 'FOR VALUES FROM (MINVALUE) TO (30)', 'FOR VALUES FROM (30) TO (200)'])
        if loose and kind < 0.75:
            return ddl('partition', f'ALTER TABLE {root.name} ATTACH PARTITION {rng.choice(loose).name} {bounds}')
        return ddl('partition', f'CREATE TABLE {self.schema.name("t")} PARTITION OF {root.name} {bounds}')

    def inherit(self):
        rng = self.rng
        children = [t for t in self.model.plain() if t.parents and not t.partition]
        if children and rng.random() < 0.5:
            child = rng.choice(children)
            return ddl('inherit', f'ALTER TABLE {child.name} NO INHERIT {child.parents[0]}')
        parent = rng.choice(self.model.plain() or self.model.writable())
        return ddl('inherit', f'CREATE TABLE {self.schema.name("t")} () INHERITS ({parent.name})')

    # --- indexes -----------------------------------------------------------

    def index(self, unique=False):
        rng = self.rng
        table = rng.choice([t for t in self.model.readable() if t.kind in ('r', 'p', 'm')])
        if len(table.indexes) > 5:
            return self.drop_index()
        plain = [c for c in table.known if c.type.ordered]
        hashed = [c for c in table.known if c.type.hashed]
        name = self.schema.name('i')
        cls = 'unique' if unique else 'index'
        how = 'CONCURRENTLY ' if rng.random() < 0.12 and self.schema.on('concurrently') else ''
        if unique:
            return self.unique_index(table, name, how)
        kind = rng.random()
        if not plain:
            return self.alter_add()
        where = f' WHERE {self.exprs.test(refs_of(table))}' if rng.random() < 0.15 else ''
        if kind < 0.12 and hashed:
            what = f'USING hash ({rng.choice(hashed).name})'
        elif kind < 0.22:
            texts = [c.name for c in plain if c.type.kind in ('text', 'textc', 'texten')]
            ints = [c.name for c in plain if c.type.kind == 'int']
            what = f'(lower({rng.choice(texts)}))' if texts else \
                f'((({rng.choice(ints)})::int8 % 10))' if ints else f'({plain[0].name})'
        elif kind < 0.28 and (gin := [c for c in table.known if c.type.kind in ('jsonb', 'ints', 'texts', 'tsvector')]):
            what = f'USING gin ({rng.choice(gin).name})'
        elif kind < 0.34 and (gist := [c for c in table.known if c.type.kind in ('range', 'point')]):
            what = f'USING {rng.choice(["gist", "spgist"])} ({rng.choice(gist).name})'
        elif kind < 0.5 and table.key:
            what = '(k)'
        else:
            chosen = rng.sample(plain, min(len(plain), rng.choice([1, 1, 2, 3])))
            items = [c.name + rng.choice(['', '', ' DESC', ' NULLS FIRST']) for c in chosen]
            what = f'({", ".join(items)})'
            if rng.random() < 0.2:
                what += f' INCLUDE ({rng.choice(table.known).name})'
        return ddl(cls, f'CREATE INDEX {how}{name} ON {table.name} {what}{where}')

    def unique_index(self, table, name, how):
        rng = self.rng
        choice = rng.random()
        plain = [c for c in table.free() if c.type.ordered]
        if table.key and (choice < 0.5 or not plain):
            what = rng.choice(['(k)', '(k)', '(k DESC)'] + ([f'(k, {rng.choice(plain).name})'] if plain else []))
        elif not plain:
            return self.alter_add()
        else:
            what = f'({", ".join(c.name for c in rng.sample(plain, min(len(plain), rng.choice([1, 2]))))})'
            if rng.random() < 0.3:
                what += ' NULLS NOT DISTINCT' if rng.random() < 0.4 else \
                    f' WHERE {self.exprs.test(refs_of(table))}'
            elif rng.random() < 0.3 and table.kind == 'r' and not how and self.schema.on('deferrable'):
                # deferred: duplicates may stand until the transaction ends, so not on k
                return ddl('unique', f'ALTER TABLE {table.name} ADD CONSTRAINT {name} UNIQUE {what} '
                           f'DEFERRABLE INITIALLY {rng.choice(["DEFERRED", "IMMEDIATE"])}')
        return ddl('unique', f'CREATE UNIQUE INDEX {how}{name} ON {table.name} {what}')

    def unique(self):
        return self.index(unique=True)

    def foreign_key(self):
        rng = self.rng
        targets = [t for t in self.model.writable()
                   if any(i.unique and i.columns == ['k'] and not i.special for i in t.indexes)]
        sources = [(t, c) for t in self.model.writable() for c in t.known if c.type.kind == 'int' and not c.generated]
        drops = [(t, n) for t in self.model.writable() for n, kind in t.constraints if kind == 'f']
        if drops and rng.random() < 0.3:
            table, name = rng.choice(drops)
            return ddl('foreign_key', f'ALTER TABLE {table.name} DROP CONSTRAINT {name}')
        if not targets or not sources:
            return self.unique()
        table, column = rng.choice(sources)
        # "k" never changes, so neither does a key that is both ends of a constraint
        action = '' if column.name == 'k' else rng.choice(['', ' ON DELETE SET NULL'])
        return ddl('foreign_key', f'ALTER TABLE {table.name} ADD FOREIGN KEY ({column.name}) '
                   f'REFERENCES {rng.choice(targets).name} (k){rng.choice([" ON DELETE CASCADE", action, action])}'
                   + rng.choice(['', ' NOT VALID', ' DEFERRABLE INITIALLY DEFERRED']))

    def exclude(self):
        table = self.rng.choice(self.model.plain() or self.model.writable())
        return ddl('exclude', f'ALTER TABLE {table.name} ADD EXCLUDE (k WITH =)')

    def drop_index(self):
        rng = self.rng
        indexes = [(t, i) for t in self.model.tables for i in t.indexes]
        if not indexes:
            return self.index()
        table, index = rng.choice(indexes)
        if any(n == index.name for n, kind in table.constraints):
            return ddl('index', f'ALTER TABLE {table.name} DROP CONSTRAINT {index.name}{rng.choice(["", " CASCADE"])}')
        how = 'CONCURRENTLY ' if rng.random() < 0.1 and self.schema.on('concurrently') else ''
        return ddl('index', f'DROP INDEX {how}{index.name}')

    def reindex(self):
        rng = self.rng
        indexes = [i for t in self.model.tables for i in t.indexes]
        how = 'CONCURRENTLY ' if rng.random() < 0.3 and self.schema.on('concurrently') else ''
        if indexes and rng.random() < 0.6:
            return Step('reindex', f'REINDEX INDEX {how}{rng.choice(indexes).name}')
        table = self.table()
        if not table.indexes:
            how = ''            # a heap waits for the index of its toast table all the same
        return Step('reindex', f'REINDEX TABLE {how}{table.name}')

    # --- maintenance -------------------------------------------------------

    def vacuum(self):
        options = self.rng.choice(['', '', '(FREEZE) ', '(ANALYZE) ', '(INDEX_CLEANUP ON) ',
                                   '(DISABLE_PAGE_SKIPPING) ', '(TRUNCATE OFF) '])
        name = self.table().name
        return Step('vacuum', f'VACUUM {options}{name}', table=name)

    def vacuum_full(self):
        name = self.table().name
        return Step('vacuum_full', f'VACUUM FULL {name}', table=name)

    def analyze(self):
        return ddl('analyze', f'ANALYZE {self.table().name}')

    def cluster(self):
        rng = self.rng
        pairs = [(t, i) for t in self.model.plain() for i in t.indexes if i.am == 'btree']
        if not pairs:
            return self.index()
        table, index = rng.choice(pairs)
        return Step('cluster', f'CLUSTER {table.name} USING {index.name}', table=table.name)

    def compact(self):
        tables = [t for t in self.model.tables if t.kind in ('r', 'p', 'm')]
        name = self.rng.choice(tables).name
        return Step('compact', "{COMPACT " + name + "}", table=name)

    # --- triggers ----------------------------------------------------------

    def trigger(self):
        rng = self.rng
        tables = [t for t in self.model.writable() if t.name != 'audit']
        if not tables:
            return self.create()
        table = rng.choice(tables)
        if table.triggers and rng.random() < 0.6:
            name = rng.choice(table.triggers)
            return ddl('trigger', rng.choice([f'DROP TRIGGER {name} ON {table.name}',
                                              f'ALTER TABLE {table.name} DISABLE TRIGGER {name}',
                                              f'ALTER TABLE {table.name} ENABLE TRIGGER {name}']))
        name = self.schema.name('g')
        event = rng.choice(['INSERT', 'UPDATE', 'DELETE'])
        kind = rng.random()
        if kind < 0.35:
            column = self.column(table)
            body = 'RETURN CASE TG_OP WHEN \'DELETE\' THEN OLD ELSE NEW END;'
            if column and event != 'DELETE' and column.name not in table.unique_columns():
                body = f'NEW.{column.name} := coalesce(NEW.{column.name}, {literal(column.type, value(rng, column.type, 0))}); ' + body
            elif rng.random() < 0.5:
                body = f'IF {"OLD" if event == "DELETE" else "NEW"}.k % 5 = 0 THEN RETURN NULL; END IF; ' + body
            head = f'BEFORE {event} ON {table.name} FOR EACH ROW'
        elif kind < 0.75:
            rows = {'INSERT': 'NULL, NEW::text', 'UPDATE': 'OLD::text, NEW::text', 'DELETE': 'OLD::text, NULL'}[event]
            body = f"INSERT INTO twin.audit VALUES (TG_OP, '{table.name}', {rows}); RETURN NULL;"
            head = f'AFTER {event} ON {table.name} FOR EACH ROW'
            if rng.random() < 0.2 and table.kind == 'r':
                head = f'CONSTRAINT:AFTER {event} ON {table.name} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW'
        else:
            ref = {'INSERT': 'NEW TABLE AS n', 'UPDATE': 'NEW TABLE AS n', 'DELETE': 'OLD TABLE AS n'}[event]
            body = f"INSERT INTO twin.audit SELECT TG_OP, '{table.name}', count(*)::text, " \
                "sum(hashtext(n::text)::int8)::text FROM n; RETURN NULL;"
            head = f'AFTER {event} ON {table.name} REFERENCING {ref} FOR EACH STATEMENT'
        constraint = ''
        if head.startswith('CONSTRAINT:'):
            constraint, head = 'CONSTRAINT ', head[11:]
        return ddl('trigger', f'CREATE FUNCTION twin.{name}f() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {body} END $f$; '
                   f'CREATE {constraint}TRIGGER {name} {head} EXECUTE FUNCTION twin.{name}f()')

