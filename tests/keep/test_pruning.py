"""Room is made without touching a mark; a disk that is full is named, and nothing recorded is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.keep import pruning, space
from grader.keep.output import Output
from tests import samples as s
from tests.conftest import CELLS, CHECKS, write_exercise
from tests.notebooks import notebook
from tests.report.test_resemblance import disguised, own_work

CLASS = {"ada": notebook(*CELLS), "bo": notebook(*CELLS, "def double(x):\n    return x * x"),
         "cy": "not a notebook"}


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def submit(root: Path, **notebooks: str) -> Path:
    for student, text in notebooks.items():
        (root / student).mkdir(parents=True, exist_ok=True)
        (root / student / "doubling.ipynb").write_text(text)
    return root


def rows(out: Path) -> dict[str, dict[str, object]]:
    return {row["student"]: row for row in map(json.loads, (out / "results.jsonl").read_text().splitlines())}


def stored(out: Path) -> list[str]:
    return sorted(path.parent.name for path in out.glob("observations/*/*.parcel"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with exercises, submissions and what a batch wrote."""
    root = tmp_path_factory.mktemp("graded")
    write_exercise(root / "exercises" / "doubling")
    submit(root / "in", **CLASS)
    done = run(*again(root))
    assert done.exit_code == 0, done.output
    return root


@pytest.fixture
def course(graded: Path, tmp_path: Path) -> Path:
    shutil.copytree(graded, tmp_path / "course")
    return tmp_path / "course"


def again(root: Path) -> tuple[object, ...]:
    return ("batch", root / "in", "--out", root / "out", "--exercises", root / "exercises", "--sandbox",
            "process", "--jobs", 1)


def test_a_dry_run_says_how_much_and_deletes_nothing(course: Path) -> None:
    size = sum(path.stat().st_size for path in (course / "out" / "observations").rglob("*.parcel"))
    told = run("prune", course / "out", "--keep", "marks", "--dry-run")
    assert f"{space.shown(size)} would be freed: observations of 2 submissions" in told.output
    assert stored(course / "out") == ["ada", "bo"]


@pytest.mark.parametrize(("keep", "left"), [("marks", []), ("failed", ["bo"]), ("all", ["ada", "bo"])])
def test_what_is_pruned_keeps_its_mark_and_report_and_is_not_run_again(course: Path, keep: str,
                                                                       left: list[str]) -> None:
    out = course / "out"
    before, pages = rows(out), sorted(out.glob("*/doubling*"))
    told = run("prune", out, "--keep", keep)
    assert (told.exit_code, stored(out)) == (0, left), told.output
    assert f"freed: observations of {2 - len(left)} submission" in told.output
    assert "0 to grade, 3 unchanged" in run(*again(course)).output
    assert rows(out) == before
    assert sorted(out.glob("*/doubling*")) == pages


def test_rejudging_names_what_was_pruned_and_leaves_its_mark(course: Path) -> None:
    out = course / "out"
    run("prune", out, "--keep", "failed")
    before = rows(out)["ada"]["score"]
    mended = CHECKS.replace("2 * x, rtol=1e-6", "x * x, rtol=1e-6")
    (course / "exercises" / "doubling" / "checks.py").write_text(mended)
    told = run("rejudge", out, "--exercises", course / "exercises")
    assert "ada doubling: keeps its mark, what was observed was pruned" in told.output
    assert "bo doubling: 2 -> 5 / 6" in told.output
    assert rows(out)["ada"]["score"] == before


def test_what_nobody_uses_goes_and_what_is_being_written_stays(course: Path) -> None:
    out = course / "out"
    run("remove", out, "bo")
    old, fresh = out / "ada" / ".doubling.html.ab12cd_9", out / "observations" / "ada" / ".x.parcel.ab12cd_9"
    mine = out / ".gitignore"
    for path in old, fresh, mine:
        path.write_text("x")
    for path in old, mine:
        os.utime(path, (0, 0))
    told = run("prune", out, "--keep", "all")
    assert "files that nothing uses: 2" in told.output
    assert stored(out) == ["ada"]
    assert [path.exists() for path in (old, fresh, mine)] == [False, True, True]


