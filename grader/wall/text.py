"""Text that came from a student, made fit for every file."""

from __future__ import annotations

MAX_NAME = 200         # characters of a type's name
# of which an error's text holds one where memory was wanting
NO_MEMORY = ("can't allocate memory", "out of memory", "Cannot allocate memory")


def name_of(kind: type) -> str:
    """A type's name; a metaclass has no say in it."""
    return storable(type.__dict__["__name__"].__get__(kind), MAX_NAME)


def storable(text: object, most: int) -> str:
    """Text that every file can hold: cut to length, lone surrogates replaced."""
    return str.__str__(text)[:most].encode("utf-8", "replace").decode() if isinstance(text, str) else "?"
