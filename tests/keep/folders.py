"""What is in a folder that a batch wrote, to compare two of them."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from grader.keep.claim import AT_WORK, PUBLISHING
from grader.keep.schema import METADATA

TIMES = {"at", "recorded_at", "graded_at", "made_at", "id"}


def contents(out: Path) -> dict[str, bytes]:
    """Of every file but those that say when something happened."""
    apart = {AT_WORK, PUBLISHING, "gradebook.sqlite"}
    return {path.relative_to(out).as_posix(): b"" if path.suffix == ".parcel" else path.read_bytes()
            for path in out.rglob("*") if path.is_file() and path.name not in apart}


def rows(out: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    """All that a gradebook holds, without times and running numbers."""
    found = {}
    with closing(sqlite3.connect(out / "gradebook.sqlite")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for name, table in METADATA.tables.items():
            columns = [column.name for column in table.columns
                       if column.name not in TIMES or (column.name == "id" and name == "people")]
            named = ", ".join(f'"{column}"' for column in columns)
            found[name] = Counter(db.execute(f'SELECT {named} FROM "{name}"').fetchall())
    return found


def same_times(counted: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Of events, whose JSON says when a word was said."""
    told: Counter[tuple[Any, ...]] = Counter()
    for row, count in counted.items():
        told[tuple(without(value) for value in row)] += count
    return told


def without(value: object) -> object:
    read = json.loads(value) if isinstance(value, str) and value.startswith("{") else value
    if not isinstance(read, dict):
        return value
    return str({key: one for key, one in read.items() if key != "made_at"})
