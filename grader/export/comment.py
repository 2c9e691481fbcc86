"""What Moodle shows a student beside a mark: for what each lost point was lost, what to mend first first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.records import Mark, Result
from grader.report import safe_text
from grader.report.page import prose
from grader.report.story import Item, Story, tell

_MESSAGE = 300   # characters of what was found; the report has all


def comment(result: Result, notebook: str, language: str) -> str:
    """Paragraphs and a list, in HTML, which Moodle takes; everything in them is escaped.

    Args:
        notebook: the cleaned submission, which tells what hangs on which cell; "" where there is none.
    """
    story = tell(result, notebook, language=language)
    said = " ".join(story.comment.split())
    tutor = f"{story.words.gettext('From your tutor')}: {said}" if said else ""
    lines = [f"{story.title}: {story.score} / {story.max_score} {story.words.gettext('points')}",
             *story.by_tutor, *story.calculation, tutor, story.scope, story.reason]
    losses = filter(_costs, (*story.to_do, *story.not_started, *story.aside))
    listed = "".join(f"<li>{'<br>'.join(map(prose, lines))}</li>" for lines in (
        *(_loss(item, story, first=at == 0) for at, item in enumerate(losses)),
        *((f"{one.word} ({one.points}): {one.title}", *one.comments)
          for one in story.answers if one.points and one.mark != Mark.PASS.value)))
    return "".join(f"<p>{prose(line)}</p>" for line in lines if line) + (listed and f"<ol>{listed}</ol>")


def _costs(item: Item) -> bool:
    return (item.mark not in (Mark.PASS.value, Mark.NOT_AVAILABLE.value)
            or any(map(_costs, (*item.alike, *item.hanging))))


def _loss(item: Item, story: Story, *, first: bool) -> Iterator[str]:
    """What one mistake cost, in lines: its own points, then those of what hangs on it."""
    yield f"{item.word} ({item.points}): {item.title}"
    # the tutor's words to one check stand above, with all of them
    if item.message and not _said_by_tutor(item.message, story.comment):
        yield safe_text.line(item.message, _MESSAGE)
    if first and item.advice:
        yield item.advice
    for said, items in ((_alike(item, story), item.alike), (_hanging(item, story), item.hanging)):
        if items:
            yield f"{said.rstrip('.')}: " + ", ".join(_names(items))


def _said_by_tutor(message: str, said: str) -> bool:
    words = message.partition(". ")[2]
    return bool(words) and words in said


def _alike(item: Item, story: Story) -> str:
    count = len(item.alike)
    return story.words.ngettext("%(num)s more check fails for the same reason",
                                "%(num)s more checks fail for the same reason", count) % {"num": count}


def _hanging(item: Item, story: Story) -> str:
    w, count = story.words, len(item.hanging)
    if item.stub:
        return w.waits(item.stub)
    said = (w.ngettext("%(num)s check depends on this one", "%(num)s checks depend on this one", count)
            if item.id else
            w.ngettext("%(num)s check needs this cell", "%(num)s checks need this cell", count))
    return said % {"num": count}


def _names(items: Sequence[Item]) -> Iterator[str]:
    """Checks as reports name them, with those that hang on them."""
    for item in items:
        yield f"`{item.id}` ({item.points})"
        yield from _names((*item.alike, *item.hanging))
