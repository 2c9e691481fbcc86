"""Gradescope: the zip that it unpacks and runs for each submission of one exercise.

The grader travels in it, so that students are graded by the version that made it. Of the exercise only what
the judge reads does: no notebook, no wrong and no right solution. The same exercise and grader give the same
bytes.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from grader.exercise.catalog import Exercise, course
from grader.exercise.rules import Course, Hidden, Place, moment, zone_of
from grader.export import wheel
from grader.export.out import zipped
from grader.files import replace_file
from grader.intake.found import FEEDBACK, PROGRAMS
from grader.intake.reading import read_file
from grader.report.page import FOLDERS

_PACKAGE = Path(__file__).resolve().parent.parent


def pack(exercise: Exercise, out: Path, *, sandbox: str) -> str:
    """Write the zip; returns what the tutor should know of it.

    Args:
        sandbox: how submissions will run. Where Gradescope's containers refuse it, marks are withheld:
            nothing falls back by itself.

    Raises:
        ExportError: the grader does not know what it needs, for it was never installed.
    """
    files = {**_scripts(), **_grader(),
             **{f"exercises/{exercise.name}/{file.relative_to(exercise.folder).as_posix()}": file.read_bytes()
                for file in exercise.files},
             **_course(exercise), "constraints.txt": _constraints(),
             "requirements.txt": _requirements(),
             "sandbox": f"{sandbox}\n".encode()}
    replace_file(out, zipped(files))
    return (f"{out}: {exercise.name}, with --sandbox {sandbox}. In Gradescope raise memory and time (3 GB, "
            "20 minutes), and hand in a notebook of your own first.")


def handed_in(folder: Path, exercise: str) -> list[Path]:
    """The notebooks that may be meant, one where all is well: the one of the right name, else those that say
    that they are of the exercise, else all."""
    found = [path for path in sorted(folder.rglob("*.ipynb"))
             if not any(part in {*PROGRAMS, FEEDBACK} or part.startswith(".")
                        for part in path.relative_to(folder).parts)]
    named = [path for path in found if path.name == f"{exercise}.ipynb"]
    if len(named) == 1:
        return named
    saying = [path for path in found
              if read_file(path, student="", relative="", exercises=(exercise,)).exercise == exercise]
    return named or saying or found


def _course(exercise: Exercise) -> dict[str, bytes]:
    """What the course says that concerns every mark: the packages for which one waits, and until when hidden
    checks are kept back: the last deadline that anybody has."""
    listed = ", ".join(f'"{name}"' for name in exercise.packages)
    said = course(exercise.folder.parent) if (exercise.folder.parent / "course.toml").exists() else Course()
    place = next((one for one in said.exercise if one.name == exercise.name),
                 Place(name="", rules=said.rules))
    text = f"packages = [{listed}]\n" if listed else ""
    if place.rules.hidden is Hidden.AFTER_DUE:
        zone = zone_of(said.timezone)
        dues = [moment(due, zone) for due in (place.due, *place.groups.values()) if due]
        last = f'due = "{max(dues).astimezone(datetime.UTC).isoformat()}"\n' if dues and place.due else ""
        text += f'\n[[exercise]]\nname = "{exercise.name}"\n{last}rules = {{hidden = "after due"}}\n'
    return {"exercises/course.toml": text.encode()} if text else {}


def _scripts() -> dict[str, bytes]:
    folder = next(path for path in (folder / "gradescope" for folder in FOLDERS) if path.is_dir())
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _grader() -> dict[str, bytes]:
    """The package without its templates: results.json needs none."""
    inside = ((path, path.relative_to(_PACKAGE)) for path in _PACKAGE.rglob("*") if path.is_file())
    return {f"grader/{name.as_posix()}": path.read_bytes() for path, name in inside
            if name.parts[0] != "templates" and "__pycache__" not in name.parts}


def _constraints() -> bytes:
    """The versions that the grader was tested with: as installed, and as in the repository."""
    places = (_PACKAGE / "templates" / "constraints.txt", _PACKAGE.parent / "constraints.txt")
    return next(path for path in places if path.exists()).read_bytes()


def _requirements() -> bytes:
    return "".join(f"{name}\n" for name in wheel.requirements()).encode()
