"""WAL records, and what they do to the pages of a table.

pg_waldump says where records begin and who wrote them, but not what a generic record
puts where; so the blocks of each are taken from the WAL itself and replayed here.
"""

import os
import re
import struct

SEGMENT = 1024 * 1024
BLOCK = 8192
HAS_IMAGE, HAS_DATA, SAME_REL = 0x10, 0x20, 0x80    # fork_flags of a block
IMAGE_HOLE, IMAGE_COMPRESSED = 0x01, 0x1c           # bimg_info (15 and later)
GENERIC = 20                                        # resource managers
XLOG, SMGR = 0, 2
FPI = (0xa0, 0xb0)
SMGR_TRUNCATE = 0x20


class Wal:
    """The WAL of one timeline in a folder."""

    def __init__(self, folder):
        self.segments = {}
        for name in os.listdir(folder):
            if re.fullmatch(r'[0-9A-F]{24}', name):
                start = (int(name[8:16], 16) << 32) + int(name[16:], 16) * SEGMENT
                with open(os.path.join(folder, name), 'rb') as f:
                    self.segments[start] = f.read()

    def read(self, lsn, n):
        """n bytes of records from lsn on, without the headers of the pages between them."""
        out = b''
        while len(out) < n:
            at = lsn % SEGMENT
            if at % BLOCK == 0:
                skip = 40 if at == 0 else 24
                at, lsn = at + skip, lsn + skip
            piece = self.segments[lsn - at][at:min(at + n - len(out), (at // BLOCK + 1) * BLOCK)]
            out += piece
            lsn += len(piece)
        return out

    def record(self, lsn):
        """(resource manager, info, [(relation, fork, block, image or None, data)], main data)"""
        length, = struct.unpack('<I', self.read(lsn, 4))
        raw = self.read(lsn, length)
        info, rmgr = raw[16] & 0xf0, raw[17]
        if not (rmgr in (GENERIC, SMGR) or rmgr == XLOG and info in FPI):
            return rmgr, info, [], b''
        at, blocks, payload, main, relation = 24, [], 0, 0, None
        while at + payload + main < length:
            number = raw[at]
            if number in (254, 255):                # the rest is main data
                main = raw[at + 1] if number == 255 else struct.unpack_from('<I', raw, at + 1)[0]
                at += 2 if number == 255 else 5
                break
            if number in (252, 253):                # top transaction, origin
                at += 5 if number == 252 else 3
                continue
            flags, data = raw[at + 1], struct.unpack_from('<H', raw, at + 2)[0]
            at += 4
            image, hole = 0, None
            if flags & HAS_IMAGE:
                image, hole, image_info = struct.unpack_from('<HHB', raw, at)
                at += 5
                assert not image_info & IMAGE_COMPRESSED
            if not flags & SAME_REL:
                relation = struct.unpack_from('<III', raw, at)
                at += 12
            block, = struct.unpack_from('<I', raw, at)
            at += 4
            blocks.append((relation, flags & 0x0f, block, image, hole, data))
            payload += image + data
        found = []
        for relation, fork, block, image, hole, data in blocks:
            page = None
            if image:
                page = raw[at:at + hole] + bytes(BLOCK - image) + raw[at + hole:at + image]
            at += image
            found.append((relation, fork, block, page, raw[at:at + data]))
            at += data
        return rmgr, info, found, raw[at:at + main]


class Tables:
    """Pages of the main forks, as of a checkpoint and then as records change them."""

    def __init__(self, base):
        self.base = base
        self.pages = {}
        self.sizes = {}                             # in blocks

    def path(self, relation):
        return os.path.join('base', str(relation[1]), str(relation[2]))

    def size(self, relation):
        """Blocks of the file; what the checkpoint has of it is read when it is first asked for."""
        if relation not in self.sizes:
            path = os.path.join(self.base, self.path(relation))
            content = b''
            if os.path.exists(path):
                with open(path, 'rb') as f:
                    content = f.read()
            self.sizes[relation] = len(content) // BLOCK
            for block in range(self.sizes[relation]):
                self.pages[relation, block] = content[block * BLOCK:(block + 1) * BLOCK]
        return self.sizes[relation]

    def page(self, relation, block):
        return self.pages[relation, block] if block < self.size(relation) and (relation, block) in self.pages \
            else bytes(BLOCK)

    def truncate(self, relation, blocks):
        self.sizes[relation] = blocks
        for key in [k for k in self.pages if k[0] == relation and k[1] >= blocks]:
            del self.pages[key]

    def is_olap(self, relation):
        return self.page(relation, 0)[24:28] == b'OLAP'

    def apply(self, blocks):
        """Replay a record: {(relation, block): (page before, page after)}."""
        changed = {}
        for relation, fork, block, image, delta in blocks:
            if fork != 0:
                continue
            before = self.page(relation, block)
            after = image if image else patched(before, delta)
            changed[relation, block] = before, after
        for (relation, block), (_, after) in changed.items():
            self.pages[relation, block] = after
            self.sizes[relation] = max(self.size(relation), block + 1)
        return changed


def patched(page, delta):
    """generic_redo(): pieces of (offset, length, bytes)."""
    out, at = bytearray(page), 0
    while at < len(delta):
        offset, length = struct.unpack_from('<HH', delta, at)
        out[offset:offset + length] = delta[at + 4:at + 4 + length]
        at += 4 + length
    lower, upper = struct.unpack_from('<HH', out, 12)
    out[lower:upper] = bytes(max(0, upper - lower))
    return bytes(out)
