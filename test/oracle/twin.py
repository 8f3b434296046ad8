#!/usr/bin/python3
"""Heap is the oracle: random statements on an olap twin and a heap twin.

    test/oracle/twin.py [options]

Each episode makes a random schema in two databases, one whose tables are olap's
by default and one with heap's, runs random statements in both and compares rows,
row counts and SQLSTATEs. A difference is made short and printed as a script with
the seed that led to it. Connects as libpq does (PGHOST, ...); needs a server with
shared_preload_libraries = 'olap', and drops and creates the databases twin_heap and twin_olap.
The exit status is 1 if anything differs.
"""

import argparse
import json
import os
import random
import sys
import time

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from engine import Pair, Refused, Slow, Twin, Undecided   # noqa: E402
from generator import QUERIES, WEIGHTS, Generator   # noqa: E402
from player import Player                       # noqa: E402
from reduce import Reducer, script              # noqa: E402
from refused import REFUSED                     # noqa: E402
from schema import RESET                        # noqa: E402
from writes import Step                         # noqa: E402

# What sessions do most of the time while others work beside them.
BESIDE = {'select', 'aggregate', 'subquery', 'insert', 'insert_select', 'update', 'delete', 'merge', 'on_conflict',
          'for_update', 'txn', 'savepoint', 'cursor', 'prepared', 'settings', 'copy', 'loop',
          'vacuum', 'compact'}
RARELY = {'analyze', 'index', 'truncate', 'alter_add', 'reindex', 'unique', 'alter_type'}
# Not with others: temporary tables are not in the catalog that is read, and of
# several duplicates that a deferred constraint lets stand, any may be met first.
ALONE = {'temp', 'twophase', 'deferrable'}
# What others do while one waits for a lock: nothing whose locks depend on the
# order in which the waiting statement has come across its rows.
WAITING = {'select', 'txn', 'compact'}
WAITING_ONE = {'select', 'txn', 'insert', 'savepoint', 'compact'}


class Difference(Exception):
    pass


class Episode:
    """One schema, and what is done with it."""

    def __init__(self, pair, seed, number, options):
        self.pair = pair
        self.number = number
        self.options = options
        self.rng = random.Random(f'{seed}/{number}')
        self.several = options.on('concurrent') and self.rng.random() < options.concurrent
        self.sessions = self.rng.choice([2, 2, 3]) if self.several else 1
        self.log = []
        self.count = 0
        self.player = Player(pair, self.several)
        on = options.on if not self.several else lambda c: c not in ALONE and options.on(c)
        self.generator = Generator(self.rng, on)
        self.generator.writes.hot = 5 if self.several else 0

    def play(self, step):
        self.log.append(step)
        self.count += 1
        try:
            difference = self.player.play(step)
        except Refused:
            return False
        if difference:
            raise Difference(difference)
        return True

    def reload(self):
        """Read the catalog anew, unless the transaction has failed."""
        heap = self.pair.heap
        if self.several:
            self.generator.model.load(heap.control(self.catalog_query))
        elif heap.in_transaction(0) != 'failed':
            self.generator.model.load(heap.catalog(0))

    def run(self):
        import model
        self.catalog_query = model.QUERY
        self.pair.reset()
        for step in self.generator.first_steps():
            self.play(step)
        self.reload()
        for step in self.generator.first_rows():
            self.play(step)
        for step in self.generator.first_changes():
            self.play(step)
            self.reload()
        for table in self.generator.model.plain():
            if self.rng.random() < 0.5:
                self.play(Step('analyze', f'ANALYZE {table.name}'))
        self.reload()
        stale = False
        for _ in range(self.options.length):
            session = self.rng.choice([s for s in range(self.sessions) if s not in self.player.pending])
            transaction = self.pair.heap.in_transaction(session)
            if stale and (self.several or transaction != 'failed'):
                self.reload()
                stale = False
            step = self.generator.next(session, transaction, self.allowed())
            self.play(step)
            if step.cls in QUERIES and not self.several and self.rng.random() < 0.2:
                self.other_ways(step)
            stale = stale or step.ddl or self.pair.heap.in_transaction(session) == 'failed'
            if step.table and not self.several and self.rng.random() < 0.35 and \
                    self.pair.heap.in_transaction(session) != 'failed':
                self.play(self.generator.check(step.table, session))
        self.finish()

    def other_ways(self, query):
        """The same query without OlapScan, or in parallel workers."""
        setting = self.rng.choice(['olap.enable_scan = off', 'max_parallel_workers_per_gather = 2; '
                                   'SET parallel_setup_cost = 20; SET parallel_tuple_cost = 0; '
                                   'SET min_parallel_table_scan_size = 0'])
        if self.pair.heap.in_transaction(0) != 'failed':
            self.play(Step('settings', f'SET {setting}'))
            self.play(query)
            self.play(Step('settings', f"RESET {setting.split(' ')[0]}"))

    def allowed(self):
        if not self.several:
            return None
        if not self.player.pending:
            return BESIDE | RARELY if self.rng.random() < 0.1 else BESIDE
        waiting = [step for step, _ in self.player.pending.values()]
        return WAITING if any(s.multi or s.ddl for s in waiting) else WAITING_ONE

    def finish(self):
        """End every transaction; all tables must be the same."""
        while True:
            free = [s for s in range(self.sessions) if s not in self.player.pending
                    and self.pair.heap.in_transaction(s)]
            if not free:
                break
            step = Step('txn', self.rng.choice(['COMMIT', 'COMMIT', 'ROLLBACK']))
            step.session = free[0]
            self.play(step)
        while self.generator.twophase:
            self.play(self.generator.next(0))
        self.play(Step('settings', 'RESET ALL; SET search_path = twin, public'))
        self.reload()
        for table in self.generator.model.tables:
            if table.kind != 'v':
                self.play(self.generator.check(table.name))


