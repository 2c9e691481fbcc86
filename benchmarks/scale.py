"""What a class costs as it grows: seconds a submission and peak memory, whole processes.

    python benchmarks/scale.py                             # 10, 100, 1,000 and 5,000; half an hour
    python benchmarks/scale.py 10 100 --batch 10           # a try
    python benchmarks/scale.py --batch 10 100 1000         # with a batch of 1,000 that is really executed

`grader batch` executes classes of the sizes that --batch says. For the rest one class of --executed notebooks
is executed, and its results and observations are written into a gradebook under as many names as the class is
to have; the observations are links to the same files, so that 5,000 fit on a disk.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import nbformat
import psutil
from course import EXERCISE, FOLDER, REPOSITORY, solutions
from msgspec import structs
from nbformat.v4 import new_code_cell

from grader.keep.gradebook import Gradebook
from grader.keep.output import Output
from grader.keep.publish import opened
from grader.records import Person

WORK = Path(__file__).resolve().parent / "work" / "scale"
PLOT = REPOSITORY / "docs" / "growth.svg"
MEBIBYTE = 1 << 20
EVERY = 0.1     # seconds between two looks at the memory
STEPS = {"batch": "batch", "rejudge": "rejudge --apply, no mark changes", "report": "report (every page)",
         "override": "one override", "export": "export --format csv"}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one command on one class."""

    step: str
    size: int
    seconds: float          # by the clock
    computed: float         # of CPU, all processes together
    memory: float           # bytes, all processes together; what they share counts once

    @property
    def each(self) -> float:
        """Seconds a submission."""
        return self.seconds / self.size


