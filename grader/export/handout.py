"""What a course hands out: its exercises, a page that says in which order, and what installs the grader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.exercise import catalog
from grader.exercise.catalog import Exercise, ExerciseError
from grader.exercise.release import hand_out
from grader.exercise.rules import Course
from grader.export import wheel
from grader.files import replace_file
from grader.report import page

# What a shell, a notebook's cell and pip each take for one word, which intake knows again in a notebook.
INSTALLABLE = re.compile(r"[a-z0-9][\w.:/@+=~%\[\]-]*", re.IGNORECASE | re.ASCII)

README = """# {title}

## Install the grader, once

In a terminal, in this folder (Python 3.11 or newer):

    pip install {what}

Or run the first cell of a notebook: it does the same. It takes some minutes: about 74 packages, 1.1 GiB on
disk without CUDA. Most of that is PyTorch; where a fitting one is installed already, it stays.

## The exercises, in this order

{listed}

Leave each notebook in its folder: the checks lie beside it. `index.html` is this page for a browser.

## Check yourself

Run a notebook's last cell, as often as you like: it looks at the functions as the notebook holds them now.
Or save the notebook, and in a terminal, in the exercise's folder (all of it, or just one function):

    grader check {first}.ipynb
    grader check {first}.ipynb {function}

This looks at the *saved* file, and runs it from its first cell: what is not saved is not seen.

## Colab, Kaggle, VS Code

Take the whole folder there. Where a notebook does not run in its own folder, go there in a cell before the
first one, with `%cd` and the path of the folder {first}: then every cell works as it stands. Or check by the
exercise's name:

    import grader
    grader.check("{first}")
"""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One exercise on the course's page."""

    name: str
    title: str
    functions: tuple[str, ...]


def write(exercises: Sequence[Exercise], out: Path, course: Course) -> list[Path]:
    """Hand exercises out; returns the files.

    Args:
        out: exercises may lie there from before, and stay on the page.
        course: says in which order, and what installs the grader where the handout does not bring it.

    Raises:
        ExerciseError: an exercise is not as it must be, or lies there already.
        ExportError: the wheel cannot be made.
    """
    for exercise in exercises:
        if (out / exercise.name / f"{exercise.name}.ipynb").exists():
            raise ExerciseError(f"{out / exercise.name}: is there already; release into another folder")
    own = _own(course)
    brought = [] if own else [wheel.wheel(out)]
    what, below = (own, own) if own else (f"./{brought[0].name}", f"../{brought[0].name}")
    written = [path for exercise in exercises for path in hand_out(exercise, out, below)]
    return [*brought, *written, *_page(out, course, what)]


def _own(course: Course) -> str:
    what = course.install
    if what and not (INSTALLABLE.fullmatch(what) and re.search("torch[-_]grader", what, re.IGNORECASE)):
        raise ExerciseError(f"course.toml: install = {what!r} is not what pip installs torch-grader "
                            "from: its name, or the address of its wheel, without spaces")
    return what


def _page(out: Path, course: Course, what: str) -> list[Path]:
    """README.md and index.html, of all that lies there, in the course's order."""
    there = catalog.discover(out)
    order = [place.name for place in course.exercise if place.name in there]
    listed = [_listed(there[name]) for name in (*order, *sorted(there.keys() - set(order)))]
    title = course.title if course.exercise and len(listed) > 1 else listed[0].title
    lines = [f"{number}. [{one.title}]({one.name}/{one.name}.ipynb): you write "
             + ", ".join(f"`{name}`" for name in one.functions) for number, one in enumerate(listed, 1)]
    readme = README.format(title=title, what=what, listed="\n".join(lines), first=listed[0].name,
                           function=listed[0].functions[0])
    html = page.html("handout.html.j2", "en", title=title, what=what, listed=listed)
    replace_file(out / "README.md", readme)
    replace_file(out / "index.html", html)
    return [out / "README.md", out / "index.html"]


def _listed(folder: Path) -> Listed:
    settings = catalog.load(folder).settings
    return Listed(name=folder.name, title=settings.title, functions=settings.functions)
