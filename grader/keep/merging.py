"""Shards of a class -> the folder that one batch of all of it would have written, exactly once."""

from __future__ import annotations

import heapq
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, insert, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from grader.errors import Mendable
from grader.keep import shards
from grader.keep.claim import AT_WORK, PUBLISHING, at_work
from grader.keep.database import Database, plain
from grader.keep.gradebook import Gradebook
from grader.keep.output import MERGING, Output
from grader.keep.publish import ALIKE, opened, publish
from grader.keep.ruling import Ruled, remembered
from grader.keep.schema import ANSWER_COMMENTS, BATCH, COMMENTS, EVENTS, METADATA, SUBMISSIONS, TEXTS
from grader.keep.shards import Manifest
from grader.records import Result

APART = BATCH, EVENTS     # not copied row by row
ROWS = 500                # of a table that are held at a time
Values = Mapping[str, Any]


class MergeError(Mendable):
    """Shards that are not one class: one line."""


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """The class, and what the tutor should know of it."""

    results: list[Result]
    notes: list[str]


def merge(folders: Sequence[Path], out: Path) -> Merged:
    """Write the class that shards are the parts of, with all that tutors have said in them, into a folder of
    its own. Files are linked, not copied, where the file system can. Until all is there the folder has no
    gradebook, and the same command begins anew.

    Raises:
        MergeError: these are not all shards of one class, each once and done; or the folder is not empty.
        BusyError: a grader is at work in one of the folders.
    """
    with ExitStack() as held:
        found = {folder: _said(folder, held) for folder in folders}
        if len(found) < len(folders):
            twice = next(folder for folder in folders if folders.count(folder) > 1)
            raise MergeError(f"{twice} is given twice: give each shard once")
        _fit(found)
        ordered = sorted(found, key=lambda folder: found[folder].number)
        _judged_alike(ordered)
        _left(out, folders)
        out.mkdir(parents=True, exist_ok=True)
        held.enter_context(at_work(out))
        for path in _left(out, folders):
            _delete(path)
        _gather(ordered, out)
        with Gradebook(out / MERGING) as book:
            results = publish(book, Output(out))
            notes = Ruled(book).notes(results)
        (out / MERGING).rename(Output(out).gradebook)
    return Merged(results=results, notes=notes)


def _said(folder: Path, held: ExitStack) -> Manifest:
    """What a shard says of itself; nothing else works in it from now on."""
    if not Output(folder).gradebook.exists():
        raise MergeError(f"{folder} holds no shard: give the folders that `grader batch --shard` wrote")
    held.enter_context(at_work(folder))
    with opened(folder) as book:
        found = shards.manifest(book, folder)
    if found is None:
        raise MergeError(f"{folder} holds a class, and no shard of one")
    if not found.done:
        raise MergeError(f"{folder}: shard {found} is not done: run its command again, it goes on where it "
                         "was")
    return found


def _fit(found: Mapping[Path, Manifest]) -> None:
    """
    Raises:
        MergeError: they are not all the shards of one class, each once.
    """
    (first, one), *others = found.items()
    for folder, other in others:
        for name, what in shards.SAME.items():
            if getattr(one, name) != getattr(other, name):
                raise MergeError(f"{first} and {folder} are not of one class: another "
                                 f"{what}{_values(name, one, other)}; run one of them again as the other was")
    places: dict[int, Path] = {}
    for folder, each in found.items():
        if each.number in places:
            raise MergeError(f"{places[each.number]} and {folder} both hold shard {each}: give one of them")
        places[each.number] = folder
    if left := [str(number) for number in range(1, one.of + 1) if number not in places]:
        raise MergeError(f"shard {', '.join(left)} of {one.of} is missing: give its folder too")


def _values(name: str, one: Manifest, other: Manifest) -> str:
    """In which something differs, where that can be read."""
    mine, theirs = getattr(one, name), getattr(other, name)
    if isinstance(mine, dict):
        return f" ({', '.join(sorted({key for key, _ in mine.items() ^ theirs.items()}))})"
    return "" if name in ("listing", "code") else f" ({mine} and {theirs})"


def _judged_alike(folders: Sequence[Path]) -> None:
    """
    Raises:
        MergeError: since they were graded, other rules or checks were applied to some, or a language.
    """
    judged = dict[str, tuple[str, Path]]()
    for number, folder in enumerate(folders):
        with opened(folder) as book:
            told = remembered(book)
            rules = told.course, told.granted, book.batch_value("language", "en")
            there = {key[1]: one.judged for key, one in book.fingerprints().items()}
        if number == 0:
            first = rules
        if rules != first:
            raise MergeError(f"{folders[0]} and {folder} go by other rules, extensions or languages: run "
                             "`grader report` on both (--extensions FILE), or one of them again")
        for exercise, how in there.items():
            was, where = judged.setdefault(exercise, (how, folder))
            if was != how:
                raise MergeError(f"{where} and {folder}: {exercise} was judged in different ways: run "
                                 "`grader rejudge --apply` on both")


