"""`grader` by itself: what to do next, for whoever stands in this folder."""

from __future__ import annotations

from pathlib import Path

STUDENT = """You have the exercise {name}. Check what you have written:

  grader check {notebook}

Or run the last cell of the notebook. As often as you like."""
HANDOUT = """You have {count} exercises. README.md says in which order. Check one in its folder:

  cd {name}
  grader check {notebook}

Or run the last cell of its notebook. As often as you like."""
AUTHOR = """This is the exercise {name}. Does it hold what it promises?

  grader validate {name} --exercises ..
  grader release {name} --exercises .. --out handout"""
TUTOR = """Here are the exercises {names}.

  grader release all --out handout        what students get
  grader batch SUBMISSIONS --dry-run      whose each file is; SUBMISSIONS: a download or a folder
  grader batch SUBMISSIONS --out reports  grade them"""
REPORTS = """{here} are the reports of a batch: index.html shows the class.

  grader override {folder} PERSON EXERCISE CHECK --points N --comment WORDS    your own word on a check
  grader rejudge {folder}    after a check was mended; --apply writes the new marks
  grader export {folder} --format moodle --worksheet SHEET    marks into Moodle's sheet; also csv, canvas
  grader feedback {folder} --for moodle --worksheet SHEET --output feedback.zip"""
DOWNLOAD = """{file} looks like a download.

  grader batch {file} --dry-run      whose each file is; --roster SHEET says who is in the course
  grader batch {file} --out reports  grade them"""
ALONE = """{notebook} lies here without its checks.

Students: put it back into the folder that you were given, beside exercise.toml. Then, there:

  grader check {notebook}

Tutors: say where the exercises are, and grade it:

  grader grade {notebook} --exercises DIR"""
NOWHERE = """There is no exercise here.

Students: go into the folder of the exercise that you were given. Then

  grader check NOTEBOOK.ipynb             the visible checks of your own notebook

Tutors: go where exercises/ lies. Then

  grader release all --out handout        what students get
  grader batch SUBMISSIONS --dry-run      whose each file is; SUBMISSIONS: a download or a folder
  grader doctor                           can this machine grade?

Authors: go where exercises/ lies. Then

  grader validate NAME                    does the exercise hold what it promises?"""
MORE = "\n\nEverything else: grader --help"
TITLE = "notebook.ipynb"  # the full exercise, which students do not get


def next_steps(here: Path) -> str:
    """What to do in this folder, by what lies in it."""
    return _steps(here) + MORE


def _steps(here: Path) -> str:
    if (here / "exercise.toml").exists():
        if (here / TITLE).exists():
            return AUTHOR.format(name=here.name)
        return STUDENT.format(name=here.name, notebook=_notebook(here))
    if (here / "results.jsonl").exists():
        return REPORTS.format(here="Here", folder=".")
    if below := sorted(here.glob("*/results.jsonl")):
        folder = _quoted(below[0].parent.name)
        return REPORTS.format(here=f"In {folder}", folder=folder)
    exercises = _exercises(here / "exercises") or _exercises(here)
    if exercises and all((folder / TITLE).exists() for folder in exercises):
        return TUTOR.format(names=", ".join(folder.name for folder in exercises))
    if exercises:
        return HANDOUT.format(count=len(exercises), name=exercises[0].name, notebook=_notebook(exercises[0]))
    if zips := sorted(here.glob("*.zip")):
        return DOWNLOAD.format(file=_quoted(zips[0].name))
    found = sorted(here.glob("*.ipynb"))
    return ALONE.format(notebook=_quoted(found[0].name)) if found else NOWHERE


def _exercises(folder: Path) -> list[Path]:
    return [path.parent for path in sorted(folder.glob("*/exercise.toml"))]


def _notebook(folder: Path) -> str:
    """The student's: called as the exercise is, or the one that is there."""
    names = [path.name for path in sorted(folder.glob("*.ipynb"))]
    own = f"{folder.name}.ipynb"
    return _quoted(own if own in names or not names else names[0])


def _quoted(name: str) -> str:
    """For a shell, Windows' too."""
    return f'"{name}"' if " " in name else name
