"""The files that lie in the kernel's folder before its first cell."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from grader.wall import frames
from grader.wall.frames import Kind
from grader.wall.messages import Job

PAGES = 8 << 10   # bytes that a file takes beside its own: the rest of its last page, and its folder's


def room(job: Job) -> int:
    """What the job's files take on a disk in memory; what the notebook writes has its own."""
    return sum(file.size + PAGES for file in job.files)


def received(stream: frames.Stream, job: Job) -> Iterator[tuple[str, bytearray]]:
    """The job's files, one after the other, as the grader sends them.

    Raises:
        frames.Broken: it sends something else.
    """
    for file in job.files:
        kind, content = frames.get(stream, file.size)
        if kind is not Kind.FILE:
            raise frames.Nonsense(f"{kind} in place of a file")
        yield file.name, content


def put_down(files: Iterator[tuple[str, bytearray]], folder: Path) -> None:
    """Write them. Of two names that the file system takes for one, the first counts."""
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError), path.open("xb") as file:
            file.write(content)
