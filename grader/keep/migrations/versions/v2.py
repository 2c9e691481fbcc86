"""Version 0.2 knew no people, and of each student and exercise one submission: the first attempt."""

from __future__ import annotations

from alembic import op

revision = "2"
down_revision = "1"

PEOPLE = """CREATE TABLE people (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL, email VARCHAR NOT NULL,
    "group" VARCHAR NOT NULL, on_roster BOOLEAN NOT NULL, known_as VARCHAR NOT NULL,
    kinds VARCHAR NOT NULL, numbers VARCHAR NOT NULL)"""
ATTEMPTS = """CREATE TABLE attempts (
    student VARCHAR NOT NULL, exercise VARCHAR NOT NULL, number INTEGER NOT NULL, sha256 VARCHAR NOT NULL,
    handed_in_at VARCHAR NOT NULL, path VARCHAR NOT NULL, recorded_at VARCHAR NOT NULL,
    result VARCHAR NOT NULL, notebook VARCHAR NOT NULL, PRIMARY KEY (student, exercise, number))"""


def upgrade() -> None:
    op.execute(PEOPLE)
    op.execute(ATTEMPTS)
    op.execute("ALTER TABLE results ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1")
    op.execute("INSERT INTO people SELECT DISTINCT student, '', '', '', FALSE, '[]', '{}', '{}' FROM results")
    sha256, path = (f"CASE WHEN json_valid(result) THEN coalesce(json_extract(result, '$.notebook.{name}'), "
                    "'') ELSE '' END" for name in ("sha256", "path"))
    op.execute(
        "INSERT INTO attempts (student, exercise, number, sha256, handed_in_at, path, recorded_at, result, "
        f"notebook) SELECT student, exercise, 1, {sha256}, '', {path}, graded_at, result, notebook "
        "FROM results")
