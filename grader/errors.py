"""What a person can mend: the command line tells it in one line, without a traceback."""

from __future__ import annotations


class Mendable(Exception):  # noqa: N818 - the name is the statement
    """Its text says what is wrong, where, and what to do."""