def _left(out: Path, folders: Sequence[Path]) -> list[Path]:
    """What a merge that was cut short has left in the folder, in the order in which it is to be deleted.

    Raises:
        MergeError: there is something else in it.
    """
    if any(out.resolve().is_relative_to(folder.resolve()) for folder in folders):
        raise MergeError(f"--out {out} lies in a shard: say another --out")
    there = [path for path in out.iterdir() if path.name not in (AT_WORK, PUBLISHING)] if out.exists() else []
    if there and (Output(out).gradebook.exists() or not (out / MERGING).exists()):
        raise MergeError(f"{out} is not empty, and a merge makes a folder of its own: say another --out")
    return sorted(there, key=lambda path: path.name.startswith(MERGING))   # by that it is known


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _gather(folders: Sequence[Path], out: Path) -> None:
    """Put everything of the shards into one gradebook and one folder."""
    target = Database(out / MERGING)
    sources = [Database(Output(folder).gradebook) for folder in folders]
    try:
        offset = 0
        for folder, source in zip(folders, sources, strict=True):
            with source.reading() as there, target.writing() as db:
                for table in METADATA.sorted_tables:
                    if table not in APART:
                        _copy(there, db, table, offset)
                students = set(there.execute(select(SUBMISSIONS.c.student)).scalars())
                offset += _most(there)
            for student in sorted(students):
                _link(Output(folder), Output(out), student)
        with ExitStack() as open_, target.writing() as db:
            those = [open_.enter_context(source.reading()) for source in sources]
            _copy_events(those, db)
            _copy_values(those, db)
    finally:
        for each in (target, *sources):
            each.close()


def _copy(there: Connection, db: Connection, table: Table, offset: int) -> None:
    """A table's rows. A notebook may be there already; nothing else may, or the database refuses it."""
    change = _renumbered(table, offset)
    new = upsert(table).on_conflict_do_nothing() if table is TEXTS else insert(table)
    for rows in there.execute(select(table)).partitions(ROWS):
        db.execute(new, [change(plain(row)) for row in rows])


def _renumbered(table: Table, offset: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Comments of several shards have the same numbers: those of later ones get others."""
    column = {COMMENTS: "id", ANSWER_COMMENTS: "comment"}.get(table)
    return (lambda row: {**row, column: row[column] + offset}) if column else (lambda row: row)


def _most(there: Connection) -> int:
    """The highest number that a comment has ever had."""
    ever = there.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'comments'")).scalar()
    return int(ever or 0)


def _copy_events(those: Sequence[Connection], db: Connection) -> None:
    """What happened, in the order in which it did."""
    told, offset = list[Iterator[Values]](), 0
    for there in those:
        told.append(_events(there, offset))
        offset += _most(there)
    rows = heapq.merge(*told, key=lambda row: str(row["at"]))
    while part := list(itertools.islice(rows, ROWS)):
        db.execute(insert(EVENTS), part)


def _events(there: Connection, offset: int) -> Iterator[Values]:
    """Of one shard, with its comments' numbers as they are now."""
    for row in there.execute(select(EVENTS).order_by(EVENTS.c.id)):
        values = plain(row)
        del values["id"]
        for name in ("before", "after"):
            said = json.loads(values[name])
            if isinstance(said, dict) and ("id" in said or said.get("comments")):
                said |= {"id": said["id"] + offset} if "id" in said else {
                    "comments": [number + offset for number in said["comments"]]}
                values[name] = msgspec.json.encode(said, order="deterministic").decode()
        yield values


def _copy_values(those: Sequence[Connection], db: Connection) -> None:
    """What holds for the whole batch; the first shard says it, but for what is counted."""
    every = [{row.name: row.value for row in there.execute(select(BATCH))} for there in those]
    values, lacking = dict(every[0]), dict[str, int]()
    for one in every:
        for package, count in json.loads(one.get("lacking", "{}")).items():
            lacking[package] = lacking.get(package, 0) + count
    for name in (shards.VALUE, ALIKE):
        values.pop(name, None)
    values["lacking"] = json.dumps(dict(sorted(lacking.items(), key=lambda pair: (-pair[1], pair[0]))))
    db.execute(insert(BATCH), [{"name": name, "value": value} for name, value in values.items()])


def _link(source: Output, target: Output, student: str) -> None:
    """All files of one person: the same on the disk, not once more, where that can be."""
    for there, here in zip(source.folders(student), target.folders(student), strict=True):
        for path in sorted(there.rglob("*")):
            if path.is_file() and not path.is_symlink():
                new = here / path.relative_to(there)
                new.parent.mkdir(parents=True, exist_ok=True)
                try:
                    os.link(path, new)
                except OSError:
                    shutil.copyfile(path, new)
