"""Reports back to everybody: the zip that Moodle or Canvas takes and hands out by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from grader.export import canvas, worksheet
from grader.export.filling import marked, refused
from grader.export.out import ExportError, zipped
from grader.export.people import Own, owned, placed
from grader.intake.spelling import LOST
from grader.records import Result, Status
from grader.report import student

# how teams are called in Moodle, where nothing else tells them from people
_TEAM = re.compile(r"(?:default |standard)?(?:team|group|gruppe|groupe|grupo|gruppo|equipe|équipe|equipo"
                   r"|groep)(?![^\W\d_])", re.IGNORECASE)
_ANONYMOUS = re.compile(r"(?:late_)?anon_(?P<user>[0-9A-Za-z]+)_(?P<attachment>[0-9]+)(?:_.*)?",
                        re.IGNORECASE | re.DOTALL)
_FETCHES = {"src", "srcset", "poster", "data", "action", "formaction", "background", "ping"}

Finder = Callable[[Own], Sequence[int] | str]
# a result, its file's name -> whose file it is for the LMS, and its place in the zip
Address = Callable[[Result, str], tuple[str, str] | None]


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A zip, and who is not in it."""

    content: bytes
    reports: int
    left: tuple[tuple[str, str], ...]   # person, and why


def pack(results: Sequence[Result], notebooks: Mapping[tuple[str, str], str], *, audience: str,
         sheet: Path | None, everybody: Iterable[Result], language: str) -> Packed:
    """One self-contained report for each result that has a mark; each person gets their own or none.

    Args:
        audience: "moodle" or "canvas".
        sheet: the grading worksheet or the gradebook: without one, only who is named by the download itself
            is placed, and nobody whose name may be a team's.
        everybody: all results there are: a name that two have is nobody's.

    Raises:
        ExportError: the sheet is none, or nobody's report can be sent.
    """
    lms = _LMS[audience]
    exercises = {result.exercise for result in results}
    files: dict[str, list[tuple[Own, str, bytes]]] = {}
    people, left = _placed(results, lms, sheet, everybody)
    for own, addresses in people:
        for result in own.results:
            page = student.render(result, notebooks.get((result.student, result.exercise), ""),
                                  language=language)
            name = "feedback.html" if len(exercises) == 1 else f"{result.exercise}.html"
            places = [place for address in addresses if (place := address(result, name))]
            why = _unsent(own, result) or outside(page) or ("" if places else lms.nowhere)
            left += [(own.shown, why)] if why else []
            for key, path in places if not why else ():
                files.setdefault(key, []).append((own, path, page.encode("utf-8", "backslashreplace")))
    left += [(own.shown, f"not the only one for {path}") for several in files.values() if len(several) > 1
             for own, path, _ in several]
    sent = {path: page for (_, path, page), *others in files.values() if not others}
    if not sent:
        raise ExportError(f"nobody's report can be sent; {left[0][0]}: {left[0][1]}" if left else
                          "there are no reports to send")
    return Packed(content=zipped(sent), reports=len(sent), left=tuple(left))


def _unsent(own: Own, result: Result) -> str:
    """Why there is no report; "" where there is one, as for who is excused and handed something in."""
    if result.status is Status.EXCUSED and not result.nothing_there:
        return ""
    mark = marked(own, {result.exercise: result.max_score})
    return mark.why if mark.score is None else ""


@dataclass(frozen=True, kw_only=True)
class _Lms:
    """What differs between one and the other."""

    of_today: Callable[[Result], Result]
    of_row: Callable[[Path, Iterable[Result]], tuple[Finder, Callable[[int], str], Callable[[int], Address]]]
    of_download: Callable[[Own], Address]
    nowhere: str                        # why somebody has no address


def _placed(results: Iterable[Result], lms: _Lms, sheet: Path | None, everybody: Iterable[Result]
            ) -> tuple[list[tuple[Own, list[Address]]], list[tuple[str, str]]]:
    """Each person with the addresses of their rows, a team with several; and who has none."""
    people = owned(map(lms.of_today, results))
    if sheet is None:
        return [(own, [lms.of_download(own)]) for own in people], []
    finder, shown, address = lms.of_row(sheet, everybody)
    found = placed(people, finder)
    rows: dict[str, list[Address]] = {}
    for at, own in found.rows.items():
        rows.setdefault(own.student, []).append(address(at))
    return ([(own, rows[own.student]) for own in people if own.student in rows],
            [(change.person, change.why) for change in refused(found, shown)])


