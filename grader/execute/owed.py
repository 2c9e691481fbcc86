"""May an answer be missing, or not be what it was to be, because a cell was stopped?

Read in the notebook's text, which is hostile: whoever writes it so that the answer is yes has the notebook
executed once more, within the time that the submission has, and nothing else.
"""

from __future__ import annotations

import ast
import builtins
import json
import re
import symtable
from collections.abc import Iterable, Iterator, Mapping, Sequence

from grader.wall.messages import CellCause, CellEvent, Job, ProbeStep, Run, Step

MOST = 200_000   # characters of a notebook's code; of a longer one nobody can tell
TIMED = re.compile(r"^([ \t]*)%%?time[ \t]+(?=\S)", re.MULTILINE)   # and then a statement
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
QUOTED = re.compile(r"""["']([^\W\d]\w*)["']""")
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, KeyError, TypeError, AttributeError)


def late(run: Run) -> dict[int, CellEvent]:
    """The cells that were stopped for the time that they took, not for a busy machine."""
    return {event.cell: event for event in run.events
            if event.cause is CellCause.TIMEOUT and event.after_seconds is not None and not event.busy}


def owed(job: Job, steps: Sequence[Step], run: Run) -> bool:
    """May what was asked depend on what a stopped cell did not come to?"""
    stopped, trees, used, unread = late(run), dict[int, ast.Module](), set[str](), False
    try:
        for index, source in _sources(job.notebook):
            try:
                trees[index] = ast.parse(source)
                used.update(_global_names(source))
            except UNREADABLE:
                unread = True
    except UNREADABLE:
        return True
    endless = {cell for cell, event in stopped.items()
               if cell in trees and _cannot_end(trees[cell], event.line)}
    stopped = {cell: event for cell, event in stopped.items() if cell not in endless}
    if stopped and unread:
        return True   # what that cell does, nobody can tell
    behind = [event for event in run.events if event.cell in trees and event.cell not in endless
              and event.cell >= min(stopped, default=event.cell + 1)]
    unmade = {name for event in behind for name in _unmade(trees[event.cell], event, stopped)}
    stored = {name for tree in trees.values() for name in _touched(tree, ast.Store)}
    defined = {name for tree in trees.values() for part in tree.body for name in _defined(part)}
    whole = (defined | set(dir(builtins)) - stored) - unmade
    touched = _reached(trees, stopped) - whole if stopped else set()
    touched |= _behind(trees, min(stopped, default=0), touched, whole)
    used |= {name for step in steps if isinstance(step, ProbeStep) for name in QUOTED.findall(step.source)}
    return bool((unmade | touched) & (used | set(job.functions)))


def _reached(trees: Mapping[int, ast.Module], cells: Iterable[int]) -> set[str]:
    """What these cells read or set, by the functions of the notebook too that they name."""
    inside = {part.name: {inner.id for inner in ast.walk(part) if isinstance(inner, ast.Name)}
              for tree in trees.values() for part in tree.body
              if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    found = set[str]()
    waiting = {name for cell in cells if cell in trees for name in _touched(trees[cell])}
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= inside.get(name, set()) - found
    return found


def _behind(trees: Mapping[int, ast.Module], first: int, touched: set[str], whole: set[str]) -> set[str]:
    """What cells behind the first one read or set that begin with what is touched, and so on."""
    found = set(touched)
    later = {cell: _reached(trees, [cell]) - whole for cell in trees if cell > first}
    while more := [cell for cell, names in later.items() if names & found and not names <= found]:
        found.update(*(later[cell] for cell in more))
    return found


def _sources(notebook: str) -> Iterator[tuple[int, str]]:
    cells = [(index, cell["source"]) for index, cell in enumerate(json.loads(notebook)["cells"])
             if cell.get("cell_type") == "code"]
    if sum(len(source) for _, source in cells) > MOST:
        raise ValueError("too long to be read")
    for index, source in cells:
        yield index, MAGIC.sub(r"\1pass", TIMED.sub(r"\1", source))


def _global_names(source: str) -> Iterator[str]:
    """What its functions take from outside them."""
    waiting = [symtable.symtable(source, "cell", "exec")]
    while waiting:
        scope = waiting.pop()
        waiting.extend(scope.get_children())
        if scope.get_type() == "function":
            yield from (symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global())


def _unmade(tree: ast.Module, event: CellEvent, stopped: Mapping[int, CellEvent]) -> Iterator[str]:
    """What a cell was to define behind the line at which it ended; where that is not known, all of it. Of one
    that raised, perhaps for want of what a stopped one was to define, what it was to assign as well."""
    for part in tree.body:
        if part.lineno > event.line:   # 0: not known
            yield from _defined(part)
        if event.cell not in stopped and (part.end_lineno or 0) >= event.line:
            yield from _touched([part], ast.Store)


def _cannot_end(tree: ast.Module, line: int) -> bool:
    """Does the cell never come beyond this line, however much time it has?"""
    for part in tree.body:
        if isinstance(part, ast.While) and part.lineno <= line <= (part.end_lineno or 0):
            ways_out = (ast.Break, ast.Raise)
            return (isinstance(part.test, ast.Constant) and bool(part.test.value)
                    and not any(isinstance(inner, ways_out) for inner in ast.walk(part)))
    return False


def _defined(part: ast.stmt) -> Iterable[str]:
    if isinstance(part, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in part.names]
    return [part.name] if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []


def _touched(tree: ast.Module | list[ast.stmt], kind: type[ast.expr_context] = ast.expr_context
             ) -> Iterator[str]:
    """The variables that it reads or sets outside functions: an object that is read may be changed, too."""
    waiting: list[ast.AST] = [*(tree.body if isinstance(tree, ast.Module) else tree)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Name) and isinstance(part.ctx, kind):
            yield part.id
        elif not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(part))
