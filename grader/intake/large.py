"""A notebook's bytes without its outputs, where they are too many to be read as JSON.

A string in JSON holds no bare quotation mark: what looks like the key `"outputs"` is one.
"""

from __future__ import annotations

import re

SKIPPED = re.compile(rb'"(?:outputs|attachments|widgets)"\s*+:\s*+(?=[\[{])')
# Possessive: linear in whatever arrives, and plain numbers, however many, are one token.
TOKEN = re.compile(rb'[^"\[\]{}]*+(?:"(?:[^"\\]++|\\.)*+"|[\[\]{}])', re.DOTALL)
MAX_TOKENS = 4_000_000   # strings and brackets: a few seconds


class Damaged(Exception):  # noqa: N818 - the name is the statement
    """What is to be skipped has no end, or is of more parts than any notebook's."""


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
