"""As version 0.1 made it: results, overrides, history, each mark a JSON document."""

from __future__ import annotations

revision = "0"
down_revision = None


def upgrade() -> None:
    """Nothing: where it begins."""
