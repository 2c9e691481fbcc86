"""nbgrader's `named_regexp`: a regular expression that says of a path whose it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from grader.intake.called import ARCHIVE, NOTEBOOK, stem
from grader.intake.handed import IntakeError, Reading, Tree
from grader.intake.layouts import matching
from grader.intake.layouts.aside import when
from grader.intake.layouts.entries import Parts, Theirs, entries, hollow, reading
from grader.intake.layouts.matching import Groups
from grader.records import Person

SECONDS = 20      # for all files: a sound expression needs far less than one
GROUPS = ("student_id", "file_id")


class Regexp:
    """`re.match` against the whole path, as nbgrader does it; against the path below the source else.

    What lies in an archive in the source is whose the archive is: a student may have made it.
    """

    name = "regexp"

    def __init__(self, pattern: str) -> None:
        """The pattern is the tutor's.

        Raises:
            IntakeError: it is no regular expression, or lacks a group.
        """
        try:
            groups = re.compile(pattern).groupindex
        except (re.error, RecursionError, OverflowError) as error:
            raise IntakeError(f"--layout {pattern}: no regular expression: {error}") from None
        for group in GROUPS:
            if group not in groups:
                raise IntakeError(f"--layout {pattern}: lacks the group (?P<{group}>...)")
        self.pattern = pattern

    def fits(self, tree: Tree) -> bool:
        return any(isinstance(each, dict) for each in self._matched(tree).values())

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:  # noqa: ARG002 - the pattern says all
        matched, said = self._matched(tree), list[str]()

        def whose(parts: Parts) -> Theirs | str:
            parts = tuple(part for part in parts if part)
            archive, groups = _archive(parts), matched.get("/".join(parts), matching.NO_MATCH)
            if archive and isinstance(matched["/".join(archive)], dict):
                groups = matched["/".join(archive)]
            else:
                archive = parts
            if isinstance(groups, str):
                return groups
            if not groups["student_id"] or not groups["file_id"]:
                return matching.NO_MATCH
            at = groups.get("timestamp") or ""
            if at and not when(at):
                said.append(f"{'/'.join(parts)}: no time can be read in {at!r}")
            names = [groups.get("first_name") or "", groups.get("last_name") or ""]
            person = Person(id=groups["student_id"], name=" ".join(filter(None, names)),
                            email=groups.get("email") or "")
            name = "/".join((_named(groups["file_id"], archive[-1]), *parts[len(archive):]))
            return Theirs(person=person, name=name, handed_in_at=when(at))

        return reading("regular expression", self.pattern, tree, whose, said=said)

    def _matched(self, tree: Tree) -> dict[str, Groups | str]:
        """What the pattern says of each path, and of the archives in the source.

        Raises:
            IntakeError: it takes too long.
        """
        every = {entry.parts for entry in entries(tree)} | set(hollow(tree))
        every |= {archive for parts in every if (archive := _archive(parts))}
        latest = {"/".join(parts): len("/".join(_archive(parts) or parts)) for parts in every}
        asked = {"pattern": self.pattern, "above": f"{tree.source.absolute().as_posix()}/",
                 "paths": sorted(latest.items()), "seconds": SECONDS}
        try:
            # In a process of its own, which can be ended wherever a match cannot.
            done = subprocess.run([sys.executable, "-I", "-S", matching.__file__], input=json.dumps(asked),
                                  capture_output=True, encoding="utf-8", timeout=SECONDS + 5, check=True)
        except subprocess.TimeoutExpired:
            raise IntakeError(f"--layout {self.pattern}: takes more than {SECONDS} s for {len(latest)} paths;"
                              " make it simpler") from None
        except subprocess.CalledProcessError as error:
            raise IntakeError(f"--layout {self.pattern}: cannot be matched: "
                              f"{error.stderr.strip().splitlines()[-1:]}") from None
        return dict(zip(sorted(latest), json.loads(done.stdout), strict=True))


def _archive(parts: Parts) -> Parts:
    """The path of the archive that a file lies in, the outermost; () where it lies in none."""
    return next((parts[:at] for at in range(1, len(parts)) if ARCHIVE.search(parts[at - 1])), ())


def _named(file_id: str, name: str) -> str:
    """The file's name: nbgrader drops what the pattern has of an ending, and puts the real one there."""
    ending = next((found.group() for kind in (NOTEBOOK, ARCHIVE) if (found := kind.search(name))),
                  Path(name).suffix)
    return stem(file_id) + ending if ending else file_id
