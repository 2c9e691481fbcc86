"""The student's own lines: where a function is defined, and the part of a cell worth quoting.

Works on text, not on a syntax tree: the notebook may not parse, or be written to make a parser fall over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from grader.report import safe_text
from grader.wall import messages

_DOCSTRING = re.compile(r"""[ \t]*[rRuU]?(\"{3}|'{3})(?!.*\1)""")
_FUNCTION = re.compile(r"(?:async[ \t]+)?def[ \t]+(\w+)")
_LONGEST = 40          # lines of one excerpt
_AROUND = 2            # lines shown beside a line that lies in no known function
_LARGEST_CELL = 200_000


@dataclass(frozen=True)
class Cell:
    index: int             # among all cells, from 0
    code: int | None       # among the cells of code, from 1; None for other cells and for empty ones
    lines: tuple[str, ...]
    run: int | None = None # its number in In[n], where a running notebook has told it
    given: bool = False    # it is as it was handed out


@dataclass(frozen=True)
class CodeRow:
    number: int
    text: str
    marked: bool


@dataclass(frozen=True)
class Excerpt:
    """Lines of one cell, in order; `skipped` says that lines of the function are left out."""

    cell: Cell
    rows: tuple[CodeRow, ...]
    skipped: bool
    name: str = ""         # the function quoted; "" for a place

    @property
    def marked(self) -> str:
        """The marked lines' numbers: "3, 5"."""
        return ", ".join(str(row.number) for row in self.rows if row.marked)


def cells(notebook: str, given: Collection[int] = ()) -> tuple[Cell, ...]:
    """The cells of a cleaned notebook; none where it is not readable. `given`: those that are as they were
    handed out."""
    try:
        found = msgspec.json.decode(notebook.encode("utf-8", "replace"))["cells"]
        return tuple(_cells(found, given))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, RecursionError):
        return ()


def _cells(found: Iterable[dict[str, object]], given: Collection[int]) -> Iterable[Cell]:
    count = 0
    for index, cell in enumerate(found):
        source = cell.get("source", "")
        text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        code, run = cell.get("cell_type") == "code", cell.get("execution_count")
        count += code
        yield Cell(index, count if code and text.strip() else None, tuple(text[:_LARGEST_CELL].splitlines()),
                   run if type(run) is int else None, index in given)


def definition(notebook: Sequence[Cell], name: str) -> tuple[Cell, int, int] | None:
    """(cell, first line, last line) of the last definition of a name, lines from 1."""
    plain_name = re.escape(name.rpartition(".")[2])
    start = re.compile(rf"^([ \t]*)(?:(?:async[ \t]+)?def[ \t]+|class[ \t]+){plain_name}\b"
                       rf"|^{plain_name}[ \t]*(?::[^=]*)?=")
    for cell in reversed(notebook):
        if cell.code is None:
            continue
        for at in range(len(cell.lines) - 1, -1, -1):
            match = start.match(cell.lines[at])
            if match:
                return cell, _decorated(cell.lines, at, match.group(1) or "") + 1, _end(cell.lines, at) + 1
    return None


def enclosing(notebook: Sequence[Cell], line: messages.Line) -> str:
    """The function, at the margin of its cell, in which a line stands; "" where it stands in none."""
    cell = notebook[line.cell] if 0 <= line.cell < len(notebook) else None
    above = cell.lines[:line.line - 1] if cell and 0 < line.line <= len(cell.lines) else ()
    last = next((text for text in reversed(above) if text.strip() and text[0] not in " \t)]}"), "")
    found = _FUNCTION.match(last)
    return found[1] if found else ""


def _decorated(lines: Sequence[str], at: int, indent: str) -> int:
    while at and lines[at - 1].startswith(f"{indent}@"):
        at -= 1
    return at


