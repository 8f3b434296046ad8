"""Plays statements on both twins: in one session, or interleaved in several.

In several sessions a statement runs in a thread of its own until it is done or
waits for another session's lock; both twins must agree which. At most one session
waits at a time: a second one is cancelled. So each step ends in a state that does
not depend on timing, and a list of steps can be played again.
"""

from engine import LOST, Refused, Undecided

NO_OLAP_TABLE = '42809'
UNDEFINED = '42P01'
CANCELED = '57014'
UNSERIALIZABLE = '40001'


class Player:
    def __init__(self, pair, several):
        self.pair = pair
        self.several = several
        self.pending = {}           # session -> (step, {twin: future})
        self.serializable = False
        self.outcome = None         # the olap twin's last

    def play(self, step):
        """Run in both; None or what differs. Raises Refused, Undecided."""
        self.serializable = self.serializable or 'SERIALIZABLE' in step.sql
        if step.session in self.pending:
            return None             # only when a shortened list is played
        if step.cls == 'compact':
            return self.compact(step) or self.settle_pending()
        if not self.several:
            return self.pair.run(step)
        difference = self.interleaved(step)
        return difference or self.settle_pending()

    def interleaved(self, step):
        outcomes, futures = {}, {}
        for twin in self.pair.twins:
            futures[twin] = twin.start(step)
            outcomes[twin] = twin.settle(step.session, futures[twin])
            if twin is self.pair.olap and outcomes[twin] and self.pair.spare(step, outcomes[twin]):
                raise Refused
        waiting = [t for t in self.pair.twins if outcomes[t] is None]
        if waiting:
            self.pending[step.session] = (step, futures)
            if len(waiting) == 1:
                return self.one_waits(step.session, outcomes)
            if len(self.pending) > 1:
                return self.cancel(step.session)
            return None
        return self.compare(step, outcomes)

    def compact(self, step):
        """Only olap tables can be compacted; it must change nothing to be seen."""
        twin = self.pair.olap
        if not twin.olap or twin.in_transaction(step.session):
            return None
        future = twin.start(step)
        outcome = twin.settle(step.session, future)
        if outcome is None:
            twin.cancel(step.session)
            outcome = future.result(timeout=60)
        if outcome.state not in (None, NO_OLAP_TABLE, UNDEFINED, CANCELED):
            return f'olap: {outcome}'
        return None

    def one_waits(self, session, outcomes):
        done = next(t for t in self.pair.twins if outcomes[t] is not None)
        # nor at which statement one fails that must: rows of a COPY are looked at for
        # conflicts when they are written, which may be before the next statement's locks
        if self.serializable and 'among transactions' in outcomes[done].message:
            raise Undecided(f'one waits for a lock; {done.name}: {outcomes[done]}')
        # a row of another's open transaction and one changed behind the snapshot: in
        # which order a statement comes across them is not laid down
        if outcomes[done].state == UNSERIALIZABLE and self.fails_as_well(session, outcomes):
            raise Undecided(f'one waits for a lock before it fails; {done.name}: {outcomes[done]}')
        return f'{"heap" if done is self.pair.olap else "olap"} waits for a lock; ' \
            f'{done.name}: {outcomes[done]}'

    def fails_as_well(self, session, outcomes):
        """Does the waiting one fail too, once nobody is in its way? Ends the others' transactions."""
        waiting = next(t for t in self.pair.twins if outcomes[t] is None)
        if len(self.pending) > 1:
            return False
        for other in list(waiting.sessions):
            if other != session and waiting.in_transaction(other):
                rollback = type(self.pending[session][0])('txn', 'ROLLBACK')
                rollback.session = other
                waiting.start(rollback).result(timeout=60)
        return self.pending[session][1][waiting].result(timeout=60).state == UNSERIALIZABLE

    def compare(self, step, outcomes):
        theirs, ours = outcomes[self.pair.heap], outcomes[self.pair.olap]
        if ours.state == LOST:
            return f'olap loses the connection: {ours.message}'
        # which of several serializable transactions fails is not laid down
        if self.serializable and theirs.state != ours.state and \
                'among transactions' in theirs.message + ours.message:
            raise Undecided(f'heap: {theirs}; olap: {ours}')
        # nor at which of its rows a statement of one fails, and so how many took a number
        if ours.state == UNSERIALIZABLE and 'among transactions' in ours.message and \
                self.pair.heap.sequences() != self.pair.olap.sequences():
            raise Undecided(f'sequences differ behind {ours}')
        difference = self.pair.compare(step, theirs, ours)
        # a join that takes a key for unique stops at the first match of whichever side
        # its plan has inside
        if difference and not (theirs.state or ours.state) and self.pair.heap.sees_doubles(step.session):
            raise Undecided(f'a snapshot sees two rows of a unique key; {difference}')
        return difference

    def settle_pending(self):
        for session in list(self.pending):
            step, futures = self.pending[session]
            outcomes = {t: t.settle(session, futures[t]) for t in self.pair.twins}
            waiting = [t for t in self.pair.twins if outcomes[t] is None]
            if len(waiting) == 1:
                return 'after waiting, ' + self.one_waits(session, outcomes)
            if not waiting:
                del self.pending[session]
                difference = self.compare(step, outcomes)
                if difference:
                    return 'after waiting, ' + difference
        return None

    def cancel(self, session):
        step, futures = self.pending.pop(session)
        outcomes = {}
        for twin in self.pair.twins:
            twin.cancel(session)
            outcomes[twin] = futures[twin].result(timeout=60)
        return self.compare(step, outcomes)

    def abandon(self):
        """Leave no thread behind that waits for a lock."""
        for session, (_, futures) in self.pending.items():
            for twin, future in futures.items():
                try:
                    twin.cancel(session)
                    future.result(timeout=60)
                except Exception:
                    pass
        self.pending = {}
