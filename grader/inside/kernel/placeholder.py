"""What is bound to a name whose statement was passed over."""

from __future__ import annotations

from typing import Any, ClassVar

TOLD = ("__version__", "__file__", "__path__", "__doc__")  # which notebooks ask of a module
_set = object.__setattr__
_get = object.__getattribute__


class Placeholder:
    """Raises the error of then, whatever is asked of it.

    One that is quiet stands for what only shows or logs: from the first answer on it does nothing, as what it
    shows is no part of an answer.
    """

    answering: ClassVar[bool] = False

    def __init__(self, error: Exception, *, quiet: bool = False) -> None:
        _set(self, "error", error)
        _set(self, "quiet", quiet)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in TOLD:
            raise AttributeError(name)
        return _nothing(self)

    def __repr__(self) -> str:
        return f"<not available here: {_get(self, 'error')}>"


def _raise(placeholder: Placeholder, *_: object, **__: object) -> Any:
    raise _get(placeholder, "error").with_traceback(None)


def _nothing(placeholder: Placeholder, *_: object, **__: object) -> Any:
    """Itself, where it may be quiet."""
    if not (Placeholder.answering and _get(placeholder, "quiet")):
        _raise(placeholder)
    return placeholder


def _left(placeholder: Placeholder, *_: object) -> None:
    _nothing(placeholder)


for _name in ("call", "enter", "getitem", "setattr", "setitem"):
    setattr(Placeholder, f"__{_name}__", _nothing)
Placeholder.__exit__ = _left  # type: ignore[attr-defined]
for _name in ("aenter", "aiter", "await", "bool", "contains", "delattr", "delitem", "eq", "float", "format",
              "fspath", "ge", "gt", "index", "int", "instancecheck", "iter", "le", "len", "lt", "mro_entries",
              "ne", "neg", "next", "pos", "str", "subclasscheck",
              *(f"{side}{operation}" for operation in (
                  "add", "and", "floordiv", "matmul", "mod", "mul", "or", "pow", "sub", "truediv", "xor")
                for side in ("", "r"))):
    setattr(Placeholder, f"__{_name}__", _raise)
