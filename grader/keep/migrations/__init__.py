"""How an older gradebook is led to today's tables, step by step: Alembic, without a file of settings.

A gradebook says which schema it has in SQLite's `user_version`; the revision of schema n is called `n`.
A new step is a module in `versions/`, and one more in `schema.SCHEMA`.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from grader.keep.schema import METADATA, SCHEMA


def schema_of(db: Connection) -> int:
    """What a file says of itself; -1 of one without tables."""
    found = int(db.exec_driver_sql("PRAGMA user_version").scalar_one())
    return found if found or inspect(db).has_table("results") else -1


def bring_up_to_date(db: Connection) -> None:
    """Give a new file its tables, or lead an old one to them. In the caller's transaction."""
    found = schema_of(db)  # another process may have been here first
    if found == SCHEMA:
        return
    if found < 0:
        METADATA.create_all(db)
    else:
        _upgrade(db, found)
    db.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")


def _upgrade(db: Connection, found: int) -> None:
    from alembic import command  # slow to import, and hardly ever needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = db
    command.stamp(config, str(found))
    command.upgrade(config, str(SCHEMA))
    db.exec_driver_sql("DROP TABLE alembic_version")  # two words on one thing would come to differ
