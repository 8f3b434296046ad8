"""The clients of the stress test: writers with books, compactions, readers.

A writer owns the rows with its number in w, and knows each of them: its books are
a dict, id -> (v, t).  Every transaction also adds up what it changed in the heap
table books, so any snapshot can compare olap tables with heap.  The row of books
carries the number of the writer's last transaction: it says whether a COMMIT that
got no answer happened.
"""

import io
import threading
import time
import traceback

import psycopg2

from server import expected, lost

ACCOUNTS = 40
CAP = 4000                      # rows a writer keeps in a table, about
TABLES = ('keyed', 'plain')

SETUP = f"""
CREATE EXTENSION olap;
CREATE TABLE keyed (id bigint PRIMARY KEY, w int, ts timestamptz, v bigint, n numeric(12,2), t text)
  USING olap WITH (time_column = 'ts', segment_interval = '1 hour', order_by = 'w, ts');
CREATE INDEX keyed_w ON keyed (w, v);
CREATE TABLE plain (id bigint, w int, ts timestamptz, v bigint, n numeric(12,2), t text) USING olap;
CREATE TABLE books (w int PRIMARY KEY, seq int, keyed_n bigint, keyed_v bigint, keyed_t bigint,
  plain_n bigint, plain_v bigint, plain_t bigint) USING heap WITH (fillfactor = 50);
CREATE TABLE accounts (id bigint PRIMARY KEY, v bigint) USING heap WITH (fillfactor = 50);
INSERT INTO accounts SELECT g, 1000 FROM generate_series(1, {ACCOUNTS}) g;
INSERT INTO keyed SELECT id, 0, '2026-01-01', v, v, '' FROM accounts;
"""

# A row's columns from its number: what INSERT ... SELECT computes, a writer knows.
ROW = "g, {w}, '2026-01-01'::timestamptz + (g % 500) * interval '1 minute', g * 7919 % 1000, g * 7919 % 1000, repeat('x', (g % 40)::int)"


def new_row(g):
    return (g * 7919 % 1000, 'x' * (g % 40))


class Stop(Exception):
    pass


