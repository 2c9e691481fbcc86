"""A submission's verdicts as rows, their pictures apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, Row, delete, insert, select, tuple_

from grader.keep.database import as_json
from grader.keep.schema import VERDICTS
from grader.records import Picture, Verdict

Where = tuple[str, str, int]    # student, exercise, number
Rows = Sequence[Row[Any]]
V = VERDICTS.c
PICTURES = msgspec.json.Decoder(tuple[Picture, ...])


def write(db: Connection, where: Mapping[str, Any], checks: Sequence[Verdict]) -> None:
    """Put these verdicts in the place of those that are there."""
    db.execute(delete(VERDICTS).where(*(V[name] == value for name, value in where.items())))
    rows = [{**where, "place": place, "check": one.id, "mark": one.mark.value,
             "cause": one.cause.value if one.cause else None, "points": one.points,
             "max_points": one.max_points, "diagnosis": one.diagnosis,
             "document": as_json(structs.replace(one, pictures=())), "pictures": as_json(one.pictures)}
            for place, one in enumerate(checks)]
    if rows:
        db.execute(insert(VERDICTS), rows)


def of(db: Connection, where: Sequence[Where], *, pictures: bool = True) -> dict[Where, Rows]:
    """The rows of some submissions, each in the exercise's order; `where` is in order, and all between its
    ends may be read."""
    if not where:
        return {}
    columns = [V.student, V.exercise, V.number, V.document, *([V.pictures] if pictures else [])]
    asked = select(*columns).where(tuple_(V.student, V.exercise) >= tuple_(*where[0][:2]),
                                   tuple_(V.student, V.exercise) <= tuple_(*where[-1][:2]))
    found: dict[Where, list[Row[Any]]] = {}
    for row in db.execute(asked.order_by(V.student, V.exercise, V.number, V.place)):
        found.setdefault((row.student, row.exercise, row.number), []).append(row)
    return dict(found)


def read(rows: Rows) -> tuple[Verdict, ...]:
    """Verdicts of rows.

    Raises:
        msgspec.MsgspecError: one cannot be read.
    """
    return tuple(structs.replace(msgspec.json.decode(row.document, type=Verdict), pictures=PICTURES.decode(
        row._mapping.get("pictures", "[]"))) for row in rows)
