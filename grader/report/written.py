"""Written answers as a report tells them. Text of students and tutors: escaped, with formulas and code set as
such, nothing else of Markdown obeyed."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from markupsafe import Markup, escape

from grader import records
from grader.report import safe_text
from grader.report.wording import Words

_FORMULAS = 60               # of one text that are set as such: each takes a tenth of a millisecond
_PART = re.compile(r"\$\$([^$]{1,1500})\$\$|\$([^$\n]{1,400})\$|`([^`\n]{1,400})`")
_HEADING = re.compile(r"^[#\s]*(?:\d+[.)]?\s+)?")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One of a rubric."""

    text: str
    points: str                                      # "" where it has none
    met: str                                         # whether the answer has it; "" where nobody says


@dataclass(frozen=True, kw_only=True)
class Told:
    """One answer."""

    id: str
    title: str                                       # the question's first line
    question: str                                    # the rest of it
    text: str                                        # "" for nothing
    mark: str                                        # "" where it counts for nothing
    word: str
    points: str                                      # "2 of 3 points"; "" before it is marked
    rubric: tuple[Item, ...]                         # what a tutor looked for; once marked
    comments: tuple[str, ...]


def told(result: records.Result, w: Words) -> tuple[Told, ...]:
    """Those of which there is anything to tell."""
    return tuple(_told(one, w) for one in result.written if one.text or one.comments or one.max_points)


def by_hand(result: records.Result, w: Words) -> str:
    """That a tutor marks some answers, and which of them are empty; "" where none waits."""
    waiting = [one for one in result.written if one.points is None]
    if not waiting:
        return ""
    count = len(waiting)
    said = w.ngettext("%(num)s written answer is marked by your tutor.",
                      "%(num)s written answers are marked by your tutor.", count) % {"num": count}
    empty = ", ".join(safe_text.line(one.id) for one in waiting if one.text == "")
    return f"{said} {w.gettext('Still empty: %(answers)s.') % {'answers': empty}}" if empty else said


def _told(one: records.WrittenAnswer, w: Words) -> Told:
    first, _, rest = safe_text.block(one.question).strip().partition("\n")
    counts, marked = one.max_points > 0, one.points is not None
    return Told(
        id=safe_text.line(one.id), title=_HEADING.sub("", safe_text.line(first)) or safe_text.line(one.id),
        question=rest.strip(), text=safe_text.block(one.text or "", 21_000).strip("\n"),
        mark=one.mark.value if counts else "", word=w.mark(one.mark) if counts else "",
        points=_points(one, w) if counts and marked else "",
        rubric=tuple(_item(item, one.ticked, w) for item in one.rubric) if marked else (),
        comments=tuple(safe_text.block(comment) for comment in one.comments))


def _item(item: records.RubricItem, ticked: Collection[str], w: Words) -> Item:
    met = w.gettext("met") if item.text in ticked else w.gettext("not met")
    return Item(text=safe_text.line(item.text, 1000), points=w.number(item.points) if item.points else "",
                met=met if ticked else "")


def _points(one: records.WrittenAnswer, w: Words) -> str:
    return w.ngettext("%(points)s of %(max)s point", "%(points)s of %(max)s points",
                      1 if one.max_points == 1 else 2) % {
        "points": w.number(one.points or 0.0), "max": w.number(one.max_points)}


def as_html(text: str) -> Markup:
    """A text whose line ends stand, that does nothing."""
    from grader.report import formulas  # slow to import, and most reports have none

    left, at, parts = _FORMULAS, 0, list[Markup]()
    for found in _PART.finditer(text):
        latex = (found[1] or found[2] or "").strip()
        drawn = formulas.mathml(latex, block=bool(found[1])) if latex and left > 0 else ""
        left -= bool(latex)
        parts.append(_plain(text[at:found.start()]))
        parts.append(Markup("<code>{}</code>").format(safe_text.fit(found[3])) if found[3]
                     else Markup(drawn) if drawn else _plain(found[0]))  # cleaned before
        at = found.end()
    return Markup("").join([*parts, _plain(text[at:])])


def _plain(text: str) -> Markup:
    return escape(safe_text.fit(text))
