"""Run as a script: matches a pattern against paths. Reads and writes JSON, imports nothing of ours."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from types import FrameType

Groups = dict[str, str | None]
NO_MATCH = "the regular expression does not match it"
SLOW = "the regular expression takes too long with it"
BELOW = ("the name that the regular expression finds lies in an archive, which may be a student's; if it is "
         "the download, give it as the source")
LONGEST = 0.5     # seconds for one path, where the system can end a match


class _TooSlowError(Exception):
    """A match is to end."""


def matched(pattern: str, above: str, paths: list[tuple[str, int]], seconds: float) -> list[Groups | str]:
    """The groups of each path's match, or why there are none.

    Whose a file is must stand in what lies below the source: the tutor's own folders' names say nothing.

    Args:
        paths: below the source; and where in each a student's name must end at the latest.
        seconds: for all of them.
    """
    compiled = re.compile(pattern)
    found = _all(compiled, above, paths, seconds / 2)
    if not any(isinstance(each, re.Match) and each.start("student_id") >= len(above) for each in found):
        below, above = _all(compiled, "", paths, seconds / 2), ""
        found = [SLOW if each == NO_MATCH and before == SLOW else each
                 for each, before in zip(below, found, strict=True)]
    return [_told(each, len(above), len(above) + latest)
            for each, (_, latest) in zip(found, paths, strict=True)]


def _told(found: re.Match[str] | str, earliest: int, latest: int) -> Groups | str:
    if isinstance(found, str):
        return found
    if found.start("student_id") < earliest:
        return NO_MATCH
    return found.groupdict() if found.end("student_id") <= latest else BELOW


def _all(compiled: re.Pattern[str], above: str, paths: list[tuple[str, int]],
         seconds: float) -> list[re.Match[str] | str]:
    """Short paths come first: what one student made long costs nobody else the time."""
    until, found = time.monotonic() + seconds, dict[int, re.Match[str] | str]()
    for at in sorted(range(len(paths)), key=lambda at: len(paths[at][0])):
        found[at] = _match(compiled, above + paths[at][0], min(LONGEST, until - time.monotonic()))
    return [found[at] for at in range(len(paths))]


def _match(compiled: re.Pattern[str], path: str, seconds: float) -> re.Match[str] | str:
    if seconds <= 0:
        return SLOW
    if not hasattr(signal, "setitimer"):
        return compiled.match(path) or NO_MATCH
    try:
        signal.signal(signal.SIGALRM, _end)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        found = compiled.match(path) or NO_MATCH
        signal.setitimer(signal.ITIMER_REAL, 0)
        return found      # in here, since the signal may come as late as this
    except _TooSlowError:
        return SLOW


def _end(_signum: int, _frame: FrameType | None) -> None:
    raise _TooSlowError


if __name__ == "__main__":
    json.dump(matched(**json.load(sys.stdin)), sys.stdout)
