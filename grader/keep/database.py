"""One SQLite file, safe against a process that dies and against another one that writes at the same time."""

from __future__ import annotations

import datetime
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, create_engine, delete, event, exists, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from grader.errors import Mendable
from grader.keep import compressed, migrations
from grader.keep.schema import SCHEMA, SUBMISSIONS, TEXTS

BUSY_SECONDS = 60   # how long a writer waits for another one; no transaction of ours takes one
PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}")


class GradebookError(Mendable):
    """The gradebook cannot be opened or written: one line."""


class Database:
    """The file and its transactions. What goes wrong raises GradebookError with one line that names it."""

    def __init__(self, path: Path) -> None:
        """Open a gradebook's file, or begin one; an older one is led to today's schema, all of it or nothing.

        Raises:
            GradebookError: it is no gradebook, or one of a newer grader.
        """
        self.path = path
        self.engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
        event.listen(self.engine, "connect", _connected)
        event.listen(self.engine, "begin", _begun)
        try:
            with self.reading() as db:
                found = migrations.schema_of(db)
            if found > SCHEMA:
                raise GradebookError(f"{path}: written by a newer grader (schema {found}, this one knows "
                                     f"{SCHEMA}): install that version, or give another --out")
            if found < SCHEMA:
                with self.writing() as db:
                    migrations.bring_up_to_date(db)
            if 0 <= found < SCHEMA:
                with suppress(GradebookError):  # it is upgraded, whether or not there is room to tidy up
                    self.shrink()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """What the file said at one moment, whoever writes meanwhile."""
        with self._telling(), self.engine.begin() as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One writer at a time; all of it, or nothing where it raises or dies."""
        with (self._telling(), self.engine.connect().execution_options(begin="IMMEDIATE") as db,
              db.begin()):
            yield db

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, msgspec.MsgspecError, TypeError, ValueError, KeyError,
                RecursionError) as error:
            told = getattr(error, "orig", None) or error
            if isinstance(told, sqlite3.OperationalError) and not os.access(self.path.parent, os.W_OK):
                told = "its folder is read-only: copy it to where you may write"
            raise GradebookError(f"{self.path}: {[*str(told).splitlines(), ''][0]}") from error

    def shrink(self) -> None:
        """Write the file anew: what was deleted stays in it until then, and in those beside it."""
        self.close()
        try:
            with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
                db.execute("VACUUM")
                busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise GradebookError(f"{self.path}: {error}; run the same command again") from error
        if busy:
            raise GradebookError(f"{self.path}: another program has it open: close that, and run the same "
                                 "command again")


def _connected(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # or Python begins on its own, and only before a row is written
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begun(db: Connection) -> None:
    db.exec_driver_sql(f"BEGIN {db.get_execution_options().get('begin', '')}")


def put_text(db: Connection, text: str) -> str | None:
    """Keep a text under its digest; None of an empty one."""
    if not text:
        return None
    plain_bytes = text.encode("utf-8", "surrogatepass")
    digest, small = hashlib.sha256(plain_bytes).hexdigest(), compressed.compress(plain_bytes)
    content = small if len(small) < len(plain_bytes) else text
    db.execute(upsert(TEXTS).values(digest=digest, content=content).on_conflict_do_nothing())
    return digest


def get_text(db: Connection, digest: str | None) -> str:
    """The text of a digest; "" of None.

    Raises:
        GradebookError: it is compressed, and cannot be read.
    """
    if digest is None:
        return ""
    content: object = db.execute(select(TEXTS.c.content).where(TEXTS.c.digest == digest)).scalar_one()
    if not isinstance(content, bytes):
        return str(content)
    found = compressed.decompress(content)
    if found is None:
        raise GradebookError(f"{db.engine.url.database}: a notebook in it cannot be read")
    return found.decode("utf-8", "replace")


def drop_texts(db: Connection, digests: Iterable[str | None]) -> None:
    """Let those of these texts go that no submission has any more."""
    s = SUBMISSIONS.c
    for digest in {one for one in digests if one}:
        used = exists().where(or_(s.notebook == digest, s.executed == digest))
        db.execute(delete(TEXTS).where(TEXTS.c.digest == digest, ~used))


def plain(row: Row[*tuple[Any, ...]], *columns: str) -> dict[str, Any]:
    """Some columns, or all; msgspec takes no other names than plain ones."""
    return {str(name): row._mapping[name] for name in columns or row._mapping}


def as_json(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
