"""Work by several processes at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from grader.keep import processes
from grader.keep.processes import AHEAD, each

HERE = os.getpid()


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "default_jobs", lambda: 2)


def where(piece: int) -> tuple[int, int]:
    return piece * piece, os.getpid()


def test_each_piece_is_done_elsewhere_and_comes_in_its_order() -> None:
    found = list(each(where, range(40), 40))
    assert [(piece, square) for piece, (square, _) in found] == [(n, n * n) for n in range(40)]
    assert HERE not in {pid for _, (_, pid) in found}


def test_a_few_are_done_here() -> None:
    assert {pid for _, (_, pid) in each(where, range(7), 7)} == {HERE}


def test_no_more_is_in_memory_than_is_on_its_way() -> None:
    taken = list[int]()

    def pieces() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    for done, _ in enumerate(each(where, pieces(), 100)):
        assert len(taken) - done <= 2 * AHEAD


def dies(piece: int) -> int:
    if piece == 20 and os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return piece


def test_what_a_process_leaves_that_dies_is_done_here() -> None:
    assert [answer for _, answer in each(dies, range(40), 40)] == list(range(40))


def refuses(piece: int) -> int:
    if piece == 20:
        raise ValueError("not this one")
    return piece


def test_what_the_work_raises_is_raised_here() -> None:
    done = list[int]()
    with pytest.raises(ValueError, match="not this one"):
        done.extend(answer for _, answer in each(refuses, range(10_000), 10_000))
    assert done == list(range(20))


def test_what_the_work_reaches_is_there_and_not_sent() -> None:
    class Unsendable:
        def __reduce__(self) -> str:
            raise AssertionError("sent")

    large = Unsendable()
    assert {same for _, same in each(lambda piece: isinstance(large, Unsendable), range(40), 40)} == {True}
