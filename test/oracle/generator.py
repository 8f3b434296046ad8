"""The next statement: a class drawn by weight from those that are on."""

from changes import Changes
from exprs import Exprs
from model import Model
from queries import Queries, contents
from schema import Schema, first_rows
from sessions import Sessions
from writes import Step, Writes

# class -> weight, in a session of its own. "create" stands for the schema.
WEIGHTS = {
    'select': 14, 'aggregate': 9, 'window': 2, 'setop': 3, 'distinct': 3, 'subquery': 2, 'join': 0,
    'insert': 10, 'insert_select': 4, 'copy': 4, 'update': 10, 'delete': 6, 'merge': 3, 'on_conflict': 5,
    'for_update': 3, 'truncate': 0.3, 'loop': 1.5,
    'alter_add': 1, 'alter_drop': 0.5, 'alter_type': 0.7, 'alter_default': 0.7, 'alter_storage': 0.4,
    'alter_constraint': 0.6, 'rename': 0.3, 'set_am': 0.4, 'logged': 0.3, 'partition': 1, 'inherit': 0.3,
    'create': 0.4, 'ctas': 0, 'matview': 0.3, 'view': 0, 'temp': 0, 'unlogged': 0, 'drop': 0.2,
    'generated': 0, 'identity': 0, 'options': 0,
    'index': 1.5, 'unique': 1.2, 'foreign_key': 0.5, 'exclude': 0.1, 'deferrable': 0, 'reindex': 0.4, 'concurrently': 0,
    'trigger': 0.5, 'vacuum': 1.2, 'vacuum_full': 0.4, 'analyze': 0.7, 'cluster': 0.3, 'compact': 2.5,
    'txn': 5, 'savepoint': 4, 'isolation': 0, 'serializable': 0, 'twophase': 0, 'cursor': 3, 'scroll': 0,
    'current_of': 0, 'prepared': 4, 'settings': 2.5,
    'concurrent': 0,
}
QUERIES = {'select', 'aggregate', 'window', 'setop', 'distinct', 'subquery'}
# Not inside a transaction; VACUUM and the like end with an error there.
OUTSIDE = {'vacuum', 'vacuum_full', 'compact', 'concurrently'}


class Generator:
    def __init__(self, rng, on):
        self.rng = rng
        self.on = on
        self.model = Model()
        self.exprs = Exprs(rng)
        self.schema = Schema(rng, on)
        self.queries = Queries(rng, self.exprs, self.model, on)
        self.writes = Writes(rng, self.exprs, self.model, self.queries)
        self.changes = Changes(rng, self.exprs, self.model, self.writes, self.schema)
        self.sessions = Sessions(rng, self.exprs, self.model, self.queries, self.writes, on)
        self.twophase = []
        names = [c for c, w in WEIGHTS.items() if w and on(c)]
        self.names, self.weights = names, [WEIGHTS[c] for c in names]

    def first_steps(self):
        return self.schema.steps()

    def first_rows(self):
        return first_rows(self.rng, self.model, self.writes)

    def first_changes(self):
        """Indexes, keys and triggers that the tables have from the start."""
        for _ in range(self.rng.choice([0, 2, 4, 6])):
            cls = self.rng.choice(['index', 'unique', 'unique', 'foreign_key', 'trigger'])
            if self.on(cls):
                yield self.make(cls, None)

    def next(self, session=0, transaction=None, allowed=None):
        """transaction: None, 'open' or 'failed'; allowed: classes to draw from."""
        step = self.draw(session, transaction, allowed)
        step.session = session
        return step

    def draw(self, session, transaction, allowed):
        rng = self.rng
        state = self.sessions.use(session)
        if self.twophase:
            return Step('twophase', f"{rng.choice(['COMMIT', 'ROLLBACK'])} PREPARED '{self.twophase.pop()}'", ddl=True)
        if transaction == 'failed':
            if state.savepoints and rng.random() < 0.7:
                return self.sessions.rollback_to()
            if rng.random() < 0.9:
                return self.sessions.rollback()
        if not self.model.writable():
            if transaction:
                return self.sessions.rollback()
            return self.schema.table()[0]
        if self.writes.hot and not transaction and rng.random() < 0.4 and (allowed is None or 'txn' in allowed):
            return self.sessions.begin()
        for _ in range(20):
            cls = rng.choices(self.names, self.weights)[0]
            if allowed is not None and cls not in allowed:
                continue
            if transaction and (cls in OUTSIDE and rng.random() < 0.95):
                continue
            if cls == 'savepoint' and not transaction and rng.random() < 0.97:
                continue
            if cls == 'cursor' and not transaction and not state.cursors and rng.random() < 0.9:
                continue
            return self.make(cls, transaction)
        return self.make('select', transaction)

    def make(self, cls, transaction):
        if cls in QUERIES:
            name, sql, ordered, loose = self.queries.cte() if cls == 'subquery' else getattr(self.queries, cls)()
            return Step(name, sql, ordered=ordered, loose=loose)
        if cls == 'txn':
            if not transaction:
                return self.sessions.begin()
            step = self.sessions.finish()
            if step.cls == 'twophase':
                self.twophase.append(step.sql.split("'")[1])
            return step
        if cls in ('savepoint', 'cursor', 'prepared', 'settings'):
            return getattr(self.sessions, cls)()
        if cls in ('insert', 'insert_select', 'copy', 'update', 'delete', 'merge', 'on_conflict', 'for_update',
                   'truncate', 'loop'):
            if cls in ('update', 'delete') and self.rng.random() < 0.3:
                return getattr(self.writes, cls)(single=True)
            return getattr(self.writes, cls)()
        if cls == 'matview':
            return self.changes.refresh()
        if cls == 'alter_add' and self.rng.random() < 0.2:
            return self.changes.alter_many()
        if cls == 'index' and self.rng.random() < 0.25:
            return self.changes.drop_index()
        return getattr(self.changes, cls)()

    def check(self, table, session=0):
        step = Step('select', contents(table))
        step.session = session
        return step
