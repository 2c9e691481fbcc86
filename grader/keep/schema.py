"""The gradebook's tables, and how an older file is led to them.

The file says which schema it has, in SQLite's `user_version`.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
)

METADATA = MetaData()
BATCH = Table("batch", METADATA, Column("name", String, primary_key=True),
              Column("value", String, nullable=False))
PEOPLE = Table(
    "people", METADATA,
    Column("id", String, primary_key=True), Column("name", String, nullable=False),
    Column("email", String, nullable=False), Column("group", String, nullable=False),
    Column("on_roster", Boolean, nullable=False),
    Column("known_as", String, nullable=False),  # the other ids that downloads have for them, as JSON
    Column("kinds", String, nullable=False),     # each of their ids -> the kinds of source, as JSON
    Column("numbers", String, nullable=False))   # exercise -> the id that its assignment alone has, as JSON
RESULTS = Table(  # what counts: of each student and exercise the newest attempt
    "results", METADATA,
    Column("student", String, nullable=False), Column("exercise", String, nullable=False),
    Column("observed", String, nullable=False),  # fingerprint of what was asked, and of who answered
    Column("judged", String, nullable=False),    # fingerprint of how the answer was judged
    Column("result", String, nullable=False), Column("notebook", String, nullable=False),
    Column("executed", String, nullable=False), Column("graded_at", String, nullable=False),
    Column("attempt", Integer, nullable=False),  # its number among ATTEMPTS; 0: none
    PrimaryKeyConstraint("student", "exercise"))
ATTEMPTS = Table(  # every submission that ever counted
    "attempts", METADATA,
    Column("student", String, nullable=False), Column("exercise", String, nullable=False),
    Column("number", Integer, nullable=False), Column("sha256", String, nullable=False),
    Column("handed_in_at", String, nullable=False), Column("path", String, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("result", String, nullable=False), Column("notebook", String, nullable=False),
    PrimaryKeyConstraint("student", "exercise", "number"))
OVERRIDES = Table(
    "overrides", METADATA,
    Column("student", String, nullable=False), Column("exercise", String, nullable=False),
    Column("check", String, nullable=False), Column("points", Float),
    Column("comment", String, nullable=False),
    Column("made_at", String, nullable=False), PrimaryKeyConstraint("student", "exercise", "check"))
HISTORY = Table(
    "history", METADATA,
    Column("at", String, nullable=False), Column("student", String, nullable=False),
    Column("exercise", String, nullable=False), Column("what", String, nullable=False))
OF_A_STUDENT = RESULTS, ATTEMPTS, OVERRIDES, HISTORY


def _from_0_1(db: Connection) -> None:
    """Version 0.1 had one fingerprint, which did not cover the code that observes and judges: it says
    nothing."""
    db.exec_driver_sql("ALTER TABLE results RENAME COLUMN fingerprint TO observed")
    db.exec_driver_sql("ALTER TABLE results ADD COLUMN judged VARCHAR NOT NULL DEFAULT ''")
    db.exec_driver_sql("UPDATE results SET observed = ''")


def _from_0_2(db: Connection) -> None:
    """Version 0.2 knew no people, and of each student and exercise one submission: the first attempt."""
    METADATA.create_all(db, tables=[PEOPLE, ATTEMPTS])
    db.exec_driver_sql("ALTER TABLE results ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1")
    db.exec_driver_sql("INSERT INTO people SELECT DISTINCT student, '', '', '', FALSE, '[]', '{}', '{}' "
                       "FROM results")
    sha256, path = (f"CASE WHEN json_valid(result) THEN coalesce(json_extract(result, '$.notebook.{name}'), "
                    "'') ELSE '' END" for name in ("sha256", "path"))
    db.exec_driver_sql(
        "INSERT INTO attempts (student, exercise, number, sha256, handed_in_at, path, recorded_at, result, "
        f"notebook) SELECT student, exercise, 1, {sha256}, '', {path}, graded_at, result, notebook "
        "FROM results")


# the n-th leads from schema n to n + 1
UPGRADES: tuple[Callable[[Connection], None], ...] = (_from_0_1, _from_0_2)
SCHEMA = len(UPGRADES)
