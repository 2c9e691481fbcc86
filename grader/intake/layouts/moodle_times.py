"""When Moodle's submissions came: its zip does not say; its grading worksheet does, in the site's words."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.intake import tables
from grader.intake.handed import Handed, Reading
from grader.intake.roster import HEADINGS, PARTICIPANT, same_name
from grader.intake.spelling import folded, folded_name

# A language's months, from January on, as a date has them.
MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "de_AT": "jänner februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada "
          "grudnia"}
_MONTH = {word: at for words in MONTHS.values() for at, word in enumerate(words.split(), start=1)}
_TIME = re.compile(r"(?P<date>.*\d.*?)(?:[T\s,]|\b(?:à|às|um|kl\.?|alle|a las|o))+"
                   r"(?P<hour>\d{1,2})[:h](?P<minute>\d\d)(?::(?P<second>\d\d))?"
                   r"(?:\s*(?P<half>[ap])\.?\s?m\.?)?(?:\s*uhr)?", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)")
_DOTTED = re.compile(r"(\d\d?)\.\s?(\d\d?)\.\s?(\d{4})")     # nobody writes the month first with dots
_PAIR = re.compile(r"(?P<what>[^()]+)\([^()]+\)")
_NEVER = ("", "-", "–", "—")


@dataclass(frozen=True, kw_only=True)
class _Row:
    """When a participant handed in, as their worksheet says."""

    number: str
    name: str         # "" with blind marking
    group: str        # folded; "" where the sheet has no teams
    came: str


def moment(text: str) -> datetime.datetime | None:
    """A worksheet's date, by the clock of whoever downloaded it; None where it cannot be told for certain:
    of 03/04/2026 nobody knows the month."""
    found = _TIME.fullmatch(unicodedata.normalize("NFC", " ".join(text.split())))
    if found is None:
        return None
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    day = _day(found["date"].casefold())
    try:
        return day and datetime.datetime(*day, hour, int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        return None


def _day(text: str) -> tuple[int, int, int] | None:
    """Year, month, day."""
    if found := _YEAR_FIRST.fullmatch(text.strip(" ,")):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _DOTTED.search(text):
        return int(found[3]), int(found[2]), int(found[1])
    months = {_MONTH[word] for word in re.findall(r"[^\W\d_]+", text) if word in _MONTH}
    years = re.findall(r"(?<!\d)\d{4}(?!\d)", text)
    days = re.findall(r"(?<!\d)\d{1,2}(?!\d)", text)
    if len(months) == len(years) == len(days) == 1 and len(re.findall(r"\d+", text)) == 2:
        return int(years[0]), months.pop(), int(days[0])
    return None


def timed(readings: Sequence[Reading], sheets: Iterable[Path]) -> tuple[list[Reading], list[str]]:
    """The readings with the time of each of Moodle's submissions, where a worksheet among the sheets says it;
    and what the tutor should know.

    Raises:
        IntakeError: a sheet is no table.
    """
    if not any(one.layout == "Moodle" for one in readings):
        return list(readings), []
    notes, rows = list[str](), defaultdict[str, list[_Row]](list)
    for path in sheets:
        for row in _rows(path, notes):
            for key in {f"number {row.number}", f"group {row.group}"} - {"group "}:
                rows[key].append(row)
    return [one if one.layout != "Moodle" else replace(one, handed=tuple(
        replace(each, handed_in_at=each.handed_in_at or _came(each, rows)) for each in one.handed))
        for one in readings], notes


def _came(each: Handed, rows: dict[str, list[_Row]]) -> str:
    """When it came; "" where no row or several different ones say it. A number is of one assignment: where
    names are known, it counts together with the name."""
    if each.team:
        theirs = rows.get(f"group {folded(each.team)}", [])
    else:
        theirs = [row for row in rows.get(f"number {each.person.id}", [])
                  if same_name(folded_name(row.name), folded_name(each.person.name))]
    times = {row.came for row in theirs}
    return times.pop() if len(times) == 1 else ""


def _rows(path: Path, notes: list[str]) -> Iterator[_Row]:
    """Every participant of a worksheet who has handed in; nobody, where it is another list."""
    table = tables.read(path)
    heads = [unicodedata.normalize("NFC", head).casefold() for head in table.heads]
    at = _column(heads)
    name, group = (next((n for n, head in enumerate(heads[:at]) if head in HEADINGS[what]), None)
                   for what in ("name", "group"))
    unknown = list[str]()
    for _, cells in table.rows if at else ():
        number = PARTICIPANT.fullmatch(cells[0].strip())
        if number is None or cells[at].strip() in _NEVER:
            continue
        came = moment(cells[at])
        if came is None:
            unknown.append(f"{cells[at].strip()!r} ({cells[0].strip()})")
        else:
            yield _Row(number=number[1], name="" if name is None else cells[name].strip(),
                       group="" if group is None else folded(cells[group]), came=came.isoformat())
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        notes.append(f"{path}: {unknown[0]}{more} in {table.heads[at]!r} cannot be told for certain, and no "
                     "hand-in time is taken from there: download the sheet with Moodle in English")


def _column(heads: Sequence[str]) -> int:
    """Which says when a submission was changed last; 0: none. In every language two columns are called alike
    but for what stands in brackets, the submission's before the grade's."""
    called = [found["what"] if (found := _PAIR.fullmatch(head)) else "" for head in heads]
    return next((at for at, what in enumerate(called) if at and what and what in called[at + 1:]), 0)
