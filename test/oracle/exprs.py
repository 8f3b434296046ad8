"""Random expressions and conditions over the columns in sight.

Everything here is total: no division, no overflow, no cast that can fail.  Where
an error depends on which rows or conditions come first, two plans may both be
right and answer differently.
"""

from values import constant, literal, quote, value

COMPARE = ['<', '<=', '=', '<>', '>=', '>']
TEXT_KINDS = {'text', 'textc', 'texten', 'textnd', 'bpchar'}
ADDED = {'int': '(%s)::int8::numeric', 'numeric': '(%s)'}


class Ref:
    """A column in sight: its SQL and its type."""
    __slots__ = ('sql', 'type')

    def __init__(self, sql, type_):
        self.sql = sql
        self.type = type_


def refs_of(table, alias=None, only=None):
    prefix = alias + '.' if alias else ''
    return [Ref(prefix + c.name, c.type) for c in table.known if only is None or c in only]


class Exprs:
    def __init__(self, rng):
        self.rng = rng
        self.params = None          # types of $n while a statement is prepared

    # --- constants ---------------------------------------------------------

    def constant(self, type_, wide=True):
        """A constant that compares with the type; at times of a sibling type."""
        rng = self.rng
        if self.params is not None and len(self.params) < 4 and rng.random() < 0.5:
            self.params.append(type_)
            return f'${len(self.params)}'
        sql = constant(rng, type_)
        if wide and rng.random() < 0.3:
            if type_.kind == 'numeric':
                sql = rng.choice(['0.005', '1.499', '1.5000', '-0.001', '12345678901234567890.5', '2', '-1'])
            elif type_.kind == 'int':
                sql = rng.choice(['5::int2', '-1', '3000000000', '-9223372036854775808', '1.5', '2.0::float8'])
            elif type_.kind == 'float':
                sql = rng.choice(['1.5::float4', '0.1::float8', '1', '0.1::float4', '-0.0::float8'])
            elif type_.kind == 'date':
                sql = rng.choice(["'2024-01-01'::date", "'2024-01-01 12:00'::timestamp", "'infinity'::date"])
        if rng.random() < 0.1:
            sql = f'(SELECT {sql})'
        return sql

    # --- conditions --------------------------------------------------------

    def condition(self, refs, depth=None, sub=None):
        """sub: a function that makes subqueries with the refs in sight, or None."""
        rng = self.rng
        if depth is None:
            depth = rng.choice([0, 0, 1, 1, 2, 3])
        kind = rng.random()
        if depth == 0 or kind < 0.35:
            return self.test(refs, sub)
        if kind < 0.45:
            return f'NOT ({self.condition(refs, depth - 1, sub)})'
        if kind < 0.52:
            return f"({self.condition(refs, depth - 1, sub)}) IS " \
                + rng.choice(['TRUE', 'NOT TRUE', 'FALSE', 'UNKNOWN'])
        glue = rng.choice([' AND ', ' AND ', ' OR '])
        return glue.join(f'({self.condition(refs, depth - 1, sub)})' for _ in range(rng.choice([2, 2, 3])))

    def key_condition(self, ref, pick):
        """About few rows, by the key; pick: gives a key."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.5:
            return f'{ref} = {pick()}'
        if kind < 0.7:
            return f'{ref} IN ({", ".join(str(pick()) for _ in range(rng.randint(2, 5)))})'
        if kind < 0.9:
            k = pick()
            return f'{ref} BETWEEN {k} AND {k + rng.choice([0, 3, 20])}'
        return f'{ref} % {rng.choice([2, 3, 7])} = {rng.choice([0, 1])}'

    def test(self, refs, sub=None):
        rng = self.rng
        ref = rng.choice(refs)
        t = ref.type
        kind = rng.random()
        if sub and kind < 0.08:
            return sub(refs)
        if kind < 0.18 or not t.equal:
            return f'{ref.sql} IS {rng.choice(["", "NOT "])}NULL'
        if t.kind == 'bool' and kind < 0.5:
            return rng.choice(['%s', 'NOT %s', '%s IS TRUE', '%s IS NOT TRUE', '%s IS FALSE',
                               '%s IS NOT FALSE', '%s IS UNKNOWN', '%s = true', '%s <> true']) % ref.sql
        if kind < 0.24:
            return f'{ref.sql} IS {rng.choice(["", "NOT "])}DISTINCT FROM {self.constant(t)}'
        if t.hashed and kind < 0.34:
            items = [self.constant(t) for _ in range(rng.choice([1, 2, 3, 12]))]
            return f'{ref.sql} {rng.choice(["", "", "NOT "])}IN ({", ".join(items)})'
        special = self.special(ref) if kind < 0.55 else None
        if special:
            return special
        if kind < 0.65:
            same = [r for r in refs if r.type.kind == t.kind and r is not ref and r.type.ordered]
            if same and t.ordered:
                return f'{ref.sql} {rng.choice(COMPARE)} {rng.choice(same).sql}'
        if not t.ordered:
            return f'{ref.sql} = {self.constant(t)}'
        if kind < 0.72:
            return f'{ref.sql} {rng.choice(["", "NOT "])}BETWEEN {self.constant(t)} AND {self.constant(t)}'
        if kind < 0.76:
            return f'{self.constant(t)} {rng.choice(COMPARE)} {ref.sql}'
        if kind < 0.80 and t.kind in ('int', 'numeric'):
            other = rng.choice([r for r in refs if r.type.kind == t.kind])
            left = f'{ADDED[t.kind] % ref.sql} {rng.choice("+-*")} {ADDED[t.kind] % other.sql}'
            return f'{left} {rng.choice(COMPARE)} {rng.choice(["0", "5", "-1.5", "100"])}'
        return f'{ref.sql} {rng.choice(COMPARE)} {self.constant(t)}'

    def special(self, ref):
        """Operators that only some kinds have."""
        rng = self.rng
        sql, kind = ref.sql, ref.type.kind
        if kind in TEXT_KINDS and kind != 'textnd':
            pattern = quote(rng.choice(['a%', '%b', '%b%', '_', '_b', 'a_c', '%', '', 'z\\%', '%\\_%', 'ä_',
                                        'a\\\\b', 'ab%']))
            return rng.choice([f'{sql} LIKE {pattern}', f'{sql} NOT LIKE {pattern}', f'{sql} ILIKE {pattern}',
                               f"{sql} ~ '^a'", f"{sql} ~* 'B'", f"starts_with({sql}, 'a')", f'length({sql}) < 2',
                               f"lower({sql}) = 'a'", f"substr({sql}, 1, 1) = 'b'", f"{sql} || 'x' > 'b'",
                               f"coalesce({sql}, 'zz') >= 'b'", f"strpos({sql}, 'b') > 0"])
        if kind == 'bytea':
            return rng.choice([f'length({sql}) > 1', f"substr({sql}, 1, 1) = '\\x00'", f'md5({sql}) < \'8\''])
        if kind in ('date', 'tz'):
            return rng.choice([f"{sql} < '2024-01-02'", f"{sql} > '2020-06-01' AND {sql} <= '2025-01-01'",
                               f"extract(year FROM {sql}) = 2024", f"isfinite({sql})",
                               f"date_trunc('year', {sql}) = '2024-01-01'"])
        if kind == 'jsonb':
            return rng.choice([f"{sql} ? 'a'", f"{sql} @> '{{\"a\": 1}}'", f"{sql} ->> 'a' > '1'",
                               f"jsonb_typeof({sql}) = 'array'", f"{sql} @? '$.a'"])
        if kind == 'json':
            return f"json_typeof({sql}) = 'array'"
        if kind in ('ints', 'texts'):
            item = '1' if kind == 'ints' else "'a'"
            return rng.choice([f"{sql} @> ARRAY[{item}]", f'cardinality({sql}) > 1', f'{item} = ANY ({sql})',
                               f'array_length({sql}, 1) = 2', f'{item} <> ALL ({sql})'])
        if kind in ('range', 'multirange'):
            cast = 'int4range' if kind == 'range' else 'int8multirange'
            text = '[2,6)' if kind == 'range' else '{[2,6)}'
            return rng.choice([f"{sql} && '{text}'::{cast}", f'isempty({sql})', f'{sql} @> 3', f'upper({sql}) > 4'])
        if kind == 'pair':
            return rng.choice([f'({sql}).a > 1', f'({sql}).b IS NULL', f'{sql} IS NOT NULL'])
        if kind == 'inet':
            return rng.choice([f"{sql} << '10.0.0.0/8'", f'family({sql}) = 4'])
        if kind == 'float':
            return rng.choice([f'{sql} = {sql}', f'abs({sql}) > 1', f"{sql} = 'NaN'", f'{sql} = 0', f'-{sql} < 0'])
        if kind == 'int':
            return rng.choice([f'{sql} % 2 = 0', f'({sql})::int8 & 1 = 1', f'-({sql})::numeric < 0',
                               f'{sql} = ANY (ARRAY[1, 2, NULL])', f'{sql} > ALL (ARRAY[0, 1])'])
        if kind == 'numeric':
            return rng.choice([f'round({sql}, 1) = 1.5', f'sign({sql}) = -1', f'{sql} = 1.5', f"{sql} = 'NaN'"])
        if kind == 'mood':
            return rng.choice([f"{sql} > 'sad'", f"{sql}::text = 'ok'"])
        return None

    # --- values ------------------------------------------------------------

    def output(self, refs):
        """An expression for a target list; answers exactly."""
        rng = self.rng
        ref = rng.choice(refs)
        sql, kind = ref.sql, ref.type.kind
        choice = rng.random()
        if choice < 0.55:
            return sql
        if choice < 0.62:
            return f'{sql} IS NULL'
        if choice < 0.70:
            return f'({sql})::text'
        if choice < 0.76 and ref.type.equal:
            return f'CASE WHEN {self.test(refs)} THEN {sql} ELSE {self.constant(ref.type, False)} END'
        if choice < 0.80 and ref.type.equal:
            return f'coalesce({sql}, {self.constant(ref.type, False)})'
        if choice < 0.84:
            return f'({self.test(refs)})'
        if kind == 'int':
            return rng.choice([f'({sql})::int8::numeric + 1', f'({sql})::text || \'!\'', f'abs(({sql})::numeric)'])
        if kind in TEXT_KINDS:
            return rng.choice([f'length({sql})', f'upper({sql})', f'{sql} || \'x\'', f'md5({sql})', f'left({sql}, 1)'])
        if kind in ('date', 'tz'):
            return f"extract(epoch FROM {sql})"
        if kind == 'pair':
            return f'({sql}).a'
        return sql

    def assignment(self, column, refs=()):
        """What an INSERT or UPDATE stores in a column; refs: the old row, if any."""
        rng = self.rng
        t = column.type
        choice = rng.random()
        if choice < 0.08:
            return 'DEFAULT'
        nulls = 0.02 if column.notnull else 0.12
        if not refs or choice < 0.6:
            if self.params is not None and len(self.params) < 4 and rng.random() < 0.4:
                self.params.append(t)
                return f'${len(self.params)}'
            return literal(t, value(rng, t, nulls))
        ref = rng.choice(refs)
        same = [r for r in refs if r.type is t]
        if same and choice < 0.75:
            return rng.choice(same).sql
        if same and choice < 0.85 and t.equal:
            return f'CASE WHEN {self.test(refs)} THEN {rng.choice(same).sql} ELSE {literal(t, value(rng, t, nulls))} END'
        if t.kind == 'int':
            ints = [r for r in refs if r.type.kind == 'int'] or [None]
            ref = rng.choice(ints)
            if ref:
                return f'(({ref.sql})::int8 % 1000 + 1)::{t.sql}'
        if t.kind in ('text', 'textc', 'texten'):
            return f'left(({ref.sql})::text, {rng.choice([0, 3, 8])})'
        if t.kind == 'numeric':
            nums = [r for r in refs if r.type.kind == 'int']
            if nums:
                return f'({rng.choice(nums).sql})::numeric % 1000 / 4'
        return literal(t, value(rng, t, nulls))
