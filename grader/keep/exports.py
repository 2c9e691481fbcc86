"""The marks of a gradebook on their way out: to other programs, into a tutor's sheet, back to students."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from grader import export as exporting
from grader.export.filling import Filled, Wish
from grader.export.out import ExportError
from grader.files import replace_file
from grader.keep.answers import final
from grader.keep.gradebook import GradebookError
from grader.keep.publish import Notebooks, opened, weights
from grader.keep.publish import everybody as all_of
from grader.keep.ruling import remembered
from grader.records import Result

if TYPE_CHECKING:
    from grader.export.feedback import Packed


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a gradebook has to export."""

    everybody: list[Result]                  # who is missing, too
    results: list[Result]                    # of the exercises that were asked for
    notebooks: dict[tuple[str, str], str]    # where they were asked for
    said: dict[str, str]                     # of the whole batch
    pass_mark: float                         # 0: none is set
    waiting: int = 0                         # of the results asked for: those of which answers are not marked
    provisional: bool = False                # are they exported all the same?

    @property
    def language(self) -> str:
        """In which students are spoken to."""
        return self.said.get("language", "en")


    def told(self) -> list[str]:
        """How many marks will change, in one line; nothing where none will."""
        if not self.waiting:
            return []
        marks = "1 mark is" if self.waiting == 1 else f"{self.waiting} marks are"
        what = "and exported all the same" if self.provisional else "and left out; --provisional exports them"
        return [f"{marks} provisional, for written answers are not marked yet, {what}"]


def marks(out: Path, only: Collection[str], student: str | None = None, *, texts: bool = False,
          provisional: bool = False) -> Marks:
    """The marks of some exercises, or of all.

    Args:
        provisional: also those that will change when written answers are marked; else they are no marks.
        texts: with the notebooks, where the marks' lines are shown beside them.

    Raises:
        GradebookError: there are none, also of this student.
        ExportError: of one of these exercises nothing was handed in.
    """
    with opened(out) as book:
        everybody, said = all_of(book), book.batch_values()
        notebooks = dict(Notebooks(book)) if texts else {}
        pass_mark = remembered(book).course.pass_mark
    known = sorted({result.exercise for result in everybody})
    if odd := [name for name in only if name not in known]:
        raise ExportError(f"--only {odd[0]}: no results of it in {out}; there are {', '.join(known)}")
    results = [result for result in everybody if not only or result.exercise in only]
    if not any(student in (None, result.student) for result in results):
        raise GradebookError(f"{out}: no results" + (f" of a student {student!r}" if student else ""))
    waiting = sum(result.provisional for result in results if student in (None, result.student))
    if not provisional:
        everybody, results = [*map(final, everybody)], [*map(final, results)]
    return Marks(everybody=everybody, results=results, said=said, notebooks=notebooks, pass_mark=pass_mark,
                 waiting=waiting, provisional=provisional)


def export(out: Path, form: str, to: Path | TextIO, *, only: Collection[str], student: str | None,
           assignments: Mapping[str, str], summary: Path | None,
           separator: str = ",", provisional: bool = False) -> list[str]:
    """Write the marks in another program's format; says what the tutor should know of it."""
    found = marks(out, only, student, texts=form == "github", provisional=provisional)
    told = exporting.write(form, [x for x in found.results if student in (None, x.student)], to,
                           assignments=assignments, summary=summary, notebooks=found.notebooks,
                           language=found.language, weights=weights(found.said), separator=separator,
                           pass_mark=found.pass_mark)
    return [*told, *found.told()]


def fill(out: Path, form: str, to: Path | None, *, only: Collection[str], wish: Wish, worksheet: Path | None,
         assignments: Mapping[str, str], provisional: bool = False) -> Filled:
    """A tutor's own sheet with the marks in it, written only where it is said where to.

    Raises:
        ExportError: that is the sheet itself, which is the tutor's only copy.
    """
    if to and worksheet and to.exists() and to.samefile(worksheet):
        raise ExportError(f"{to} is the sheet as you downloaded it, and stays: give another --output")
    found = marks(out, only, wish.student, texts=form == "moodle", provisional=provisional)
    filled = exporting.fill(form, found.results, worksheet, everybody=found.everybody,
                            notebooks=found.notebooks, wish=wish, assignments=assignments,
                            language=found.language)
    if to:
        replace_file(to, filled.content)
    return replace(filled, notes=(*filled.notes, *found.told()))


def feedback(out: Path, audience: str, to: Path, *, only: Collection[str], worksheet: Path | None,
             provisional: bool = False) -> Packed:
    """Write the zip of reports that an LMS takes back.

    Raises:
        ExportError: there is a file that is no such zip: somebody's download, say.
    """
    from grader.export.feedback import pack

    if to.exists() and not _of_reports(to):
        raise ExportError(f"{to} is there already, is no zip of reports, and stays: give another --output")
    found = marks(out, only, texts=True, provisional=provisional)
    packed = pack(found.results, found.notebooks, audience=audience, sheet=worksheet,
                  everybody=found.everybody, language=found.language)
    replace_file(to, packed.content)
    return packed


def _of_reports(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return all(name.endswith(".html") for name in archive.namelist())
