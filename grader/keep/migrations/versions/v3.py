"""Verdicts and submissions become rows, notebooks texts apart; an override belongs to a submission."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from alembic import op
from sqlalchemy import Connection, text

revision = "3"
down_revision = "2"

TABLES = """
CREATE TABLE comments (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, exercise VARCHAR NOT NULL, text
    VARCHAR NOT NULL, points FLOAT, "by" VARCHAR NOT NULL, at VARCHAR NOT NULL);
CREATE TABLE events (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, at VARCHAR NOT NULL, "by" VARCHAR NOT
    NULL, student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, what VARCHAR NOT NULL, "before" VARCHAR NOT
    NULL, "after" VARCHAR NOT NULL, undone BOOLEAN NOT NULL);
CREATE INDEX ix_events_student ON events (student);
CREATE TABLE people (id VARCHAR NOT NULL, name VARCHAR NOT NULL, email VARCHAR NOT NULL, "group" VARCHAR
    NOT NULL, on_roster BOOLEAN NOT NULL, known_as VARCHAR NOT NULL, kinds VARCHAR NOT NULL, numbers VARCHAR
    NOT NULL, PRIMARY KEY (id));
CREATE TABLE texts (digest VARCHAR NOT NULL, content VARCHAR NOT NULL, PRIMARY KEY (digest));
CREATE TABLE answers (student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, question VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL, text VARCHAR NOT NULL, points FLOAT, "by" VARCHAR NOT NULL, at VARCHAR NOT NULL,
    PRIMARY KEY (student, exercise, question, sha256), FOREIGN KEY(student) REFERENCES people (id) ON DELETE
    CASCADE);
CREATE TABLE overrides (student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, "check" VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL, points FLOAT, bonus FLOAT NOT NULL, comment VARCHAR NOT NULL, "by" VARCHAR NOT
    NULL, made_at VARCHAR NOT NULL, PRIMARY KEY (student, exercise, "check", sha256), FOREIGN KEY(student)
    REFERENCES people (id) ON DELETE CASCADE);
CREATE TABLE reviewed (student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, "by"
    VARCHAR NOT NULL, at VARCHAR NOT NULL, PRIMARY KEY (student, exercise, sha256, "by"), FOREIGN KEY(student)
    REFERENCES people (id) ON DELETE CASCADE);
CREATE TABLE submissions (student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, number INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL, handed_in_at VARCHAR NOT NULL, path VARCHAR NOT NULL, recorded_at VARCHAR NOT
    NULL, graded_at VARCHAR NOT NULL, observed VARCHAR NOT NULL, judged VARCHAR NOT NULL, status VARCHAR NOT
    NULL, score FLOAT, max_score FLOAT NOT NULL, document VARCHAR NOT NULL, notebook VARCHAR, executed
    VARCHAR, PRIMARY KEY (student, exercise, number), FOREIGN KEY(student) REFERENCES people (id) ON DELETE
    CASCADE, FOREIGN KEY(notebook) REFERENCES texts (digest),
    FOREIGN KEY(executed) REFERENCES texts (digest));
CREATE INDEX ix_submissions_executed ON submissions (executed);
CREATE INDEX ix_submissions_notebook ON submissions (notebook);
CREATE TABLE answer_comments (student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, question VARCHAR NOT
    NULL, sha256 VARCHAR NOT NULL, comment INTEGER NOT NULL, PRIMARY KEY (student, exercise, question, sha256,
    comment), FOREIGN KEY(student, exercise, question, sha256) REFERENCES answers (student, exercise,
    question, sha256) ON DELETE CASCADE, FOREIGN KEY(comment) REFERENCES comments (id));
CREATE INDEX ix_answer_comments_comment ON answer_comments (comment);
CREATE TABLE results (student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (student, exercise), FOREIGN KEY(student, exercise, number) REFERENCES submissions (student,
    exercise, number) ON DELETE CASCADE);
CREATE TABLE verdicts (student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, number INTEGER NOT NULL, place
    INTEGER NOT NULL, "check" VARCHAR NOT NULL, mark VARCHAR NOT NULL, cause VARCHAR, points FLOAT NOT NULL,
    max_points FLOAT NOT NULL, diagnosis VARCHAR, document VARCHAR NOT NULL, pictures VARCHAR NOT NULL,
    PRIMARY KEY (student, exercise, number, place), FOREIGN KEY(student, exercise, number) REFERENCES
    submissions (student, exercise, number) ON DELETE CASCADE)
