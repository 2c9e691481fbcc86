"""Classes that hand something in, for the tests of the intake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.intake.claims import Source
from grader.intake.handed import File, Handed, Reading, Tree
from grader.intake.sources import Asked, Intake, read_sources, taken_in
from grader.records import Person
from tests.notebooks import notebook

NAMES = ("he_init", "init")
PLAIN = notebook("pass")


def put(root: Path, name: str, text: str = PLAIN) -> Path:
    """Write a file that somebody hands in; a notebook, unless a text is given."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def saying(exercise: str, source: str = "pass") -> str:
    """A notebook whose metadata say which exercise it is."""
    return notebook(source, grader={"exercise": exercise})


def read(*sources: Path, exercises: tuple[str, ...] = NAMES, **asked: Any) -> Intake:
    """What the command line would read. The scratch folder is gone by then."""
    with read_sources(sources, exercises, **asked) as intake:
        return intake


class Download:
    """One source, made by hand: who handed in what, as some layout would say it."""

    def __init__(self, root: Path, layout: str = "folders", **reading: Any) -> None:
        self.root, self.layout, self.reading = root, layout, reading
        self.handed: list[Handed] = []

    def hands_in(self, person: Person | str, name: str, text: str | None = PLAIN, **said: Any) -> Download:
        """Somebody's file; None: it is there, and nobody could open it."""
        who = Person(id=person) if isinstance(person, str) else person
        relative = f"{who.id}/{len(self.handed)}/{name}"
        path = self.root / relative
        if text is not None:
            put(self.root, relative, text)
        self.handed.append(Handed(person=who, file=File(relative=relative, path=path), name=name, **said))
        return self

    def source(self, label: str = "") -> Source:
        files = tuple(each.file for each in self.handed)
        return Source(label=label, tree=Tree(source=self.root, files=files),
                      reading=Reading(layout=self.layout, handed=tuple(self.handed), **self.reading))


def taken(*downloads: Download, exercises: tuple[str, ...] = NAMES, **asked: Any) -> Intake:
    """What is made of sources that are read."""
    sources = [each.source(f"d{at}" if len(downloads) > 1 else "") for at, each in enumerate(downloads)]
    return taken_in(sources, Asked(exercises=exercises, **asked))


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def listed(tmp_path: Path, *lines: str) -> dict[str, Any]:
    return {"roster": (write(tmp_path / "roster.csv", "\n".join(("id,name,email,username,group", *lines))),)}


def students(intake: Intake) -> dict[str, tuple[str, str]]:
    """The notebook's word -> whose it is, and what the download calls them."""
    return {one.notebook.split("TOKEN ")[1].split('"')[0]: (one.student, one.source_id)  # type: ignore[union-attr]
            for one in intake.submissions}


def token(word: str, exercise: str = "he_init") -> str:
    return saying(exercise, f"# TOKEN {word}")


def moodle(root: Path, *people: tuple[str, str], exercise: str = "he_init") -> Download:
    """One assignment: numbers and names of those who handed in, each their number."""
    download = Download(root, "Moodle")
    for id, name in people:
        download.hands_in(Person(id=id, name=name), "work.ipynb", token(id, exercise))
    return download
