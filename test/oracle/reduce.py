"""Make a failing list of statements short while it still fails the same way.

First whole statements go, halves before quarters before single ones; then tokens
and balanced parentheses of each statement that is left. A cut that makes no SQL
fails alike in both twins, so nothing here needs to know the grammar.
"""

import copy
import re
import time

from engine import Refused, Undecided
from player import Player

TOKEN = re.compile(r"\$\w*\$.*?\$\w*\$|'(?:[^']|'')*'|\"[^\"]*\"|\{[^{}]*\}|\w+|::|[<>=!|@&~?]+|\s+|.", re.S)


def kind(difference):
    """What must stay the same: the SQLSTATEs, or that rows differ."""
    states = re.findall(r'(heap|olap): ([0-9A-Z]{5}) ', difference)
    if states:
        return tuple(sorted(states))
    for word in ('loses the connection', 'waits for a lock'):
        if word in difference:
            return word
    return 'rows'


class Reducer:
    def __init__(self, pair, several, revive, seconds):
        self.pair = pair
        self.several = several
        self.revive = revive        # brings a crashed server back
        self.deadline = time.monotonic() + seconds
        self.tries = 0

    def play(self, steps):
        """The steps up to the first difference and its text, or None."""
        self.tries += 1
        self.pair.reset()
        player = Player(self.pair, self.several)
        try:
            for i, step in enumerate(steps):
                try:
                    difference = player.play(step)
                except Refused:
                    continue
                except Undecided:
                    return None
                if difference:
                    return steps[:i + 1], difference
            return None
        finally:
            player.abandon()
            self.revive()

    def reduce(self, steps, difference):
        """(steps, difference), or None if it does not happen again."""
        self.kind = kind(difference)
        again = self.play(steps)
        if not again or kind(again[1]) != self.kind:
            return None
        self.best, self.text = again
        self.drop_steps()
        for i in range(len(self.best) - 1, -1, -1):
            if i < len(self.best):
                self.shorten(i)
        self.drop_steps()
        return self.best, self.text

    def try_steps(self, steps):
        if time.monotonic() > self.deadline:
            return False
        found = self.play(steps)
        if found and kind(found[1]) == self.kind:
            self.best, self.text = found
            return True
        return False

    def drop_steps(self):
        size = max(len(self.best) // 2, 1)
        while True:
            end = len(self.best) - 1            # the last statement shows the difference
            while end > 0:
                start = max(end - size, 0)
                if time.monotonic() > self.deadline:
                    return
                if self.try_steps(self.best[:start] + self.best[end:]):
                    start = min(start, len(self.best) - 1)
                end = start
            if size == 1:
                return
            size = max(size // 2, 1)

    def shorten(self, i):
        if self.best[i].copy:
            self.cut(i, lambda s: s.copy.splitlines(True), lambda s, parts: setattr(s, 'copy', ''.join(parts)))
        self.cut(i, lambda s: TOKEN.findall(s.sql), lambda s, parts: setattr(s, 'sql', ''.join(parts)), groups=True)

    def cut(self, i, split, join, groups=False):
        """Drop runs of parts of statement i."""
        def attempt(parts):
            step = copy.copy(self.best[i])
            join(step, parts)
            return self.try_steps(self.best[:i] + [step] + self.best[i + 1:])

        size = max(len(split(self.best[i])) // 2, 1)
        while size:
            parts = split(self.best[i])
            at = 0
            while at < len(parts):
                if time.monotonic() > self.deadline:
                    return
                end = at + size
                if groups and parts[at] == '(' and size == 1:
                    end = closing(parts, at)
                if balanced(parts[at:end]) and not ''.join(parts[at:end]).isspace() and \
                        attempt(parts[:at] + parts[end:]) and i < len(self.best):
                    parts = parts[:at] + parts[end:]
                else:
                    at += size
                if i >= len(self.best):
                    return
            size //= 2


def closing(parts, at):
    depth = 0
    for j in range(at, len(parts)):
        depth += (parts[j] == '(') - (parts[j] == ')')
        if depth == 0:
            return j + 1
    return at + 1


def balanced(parts):
    depth = 0
    for p in parts:
        depth += (p == '(') - (p == ')')
        if depth < 0:
            return False
    return depth == 0


def script(steps, title, several, prelude):
    """A psql script: -v am=heap or -v am=olap."""
    out = ['-- ' + line for line in title.split('\n')]
    out += ['-- Run with psql -v am=heap, then with -v am=olap.', '\\set ON_ERROR_STOP off',
            'CREATE EXTENSION IF NOT EXISTS olap;', 'SET default_table_access_method = :"am";',
            'CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;',
            "SELECT CASE :'am' WHEN 'heap' THEN 'other_heap' ELSE 'heap' END AS other \\gset"]
    out += [s + ';' for s in prelude]
    last = None
    for step in steps:
        if several and step.session != last:
            last = step.session
            out.append(f'-- session {last}')
        sql = step.sql.replace('{AM}', ':am').replace('{OTHER}', ':other').replace('{TWIN}', 'twin')
        sql = re.sub(r'\{OPTIONS ([^{}]*)\}', r'/* olap only: */ \1', sql)
        sql = re.sub(r'\{COMPACT ([^{}]*)\}', r"CALL olap.compact('\1') /* olap only */", sql)
        out.append(sql + ';')
        if step.copy is not None and sql.endswith('STDOUT') is False:
            out.append(step.copy + '\\.')
    return '\n'.join(out) + '\n'