def _end(lines: Sequence[str], at: int) -> int:
    """The last line of the block that opens at a line: what is indented deeper, or closes its bracket."""
    depth = _indent(lines[at])
    last = at
    for number in range(at + 1, len(lines)):
        text = lines[number]
        if not text.strip():
            continue
        if _indent(text) <= depth and text.lstrip()[0] not in ")]}":
            break
        last = number
    return last


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def quote(cell: Cell, first: int, last: int, marked: Iterable[int] = (), name: str = "") -> Excerpt:
    """Lines `first` to `last` of a cell, at most _LONGEST of them, those marked among them."""
    marked = {number for number in marked if first <= number <= last}
    skipped = last - first >= _LONGEST
    if skipped:
        first = max(first, min(marked, default=first) - _LONGEST // 2)
        last = min(last, first + _LONGEST - 1)
    folded = _docstrings(cell.lines, first, last, marked)
    rows = tuple(CodeRow(n, safe_text.block(folded.get(n, cell.lines[n - 1]), 500), n in marked)
                 for n in range(first, last + 1) if folded.get(n) != "")
    return Excerpt(cell, rows, skipped, name)


def _docstrings(lines: Sequence[str], first: int, last: int, marked: set[int]) -> dict[int, str]:
    """Lines of long docstrings, which the exercise brought along: the first one cut short, "" for those left
    out."""
    folded: dict[int, str] = {}
    for at in range(first + 1, last + 1):
        opened = _DOCSTRING.match(lines[at - 1])
        if opened is None or at in folded or not lines[at - 2].rstrip().endswith(":"):
            continue
        end = next((n for n in range(at + 1, last + 1) if opened[1] in lines[n - 1]), at)
        if end > at and not marked & set(range(at, end + 1)) and lines[end - 1].rstrip().endswith(opened[1]):
            folded |= {at: f"{lines[at - 1].rstrip()} ...{opened[1]}",
                       **dict.fromkeys(range(at + 1, end + 1), "")}
    return folded


def places(notebook: Sequence[Cell], lines: Sequence[messages.Line],
           functions: Sequence[str]) -> tuple[Excerpt, ...]:
    """An excerpt for each cell that holds some of the lines: the function around them, else a few lines
    beside."""
    excerpts = []
    for index in dict.fromkeys(line.cell for line in lines):
        here = [line for line in lines if line.cell == index]
        cell = notebook[index] if 0 <= index < len(notebook) else None
        numbers = [line.line for line in here if cell and 1 <= line.line <= len(cell.lines)]
        if cell is None or not numbers:
            rows = tuple(CodeRow(line.line, safe_text.block(line.text, 500), True) for line in here)
            excerpts.append(Excerpt(cell or Cell(index, None, ()), rows, False))
            continue
        excerpts.append(_around(notebook, cell, numbers, functions))
    return tuple(excerpts)


def _around(notebook: Sequence[Cell], cell: Cell, numbers: Sequence[int],
            functions: Sequence[str]) -> Excerpt:
    for name in functions:
        found = definition(notebook, name)
        if found and found[0].index == cell.index and all(found[1] <= n <= found[2] for n in numbers):
            return quote(cell, found[1], found[2], numbers, name)
    first, last = max(1, min(numbers) - _AROUND), min(len(cell.lines), max(numbers) + _AROUND)
    return quote(cell, first, last, numbers)


def whole(notebook: Sequence[Cell], name: str, pattern: str = "") -> Excerpt | None:
    """The definition of a function, those of its lines marked in which the pattern is found."""
    found = definition(notebook, name)
    if not found:
        return None
    cell, first, last = found
    marked = [n for n in range(first, last + 1) if pattern and _about(cell.lines[n - 1], pattern)]
    return quote(cell, first, last, marked, name)


def _about(line: str, pattern: str) -> bool:
    """Is the pattern in the code of this line? Neither in its comment nor in the function's own name."""
    return not re.match(r"\s*(async\s+)?def\b", line) and re.search(pattern,
                                                                    line[:500].partition("#")[0]) is not None
