"""The tables as the catalog has them.

The generator keeps no schema of its own: after DDL, and after a rollback that may
have undone some, it reads the catalog of the heap twin.
"""

import values

QUERY = """
SELECT c.relname, c.relkind::text, c.relispartition::text, c.relpersistence::text,
  greatest(c.reltuples, 0)::int8,
  (SELECT string_agg(format(E'%s\\x01%s\\x01%s\\x01%s\\x01%s\\x01%s\\x01%s', a.attname,
      format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attcollation <> t.typcollation THEN l.collname END,
      a.attnotnull, a.attidentity, a.attgenerated, a.atthasdef), E'\\x02' ORDER BY a.attnum)
   FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_collation l ON l.oid = a.attcollation
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT string_agg(format(E'%s\\x01%s\\x01%s\\x01%s\\x01%s\\x01%s', i.indexrelid::regclass, i.indisunique, i.indisvalid,
      m.amname, i.indpred IS NOT NULL OR NOT i.indimmediate OR NOT i.indisvalid OR i.indisexclusion,
      (SELECT string_agg(coalesce(a.attname, '('), ',' ORDER BY u.n)
       FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(num, n)
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num)), E'\\x02'
      ORDER BY i.indexrelid::regclass::text)
   FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
   WHERE i.indrelid = c.oid),
  (SELECT string_agg(n.conname || E'\\x01' || n.contype::text, E'\\x02' ORDER BY n.conname)
   FROM pg_constraint n WHERE n.conrelid = c.oid AND n.contype IN ('c', 'f', 'u', 'p', 'x')),
  (SELECT string_agg(p.relname || E'\\x01' || p.relispartition, E'\\x02' ORDER BY p.relname)
   FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent WHERE h.inhrelid = c.oid),
  (SELECT string_agg(g.tgname, E'\\x02' ORDER BY g.tgname) FROM pg_trigger g
   WHERE g.tgrelid = c.oid AND NOT g.tgisinternal),
  (SELECT partstrat::text FROM pg_partitioned_table WHERE partrelid = c.oid)
FROM pg_class c
WHERE c.relkind IN ('r', 'p', 'm', 'v')
  AND c.relnamespace IN ('twin'::regnamespace, pg_my_temp_schema())
ORDER BY c.relname
"""


class Column:
    def __init__(self, text):
        name, type_, collation, notnull, identity, generated, default = text.split('\x01')
        self.name = name
        self.type = values.lookup(type_, collation or None)
        self.notnull = notnull == 't'
        self.identity = identity            # '', 'a' or 'd'
        self.generated = generated != ''
        self.default = default == 't'


class Index:
    def __init__(self, text):
        self.name, unique, valid, self.am, special, columns = text.split('\x01')
        self.unique = unique == 't'
        self.valid = valid == 't'
        self.special = special == 't'       # partial, deferrable, exclusion or invalid
        self.columns = columns.split(',')
        self.plain = '(' not in self.columns


class Table:
    def __init__(self, row):
        (self.name, self.kind, partition, self.persistence, tuples, columns, indexes, constraints,
         parents, triggers, self.strategy) = row
        split = lambda text: text.split('\x02') if text else []
        self.has_children = False
        self.partition = partition in ('t', 'true')
        self.tuples = int(tuples)
        self.columns = [Column(c) for c in split(columns)]
        self.indexes = [Index(i) for i in split(indexes)]
        self.constraints = [c.split('\x01') for c in split(constraints)]
        self.parents = [p.split('\x01')[0] for p in split(parents)]
        self.triggers = split(triggers)
        self.known = [c for c in self.columns if c.type]
        self.key = any(c.name == 'k' for c in self.columns)

    @property
    def writable(self):
        return self.kind in ('r', 'p') and self.key

    @property
    def big(self):
        return self.tuples > 300 or self.name.startswith('big')

    def column(self, name):
        return next((c for c in self.columns if c.name == name), None)

    @property
    def single(self):
        """One file: a row's ctid is unique, as long as nothing inherits from it."""
        return self.kind == 'r' and not self.has_children

    def free(self):
        """Columns a statement may write, apart from the key."""
        return [c for c in self.known if c.name != 'k' and not c.generated and c.identity == '']

    def unique_columns(self):
        """Columns of unique indexes: what two rows may not share."""
        return {c for i in self.indexes if i.unique for c in i.columns}


class Model:
    def __init__(self):
        self.tables = []

    def load(self, rows):
        self.tables = [Table(r) for r in rows]
        names = {t.name: t for t in self.tables}
        for t in self.tables:
            for parent in t.parents:
                if parent in names:
                    names[parent].has_children = True
        for t in self.tables:               # a partitioned table has no rows itself
            for parent in t.parents:
                if parent in names:
                    names[parent].tuples += t.tuples

    def readable(self):
        return [t for t in self.tables if t.known]

    def writable(self):
        return [t for t in self.tables if t.writable]

    def plain(self):
        return [t for t in self.tables if t.kind == 'r' and t.key]

    def get(self, name):
        return next((t for t in self.tables if t.name == name), None)
