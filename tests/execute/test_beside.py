"""What was handed in beside a notebook, and what its exercise brings, is there when it runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import commands, single
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import Sandbox
from grader.exercise import catalog, release
from grader.exercise.catalog import ExerciseError
from grader.options import Options
from grader.pipeline import Graded
from grader.records import Result, Status
from grader.report import markdown
from tests.conftest import CHECKS, TOML, write_exercise
from tests.notebooks import notebook

pytestmark = pytest.mark.timeout(300)
DATA = TOML + 'files = ["data/given.csv"]\nhidden_files = ["kept_back.csv"]\n'
# Every factor of two is read from somewhere else, in a cell or during a graded call.
CELLS = ("from helper import TWO\nimport utils.deep\nimport json, random",
         "assert open('data/given.csv').read() == '2' and open('kept_back.csv').read() == '2'",
         "def double(x):\n    return x * float(open('numbers/two.txt').read())",
         "def halve(x):\n    assert random.random() < 2\n    from late import HALF\n"
         "    return x * HALF * utils.deep.ONE * TWO / json.load(open('two.json'))")
BESIDE = {"helper.py": "from second import TWO", "second.py": "TWO = 2", "two.json": "2",
          "utils/__init__.py": "", "utils/deep.py": "from .one import ONE", "utils/one.py": "ONE = 1",
          "numbers/two.txt": "2", "late.py": "HALF = 0.5", "data/given.csv": "3",
          "random.py": "raise SystemExit", "json.py": "1 / 0", "torch.py": "1 / 0", "ast.py": "1 / 0",
          "typing.py": "1 / 0", "ipykernel/__init__.py": "1 / 0", "zmq.py": "1 / 0"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with open_sandbox("bubblewrap") as opened:
        yield opened


@pytest.fixture(params=["bubblewrap", "process"])
def either(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Sandbox]:
    if request.param == "bubblewrap":
        yield sandbox
        return
    with open_sandbox("process") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_exercise(tmp_path / "exercises" / "doubling", toml=DATA)
    (folder / "data").mkdir()
    for name in "data/given.csv", "kept_back.csv":
        (folder / name).write_text("2")
    return folder


def hand_in(folder: Path, cells: tuple[str, ...] = CELLS, **beside: str) -> Path:
    for name, text in {"doubling.ipynb": notebook(*cells), **BESIDE, **beside}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "doubling.ipynb"


def errors(graded: Graded | Result) -> list[str]:
    result = graded.result if isinstance(graded, Graded) else graded
    return [f"{event.error} {event.message}" for event in result.events] + [v.message for v in result.checks]


def test_files_are_there_for_cells_and_calls_and_stand_for_nothing_else(
        folder: Path, either: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hand_in(tmp_path / "ada")
    monkeypatch.chdir(path.parent)
    graded = single.grade(path, Options(exercises=folder.parent), either)
    assert graded.result.score == 6.0, errors(graded)
    said = markdown.render(graded.result, graded.notebook)
    assert "random.py" in said
    assert "torch.py" in said
    assert "own file of that name" in said


def test_a_class_each_with_their_own(folder: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    asks = ("from helper import TWO\nimport os\nseen = os.listdir('.')",
            "def double(x):\n    assert os.listdir('.') == seen, os.listdir('.')\n    return x * TWO",
            "def halve(x):\n    return x / TWO")
    for student, two in (("ada", "2"), ("ben", "3")):
        (tmp_path / "in" / student).mkdir(parents=True)
        (tmp_path / "in" / student / "doubling.ipynb").write_text(notebook(*asks))
        (tmp_path / "in" / student / "helper.py").write_text(f"TWO = {two}")
    (tmp_path / "in" / "cleo_doubling.ipynb").write_text(notebook(*asks))
    told: list[str] = []
    results = commands.batch([tmp_path / "in"], tmp_path / "out", Options(exercises=folder.parent, jobs=1),
                             sandbox, Watcher(told))
    assert [r.score for r in results] == [6.0, 0.0, 0.0], [*map(errors, results)]
    again = commands.batch([tmp_path / "in"], tmp_path / "out", Options(exercises=folder.parent, jobs=1),
                           sandbox, Watcher(told))
    assert [r.score for r in again] == [6.0, 0.0, 0.0]
    assert [line for line in told if "grade" in line] == ["3 to grade", "0 to grade"]
    commands.rejudge(tmp_path / "out", None, Watcher(told), apply=True)
    (tmp_path / "in" / "ben" / "helper.py").write_text("TWO = 2")
    again = commands.batch([tmp_path / "in"], tmp_path / "out", Options(exercises=folder.parent, jobs=1),
                           sandbox, Watcher(told))
    assert [r.score for r in again] == [6.0, 6.0, 0.0]
    assert [line for line in told if "grade" in line] == ["3 to grade", "0 to grade", "1 to grade"]
    (folder / "kept_back.csv").write_text("4")
    commands.batch([tmp_path / "in"], tmp_path / "out", Options(exercises=folder.parent, jobs=1), sandbox,
                   Watcher(told))
    assert told[-1] == "3 to grade", "the exercise's data decide marks"


class Watcher:
    """Writes down how much a batch means to run, and what it says."""

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None:
        self.told.append(f"{total} to grade")

    def graded(self, result: Result) -> None: ...

    def judged_again(self, before: Result, after: Result) -> None: ...

    def note(self, text: str) -> None:
        self.told.append(text)


def test_a_file_that_changes_before_it_is_sent_withholds_the_mark(
        folder: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    path = hand_in(tmp_path / "ada")
    await_ready = sandbox.await_ready

    def late() -> None:
        (path.parent / "helper.py").write_text("TWO = 3")
        await_ready()
    sandbox.await_ready = late  # type: ignore[method-assign]
    try:
        graded = single.grade(path, Options(exercises=folder.parent), sandbox)
    finally:
        sandbox.await_ready = await_ready  # type: ignore[method-assign]
    assert graded.result.status is Status.WITHHELD
    assert "helper.py has changed" in graded.result.reason


def test_a_student_checks_a_notebook_with_a_helper_beside_it(folder: Path, tmp_path: Path) -> None:
    release.hand_out(catalog.load(folder), tmp_path / "home")
    home = tmp_path / "home" / "doubling"
    assert (home / "data" / "given.csv").read_text() == "2"
    assert not (home / "kept_back.csv").exists()
    assert "kept_back" not in (home / "exercise.toml").read_text()
    path = hand_in(home, ("from helper import TWO", *CELLS[2:3]))
    (home / "broken.py").write_text("def broken(:")
    graded = single.check(path, Options(exercises=tmp_path))
    assert graded.result.score == 4.0, errors(graded)


def test_an_exercise_proves_itself_with_what_it_brings(folder: Path, sandbox: Sandbox) -> None:
    from grader.exercise import validate
    from grader.exercise.selection import Wanted

    document = json.loads((folder / "notebook.ipynb").read_text())
    document["cells"][0]["source"] = ("import torch\nfrom pathlib import Path\n"
                                        "assert Path('data/given.csv').read_text() == '2'")
    (folder / "notebook.ipynb").write_text(json.dumps(document))
    for where in (None, sandbox):
        reports = validate.validate(Options(exercises=folder.parent), "doubling", where,
                                    Wanted(only=("reference",), draws=0), progress=lambda *_: None)
        assert not [flaw for report in reports for flaw in report.flaws]


@pytest.mark.parametrize(("line", "says"), [
    ('files = ["../secret"]', "../secret"),
    ('files = ["/etc/passwd"]', "/etc/passwd"),
    ('files = ["nowhere.csv"]', "nowhere.csv"),
    ('files = ["data"]', "data"),
    ('files = ["checks.py"]', "'checks.py' is the exercise's own"),
    ('files = ["wrong/squares.py"]', "is the exercise's own"),
    ('files = ["a.csv", "a.csv"]', "named twice"),
    ('files = ["a.csv"]\nhidden_files = ["a.csv"]', "named twice"),
    ('files = ["random.py"]', "random.py"),
    ('hidden_files = [".hidden"]', ".hidden"),
    ('files = "a.csv"', "files"),
])
def test_names_that_an_exercise_cannot_bring_are_refused_in_one_line(
        tmp_path: Path, line: str, says: str) -> None:
    folder = write_exercise(tmp_path / "bad", toml=f"{TOML}{line}\n")
    (folder / "data").mkdir()
    (folder / "a.csv").write_text("")
    (folder / "random.json").write_text("")
    with pytest.raises(ExerciseError) as error:
        catalog.load(folder)
    assert str(error.value).startswith(f"{folder / 'exercise.toml'}: ")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_the_checks_of_the_toy_need_no_file(folder: Path) -> None:
    assert "open(" not in CHECKS
    assert [file.name for file in catalog.load(folder).brings.files] == ["data/given.csv", "kept_back.csv"]
