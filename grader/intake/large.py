"""A notebook's bytes without its outputs, where they are too many to be read as JSON.

A string in JSON holds no bare quotation mark: what looks like the key `"outputs"` is one.
"""

from __future__ import annotations

import re
from itertools import islice

SKIPPED = re.compile(rb'"(?:outputs|attachments|widgets)"\s*+:\s*+(?=[\[{])')
# Possessive: linear in whatever arrives, and plain numbers, however many, are one token.
TOKEN = re.compile(rb'[^"\[\]{}]*+(?:"(?:[^"\\]++|\\.)*+"|[\[\]{}])', re.DOTALL)
MAX_TOKENS = 4_000_000   # strings and brackets: a few seconds
MAX_PARTS = 500_000      # values of what is read as JSON: each takes up to 250 bytes
PART = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{,]', re.DOTALL)


class Damaged(Exception):  # noqa: N818 - the name is the statement
    """What is to be skipped has no end, or is of more parts than any notebook's."""


def too_many_parts(data: bytes) -> bool:
    """Are there more values than any notebook has? Each but the first follows a bracket or a comma."""
    if sum(map(data.count, (b"[", b"{", b","))) <= MAX_PARTS:  # those within strings too: quickly counted
        return False
    met = islice(PART.finditer(data), 3 * MAX_PARTS)           # and between two strings there is a sign
    return sum(not part[0].startswith(b'"') for part in met) > MAX_PARTS or next(met, None) is not None


def without_outputs(data: bytes) -> bytes:
    """The same notebook, each list of outputs, each cell's attachments and all widgets empty.

    Raises:
        Damaged: they break off.
    """
    kept, at, left = [], 0, MAX_TOKENS
    while (key := SKIPPED.search(data, at)) is not None:
        kept += [data[at:key.end()], b"[]" if data[key.end():key.end() + 1] == b"[" else b"{}"]
        at, left = _end(data, key.end(), left)
    return b"".join([*kept, data[at:]])


def _end(data: bytes, at: int, left: int) -> tuple[int, int]:
    """Where the value ends that begins with a bracket, and how many tokens may still be met."""
    depth = 0
    while left and (token := TOKEN.match(data, at)) is not None:
        left -= 1
        at = token.end()
        last = data[at - 1]
        if last in b"[{":
            depth += 1
        elif last in b"]}":
            depth -= 1
            if depth == 0:
                return at, left
    raise Damaged
