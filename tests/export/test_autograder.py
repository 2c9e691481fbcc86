"""Gradescope's autograder: what is in the zip, and what its scripts write, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.exercise import catalog
from grader.export import autograder
from tests.conftest import CELLS
from tests.export.rules import prove_results_json
from tests.notebooks import notebook

REPOSITORY = Path(__file__).resolve().parent.parent.parent
HE_INIT = REPOSITORY / "exercises" / "he_init"
ENVIRONMENT = Path(sys.prefix)
BORROWED = Path("/usr/bin/python3")  # everybody's, where this Python is hidden in somebody's home
RIGHT = notebook(*CELLS)


def export(*words: object) -> Result:
    return CliRunner().invoke(main, ["export", "--format", "gradescope-autograder", *map(str, words)])


@pytest.fixture
def container(tmp_path: Path, exercise_folder: Path) -> Iterator[Path]:
    """/autograder as Gradescope makes it from the zip, where every user can come."""
    zipped = tmp_path / "autograder.zip"
    autograder.pack(catalog.load(exercise_folder), zipped, sandbox="bubblewrap")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        unpack(zipped, root / "source")
        (root / "submission").mkdir()
        (root / "env").symlink_to(ENVIRONMENT)
        yield root


def unpack(zipped: Path, to: Path) -> None:
    """With the modes that the zip gives, as unzip does."""
    with zipfile.ZipFile(zipped) as archive:
        for entry in archive.infolist():
            Path(archive.extract(entry, to)).chmod(entry.external_attr >> 16)
    shutil.copy(to / "run_autograder", to.parent)


def graded(root: Path, **environment: str) -> tuple[dict[str, Any], str]:
    """results.json, which must be as Gradescope wants it, and what the tutor is shown."""
    done = subprocess.run([root / "run_autograder"], cwd=root, capture_output=True, text=True, timeout=240,
                          env={"PATH": os.environ["PATH"], "AUTOGRADER": str(root), **environment})
    assert done.returncode == 0, done.stderr
    text = (root / "results" / "results.json").read_text()
    return prove_results_json(text, withheld="score" not in json.loads(text)), done.stdout + done.stderr


# --- the zip -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("zip") / "autograder.zip"
    words = "release", "he_init", "--for", "gradescope", "--exercises", HE_INIT.parent, "--out", out
    done = CliRunner().invoke(main, list(map(str, words)))
    assert done.exit_code == 0, done.output
    assert "he_init, with --sandbox bubblewrap" in done.output
    return zipfile.ZipFile(out)


def test_the_spelling_of_0_1_packs_the_same_and_says_the_new_one(packed: zipfile.ZipFile,
                                                                tmp_path: Path) -> None:
    out = tmp_path / "autograder.zip"
    done = export("--exercise", "he_init", "--exercises", HE_INIT.parent, "--to", out)
    assert done.exit_code == 0, done.output
    assert f"grader release he_init --for gradescope --out {out}" in done.output
    assert out.read_bytes() == Path(str(packed.filename)).read_bytes()


@pytest.mark.parametrize(("words", "says"), [(["all"], "one exercise"),
                                             (["he_init", "folder"], "is a folder")])
def test_one_exercise_is_packed_into_one_zip(words: list[str], says: str, tmp_path: Path) -> None:
    out = tmp_path / "a.zip" if len(words) == 1 else tmp_path
    done = CliRunner().invoke(main, ["release", words[0], "--for", "gradescope", "--out", str(out)])
    assert done.exit_code == 2
    assert says in done.output


def test_it_holds_what_gradescope_and_the_judge_read_and_no_answer(packed: zipfile.ZipFile) -> None:
    names = set(packed.namelist())
    assert {"setup.sh", "run_autograder", "constraints.txt", "requirements.txt",
            "grader/cli/__init__.py"} <= names
    assert {name for name in names if name.startswith("exercises/")} == {
        f"exercises/he_init/{file.name}" for file in catalog.load(HE_INIT).files}
    assert "exercises/he_init/checks.py" in names
    assert not [name for name in names if name.endswith((".ipynb", ".pyc"))]
    own = {name for name in names if name.startswith("exercises/")}
    assert not [name for name in own if "/wrong/" in name or "/right/" in name]


def test_scripts_are_executable_and_the_versions_are_pinned(packed: zipfile.ZipFile) -> None:
    modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in packed.infolist()}
    assert {name for name, mode in modes.items() if mode == 0o755} == {"setup.sh", "run_autograder",
                                                                       "as_student"}
    assert set(modes.values()) == {0o755, 0o644}
    required = packed.read("requirements.txt").decode()
    pins = {line.split("==")[0].casefold() for line in packed.read("constraints.txt").decode().splitlines()}
    assert "pytest" not in required
    assert {line.partition(">")[0].casefold() for line in required.splitlines()} <= pins


def test_the_same_exercise_gives_the_same_bytes(exercise_folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "copied" / "doubling"
    shutil.copytree(exercise_folder, elsewhere, copy_function=shutil.copyfile)
    (elsewhere / "notes.txt").write_text("not the judge's")
    for number, folder in enumerate((exercise_folder, elsewhere)):
        autograder.pack(catalog.load(folder), tmp_path / f"{number}.zip", sandbox="bubblewrap")
    assert (tmp_path / "0.zip").read_bytes() == (tmp_path / "1.zip").read_bytes()


@pytest.mark.parametrize(("words", "says"), [
    (("--to", "a.zip"), "say which exercise"),
    (("--to", "a.zip", "--exercise", "nothing"), "there is no exercise 'nothing'"),
    (("--exercise", "he_init"), "say where to"),
    (("reports", "--exercise", "he_init", "--to", "a.zip"), "leave reports out"),
])
def test_what_cannot_be_packed_is_one_line(words: tuple[str, ...], says: str, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = export(*words, "--exercises", HE_INIT.parent)
    assert (done.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert says in done.output
    assert len(done.output.splitlines()) == 1


@pytest.mark.parametrize(("words", "says"), [(("--format", "csv"), "say which folder"),
                                             (("reports", "--format", "csv", "--exercise", "x"),
                                              "not for csv")])
def test_other_formats_export_marks(words: tuple[str, ...], says: str) -> None:
    done = CliRunner().invoke(main, ["export", *words])
    assert done.exit_code == 2
    assert says in done.output


# --- which notebook ------------------------------------------------------------------------------------

MARKED = notebook("x = 1", grader={"exercise": "doubling"})


@pytest.mark.parametrize(("files", "meant"), [
    ({"Untitled.ipynb": RIGHT}, ["Untitled.ipynb"]),
    ({"doubling.ipynb": RIGHT, "notes.ipynb": RIGHT}, ["doubling.ipynb"]),
    ({"homework/doubling.ipynb": RIGHT, "doubling_old.ipynb": MARKED}, ["homework/doubling.ipynb"]),
    ({"a.ipynb": MARKED, "b.ipynb": RIGHT}, ["a.ipynb"]),
    ({"ada_doubling.ipynb": RIGHT, "b.ipynb": RIGHT}, ["ada_doubling.ipynb"]),
    ({"a.ipynb": RIGHT, "b.ipynb": RIGHT}, ["a.ipynb", "b.ipynb"]),
    ({"x/doubling.ipynb": RIGHT, "y/doubling.ipynb": RIGHT}, ["x/doubling.ipynb", "y/doubling.ipynb"]),
    ({".ipynb_checkpoints/doubling-checkpoint.ipynb": RIGHT, "__MACOSX/._doubling.ipynb": "x", "a.py": "1"},
     []),
    ({"doubling.ipynb": "broken", "b.ipynb": RIGHT}, ["doubling.ipynb"]),
])
def test_the_notebook_that_is_meant(files: dict[str, str], meant: list[str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = autograder.handed_in(tmp_path, "doubling")
    assert [path.relative_to(tmp_path).as_posix() for path in found] == meant


# --- its scripts, run ----------------------------------------------------------------------------------


def test_an_example_is_graded_as_everywhere(packed: zipfile.ZipFile, container: Path) -> None:
    shutil.rmtree(container / "source")
    unpack(Path(str(packed.filename)), container / "source")
    shutil.copy(REPOSITORY / "examples" / "submissions" / "dmitri" / "he_init.ipynb",
                container / "submission")
    results, _ = graded(container)
    assert results["score"] == 12
    assert len(results["tests"]) == 11
    assert "LeCun" in json.dumps(results)
    assert "isolation" not in json.dumps(results)


def test_hidden_checks_are_kept_back_until_the_last_deadline(exercise_folder: Path, container: Path,
                                                            tmp_path: Path) -> None:
    wrong = notebook(*(cell.replace("x / 2", "x") for cell in CELLS))
    (container / "submission" / "doubling.ipynb").write_text(wrong)
    told, _ = graded(container)
    assert "halve(x)" in json.dumps(told)
    (exercise_folder.parent / "course.toml").write_text(
        'packages = ["left-pad"]\ntimezone = "Europe/Berlin"\n[rules]\nhidden = "after due"\n[[exercise]]\n'
        'name = "doubling"\ndue = 2020-01-01\ngroups = {B = 2999-01-01}\n')
    autograder.pack(catalog.load(exercise_folder), tmp_path / "kept.zip", sandbox="bubblewrap")
    shutil.rmtree(container / "source")
    unpack(tmp_path / "kept.zip", container / "source")
    kept, _ = graded(container)
    assert "halve(x)" not in json.dumps(kept)
    assert kept["score"] == told["score"] == 4


@pytest.mark.parametrize(("files", "says"), [({}, "no notebook"),
                                             ({"a.ipynb": RIGHT, "b\n.ipynb": RIGHT}, "several")])
def test_a_student_is_told_what_to_hand_in(files: dict[str, str], says: str, container: Path) -> None:
    for name, text in files.items():
        (container / "submission" / name).write_text(text)
    results, _ = graded(container)
    assert results["score"] == 0
    assert says in str(results["output"])
    assert "doubling.ipynb" in str(results["output"])


def test_what_is_our_fault_has_no_score(container: Path) -> None:
    (container / "submission" / "doubling.ipynb").write_text(RIGHT)
    checks = container / "source" / "exercises" / "doubling" / "checks.py"
    good = checks.read_text()
    checks.write_text(good + "\nimport nowhere")
    withheld(container, told="No module named 'nowhere'")
    checks.write_text(good)
    withheld(container, told="exit code 124", TIMEOUT_SECONDS="31")
    (container / "source" / "sandbox").write_text("none")
    withheld(container, told="none")
    (container / "env").unlink()
    withheld(container, told="exit code 127")


def withheld(container: Path, *, told: str, **environment: str) -> None:
    (container / "results").mkdir(exist_ok=True)
    (container / "results" / "results.json").write_text('{"score": 99}')
    results, shown = graded(container, **environment)
    assert "score" not in json.dumps(results)
    assert "not your fault" in str(results["output"])
    assert told not in str(results["output"])
    assert told in shown


SPY = """
import os, pathlib
def double(x):
    found = [f"uid {os.getuid()}"]
    for place in ("source/exercises", "results", "source/grader"):
        try:
            found.append(f"{place} {len(os.listdir(pathlib.Path(ROOT, place)))}")
        except OSError as error:
            found.append(f"{place} {type(error).__name__}")
    raise ValueError("; ".join(found))
