"""What is written for people after a batch: reports, the class page, results.jsonl, grades.csv."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader import records
from grader.exercise.catalog import Exercise, course
from grader.exercise.release import student_notebook
from grader.files import replace_file
from grader.keep.answers import final
from grader.keep.arrivals import missing
from grader.keep.claim import publishing
from grader.keep.gradebook import Entry, Gradebook, GradebookError, Key
from grader.keep.output import Output, line
from grader.keep.unchanged import Fingerprints
from grader.options import Options
from grader.pipeline import Graded

PAGES = "markdown", "student", "class_page"  # of grader.report; slow to import
# and the exercise's name: under it the gradebook keeps the notebook that students were given
RELEASED = "released "


class Notebooks(Mapping[Key, str]):
    """Every cleaned notebook that counts, each read when it is asked for."""

    def __init__(self, book: Gradebook) -> None:
        self._book = book
        self._keys = dict.fromkeys(book.counting())

    def __getitem__(self, key: Key) -> str:
        if key not in self._keys:
            raise KeyError(key)
        return self._book.notebook(*key)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def opened(out: Path) -> Gradebook:
    """The gradebook of a folder that a batch wrote.

    Raises:
        GradebookError: there is none, or it cannot be read.
    """
    path = Output(out).gradebook
    if not path.exists():
        raise GradebookError(f"{out}: no gradebook here; give the folder that `grader batch --out` wrote")
    return Gradebook(path)


def remember(book: Gradebook, options: Options, exercises: Mapping[str, Exercise],
             lacking: Mapping[str, int]) -> None:
    """Write down what the class page needs to know and no result says.

    Args:
        lacking: package -> how many notebooks import it, of those that are not installed.

    Raises:
        ExerciseError: course.toml is not as it must be.
    """
    found = course(options.exercises)
    book.set_batch_value("exercises", str(options.exercises.resolve()))
    book.set_batch_value("title", found.title)
    book.set_batch_value("weights", json.dumps({place.name: place.weight for place in found.exercise}))
    book.set_batch_value("lacking", json.dumps(lacking))
    if options.language:
        book.set_batch_value("language", options.language)
    for name, exercise in exercises.items():
        if exercise.notebook.exists():
            book.set_batch_value(RELEASED + name, student_notebook(exercise))


def get_ready(book: Gradebook) -> None:
    """What is slow the first time, done while the sandbox starts; later kernels would wait for it."""
    from grader.report import apart, page

    apart.start()
    for name in PAGES:
        importlib.import_module(f"grader.report.{name}")
    said = book.batch_values()
    language = said.get("language", "en")
    page.compile_templates(language)
    for notebook in released_notebooks(said).values():
        apart.executed(notebook, language=language)  # what it shares with those handed in is kept


def released_notebooks(said: Mapping[str, str]) -> dict[str, str]:
    """Exercise -> the notebook that students were given."""
    return {name.removeprefix(RELEASED): text for name, text in said.items() if name.startswith(RELEASED)}


def record(graded: Graded, prints: Fingerprints, book: Gradebook, output: Output) -> None:
    """Store observations, then the result: whoever has a result has what it was judged from."""
    nothing = graded.result.status is records.Status.WITHHELD and not graded.observed
    output.keep(graded.result.student, graded.result.exercise, graded.observed, prints.question)
    # Where nothing could be observed, what lies there is of an earlier notebook.
    record_mark(graded, book, output, observed="" if nothing else prints.observed, judged=prints.judged)


def record_mark(graded: Graded, book: Gradebook, output: Output, *, observed: str, judged: str,
                what: str = "graded") -> None:
    """Write a result into the gradebook, and its pages; what was observed is stored already.

    Args:
        observed: the fingerprint of what the result was judged from.
        judged: the fingerprint of how.
        what: the event's name.
    """
    book.record(Entry(result=graded.result, observed=observed, judged=judged, notebook=graded.notebook,
                      executed=graded.executed), what=what)
    if graded.result.written:
        book.written.hand_in(graded.result.student, graded.result.exercise, graded.result.stamp,
                             {answer.id: answer.text or "" for answer in graded.result.written})
    pages(graded.result, graded.notebook, graded.executed, output, book.batch_value("language", "en"))


def pages(result: records.Result, notebook: str, executed: str, output: Output, language: str) -> None:
    """One submission's report, and the notebook as executed.

    Args:
        notebook: the cleaned submission; "" where it could not be read.
        executed: the notebook as executed; "" where there is none.
    """
    from grader.report import apart, markdown, persons, student

    where = result.student, result.exercise
    if not executed:  # those of an earlier attempt
        for suffix in (".ipynb", "-executed.html"):
            output.page(*where, suffix).unlink(missing_ok=True)
    href = f"{result.exercise}-executed.html" if executed else None
    if executed:
        replace_file(output.page(*where, ".ipynb"), executed)
        replace_file(output.page(*where, "-executed.html"), apart.executed(
            executed, student=persons.shown(result.name, result.student),
            exercise=result.title or result.exercise, report=f"{result.exercise}.html", language=language))
    replace_file(output.page(*where, ".html"),
                 student.render(result, notebook, language=language, executed_href=href))
    replace_file(output.page(*where, ".md"), markdown.render(result, notebook, language=language))


def publish(book: Gradebook, output: Output, *, every_page: bool = False,
            touched: set[Key] | None = None) -> list[records.Result]:
    """The files of the whole class, with all that tutors have said in them.

    Args:
        every_page: write the page of every submission; else only of those of which tutors have said
            something, since `record` wrote the others.
        touched: student and exercise of pages that must change too.

    Returns:
        Every result with what tutors have said of it, and a row for whoever is missing.
    """
    with publishing(output.folder):
        return _published(book, output, every_page=every_page, touched=touched or set())


def _published(book: Gradebook, output: Output, *, every_page: bool, touched: set[Key]
               ) -> list[records.Result]:
    from grader.export import csv
    from grader.report import class_page

    words, said = book.words(), book.batch_values()
    language = said.get("language", "en")
    changed = words.spoken | touched
    every_page = every_page or said.get("language of the pages", language) != language
    for key in book.counting():
        if (every_page or key in changed) and (entry := book.entry(*key)):
            pages(words.applied(entry.counted), entry.notebook, entry.executed, output, language)
    book.set_batch_value("language of the pages", language)
    results = book.results(pictures=False)
    isolated = all(result.made_by.isolated for result in results)
    links = {(one.student, one.exercise): output.href(one.student, one.exercise) for one in results}
    results += missing(results, book.people())
    replace_file(output.folder / "results.jsonl", *map(line, results))
    replace_file(output.folder / "index.html", class_page.render(
        results, Notebooks(book), title=said.get("title", "Class"), links=links, isolated=isolated,
        language=language, released=released_notebooks(said), weights=weights(said),
        lacking=json.loads(said.get("lacking", "{}"))))
    csv.write(map(final, results), output.folder / "grades.csv", weights(said))
    return results


def everybody(book: Gradebook) -> list[records.Result]:
    """Every result with overrides, and a row for whoever is missing."""
    results = book.results()
    return results + missing(results, book.people())


def weights(said: Mapping[str, str]) -> dict[str, float]:
    """The course's exercises in their order, and what a point of each weighs in the total."""
    found: dict[str, float] = json.loads(said.get("weights", "{}"))
    return found
