"""Measure how accurate a course's marks are, and write it down as a page.

    python scripts/accuracy.py [--exercises DIR] [--out FILE]

Right solutions in other words are tried under a random ambient state, the reference with fresh inputs,
mutants, and wrong solutions. Every result is appended to .accuracy/results.jsonl as it comes: a run that was
stopped goes on where it was, and what has changed is measured anew.
"""

from __future__ import annotations

import functools
import itertools
import signal
import sys
from collections import UserDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__mp_main__":   # one of the workers: who started it says when it stops
    signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import accuracy_page as paper  # noqa: E402 - of this tree, as all that follows
import click  # noqa: E402
import msgspec  # noqa: E402
import torch  # noqa: E402
from accuracy_page import AT_LEAST, DRAWS, IN_ALL  # noqa: E402
from accuracy_results import PARTS, Part, Results  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: E402

from grader.errors import Mendable  # noqa: E402
from grader.execute.opening import open_sandbox  # noqa: E402
from grader.execute.pool import default_jobs  # noqa: E402
from grader.execute.sandbox import Sandbox  # noqa: E402
from grader.exercise import catalog  # noqa: E402
from grader.exercise.alarms import Alarms  # noqa: E402
from grader.exercise.catalog import Exercise, known, load  # noqa: E402
from grader.exercise.inline import as_notebook  # noqa: E402
from grader.exercise.solutions import Solution, cells, reference, solutions  # noqa: E402
from grader.exercise.variations.apart import UNPUNISHED, Fate  # noqa: E402
from grader.exercise.variations.mutation import Workers, mutated  # noqa: E402
from grader.exercise.variations.styles import numbered  # noqa: E402
from grader.exercise.variations.styling import Lost, Trial, each_tried, judged  # noqa: E402

KEPT = Path(".accuracy")
AT_A_TIME = 100                  # right answers of one exercise, then of another; draws, too


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be measured, with what."""

    parts: Mapping[str, Sequence[Part]]    # name -> of each exercise
    each: int | None                       # right answers of each exercise; None: as many as IN_ALL needs
    draws: int
    jobs: int
    results: Results
    progress: Progress

    @property
    def answers(self) -> int:
        """Right answers in all."""
        count = len(self.parts["answers"])
        return max(IN_ALL, AT_LEAST * count) if self.each is None else self.each * count

    @contextmanager
    def bar(self, name: str, total: int | None, done: int = 0) -> Iterator[Callable[..., None]]:
        """A bar with the time left, while it lasts."""
        task = self.progress.add_task(name, total=total, completed=done)
        yield functools.partial(self.progress.update, task)
        self.progress.remove_task(task)
        if total != done:
            self.progress.console.print(f"{name}: done", highlight=False)


def measure(plan: Plan) -> None:
    """All that is still to be measured.

    Raises:
        Mendable: an exercise or the sandbox is not as it must be.
    """
    torch.set_num_threads(1)
    with open_sandbox() as sandbox:
        measure_wrong(plan, sandbox)
        measure_mutants(plan)
        if plan.draws:
            measure_alarms(plan)
        measure_answers(plan, sandbox)


def measure_wrong(plan: Plan, sandbox: Sandbox) -> None:
    """What is lost with each wrong solution, and which mistakes are named."""
    for part in plan.parts["wrong"]:
        done = {line["file"] for line in plan.results.of(part)}
        left = [one for one in solutions(part.exercise, "wrong") if one.path.name not in done]
        trials = (Trial(at, as_notebook(cells(part.exercise, one.path)), part.seed)
                  for at, one in enumerate(left))
        with plan.bar(f"{part.exercise.name}: wrong solutions", len(left)) as update:
            for at, verdicts in judged(part.exercise, trials, sandbox, plan.jobs):
                below = [verdict for verdict in verdicts if verdict.mark not in UNPUNISHED]
                plan.results.add(part, file=left[at].path.name, loses=[verdict.id for verdict in below],
                                 named=sorted({verdict.diagnosis for verdict in below if verdict.diagnosis}),
                                 says=sorted(left[at].diagnoses))
                update(advance=1)


class Fates(UserDict[int, Fate]):
    """The mutants' fates, written down as they come."""

    def __init__(self, part: Part, results: Results) -> None:
        super().__init__()
        self.data = {line["at"]: msgspec.convert(line["fate"], Fate)
                     for line in results.of(part) if "at" in line}
        self._part, self._results = part, results

    def __setitem__(self, at: int, fate: Fate) -> None:
        super().__setitem__(at, fate)
        self._results.add(self._part, at=at, fate=asdict(fate))


def measure_mutants(plan: Plan) -> None:
    """Which mutants of the right solutions lose a point."""
    with Workers(plan.jobs) as workers:
        for part in plan.parts["mutants"]:
            if any("made" in line for line in plan.results.of(part)):
                continue
            with plan.bar(f"{part.exercise.name}: mutants", None) as update:
                def told(done: int, total: int, _: str, update: Callable[..., None] = update) -> None:
                    update(completed=done, total=total)
                found = mutated(part.exercise, right(part.exercise), part.seed, workers, told,
                                Fates(part, plan.results))
            surviving = [f"{one.mutant.operator} in {one.mutant.solution.path.name}: "
                         f"{one.mutant.before} -> {one.mutant.after}" for one in found.surviving]
            flaws = [f"{', '.join(flaw.names)} {flaw.cause}: {flaw.example or ', '.join(flaw.checks)}".strip()
                     for flaw in found.flaws]
            plan.results.add(part, made=found.made, killed=found.killed, equivalent=found.equivalent,
                             surviving=surviving, flaws=flaws)


