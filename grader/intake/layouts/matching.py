"""Run as a script: matches a pattern against paths. Reads and writes JSON, imports nothing of ours."""

from __future__ import annotations

import json
import re
import sys


def matched(pattern: str, above: str, paths: list[str]) -> list[dict[str, str | None] | None]:
    """The groups of each path's match, None where there is none.

    Whose a file is must stand in what lies below the source: the tutor's own folders' names say nothing.
    """
    compiled = re.compile(pattern)
    whole = [compiled.match(above + path) for path in paths]
    if not any(found and found.start("student_id") >= len(above) for found in whole):
        whole, above = [compiled.match(path) for path in paths], ""
    return [found.groupdict() if found and found.start("student_id") >= len(above) else None
            for found in whole]


if __name__ == "__main__":
    json.dump(matched(**json.load(sys.stdin)), sys.stdout)
