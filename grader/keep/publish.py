"""What is written for people after a batch: reports, the class page, results.jsonl, grades.csv."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from grader import records
from grader.exercise import solutions
from grader.exercise.catalog import Exercise
from grader.exercise.inline import as_notebook
from grader.exercise.release import student_notebook
from grader.files import replace_file
from grader.keep.answers import Words, final
from grader.keep.arrivals import missing
from grader.keep.claim import publishing
from grader.keep.gradebook import Entry, Gradebook, GradebookError, Key
from grader.keep.output import LAST, Output, line
from grader.keep.pages import write_pages
from grader.keep.processes import each
from grader.keep.ruling import Ruled
from grader.keep.unchanged import Fingerprints, digest, sources
from grader.options import Options
from grader.pipeline import Graded

if TYPE_CHECKING:
    from grader.report.resemblance import Alike

PAGES = "markdown", "student", "class_page"  # of grader.report; slow to import
# and the exercise's name: under it the gradebook keeps the notebook that students were given
RELEASED = "released "
NOBODYS = "nobody's "    # and the exercise's name: what was handed out, and what its own solutions say
ALIKE = "groups that look alike"   # how many the class page shows
COMPARED = "who looks alike"        # those groups, behind the fingerprint of what was compared
COMPARING = "report", "keep/publish.py"   # of our own code, what compares and shows them


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
    """
    book.set_batch_value("exercises", str(options.exercises.resolve()))
    book.set_batch_value("lacking", json.dumps(lacking))
    if options.language:
        book.set_batch_value("language", options.language)
    for name, exercise in exercises.items():
        if exercise.notebook.exists():
            book.set_batch_value(RELEASED + name, student_notebook(exercise))
            book.set_batch_value(NOBODYS + name, as_notebook(solutions.nobodys(exercise)))


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
    return _named(said, RELEASED)


def _named(said: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in said.items() if name.startswith(prefix)}


def record(graded: Graded, prints: Fingerprints, book: Gradebook, output: Output,
           rules: Ruled | None = None) -> None:
    """Store observations, then the result: whoever has a result has what it was judged from."""
    nothing = graded.result.status is records.Status.WITHHELD and not graded.observed
    output.keep(graded.result.student, graded.result.exercise, graded.observed, prints.question)
    output.keep_modules(graded.submission)
    # Where nothing could be observed, what lies there is of an earlier notebook.
    record_mark(graded, book, output, rules, observed="" if nothing else prints.observed,
                judged=prints.judged)


def record_mark(graded: Graded, book: Gradebook, output: Output, rules: Ruled | None = None, *, observed: str,
                judged: str) -> None:
    """Write a result into the gradebook, and its pages; what was observed is stored already.

    Args:
        rules: the course's, where they have been read.
        observed: the fingerprint of what the result was judged from.
        judged: the fingerprint of how.
    """
    entry = Entry(result=graded.result, observed=observed, judged=judged, notebook=graded.notebook,
                  executed=graded.executed)
    keep_mark(entry, book)
    ruled = structs.replace(entry, result=(rules or Ruled(book)).one(graded.result))
    write_pages(ruled, output, book.batch_value("language", "en"))


def keep_mark(entry: Entry, book: Gradebook, *, what: str = "graded") -> None:
    """Write a result into the gradebook, and what was answered in writing.

    Args:
        what: the event's name.
    """
    result = entry.result
    book.record(entry, what=what)
    if result.written:
        book.written.hand_in(result.student, result.exercise, result.stamp,
                             {answer.id: answer.text or "" for answer in result.written})


def publish(book: Gradebook, output: Output, *, every_page: bool = False,
            touched: set[Key] | None = None) -> list[records.Result]:
    """The files of the whole class, with all that tutors have said in them.

    Args:
        every_page: write the page of every submission; else of those only whose page shows another word of
            a tutor's, or other rules, than hold now.
        touched: student and exercise of pages that must change too.

    Returns:
        Every result with what tutors have said of it, and a row for whoever is missing.
    """
    from grader.report import calculation

    with publishing(output.folder):
        said, words = book.batch_values(), book.words()
        language = said.get("language", "en")
        changed = touched or set()
        every_page = every_page or said.get("language of the pages", language) != language
        rules = Ruled(book)
        results = everybody(book, rules, pictures=False)
        shown = {(one.student, one.exercise): one for one in results}
        rewrite(book, output, [
            # none is there where a batch ended between the mark and its report
            key for key in book.counting() if every_page or key in changed
            or not output.page(*key, LAST).exists()
            or not calculation.shows(output.page(*key, ".html"), shown[key])], rules, words,
            anew=every_page)
        book.set_batch_value("language of the pages", language)
        _class_files(book, output, rules, results, anew=every_page)
        return results


