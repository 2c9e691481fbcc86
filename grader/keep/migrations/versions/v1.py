"""Version 0.1 had one fingerprint, which did not cover the code that observes and judges: it says nothing."""

from __future__ import annotations

from alembic import op

revision = "1"
down_revision = "0"


def upgrade() -> None:
    op.execute("ALTER TABLE results RENAME COLUMN fingerprint TO observed")
    op.execute("ALTER TABLE results ADD COLUMN judged VARCHAR NOT NULL DEFAULT ''")
    op.execute("UPDATE results SET observed = ''")
