"""Random session state: transactions, savepoints, cursors, prepared statements
and settings."""

from exprs import refs_of
from values import constant
from writes import Step

SETTINGS = [('enable_seqscan', ['on', 'off']), ('enable_indexscan', ['on', 'off']),
            ('enable_bitmapscan', ['on', 'off']), ('enable_indexonlyscan', ['on', 'off']),
            ('enable_hashjoin', ['on', 'off']), ('enable_mergejoin', ['on', 'off']),
            ('enable_nestloop', ['on', 'off']), ('enable_hashagg', ['on', 'off']), ('enable_sort', ['on', 'off']),
            ('enable_memoize', ['on', 'off']), ('enable_partitionwise_join', ['on', 'off']),
            ('enable_partitionwise_aggregate', ['on', 'off']), ('enable_material', ['on', 'off']),
            ('max_parallel_workers_per_gather', ['0', '2']), ('work_mem', ["'64kB'", "'4MB'"]),
            ('plan_cache_mode', ['auto', 'force_generic_plan', 'force_custom_plan']),
            ('olap.enable_scan', ['on', 'on', 'off']), ('olap.write_memory', ["'1MB'", "'128MB'"])]


class State:
    """What the generator knows of one session."""

    def __init__(self):
        self.savepoints = []
        self.cursors = {}           # name -> table it may write, None, or '' if in no order
        self.holdable = set()
        self.prepared = {}          # name -> (types, class, ordered, loose, table)
        self.count = 0

    def name(self, prefix):
        self.count += 1
        return f'{prefix}{self.count}'

    def end_of_transaction(self):
        self.savepoints = []
        self.cursors = {n: t for n, t in self.cursors.items() if n in self.holdable}


