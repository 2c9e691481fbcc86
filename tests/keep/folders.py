"""What is in a folder that a batch wrote, to compare two of them."""

from __future__ import annotations

from pathlib import Path

from grader.keep.claim import AT_WORK, PUBLISHING


def contents(out: Path) -> dict[str, bytes]:
    """Of every file but those that say when something happened."""
    apart = {AT_WORK, PUBLISHING, "gradebook.sqlite"}
    return {path.relative_to(out).as_posix(): b"" if path.suffix == ".parcel" else path.read_bytes()
            for path in out.rglob("*") if path.is_file() and path.name not in apart}
