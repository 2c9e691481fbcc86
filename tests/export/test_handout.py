"""What a course hands out installs itself, says what comes first, and can be checked at once."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.exercise import catalog
from grader.intake.clean import clean
from tests.conftest import CELLS, write_exercise
from tests.fresh import Fresh


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """exercises/ with two, the first of which is not first in the alphabet."""
    folder = tmp_path / "exercises"
    first = write_exercise(folder / "doubling")
    shutil.copytree(first, folder / "again")
    (folder / "course.toml").write_text(
        'title = "Twice & twice"\n[[exercise]]\nname = "doubling"\n[[exercise]]\nname = "again"\n')
    return folder


def released(course: Path, name: str = "all", *, ok: bool = True) -> str:
    done = CliRunner().invoke(main, ["release", name, "--out", str(course.parent / "handout"),
                                     "--exercises", str(course)])
    assert done.exit_code == (0 if ok else 2), done.output
    return done.output


def wheel_of(handout: Path) -> str:
    (found,) = handout.glob("*.whl")
    return found.name


def cells(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]


def test_a_handout_installs_itself_and_checks_a_solved_notebook(course: Path, tmp_path: Path) -> None:
    """The lines as they stand there, as arguments: no shell is to make them right."""
    released(course)
    handout, fresh = tmp_path / "elsewhere", Fresh(tmp_path / "env")
    shutil.move(tmp_path / "handout", handout)
    readme = (handout / "README.md").read_text()
    lines = [line.strip() for line in readme.splitlines() if line.startswith("    ")]
    assert lines == [f"pip install ./{wheel_of(handout)}", "grader check doubling.ipynb",
                     "grader check doubling.ipynb double", "import grader", 'grader.check("doubling")']
    assert all(line in (handout / "index.html").read_text() for line in lines[:3])
    fresh.done(*shlex.split(lines[0]), cwd=handout)
    mine = handout / "doubling" / "doubling.ipynb"
    document = json.loads(mine.read_text())
    document["cells"][2]["source"] = CELLS[1]
    mine.write_text(json.dumps(document))
    assert "4 / 4" in fresh.done(*shlex.split(lines[1]), cwd=mine.parent)
    assert "All visible checks of `double` passed." in fresh.done(*shlex.split(lines[2]), cwd=mine.parent)


def test_the_first_cell_installs_from_where_the_notebook_lies(course: Path, tmp_path: Path) -> None:
    released(course)
    handout, fresh = tmp_path / "handout", Fresh(tmp_path / "env")
    first = cells(handout / "doubling" / "doubling.ipynb")[0]
    assert first == f"%pip install -q ../{wheel_of(handout)}"
    fresh.done(*shlex.split(first.removeprefix("%")), cwd=handout / "doubling")
    assert (fresh.packages / "grader" / "magic.py").exists()


def test_the_page_is_in_the_course_s_order_and_keeps_what_lay_there(course: Path, tmp_path: Path) -> None:
    released(course, "again")
    assert "Twice" not in (tmp_path / "handout" / "README.md").read_text()
    released(course, "doubling")
    for name in ("README.md", "index.html"):
        text = (tmp_path / "handout" / name).read_text()
        assert text.index("doubling/doubling.ipynb") < text.index("again/again.ipynb")
    assert "<h1>Twice &amp; twice</h1>" in text
    for link in re.findall(r'href="([^"#]+)"', text):
        assert (tmp_path / "handout" / link).exists()


def test_nothing_is_written_where_one_is_there_already(course: Path, tmp_path: Path) -> None:
    released(course, "doubling")
    assert "release into another folder" in released(course, ok=False)
    assert not (tmp_path / "handout" / "again").exists()


@pytest.mark.parametrize("what", ["https://example.org/x/torch_grader-0.2.0-py3-none-any.whl",
                                  "torch-grader==0.2.0", "torch-grader[notebooks]"])
def test_a_course_may_say_where_students_get_it(course: Path, tmp_path: Path, what: str) -> None:
    toml = course / "course.toml"
    toml.write_text(f'install = "{what}"\n{toml.read_text()}')
    released(course)
    handout = tmp_path / "handout"
    assert not list(handout.glob("*.whl"))
    assert f"    pip install {what}\n" in (handout / "README.md").read_text()
    first = cells(handout / "again" / "again.ipynb")[0]
    assert first == f"%pip install -q {what}"
    kept = json.loads(clean((handout / "again" / "again.ipynb").read_bytes()).notebook)["cells"]
    assert [kept[0]["source"], kept[-1]["source"]] == ["", "\n"]


@pytest.mark.parametrize("what", ["grader", "torch-grader; rm -rf .", "-r torch-grader",
                                  "torch_grader $HOME"])
def test_what_would_install_something_else_is_refused(course: Path, tmp_path: Path, what: str) -> None:
    toml = course / "course.toml"
    toml.write_text(f'install = "{what}"\n{toml.read_text()}')
    assert "course.toml: install" in released(course, ok=False)
    assert not (tmp_path / "handout").exists()


def test_what_was_written_for_the_student_is_emptied_and_what_is_theirs_stays(course: Path,
                                                                             tmp_path: Path) -> None:
    released(course)
    mine = tmp_path / "handout" / "doubling" / "doubling.ipynb"
    document = json.loads(mine.read_text())
    theirs = "!pip install einops\nif True:\n    %grader check\nx = 'torch-grader'\n%time double(2)"
    document["cells"][1]["source"] = f"!pip install -U torch-grader\n{theirs}"
    mine.write_text(json.dumps(document))
    kept = [cell["source"] for cell in json.loads(clean(mine.read_bytes()).notebook)["cells"]]
    assert (kept[0], kept[1], kept[-1]) == ("", f"\n{theirs}", "\n")
    assert len(kept) == len(document["cells"])


def test_a_release_is_told_from_others(course: Path, tmp_path: Path) -> None:
    released(course)
    mine = clean((tmp_path / "handout" / "doubling" / "doubling.ipynb").read_bytes()).released
    assert mine is not None
    assert (mine.version, mine.checks) == (3, catalog.load(course / "doubling").digest)
    assert catalog.load(tmp_path / "handout" / "doubling").digest == mine.checks
    (course / "doubling" / "probes.py").write_text(f"{(course / 'doubling' / 'probes.py').read_text()}\n")
    assert catalog.load(course / "doubling").digest != mine.checks
