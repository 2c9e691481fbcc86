"""Every word of the tool's own is in every catalogue."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from grader import judge, records
from grader.intake.reading import read_file
from grader.report import class_page, console, executed, markdown, student, wording
from grader.report.page import FOLDERS
from tests import samples as s

babel = pytest.importorskip("babel")
ROOT = Path(__file__).resolve().parent.parent.parent


def catalogue(language: str) -> Any:
    from babel.messages.pofile import read_po
    return read_po(io.BytesIO((wording.LOCALE / language / "LC_MESSAGES/grader.po").read_bytes()),
                   locale=language)


def pairs(messages: Iterable[Any]) -> dict[tuple[str, ...], tuple[str, ...]]:
    def many(one: object) -> tuple[str, ...]:
        return (one,) if isinstance(one, str) else tuple(one)  # type: ignore[arg-type]
    return {many(m.id): many(m.string) for m in messages if m.id}


def extracted() -> set[str]:
    """Every message in the code and the templates."""
    from babel.messages.extract import extract_from_file
    keywords = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
    options = {"trimmed": "false"}
    found = set()
    templates = next(folder for folder in FOLDERS if folder.is_dir())
    files = [("python", path) for path in (ROOT / "grader").rglob("*.py")]
    files += [("jinja2", path) for path in templates.glob("*.j2")]
    for method, path in files:
        for _, message, _, _ in extract_from_file(method, path, keywords=keywords, options=options):
            found.add(message[0] if isinstance(message, tuple) else message)
    return found


def test_german_is_there() -> None:
    assert "de" in wording.languages()


@pytest.mark.parametrize("language", [name for name in wording.languages() if name != "en"])
def test_every_message_is_translated_and_none_is_left_over(language: str) -> None:
    have = {(m.id[0] if isinstance(m.id, tuple) else m.id): m for m in catalogue(language) if m.id}
    assert extracted() == set(have)
    for message in have.values():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), message.id
        assert not message.fuzzy
        names = set(re.findall(r"%\(\w+\)s|\{\w+\}",
                               message.id if isinstance(message.id, str) else message.id[1]))
        assert all(set(re.findall(r"%\(\w+\)s|\{\w+\}", text)) == names for text in strings), message.id


@pytest.mark.parametrize("language", [name for name in wording.languages() if name != "en"])
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    from babel.messages.mofile import read_mo
    compiled = read_mo(io.BytesIO((wording.LOCALE / language / "LC_MESSAGES/grader.mo").read_bytes()))
    assert pairs(compiled) == pairs(catalogue(language))


def test_a_report_in_german_says_nothing_in_english() -> None:
    html = student.render(s.result(events=s.EVENTS), s.NOTEBOOK, language="de")
    assert '<html lang="de">' in html
    assert "Rückmeldung für" in html
    html = html[html.index("</style>"):]
    for word in ("Try next", "Passed", "Measured", "points<", "Your code", "Start here"):
        assert word not in html
    assert "Noch nicht" in markdown.render(s.result(), s.NOTEBOOK, language="de")
    results, notebooks = s.cohort(5)
    assert "Für die nächste Vorlesung" in class_page.render(results, notebooks, title="t", links={},
                                                            isolated=True, language="de")
    assert "wie es ausgeführt wurde" in executed.render(s.NOTEBOOK, language="de")


def test_the_judges_own_sentences_are_translated_and_what_a_student_sent_is_not() -> None:
    said = records.Sentence(template=judge.RAISED_WITH,
                        values={"name": "f", "error": "KeyError", "message": "100 %(name)s %"})
    verdict = structs.replace(s.RAISED, message=said.template % said.values, said=said)
    assert "f raised KeyError: 100 %(name)s %" in visible(student.render(s.result(checks=(verdict,)),
                                                                         s.NOTEBOOK))
    german = visible(student.render(s.result(checks=(verdict,)), s.NOTEBOOK, language="de"))
    assert "f hat KeyError ausgelöst: 100 %(name)s %" in german
    assert "raised" not in german


def test_why_a_file_is_no_notebook_is_said_in_the_readers_language(tmp_path: Path) -> None:
    (tmp_path / "he_init.ipynb").write_text("")
    found = read_file(tmp_path / "he_init.ipynb", student="a", relative="he_init.ipynb",
                      exercises=("he_init",))
    assert isinstance(found, records.Unreadable)
    result = s.result(checks=(), status=records.Status.UNREADABLE, reason=found.reason, said=found.said)
    assert "The file is empty." in visible(student.render(result, ""))
    german = wording.words("de")
    assert "Die Datei ist leer." in visible(student.render(result, "", language="de"))
    assert console.reason(result, german) == "Die Datei ist leer."
    page = class_page.render([result], {}, title="t", links={}, isolated=True, language="de")
    assert "Die Datei ist leer." in visible(page)


def visible(html: str) -> str:
    """The text of a page."""
    return " ".join(re.sub(r"<[^>]*>", "", html[html.index("</style>"):]).split())


def test_numbers_follow_the_language() -> None:
    assert wording.words("en").number(2.50) == "2.5"
    assert wording.words("de").number(2.50) == "2,5"
    assert wording.words("en").number(3.0) == "3"


def test_an_unknown_language_is_english() -> None:
    assert wording.words("../../etc").language == "en"


def test_every_mark_cause_and_status_has_a_word() -> None:
    assert set(wording.MARKS) == set(records.Mark)
    assert set(wording.CAUSES) == set(records.Cause)
    assert set(wording.STATUSES) == set(records.Status)
