"""What Moodle and Canvas do with the files that we give them, by their importers' rules.

Written from the formats as they are documented, without a line of ours: a test that reads an export back
through these knows where each mark ends.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping

MOODLE_HEADINGS = ("Identifier", "Grade", "Last modified (grade)")
MAXIMUM, CHANGEABLE = ("Maximum grade", "Maximum Grade"), "Grade can be changed"
NO_ASSIGNMENT = re.compile(r"\b(?:Current|Final|Unposted|Override)\b.*\b(?:Score|Points|Grade|Status)\b")


class Refused(Exception):  # noqa: N818 - what the importer says
    """The whole file is refused, or would do something that nobody asked for."""


def moodle_grades(before: bytes, after: bytes, *, participant: str = "Participant ", encoding: str = "utf-8",
                  headings: tuple[str, str, str] = MOODLE_HEADINGS, comma: bool = False) -> dict[str, float]:
    """Participant's number -> the grade that Moodle changes it to, by "Upload grading worksheet".

    Moodle knows what the sheet said when it was downloaded: `before`. A row is passed over whose grade is the
    same, empty, negative, above the maximum, or locked, and one of nobody. The rest of the sheet is not read.

    Args:
        participant: the site's word in front of the number; `headings`: the site's words for the three
            columns that Moodle looks for, by exactly these names.
        comma: the site's language has a decimal comma.

    Raises:
        Refused: a column that Moodle needs is missing.
    """
    was = {row[headings[0]]: row for row in _rows(before, encoding, headings)}
    found: dict[str, float] = {}
    for row in _rows(after, encoding, headings):
        known = was.get(row[headings[0]])
        if known is None or _locked(known):
            continue
        grade, old = (_moodle_number(which[headings[1]], comma) for which in (row, known))
        highest = next((_moodle_number(known[name], comma) for name in MAXIMUM if name in known), None)
        if grade is None or grade == old or grade < 0 or (highest is not None and grade > highest):
            continue
        found[row[headings[0]][len(participant):]] = grade
    return found


def _rows(content: bytes, encoding: str, headings: tuple[str, ...]) -> Iterator[dict[str, str]]:
    text = content.decode(encoding).removeprefix("\ufeff")
    head = text.splitlines()[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    if missing := set(headings) - set(reader.fieldnames or ()):
        raise Refused(f"no column {', '.join(sorted(missing))}")
    yield from reader


def _locked(row: Mapping[str, str]) -> bool:
    return row.get(CHANGEABLE, "Yes") == "No"


def _moodle_number(text: str, comma: bool) -> float | None:
    text = text.strip().replace(",", ".") if comma else text.strip()
    return float(text) if re.fullmatch(r"-?\d+(?:\.\d+)?", text) else None


def moodle_feedback(archive: bytes, participants: Collection[str],
                    name: str = "feedback.html") -> dict[str, bytes]:
    """Participant's number -> the file called `name` that Moodle gives them, by "Upload multiple feedback
    files in a zip".

    Of each part of a path, split at underscores, the second must be a participant's number, the third and
    fourth a plugin. Hidden files and those of nobody are passed over in silence.

    Raises:
        Refused: one participant gets the same file twice: the second would take the place of the first.
    """
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for entry in opened.infolist():
            *folders, file = entry.filename.split("/")
            if entry.is_dir() or file.startswith((".", "~")):
                continue
            number, rest = _moodle_participant([*folders, file], participants)
            if number is None or rest != name:
                continue
            if number in found:
                raise Refused(f"participant {number} gets {name} twice")
            found[number] = opened.read(entry)
    return found


def _moodle_participant(path: list[str], participants: Collection[str]) -> tuple[str | None, str]:
    for at, part in enumerate(path):
        words = part.split("_", 4)
        if (len(words) >= 4 and words[1].isdecimal() and words[1] in participants
                and words[2] in ("assignfeedback", "assignsubmission") and words[3] == "file"):
            return words[1], "/".join([*words[4:], *path[at + 1:]]).lstrip("/")
    return None, ""


def canvas_grades(content: bytes, people: Mapping[str, str]) -> dict[str, dict[str, float | str]]:
    """User id -> assignment's number -> the score that Canvas reads, or "EX".

    Every score in the file, whether it changes anything or not. A student is the one of the `ID`, else the
    only one of exactly that name; rows of nobody are passed over. Blank and "-" are no score.

    Args:
        people: of the course: user id -> name, as the gradebook has it.

    Raises:
        Refused: no gradebook, or a column that would make a new assignment.
    """
    text = content.decode("utf-8-sig")
    first = "".join(text.splitlines(keepends=True)[:3])
    delimiter = ";" if first.count(";") > first.count(",") else ","
    head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    if "Student" not in head[0] or "ID" not in head[1] or not any("Section" in name for name in head):
        raise Refused("invalid header row")
    last = max(at for at, name in enumerate(head) if "Section" in name)
    points = next((row for row in rows if "Points Possible" in row[0]), [""] * len(head))
    columns = {at: _canvas_assignment(head[at]) for at in range(last + 1, len(head))
               if not NO_ASSIGNMENT.search(head[at]) and "(read only)" not in points[at]}
    found: dict[str, dict[str, float | str]] = {}
    for row in rows:
        user = _canvas_user(row, people)
        if "Points Possible" in row[0] or user is None:
            continue
        read = {number: _canvas_score(row[at]) for at, number in columns.items()}
        found.setdefault(user, {}).update({number: score for number, score in read.items()
                                           if score is not None})
    return found


def _canvas_assignment(heading: str) -> str:
    match = re.search(r"\((\d+)\)$", heading.strip())
    if match is None:
        raise Refused(f"{heading!r} would make a new assignment")
    return match.group(1)


def _canvas_user(row: list[str], people: Mapping[str, str]) -> str | None:
    if row[1].strip():
        return row[1].strip() if row[1].strip() in people else None
    named = [user for user, name in people.items() if name == row[0].strip()]
    return named[0] if len(named) == 1 else None


def _canvas_score(cell: str) -> float | str | None:
    text = cell.strip()
    if text.casefold() == "ex":
        return "EX"
    if not re.fullmatch(r"-?[0-9.,]+", text):
        return None
    *whole, rest = re.split("[,.]", text)
    return float(f"{''.join(whole)}.{rest}" if whole else rest)


def canvas_feedback(archive: bytes) -> dict[tuple[str, str], bytes]:
    """(User id, attachment's id) -> the file that Canvas hangs there as a comment, by "Upload submissions".

    Of a file's name, split at underscores, the first two numbers are the user's and the attachment's; after
    "anon" it is the anonymous id and then the attachment's. Folders do not count. Whatever else is in the zip
    is passed over in silence.

    Raises:
        Refused: two files for the same attachment.
    """
    found: dict[tuple[str, str], bytes] = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for entry in opened.infolist():
            key = None if entry.is_dir() else _canvas_entry(entry.filename.rsplit("/", 1)[-1])
            if key is None:
                continue
            if key in found:
                raise Refused(f"two files for attachment {key[1]} of user {key[0]}")
            found[key] = opened.read(entry)
    return found


def _canvas_entry(name: str) -> tuple[str, str] | None:
    words = name.split("_")
    if words[0].casefold() == "late":
        words = words[1:]
    if words[0] == "anon":
        return (words[1], words[2]) if len(words) > 3 and words[2].isdecimal() else None
    numbers = [word for word in words[:-1] if word.isdecimal()]
    return None if len(numbers) < 2 or name.startswith(".") else (numbers[0], numbers[1])