def _moodle_row(path: Path, everybody: Iterable[Result]
                ) -> tuple[Finder, Callable[[int], str], Callable[[int], Address]]:
    sheet = worksheet.Worksheet(path)
    return sheet.finder(everybody), sheet.shown, lambda at: _in_moodle(sheet.name(at), sheet.number(at))


def _in_moodle(name: str, number: str) -> Address:
    """In the folder that Moodle gives to a participant; a name's underscores would end it."""
    clean = " ".join(LOST.sub("", name.replace("_", " ")).split()) or "Participant"
    return lambda _, file: (f"{number} {file}", f"{clean}_{number}_assignfeedback_file/{file}"
                            ) if number else None


def _moodle_download(own: Own) -> Address:
    """Where the path says that this number is Moodle's, and it can hardly be a team's, which may be somebody
    else's, too: a person's name has two words."""
    def address(result: Result, file: str) -> tuple[str, str] | None:
        number = result.source_id or result.student
        team = own.team or (result.name and (_TEAM.match(result.name) or len(result.name.split()) < 2))
        if team or f"_{number}_assignsubmission_" not in result.notebook.path:
            return None
        return _in_moodle(result.name, number)(result, file)
    return address


def _canvas_row(path: Path, everybody: Iterable[Result]
                ) -> tuple[Finder, Callable[[int], str], Callable[[int], Address]]:
    book = canvas.Gradebook(path)
    return book.finder(everybody), book.shown, lambda at: _of_entry({book.user(at)})


def _of_entry(users: Collection[str]) -> Address:
    """Named like the entry that it came as, which says whose it is."""
    known = "|".join(map(re.escape, users))
    theirs = re.compile(rf"(?:(?P<name>\w*?)_)?(?P<late>late_)?(?P<user>{known})_(?P<attachment>[0-9]+)_.*",
                        re.IGNORECASE | re.DOTALL)

    def address(result: Result, file: str) -> tuple[str, str] | None:
        for part in result.notebook.path.split("/"):
            anonymous, named = _ANONYMOUS.fullmatch(part), theirs.fullmatch(part)
            if anonymous and {anonymous["user"], f"anon_{anonymous['user']}"} & {*users}:
                mine = f"anon_{anonymous['user']}_{anonymous['attachment']}_{file}"
                return mine, mine
            if named and not anonymous:
                # Canvas takes the first two numbers for its own
                words = [word for word in (named["name"] or "").split("_") if word and not word.isdecimal()]
                late = [named["late"].strip("_")] if named["late"] else []
                mine = f"{named['user']}_{named['attachment']}_{file}"
                return mine, "_".join([*words, *late, mine])
        return None
    return address


_LMS = {"moodle": _Lms(of_today=worksheet.of_today, of_row=_moodle_row, of_download=_moodle_download,
                       nowhere="no participant's number is known for sure, which may be a team's: give the "
                               "grading worksheet with --worksheet"),
        "canvas": _Lms(of_today=canvas.of_today, of_row=_canvas_row,
                       of_download=lambda own: _of_entry(own.ids),
                       nowhere="did not come as an entry of their own in Canvas's download")}


def outside(page: str) -> str:
    """What a page would fetch, or links to that is not in it; "" for a self-contained one. Addresses of
    further reading, which are fetched by nobody but a reader, are no part of it."""
    parser = _Links()
    parser.feed(page)
    parser.close()
    return next((f"the report would fetch or miss {what}" for what in parser.outside()), "")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._ids: set[str] = set()
        self._links: list[str] = []
        self._fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self._ids |= {said["id"]} if "id" in said else set()
        if tag in ("script", "iframe", "base"):
            self._fetched.append(f"<{tag}>")
        self._fetched += [value for name, value in said.items() if name in _FETCHES]
        self._fetched += [value for value in said.values() if "url(" in value]
        for link in (value for name, value in said.items() if name in ("href", "xlink:href")):
            (self._links if tag == "a" or link.startswith("#") else self._fetched).append(link)
        if said.get("http-equiv", "").casefold() == "refresh":
            self._fetched.append(said.get("content", ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style" and re.search(r"url\(|@import", data):
            self._fetched.append("what its style names")

    def outside(self) -> list[str]:
        return [*(what for what in self._fetched if not what.startswith("data:")),
                *(link for link in self._links if not link.startswith(("https://", "#"))),
                *(link for link in self._links if link.startswith("#") and link[1:] not in self._ids)]
