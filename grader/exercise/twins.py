"""Functions of a library that bring what a forbidden one brings, under another name."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import sys
from collections.abc import Iterable
from typing import Any


def twins(forbidden: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """What stands behind the forbidden functions, or leads to them, and may still be called.

    A private function of the same module that nobody calls but forbidden ones is a twin, and so is whatever
    of that module calls a forbidden one.

    Args:
        forbidden: dotted names; aliases of one function are one.
        allowed: dotted names that are known, and may be called.
    """
    barred, known = _at_home(forbidden), _at_home(allowed)
    found: list[str] = []
    for module in dict.fromkeys(module for module, _ in barred):
        uses = _uses(module)
        named = {name for home, name in barred if home == module}
        settled = named | {name for home, name in known if home == module}
        found += [f"{module}.{name}" for name in sorted(uses) if name not in settled
                  and (_behind(name, uses, named, settled) or uses[name] & named)]
    return tuple(found)


def called(name: str) -> Any:
    """What code finds under a dotted name: of `torch.autograd.gradcheck`, the function, not its module.

    Raises:
        ImportError, AttributeError, ValueError: there is nothing of that name.
    """
    parent, _, last = name.rpartition(".")
    return getattr(pkgutil.resolve_name(parent), last)


def _behind(name: str, uses: dict[str, set[str]], named: set[str], settled: set[str]) -> bool:
    callers = {caller for caller, used in uses.items() if name in used and caller != name}
    return name.startswith("_") and bool(callers & named) and callers <= settled


def _at_home(names: Iterable[str]) -> list[tuple[str, str]]:
    """Module and name with which each function was written; of what is no Python function, nothing."""
    found = []
    for name in names:
        try:
            function = inspect.unwrap(called(name))
        except (ImportError, AttributeError, ValueError):
            continue
        if inspect.isfunction(function) and function.__module__ in sys.modules:
            found.append((function.__module__, function.__name__))
    return found


def _uses(module: str) -> dict[str, set[str]]:
    """The functions of a module, and which of them each one names. Read from its source: the recorder
    exchanges the functions' own code."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {name: {leaf.id for statement in node.body for leaf in ast.walk(statement)
                   if isinstance(leaf, ast.Name)} & functions.keys()
            for name, node in functions.items()}
