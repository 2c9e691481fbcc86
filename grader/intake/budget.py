"""What students' archives may cost, so that nobody's keep the others waiting: each, one person's, and all."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

SLOW = "{} takes too long to unpack"
SWELLS = "what comes out of it is too many times as large as packed, as in a zip bomb"

# of one student's archives, with the archives in them; and of all students'
THEIR_ENTRIES, THEIR_BYTES, THEIR_SECONDS, THEIR_NOTEBOOKS = 20_000, 1 << 30, 60.0, 1000
ALL_ENTRIES, ALL_BYTES, ALL_SECONDS, ALL_NOTEBOOKS = 500_000, 16 << 30, 1800.0, 50_000
# whose a file is that lies in no folder: Moodle and Canvas begin it with a name and a number
_OWNER = re.compile(r".*?_[0-9]+(?=_)")


class NotUnpacked(Exception):  # noqa: N818 - the name is the statement
    """An archive, or a file of it, is not unpacked; the text says why."""


class TooMuch(NotUnpacked):
    """An archive as a whole goes beyond its limits."""


class Budget:
    """What may still be unpacked: of a source, or of students' archives with the archives in them."""

    def __init__(self, *, entries: int, size: int, notebooks: int = 1 << 62, seconds: float = float("inf"),
                 ratio: bool = False, most: int = 1 << 62, of: str = "it",
                 within: Budget | None = None) -> None:
        self.entries, self.size, self.notebooks, self.ratio = entries, size, notebooks, ratio
        self.of, self.within, self._seconds, self._swells = of, within, seconds, most
        self._most = f"{entries:,}", f"{size / (1 << 30):.3g} GiB", f"{notebooks:,}"
        self._until = time.process_time() + seconds

    @contextmanager
    def running(self) -> Iterator[Budget]:
        """Time counts while this is open, and at no other."""
        with self.within.running() if self.within else nullcontext():
            self._until = time.process_time() + self._seconds
            try:
                yield self
            finally:
                self._seconds = self._until - time.process_time()

    def list(self, entries: int) -> None:
        """Some entries more.

        Raises:
            TooMuch: there are too many, or it takes too long.
        """
        self.entries -= entries
        if self.entries < 0:
            raise TooMuch(f"{self.of} has more than {self._most[0]} entries")
        if time.process_time() > self._until:
            raise TooMuch(SLOW.format(self.of))
        if self.within:
            self.within.list(entries)

    def write(self, size: int) -> None:
        """Some bytes more.

        Raises:
            NotUnpacked: too many for how large the archive is; files that are smaller may come out.
            TooMuch: there are too many, or it takes too long.
        """
        if size > self._swells:
            raise NotUnpacked(SWELLS)
        self._swells -= size
        self.size -= size
        if self.size < 0:
            raise TooMuch(f"more than {self._most[1]} would come out of {self.of}")
        if self.within:
            self.within.write(size)
        self.list(0)

    def notebook(self) -> None:
        """A notebook more.

        Raises:
            TooMuch: there are too many.
        """
        self.notebooks -= 1
        if self.notebooks < 0:
            raise TooMuch(f"{self.of} has more than {self._most[2]} notebooks")
        if self.within:
            self.within.notebook()


class Shares:
    """A budget for each person's archives, within one for all. Who a person is, nobody knows yet: the folders
    that lie side by side are, or what Moodle and Canvas begin a file's name with."""

    def __init__(self, files: Iterable[str]) -> None:
        self._above = _common([file.split("/") for file in files])
        self._all = Budget(entries=ALL_ENTRIES, size=ALL_BYTES, seconds=ALL_SECONDS, notebooks=ALL_NOTEBOOKS,
                           of="all that students packed together")
        self._theirs = dict[str, Budget]()

    def whose(self, file: str) -> str:
        """The same for all files of a person."""
        parts = file.split("/")
        depth = self._above if len(parts) > self._above else 0
        if len(parts) > depth + 1:
            return "/".join(parts[:depth + 1])
        owner = _OWNER.match(parts[-1])
        return owner[0] if owner else file

    def of(self, file: str, *, most: int) -> Budget:
        """What an archive may cost.

        Args:
            most: bytes that may come out of it, for how large it is.
        """
        whose = self.whose(file)
        theirs = self._theirs.setdefault(whose, Budget(
            entries=THEIR_ENTRIES, size=THEIR_BYTES, seconds=THEIR_SECONDS, notebooks=THEIR_NOTEBOOKS,
            of="it, together with the archives beside it,", within=self._all))
        return Budget(entries=THEIR_ENTRIES, size=THEIR_BYTES, seconds=THEIR_SECONDS,
                      notebooks=THEIR_NOTEBOOKS, ratio=True, most=most, within=theirs)


def _common(files: list[list[str]]) -> int:
    """How many folders lie around the persons': each holds one folder, or nbgrader's "submitted"."""
    depth = 0
    while True:
        folders = {parts[depth] for parts in files if len(parts) > depth + 1}
        if "submitted" in folders:
            files, depth = [parts for parts in files if parts[depth:depth + 1] == ["submitted"]], depth + 1
        elif len(folders) == 1:
            depth += 1
        else:
            return depth
