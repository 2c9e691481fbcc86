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
from grader.records import Person

SECONDS = 20      # for all files: a sound expression needs far less than one
GROUPS = ("student_id", "file_id")

Groups = dict[str, str | None]


class Regexp:
    """`re.match` against the whole path, as nbgrader does it; against the path below the source else."""

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
        return any(self._matched(tree).values())

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:  # noqa: ARG002 - the pattern says all
        matched, said = self._matched(tree), list[str]()

        def whose(parts: Parts) -> Theirs | str:
            groups = matched.get("/".join(part for part in parts if part))
            if groups is None or not groups["student_id"] or not groups["file_id"]:
                return "the regular expression does not match it"
            at = groups.get("timestamp") or ""
            if at and not when(at):
                said.append(f"{'/'.join(parts)}: no time can be read in {at!r}")
            names = [groups.get("first_name") or "", groups.get("last_name") or ""]
            person = Person(id=groups["student_id"], name=" ".join(filter(None, names)),
                            email=groups.get("email") or "")
            return Theirs(person=person, name=_named(groups["file_id"], parts[-1]), handed_in_at=when(at))

        return reading("regular expression", self.pattern, tree, whose, said=said)

    def _matched(self, tree: Tree) -> dict[str, Groups | None]:
        """What the pattern says of each path.

        Raises:
            IntakeError: it takes too long.
        """
        paths = sorted({"/".join(entry.parts) for entry in entries(tree)} | {
            "/".join(parts) for parts in hollow(tree)})
        asked = {"pattern": self.pattern, "above": f"{tree.source.absolute().as_posix()}/", "paths": paths}
        try:
            # In a process of its own, which can be ended: nothing else ends a match that takes for ever.
            done = subprocess.run([sys.executable, "-I", "-S", matching.__file__], input=json.dumps(asked),
                                  capture_output=True, encoding="utf-8", timeout=SECONDS, check=True)
        except subprocess.TimeoutExpired:
            raise IntakeError(f"--layout {self.pattern}: takes more than {SECONDS} s for {len(paths)} paths; "
                              "make it simpler") from None
        except subprocess.CalledProcessError as error:
            raise IntakeError(f"--layout {self.pattern}: cannot be matched: "
                              f"{error.stderr.strip().splitlines()[-1:]}") from None
        return dict(zip(paths, json.loads(done.stdout), strict=True))


def _named(file_id: str, name: str) -> str:
    """The file's name: nbgrader drops what the pattern has of an ending, and puts the real one there."""
    ending = next((found.group() for kind in (NOTEBOOK, ARCHIVE) if (found := kind.search(name))),
                  Path(name).suffix)
    return stem(file_id) + ending if ending else file_id
