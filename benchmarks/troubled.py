"""What endless loops, memory hogs and dying kernels cost: the same class with them and without, in turns.

    python benchmarks/troubled.py                                # 60 submissions, three rounds
    python benchmarks/troubled.py --submissions 300 --rounds 1
    python benchmarks/troubled.py --each                         # what each kind of trouble costs by itself

Of a hundred submissions five never end, five take all the memory there is, and three kill their kernel; of
each, one in a cell of its own, one in a function and so on, in turn. A round is two whole `grader batch`,
from nothing; which goes first changes from round to round. Seconds of CPU are those of all processes, as a
control group counts them: they tell more than the clock where others use the machine, too.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click
import nbformat
from course import EXERCISE, FOLDER, REPOSITORY, solutions
from metered import Cost, metered
from nbformat.v4 import new_code_cell
from tools import run

AIM = 2.0   # times the class without

ENDLESS = (
    "while True: pass",
    "def he_truncated_normal_(weight):\n    while True: weight.normal_()",
    "def init_weights(module):\n    while True: pass\nsmall.apply(init_weights)",
    "count = 0\nwhile count < 10:\n    weight = he_normal_(torch.empty(30, 20))",
    "while True: pass\ndef init_weights(module): pass",
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
)
GREEDY = (
    "kept = []\nwhile True: kept.append(torch.ones(1 << 24))",
    "def he_truncated_normal_(weight):\n    kept = []\n    while True: kept.append(torch.ones(1 << 24))",
    "text = 'x'\nwhile True: text += text",
    "def init_weights(module):\n    return torch.ones(1 << 20, 1 << 20)",
    "kept = []\nwhile True: kept.append(list(range(1_000_000)))",
)
DYING = (
    "import os\nos._exit(1)",
    "def he_truncated_normal_(weight):\n    import ctypes\n    ctypes.string_at(0)",
    "import ctypes\nctypes.string_at(0)",
)
TROUBLE: Mapping[str, tuple[float, tuple[str, ...]]] = {   # kind -> its share of a class, its variants
    "endless": (0.05, ENDLESS), "greedy": (0.05, GREEDY), "dying": (0.03, DYING)}


def hand_in(folder: Path, count: int, trouble: list[str]) -> None:
    """Write a class of half right and half wrong notebooks; the first of them once more with a trouble each,
    spread over the class."""
    right, wrong = solutions()
    turns = itertools.chain.from_iterable(zip(itertools.cycle(right), itertools.cycle(wrong), strict=False))
    troubled = {(2 * number + 1) * count // (2 * len(trouble)): code for number, code in enumerate(trouble)}
    for number, code in zip(range(count), turns, strict=False):
        write(folder / f"student{number:04}" / f"{EXERCISE}.ipynb", code, troubled.get(number, ""))


def write(path: Path, code: str, trouble: str) -> None:
    """The exercise's own notebook, with functions that are written again, and with one cell of trouble."""
    notebook = nbformat.read(FOLDER / "notebook.ipynb", as_version=4)
    answers = [cell for cell in notebook.cells if "### BEGIN SOLUTION" in cell.source]
    for cell in answers:
        cell.source = re.sub(r"    ### (BEGIN|END) SOLUTION\n?", "", cell.source)
    at = notebook.cells.index(answers[-1]) + 2   # behind the cell that tries the last answer
    notebook.cells[at:at] = [new_code_cell(source) for source in (code, trouble) if source]
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def batch(submissions: Path, out: Path) -> Cost:
    """Grade a class from nothing; every notebook must get a mark."""
    command = [sys.executable, "-m", "grader", "batch", str(submissions), "--out", str(out), "--seed", "1",
               "--exercises", str(REPOSITORY / "exercises")]
    cost = metered(lambda: run(command, cwd=REPOSITORY))
    results = [json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    found = Counter(result["status"] for result in results)
    if found != {"graded": len(list(submissions.iterdir()))}:
        raise click.ClickException(f"not all were graded: {dict(found)}")
    return cost


def told(cost: Cost) -> str:
    return f"{cost.seconds:.1f} s ({cost.cpu:.1f} s of CPU)"


def troubles(count: int) -> list[str]:
    """Of each kind its share of a class, kinds and variants in turn."""
    kinds = [list(itertools.islice(itertools.cycle(variants), round(share * count)))
             for share, variants in TROUBLE.values()]
    return [code for turn in itertools.zip_longest(*kinds) for code in turn if code]


def each(work: Path) -> None:
    """What each kind of trouble costs: two notebooks with it, in a batch of their own."""
    for number, (kind, code) in enumerate([("none", ""), *((kind, code) for kind, (_, variants)
                                                           in TROUBLE.items() for code in variants)]):
        for student in "ab":
            write(work / str(number) / student / f"{EXERCISE}.ipynb", "", code)
        click.echo(f"{kind:8} {told(batch(work / str(number), work / f'out-{number}'))}   {code[:90]!r}")


@click.command()
@click.option("--submissions", "count", type=click.IntRange(20), default=60, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--each", "apart", is_flag=True, help="Instead: each kind of trouble by itself.")
def main(count: int, rounds: int, apart: bool) -> None:
    """Time a class with endless loops, memory hogs and kernel deaths beside the same class without."""
    work = Path(tempfile.mkdtemp(prefix="troubled-"))
    try:
        if apart:
            each(work)
            return
        compare(work, count, rounds)
    finally:
        shutil.rmtree(work)


def compare(work: Path, count: int, rounds: int) -> None:
    trouble = troubles(count)
    hand_in(work / "without", count, [])
    hand_in(work / "with", count, trouble)
    click.echo(f"class     {count} notebooks of {EXERCISE}; in the other one "
               + ", ".join(f"{round(share * count)} {kind}" for kind, (share, _) in TROUBLE.items()))
    ratios: dict[str, list[float]] = {"clock": [], "CPU": []}
    for number in range(1, rounds + 1):
        took = {name: batch(work / name, work / f"{name}-{number}")
                for name in sorted(("with", "without"), reverse=number % 2 == 1)}
        ratios["clock"].append(took["with"].seconds / took["without"].seconds)
        ratios["CPU"].append(took["with"].cpu / took["without"].cpu)
        click.echo(f"round {number}   without {told(took['without'])}, with {told(took['with'])}: "
                   + ", ".join(f"{found[-1]:.2f} times by {name}" for name, found in ratios.items()))
    click.echo("ratio     " + ", ".join(f"{statistics.median(found):.2f} by {name} ({min(found):.2f} to "
                                         f"{max(found):.2f})" for name, found in ratios.items())
               + f"; the aim is at most {AIM:g}")


if __name__ == "__main__":
    main()
