"""Whatever bytes arrive, a reader answers with a record or with one line: never a traceback, never a hang.

A few examples of each in `make test`; `make fuzz` makes FUZZ of them.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ", "25"))
# an example removes what the one before it has written
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
# What readers stumble over: lone surrogates, ends of lines, marks of direction, signs of every grammar here.
TEXT = st.one_of(
    st.text(max_size=40), st.text(alphabet="\ud800\u2028\u202e\x00\r\n\t\"',;=+-_()./\\ aZ09é٣", max_size=40)
)
PIECES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [
            b"\x00",
            b"\xff",
            b"\xff\xfe",
            b'"',
            b"\\",
            b"\n",
            b"\r\n",
            b"[" * 50,
            b"{",
            b"}",
            b"]",
            b",",
            b":",
            b"-",
            b"1e999",
            b"NaN",
            b"null",
            b"9" * 30,
            b"9" * 5000,
            b"\xed\xa0\x80",
            b"\xef\xbb\xbf",
            b"\\ud800",
            b";",
            b"\t",
            b"=",
            b"''",
        ]
    ),
)


class Honest(bytes):
    """Bytes to be spoilt, which nobody wants to see in a failure."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


def spoilt(honest: bytes, most: int = 4) -> st.SearchStrategy[bytes]:
    """Honest bytes with a few places flipped, deleted, put in, said twice, or all behind them cut off."""
    return _spoilt(Honest(honest), most)


@st.composite
def _spoilt(draw: Callable[..., Any], honest: Honest, most: int) -> bytes:
    data = bytearray(honest)
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([1, 1, 1, 2, 4, 16, 100]))
        match draw(st.integers(0, 5)):
            case 0:
                data[at : at + 1] = bytes(b ^ 1 << draw(st.integers(0, 7)) for b in data[at : at + 1])
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = draw(PIECES)
            case 3:
                data[at:at] = data[at : at + length]
            case 4:
                data[at : at + length] = draw(PIECES)
            case _:
                if draw(st.integers(0, 3)) == 0:
                    del data[at:]
    return bytes(data)


def odd(*honest: bytes) -> st.SearchStrategy[bytes]:
    """Any bytes, and honest ones spoilt."""
    return st.one_of(st.binary(max_size=200), *(spoilt(each) for each in honest))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.integers(-9, 9), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


def one_line(error: Exception, lines: int = 1) -> None:
    """What a tutor is told of it."""
    said = str(error)
    assert said.strip()
    assert len(said.splitlines()) <= lines, said


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as made:
        yield Path(made)
