"""Which failed checks have one reason between them: a cell that never ran, a name that is missing, one
misconception.

A student mends one mistake at a time, so a report shows each reason once, with all that it cost.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass

from grader import records
from grader.environment import undefined
from grader.intake import names
from grader.report import source
from grader.wall import messages

_UNDEFINED = re.compile(r"name '([^\W\d]\w{0,99})' is not defined")  # what Python says in a NameError
MOST = 300_000   # characters of stopped cells that are read
_WRONG = (records.Mark.FAIL, records.Mark.PARTIAL)
_ENDED = (records.Cause.TIMEOUT, records.Cause.MEMORY, records.Cause.OUTPUT, records.Cause.CRASHED)


@dataclass(frozen=True)
class Reasons:
    """Every check whose reason is shown elsewhere, and where."""

    cells: Mapping[str, int]       # check -> the index of the stopped cell that was to define what it needs
    first: Mapping[str, str]       # check -> the first check that fails for the same reason
    missed: Mapping[int, str]      # stopped cell -> the name that it was to define
    followers: Mapping[int, int]   # cell -> the earlier stopped cell for want of which it stopped
    waiting: Set[int]              # cells that met a stub, or want what such a cell was to define


def found(checks: Sequence[records.Verdict], events: Sequence[messages.CellEvent],
          notebook: Sequence[source.Cell]) -> Reasons:
    """What the checks' failures and the cells that stopped have to do with each other."""
    stopped = {event.cell for event in events}
    cells: dict[str, int] = {}
    missed: dict[int, str] = {}
    bound = functools.cache(functools.partial(_bound, notebook, stopped))
    for v in checks:
        name = undefined(v)
        cell = _defining(name, notebook, bound)
        if cell in stopped:
            cells[v.id] = cell
            missed.setdefault(cell, name)
    return Reasons(cells, _alike([v for v in checks if v.id not in cells]), missed,
                   _followers(events, missed), _waiting(events, bound))


def _bound(notebook: Sequence[source.Cell], stopped: Set[int]) -> dict[int, frozenset[str]]:
    """What each stopped cell was to define, as far as one can look at that many."""
    found, left = dict[int, frozenset[str]](), MOST
    for cell in notebook:
        text = "\n".join(cell.lines)
        if cell.index in stopped and len(text) <= left:
            left -= len(text)
            found[cell.index] = names.binds(text)
    return found


def _defining(name: str, notebook: Sequence[source.Cell],
              bound: Callable[[], Mapping[int, frozenset[str]]]) -> int:
    """The index of the stopped cell that was to define a name, or to import it; -1 for none."""
    place = source.definition(notebook, name) if name else None  # read as text since it may not parse
    if place or not name:
        return place[0].index if place else -1
    return next((cell for cell, defined in bound().items() if name in defined), -1)


def _followers(events: Sequence[messages.CellEvent], missed: Mapping[int, str]) -> dict[int, int]:
    wanted = {name: cell for cell, name in missed.items()}
    named = ((event.cell, _UNDEFINED.search(event.message)) for event in events if event.error == "NameError")
    return {cell: wanted[name[1]] for cell, name in named
            if name and name[1] in wanted and cell not in missed and cell > wanted[name[1]]}


def _waiting(events: Sequence[messages.CellEvent], bound: Callable[[], Mapping[int, frozenset[str]]]
             ) -> set[int]:
    found = {event.cell for event in events if event.error == "NotImplementedError" and not event.message}
    for event in sorted(events, key=lambda one: one.cell) if found else ():
        wanted = _UNDEFINED.search(event.message) if event.error == "NameError" else None
        if wanted and any(cell < event.cell and wanted[1] in bound().get(cell, ()) for cell in found):
            found.add(event.cell)
    return found


def _alike(checks: Sequence[records.Verdict]) -> dict[str, str]:
    """Check -> the first one with the same reason, for all but the first."""
    seen: dict[Hashable, str] = {}
    alike = {}
    for v in checks:
        reason = _reason(v)
        if reason and seen.setdefault(reason, v.id) != v.id:
            alike[v.id] = seen[reason]
    return alike


def _reason(v: records.Verdict) -> Hashable:
    """Equal for two checks only where one mend is sure to help both; None where that cannot be told."""
    if v.mark not in _WRONG:
        return None
    if v.diagnosis:
        return "diagnosis", v.diagnosis
    if undefined(v):
        return "undefined", undefined(v)
    if v.cause is records.Cause.RAISED and v.lines:
        return "line", v.lines[-1].cell, v.lines[-1].line
    return ("ended", v.cause, v.functions) if v.cause in _ENDED and v.functions else None
