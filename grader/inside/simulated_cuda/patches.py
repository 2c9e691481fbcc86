"""Names replaced in torch, and the way back."""

from __future__ import annotations

from typing import Any

_ABSENT = object()


class Patches:
    """Replacements of attributes that can all be taken back, the last one first."""

    def __init__(self) -> None:
        self._was: list[tuple[Any, str, object]] = []

    def put(self, owner: Any, name: str, value: object) -> None:
        """``owner.name = value``. What the owner only inherits is uncovered again by `undo`, not
        copied down."""
        self._was.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def take(self, owner: Any, name: str) -> None:
        """``del owner.name``, if it is there."""
        if name in vars(owner):
            self._was.append((owner, name, vars(owner)[name]))
            delattr(owner, name)

    def undo(self) -> None:
        """Put everything back as it was."""
        while self._was:
            owner, name, value = self._was.pop()
            if value is not _ABSENT:
                setattr(owner, name, value)
            elif name in vars(owner):
                delattr(owner, name)
