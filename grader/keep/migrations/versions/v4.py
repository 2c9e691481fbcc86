"""An answer has ticked items of its rubric; also in the events by which it can be put back."""

from __future__ import annotations

from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    op.execute("ALTER TABLE answers ADD COLUMN ticked JSON NOT NULL DEFAULT '[]'")
    for column in ("before", "after"):
        op.execute(f"UPDATE events SET \"{column}\" = json_set(\"{column}\", '$.ticked', json('[]')) "
                   f"WHERE what = 'answer' AND json_type(\"{column}\") = 'object'")