def rewrite(book: Gradebook, output: Output, keys: Iterable[Key], rules: Ruled | None = None,
            words: Words | None = None, *, anew: bool = False) -> None:
    """The pages of some submissions that count, with tutors' words in them, under the course's rules.

    Args:
        anew: the notebook as executed too, where its page is there already.
    """
    language, rules = book.batch_value("language", "en"), rules or Ruled(book)
    keys, words = list(keys), words or book.words()
    entries = (structs.replace(entry, result=rules.one(words.applied(entry.counted)))
               for key in keys if (entry := book.entry(*key)))
    write = functools.partial(write_pages, output=output, language=language, anew=anew)
    for _ in each(write, entries, len(keys)):
        pass


def class_files(book: Gradebook, output: Output) -> None:
    """The class page, results.jsonl and grades.csv, as the gradebook is now."""
    with publishing(output.folder):
        rules = Ruled(book)
        _class_files(book, output, rules, everybody(book, rules, pictures=False))


def _class_files(book: Gradebook, output: Output, rules: Ruled, results: Sequence[records.Result], *,
                 anew: bool = False) -> None:
    from grader.export import csv
    from grader.report import class_page

    said, there = book.batch_values(), Notebooks(book)
    isolated = all(result.made_by.isolated for result in results)
    alike = _alike(results, there, said, book, output, anew)
    book.set_batch_value(ALIKE, str(len(alike)))
    replace_file(output.folder / "results.jsonl", *map(line, results))
    replace_file(output.folder / "index.html", class_page.render(
        results, there, title=said.get("title", "Class"), links={key: output.href(*key) for key in there},
        isolated=isolated, language=said.get("language", "en"), groups=alike, weights=weights(said),
        lacking=json.loads(said.get("lacking", "{}"))))
    csv.write(map(final, results), output.folder / "grades.csv", weights(said), pass_mark=rules.pass_mark)


def _alike(results: Sequence[records.Result], notebooks: Mapping[Key, str], said: Mapping[str, str],
           book: Gradebook, output: Output, anew: bool) -> tuple[Alike, ...]:
    """Who looks alike: compared again only where a notebook has changed, or what their pages say of it, or
    `anew`. That is most of what a word on one mark would cost a large class."""
    from grader.report.resemblance import Alike

    prints = {key: (one.sha256, one.observed) for key, one in book.fingerprints().items()}
    known = chain.from_iterable(sorted(nobodys(said).items()))
    asked = digest(sources(COMPARING), said.get("language", ""), *known, *(
        msgspec.json.encode((r.student, r.name, r.exercise, r.title, r.team, r.files,
                             prints.get((r.student, r.exercise)))) for r in results))
    before, _, kept = said.get(COMPARED, "").partition(" ")
    if before == asked and not anew:
        found = msgspec.json.decode(kept, type=tuple[Alike, ...])
        if all((output.folder / one.href).exists() for one in found):
            return found
    found = looking_alike(results, notebooks, said, output)
    told = msgspec.json.encode([replace(one, common=frozenset()) for one in found]).decode()
    book.set_batch_value(COMPARED, f"{asked} {told}")
    return found


def looking_alike(results: Sequence[records.Result], notebooks: Mapping[tuple[str, str], str],
                  said: Mapping[str, str], output: Output) -> tuple[Alike, ...]:
    """Who looks alike; each group's page is written."""
    from grader.report import persons, side_by_side

    files = {(r.student, r.exercise): found for r in results if (found := output.modules(r))}
    those = groups(results, notebooks, said, files)
    output.write_alike(side_by_side.pages(
        those, lambda key: (notebooks[key], files.get(key, {})), nobodys(said), names=persons.names(results),
        titles={result.exercise: result.title or result.exercise for result in results},
        reports={key: output.href(*key) for key in notebooks}, language=said.get("language", "en")))
    return those


def groups(results: Sequence[records.Result], notebooks: Mapping[Key, str], said: Mapping[str, str],
           files: Mapping[Key, Mapping[str, str]] | None = None) -> tuple[Alike, ...]:
    """Who looks alike.

    Args:
        said: the batch's values.
        files: the Python files beside the notebooks.
    """
    from grader.report import resemblance

    return resemblance.alike(notebooks, nobodys(said), files, resemblance.team_mates(results))


def nobodys(said: Mapping[str, str]) -> dict[str, str]:
    """Exercise -> what was handed out, and what its own solutions say: nobody's, in whomever's notebook."""
    return {**released_notebooks(said), **_named(said, NOBODYS)}


def everybody(book: Gradebook, rules: Ruled | None = None, *, pictures: bool = True) -> list[records.Result]:
    """Every result with what tutors have said, under the rules, and a row for whoever is missing.

    Args:
        rules: where they have been read.
        pictures: see `Gradebook.judged`.
    """
    results = book.results(pictures=pictures)
    return (rules or Ruled(book)).all([*results, *missing(results, book.people())])


def weights(said: Mapping[str, str]) -> dict[str, float]:
    """The course's exercises in their order, and what a point of each weighs in the total."""
    found: dict[str, float] = json.loads(said.get("weights", "{}"))
    return found
