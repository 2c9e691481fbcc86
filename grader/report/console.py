"""What the commands print beside a report: progress, the class table, proofs, findings."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from grader.records import Mark, Result, Status, Verdict
from grader.report import persons, reasons, rows
from grader.report.safe_text import no_commands
from grader.report.wording import Words, words

if TYPE_CHECKING:
    from grader.execute.doctor import Finding
    from grader.exercise.limits import Measured
    from grader.exercise.validate import Report


def fitting(text: str, most: int = 60) -> str:
    """Text of a student's without control characters, terminal escapes, tricks of direction, or CI logs'
    commands."""
    return no_commands("".join(c if c.isprintable() else "?" for c in text)[:most])


def called(result: Result) -> str:
    """Whose result it is, in a line: "Anna Schmidt (1003)"."""
    return fitting(persons.shown(result.name, result.student), 100)


class Bar:
    """A progress bar with time left and the name in hand."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None:
        if unchanged:
            self._progress.console.print(f"{unchanged} unchanged since the last time, not run again")
        if judged_again:
            self._progress.console.print(f"{judged_again} judged again from what was observed, not run again")
        self._task = self._progress.add_task("starting", total=total)

    def graded(self, result: Result) -> None:
        self._progress.update(self._task, advance=1,
                              description=fitting(f"{called(result)} {result.exercise}", 40))

    def judged_again(self, before: Result, after: Result) -> None:
        if line := change(before, after):
            self._progress.console.print(Text(line))

    def note(self, text: str) -> None:
        self._progress.console.print(Text(fitting(text, 1000), style="yellow"))