class Peak(threading.Thread):
    """Watches the memory of a process and of those below it."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._process, self._ended = psutil.Process(pid), threading.Event()

    def run(self) -> None:
        while not self._ended.wait(EVERY):
            with suppress(psutil.Error):
                family = [self._process, *self._process.children(recursive=True)]
                self.bytes = max(self.bytes, sum(map(_held, family)))

    def end(self) -> int:
        self._ended.set()
        self.join()
        return self.bytes


def _held(process: psutil.Process) -> int:
    with suppress(psutil.Error, OSError):
        return int(process.memory_full_info().pss)
    with suppress(psutil.Error, OSError):
        return int(process.memory_info().rss)
    return 0


def cost(step: str, size: int, *words: object) -> Cost:
    """Run `grader` with these words, from nothing."""
    before, started = os.times(), time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "grader", *map(str, words)], cwd=REPOSITORY,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    peak.start()
    told = process.communicate()[1]
    seconds, memory, after = time.perf_counter() - started, peak.end(), os.times()
    if process.returncode:
        raise click.ClickException(f"grader {' '.join(map(str, words))} ended with {process.returncode}\n"
                                   f"{told[-3000:]}")
    computed = after.children_user + after.children_system - before.children_user - before.children_system
    found = Cost(step=step, size=size, seconds=seconds, computed=computed, memory=memory)
    click.echo(f"{size:5}  {step:9} {seconds:8.1f} s  {1000 * found.each:8.1f} ms a submission  "
               f"{computed:7.1f} s of CPU  {memory / MEBIBYTE:6.0f} MiB")
    return found


def hand_in(submissions: Path, count: int) -> None:
    """Write `count` notebooks, half of them right, half with a mistake, in turn."""
    right, wrong = solutions()
    turns = itertools.chain.from_iterable(zip(itertools.cycle(right), itertools.cycle(wrong), strict=False))
    for number, code in zip(range(count), turns, strict=False):
        notebook = nbformat.read(FOLDER / "notebook.ipynb", as_version=4)
        notebook.cells = [cell for cell in notebook.cells if "tutor" not in cell.metadata.get("tags", [])]
        last = max(at for at, cell in enumerate(notebook.cells) if "### BEGIN SOLUTION" in cell.source)
        for cell in notebook.cells:
            cell.source = re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.MULTILINE)
        # a line of their own, or a whole class would be one notebook
        notebook.cells.insert(last + 1, new_code_cell(f"{code}\n# {number}", id="once-more"))
        folder = submissions / f"{number:05}"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{EXERCISE}.ipynb")


def executed(count: int, work: Path) -> tuple[Path, Cost]:
    """The folder of a class that is really executed, and what that cost."""
    submissions, out = work / f"submissions-{count}", work / f"batch-{count}"
    hand_in(submissions, count)
    return out, cost("batch", count, "batch", submissions, "--out", out, "--exercises", FOLDER.parent)


def named(real: Path, out: Path, size: int) -> Path:
    """A class of this size, of the results and observations of a real one."""
    out.mkdir(parents=True)
    old, new = Output(real), Output(out)
    with opened(real) as those, Gradebook(new.gradebook) as book:
        for name, value in those.batch_values().items():
            book.set_batch_value(name, value)
        entries = list(those.entries())
        for number, entry in zip(range(size), itertools.cycle(entries), strict=False):
            who = Person(id=f"s{number:05}", name=f"Student {number:05}")
            book.record(structs.replace(entry, attempt=0, result=structs.replace(
                entry.result, student=who.id, name=who.name)))
            for parcel in old.parcels(*entry.key):
                to = new.folder / "observations" / who.id / parcel.name
                to.parent.mkdir(parents=True, exist_ok=True)
                to.hardlink_to(parcel)
    return out


def exercises_with_a_comment(work: Path) -> Path:
    """The exercise with one comment more: everything is judged again, and no mark changes."""
    folder = work / "exercises"
    if not folder.exists():
        shutil.copytree(FOLDER, folder / EXERCISE)
        checks = folder / EXERCISE / "checks.py"
        checks.write_text(f"{checks.read_text(encoding='utf-8')}\n# A comment.\n", encoding="utf-8")
    return folder


def grown(real: Path, size: int, work: Path) -> Iterator[Cost]:
    """What a class of this size costs, once its notebooks were executed."""
    out = named(real, work / f"class-{size}", size)
    yield cost("report", size, "report", out)
    yield cost("rejudge", size, "rejudge", out, "--apply", "--exercises", exercises_with_a_comment(work))
    yield cost("override", size, "override", out, "s00001", EXERCISE, "--bonus", 1, "--comment", "Well done.")
    yield cost("export", size, "export", out, "--format", "csv", "--output", work / "marks.csv")


def table(costs: Sequence[Cost]) -> str:
    """In Markdown: a row for each command, a column for each size."""
    sizes = sorted({one.size for one in costs})
    lines = ["| command | " + " | ".join(f"{size:,}" for size in sizes) + " |",
             "| --- |" + " ---: |" * len(sizes)]
    for step, title in STEPS.items():
        found = {one.size: one for one in costs if one.step == step}
        cells = [f"{1000 * found[size].each:,.0f} ms, {found[size].memory / MEBIBYTE:,.0f} MiB"
                 if size in found else "" for size in sizes]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(costs: Sequence[Cost], to: Path) -> None:
    """Seconds a submission, and peak memory, over the size of the class."""
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot, ticker

    pyplot.rcParams.update({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.size": 9})
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for step, title in STEPS.items():
        mine = sorted((one for one in costs if one.step == step), key=lambda one: one.size)
        sizes = [one.size for one in mine]
        left.plot(sizes, [one.each for one in mine], marker="o", markersize=3, label=title)
        right.plot(sizes, [one.memory / MEBIBYTE for one in mine], marker="o", markersize=3)
    for axes, title in (left, "seconds a submission"), (right, "peak memory, MiB"):
        axes.set(xscale="log", yscale="log" if axes is left else "linear", xlabel="submissions", title=title)
        axes.set_xticks(sorted({one.size for one in costs}))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        axes.grid(alpha=0.3)
    right.set_ylim(bottom=0)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(to, metadata={"Date": None})


@click.command()
@click.argument("sizes", nargs=-1, type=click.IntRange(1))
@click.option("--batch", "batches", multiple=True, type=click.IntRange(1), default=(10, 100),
              show_default=True, help="A class of this size is really executed; may be given again.")
@click.option("--executed", "count", type=click.IntRange(1), default=40, show_default=True,
              help="Submissions of which the others are copies.")
@click.option("--plot", "to", type=click.Path(path_type=Path, dir_okay=False), default=PLOT,
              help="Where the picture goes (default: docs/growth.svg).")
def main(sizes: tuple[int, ...], batches: tuple[int, ...], count: int, to: Path) -> None:
    """Measure what a class of SIZES costs (10, 100, 1000 and 5000), print a table and draw a picture."""
    shutil.rmtree(WORK, ignore_errors=True)
    costs = []
    real, once = executed(count, WORK)
    for size in sorted({*batches} - {count}):
        folder, batch = executed(size, WORK)
        costs.append(batch)
        shutil.rmtree(folder)
    costs += [once] if count in batches else []
    for size in sorted(sizes or (10, 100, 1000, 5000)):
        costs += grown(real, size, WORK)
        shutil.rmtree(WORK / f"class-{size}")
    (WORK / "costs.json").write_text(json.dumps([vars(one) for one in costs], indent=1), encoding="utf-8")
    click.echo(f"\n{table(costs)}")
    plot(costs, to)


if __name__ == "__main__":
    main()