class Options:
    def __init__(self, args):
        self.off = set(args.off.split(',')) if args.off else set()
        on = set(args.on.split(',')) if args.on else set()
        only = set(args.only.split(',')) if args.only else None
        for name in self.off | on | (only or set()):
            if name not in WEIGHTS:
                raise SystemExit(f'twin: no class "{name}" (there are: {", ".join(sorted(WEIGHTS))})')
        if args.against == 'olap':
            self.off |= set(REFUSED) - on
        if only is not None:
            self.off |= set(WEIGHTS) - only
        self.length = args.length
        self.concurrent = args.concurrent

    def on(self, name):
        return name not in self.off


class Run:
    def __init__(self, args):
        self.args = args
        self.options = Options(args)
        dsn = args.dsn
        olap = args.against == 'olap'
        heap_twin = Twin('heap', 'heap', dsn, False, args.prefix)
        olap_twin = Twin('olap', args.against, dsn, olap, args.prefix)
        self.pair = Pair(heap_twin, olap_twin, lambda cls, message: olap and cls in REFUSED)
        self.start = time.monotonic()
        self.statements = self.episodes = self.differences = self.unsteady = self.undecided = self.slow = 0
        self.reported = self.start

    def revive(self):
        """After a crash, wait until the server is back."""
        for twin in self.pair.twins:
            for attempt in range(120):
                try:
                    twin.control('SELECT 1')
                    break
                except psycopg2.Error:
                    twin.control_connection = None
                    time.sleep(0.5)
            else:
                raise SystemExit('twin: the server does not come back')

    def elapsed(self):
        return time.monotonic() - self.start

    def more(self):
        a = self.args
        if a.episode is not None:
            return self.episodes == 0
        if self.differences >= a.differences:
            return False
        return (a.seconds and self.elapsed() < a.seconds) or (a.statements and self.statements < a.statements)

    def run(self):
        for twin in self.pair.twins:
            twin.create()
        number = self.args.episode or 0
        while self.more():
            self.episode(number)
            number += 1
            self.episodes += 1
            if time.monotonic() - self.reported > 60:
                self.reported = time.monotonic()
                self.say()
        self.say()
        if self.args.verbose:
            for cls, (ours, theirs, n) in sorted(self.pair.times.items(), key=lambda t: -t[1][0]):
                print(f'# {cls}: {n} statements, olap {1000 * ours / n:.2f} ms, heap {1000 * theirs / n:.2f} ms')
            for state, (count, example) in sorted(self.pair.errors.items()):
                print(f'# {count} x {state}, the last: {example}')
        for twin in self.pair.twins:
            twin.close()
        return 1 if self.differences else 0

    def say(self):
        refusals = ''.join(f', {n} {cls} refused' for cls, n in sorted(self.pair.refusals.items()))
        print(f'# {self.statements} statements in {self.elapsed():.0f} s '
              f'({self.statements / max(self.elapsed(), 0.1):.0f}/s), {self.episodes} episodes, '
              f'{self.differences} differences, {self.unsteady} not repeatable, {self.undecided} undecided, {self.slow} too slow, '
              f'{sum(n for n, _ in self.pair.errors.values())} errors in both, {self.pair.soft} of different kind{refusals} '
              f'(seed {self.args.seed})', flush=True)

    def episode(self, number):
        episode = Episode(self.pair, self.args.seed, number, self.options)
        try:
            episode.run()
        except Difference as e:
            episode.player.abandon()
            self.revive()
            self.report(episode, str(e))
        except Slow as e:
            self.slow += 1
            print(f'SLOW (seed {self.args.seed}, episode {number}): {str(e)[:1000]}', flush=True)
        except Undecided as e:
            self.undecided += 1
            if self.args.verbose:
                print(f'UNDECIDED (seed {self.args.seed}, episode {number}): {str(e)[:1000]}', flush=True)
        finally:
            episode.player.abandon()
            self.statements += episode.count

    def report(self, episode, difference):
        where = f'seed {self.args.seed}, episode {episode.number}, statement {len(episode.log)}'
        print(f'DIFFERENT ({where}): {difference}', flush=True)
        reducer = Reducer(self.pair, episode.several, self.revive, self.args.reduce)
        met = dict(self.pair.errors)
        reduced = reducer.reduce(list(episode.log), difference)
        self.pair.errors = met
        if reduced is None:
            if 'loses the connection' in difference:
                self.differences += 1       # a crash counts, however rare
            else:
                self.unsteady += 1
            steps, note = episode.log, 'did not happen again when repeated'
        else:
            self.differences += 1
            steps, difference = reduced
            note = f'{len(steps)} of {len(episode.log)} statements left after {reducer.tries} tries'
        text = script(steps, f'{where}\n{difference}\n{note}', episode.several, RESET)
        if self.args.out:
            os.makedirs(self.args.out, exist_ok=True)
            base = os.path.join(self.args.out, f'twin-{self.args.seed}-{episode.number}')
            with open(base + '.sql', 'w') as f:
                f.write(text)
            with open(base + '.json', 'w') as f:
                json.dump({'several': episode.several,
                           'steps': [{n: getattr(s, n) for n in Step.__slots__} for s in steps]}, f)
        lines = text.split('\n')
        if len(lines) > 60 and self.args.out:
            lines = lines[:6] + ['...'] + lines[-20:]
        print('\n'.join(line[:2000] for line in lines), flush=True)

    def replay(self, path):
        """Play a saved case again."""
        with open(path) as f:
            case = json.load(f)
        steps = []
        for fields in case['steps']:
            step = Step(fields['cls'], fields['sql'])
            for name, v in fields.items():
                setattr(step, name, v)
            steps.append(step)
        for twin in self.pair.twins:
            twin.create()
        found = Reducer(self.pair, case['several'], self.revive, 0).play(steps)
        print(f'DIFFERENT at statement {len(found[0])}: {found[1]}' if found else 'no difference')
        return 1 if found else 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--seed', default=str(random.randrange(10 ** 9)))
    p.add_argument('--seconds', type=float, default=0, help='run for so long')
    p.add_argument('--statements', type=int, default=0, help='or for so many statements (default 5000)')
    p.add_argument('--episode', type=int, help='run this episode alone')
    p.add_argument('--length', type=int, default=250, help='statements an episode')
    p.add_argument('--off', default='', help='classes of statements to leave out, with commas')
    p.add_argument('--on', default='', help='classes to try although olap refuses them')
    p.add_argument('--only', default='', help='classes to try, and no others')
    p.add_argument('--concurrent', type=float, default=0.3, help='share of episodes with several sessions')
    p.add_argument('--against', choices=['olap', 'heap'], default='olap', help='heap: test the tester')
    p.add_argument('--differences', type=int, default=3, help='stop after so many')
    p.add_argument('--reduce', type=float, default=120, help='seconds for making a difference short')
    p.add_argument('--out', help='folder for scripts of differences')
    p.add_argument('--replay', help='play a saved case (.json)')
    p.add_argument('--dsn', default='dbname=postgres')
    p.add_argument('--prefix', default='twin', help='of the names of the two databases')
    p.add_argument('--verbose', action='store_true')
    args = p.parse_args()
    if not args.seconds and not args.statements:
        args.statements = 5000
    print(f'# seed {args.seed}', flush=True)
    run = Run(args)
    return run.replay(args.replay) if args.replay else run.run()


if __name__ == '__main__':
    sys.exit(main())