class Lines:
    """Plain lines where there is no terminal: a log is read later."""

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None:
        self._total, self._done = total, 0
        print(f"{total} to grade, {unchanged} unchanged"
              + (f", {judged_again} judged again" if judged_again else ""), file=sys.stderr, flush=True)

    def graded(self, result: Result) -> None:
        self._done += 1
        print(f"[{self._done}/{self._total}] {called(result)} {result.exercise}: {mark(result, words('en'))}",
              file=sys.stderr, flush=True)

    def judged_again(self, before: Result, after: Result) -> None:
        if line := change(before, after):
            print(line, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        print(f"note: {fitting(text, 1000)}", file=sys.stderr, flush=True)


def change(before: Result, after: Result) -> str:
    """How a mark changed, and by which checks; empty where nothing did.

    `ada he_init: 10 -> 14 / 20 (variance fail -> pass)`
    """
    old, new = ({check.id: check for check in result.checks} for result in (before, after))
    moved = [told for name in {**old, **new} if (told := _moved(old.get(name), new.get(name)))]
    was, now = (mark(result, words("en")) for result in (before, after))
    if was == now and not moved:
        return ""
    if None not in (before.score, after.score) and before.max_score == after.max_score:
        was = was.partition(" / ")[0]
    return f"{called(after)} {after.exercise}: {was} -> {now}" + (
        f" ({', '.join(moved)})" if moved else "")


def _moved(was: Verdict | None, now: Verdict | None) -> str:
    if was is None or now is None:
        return f"{now.id} is new" if now else f"{was.id} is gone" if was else ""
    if was.mark is not now.mark:
        return f"{now.id} {was.mark.value} -> {now.mark.value}"
    return f"{now.id} {was.points:g} -> {now.points:g}" if was.points != now.points else ""


@contextmanager
def watching() -> Iterator[Bar | Lines]:
    """The watcher that fits where the output goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress)


@contextmanager
def working(title: str) -> Iterator[Callable[[str], None]]:
    """A line that says what is in hand."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text: print(f"{title}: {text}", file=sys.stderr, flush=True)
        return
    with console.status(title) as status:
        yield lambda text: status.update(f"{title}: {text}")


def class_table(results: Sequence[Result], out: Path, language: str = "en", alike: int = 0) -> None:
    """Marks on standard output, and where the pages are.

    Args:
        alike: how many groups of submissions that look alike the class page shows.
    """
    console, w = Console(), words(language)
    _ = w.gettext
    names = persons.names(results)
    ordered = sorted(results, key=lambda one: (persons.order(names[one.student], one.student), one.exercise))
    rows.show(console, (_("student"), _("exercise"), _("mark"), _("what it is")),
              [rows.Row(cells=(called(one), one.exercise, mark(one, w), reason(one, w))) for one in ordered],
              right=[_("mark")])
    counts = Counter(result.status for result in results)
    if withheld := counts[Status.WITHHELD]:
        console.print(_("%(count)s withheld by no student's fault: mend what is named, then run the "
                        "command again")
                      % {"count": withheld}, style="yellow")
    asked = sum(bool(result.wants()) and result.score is not None for result in results)
    if asked:
        console.print(_("%(count)s with a mark need your eye: see the top of the class page")
                      % {"count": asked}, style="yellow")
    if unclear := counts[Status.UNCLEAR]:
        console.print(_("%(count)s unclear, without a mark: say which file counts with --prefer or in the "
                        "mapping file, then run the command again") % {"count": unclear}, style="yellow")
    if counts[Status.MISSING]:
        console.print(_("%(count)s missing") % {"count": counts[Status.MISSING]}, style="yellow")
    if alike:
        console.print(w.ngettext("%(count)s group of submissions looks alike: see the class page",
                                 "%(count)s groups of submissions look alike: see the class page", alike)
                      % {"count": alike}, style="yellow")
    console.print(_("%(count)s submissions; open %(page)s") % {
        "count": sum(not result.nothing_there for result in results), "page": out / "index.html"},
        soft_wrap=True, markup=False)


def mark(result: Result, w: Words) -> str:
    if result.score is None:
        return w.status(result.status)
    said = f"{w.number(result.score)} / {w.number(result.max_score)}"
    return f"{said} ({w.gettext('provisional')})" if result.provisional else said


def reason(result: Result, w: Words) -> str:
    """The shortest account of a mark: what there is to mend, each reason once."""
    if result.status in (Status.MISSING, Status.EXCUSED):
        return ""
    if result.status is Status.UNCLEAR:
        return fitting("; ".join(w.sentence(one.said) for one in result.needs_you if one.said), 200)
    if result.status is not Status.GRADED:
        return fitting(w.reason(result), 120) or w.gettext("a check of the exercise raised an error")
    failed = [check for check in result.checks if check.mark in (Mark.FAIL, Mark.PARTIAL)]
    late = w.gettext("late: %(sum)s") % {
        "sum": f"{w.number(result.raw or 0.0)} - {w.number(result.penalty)}"} if result.penalty else ""
    first = reasons.found(result.checks, (), ()).first
    told = dict.fromkeys((check.diagnosis or "").replace("-", " ") or w.briefly(check.cause)
                         for check in failed if check.id not in first)
    all_passed = "" if failed else w.gettext("all checks passed")
    return ", ".join(filter(None, (late, *(filter(None, told)), all_passed)))


def proofs_table(reports: Sequence[Report]) -> None:
    """What `grader validate` found, and what it looked at."""
    console = Console()
    for report in reports:
        if any(check.failed_by is not None or check.tally for check in report.checks):
            console.print(_checks_table(report))
        if report.costs:
            console.print(_costs_table(report))
        for check in report.checks:
            if check.tally and check.tally.first:
                console.print(Text(f"  {report.exercise}: {check.check}: false alarm, {check.tally.first}"))
        for found, said, style in ((report.flaws, "", "red"), (report.warnings, "warning: ", "yellow")):
            for flaw in found:
                console.print(Text(f"  {report.exercise}: {said}{flaw.told}", style=style), soft_wrap=True)
                console.print(Text(f"      to mend it: {flaw.mend}"), soft_wrap=True)
        if report.limits:
            console.print(Text(f"{report.exercise}: {_limits(report.limits)}"), soft_wrap=True)
        console.print(Text(f"{report.exercise}: {_proved(report)}"), soft_wrap=True)
    bad = sum(len(report.flaws) for report in reports)
    all_well = "what was asked is proved" if any(report.left_out for report in reports) else "all proved"
    console.print(f"{_number(len(reports), 'exercise')}, {_number(bad, 'flaw') if bad else all_well}")


def _limits(found: Measured) -> str:
    """Which limits follow from what the reference needs, and what is amiss with those that there are."""
    now = "cell_seconds = {:g}, call_seconds = {:g}".format(*found.now)
    fits = f"too little: {now}; write them with --write-limits" if found.too_small else f"it is {now}"
    return (f"limits: cell_seconds = {found.cell_seconds}, call_seconds = {found.call_seconds} follow from "
            f"the reference's slowest cell ({found.cell:.2f} s of CPU) and call ({found.call:.2f} s; of the "
            f"right solutions {found.right:.2f} s); {fits}")


def _checks_table(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=report.exercise, title_justify="left")
    for column in ("check", "points", "failed by", "false alarms", "upper bound (95 %)"):
        table.add_column(column, justify="left" if column in ("check", "failed by") else "right")
    for check in report.checks:
        failed_by = "-" if check.failed_by is None else str(check.failed_by)
        alarms = f"{check.tally.alarms} / {check.tally.draws}" if check.tally else "-"
        bound = f"{check.tally.bound:.1e}" if check.tally and check.tally.draws else "-"
        table.add_row(check.check, f"{check.points:g}", failed_by, alarms, bound)
    return table


def _costs_table(report: Report) -> Table:
    """The dearest mistakes first."""
    table = Table(box=box.SIMPLE_HEAD, title=f"{report.exercise}: what mistakes cost", title_justify="left")
    for column in ("wrong solution", "points", "at most", "fails"):
        table.add_column(column, justify="right" if column in ("points", "at most") else "left",
                         overflow="fold")
    for cost in sorted(report.costs, key=lambda cost: -cost.lost):
        table.add_row(cost.solution, f"{cost.lost:g}", "-" if cost.most is None else f"{cost.most:g}",
                      ", ".join(cost.fails))
    return table


def _proved(report: Report) -> str:
    """What was proved, with how much, and what was left out."""
    failed = {proof for flaw in report.flaws for proof in flaw.proofs}
    ran = {kind: run for kind, (run, _) in report.solutions.items()}
    looked_at = ["the notebook"] * ran["reference"]
    looked_at += [_number(ran[kind], f"{kind} solution") for kind in ("right", "wrong") if ran[kind]]
    looked_at.append(_number(len(report.checks), "check"))
    looked_at += [_number(report.draws, "draw")] if "alarms" in report.proofs else []
    left_out = [*report.left_out, *report.unavailable]
    left_out += [f"{there - run} of {there} {kind} solutions"
                 for kind, (run, there) in report.solutions.items() if 0 < run < there]
    hidden = report.check_count - len(report.checks)
    left_out += [f"{hidden} of {_number(report.check_count, 'check')}"] if hidden else []
    left_out += ["the notebook's other cells"] if ran["reference"] and not report.isolated else []
    return "; ".join(f"{what} {', '.join(names)}" for what, names in (
        ("not proved:", [name for name in report.proofs if name in failed]),
        ("proved:", [name for name in report.proofs if name not in failed]),
        ("looked at", looked_at), ("left out", left_out)) if names)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def findings_table(findings: Sequence[Finding]) -> None:
    """What `grader doctor` found."""
    table: Any = Table(box=box.SIMPLE_HEAD)
    for column in ("", "what", "found", "how to mend it"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        table.add_row("ok" if finding.ok else "no", finding.name, Text(finding.detail), Text(finding.remedy))
    Console().print(table)
