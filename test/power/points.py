"""Where a crash is most likely to hurt: between the steps of taking and giving back space.

Every record since the checkpoint is replayed and named by what it does to metapage,
directory and range log (src/segment/directory.h, src/delta/rangelog_page.h).
"""

import collections
import struct

from walread import BLOCK, GENERIC, SMGR, SMGR_TRUNCATE, XLOG, Tables, Wal

NONE = 0xffffffff
META, DIRECTORY = 1, 2
LOG = (6, 7, 8)
LOG_HEAD = 7
COMPLETE, DEAD, SEALED = 0x0001, 0x0002, 0x0020
ENTRIES = 127

# What a record can do, that is the cuts before and after it.  Those of the first four
# before which the file was grown already are tried with the longer file.
POINTS = {
    'reserve, then extend': 'blocks behind the end of the file are handed out, it is grown next',
    'extend': 'the first page in blocks that were handed out, and that the file was grown by, before',
    'extend, then reserve': 'a page is handed out in the record that writes it, the file was grown before',
    'log page': 'the same for a page of the range log',
    'reserve from the free list': 'blocks that were used before are handed out',
    'append': 'an entry comes into the directory',
    'complete': 'all pages of an entry are written',
    'stamp': 'an entry gets the transaction that replaced it',
    'seal': 'a run of delta pages takes no more rows',
    'bury': 'an entry is marked dead',
    'free': 'an entry leaves the directory, and its blocks go to the free list or shorten what is used',
    'free log page': 'the same for a page of the range log',
    'fold': 'bits of deleted rows take the place of records',
    'truncate': 'the file is cut',
}

Meta = collections.namedtuple('Meta', 'high_water free')
Entry = collections.namedtuple('Entry', 'xmin cmin xmax cmax id kind flags first nblocks')

# a record that does something; grown: (file, blocks) that the file may have had before it
Record = collections.namedtuple('Record', 'start end points grown')


def kind(page):
    return struct.unpack_from('<H', page, BLOCK - 8)[0]


def meta_of(page):
    if kind(page) != META:
        return Meta(1, 0)
    high_water, = struct.unpack_from('<I', page, 24 + 16)
    free, = struct.unpack_from('<I', page, 24 + 112 + 4)
    return Meta(high_water, free)


def entries_of(page):
    """The entries by slot; a page that was something else has none."""
    if kind(page) != DIRECTORY:
        return [Entry(*[0] * 9)] * ENTRIES
    return [Entry(*struct.unpack_from('<IIIIIHHII', page, 24 + 24 + 64 * i)) for i in range(ENTRIES)]


def blocks_of(entry):
    return entry.nblocks if entry.first != NONE else 0


def dead_rows(page):
    return struct.unpack_from('<H', page, 24 + 6)[0]


class Fault(Exception):
    pass


class Reader:
    """Names the records; raises Fault if one does half of what belongs together."""

    def __init__(self, base, wal):
        self.wal = Wal(wal)
        self.tables = Tables(base)
        self.truncated = set()          # relations whose blocks before do not tell what comes

    def points(self, starts):
        found = []
        for start, end in zip(starts, starts[1:]):
            rmgr, info, blocks, main = self.wal.record(start)
            if rmgr == SMGR and info == SMGR_TRUNCATE:
                record = self.truncate(main)
            elif rmgr in (GENERIC, XLOG):
                record = self.change(blocks)
            else:
                continue
            points, grown = record
            if points:
                found.append(Record(start, end, points, grown))
        return found

    def truncate(self, main):
        nblocks, *relation = struct.unpack_from('<IIII', main)
        relation = tuple(relation)
        olap = self.tables.is_olap(relation)
        self.tables.truncate(relation, nblocks)
        self.truncated.add(relation)
        return (['truncate'] if olap else []), None

    def change(self, blocks):
        """(points of a record that writes these blocks, by how much the file was grown)"""
        if not blocks:
            return [], None
        relation = blocks[0][0]
        size = self.tables.size(relation)
        changed = {block: pages for (r, block), pages in self.tables.apply(blocks).items() if r == relation}
        if not self.tables.is_olap(relation):
            return [], None
        before, after = map(meta_of, changed.get(0, (self.tables.page(relation, 0),) * 2))
        taken = (after.high_water - after.free) - (before.high_water - before.free)
        points = self.entries(relation, changed, taken)
        new = max(changed)
        grown = None
        if new >= size and new > 0:
            points.add('extend, then reserve' if 0 in changed else 'extend')
            if relation not in self.truncated:
                grown = self.tables.path(relation), new + 1
        elif after.high_water > max(before.high_water, size):
            points.add('reserve, then extend')
        elif taken > 0:
            points.add('reserve from the free list')
        logs = [pages for pages in changed.values() if kind(pages[1]) in LOG]
        if logs and taken:
            points.add('log page' if taken > 0 else 'free log page')
        elif taken < 0 and 'free' not in points:
            raise Fault(f'a record gives {-taken} blocks back that it does not take from anything')
        if any(kind(b) == LOG_HEAD and dead_rows(b) < dead_rows(a) for b, a in logs):
            points.add('fold')
        return sorted(points), grown

    def entries(self, relation, changed, taken):
        """What becomes of entries; whose blocks must be taken, or given back, by the same record."""
        owned, points = 0, set()
        for before, after in changed.values():
            if kind(after) == DIRECTORY:
                for b, a in zip(entries_of(before), entries_of(after)):
                    owned += blocks_of(a) - blocks_of(b)
                    points.update(self.entry(b, a))
        if owned < 0 and taken != owned or owned > max(taken, 0):
            raise Fault(f'entries and free list in two records: one changes the blocks of entries by {owned}, those in use by {taken}')
        return points

    @staticmethod
    def entry(b, a):
        if a == b:
            return []
        if a.id != b.id:
            return ['append'] if a.id else ['free']
        flags = a.flags & ~b.flags
        return [point for point, does in (('complete', flags & COMPLETE), ('seal', flags & SEALED),
                                          ('bury', flags & DEAD), ('stamp', a.xmax and not b.xmax)) if does]