@pytest.mark.parametrize("keep", ["marks", "failed", "all"])
def test_where_the_mark_is_withheld_everything_stays(keep: str) -> None:
    assert pruning._stays(s.withheld(), keep)


def test_a_folder_without_a_gradebook_is_one_line(tmp_path: Path) -> None:
    told = run("prune", tmp_path, "--keep", "marks")
    assert (told.exit_code, told.output.count("\n")) == (2, 1)


def test_the_need_is_measured_where_something_lies_already(course: Path) -> None:
    output = Output(course / "out")
    assert 5_000 < space.written(output, "doubling") < 3_000_000
    assert space.written(output, "he_init") == space.DEFAULT


# --- a small disk ------------------------------------------------------------------------------------

mounts = pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode != 0,
    reason="no user namespaces, so no small disk")


def on_a_small_disk(size: str, where: Path, words: tuple[object, ...]) -> subprocess.CompletedProcess[str]:
    """The grader, with a disk of this size mounted somewhere."""
    where.mkdir(parents=True, exist_ok=True)
    script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"'
    line = [sys.executable, "-m", "grader", *map(str, words)]
    return subprocess.run(["unshare", "-Urm", "sh", "-c", script, "sh", size, str(where), *line],
                          capture_output=True, text=True, check=False)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    write_exercise(tmp_path / "exercises" / "doubling")
    submit(tmp_path / "in", **CLASS)
    return tmp_path


@mounts
@pytest.mark.parametrize("full", ["observations", "bo"])
def test_a_full_disk_is_named_in_one_line_and_nothing_recorded_is_lost(fresh: Path, full: str) -> None:
    done = on_a_small_disk("4k", fresh / "out" / full, again(fresh))
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert str(fresh / "out" / full) in last
    assert "no room is left on this disk" in last
    assert "Traceback" not in done.stderr
    finished = run(*again(fresh))
    assert finished.exit_code == 0, finished.output
    assert {student: row["score"] for student, row in rows(fresh / "out").items()} == {
        "ada": 6.0, "bo": 2.0, "cy": 0.0}
    assert sorted(path.parent.name for path in (fresh / "out").glob("*/doubling.*")) == [
        "ada", "ada", "ada", "bo", "bo", "bo", "cy", "cy"]
    assert list((fresh / "out").rglob(".*")) == []


@mounts
def test_hardly_any_room_is_said_before_anything_is_run(fresh: Path) -> None:
    done = on_a_small_disk("32m", fresh / "out", again(fresh))
    assert done.returncode == 2
    assert f"{fresh / 'out'}: only 3" in done.stderr
    assert "MB are free on this disk, too little to grade anything" in done.stderr
    assert "to grade," not in done.stdout + done.stderr


@mounts
def test_a_batch_that_may_not_fit_says_so_and_is_run(fresh: Path) -> None:
    done = on_a_small_disk("66m", fresh / "out", again(fresh))
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 0, done.stderr
    assert "may not fit: 2 submissions write about 3 MB, and 6" in said
    done = on_a_small_disk("200m", fresh / "out", again(fresh))
    assert "may not fit" not in done.stdout + done.stderr


# --- look-alikes in the folder -----------------------------------------------------------------------


def test_who_looks_alike_has_a_page_until_one_of_them_is_erased(fresh: Path) -> None:
    """With what lies beside a notebook, and without what the exercise itself says."""
    for student, code in ("ada", own_work(1)), ("bo", disguised(own_work(1))):
        (fresh / "in" / student / "helper.py").write_text(code)
    assert run(*again(fresh)).exit_code == 0
    out = fresh / "out"
    page = (out / "alike" / "doubling-1.html").read_text()
    assert "helper.py" in page
    assert "return x + x" not in page
    assert 'href="alike/doubling-1.html"' in (out / "index.html").read_text()
    assert run("prune", out, "--keep", "marks").exit_code == 0
    assert run("report", out).exit_code == 0
    assert (out / "alike" / "doubling-1.html").read_text() == page, "what is compared is not pruned"
    assert run("remove", out, "bo", "--erase").exit_code == 0
    assert not (out / "alike").exists()
    assert not list(out.rglob("*.modules")) or [p.parent.name for p in out.rglob("*.modules")] == ["ada"]
