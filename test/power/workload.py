"""What is done to the tables before the power goes, and what is known of it.

Every transaction also writes its number into the heap table done, so the highest
number there says which state the tables must show.  Two sessions: the second has
a transaction open while the first compacts.
"""

import io
import re

import psycopg2

SETUP = """
CREATE EXTENSION olap;
CREATE TABLE done (k int);
CREATE TABLE o (id bigint PRIMARY KEY, ts timestamptz, v int, t text)
  USING olap WITH (time_column = 'ts', segment_interval = '1 day', order_by = 'v');
CREATE INDEX o_v ON o (v);
CREATE TABLE p (id bigint, ts timestamptz, v int, t text) USING olap;
INSERT INTO o SELECT {row} FROM generate_series(1, 5000) g;
INSERT INTO p SELECT {row} FROM generate_series(1, 5000) g;
INSERT INTO done VALUES (0);
"""
ROW = "g, '2026-01-01'::timestamptz + g * interval '1 minute', (g * 37 % 1000)::int, repeat('x', (g % 30)::int)"

STATE = "SELECT count(*), sum(v), sum(hashtext(x::text)::bigint) FROM {} x"

# {T} is each of the two tables in turn.  "a" and "b" are sessions; "open" leaves the
# transaction open, "abort" rolls it back, "utility" is outside of transactions.
STEPS = [
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(10001, 10001) g"),
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(10002, 10002) g"),
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(10003, 10300) g"),
    ('a', '', "UPDATE {T} SET v = v + 1 WHERE id IN (3, 10002)"),
    ('a', '', "DELETE FROM {T} WHERE id IN (5, 10003)"),
    ('a', 'abort', "INSERT INTO {T} SELECT {row} FROM generate_series(20001, 25000) g"),
    ('a', 'abort', "INSERT INTO {T} SELECT {row} FROM generate_series(20001, 20010) g"),
    ('a', 'abort', "UPDATE {T} SET v = 0 WHERE id < 60; DELETE FROM {T} WHERE id > 4950"),
    ('b', 'open', "INSERT INTO {T} SELECT {row} FROM generate_series(30001, 30020) g"),
    ('a', '', "COPY {T}"),
    ('a', '', "SAVEPOINT s; INSERT INTO {T} SELECT {row} FROM generate_series(25001, 30000) g; ROLLBACK TO s; "
     "INSERT INTO {T} SELECT {row} FROM generate_series(30101, 30105) g; DELETE FROM {T} WHERE id = 30104"),
    ('a', 'utility', "CALL olap.compact('{T}')"),
    ('a', '', "DELETE FROM {T} WHERE id BETWEEN 1000 AND 1400"),
    ('b', '', "DELETE FROM {T} WHERE id BETWEEN 1401 AND 1410 OR id = 77"),
    ('a', '', "UPDATE {T} SET t = 'u', v = v + 1000 WHERE id BETWEEN 100 AND 200"),
    ('a', 'utility', "VACUUM {T}"),
    ('a', 'utility', "CALL olap.compact('{T}')"),
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(40001, 45000) g"),
    ('a', 'utility', "VACUUM {T}"),
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(50001, 55000) g"),
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(55001, 55050) g"),
    ('a', 'utility', "CALL olap.compact('{T}')"),
    ('a', '', "DELETE FROM {T} WHERE id > 40000 AND id NOT BETWEEN 44000 AND 54500"),
    ('a', 'utility', "VACUUM (FREEZE) {T}"),
    ('a', 'utility', "CALL olap.compact('{T}')"),
    ('a', 'utility', "VACUUM {T}"),
    ('a', 'utility', "VACUUM {T}"),             # cuts the file
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(60001, 64200) g; UPDATE {T} SET v = 7 WHERE id = 60001"),
    ('a', 'utility', "VACUUM (FULL) {T}"),
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(70001, 70100) g"),
    ('b', 'open', "INSERT INTO {T} SELECT {row} FROM generate_series(80001, 80010) g; UPDATE {T} SET v = 8 WHERE id < 50"),
    ('a', '', "TRUNCATE {T}; INSERT INTO {T} SELECT {row} FROM generate_series(1, 5000) g", 'b'),
    ('a', '', "INSERT INTO {T} SELECT {row} FROM generate_series(90001, 90003) g"),
    ('a', 'utility', "CALL olap.compact('{T}')"),
]

COMMITS = sum(how == '' for _, how, *_ in STEPS)


def fewer(match):
    first, last = int(match[1]), int(match[2])
    return f'generate_series({first}, {last if last - first < 100 else first + 100})'


class Workload:
    """Runs the steps; states[k] is what both tables show after transaction k."""

    def __init__(self, dsn):
        self.connections = {name: psycopg2.connect(dsn) for name in 'ab'}
        for c in self.connections.values():
            c.autocommit = True
        self.k = 0
        self.states = [self.state()]
        self.acknowledged = []          # (lsn, k): flushed up to lsn, k was committed

    def sql(self, text, session='a'):
        with self.connections[session].cursor() as c:
            c.execute(text)
            return c.fetchall() if c.description else None

    def state(self):
        return [self.sql(STATE.format(t))[0] for t in ('o', 'p')]

    def statement(self, session, text, table):
        if text == 'COPY {T}':
            with self.connections[session].cursor() as c:
                c.copy_expert(f'COPY {table} FROM STDIN', io.StringIO(''.join(
                    f'{g}\t2026-01-01 {g % 24:02}:00\t{g % 500}\tcopied\n' for g in range(15001, 19201))))
        else:
            if table == 'o':            # every row of it is some records of WAL
                text = re.sub(r'generate_series\((\d+), (\d+)\)', fewer, text)
            self.sql(text.format(T=table, row=ROW), session)

    def commit(self, session):
        self.k += 1
        self.sql(f'INSERT INTO done VALUES ({self.k})', session)
        self.sql('COMMIT', session)
        self.states.append(self.state())
        (lsn,), = self.sql("SELECT pg_current_wal_flush_lsn() - '0/0'")
        self.acknowledged.append((int(lsn), self.k))

    def run(self, between):
        opened = set()
        for session, how, text, *ends in STEPS:
            for other in ends:          # a lock that the next step needs
                self.commit(other)
                opened.discard(other)
            if how == 'utility':
                for table in 'op':
                    self.statement(session, text, table)
            else:
                if session not in opened:
                    self.sql('BEGIN', session)
                for table in 'op':
                    self.statement(session, text, table)
                if how == 'open':
                    opened.add(session)
                elif how == 'abort':
                    self.sql('ROLLBACK', session)
                else:
                    self.commit(session)
                    opened.discard(session)
            between(text)
        for session in opened:
            self.sql('ROLLBACK', session)
        for c in self.connections.values():
            c.close()