class Sessions:
    def __init__(self, rng, exprs, model, queries, writes, on):
        self.rng = rng
        self.exprs = exprs
        self.model = model
        self.queries = queries
        self.writes = writes
        self.on = on
        self.states = {}
        self.state = None
        self.prepared_names = 0

    def use(self, session):
        self.state = self.states.setdefault(session, State())
        return self.state

    # --- transactions --------------------------------------------------------

    def begin(self):
        rng = self.rng
        self.state.end_of_transaction()
        level = ''
        if self.on('isolation') and rng.random() < 0.4:
            level = ' ISOLATION LEVEL ' + rng.choice(
                ['REPEATABLE READ'] * 2 + (['SERIALIZABLE'] if self.on('serializable') else []))
            if rng.random() < 0.1:
                level += ' READ ONLY'
        return Step('txn', 'BEGIN' + level)

    def finish(self):
        self.state.end_of_transaction()
        rng = self.rng
        if self.on('twophase') and rng.random() < 0.05:
            self.prepared_names += 1
            return Step('twophase', f"PREPARE TRANSACTION '{{TWIN}}p{self.prepared_names}'", ddl=True)
        return Step('txn', rng.choice(['COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK']), ddl=True)

    def rollback(self):
        self.state.end_of_transaction()
        return Step('txn', 'ROLLBACK', ddl=True)

    def savepoint(self):
        rng = self.rng
        state = self.state
        kind = rng.random()
        if state.savepoints and kind < 0.35:
            return self.rollback_to()
        if state.savepoints and kind < 0.5:
            i = rng.randrange(len(state.savepoints))
            name = state.savepoints[i]
            del state.savepoints[i:]
            return Step('savepoint', f'RELEASE SAVEPOINT {name}')
        name = state.name('s')
        state.savepoints.append(name)
        return Step('savepoint', f'SAVEPOINT {name}')

    def rollback_to(self):
        state = self.state
        i = self.rng.randrange(len(state.savepoints))
        name = state.savepoints[i]
        del state.savepoints[i + 1:]
        return Step('savepoint', f'ROLLBACK TO SAVEPOINT {name}', ddl=True)

    # --- cursors -----------------------------------------------------------

    def cursor(self):
        rng = self.rng
        state = self.state
        if state.cursors and rng.random() < 0.75:
            return self.fetch()
        return self.declare()

    def declare(self):
        rng = self.rng
        state = self.state
        name = state.name('cur')
        tables = [t for t in self.model.writable()]
        table = rng.choice(tables)
        refs = refs_of(table, 'x')
        # said outright: else it is up to the plan
        scroll = rng.choice(['SCROLL ', 'NO SCROLL ']) if self.on('scroll') else 'NO SCROLL '
        if rng.random() < 0.25:
            # in no order, and so read at once, but only when much has happened
            state.cursors[name] = ''
            return Step('cursor', f'DECLARE {name} NO SCROLL CURSOR FOR SELECT x.* FROM {table.name} x')
        lock = ' FOR UPDATE' if self.on('current_of') and self.on('for_update') and rng.random() < 0.5 else ''
        hold = ' WITH HOLD' if not lock and rng.random() < 0.2 else ''
        where = self.exprs.condition(refs) if rng.random() < 0.4 else 'true'
        if lock:
            scroll = ''
        state.cursors[name] = table.name if lock else None
        if hold:
            state.holdable.add(name)
        return Step('cursor', f'DECLARE {name} {scroll}CURSOR{hold} FOR SELECT '
                    f'{", ".join(["x.k"] + self.queries.targets(refs))} FROM {table.name} x WHERE {where} '
                    f'ORDER BY x.k{lock}')

    def fetch(self):
        rng = self.rng
        state = self.state
        name = rng.choice(list(state.cursors))
        kind = rng.random()
        if state.cursors[name] == '':
            del state.cursors[name]
            return Step('cursor', f'FETCH ALL FROM {name}')
        table = self.model.get(state.cursors[name] or '')
        if table and kind < 0.4 and self.on('current_of'):
            if rng.random() < 0.5 and self.on('delete'):
                return Step('current_of', f'DELETE FROM {table.name} WHERE CURRENT OF {name}', table=table.name)
            if self.on('update'):
                refs = refs_of(table)
                return Step('current_of', f'UPDATE {table.name} SET {self.writes.sets(table, refs)} '
                            f'WHERE CURRENT OF {name}', table=table.name)
        if kind > 0.95:
            del state.cursors[name]
            state.holdable.discard(name)
            return Step('cursor', f'CLOSE {name}')
        verb = rng.choice(['FETCH', 'FETCH', 'FETCH', 'MOVE'])
        how = rng.choice(['', 'NEXT', '3', 'FORWARD 5', 'ALL', 'PRIOR', 'BACKWARD 2', 'ABSOLUTE 2', 'RELATIVE -1',
                          'FIRST', 'LAST', '0'])
        if how in ('ALL', 'LAST') and rng.random() < 0.7:
            how = '2'
        return Step('cursor', f'{verb} {how} FROM {name}', ordered=True)

    # --- prepared statements -------------------------------------------------

    def prepared(self):
        rng = self.rng
        state = self.state
        if state.prepared and rng.random() < 0.8:
            return self.execute()
        self.exprs.params = types = []
        try:
            kind = rng.random()
            if kind < 0.5 or not self.on('insert'):
                cls, sql, ordered, loose = self.queries.query()
                multi, table = False, None
            else:
                make = [self.writes.insert] + [getattr(self.writes, c) for c in ('update', 'delete') if self.on(c)]
                step = rng.choice(make)()
                cls, sql, ordered, loose, multi, table = step.cls, step.sql, False, False, step.multi, step.table
        finally:
            self.exprs.params = None
        if cls == 'insert' and 'VALUES' in sql:
            # the key is a parameter, so that each execution has its own
            head, tail = sql.split('VALUES (', 1)
            if '), (' in tail:
                return Step(cls, self.inline(sql, types), multi=True, table=table)
            types.append(None)
            sql = f'{head}VALUES (${len(types)}, {tail.split(", ", 1)[1] if ", " in tail else tail}' \
                if ', ' in tail.split(')')[0] else f'{head}VALUES (${len(types)}){tail.split(")", 1)[1]}'
        name = state.name('prep')
        state.prepared[name] = (types, cls, ordered, loose, multi, table)
        declared = ', '.join(t.sql if t else 'integer' for t in types)
        return Step('prepared', f'PREPARE {name}' + (f' ({declared})' if types else '') + f' AS {sql}')

    def inline(self, sql, types):
        for i in range(len(types), 0, -1):
            sql = sql.replace(f'${i}', self.exprs.constant(types[i - 1], False))
        return sql

    def execute(self):
        rng = self.rng
        state = self.state
        name = rng.choice(list(state.prepared))
        if rng.random() < 0.05:
            del state.prepared[name]
            return Step('prepared', f'DEALLOCATE {name}')
        types, cls, ordered, loose, multi, table = state.prepared[name]
        values = [constant(rng, t) if t else str(self.writes.keys(table)) for t in types]
        return Step('prepared', f'EXECUTE {name}' + (f' ({", ".join(values)})' if values else ''), ordered=ordered,
                    loose=loose, multi=multi, table=table)

    # --- settings ----------------------------------------------------------

    def settings(self):
        rng = self.rng
        if rng.random() < 0.35:
            return Step('settings', 'RESET ALL; SET search_path = twin, public')
        name, choices = rng.choice(SETTINGS)
        sql = f'SET {rng.choice(["", "", "LOCAL "])}{name} = {rng.choice(choices)}'
        if name == 'max_parallel_workers_per_gather':
            sql += '; SET parallel_setup_cost = 20; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0'
        return Step('settings', sql)