"""
OLD = "people", "results", "attempts", "overrides", "history"
Row = Mapping[str, Any]


def upgrade() -> None:
    db = op.get_bind()
    for table in OLD:
        db.exec_driver_sql(f"ALTER TABLE {table} RENAME TO old_{table}")
    for statement in TABLES.split(";"):
        db.exec_driver_sql(statement)
    _people(db)
    _submissions(db)
    _overrides(db)
    db.exec_driver_sql(
        "INSERT INTO events (at, by, student, exercise, what, before, after, undone) "
        "SELECT at, '', student, exercise, what, 'null', 'null', FALSE FROM old_history ORDER BY rowid")
    for table in OLD:
        db.exec_driver_sql(f"DROP TABLE old_{table}")


def _people(db: Connection) -> None:
    """Those who stand in another table only, too: nobody was made to be written down."""
    empty = {"name": "", "email": "", "group": "", "on_roster": False, "known_as": "[]", "kinds": "{}",
             "numbers": "{}"}
    for row in [*_rows(db, "SELECT * FROM old_people")]:
        _insert(db, "people", {**empty, **row})  # before there was a 0.3 some had no `kinds`
    for table in "results", "attempts", "overrides":
        for row in [*_rows(db, f"SELECT DISTINCT student AS id FROM old_{table}")]:
            _insert(db, "people", {"id": row["id"], **empty}, "ON CONFLICT DO NOTHING")


def _submissions(db: Connection) -> None:
    """Every attempt; the newest with what the results alone knew of it, and what is unclear as number 0."""
    for key in [*_rows(db, "SELECT student, exercise, number FROM old_attempts")]:
        (row,) = _rows(db, "SELECT * FROM old_attempts WHERE student = :student AND exercise = :exercise "
                           "AND number = :number", **key)
        _submission(db, {**row, "executed": "", "observed": "", "judged": "",
                         "graded_at": row["recorded_at"]})
    for key in [*_rows(db, "SELECT student, exercise, attempt AS number FROM old_results")]:
        (row,) = _rows(db, "SELECT * FROM old_results WHERE student = :student AND exercise = :exercise",
                       student=key["student"], exercise=key["exercise"])
        was = [*_rows(db, "SELECT recorded_at, handed_in_at FROM submissions WHERE student = :student "
                          "AND exercise = :exercise AND number = :number", **key)]
        _execute(db, "DELETE FROM submissions WHERE student = :student AND exercise = :exercise "
                     "AND number = :number", key)
        known = was[0] if was else {"recorded_at": row["graded_at"], "handed_in_at": ""}
        _submission(db, {**row, **known, **key})
        _insert(db, "results", key)


def _submission(db: Connection, row: Row) -> None:
    key = {name: row[name] for name in ("student", "exercise", "number")}
    result = _decoded(row["result"])
    checks = result.pop("checks", [])
    file = result.get("notebook") or {}
    _insert(db, "submissions", {
        **key, **{name: row[name] for name in ("handed_in_at", "recorded_at", "graded_at", "observed",
                                               "judged")},
        "path": file.get("path", ""), "sha256": file.get("sha256") or _claimed(result),
        "status": result.get("status", ""), "score": result.get("score"),
        "max_score": result.get("max_score", 0.0),
        # what cannot be read stays, so that reading it says so
        "document": json.dumps({**result, "checks": []}) if result else row["result"],
        "notebook": _text(db, row["notebook"]), "executed": _text(db, row["executed"])})
    for place, check in enumerate(checks):
        pictures = check.pop("pictures", [])
        _insert(db, "verdicts", {
            **key, "place": place, "check": check["id"], "mark": check["mark"], "cause": check.get("cause"),
            "points": check["points"], "max_points": check["max_points"],
            "diagnosis": check.get("diagnosis"), "document": json.dumps(check),
            "pictures": json.dumps(pictures)})


def _claimed(result: dict[str, Any]) -> str:
    """What stands for the bytes of a submission that several files claim to be."""
    claims = result.get("claims") or []
    return hashlib.sha256("".join(one["sha256"] for one in claims).encode()).hexdigest() if claims else ""


def _overrides(db: Connection) -> None:
    """Each was made on the newest submission of its time."""
    for row in [*_rows(db, "SELECT * FROM old_overrides")]:
        there = [*_rows(db, "SELECT sha256, recorded_at FROM submissions WHERE student = :student AND "
                            "exercise = :exercise ORDER BY number", student=row["student"],
                        exercise=row["exercise"])]
        then = [one for one in there if one["recorded_at"] <= row["made_at"]] or there[:1]
        _insert(db, "overrides", {**row, "sha256": then[-1]["sha256"] if then else "", "bonus": 0.0,
                                  "by": "tutor"})


def _decoded(document: str) -> dict[str, Any]:
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(db: Connection, content: str) -> str | None:
    if not content:
        return None
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    _insert(db, "texts", {"digest": digest, "content": content}, "ON CONFLICT DO NOTHING")
    return digest


def _rows(db: Connection, statement: str, **values: object) -> Iterator[Row]:
    return ({str(name): row._mapping[name] for name in row._mapping}
            for row in db.execute(text(statement), values))


def _execute(db: Connection, statement: str, values: Row) -> None:
    db.execute(text(statement), dict(values))


def _insert(db: Connection, table: str, row: Row, conflict: str = "") -> None:
    names = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    _execute(db, f"INSERT INTO {table} ({names}) VALUES ({values}) {conflict}", row)
