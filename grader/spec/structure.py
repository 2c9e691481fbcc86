"""What a probe brought, part by part.

A wrong type or shape is the student's: the check fails. A part that is missing is the probe's own fault, and
the message says so; it fails all the same, since a notebook runs beside its probe and must not be able to
withhold its own mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from grader.records import Cause
from grader.spec import expectations
from grader.spec.check import NotBrought, fail

UNREADABLE = "What came back from the experiment cannot be read."


class Parts:
    """The parts of a mapping that a probe returned, each read by name. A reader raises Unmet, which fails the
    check, where the part is not there or not as the reader says."""

    def __init__(self, value: Any) -> None:
        """
        Args:
            value: what the probe returned, or a part of it.

        Raises:
            Unmet: it is no mapping.
        """
        if not isinstance(value, dict):
            fail(UNREADABLE)
        self._parts: dict[Any, Any] = value

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, name: str) -> Any:
        """The part as it came.

        Raises:
            NotBrought: the probe did not bring it.
        """
        if name not in self._parts:
            raise NotBrought(f"The check's own experiment brought no `{name}`.", None,
                             Cause.WRONG_ANSWER)
        return self._parts[name]

    def get(self, name: str) -> Any:
        """The part as it came; None where there is none."""
        return self._parts.get(name)

    def mapping(self, name: str) -> Parts:
        """A part that is a mapping itself.

        Raises:
            Unmet: it is none.
        """
        return Parts(self[name])

    def items(self, name: str) -> list[Any]:
        """A part that is a list or a tuple.

        Raises:
            Unmet: it is none.
        """
        value = self[name]
        if not isinstance(value, list | tuple):
            fail(UNREADABLE)
        return list(value)

    def tensor(self, name: str, shape: Sequence[int], what: str = "") -> torch.Tensor:
        """A tensor of just this shape, in float64.

        Args:
            what: it in a student's words, at the beginning of a sentence; the part's name, where it is "".
        """
        return expectations.tensor(self[name], tuple(shape), what or f"`{name}`")

    def tensors(self, name: str, shapes: Sequence[Sequence[int]], what: str = "") -> list[torch.Tensor]:
        """A list of tensors of these shapes, in float64.

        Args:
            shapes: one for each tensor, in order.
            what: one of them in a student's words, to be followed by its number, from 1 on.
        """
        found = self.items(name)
        if len(found) != len(shapes):
            fail(f"There are {len(found)} of {what or f'`{name}`'}; expected {len(shapes)}.")
        return [expectations.tensor(value, tuple(shape), f"{what or f'`{name}`'} {i + 1}")
                for i, (value, shape) in enumerate(zip(found, shapes, strict=True))]

    def number(self, name: str, what: str = "") -> float:
        """A number, as a float.

        Raises:
            Unmet: it is none; `what` says what it is, in the message.
        """
        return expectations.number(self[name], what or f"`{name}`")

    def numbers(self, name: str, what: str = "") -> list[float]:
        """A list, tuple or one-dimensional tensor of numbers, as floats.

        Raises:
            Unmet: it is none; `what` says what it is, in the message.
        """
        return expectations.numbers(self[name], what or f"`{name}`")

    def whole(self, name: str) -> int:
        """An int that is no bool.

        Raises:
            Unmet: it is none.
        """
        value = self[name]
        if not isinstance(value, int) or isinstance(value, bool):
            fail(UNREADABLE)
        return value

    def text(self, name: str) -> str:
        """A string.

        Raises:
            Unmet: it is none.
        """
        value = self[name]
        if not isinstance(value, str):
            fail(UNREADABLE)
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings.

        Raises:
            Unmet: it is none.
        """
        found = self.items(name)
        if not all(isinstance(value, str) for value in found):
            fail(UNREADABLE)
        return found
