"""A server that is started, killed and started again; and what its clients may meet."""

import os
import re
import signal
import subprocess
import time

import psycopg2

# What a client may be told: a conflict, a deadlock, a lock it did not get, the
# server going away, a server that is not there yet.
EXPECTED = {'40001', '40P01', '55P03', '57P01', '57P02', '57P03'}


def lost(error, connection):
    """A connection that broke gives no SQLSTATE, and is not always marked closed."""
    code = error.pgcode
    if code is None:
        return connection is None or bool(connection.closed) or \
            re.search(r'server closed the connection|could not (receive|send)|no connection', str(error)) is not None
    return code in ('57P01', '57P02', '57P03') or code.startswith('08')


def expected(error, connection):
    return lost(error, connection) or error.pgcode in EXPECTED


class Server:
    def __init__(self, bindir, data, host, port):
        self.bindir, self.data, self.host, self.port = bindir, data, host, port
        self.log = os.path.join(os.path.dirname(os.path.abspath(data)), 'stress-server.log')
        self.dsn = f'host={host} port={port} dbname=postgres application_name='

    def connect(self, name):
        connection = psycopg2.connect(self.dsn + name, connect_timeout=30)
        connection.autocommit = True
        return connection

    def run(self, *args):
        return subprocess.run([os.path.join(self.bindir, args[0]), *args[1:]], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def start(self):
        self.run('pg_ctl', '-D', self.data, '-l', self.log, '-w', '-t', '180', 'start')

    def stop(self, mode='fast'):
        self.run('pg_ctl', '-D', self.data, '-m', mode, '-w', '-t', '180', 'stop')

    def postmaster(self):
        with open(os.path.join(self.data, 'postmaster.pid')) as f:
            return int(f.readline())

    def children(self):
        """Pid and title of every process of the server but the postmaster."""
        out = subprocess.run(['ps', '-o', 'pid=,args=', '--ppid', str(self.postmaster())],
                             capture_output=True, text=True).stdout
        found = []
        for line in out.splitlines():
            pid, title = line.strip().split(None, 1)
            found.append((int(pid), title))
        return found

    def wait_ready(self):
        """Until the server takes connections again after it has restarted itself."""
        deadline = time.time() + 180
        while True:
            try:
                self.connect('wait').close()
                return
            except psycopg2.OperationalError:
                if time.time() > deadline:
                    raise
                time.sleep(0.1)

    def kill(self, kind, rng):
        """Kill something and see that the server runs again; what was killed."""
        children = self.children()
        if kind in ('backend', 'process'):
            clients = [c for c in children if '[local]' in c[1]]
            others = [c for c in children if c not in clients]
            pid, title = rng.choice((clients if kind == 'backend' else others) or children)
            self.signal(pid)
            time.sleep(0.3)
            self.wait_ready()
            return title
        pids = [c[0] for c in children]
        postmaster = self.postmaster()
        if kind == 'immediate':
            self.stop('immediate')
        else:
            self.signal(postmaster)
            if kind == 'everything':
                for pid in pids:
                    self.signal(pid)
            self.wait_gone([postmaster] + pids)
        self.start()
        return kind

    @staticmethod
    def signal(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def wait_gone(self, pids):
        """Children see that their postmaster died when they wait for something."""
        deadline = time.time() + 20
        while any(os.path.exists(f'/proc/{pid}') for pid in pids):
            if time.time() > deadline:
                for pid in pids:
                    self.signal(pid)
            time.sleep(0.05)

    def log_faults(self):
        """Lines of the server's log that no kill explains (%e is in the prefix)."""
        faults = []
        with open(self.log, errors='replace') as f:
            for line in f:
                m = re.match(r'\S+ \S+ \S+ \[\d+\] (\w{5}) (\w+): ', line)
                if m is None:
                    if 'TRAP:' in line:
                        faults.append(line.strip())
                    continue
                code, level = m.groups()
                if level == 'PANIC' or code in ('XX001', 'XX002') or (
                        level in ('ERROR', 'FATAL') and code not in EXPECTED and not code.startswith('08') and
                        'canceling autovacuum task' not in line):
                    faults.append(line.strip())
        return faults