def measure_alarms(plan: Plan) -> None:
    """How often the reference fails, with inputs drawn anew."""
    with Alarms(plan.draws, plan.jobs) as alarms:
        for part in plan.parts["alarms"]:
            done = sum(line["draws"] for line in plan.results.of(part))
            with plan.bar(f"{part.exercise.name}: draws", plan.draws, done) as update:
                while done < plan.draws:
                    count = min(AT_A_TIME, plan.draws - done)
                    tallies = alarms.begin(part.exercise, part.seed + done, count)()
                    faults = sorted({tally.fault.cause for tally in tallies.values() if tally.fault})
                    plan.results.add(part, draws=count, faults=faults, alarms={
                        check: tally.alarms for check, tally in tallies.items() if tally.alarms})
                    done += count
                    update(advance=count)


def measure_answers(plan: Plan, sandbox: Sandbox) -> None:
    """Which right answers in other words lose points: some of each exercise, more where they are quick."""
    parts, results = plan.parts["answers"], plan.results
    done = sum(len(results.of(part)) for part in parts)
    with plan.bar("right answers of all exercises", plan.answers, done) as update:
        while (due := answers_due(plan)) is not None:
            part, count = due
            tried = {line["index"] for line in results.of(part)}
            left = itertools.islice((i for i in itertools.count() if i not in tried), count)
            originals = right(part.exercise)
            made = ((index, numbered(part.exercise, originals, index, part.seed)) for index in left)
            for index, variant, below in each_tried(part.exercise, made, sandbox, plan.jobs):
                lost = Lost(variant=variant, verdicts=below)
                where = results.lost / part.exercise.name / f"{part.key[:8]}-{variant.name}"
                if below:
                    where.parent.mkdir(exist_ok=True)
                    where.write_text(lost.text, encoding="utf-8")
                results.add(part, index=index, of=variant.solution.path.name, rewrites=variant.rewrites,
                            ambient=variant.ambient, text=str(where) if below else "",
                            lost=[f"{verdict.id}: {verdict.mark.value}" for verdict in below])
                update(advance=1)


def answers_due(plan: Plan) -> tuple[Part, int] | None:
    """The exercise whose turn it is, and how many of its right answers; None where there are enough.

    Every exercise its own number first; the rest in equal times, so that quick exercises have more.
    """
    parts, tried = plan.parts["answers"], {}
    least = AT_LEAST if plan.each is None else plan.each
    for part in parts:
        tried[part.exercise.name] = len(plan.results.of(part))
        if (left := least - tried[part.exercise.name]) > 0:
            return part, min(AT_A_TIME, left)
    left = plan.answers - sum(tried.values())
    quickest = min(parts, key=lambda part: sum(line["seconds"] for line in plan.results.of(part)))
    return (quickest, min(AT_A_TIME, left)) if left > 0 else None


def right(exercise: Exercise) -> list[Solution]:
    return [reference(exercise), *solutions(exercise, "right")]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--exercises", type=click.Path(path_type=Path, exists=True, file_okay=False),
              default=ROOT / "exercises", help="The course: the folder of its exercises.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=ROOT / "docs" / "accuracy.md",
              help="The page.")
@click.option("--exercise", "only", multiple=True, help="Measure this one only; may be given many times.")
@click.option("--each", type=click.IntRange(1), default=None,
              help=f"Right answers of each exercise; else {IN_ALL} in all, at least {AT_LEAST} of each.")
@click.option("--draws", type=click.IntRange(0), default=DRAWS, show_default=True,
              help="Fresh inputs for each reference.")
@click.option("--jobs", type=click.IntRange(1), default=default_jobs, help="Kernels in flight.")
@click.option("--so-far", is_flag=True, help="Measure nothing: write the page from what there is.")
def main(exercises: Path, out: Path, only: tuple[str, ...], each: int | None, draws: int, jobs: int,
         so_far: bool) -> None:
    """Measure how accurate a course's marks are; write the page.

    The exit code is 1 where something was found that should not be: the page says what.
    """
    try:
        for name in only:
            known(exercises, name)
        course = [load(folder) for folder in known(exercises).values()]
        results, title = Results(KEPT), catalog.course(exercises).title
        parts = {name: [Part.of(name, exercise) for exercise in course] for name in PARTS}
        if not so_far:
            with bars() as progress:
                measure(Plan(each=each, draws=draws, jobs=jobs, results=results, progress=progress, parts={
                    name: [part for part in ones if not only or part.exercise.name in only]
                    for name, ones in parts.items()}))
        found = {exercise.name: paper.figures(exercise, {name: results.of(ones[at])
                                                         for name, ones in parts.items()})
                 for at, exercise in enumerate(course)}
    except Mendable as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here, --so-far writes the page", file=sys.stderr)
        raise SystemExit(130) from None
    out.write_text(paper.page(title, found), encoding="utf-8")
    for name, one in found.items():
        for line in one.lost:
            print(f"{name}: a right answer lost {', '.join(line['lost'])}: {line['text']}")
    print(f"the page: {out}")
    raise SystemExit(1 if any(one.flawed for one in found.values()) else 0)


def bars() -> Progress:
    """Bars with the time left, where there is a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, disable=not console.is_terminal)


if __name__ == "__main__":
    main()
