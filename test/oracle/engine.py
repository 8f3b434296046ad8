"""The twins: two databases that run the same statements, and the comparison.

Each twin has a database of its own whose default_table_access_method is the
twin's, so that both run the very same text.  The olap twin goes first: what it
refuses today (feature_not_supported, and the class of the statement is on the
refused list) the heap twin is spared.
"""

import concurrent.futures
import io
import re
import time

import psycopg2
import psycopg2.extensions as ext

import model

BLOCKED = 'blocked'
LOST = 'lost'                   # the connection broke: the server crashed
DEADLOCK_MS = 10
TIMEOUT_S = 20
STABLE_S = 0.03                 # blocked this long: the deadlock check has passed

# Answers as the server's text, whatever the type.
RAW = ext.new_type(tuple(o for o in ext.string_types), 'RAW', lambda v, cur: v)


class Outcome:
    """What a statement answered: an error's SQLSTATE, or tag and rows."""
    __slots__ = ('state', 'tag', 'rows', 'types', 'message')

    def __init__(self, state=None, tag=None, rows=None, types=None, message=''):
        self.state = state
        self.tag = tag
        self.rows = rows
        self.types = types
        self.message = message

    def __str__(self):
        if self.state:
            return f'{self.state} {self.message}'
        rows = '' if self.rows is None else f', {len(self.rows)} rows'
        return f'{self.tag}{rows}'


# A query for each unique key that finds one that is there twice.
UNIQUE_KEYS = """
SELECT format('SELECT 1 FROM %s WHERE (%s) IS NOT NULL GROUP BY %2$s HAVING count(*) > 1 LIMIT 1', indrelid::regclass,
    (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1])))
FROM pg_index JOIN pg_class c ON c.oid = indrelid
WHERE indisunique AND indexprs IS NULL AND indpred IS NULL AND relnamespace = 'twin'::regnamespace
"""


