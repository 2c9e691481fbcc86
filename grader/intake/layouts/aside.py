"""What a download says beside the files themselves: small texts, and times in many forms."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = re.compile(r"[A-Za-z]{2,}[A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
DASHED = re.compile(r"(\d{4}-\d{2}-\d{2})-(\d{2})-(\d{2})-(\d{2})")    # as nbgrader's documentation shows it


def small(path: Path, most: int) -> bytes | None:
    """A regular file's bytes; None: it is none, cannot be read, or is larger than `most`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(most + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except (OSError, ValueError):
        return None
    return data if data is not None and len(data) <= most else None


def when(said: str) -> str:
    """A time as ISO 8601 with its offset; "" where it is none. Without a zone it is UTC, as in nbgrader."""
    said = DASHED.sub(r"\1 \2:\3:\4", said.strip())
    front, _, zone = said.rpartition(" ")
    ways: tuple[Callable[[], datetime], ...] = (
        lambda: datetime.fromisoformat(said), lambda: datetime.fromisoformat(front + zone),
        lambda: _in_zone(front, zone), lambda: parsedate_to_datetime(said))
    for read in ways:
        try:
            moment = read()
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
        except (ValueError, KeyError, OSError, OverflowError, TypeError, IndexError):
            continue
    return ""


def _in_zone(front: str, zone: str) -> datetime:
    if not ZONE.fullmatch(zone) and zone != "Z":
        raise ValueError(zone)
    known = UTC if zone in {"Z", "UTC", "GMT"} else ZoneInfo(zone)
    return datetime.fromisoformat(front).replace(tzinfo=known)