class Client(threading.Thread):
    """A thread with a connection that it makes again whenever it is lost."""

    def __init__(self, test, name, rng):
        super().__init__(name=name, daemon=True)
        self.test, self.rng = test, rng
        self.connection = None
        self.done = 0

    def run(self):
        try:
            while not self.test.stopping.is_set():
                self.step()
        except Stop:
            pass
        except Exception:
            self.test.fail(f'{self.name}: {traceback.format_exc()}')
        if self.connection is not None:
            self.connection.close()

    def step(self):
        try:
            if self.connection is None:
                self.connection = self.test.server.connect(self.name)
                self.connected()
            self.work()
            self.done += 1
        except psycopg2.Error as e:
            if not expected(e, self.connection):
                raise
            self.test.count(e.pgcode or 'connection lost')
            self.failed(e)
        self.pause()

    def failed(self, error):
        if self.connection is not None and not lost(error, self.connection):
            try:
                self.sql('ROLLBACK')
                return
            except psycopg2.Error as e:
                if not lost(e, self.connection):
                    raise
        self.reconnect()

    def reconnect(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        self.test.sleep(0.2)

    def connected(self):
        pass

    def sql(self, text, *args):
        with self.connection.cursor() as c:
            c.execute(text, args or None)
            return c.fetchall() if c.description else c.rowcount

    def check(self, ok, what):
        if not ok:
            self.test.fail(f'{self.name}: {what}')
            raise Stop()


class Writer(Client):
    def __init__(self, test, number, rng):
        super().__init__(test, f'writer{number}', rng)
        self.number = number
        self.asynchronous = number % 5 == 0
        self.rows = {table: {} for table in TABLES}
        self.next_id = number * 10 ** 9
        self.seq = 0            # of the last transaction that was acknowledged
        self.undo = []          # (seq, {(table, id): row before}) of those before it
        self.unknown = None     # (seq, changes): its COMMIT got no answer
        self.changes = {}       # of the running transaction: (table, id) -> row or None

    # --- books ---

    def get(self, table, i):
        key = (table, i)
        return self.changes[key] if key in self.changes else self.rows[table].get(i)

    def put(self, table, i, row):
        self.changes[(table, i)] = row

    def apply(self, seq, changes):
        before = {}
        for (table, i), row in changes.items():
            before[(table, i)] = self.rows[table].get(i)
            if row is None:
                self.rows[table].pop(i, None)
            else:
                self.rows[table][i] = row
        self.seq = seq
        self.undo.append((seq, before))
        del self.undo[:-3000 if self.asynchronous else -1]

    def connected(self):
        """Who has lost the connection asks how far the server has come."""
        if self.asynchronous:
            self.sql('SET synchronous_commit = off')
        (seq,), = self.sql('SELECT seq FROM books WHERE w = %s', self.number) or [(None,)]
        if seq is None:
            self.sql('INSERT INTO books VALUES (%s, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING', self.number)
            seq = 0
        if self.unknown and self.unknown[0] == seq:
            self.apply(*self.unknown)
            self.test.count('commit without answer: made')
        elif self.unknown:
            self.test.count('commit without answer: not made')
        self.unknown = None
        # an asynchronous commit may be lost, with those that followed it
        self.check(seq == self.seq or (self.asynchronous and seq < self.seq),
                   f'server is at transaction {seq}, {self.seq} was acknowledged')
        while self.seq > seq:
            self.check(self.undo and self.undo[-1][0] == self.seq, f'transaction {seq} is too long ago')
            for (table, i), row in self.undo.pop()[1].items():
                if row is None:
                    self.rows[table].pop(i, None)
                else:
                    self.rows[table][i] = row
            self.seq -= 1
            self.test.count('asynchronous commit lost')

    # --- one transaction ---

    def work(self):
        self.changes = {}
        level = self.rng.choices(('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'), (6, 3, 1))[0]
        self.sql(f'BEGIN ISOLATION LEVEL {level}')
        for _ in range(self.rng.choice((1, 1, 2, 4))):
            if self.rng.random() < 0.2:
                kept = dict(self.changes)
                self.sql('SAVEPOINT s')
                self.operation()
                if self.rng.random() < 0.5:
                    self.sql('ROLLBACK TO s')
                    self.changes = kept
                else:
                    self.sql('RELEASE s')
            else:
                self.operation()
        self.write_books()
        if self.rng.random() < 0.12:
            self.sql('ROLLBACK')
            self.test.count('rolled back')
            return
        self.unknown = (self.seq + 1, self.changes)
        self.sql('COMMIT')
        self.unknown = None
        self.apply(self.seq + 1, self.changes)
        self.test.count('committed')

    def failed(self, error):
        if not lost(error, self.connection):
            self.unknown = None     # an error is an answer
        super().failed(error)

    def write_books(self):
        sums = {(table, c): 0 for table in TABLES for c in 'nvt'}
        for (table, i), row in self.changes.items():
            for sign, r in ((-1, self.rows[table].get(i)), (1, row)):
                if r is not None:
                    sums[table, 'n'] += sign
                    sums[table, 'v'] += sign * r[0]
                    sums[table, 't'] += sign * len(r[1])
        self.sql('UPDATE books SET seq = %s, ' + ', '.join(
            f'{table}_{c} = {table}_{c} + ({n})' for (table, c), n in sums.items()) + ' WHERE w = %s',
            self.seq + 1, self.number)

    def operation(self):
        table = self.rng.choice(TABLES)
        full = len(self.rows[table]) > CAP
        kinds = [(self.insert, 5), (self.copy, 2), (self.update, 5), (self.delete, 10 if full else 4)]
        if table == 'keyed':
            kinds += [(self.upsert, 2), (self.transfer, 2)]
        self.rng.choices([k[0] for k in kinds], [k[1] for k in kinds])[0](table)

    def insert(self, table):
        n = self.rng.choices((self.rng.randint(1, 4), self.rng.randint(5, 300), self.rng.randint(4096, 6000)),
                             (6, 3, 0.4))[0]
        first = self.next_id + 1
        self.next_id += n
        self.sql(f'INSERT INTO {table} SELECT {ROW.format(w=self.number)} '
                 f'FROM generate_series({first}::bigint, {self.next_id}) g')
        for g in range(first, self.next_id + 1):
            self.put(table, g, new_row(g))

    def copy(self, table):
        n = self.rng.choices((self.rng.randint(1, 400), self.rng.randint(4096, 5000)), (6, 1))[0]
        lines = []
        for _ in range(n):
            self.next_id += 1
            g = self.next_id
            v, t = new_row(g)
            lines.append(f'{g}\t{self.number}\t2026-01-02 {g % 24:02}:{g % 60:02}:00\t{v}\t{v}\t{t}\n')
            self.put(table, g, (v, t))
        with self.connection.cursor() as c:
            c.copy_expert(f'COPY {table} FROM STDIN', io.StringIO(''.join(lines)))

    def some(self, table):
        """A condition on rows of mine, and which of the books it is true for."""
        mine = list(self.rows[table]) if self.rows[table] else [0]
        if self.rng.random() < 0.6:
            ids = self.rng.sample(mine, min(len(mine), self.rng.randint(1, 12)))
            where = f'id = ANY (ARRAY[{",".join(map(str, ids))}]::bigint[])'
        else:
            low = self.rng.choice(mine)
            high = low + self.rng.choice((10, 200, 3000))
            where = f'id BETWEEN {low} AND {high}'
            ids = [i for i in mine if low <= i <= high]
            ids += [i for (t, i) in self.changes if t == table and i not in self.rows[table] and low <= i <= high]
        return where, [i for i in ids if self.get(table, i) is not None]

    def changed(self, n, ids, what):
        self.check(n == len(ids), f'{what} met {n} rows, the books have {len(ids)}')

    def update(self, table):
        where, ids = self.some(table)
        d = self.rng.randint(-50, 50)
        for i in ids:
            v, t = self.get(table, i)
            self.put(table, i, (v + d, (t + 'u')[-30:]))
        n = self.sql(f"UPDATE {table} SET v = v + ({d}), n = n + ({d}), t = right(t || 'u', 30) WHERE w = {self.number} AND {where}")
        self.changed(n, ids, f'UPDATE {table} WHERE {where}')

    def delete(self, table):
        where, ids = self.some(table)
        if len(self.rows[table]) > CAP and self.rng.random() < 0.6:
            low = sorted(self.rows[table])[-CAP // 2]
            where, ids = f'id < {low}', [i for i in self.rows[table] if i < low and self.get(table, i) is not None]
        for i in ids:
            self.put(table, i, None)
        n = self.sql(f'DELETE FROM {table} WHERE w = {self.number} AND {where}')
        self.changed(n, ids, f'DELETE FROM {table} WHERE {where}')

    def upsert(self, table):
        mine = [i for i in self.rng.sample(list(self.rows[table]), min(8, len(self.rows[table])))]
        for i in mine:
            old = self.get(table, i)
            self.put(table, i, new_row(i) if old is None else (old[0] + 1, 'up'))
            self.sql(f"INSERT INTO {table} SELECT {ROW.format(w=self.number)} FROM generate_series({i}::bigint, {i}) g "
                     f"ON CONFLICT (id) DO UPDATE SET v = {table}.v + 1, n = {table}.n + 1, t = 'up'")

    def transfer(self, table):
        """Between rows that all writers change; the heap twins go along."""
        a, b = self.rng.sample(range(1, ACCOUNTS + 1), 2)
        amount = self.rng.randint(1, 20)
        if self.rng.random() < 0.3:
            self.sql(f'SELECT id FROM {table} WHERE id IN ({a}, {b}) ORDER BY id FOR '
                     + self.rng.choice(('UPDATE', 'SHARE', 'KEY SHARE', 'NO KEY UPDATE')))
        for i, d in sorted(((a, -amount), (b, amount))):
            for t in ('keyed', 'accounts'):
                n = self.sql(f"UPDATE {t} SET v = v + ({d}) WHERE id = {i}" if t == 'accounts' else
                             f"UPDATE {t} SET v = v + ({d}), n = n + ({d}) WHERE id = {i}")
                self.check(n == 1, f'account {i} of {t} was met {n} times')

    def pause(self):
        self.test.sleep(self.rng.uniform(0, 0.25))


class Compactor(Client):
    def work(self):
        self.sql(f"CALL olap.compact('{self.rng.choice(TABLES)}')")
        self.test.count('compactions')

    def pause(self):
        self.test.sleep(self.rng.uniform(0.1, 1))


class Vacuum(Client):
    def work(self):
        how = self.rng.choices(('', '(FREEZE)', '(FULL)', '(ANALYZE)', '(INDEX_CLEANUP off)'), (10, 2, 0.3, 1, 1))[0]
        if how == '(FULL)':
            self.sql("SET lock_timeout = '2s'")
        self.sql(f'VACUUM {how} {self.rng.choice(TABLES)}')
        self.test.count('vacuums')

    def pause(self):
        self.test.sleep(self.rng.uniform(0.3, 2))


class Reader(Client):
    """In one snapshot: scan, index and heap books agree, now and a while later."""
    SUMS = """SELECT w, count(*) AS n, sum(v) AS v, sum(length(t)) AS t FROM {table} WHERE w > 0 {more} GROUP BY w"""
    BOOKS = """SELECT w, {table}_n, {table}_v, {table}_t FROM books WHERE {table}_n > 0 ORDER BY w"""

    def sums(self, table, by_index):
        if by_index:
            self.sql('SET LOCAL enable_seqscan = off; SET LOCAL olap.enable_scan = off')
        got = self.sql(self.SUMS.format(table=table, more='AND id > 0' if by_index else '') + ' ORDER BY w')
        if by_index:
            self.sql('SET LOCAL enable_seqscan = on; SET LOCAL olap.enable_scan = on')
        return got

    def look(self):
        for table in TABLES:
            books = self.sql(self.BOOKS.format(table=table))
            for by_index in (False, True) if table == 'keyed' else (False,):
                got = self.sums(table, by_index)
                self.check(got == books, f'{table} {"by index" if by_index else "by scan"} has '
                           f'{[g for g in got if g not in books]}, the books {[b for b in books if b not in got]}')
        differ = self.sql('SELECT * FROM (SELECT id, v, v::numeric(12,2) AS n FROM accounts) a FULL JOIN '
                          '(SELECT id, v, n FROM keyed WHERE w = 0) k USING (id, v, n) WHERE a IS NULL OR k IS NULL')
        self.check(not differ, f'accounts differ: {differ}')
        self.test.count('reads')

    def work(self):
        self.sql('BEGIN ISOLATION LEVEL REPEATABLE READ')
        self.look()
        if self.rng.random() < 0.5:
            self.test.sleep(self.rng.uniform(0, 3))
            self.look()
        self.sql('COMMIT')

    def pause(self):
        self.test.sleep(self.rng.uniform(0.5, 2.5))


class Verifier(Reader):
    def work(self):
        table = self.rng.choice(TABLES)
        faults = self.sql('SELECT * FROM olap.verify(%s::regclass)', table)
        self.check(not faults, f'olap.verify({table}): {faults[:5]}')
        self.test.count('verifications')
