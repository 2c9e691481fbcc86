"""The table of attacks, what became of them, what they cost, and what stopped them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from grader import records
from tests.hostile import malformed
from tests.hostile.case import Case, Layer

Families = Mapping[str, tuple[Case, ...]]

LAYERS = {"forging": Layer.JUDGE, "exploits": Layer.JUDGE, "unseen": Layer.JUDGE,
          "reading": Layer.MOUNTS, "reaching": Layer.NETWORK,
          "writing": Layer.MOUNTS, "exhausting": Layer.LIMITS, "memory": Layer.LIMITS,
          "report": Layer.PAGES, "naming": Layer.PAGES, "honest": Layer.HONEST}
HEAD = """# Attacks

Written by `make test-hostile`. Each attack is a notebook that starts from an honest answer: *points* says
what it got, and what the same numbers get from somebody who means no harm. *Seconds* is the time in the
sandbox, over all executions, {jobs} at a time; an honest right answer took {honest:.1f} s in the same batch.
The batch's limits: 2 s a cell, 1 s a call, 60 s a submission.
"""


def write(file: Path, families: Families, results: Mapping[str, records.Result],
          seconds: Mapping[str, float], jobs: int) -> None:
    """As Markdown, of those that were in the batch."""
    honest = seconds["0-right"]
    lines = _lines(families, results, seconds)
    file.write_text(HEAD.format(honest=honest, jobs=jobs) + "\n".join(lines) + "\n")


def _lines(families: Families, results: Mapping[str, records.Result],
           seconds: Mapping[str, float]) -> Iterator[str]:
    for family, of_it in families.items():
        yield f"\n## {family.capitalize()}\n"
        yield "| attack | points | what the report says | seconds | stopped by |"
        yield "| --- | --- | --- | --- | --- |"
        for case in of_it:
            if case.name in results:
                one = results[case.name]
                stopped_by = (case.layer or LAYERS[family]).value
                yield (f"| {case.name}: {_plain(case.does)} | {one.score:g} of {_worth(case):g} "
                       f"| {_outcome(one)} | {seconds[case.name]:.1f} | {stopped_by} |")
    yield "\n## Malformed\n"
    yield "| file | points | what the report says |"
    yield "| --- | --- | --- |"
    for file in malformed.FILES:
        if file.name in results:
            one = results[file.name]
            yield f"| {file.name} | {one.score:g} | {_plain(one.reason) or _outcome(one)} |"


def _worth(case: Case) -> float:
    """What its numbers would get from somebody who meant no harm."""
    return case.most if case.exactly is None else case.exactly


def _outcome(result: records.Result) -> str:
    """The causes that its checks and its cells have."""
    causes = {v.cause.value for v in result.checks if v.cause and v.cause is not records.Cause.PREREQUISITE}
    cells = {f"a cell: {event.cause.value}" for event in result.events}
    return ", ".join([*sorted(causes), *sorted(cells)]) or "passed"


def _plain(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
