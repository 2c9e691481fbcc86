"""What a notebook's text does that no recorder of calls can watch: a tutor is asked to look at it.

Read from the text, outside, so that no submission can deny it. It costs no points: there may be a good
reason.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterator, Sequence

from grader.exercise.twins import called
from grader.intake import names
from grader.locale import N_
from grader.records import NeedsYou, Sentence

UNWATCHED = N_("Cell %(cell)s uses %(what)s, with which a forbidden function can be called unseen.")
COPIED = N_("Cell %(cell)s holds the library's own source of %(what)s.")

# Built-in functions that run text; as methods of something else they are common: `model.eval()`.
RUNS_TEXT = {"exec", "eval", "compile", "__import__"}
# Functions as data, memory, frames, and what watches a running program.
REACHES = {"__code__", "__closure__", "__globals__", "__builtins__", "CodeType", "FunctionType", "getsource",
           "getsourcelines", "exec_module", "module_from_spec", "source_to_code", "run_path", "run_module",
           "run_cell", "get_objects", "get_referrers", "get_referents", "_getframe", "currentframe", "f_back",
           "setprofile", "settrace", "addaudithook", "start_new_thread", "reload"}
MODULES = {"ctypes", "cffi", "marshal", "grader.inside", "grader.wall"}
_KEPT_MOST = 10_000   # characters of a cell of which is remembered what was found
WORDS = RUNS_TEXT | REACHES | {part for module in MODULES for part in module.split(".")}


def unwatched(notebook: str, forbidden: Sequence[str]) -> tuple[NeedsYou, ...]:
    """What a tutor should look at in a notebook that must not call these functions.

    Args:
        notebook: cleaned.
        forbidden: dotted names.
    """
    found = []
    for index, source in names.code_cells(notebook) if forbidden else ():
        read = _remembered if len(source) <= _KEPT_MOST else _in_cell
        found += [_told(template, index, what) for template, what in read(source, tuple(forbidden))]
    return tuple(found)


def _in_cell(source: str, forbidden: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is to be told of a cell, and of which functions."""
    bodies, words = _bodies(forbidden), names.words(source)
    used = sorted(set(_used(source))) if words & WORDS else ()
    copied = sorted(set(_copied(source, bodies))) if bodies and "def" in words else ()
    return tuple((template, tuple(what)) for template, what in ((UNWATCHED, used), (COPIED, copied)) if what)


_remembered = functools.lru_cache(maxsize=256)(_in_cell)   # most cells are as they were handed out


def _told(template: str, cell: int, what: Sequence[str]) -> NeedsYou:
    values = {"cell": str(cell + 1), "what": ", ".join(f"`{name}`" for name in what)}
    return NeedsYou(kind="unwatched", reason=template % values,
                    said=Sentence(template=template, values=values))


def _used(source: str) -> Iterator[str]:
    parsed = names.tree(source)
    if parsed is None:
        yield from names.words(source) & (RUNS_TEXT | REACHES | MODULES)
        return
    own = names.binds(source)
    for node in ast.walk(parsed):
        match node:
            case ast.Name(id=name) if name in RUNS_TEXT - own or name in REACHES:
                yield name
            case ast.Attribute(attr=name) if name in REACHES:
                yield name
            case ast.Constant(value=str(name)) if name in REACHES or name in RUNS_TEXT - {"eval", "compile"}:
                yield name  # getattr(f, "__code__")
            case ast.Constant(value=str(name)) if module := _module(name):
                yield module  # import_module("ctypes")
            case ast.Import(names=aliases):
                yield from (module for alias in aliases if (module := _module(alias.name)))
            case ast.ImportFrom(module=str(start), names=aliases):
                yield from (module for alias in aliases if (module := _module(f"{start}.{alias.name}")))
                yield from (alias.name for alias in aliases if alias.name in REACHES)


def _module(name: str) -> str:
    return next((module for module in MODULES if f"{name}.".startswith(f"{module}.")), "")


def _copied(source: str, bodies: dict[str, str]) -> Iterator[str]:
    parsed = names.tree(source)
    longest = max(map(len, bodies), default=0)
    for node in ast.walk(parsed) if parsed else ():
        if isinstance(node, ast.FunctionDef) and (name := bodies.get(_body(node, longest))):
            yield name


@functools.lru_cache(maxsize=64)
def _bodies(forbidden: tuple[str, ...]) -> dict[str, str]:
    """What the forbidden functions do -> their names."""
    found: dict[str, str] = {}
    for name in forbidden:
        try:
            text = inspect.getsource(inspect.unwrap(called(name)))
            node = ast.parse(textwrap.dedent(text)).body[0]
        except (ImportError, AttributeError, ValueError, TypeError, OSError, SyntaxError):
            continue  # this torch lacks it, or it is no Python
        if isinstance(node, ast.FunctionDef):
            found.setdefault(_body(node), name)
    return found


def _body(function: ast.FunctionDef, longest: int | None = None) -> str:
    """What a function does: its statements without the docstring, whatever it is called; not much more of it
    than `longest` characters."""
    statements = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    told, length = list[str](), 0
    for node in (node for statement in statements for node in ast.walk(statement)):
        told.append(_shape(node))
        length += len(told[-1])
        if longest is not None and length > longest:
            break
    return "\n".join(told)


def _shape(node: ast.AST) -> str:
    """A node without what is below it: level by level, these make the whole. (`ast.dump` asks for a stack as
    deep as the tree.)"""
    fields = (f"{name}={[type(each).__name__ for each in value] if isinstance(value, list) else _leaf(value)}"
              for name, value in ast.iter_fields(node))
    return f"{type(node).__name__}({', '.join(fields)})"


def _leaf(value: object) -> str:
    if isinstance(value, int):
        return hex(value)  # Python writes no number of more than 4,300 decimal digits
    return type(value).__name__ if isinstance(value, ast.AST) else repr(value)
