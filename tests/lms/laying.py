"""Folders and archives that hold what a class handed in."""

from __future__ import annotations

import io
import os
import random
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lms.classes import BY_LOGIN, Due

Entries = Mapping[str, bytes | None]      # None: an empty folder


@dataclass(frozen=True, kw_only=True)
class Laid:
    """A class's work in one layout, and the truth about it."""

    sources: tuple[Path, ...]
    due: tuple[Due, ...]
    options: tuple[str, ...] = ()
    sheet: str = ""                       # whose sheet its ids are in: "moodle", "canvas"
    blind: bool = False
    team_marks: Mapping[str, int] | None = None      # team -> token, where teams hand in

    def of(self, login: str) -> Due | None:
        """What is due to one of the class."""
        team = BY_LOGIN[login].group if login in BY_LOGIN else ""
        if self.team_marks is not None and team:
            return Due(ids=(login,), login=login, token=self.team_marks[team])
        return next((one for one in self.due if one.login == login), None)

    @property
    def tokens(self) -> dict[str, int]:
        """Who of the class has which mark to get: login -> token."""
        return {one.login: one.token for one in self.due if one.login and one.token is not None}


def on_disk(root: Path, entries: Entries, closed: Iterable[str] = ()) -> Path:
    """A folder, once. When its files were changed last says nothing: junk is the newest."""
    if root.exists():
        return root
    chance = random.Random(3)
    for name, content in _shuffled(entries):
        path = root / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        when = 1_700_000_000 + chance.randrange(10**6) + 10**7 * ("old" in name or "Untitled" in name)
        os.utime(path, (when, when))
    for name in closed:
        (root / name).chmod(0)
    return root


def zipped(path: Path, entries: Entries) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _shuffled(entries):
            entry = zipfile.ZipInfo(name if content is not None else f"{name}/", (2026, 11, 20, 18, 3, 0))
            archive.writestr(entry, content or b"")
    return path


def tarred(path: Path, entries: Entries) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in _shuffled(entries):
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            entry.size = len(content or b"")
            archive.addfile(entry, io.BytesIO(content or b""))
    return path


def _shuffled(entries: Entries) -> list[tuple[str, bytes | None]]:
    mixed = list(entries.items())
    random.Random(5).shuffle(mixed)
    return mixed


def below(prefix: str, files: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """Files in a folder, which is there where they are none."""
    return {f"{prefix}/{name}": content for name, content in files.items()} or {prefix: None}
