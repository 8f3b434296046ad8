#!/usr/bin/python3
"""Writers, compactions and readers on olap tables while the server is killed.

10 writers with INSERT, COPY, UPDATE, DELETE, ON CONFLICT and savepoints, 4 sessions
that compact and one that vacuums beside what the server does by itself, 8 readers.
Every INTERVAL seconds a process of the server, its postmaster or all of it is
killed with SIGKILL.  The test fails if a snapshot ever differs from the heap books
of the same snapshot, a change meets more or fewer rows than its writer owns, a
commit that was acknowledged is missing, olap.verify finds anything, a client gets
an error that neither a conflict nor a kill explains; and if at the end the rows are not
exactly those in the writers' books.

The server must be stopped; it is started here, and stopped at the end.
"""

import argparse
import collections
import random
import sys
import threading
import time

from clients import SETUP, TABLES, Compactor, Reader, Vacuum, Verifier, Writer, new_row
from server import Server

KINDS = ('backend', 'process', 'postmaster', 'everything', 'immediate')


class Test:
    def __init__(self, args):
        self.server = Server(args.bindir, args.data, args.host, args.port)
        self.args = args
        self.rng = random.Random(args.seed)
        self.stopping = threading.Event()
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.failures = []

    def count(self, what, n=1):
        with self.lock:
            self.counts[what] += n

    def fail(self, what):
        with self.lock:
            self.failures.append(what)
            print(f'# FAILED at {time.time() - self.started:.0f} s: {what}', flush=True)
        self.stopping.set()

    def sleep(self, seconds):
        self.stopping.wait(seconds)

    def new(self, kind, *args):
        return kind(self, *args, random.Random(self.rng.random()))

    def clients(self):
        self.writers = [self.new(Writer, i + 1) for i in range(self.args.writers)]
        return self.writers + [self.new(Compactor, f'compact{i}') for i in range(self.args.compactions)] + \
            [self.new(Vacuum, 'vacuum')] + [self.new(Reader, f'reader{i}') for i in range(self.args.readers - 1)] + \
            [self.new(Verifier, 'reader-verify')]

    def kill_now_and_then(self):
        end = self.started + self.args.duration
        kinds = []
        while not self.stopping.is_set() and time.time() < end:
            self.sleep(min(self.args.interval * self.rng.uniform(0.7, 1.3), max(0, end - time.time())))
            if self.stopping.is_set() or time.time() >= end:
                break
            if not kinds:
                kinds = self.rng.sample(KINDS, len(KINDS))
            kind = kinds.pop()
            began = time.time()
            what = self.server.kill(kind, self.rng)
            self.count(f'killed: {kind}')
            print(f'# {time.time() - self.started:5.0f} s: killed {what}; back after {time.time() - began:.1f} s, '
                  f'{self.counts["committed"]} commits, {self.counts["reads"]} reads', flush=True)

    # --- at the end ---

    def differences(self, connection, table, by_index):
        with connection.cursor() as c:
            c.execute('SET enable_seqscan = %s; SET olap.enable_scan = %s', (not by_index, not by_index))
            c.execute(f'SELECT id, w, v, n::bigint, t FROM {table} WHERE w > 0 AND id > 0')
            rows = c.fetchall()
        want = {i: (w.number, *row) for w in self.writers for i, row in w.rows[table].items()}
        got = {r[0]: (r[1], r[2], r[4]) for r in rows}
        wrong = [r for r in rows if r[3] != r[2]] + [i for i in want if got.get(i) != want[i]] + \
            [i for i in got if i not in want]
        if len(got) != len(rows):
            wrong.append(f'{len(rows) - len(got)} rows twice')
        self.count(f'rows of {table}', 0 if by_index else len(rows))
        return wrong

    def compare(self, when):
        connection = self.server.connect('compare')
        for table in TABLES:
            for by_index in (False, True) if table == 'keyed' else (False,):
                wrong = self.differences(connection, table, by_index)
                if wrong:
                    self.fail(f'{when}: {len(wrong)} rows of {table} are not as in the books '
                              f'({"index" if by_index else "scan"}): {wrong[:5]}')
            with connection.cursor() as c:
                c.execute('SELECT * FROM olap.verify(%s::regclass)', (table,))
                faults = c.fetchall()
            if faults:
                self.fail(f'{when}: olap.verify({table}): {faults[:5]}')
        connection.close()

    def finish(self):
        """Who waits for the outcome of a COMMIT learns it; then books are compared."""
        for writer in self.writers:
            writer.connection = self.server.connect(writer.name)
            writer.connected()
            writer.connection.close()
        self.compare('at the end')
        connection = self.server.connect('finish')
        with connection.cursor() as c:
            for table in TABLES:
                c.execute(f"CALL olap.compact('{table}')")
                c.execute(f'VACUUM {table}')
        connection.close()
        self.compare('after the last compaction')
        self.server.kill('everything', self.rng)
        self.compare('after the last crash')

    def run(self):
        self.server.start()
        setup = self.server.connect('setup')
        with setup.cursor() as c:
            c.execute(SETUP)
        setup.close()
        self.started = time.time()
        clients = self.clients()
        for client in clients:
            client.start()
        try:
            self.kill_now_and_then()
        finally:
            self.stopping.set()
            for client in clients:
                client.join(120)
                if client.is_alive():
                    self.fail(f'{client.name} does not come back')
        if not self.failures:
            self.finish()
        self.server.stop()
        for line in self.server.log_faults()[:20]:
            self.fail(f'server log: {line}')


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--bindir', required=True)
    p.add_argument('--data', required=True)
    p.add_argument('--host', required=True)
    p.add_argument('--port', default='5432')
    p.add_argument('--duration', type=float, default=600)
    p.add_argument('--interval', type=float, default=20)
    p.add_argument('--seed', type=int, default=random.randrange(10 ** 6))
    p.add_argument('--writers', type=int, default=10)
    p.add_argument('--compactions', type=int, default=4)
    p.add_argument('--readers', type=int, default=8)
    args = p.parse_args()
    print(f'# stress: {args.duration:.0f} s, seed {args.seed}', flush=True)
    test = Test(args)
    test.run()
    for what, n in sorted(test.counts.items()):
        print(f'# {n:7} {what}')
    print('# ' + ('FAILED: ' + '; '.join(test.failures)[:2000] if test.failures else 'no difference'))
    sys.exit(1 if test.failures else 0)


if __name__ == '__main__':
    main()
