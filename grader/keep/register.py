"""What a gradebook knows beside marks: the batch as a whole, and its people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import msgspec
from msgspec import structs
from sqlalchemy import Connection, select, union
from sqlalchemy.dialects.sqlite import insert as upsert

from grader.keep.database import Database, as_json, plain
from grader.keep.desk import Desk
from grader.keep.known import Known
from grader.keep.schema import BATCH, PEOPLE, RESULTS, SUBMISSIONS
from grader.keep.written import Written
from grader.records import Person

AS_JSON = "known_as", "kinds", "numbers"   # columns of PEOPLE
S, R = SUBMISSIONS.c, RESULTS.c


class Register:
    """A gradebook, opened; see `Gradebook`."""

    def __init__(self, path: Path) -> None:
        """Open a gradebook, or begin one.

        Raises:
            GradebookError: it is no gradebook, or one of a newer grader.
        """
        self._database = Database(path)
        self.desk = Desk(self._database)
        self.written = Written(self._database)

    def close(self) -> None:
        """Let go of the file; `with` does it too."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def batch_value(self, name: str, default: str) -> str:
        """A value of the whole batch, such as its seed.

        Returns:
            What was recorded first, else `default`, which is now recorded.
        """
        with self._database.writing() as db:
            db.execute(upsert(BATCH).values(name=name, value=default).on_conflict_do_nothing())
            return str(db.execute(select(BATCH.c.value).where(BATCH.c.name == name)).scalar_one())

    def set_batch_value(self, name: str, value: str) -> None:
        """Write or replace a value of the whole batch."""
        with self._database.writing() as db:
            row = upsert(BATCH).values(name=name, value=value)
            db.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def batch_values(self) -> dict[str, str]:
        """Every value of the whole batch by its name."""
        with self._database.reading() as db:
            return {row.name: row.value for row in db.execute(select(BATCH))}

    def people(self) -> list[Known]:
        """Everybody the gradebook has ever met, and to what they have handed in something that counted."""
        pairs = union(select(S.student, S.exercise), select(R.student, R.exercise))
        with self._database.reading() as db:
            rows = db.execute(select(PEOPLE).order_by(PEOPLE.c.id)).all()
            handed_in: dict[str, set[str]] = {}
            for student, exercise in db.execute(pairs):
                handed_in.setdefault(student, set()).add(exercise)
            return [msgspec.convert({
                "person": plain(row, *Person.__struct_fields__), "on_roster": row.on_roster,
                **{name: msgspec.json.decode(row._mapping[name]) for name in AS_JSON},
                "handed_in": handed_in.get(row.id, set())}, Known) for row in rows]

    def meet(self, people: Iterable[Known]) -> None:
        """Write down who somebody is, in place of what was known of them."""
        with self._database.writing() as db:
            met(db, people, anew=True)


def met(db: Connection, people: Iterable[Known], *, anew: bool) -> None:
    """Write down who somebody is; those who are known already, only where it is to be written anew."""
    for one in people:
        values = {**structs.asdict(one.person), "on_roster": one.on_roster,
                  **{name: as_json(getattr(one, name)) for name in AS_JSON}}
        row = upsert(PEOPLE).values(values)
        db.execute(row.on_conflict_do_update(index_elements=["id"], set_=values) if anew
                   else row.on_conflict_do_nothing())