class Twin:
    def __init__(self, name, am, dsn, with_olap, prefix='twin'):
        self.database = f'{prefix}_{name}'
        self.name = name
        self.am = am
        self.olap = with_olap and am == 'olap'
        self.dsn = dsn
        self.sessions = {}
        self.workers = {}
        self.control_connection = None

    # --- setting up ----------------------------------------------------------

    def create(self):
        """A new database, with everything set that RESET ALL shall keep."""
        admin = psycopg2.connect(self.dsn)
        admin.autocommit = True
        with admin.cursor() as c:
            c.execute(f'DROP DATABASE IF EXISTS {self.database} WITH (FORCE)')
            c.execute(f'CREATE DATABASE {self.database}')
            for setting in ['search_path = twin, public',
                            f"deadlock_timeout = '{DEADLOCK_MS}ms'", f"statement_timeout = '{TIMEOUT_S}s'",
                            'client_min_messages = error', "timezone = 'UTC'", "datestyle = 'ISO'", 'jit = off',
                            'extra_float_digits = 1', "bytea_output = 'hex'", "synchronous_commit = off"]:
                c.execute(f'ALTER DATABASE {self.database} SET {setting}')
        admin.close()
        if self.olap:
            self.control('CREATE EXTENSION olap SCHEMA public')
        self.control('CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler')
        self.control(f"ALTER DATABASE {self.database} SET default_table_access_method = '{self.am}'")
        self.control_connection.close()

    def connect(self):
        connection = psycopg2.connect(self.dsn, dbname=self.database)
        connection.autocommit = True
        ext.register_type(RAW, connection)
        return connection

    def control(self, sql):
        """On a connection that the generated statements do not use."""
        if self.control_connection is None or self.control_connection.closed:
            self.control_connection = self.connect()
        with self.control_connection.cursor() as c:
            c.execute(sql)
            return c.fetchall() if c.description else None

    def drop_twophase(self):
        for (gid,) in self.control("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
            self.control(f"ROLLBACK PREPARED '{gid}'")

    def reset(self):
        """An empty schema, and new sessions."""
        for connection in self.sessions.values():
            if connection.info.transaction_status == ext.TRANSACTION_STATUS_ACTIVE:
                connection.cancel()
            connection.close()
        self.sessions = {}
        self.drop_twophase()
        # a session that was closed within a statement may still hold locks for a moment
        for attempt in range(10):
            try:
                self.control('DROP SCHEMA IF EXISTS twin CASCADE')
                break
            except psycopg2.errors.DeadlockDetected:
                if attempt == 9:
                    raise
        self.control('CREATE SCHEMA twin')

    def session(self, n):
        if n not in self.sessions:
            self.sessions[n] = self.connect()
        return self.sessions[n]

    def close(self):
        for connection in list(self.sessions.values()) + [self.control_connection]:
            if connection:
                connection.close()
        self.sessions = {}
        self.control_connection = None
        for worker in self.workers.values():
            worker.shutdown(wait=False)

    # --- running -----------------------------------------------------------

    def text(self, sql):
        """A statement's text for this twin."""
        if '{' not in sql:
            return sql
        other = 'other_heap' if self.am == 'heap' else 'heap'
        sql = sql.replace('{AM}', self.am).replace('{OTHER}', other).replace('{TWIN}', self.database)
        sql = re.sub(r"\{OPTIONS ([^{}]*)\}", r'\1' if self.olap else '', sql)
        return re.sub(r"\{COMPACT ([^{}]*)\}", r"CALL olap.compact('\1')", sql)

    def run(self, step):
        connection = self.session(step.session)
        cursor = connection.cursor()
        try:
            if step.copy is None:
                cursor.execute(self.text(step.sql))
                rows = cursor.fetchall() if cursor.description else None
                types = [d[1] for d in cursor.description] if rows is not None else None
            else:
                buffer = io.StringIO(step.copy)
                cursor.copy_expert(self.text(step.sql), buffer)
                rows = types = None
                if step.sql.endswith('STDOUT'):
                    rows = [(line,) for line in buffer.getvalue().split('\n')]
            return Outcome(tag=cursor.statusmessage, rows=rows, types=types)
        except psycopg2.Error as e:
            if connection.closed or e.pgcode is None or e.pgcode in ('57P01', '57P02', '57P03'):
                return Outcome(LOST, message=str(e).strip())
            return Outcome(e.pgcode, message=str(e).split('\n')[0])
        finally:
            cursor.close()

    def in_transaction(self, session):
        """None, 'open' or 'failed'."""
        connection = self.sessions.get(session)
        if connection is None or connection.closed:
            return None
        status = connection.info.transaction_status
        return {ext.TRANSACTION_STATUS_INTRANS: 'open', ext.TRANSACTION_STATUS_INERROR: 'failed'}.get(status)

    def start(self, step):
        """Run in a thread; the result is a future."""
        worker = self.workers.get(step.session)
        if worker is None:
            worker = self.workers[step.session] = concurrent.futures.ThreadPoolExecutor(1)
        self.session(step.session)
        return worker.submit(self.run, step)

    def settle(self, session, future):
        """Wait until the statement is done, or waits for another session's lock."""
        pid = self.sessions[session].info.backend_pid
        since = None
        pause = 0.0005
        while True:
            try:
                return future.result(timeout=pause)
            except concurrent.futures.TimeoutError:
                pass
            blockers = self.control(f"SELECT pg_blocking_pids({pid}) <> '{{}}'")[0][0]
            if blockers in ('t', True):
                since = since or time.monotonic()
                if time.monotonic() - since > STABLE_S:
                    return None
            else:
                since = None
            pause = min(pause * 2, 0.02)

    def cancel(self, session):
        self.control(f'SELECT pg_cancel_backend({self.sessions[session].info.backend_pid})')

    def catalog(self, session):
        cursor = self.session(session).cursor()
        try:
            cursor.execute(model.QUERY)
            return cursor.fetchall()
        finally:
            cursor.close()

    def sequences(self):
        """Where they are, whatever transactions have failed."""
        return self.control('SELECT seqrelid::regclass, pg_sequence_last_value(seqrelid) FROM pg_sequence ORDER BY seqrelid::regclass::text')

    def sees_doubles(self, session):
        """Does its snapshot see two rows of one unique key?

        ON CONFLICT in REPEATABLE READ waits for one who deletes the row in its
        way, and puts in its own; the snapshot sees the old row, too.
        """
        if self.in_transaction(session) != 'open':
            return False
        cursor = self.session(session).cursor()
        try:
            cursor.execute(UNIQUE_KEYS)
            for (query,) in cursor.fetchall():
                cursor.execute(query)
                if cursor.fetchall():
                    return True
            return False
        finally:
            cursor.close()


class Undecided(Exception):
    """The twins part here, and both may be right."""


class Slow(Undecided):
    """A statement took too long in one twin, or in both."""


class Refused(Exception):
    """The olap twin cannot do this yet; the heap twin has not tried."""


class Pair:
    """Both twins."""

    def __init__(self, heap, olap, refused):
        self.heap = heap
        self.olap = olap
        self.twins = (olap, heap)
        self.refused = refused
        self.refusals = {}
        self.errors = {}
        self.times = {}             # class -> seconds in olap, in heap, statements
        self.soft = 0               # errors that may come in either order

    def reset(self):
        for twin in self.twins:
            twin.reset()

    def spare(self, step, outcome):
        """Whether the heap twin is spared the statement that olap refuses."""
        if outcome.state != '0A000' or not self.refused(step.cls, outcome.message):
            return False
        self.refusals[step.cls] = self.refusals.get(step.cls, 0) + 1
        if self.heap.in_transaction(step.session):
            abort = type(step)(step.cls, 'SELECT 1/0')
            abort.session = step.session
            self.heap.run(abort)
        return True

    def run(self, step):
        """Run in both; None or what differs. Raises Refused."""
        t0 = time.perf_counter()
        ours = self.olap.run(step)
        t1 = time.perf_counter()
        if self.spare(step, ours):
            raise Refused
        if ours.state == LOST:
            return f'olap loses the connection: {ours.message}'
        theirs = self.heap.run(step)
        times = self.times.setdefault(step.cls, [0, 0, 0])
        times[0] += t1 - t0
        times[1] += time.perf_counter() - t1
        times[2] += 1
        return self.compare(step, theirs, ours)

    def compare(self, step, theirs, ours):
        if theirs.state:
            count, _ = self.errors.get(theirs.state, (0, ''))
            self.errors[theirs.state] = (count + 1, f'{theirs.message} <- {step.sql[:300]}')
        if '57014' in (theirs.state, ours.state) and 'timeout' in theirs.message + ours.message:
            raise Slow(f'heap: {theirs}; olap: {ours}; {step.sql}')
        if (theirs.state == '54000') != (ours.state == '54000') and 'index row size' in theirs.message + ours.message:
            raise Undecided('how long dead rows stay, and come into a new index, is up to other transactions')
        if (theirs.state == '55006') != (ours.state == '55006'):
            raise Undecided('which indexes an open cursor uses is up to its plan')
        if theirs.state != ours.state:
            if step.multi and theirs.state and ours.state and \
                    theirs.state[:2] in ('22', '23') and ours.state[:2] in ('22', '23'):
                self.soft += 1
                return None
            return f'heap: {theirs}; olap: {ours}'
        if theirs.state:
            return None
        if theirs.tag != ours.tag:
            return f'heap: {theirs}; olap: {ours}'
        if theirs.rows == ours.rows or theirs.rows is None:
            return None
        a, b = theirs.rows, ours.rows
        if step.loose:
            a, b = ([normal(row, theirs.types) for row in rows] for rows in (a, b))
        if not step.ordered:
            a, b = sorted(a, key=sortable), sorted(b, key=sortable)
        if a == b:
            return None
        return describe(a, b)


def sortable(row):
    return tuple((v is None, v or '') for v in row)


FLOATS = {700, 701}
NUMERIC = 1700


def normal(row, types):
    """The row with equal numbers made alike."""
    out = []
    for v, t in zip(row, types):
        if v is not None and (t in FLOATS or t == NUMERIC):
            if t == NUMERIC and '.' in v:
                v = v.rstrip('0').rstrip('.')
            if v in ('-0', '-0.0', ''):
                v = '0'
        out.append(v)
    return tuple(out)


def describe(a, b):
    """Where two lists of rows part."""
    if len(a) != len(b):
        text = f'heap: {len(a)} rows; olap: {len(b)} rows'
    else:
        text = f'{len(a)} rows each'
    for i in range(max(len(a), len(b))):
        x = a[i] if i < len(a) else None
        y = b[i] if i < len(b) else None
        if x != y:
            return f'{text}; first at row {i}: heap {shorten(x)}; olap {shorten(y)}'
    return text


def shorten(row):
    return 'none' if row is None else repr(tuple(v if v is None or len(v) < 60 else v[:57] + '...' for v in row))
