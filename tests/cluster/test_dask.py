"""`grader batch --cluster` as it is used: real workers behind the real wall, killed in mid-batch; and one
machine beside them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("distributed")

from grader.cli import main
from grader.execute.cluster import driver
from tests.cluster.loopback import ROOT, Loopback, loopback
from tests.conftest import CELLS, write_exercise
from tests.notebooks import notebook
from tests.observed import plain
from tests.sandboxes import walled

REACHES_OUT = """
import socket
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=2).close()
    print("reached the scheduler")
except OSError as error:
    print("refused:", type(error).__name__)
"""
WHEN = re.compile(rb'"(iopub|shell)\.[a-z_.]*": "[^"]*"')
TIMES = re.compile(rb'"(seconds|held_up|cpu_seconds|slowest)": ?[-+.0-9e]+')


def class_of(folder: Path, port: int, *, more: int = 0) -> Path:
    squares = "def double(x):\n    return x * x"
    texts = {"ada": notebook(*CELLS), "bo": notebook(*CELLS, squares), "cy": "not a notebook",
             "dee": notebook(*CELLS, "1 / 0"), "mal": notebook(*CELLS, REACHES_OUT.format(port=port)),
             **{f"s{number:02}": notebook(*CELLS, f"print({number})") for number in range(more)}}
    for student, text in texts.items():
        (folder / student).mkdir(parents=True)
        (folder / student / "doubling.ipynb").write_text(text)
    return folder


def batch(folder: Path, *words: str, after: Callable[[int], None] = lambda number: None) -> Path:
    """`grader batch` in a process of its own; `after` is told of each submission that is graded."""
    out = folder / ("out" if words else "alone")
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "batch", str(folder / "in"), "--out", str(out), "--seed", "5",
         "--exercises", str(folder / "exercises"), *words],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)})
    said = []
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if found := re.match(r"\[(\d+)/", line):
                after(int(found[1]))
    assert process.returncode == 0, "".join(said)
    assert len([line for line in said if line.startswith("[")]) == len([*(folder / "in").iterdir()])
    return out


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a batch's output, without what says when; the gradebook, whose rows are in the pages and
    in results.jsonl, left out."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_dir() or name.startswith(("gradebook", ".")):
            continue
        data = plain(path) if path.suffix == ".parcel" else path.read_bytes()
        found[name] = TIMES.sub(b"", WHEN.sub(b"", data))
        if path.suffix == ".jsonl":
            found[name] = b"\n".join(sorted(found[name].splitlines()))
    return found


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> dict[str, tuple[bytes, bytes]]:
    """The files that are not the same in both, and what each has where they part."""
    assert one.keys() == other.keys()
    found = {}
    for name, content in one.items():
        if content != other[name]:
            pairs = enumerate(zip(content, other[name], strict=False))
            place = next((index for index, (ours, theirs) in pairs if ours != theirs), 0)
            around = slice(max(0, place - 80), place + 80)
            found[name] = content[around], other[name][around]
    return found


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    with walled(), loopback(tmp_path_factory.mktemp("cluster")) as opened:
        write_exercise(opened.folder / "exercises" / "doubling")
        yield opened


@pytest.fixture(scope="module")
def graded(there: Loopback) -> Path:
    """A small class, of whose two workers one is killed."""
    workers = [there.worker(), there.worker()]
    class_of(there.folder / "in", there.port)

    def kill_one(number: int) -> None:
        if number == 2:
            workers[0].kill()

    out = batch(there.folder, "--cluster", there.address, after=kill_one)
    assert workers[0].wait() == -signal.SIGKILL
    assert workers[1].poll() is None
    return out


def test_a_class_is_marked_as_on_one_machine(there: Loopback, graded: Path) -> None:
    alone, cluster = contents(batch(there.folder)), contents(graded)
    assert differing(cluster, alone) == {}
    assert len(alone) > 20


def test_a_notebook_does_not_reach_the_scheduler(there: Loopback, graded: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as here:
        exec(REACHES_OUT.format(port=there.port), {})
    assert here.getvalue() == "reached the scheduler\n", "there is something to be reached"
    socket.create_connection(("127.0.0.1", there.port)).close()
    page = (graded / "mal" / "doubling-executed.html").read_text()
    assert "refused: ConnectionRefusedError" in page or "refused: OSError" in page
    assert "reached the scheduler</" not in page.replace("\n", "")


def test_what_one_machine_has_graded_is_unchanged_for_a_cluster(there: Loopback, graded: Path) -> None:
    said = CliRunner().invoke(main, ["batch", str(there.folder / "in"), "--out", str(graded), "--exercises",
                                     str(there.folder / "exercises")])
    assert "0 to grade, 5 unchanged" in said.output


def test_a_worker_that_sees_something_else_is_refused_by_name(tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "grader", tmp_path / "other" / "grader")
    with (tmp_path / "other" / "grader" / "judge.py").open("a") as file:
        file.write("# another judge\n")
    said: list[str] = []

    def note(line: str) -> None:
        said.append(line)
        if len(said) == 3:
            monkeypatch.setattr(driver, "PATIENCE", 0.0)

    with loopback(tmp_path) as there:
        there.start("-m", "distributed.cli.dask_worker", there.address, "--no-nanny", "--no-dashboard")
        there.worker("--sandbox", "process")
        there.worker("--sandbox", "process", PYTHONPATH=str(tmp_path / "other"))
        with pytest.raises(driver.NoCluster, match="can grade this batch") as raised:
            driver.opened(there.address, sandbox="bubblewrap", device="cpu", known=(), course=(), note=note)
    for why in ("it is none of this grader's", "it has sandbox process, and here is bubblewrap",
                r"it has grader [\w.]+ \w+, and here is [\w.]+ \w+"):
        assert [bool(re.fullmatch(f"worker tcp://[\\w.:]+ is given no job: {why}.*", line))
                for line in said].count(True) == 1, said
        assert re.search(why, str(raised.value))


def test_a_worker_without_the_wall_says_so_and_ends(there: Loopback) -> None:
    bare = there.folder / "bare"
    bare.mkdir()
    (bare / "python").symlink_to(sys.executable)
    done = subprocess.run([sys.executable, "-m", "grader", "worker", there.address], capture_output=True,
                          text=True, env={**os.environ, "PATH": str(bare), "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert done.stderr.startswith("grader: bubblewrap is not installed: install bubblewrap")
    assert done.stderr.count("\n") == 1


def test_a_worker_whose_scheduler_has_ended_says_so(tmp_path: Path) -> None:
    with loopback(tmp_path) as there:
        address = there.address
    program = ("from grader.execute.cluster import serving; serving.WAIT_SECONDS = 1; "
               "from grader.cli import main; main()")
    done = subprocess.run([sys.executable, "-c", program, "worker", address, "--sandbox", "process"],
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert f"grader: no Dask scheduler answers at {address}" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("words", [("--jobs", "2"), ("--jobs-per-gpu", "2")], ids=" ".join)
def test_how_many_jobs_run_is_said_to_each_worker(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, ["batch", str(tmp_path), "--cluster", "tcp://127.0.0.1:1", *words])
    assert said.exit_code == 2
    assert "say them to grader worker" in said.output


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_twenty_workers_are_killed_or_stopped(tmp_path: Path) -> None:
    """By turns; a new one comes for each, and each that was stopped goes on later."""
    write_exercise(tmp_path / "exercises" / "doubling")
    with walled(), loopback(tmp_path) as there:
        class_of(tmp_path / "in", there.port, more=60)
        workers = [there.worker() for _ in range(3)]
        ends: list[subprocess.Popen[bytes]] = []
        stopped: list[subprocess.Popen[bytes]] = []

        def end_one(number: int) -> None:
            if number % 3 or len(ends) == 20:
                return
            ends.append(workers.pop(0))
            ends[-1].send_signal(signal.SIGKILL if len(ends) % 2 else signal.SIGSTOP)
            if not len(ends) % 2:
                stopped.append(ends[-1])
            if len(stopped) > 1:
                stopped.pop(0).send_signal(signal.SIGCONT)
            workers.append(there.worker())

        cluster = batch(tmp_path, "--cluster", there.address, after=end_one)
        assert len(ends) == 20
    assert differing(contents(cluster), contents(batch(tmp_path))) == {}
