"""A table in a terminal whose last column explains. Where the whole is too wide, what explains goes below its
row, rather than into a column of a few letters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_MARGIN, _GAP = 2, 3   # columns before a row, and between two cells
_INDENT = 6            # before what goes below
_LEAST = 8             # no cell is made narrower


@dataclass(frozen=True, kw_only=True)
class Row:
    """Texts that are fit for a terminal; the last one explains."""

    cells: tuple[str, ...]
    style: str = ""


def show(console: Console, heads: Sequence[str], rows: Sequence[Row], *, right: Collection[str] = ()) -> None:
    """Print it.

    Args:
        right: the heads of the columns that stand at their right edge.
    """
    table = Table(box=box.SIMPLE_HEAD)
    for head in heads:
        table.add_column(head, overflow="fold", justify="right" if head in right else "left")
    for row in rows:
        table.add_row(*map(Text, row.cells), style=row.style)
    if console.measure(table, options=console.options.update(max_width=10_000)).maximum <= console.width:
        console.print(table)
    else:
        _below(console, heads, rows, right)


def _below(console: Console, heads: Sequence[str], rows: Sequence[Row], right: Collection[str]) -> None:
    widths = [max(cell_len(cells[at]) for cells in (heads, *(row.cells for row in rows)))
              for at in range(len(heads) - 1)]
    while _taken(widths) > console.width and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    room = console.width - _taken(widths)
    console.print()
    for row in (Row(cells=tuple(heads), style="bold"), *rows):
        *first, last = row.cells
        grid, fits = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False), cell_len(last) <= room
        for head, width in zip(heads, widths, strict=False):
            grid.add_column(width=width, overflow="fold", justify="right" if head in right else "left")
        grid.add_row(*map(Text, first), *([Text(last)] if fits else []), style=row.style)
        console.print(Padding(grid, (0, 0, 0, _MARGIN), expand=False))
        if not fits:
            console.print(Padding(Text(last, style=row.style), (0, 0, 0, _INDENT)))
        if row.style == "bold":
            console.print(" " + ("-" if console.options.ascii_only else "─") * (console.width - 2))
    console.print()


def _taken(widths: Sequence[int]) -> int:
    """By all cells but the last, with what is between them."""
    return _MARGIN + sum(width + _GAP for width in widths)
