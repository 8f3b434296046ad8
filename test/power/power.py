#!/usr/bin/python3
"""Power loss at every WAL record, and with any mix of written and unwritten pages.

A workload runs once, on a server that has no checkpoint after the first.  Then:

- cuts: the data directory as of the checkpoint, and the WAL up to a record's end
  (now and then up to its middle), as if the power went when that was flushed and
  no page had been written;
- points: the same immediately before and after some records of each kind that takes or
  gives back space, or changes the directory or the range log (points.py); where the
  file is grown before the record, with the longer file;
- images: the data directory at some moment of the workload (all processes are
  stopped while it is copied), where each block that was written since the checkpoint
  is there, or not, or half of it; where files that have grown are short or have zeros,
  and files that went are back.  None of it was synced, so a disk may do all of it.

A server starts from each, and must find: sound storage (olap.verify), the rows of the
last transaction that it says is committed, by scan and by index, and no transaction
missing that had been acknowledged.  Then it must go on: writes, changes, compaction,
VACUUM, once more a crash.

  --cuts N      record ends to try (default 40), --full for all, and a tenth of them go on
  --points N    records of each kind to cut before and after (default 2), --full for all
  --images N    images of the running server, each in two mixes (default 6)
"""

import argparse
import collections
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import psycopg2

from points import POINTS, Fault, Reader
from workload import COMMITS, ROW, SETUP, STATE, Workload

SEGMENT = 1024 * 1024
BLOCK = 8192
CONF = """
shared_preload_libraries = 'olap'
listen_addresses = ''
fsync = off
autovacuum = off
olap.maintenance = off
shared_buffers = '1MB'
max_connections = 10
wal_level = replica
wal_buffers = '64kB'
max_wal_size = '8GB'
checkpoint_timeout = '1h'
log_min_messages = warning
"""


# databases that nobody changes: their files are linked, not copied
UNCHANGED = re.compile(r'.*/base/[1-4](/[^/]*)?$')


def copy_file(source, to):
    if UNCHANGED.match(os.path.dirname(source)):
        os.link(source, to)
    else:
        shutil.copyfile(source, to)
        shutil.copymode(source, to)


def copy_tree(source, to, ignore=None):
    shutil.copytree(source, to, symlinks=True, ignore=ignore, copy_function=copy_file)


class Failure(Exception):
    pass


