"""The gradebook's tables. How an older file is led to them stands in `migrations`.

The file says which schema it has, in SQLite's `user_version`, which every older grader reads too.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
)

SCHEMA = 4
METADATA = MetaData()


def _text(name: str, *more: ForeignKey, key: bool = False, nullable: bool = False,
          index: bool = False) -> Column[str]:
    return Column(name, String, *more, primary_key=key, nullable=nullable, index=index or None)


def _student() -> Column[str]:
    return _text("student", ForeignKey("people.id", ondelete="CASCADE"))


BATCH = Table("batch", METADATA, _text("name", key=True), _text("value"))
PEOPLE = Table(
    "people", METADATA,
    _text("id", key=True), _text("name"), _text("email"), _text("group"),
    Column("on_roster", Boolean, nullable=False),
    _text("known_as"),          # the other ids that downloads have for them, as JSON
    _text("kinds"),             # each of their ids -> the kinds of source, as JSON
    _text("numbers"))           # exercise -> the id that its assignment alone has, as JSON
TEXTS = Table(                  # notebooks, as cleaned and as executed: apart from the rows that lists read
    "texts", METADATA, _text("digest", key=True),
    _text("content"))           # where that is shorter, a blob: compressed
SUBMISSIONS = Table(            # everything that ever counted, each as it was judged last
    "submissions", METADATA,
    _student(), _text("exercise"),
    Column("number", Integer, nullable=False),   # from 1; 0: unclear, which is no attempt
    _text("sha256"), _text("handed_in_at"), _text("path"), _text("recorded_at"), _text("graded_at"),
    _text("observed"),          # fingerprint of what was asked, and of who answered
    _text("judged"),            # fingerprint of how the answer was judged
    _text("status"), Column("score", Float), Column("max_score", Float, nullable=False),
    _text("document"),          # the Result as JSON, without its checks
    _text("notebook", ForeignKey("texts.digest"), nullable=True, index=True),
    _text("executed", ForeignKey("texts.digest"), nullable=True, index=True),
    PrimaryKeyConstraint("student", "exercise", "number"))
VERDICTS = Table(
    "verdicts", METADATA,
    _text("student"), _text("exercise"), Column("number", Integer, nullable=False),
    Column("place", Integer, nullable=False),    # in the exercise's order
    _text("check"), _text("mark"), _text("cause", nullable=True), Column("points", Float, nullable=False),
    Column("max_points", Float, nullable=False), _text("diagnosis", nullable=True),
    _text("document"),          # the Verdict as JSON, without its pictures
    _text("pictures"),          # as JSON
    PrimaryKeyConstraint("student", "exercise", "number", "place"),
    ForeignKeyConstraint(["student", "exercise", "number"],
                         [f"submissions.{name}" for name in ("student", "exercise", "number")],
                         ondelete="CASCADE"))
RESULTS = Table(                # which submission is there for each student and exercise: the newest
    "results", METADATA,
    _text("student"), _text("exercise"), Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("student", "exercise"),
    ForeignKeyConstraint(["student", "exercise", "number"],
                         [f"submissions.{name}" for name in ("student", "exercise", "number")],
                         ondelete="CASCADE"))
OVERRIDES = Table(
    "overrides", METADATA,
    _student(), _text("exercise"), _text("check"),   # "": the submission as a whole
    _text("sha256"),            # of the submission that it was made on; "" where nobody knows
    Column("points", Float), Column("bonus", Float, nullable=False), _text("comment"), _text("by"),
    _text("made_at"), PrimaryKeyConstraint("student", "exercise", "check", "sha256"))
COMMENTS = Table(               # the bank of them, for written answers
    "comments", METADATA,
    Column("id", Integer, primary_key=True), _text("exercise"),    # "": for any
    _text("text"), Column("points", Float), _text("by"), _text("at"), sqlite_autoincrement=True)
ANSWERS = Table(
    "answers", METADATA,
    _student(), _text("exercise"), _text("question"), _text("sha256"),   # of the submission it stands in
    _text("text"), Column("points", Float),      # NULL: unmarked
    _text("by"), _text("at"),
    Column("ticked", JSON, nullable=False),      # the texts of the rubric's items that it has
    PrimaryKeyConstraint("student", "exercise", "question", "sha256"))
ANSWER_COMMENTS = Table(
    "answer_comments", METADATA,
    _text("student"), _text("exercise"), _text("question"), _text("sha256"),
    Column("comment", Integer, ForeignKey("comments.id"), nullable=False, index=True),
    PrimaryKeyConstraint("student", "exercise", "question", "sha256", "comment"),
    ForeignKeyConstraint(["student", "exercise", "question", "sha256"],
                         [f"answers.{name}" for name in ("student", "exercise", "question", "sha256")],
                         ondelete="CASCADE"))
REVIEWED = Table(
    "reviewed", METADATA,
    _student(), _text("exercise"), _text("sha256"), _text("by"), _text("at"),
    PrimaryKeyConstraint("student", "exercise", "sha256", "by"))
EVENTS = Table(                 # only added to; `undone` alone is written once more
    "events", METADATA,
    Column("id", Integer, primary_key=True), _text("at"), _text("by"),
    _text("student", index=True),                # "": nobody's; no foreign key: who leaves keeps a history
    _text("exercise"), _text("what"),
    _text("before"), _text("after"),             # as JSON; null: nothing
    Column("undone", Boolean, nullable=False), sqlite_autoincrement=True)
