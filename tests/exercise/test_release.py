"""What students get holds no line of a solution and nothing of a hidden check."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from grader.exercise import catalog, release
from grader.exercise.catalog import ExerciseError
from grader.exercise.slicing import reachable
from tests.notebooks import notebook

SOLVED = ("def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n\n"
          "def halve(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION")
COURSE = Path(__file__).parent.parent.parent / "exercises"
EXERCISES = sorted(catalog.discover(COURSE))


def test_solutions_become_stubs_at_their_indentation() -> None:
    source = "def f(x):\n    '''Doc.'''\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\nf(2)"
    assert release.stubbed(source) == "def f(x):\n    '''Doc.'''\n    raise NotImplementedError\n\nf(2)"


@pytest.mark.parametrize("source", ["### BEGIN SOLUTION\nx", "### END SOLUTION",
                                    "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION"])
def test_marks_that_do_not_pair_are_refused(source: str) -> None:
    with pytest.raises(ExerciseError):
        release.stubbed(source)


def test_a_toy_release_is_an_exercise_itself(exercise_folder: Path, tmp_path: Path) -> None:
    released = release.hand_out(catalog.load(exercise_folder), tmp_path / "out")
    again = catalog.load(tmp_path / "out" / "doubling")
    assert [check.id for check in again.checks] == ["values", "untouched"]
    assert (again.settings.points, again.settings.hidden_points) == (4, 2)
    assert again.visible_part().settings.hidden_points == 2
    texts = [path.read_text() for path in released]
    assert not any("half" in text or "Divide" in text
                   for text in texts if "cells" not in text and "points" not in text)
    with pytest.raises(ExerciseError, match="already"):
        release.hand_out(catalog.load(exercise_folder), tmp_path / "out")


def test_tutor_cells_outputs_and_metadata_stay_here(exercise_folder: Path) -> None:
    document = json.loads(notebook(SOLVED, "secret = 1"))
    document["cells"][1]["metadata"] = {"tags": ["tutor"]}
    document["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "![p](attachment:p.png)",
                              "attachments": {"p.png": {"image/png": "aGk="}}})
    for cell in document["cells"]:
        cell.pop("id", None)
    document["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "42"}]
    (exercise_folder / "notebook.ipynb").write_text(json.dumps(document))
    out = release.student_notebook(catalog.load(exercise_folder))
    assert "secret" not in out
    assert "42" not in out
    assert json.loads(out)["metadata"]["grader"] == {
        "exercise": "doubling", "version": 3, "checks": catalog.load(exercise_folder).digest}
    nbformat.validate(json.loads(out))
    assert "aGk=" in out


@pytest.mark.parametrize(("change", "says"), [
    (("### BEGIN", "## BEGIN"), "is not quite"), (("### END", "### End"), "is not quite"),
    (("### BEGIN SOLUTION", ""), "do not pair"), (("def halve", "def other"), "no solution of `halve`"),
    (("BEGIN SOLUTION", "BEGIN SOLUTIONS"), "is not quite")])
def test_a_solution_that_is_not_marked_just_so_goes_nowhere(exercise_folder: Path, change: tuple[str, str],
                                                            says: str) -> None:
    (exercise_folder / "notebook.ipynb").write_text(notebook(SOLVED.replace(*change)))
    with pytest.raises(ExerciseError, match=says):
        release.student_notebook(catalog.load(exercise_folder))


def test_a_solution_marked_in_text_is_refused(exercise_folder: Path) -> None:
    document = json.loads(notebook(SOLVED))
    document["cells"].append({"cell_type": "markdown", "id": "words", "metadata": {},
                              "source": "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION"})
    (exercise_folder / "notebook.ipynb").write_text(json.dumps(document))
    with pytest.raises(ExerciseError, match="cell 2: a solution is marked in a cell that is not code"):
        release.student_notebook(catalog.load(exercise_folder))


def test_an_exercise_without_its_notebook_says_so(exercise_folder: Path) -> None:
    (exercise_folder / "notebook.ipynb").unlink()
    with pytest.raises(ExerciseError, match=r"notebook\.ipynb: No such file"):
        release.student_notebook(catalog.load(exercise_folder))


def test_what_fills_a_table_goes_out_with_it() -> None:
    text = ("WANTED = {}\nWANTED['a'] = 1\nLIST = []\nLIST.append(2)\nOTHER = {}\nOTHER['b'] = 3\n"
            "def visible():\n    return WANTED, LIST\ndef hidden():\n    return OTHER\n")
    kept = reachable({"checks": text}, {"checks": {"visible"}})["checks"]
    assert "WANTED['a'] = 1" in kept
    assert "LIST.append(2)" in kept
    assert "OTHER" not in kept


MODULES = {
    "checks": "from . import laws\nfrom .mistakes import SEEN, SECRET\n\ndef shown():\n    return "
    "laws.right, SEEN\n\n"
              "def hidden():\n    return laws.secret, SECRET\n",
    "mistakes": "from .laws import named\nSEEN = named('seen')\nSECRET = 'never shown'\n",
    "laws": "def named(word):\n    return word\nright = 1\nsecret = 'never told'\n",
    "spare": "SPARE = 3\n"}


def test_what_visible_checks_need_of_other_modules_goes_out_and_nothing_else() -> None:
    kept = reachable(MODULES, {"checks": {"shown"}})
    assert kept == {"checks": "from . import laws\n\nfrom .mistakes import SEEN\n\ndef shown():\n    return "
                    "laws.right, SEEN\n", "mistakes": "from .laws import named\n\nSEEN = named('seen')\n",
                    "laws": "def named(word):\n    return word\n\nright = 1\n"}


@pytest.mark.parametrize(("text", "says"), [
    ("from .laws import *\ndef shown(): return right", "not \\*"),
    ("from . import laws\ndef shown(): return vars(laws)", "laws is used as a whole"),
    ("from .lawz import right\ndef shown(): return right", "no module lawz")])
def test_an_import_that_cannot_be_followed_is_refused(text: str, says: str) -> None:
    with pytest.raises(ExerciseError, match=says):
        reachable({**MODULES, "checks": text}, {"checks": {"shown", "right"}})


def test_a_hidden_check_leaks_from_no_module(exercise_folder: Path, tmp_path: Path) -> None:
    (exercise_folder / "mistakes.py").write_text(
        "from grader.spec import Diagnosis\nSQUARED = Diagnosis('squared', 'each entry is x * x: the "
        "square')\nWHOLE = Diagnosis('whole', 'the hidden one: nothing was halved')\n")
    checks = exercise_folder / "checks.py"
    text = re.sub(r"SQUARED = .*", "from .mistakes import SQUARED, WHOLE", checks.read_text())
    checks.write_text(text.replace('seen.given["x"] / 2, rtol',
                                   'seen.given["x"] / 2, otherwise={WHOLE: seen.given["x"]}, rtol'))
    released = release.hand_out(catalog.load(exercise_folder), tmp_path / "out")
    assert {"checks.py", "mistakes.py", "probes.py"} & {path.name for path in released} == {"checks.py",
                                                                                            "mistakes.py"}
    assert not any("WHOLE" in path.read_text() or "halved" in path.read_text() for path in released)
    assert len(catalog.load(tmp_path / "out" / "doubling").checks) == 2


@pytest.mark.parametrize("name", EXERCISES)
def test_no_solution_and_no_hidden_check_leaves_the_course(name: str) -> None:
    exercise = catalog.load(COURSE / name)
    files = {name: content if isinstance(content, str) else content.decode("latin-1")
             for name, content in release.files(exercise).items()}
    everything = "\n".join(files.values())
    in_notebook = {" ".join(line.split()) for cell in json.loads(files[f"{name}.ipynb"])["cells"]
                   for line in cell["source"].split("\n")}
    in_checks = {" ".join(line.split()) for line in everything.splitlines()}
    for line in solution_lines(exercise.folder / "notebook.ipynb"):
        assert line not in in_notebook, f"a line of the solution is released: {line}"
        # A visible check may itself say `return weight`; what would give an answer away is longer.
        assert len(line) <= 24 or line not in in_checks, f"a visible check quotes the solution: {line}"
    for check in exercise.checks:
        if not check.visible:
            assert check.promise not in " ".join(everything.split())
            assert not any(f"def {check.function.__name__}(" in text
                           for file, text in files.items() if file.endswith(".py"))
            assert not check.hint or check.hint not in everything
    visible = sum(check.points for check in exercise.checks if check.visible)
    assert visible * 2 >= exercise.settings.points, "at least half of the points stay visible"


def solution_lines(path: Path) -> set[str]:
    """Lines that stand in solutions and nowhere else in the notebook; very short ones say nothing."""
    inside, outside = set[str](), set[str]()
    for cell in json.loads(path.read_text())["cells"]:
        solving = False
        for line in "".join(cell["source"]).split("\n"):
            text = " ".join(line.split())
            if text in (release.BEGIN, release.END):
                solving = text == release.BEGIN
            else:
                (inside if solving else outside).add(text)
    return {line for line in inside - outside if len(line) > 12}
