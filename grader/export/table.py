"""What an export changes, for the tutor's terminal: person, old, new, and why a cell stays."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.export.filling import Filled
from grader.report import safe_text


def show(filled: Filled, console: Console) -> None:
    """Everybody, first those who get a mark; then the notes."""
    several = len({change.heading for change in filled.changes} - {""}) > 1
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("person", *(["column"] if several else []), "old", "new", ""):
        table.add_column(column, overflow="fold", justify="right" if column in ("old", "new") else "left")
    for change in sorted(filled.changes, key=lambda change: not change.new):
        cells = (change.person, *([change.heading] if several else []), change.old,
                 change.new or "as it was", change.why)
        table.add_row(*map(fit, cells))
    new = sum(bool(change.new) for change in filled.changes)
    console.print(table)
    for line in (f"{new} new, {len(filled.changes) - new} left as they were", *filled.notes):
        console.print(fit(line), soft_wrap=True)


def lines(said: Iterable[str], console: Console) -> None:
    """Plain lines."""
    for line in said:
        console.print(fit(line), soft_wrap=True)


def fit(text: str) -> Text:
    """A stranger's text in a terminal, or in a CI log."""
    return Text(safe_text.no_commands(safe_text.line(text, 500)))