class Server:
    def __init__(self, args, name):
        self.bindir = args.bindir
        self.dir = os.path.join(args.dir, name)
        self.data = os.path.join(self.dir, 'data')
        self.log = os.path.join(self.dir, 'log')
        os.makedirs(self.dir, exist_ok=True)
        self.dsn = f'host={args.sockets} port={args.port} user=postgres dbname=postgres'
        self.sockets = args.sockets
        self.port = args.port

    def run(self, program, *args, **more):
        return subprocess.run([os.path.join(self.bindir, program), *args], check=True, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **more).stdout

    def init(self):
        self.run('initdb', '-D', self.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8',
                 '--no-sync', '--data-checksums', '--wal-segsize=1')
        with open(os.path.join(self.data, 'postgresql.conf'), 'a') as f:
            f.write(CONF + f"unix_socket_directories = '{self.sockets}'\nport = {self.port}\n")

    def start(self):
        # its output into a file: pipes would stay open in the server
        with open(os.path.join(self.dir, 'pg_ctl'), 'w') as f:
            done = subprocess.run([os.path.join(self.bindir, 'pg_ctl'), '-D', self.data, '-l', self.log, '-w', '-s',
                                   '-t', '120', 'start'], stdin=subprocess.DEVNULL, stdout=f, stderr=f)
        if done.returncode != 0:
            raise Failure('the server does not start: ' + self.tail())

    def tail(self):
        with open(self.log, errors='replace') as f:
            return ''.join(f.readlines()[-15:])

    def quit(self):
        """An immediate shutdown.  pg_ctl looks every tenth of a second only, which here is a quarter of the test."""
        postmaster = self.processes()[0]
        send(postmaster, signal.SIGQUIT)
        until = time.time() + 60
        while os.path.exists(os.path.join(self.data, 'postmaster.pid')):
            if time.time() > until:
                raise Failure('the server does not stop')
            time.sleep(0.005)

    def stop(self, mode):
        subprocess.run([os.path.join(self.bindir, 'pg_ctl'), '-D', self.data, '-m', mode, '-w', '-s', 'stop'],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def processes(self):
        with open(os.path.join(self.data, 'postmaster.pid')) as f:
            postmaster = f.readline().strip()
        out = subprocess.run(['ps', '-o', 'pid=', '--ppid', postmaster], capture_output=True, text=True).stdout
        return [int(postmaster)] + [int(p) for p in out.split()]

    def copy(self, to, frozen=False):
        """The data directory; frozen: as it is at one moment of a running server."""
        pids = self.processes() if frozen else []
        for pid in pids:
            send(pid, signal.SIGSTOP)
        try:
            while frozen and any(state(pid) not in 'TtZ' for pid in pids):
                time.sleep(0.001)
            copy_tree(self.data, to, shutil.ignore_patterns('postmaster.pid', 'postmaster.opts'))
        finally:
            for pid in pids:
                send(pid, signal.SIGCONT)


def send(pid, sig):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def state(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0]
    except FileNotFoundError:
        return 'Z'


class Test:
    def __init__(self, args):
        self.args = args
        self.rng = random.Random(args.seed)
        self.base = os.path.join(args.dir, 'base')
        self.images = []                # (directory, commits acknowledged before)
        self.failed = 0
        self.tried = 0
        self.seen = set()

    # --- the workload ---

    def work(self):
        self.server = Server(self.args, 'main')
        self.server.init()
        self.server.start()
        with psycopg2.connect(self.server.dsn) as c, c.cursor() as cursor:
            cursor.execute(SETUP.format(row=ROW))
        c.close()
        with psycopg2.connect(self.server.dsn) as c:
            c.autocommit = True
            with c.cursor() as cursor:
                cursor.execute('CHECKPOINT')
        c.close()
        self.server.copy(self.base, frozen=True)
        self.workload = Workload(self.server.dsn)
        over = threading.Event()
        camera = threading.Thread(target=self.take_images, args=(over,))
        camera.start()
        self.workload.run(lambda text: None)
        over.set()
        camera.join()
        self.server.stop('immediate')
        self.wal = os.path.join(self.server.data, 'pg_wal')

    def take_images(self, over):
        """At moments spread over the transactions, in the middle of whatever runs."""
        rng = random.Random(self.args.seed)
        for n in range(self.args.images):
            until = (n + rng.random()) * COMMITS / max(1, self.args.images)
            while not over.is_set() and self.workload.k < until:
                time.sleep(0.002)
            over.wait(rng.random() * 0.05)
            if over.is_set():
                break
            image = os.path.join(self.args.dir, f'image{n}')
            acknowledged = len(self.workload.acknowledged)
            self.server.copy(image, frozen=True)
            self.images.append((image, acknowledged))

    def records(self):
        """(end, what, transaction) of the WAL records since the checkpoint that matter to storage."""
        control = self.server.run('pg_controldata', self.base)
        redo = re.search(r"REDO location: +(\S+)", control).group(1)
        done = subprocess.run([os.path.join(self.args.bindir, 'pg_waldump'), '-p', self.wal, '-s', redo,
                               '-t', re.search(r"TimeLineID: +(\d+)", control).group(1)],
                              capture_output=True, text=True)      # it ends with an error, at the end of WAL
        found = []
        for line in done.stdout.splitlines():
            m = re.match(r'rmgr: (\S+) .* tx: +(\d+), lsn: (\w+)/(\w+), prev \S+, desc: (\w+)', line)
            if m:
                found.append((int(m[3], 16) << 32 | int(m[4], 16), m[1] + ' ' + m[5], m[2]))
        ends = [(found[i + 1][0], *found[i][1:]) for i in range(len(found) - 1)]
        keep = re.compile(r'Generic|XLOG|Storage|Transaction|REUSE_PAGE')
        self.all_records = len(ends)
        try:
            self.points = Reader(self.base, self.wal).points([at for at, *_ in found])
        except Fault as e:
            raise Failure(e)
        return [e for e in ends if keep.search(e[1])]

    # --- what a crash leaves ---

    def cut(self, to, lsn, grown=None):
        """grown: (file, blocks) that was made longer, with zeros, whatever WAL says."""
        copy_tree(self.base, to, lambda d, names: names if d.endswith('pg_wal') else [])
        os.makedirs(os.path.join(to, 'pg_wal', 'archive_status'), exist_ok=True)
        for name in sorted(os.listdir(self.wal)):
            if not re.fullmatch(r'[0-9A-F]{24}', name):
                continue
            start = (int(name[8:16], 16) << 32) + int(name[16:], 16) * SEGMENT
            if start >= lsn:
                continue
            with open(os.path.join(self.wal, name), 'rb') as f:
                bytes_ = f.read()[:lsn - start]
            with open(os.path.join(to, 'pg_wal', name), 'wb') as f:
                f.write(bytes_ + b'\0' * (SEGMENT - len(bytes_)))
        if grown:
            path = os.path.join(to, grown[0])
            have = os.path.getsize(path) if os.path.exists(path) else 0
            with open(path, 'ab') as f:
                f.truncate(max(have, grown[1] * BLOCK))

    def mix(self, image, to, rng):
        """Nothing that was written since the checkpoint need be on disk."""
        copy_tree(image, to)
        share = rng.choice((0, 0.2, 0.5, 0.8))
        for top, folders, names in os.walk(os.path.join(to, 'base')):
            old = os.path.join(self.base, os.path.relpath(top, to))
            if folders or UNCHANGED.match(top):
                continue
            for name in sorted(set(names) | set(os.listdir(old))):
                if re.fullmatch(r'\d+(_fsm|_vm)?(\.\d+)?', name):
                    self.mix_file(os.path.join(old, name), os.path.join(top, name), share, rng)
        for name in os.listdir(os.path.join(to, 'pg_xact')):
            self.mix_file(os.path.join(self.base, 'pg_xact', name), os.path.join(to, 'pg_xact', name), share, rng)

    @staticmethod
    def mix_file(old, new, share, rng):
        def read(path):
            if not os.path.exists(path):
                return b''
            with open(path, 'rb') as f:
                return f.read()

        if os.path.exists(old) and not os.path.exists(new) and rng.random() < 0.5:
            return                      # the file went, and is not back
        before, after = read(old), read(new)
        if before == after:
            return
        blocks = []
        length = max(len(before), len(after)) if len(after) < len(before) else \
            rng.choice((len(before), len(after), rng.randint(len(before) // BLOCK, len(after) // BLOCK) * BLOCK))
        for at in range(0, length, BLOCK):
            a = before[at:at + BLOCK] or b'\0' * BLOCK
            b = after[at:at + BLOCK] or a
            half = BLOCK // 2
            blocks.append(b if rng.random() < share else
                          rng.choice((a, a, a, a[:half] + b[half:], b[:half] + a[half:])))
        if len(after) < len(before) and rng.random() < 0.5:
            del blocks[len(after) // BLOCK:]
        with open(new, 'wb') as f:
            f.write(b''.join(blocks))

    # --- recovery ---

    def check(self, data, what, acknowledged):
        server = Server(self.args, 'recovered')
        server.data = data
        if os.path.exists(server.log):
            os.unlink(server.log)
        self.tried += 1
        try:
            server.start()
            k = self.look(server, acknowledged)
            self.seen.add(k)
            if not self.args.full or self.tried % 10 == 0:
                left = self.go_on(server)
                if self.tried % 3 == 0:
                    server.quit()
                    server.start()
                    self.still(server, left)
        except (Failure, psycopg2.Error) as e:
            self.failed += 1
            print(f'# FAILED: {what}: {e}', flush=True)
            server.stop('immediate')
            if self.failed <= 3:        # to look at, as it was before recovery
                print(f'#   {server.tail()}'.replace('\n', '\n#   '))
            return False
        server.quit()
        return True

    def connect(self, server):
        connection = psycopg2.connect(server.dsn)
        connection.autocommit = True
        cursor = connection.cursor()

        def sql(text):
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else None
        return connection, sql

    def expect(self, got, want, what):
        if got != want:
            raise Failure(f'{what}: {got}, expected {want}')

    def sound(self, sql, when):
        for table in 'op':
            self.expect(sql(f"SELECT * FROM olap.verify('{table}')"), [], f'{when}: olap.verify({table})')

    def look(self, server, acknowledged):
        connection, sql = self.connect(server)
        (k,), = sql('SELECT max(k) FROM done')
        if k < acknowledged:
            raise Failure(f'transaction {acknowledged} was acknowledged, the last is {k}')
        self.sound(sql, 'after recovery')
        for table, want in zip('op', self.workload.states[k]):
            self.expect(sql(STATE.format(table))[0], want, f'{table} after transaction {k}')
        sql('SET enable_seqscan = off; SET olap.enable_scan = off')
        self.expect(sql(STATE.format('o') + ' WHERE id > 0')[0], self.workload.states[k][0], f'o by index, transaction {k}')
        connection.close()
        return k

    def go_on(self, server):
        connection, sql = self.connect(server)
        for table in 'op':
            (n,), = sql(f'SELECT count(*) FROM {table}')
            sql(f'INSERT INTO {table} SELECT {ROW} FROM generate_series(100001, 104500) g')
            sql(f'INSERT INTO {table} SELECT {ROW} FROM generate_series(104501, 104520) g')
            sql(f'UPDATE {table} SET v = v + 1 WHERE id BETWEEN 104490 AND 104510')
            sql(f'DELETE FROM {table} WHERE id BETWEEN 100001 AND 100100 OR id = 104520')
            self.expect(sql(f'SELECT count(*) FROM {table}'), [(n + 4419,)], f'rows of {table} after more writes')
            sql(f"CALL olap.compact('{table}')")
            sql(f'VACUUM {table}')
            sql(f'INSERT INTO {table} SELECT {ROW} FROM generate_series(200001, 204500) g')
            sql(f"CALL olap.compact('{table}')")
            self.expect(sql(f'SELECT count(*) FROM {table}'), [(n + 8919,)], f'rows of {table} in used space')
        self.sound(sql, 'after more writes')
        left = [sql(STATE.format(t))[0] for t in 'op']
        connection.close()
        return left

    def still(self, server, left):
        connection, sql = self.connect(server)
        for table, want in zip('op', left):
            self.expect(sql(STATE.format(table))[0], want, f'{table} after one more crash')
        self.sound(sql, 'after one more crash')
        connection.close()

    # --- all of it ---

    def one(self, what, make, acknowledged):
        data = os.path.join(self.args.dir, 'crashed')
        shutil.rmtree(data, ignore_errors=True)
        make(data)
        self.check(data, what, acknowledged)
        if self.failed >= 10:
            raise Failure('too many failures')

    def choose(self, records):
        """As many of each transaction, and of what has none: large ones are not all there is."""
        groups = collections.defaultdict(list)
        for record in records:
            groups[record[2]].append(record)
        chosen = set()
        while len(chosen) < min(self.args.cuts, len(records)):
            chosen.add(self.rng.choice(self.rng.choice(sorted(groups.values()))))
        return sorted(chosen)

    def choose_points(self):
        """Records of every kind; one that does several things serves for all of them."""
        if self.args.full:
            return self.points
        chosen = []
        pools = {}
        for point in POINTS:
            does = [r for r in self.points if point in r.points]
            pools[point] = [r for r in does if r.grown] or does
        for pool in sorted(pools.values(), key=len):
            left = [r for r in pool if r not in chosen]
            chosen += self.rng.sample(left, min(len(left), max(0, self.args.points - len(pool) + len(left))))
        return sorted(chosen)

    def try_cut(self, lsn, what, grown=None):
        known = max([k for at, k in self.workload.acknowledged if at <= lsn], default=0)
        self.one(f'cut at {lsn >> 32:X}/{lsn & 0xffffffff:X} ({what})', lambda to: self.cut(to, lsn, grown), known)

    def point_cuts(self):
        chosen = self.choose_points()
        cuts = {}                       # what is where
        tried = collections.Counter()
        for record in chosen:
            for side, lsn, grown in ('before', record.start, record.grown), ('after', record.end, None):
                cuts.setdefault((lsn, grown), []).append(f'{side} {" + ".join(record.points)}')
                tried.update((point, side) for point in record.points)
        for lsn, grown in sorted(cuts, key=str):
            self.try_cut(lsn, ', '.join(cuts[lsn, grown]) + (', file grown' if grown else ''), grown)
        for point, meaning in POINTS.items():
            n = sum(point in r.points for r in self.points)
            grown = sum(bool(r.grown) and point in r.points for r in chosen)
            print(f'# point "{point}" ({meaning}): {n} records, cuts: {tried[point, "before"]} before, '
                  f'{grown} of them with the file grown, {tried[point, "after"]} after', flush=True)
        return len(cuts)

    def cuts(self):
        records = self.records()
        chosen = records if self.args.full else self.choose(records)
        counts = collections.Counter(what for _, what, _ in records)
        print('# ' + ', '.join(f'{n} {what}' for what, n in counts.most_common(12)))
        started = time.time()
        n = self.point_cuts()
        print(f'# {n} cuts at points: {time.time() - started:.1f} s', flush=True)
        print(f'# {self.all_records} WAL records, {len(records)} of them change storage; {len(chosen)} cuts', flush=True)
        for n, (end, what, _) in enumerate(chosen):
            inside = self.rng.random() < 0.1
            self.try_cut(end - 8 if inside else end, what + (', torn' if inside else ''))
            if n % 100 == 99:
                print(f'# {n + 1} cuts, {self.failed} failed', flush=True)

    def run(self):
        started = time.time()
        self.work()
        print(f'# workload: {self.workload.k} transactions, {time.time() - started:.1f} s', flush=True)
        started = time.time()
        self.cuts()
        print(f'# cuts: {time.time() - started:.1f} s, states met: {len(self.seen)}', flush=True)
        started = time.time()
        for image, acknowledged in self.images:
            for mix in range(2):
                rng = random.Random(f'{self.args.seed} {image[-3:]} {mix}')
                self.one(f'{os.path.basename(image)} mix {mix}', lambda to: self.mix(image, to, rng), acknowledged)
        print(f'# images: {len(self.images)}, {time.time() - started:.1f} s')
        print(f'# {self.tried} recoveries, {self.failed} failed')


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--bindir', required=True)
    p.add_argument('--dir', required=True, help='a folder for all of it')
    p.add_argument('--sockets', required=True, help='a folder with a short name')
    p.add_argument('--port', default='5432')
    p.add_argument('--cuts', type=int, default=40)
    p.add_argument('--points', type=int, default=2)
    p.add_argument('--full', action='store_true')
    p.add_argument('--images', type=int, default=6)
    p.add_argument('--seed', type=int, default=random.randrange(10 ** 6))
    args = p.parse_args()
    print(f'# power loss: seed {args.seed}', flush=True)
    test = Test(args)
    try:
        test.run()
    except Failure as e:
        print(f'# {e}')
        sys.exit(1)
    finally:
        if hasattr(test, 'server'):
            test.server.stop('immediate')
    sys.exit(1 if test.failed else 0)


if __name__ == '__main__':
    main()
