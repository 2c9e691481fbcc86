"""The Slurm template on a real Slurm: every shard in a task of its own, then the merge."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.cluster.slurm import cluster, lacking
from tests.conftest import CELLS, write_exercise
from tests.keep.folders import contents
from tests.notebooks import notebook

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = ROOT / "templates" / "cluster" / "slurm.sh"
SHARDS = 3
SECONDS = 500       # for what was submitted to come to its end
# Says which GPUs it was given, and is the grader of this checkout.
GRADER = f"""#!/bin/sh
echo "GPU ${{CUDA_VISIBLE_DEVICES-none}}"
PYTHONPATH={ROOT} exec {sys.executable} -m grader "$@"
"""

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1500),
              pytest.mark.skipif(bool(lacking()), reason=f"{lacking()} not installed: make test-cluster")]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with cluster(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


@pytest.fixture
def course(tmp_path: Path) -> Path:
    write_exercise(tmp_path / "exercises" / "doubling")
    class_ = {"ada": [], "bo": ["def double(x):\n    return x * x"], "cy": ["print(2)"], "dee": []}
    for student, more in class_.items():
        (tmp_path / "submissions" / student).mkdir(parents=True)
        (tmp_path / "submissions" / student / "doubling.ipynb").write_text(notebook(*CELLS, *more))
    (tmp_path / "submissions" / "eve").mkdir()
    (tmp_path / "submissions" / "eve" / "doubling.ipynb").write_text("no notebook")
    (tmp_path / "slurm.sh").write_bytes(TEMPLATE.read_bytes())
    (tmp_path / "grader").write_text(GRADER)
    (tmp_path / "grader").chmod(0o755)
    return tmp_path


def submit(course: Path, slurm: Mapping[str, str], each: str) -> str:
    """Run the template as its head says; returns the array's number."""
    environment = {**slurm, "SHARDS": str(SHARDS), "GRADER": str(course / "grader"), "EACH": each}
    done = subprocess.run(["bash", "slurm.sh", "submissions", "reports", "--exercises", "exercises"],
                          cwd=course, env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    print(f"$ bash slurm.sh submissions reports\n{done.stdout}", end="")
    return done.stdout.split("job ")[1].split(",")[0]


def ended(course: Path, slurm: Mapping[str, str]) -> dict[str, str]:
    """What each job said, once none is left."""
    until = time.monotonic() + SECONDS
    while queue := subprocess.run(["squeue", "--noheader"], env=slurm, text=True, capture_output=True,
                                  check=True).stdout:
        assert time.monotonic() < until, queue
        time.sleep(0.5)
    log = {path.name: path.read_text() for path in (course / "reports.shards" / "log").iterdir()}
    for name, text in sorted(log.items()):
        print(f"--- {name}\n{text}", end="")
    return log


def at_once(course: Path) -> Path:
    """The same class in one batch, from the same seed."""
    out = course / "one"
    seed = (course / "reports.shards" / "seed").read_text()
    subprocess.run([course / "grader", "batch", "submissions", "--exercises", "exercises", "--jobs", "1",
                    "--out", out, "--seed", seed], cwd=course, check=True)
    return out


def test_an_array_and_the_merge_behind_it(course: Path, slurm: Mapping[str, str]) -> None:
    submit(course, slurm, "--cpus-per-task=1 --gres=gpu:1")
    log = ended(course, slurm)
    for number in range(1, SHARDS + 1):
        assert f"this is shard {number}/{SHARDS} alone" in log[str(number)]
        assert log[str(number)].splitlines()[0] in ("GPU 0", "GPU 1"), "one each"
    assert "5 submissions; open reports/index.html" in log["merge"]
    assert contents(course / "reports") == contents(at_once(course))
    assert oct((course / "reports.shards" / "seed").stat().st_mode & 0o777) == "0o600"


def test_the_same_line_goes_on_where_a_task_was_lost(course: Path, slurm: Mapping[str, str]) -> None:
    array = submit(course, slurm, "--cpus-per-task=1")
    subprocess.run(["scancel", f"{array}_{SHARDS}"], env=slurm, check=True)
    ended(course, slurm)
    assert not (course / "reports").exists(), "nothing is merged that is not whole"
    seed = (course / "reports.shards" / "seed").read_text()
    submit(course, slurm, "--cpus-per-task=1")
    log = ended(course, slurm)
    assert "0 to grade, 2 unchanged" in log["1"]
    assert (course / "reports.shards" / "seed").read_text() == seed
    assert contents(course / "reports") == contents(at_once(course))


def test_a_mark_that_is_withheld_holds_no_merge_up(course: Path, slurm: Mapping[str, str]) -> None:
    checks = course / "exercises" / "doubling" / "checks.py"
    checks.write_text(checks.read_text().replace("    x = seen.given", "    boom\n    x = seen.given"))
    submit(course, slurm, "--cpus-per-task=1")
    log = ended(course, slurm)
    assert "withheld" in log["1"]
    assert "withheld" in log["merge"]
    assert (course / "reports" / "index.html").exists()
