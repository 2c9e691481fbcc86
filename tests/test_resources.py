"""A class of a thousand has the grader hold no more than a class of ten."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median

import psutil
import pytest

from grader import commands
from grader.execute.opening import open_sandbox
from grader.options import Options
from grader.records import Result
from grader.report.console import Lines
from tests.conftest import CELLS, write_exercise
from tests.notebooks import notebook

FLOOD, LARGE, DYING = (
    20,
    100,
    33,
)  # one submission in so many writes without end, returns 48 MiB, kills its kernel
FIRST, LAST = slice(9, 29), slice(-20, None)
MIB = 1 << 20
ODD = {
    FLOOD: "while True:\n    print('x' * 1000)",
    LARGE: "def double(x):\n    return torch.zeros(12, 1 << 20)",
    DYING: "def double(x):\n    import os\n    os.kill(os.getpid(), 9)",
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What is held after one submission."""

    own_mib: float  # of the grader's own memory, shared with nobody
    server_mib: float  # of the warm server's, what it shares with its jobs too
    files: int  # descriptors
    server_files: int
    threads: int
    processes: int  # below the grader: those of jobs in flight too
    zombies: int
    temporary: int  # names below the folder for temporary files


# What may be held more at the end: a batch knows its submissions, and a heap has holes.
SLACK = {"own_mib": 40.0, "server_mib": 10.0, "files": 2, "server_files": 2, "threads": 2, "processes": 4,
         "zombies": 2, "temporary": 1}


def the_server() -> psutil.Process:
    """The warm server, which lives as long as the batch; this process where there is none."""
    below = sorted(psutil.Process().children(recursive=True), key=psutil.Process.create_time)
    return next(
        (process for process in below if Path(process.exe()).name.startswith("python")), psutil.Process()
    )


def sampled(server: psutil.Process, temporary: Path) -> Sample:
    me = psutil.Process()
    below = me.children(recursive=True)
    return Sample(
        own_mib=me.memory_full_info().uss / MIB,
        server_mib=server.memory_info().rss / MIB,
        files=me.num_fds(),
        server_files=server.num_fds(),
        threads=me.num_threads(),
        processes=len(below),
        zombies=sum(map(_is_zombie, below)),
        temporary=len([*temporary.rglob("*")]),
    )


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


class Watching(Lines):
    """Takes a sample with each submission."""

    def __init__(self, temporary: Path) -> None:
        self.samples, self.temporary, self.server = list[Sample](), temporary, psutil.Process()

    def graded(self, result: Result) -> None:
        if len(self.samples) % 10 == 9:
            gc.collect()
        self.samples.append(sampled(self.server, self.temporary))
        if len(self.samples) % 100 == 0 or len(self.samples) == 10:
            one = self.samples[-1]
            print(
                len(self.samples),
                *(f"{field.name} {getattr(one, field.name):.0f}" for field in fields(one)),
                file=sys.stderr,
                flush=True,
            )


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("name", "many"), [("bubblewrap", 1_000), ("process", 50)])  # minutes each
def test_a_class_of_a_thousand_costs_no_more_than_one_of_ten(
    name: str, many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "bubblewrap" and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    write_exercise(tmp_path / "exercises" / "doubling")
    for number in range(many):
        odd = [cell for each, cell in ODD.items() if number % each == each - 1]
        folder = tmp_path / "in" / f"student{number:04}"
        folder.mkdir(parents=True)
        (folder / "doubling.ipynb").write_text(notebook(*CELLS, *odd, f"# {number}"))
    watching = Watching(temporary)
    with open_sandbox(name) as sandbox:
        sandbox.await_ready()
        watching.server = the_server()
        results = commands.batch(
            [tmp_path / "in"],
            tmp_path / "out",
            Options(exercises=tmp_path / "exercises", jobs=min(2, os.cpu_count() or 1)),
            sandbox,
            watching,
        )
    assert len(results) == many == len(watching.samples)
    assert sum(result.score == 6 for result in results) > 0.9 * many
    more = {
        field.name: median(getattr(one, field.name) for one in watching.samples[LAST])
        - median(getattr(one, field.name) for one in watching.samples[FIRST])
        for field in fields(Sample)
    }
    print(more, file=sys.stderr)
    assert {what: much for what, much in more.items() if much > SLACK[what]} == {}
    assert not list(temporary.iterdir())