"""


def test_nothing_of_the_container_is_seen_behind_the_wall(container: Path) -> None:
    (container / "submission" / "doubling.ipynb").write_text(notebook(*CELLS,
                                                                      f"ROOT = {str(container)!r}\n{SPY}"))
    results, _ = graded(container)
    told = "source/exercises FileNotFoundError; results FileNotFoundError; source/grader"
    assert told in json.dumps(results)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0,
                    reason="only root can become nobody, as in Gradescope")
def test_without_a_wall_the_student_is_nobody_and_the_page_says_so(container: Path) -> None:
    (container / "source" / "sandbox").write_text("process\n")
    (container / "submission" / "doubling.ipynb").write_text(notebook(*CELLS,
                                                                      f"ROOT = {str(container)!r}\n{SPY}"))
    everybodys_python(container)
    results, _ = graded(container)
    told = "uid 65534; source/exercises PermissionError; results PermissionError; source/grader"
    assert told in json.dumps(results)
    assert "without isolation" in str(results["output"])
    assert results["score"] == 2


def everybodys_python(container: Path) -> None:
    """An environment that nobody can run: this one, or else the system's Python with this one's packages."""
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "/bin/sh", "-c",
                 'exec "$0" -V']
    if subprocess.run([*as_nobody, sys.executable], capture_output=True, cwd="/").returncode == 0:
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    theirs = subprocess.run([BORROWED, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                            capture_output=True, text=True) if BORROWED.exists() else None
    if theirs is None or theirs.stdout.strip() != version:
        pytest.skip("nobody may run this Python, and the system has no other of this version")
    (container / "env").unlink()
    subprocess.run([BORROWED, "-m", "venv", "--without-pip", container / "env"], check=True)
    packages = f"lib/python{version}/site-packages"
    (container / "env" / packages / "borrowed.pth").write_text(f"{ENVIRONMENT / packages}\n")
