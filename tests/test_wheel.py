"""The wheel: what it holds, and that all of it works where nothing of the checkout is in reach."""

from __future__ import annotations

import csv
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from grader.export import wheel
from tests.conftest import CELLS, write_exercise
from tests.fresh import REPOSITORY, Fresh
from tests.notebooks import notebook

MAGIC = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "grader")
for cell in {cells!r}:
    shell.run_cell(cell)
shell.run_line_magic("grader", "check")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel.wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def fresh(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    made = Fresh(tmp_path_factory.mktemp("fresh") / "env")
    made.done("pip", "install", f"./{built.name}", cwd=built.parent)
    return made


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A tutor's folder: exercises/ and nothing else."""
    write_exercise(tmp_path / "course" / "exercises" / "doubling")
    return tmp_path / "course"


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_the_package_and_no_exercise(built: Path) -> None:
    names = zipfile.ZipFile(built).namelist()
    assert {name.split("/")[0] for name in names} == {"grader", built.name.split("-py3")[0] + ".dist-info"}
    assert not [name for name in names if "exercises" in name or name.endswith((".ipynb", ".pyc"))]
    assert {"grader/templates/student.html.j2", "grader/templates/constraints.txt",
            "grader/locale/de/LC_MESSAGES/grader.mo", "grader/py.typed"} <= set(names)


def test_it_is_called_as_nobody_else_is(built: Path) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["name"] == wheel.NAME == "torch-grader"
    assert built.name.startswith("torch_grader-")
    assert project["scripts"] == {"grader": "grader.cli:main"}


def test_the_commands_work_outside_the_checkout(fresh: Fresh, course: Path) -> None:
    assert "release" in fresh.done("grader", "--help", cwd=course)
    where = fresh.done("python", "-c", "import grader; print(grader.__file__)", cwd=course)
    assert Path(where.strip()).is_relative_to(fresh.packages)
    fresh.done("grader", "release", "doubling", "--out", "handout", cwd=course)
    mine = course / "handout" / "doubling" / "doubling.ipynb"
    mine.write_text(notebook(*CELLS, grader={"exercise": "doubling"}))
    assert "4 / 4" in fresh.done("grader", "check", "doubling.ipynb", cwd=mine.parent)
    (course / "in" / "ada").mkdir(parents=True)
    mine.rename(course / "in" / "ada" / "doubling.ipynb")
    fresh.done("grader", "batch", "in", "--sandbox", "process", "--jobs", "1", cwd=course)
    fresh.done("grader", "export", "reports", "--format", "csv", "--output", "marks.csv", cwd=course)
    (row,) = csv.DictReader((course / "marks.csv").read_text("utf-8-sig").splitlines())
    assert (row["student"], row["doubling score"]) == ("ada", "6")
    assert "Doubling" in (course / "reports" / "index.html").read_text()
    magic = fresh.done("python", "-c", MAGIC.format(cells=CELLS), cwd=course / "handout" / "doubling")
    assert "All visible checks passed" in magic


def test_gradescope_gets_what_it_installs(fresh: Fresh, course: Path) -> None:
    fresh.done("grader", "release", "doubling", "--for", "gradescope", "--out", "a.zip", cwd=course)
    names = contents(course / "a.zip")["requirements.txt"].decode().splitlines()
    assert {Requirement(name) for name in names} == {Requirement(name) for name in wheel.requirements()}


def test_an_installed_grader_is_packed_again_as_it_was(fresh: Fresh, built: Path, tmp_path: Path) -> None:
    code = "import pathlib; from grader.export.wheel import wheel; print(wheel(pathlib.Path('again')).name)"
    assert fresh.done("python", "-c", code, cwd=tmp_path).strip() == built.name
    was, now = contents(built), contents(tmp_path / "again" / built.name)
    record = next(name for name in was if name.endswith("/RECORD"))
    assert was.keys() == now.keys()
    assert {name for name in was if was[name] != now[name]} <= {record}
    assert sorted(was[record].splitlines()) == sorted(now[record].splitlines())


def test_what_is_not_whole_is_not_packed(fresh: Fresh, built: Path, tmp_path: Path) -> None:
    broken = Fresh(tmp_path / "env")
    broken.done("pip", "install", f"./{built.name}", cwd=built.parent)
    (broken.packages / "grader" / "py.typed").unlink()
    code = "import pathlib; from grader.export.wheel import wheel; wheel(pathlib.Path('again'))"
    ended = broken.run("python", "-c", code, cwd=tmp_path)
    assert "grader/py.typed: No such file" in ended.stderr
    assert not (tmp_path / "again").exists()
