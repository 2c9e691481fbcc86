"""Nothing of a student's is active in a page, a table, a log or a terminal."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from rich.console import Console

from grader.cli import main
from grader.export import github, junit
from grader.keep.gradebook import Gradebook
from grader.keep.output import folder_name
from grader.report import terminal
from grader.report.console import watching
from tests.hostile.conftest import EXERCISE, Class
from tests.hostile.report import NAMES

pytestmark = pytest.mark.timeout(1800)
FORBIDDEN = {"iframe", "object", "embed", "base", "link", "form", "frame", "frameset", "applet", "audio",
             "video", "animate", "set", "foreignobject", "math", "template"}
REFERENCES = ("https://arxiv.org/", "https://docs.pytorch.org/", "https://keras.io/",
              "https://github.com/pytorch/",
              # what exercises name as reading; no payload of ours points there
              "https://github.com/tensorflow/")
FORMULAS = tuple("=+-@\t\r\n|%")
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
                   "\ufffe\uffff\ud800-\udfff]")


class Active(HTMLParser):
    """What is active in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[tuple[str, str]] = []
        self.policy = ""
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in FORBIDDEN:
            self.found.append(tag)
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = given["content"]
        elif tag == "meta" and "http-equiv" in given:
            self.found.append("meta http-equiv")
        self.inside = tag if tag in ("script", "style") else ""
        for name, value in given.items():
            address = re.sub(r"[\s\x00-\x20]", "", value).lower()
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "srcset", "ping",
                                                 "background"):
                self.found.append(f"{tag} {name}")
            if name in ("href", "src", "action", "xlink:href", "data", "poster") and not harmless(tag,
                                                                                                  address):
                self.found.append(f"{tag} {name}={value[:60]}")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.inline.append((self.inside, data))


def harmless(tag: str, address: str) -> bool:
    """A picture of the page's own, something beside the page, or a reference of the exercise's."""
    if address.startswith("data:"):
        return tag == "img" and address.startswith("data:image/png;base64,")
    beside = not re.match(r"[a-z][a-z0-9+.-]*:|[/\\]", address)
    return beside or address.startswith(REFERENCES)


def allowed(kind: str, text: str, policy: str) -> bool:
    """Is this the script or style of ours that the page's policy names by its digest?"""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return any(part.strip().startswith(f"{kind}-src") and digest in part for part in policy.split(";"))


def inert(path: Path, *, scripts: int = 0) -> None:
    page = Active(path.read_text())
    assert page.found == [], path
    assert "default-src 'none'" in page.policy, path
    assert sum(kind == "script" for kind, _ in page.inline) == scripts, path
    for kind, text in page.inline:
        assert allowed(kind, text, page.policy), (path, kind, text[:200])
    assert not UNFIT.search(path.read_text()), path


def without_code(text: str) -> str:
    """Markdown without its code blocks and code spans."""
    kept, fence = [], ""
    for line in text.splitlines():
        opens = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if fence:
            if opens and opens.group(1).startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif opens:
            fence = opens.group(1)
        else:
            kept.append(line)
    assert not fence, "a code block is never closed"
    return re.sub(r"(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)", "", "\n".join(kept))


def quiet(text: str) -> None:
    """A terminal's or log's text: no escapes, no commands, nothing that turns the text round."""
    assert not UNFIT.search(text), text
    assert not [line for line in text.splitlines() if line.strip().startswith("::") or "##[" in line], text


def test_pages_are_inert(graded: Class) -> None:
    pages = list(graded.out.folder.glob("*/*.html"))
    assert len(pages) > len(graded.results)
    for page in pages:
        inert(page)


def test_the_class_page_is_inert(graded: Class) -> None:
    inert(graded.out.folder / "index.html", scripts=1)


def test_markdown_is_inert(graded: Class) -> None:
    for student in graded.results:
        text = without_code(graded.page(student, ".md"))
        assert not re.findall(r"(?<!\\)<(?!https://)[a-zA-Z/!?]", text), student
        references = "|".join(map(re.escape, REFERENCES))
        text = re.sub(rf"(?<![\\!])\[(?:\\_|[\w. #])+\]\((?:{references})[^()\s]*\)", "", text)
        assert not re.findall(r"(?<!\\)!?\[[^\]]*(?<!\\)\]\(", text), student


@pytest.mark.parametrize("width", [40, 80, 200])
def test_terminals_and_logs_obey_nothing(graded: Class, width: int) -> None:
    for student in graded.results:
        file = io.StringIO()
        notebook = graded.out.page(student, "he_init", ".ipynb")
        terminal.show(graded.results[student], notebook.read_text() if notebook.exists() else "",
                      Console(file=file, width=width))
        quiet(file.getvalue())


def test_exports_obey_nothing(graded: Class) -> None:
    results = list(graded.results.values())
    out = io.StringIO()
    junit.write(results, out)
    assert len(ET.fromstring(out.getvalue())) == len(results)
    out = io.StringIO()
    github.write(results, out)
    assert not [line for line in out.getvalue().splitlines()
                if not re.match(r"::(error|warning|notice)( |::)", line)
                or "forged" in line.partition("::")[0]]


# --- names ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A class of tricky names, in folders and as flat files. They hand in no notebooks, so that no kernel
    runs."""
    root = tmp_path_factory.mktemp("names")
    for name in NAMES:
        folder = root / "in" / name
        if name not in (".", "..", "...") and not folder.exists():
            folder.mkdir(parents=True)
            (folder / "he_init.ipynb").write_text("oh no")
    for raw in (b"\xff\xfe", b"caf\xe9"):  # no UTF-8
        folder = root / "in" / os.fsdecode(raw)
        folder.mkdir()
        (folder / "he_init.ipynb").write_text("oh no")
    for flat in ("::error::flat_he_init.ipynb", "x\n::error::y_he_init.ipynb", "\x1b[2Jflat_he_init.ipynb",
                 "_he_init.ipynb", ".._he_init.ipynb", "twice_he_init.ipynb", "-he_init.ipynb",
                 "::error::odd.ipynb"):
        (root / "in" / flat).write_text("oh no")
    (root / "in" / "twice").mkdir()
    (root / "in" / "twice" / "he_init.ipynb").write_text("oh no")
    result = CliRunner().invoke(main, ["batch", str(root / "in"), "--out", str(root / "out"), "--exercises",
                                       str(EXERCISE.parent), "--seed", "3"])
    assert result.exit_code == 0, (result.output, result.exception)
    return root, result.output


def test_every_name_gets_a_line_and_a_folder_of_its_own(names: tuple[Path, str]) -> None:
    root, _ = names
    students = [json.loads(line)["student"] for line in (root / "out"
                                                         / "results.jsonl").read_bytes().splitlines()]
    folders = {path.name for path in (root / "out").iterdir() if path.is_dir()} - {"observations"}
    assert len(students) == len(set(students)) == len(folders)
    assert {folder_name(student) for student in students} == folders
    assert len(students) >= len(NAMES) + 5
    assert sorted(path.name for path in root.iterdir()) == ["in", "out"]


def test_names_are_inert_everywhere(names: tuple[Path, str]) -> None:
    root, output = names
    quiet(output)
    for page in (root / "out").rglob("*.html"):
        inert(page, scripts=1 if page.name == "index.html" else 0)
    for page in (root / "out").rglob("*.md"):
        assert not re.findall(r"(?<!\\)<(?!https://)[a-zA-Z/!?]", without_code(page.read_text()))
    with (root / "out" / "grades.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(FORMULAS)]
    with Gradebook(root / "out" / "gradebook.sqlite") as book:
        results = book.results()
    out = io.StringIO()
    github.write(results, out)
    assert all(re.match(r"::(error|warning|notice)( |::)", line) for line in out.getvalue().splitlines())
    for result in results:
        shown = io.StringIO()
        terminal.show(result, "", Console(file=shown, width=50))
        quiet(shown.getvalue())


def test_what_is_left_out_is_said(names: tuple[Path, str]) -> None:
    _, output = names
    assert "begins with a dot" in output
    assert "-he_init.ipynb: left out, its name says no person" in output


def test_a_terminal_obeys_no_name(names: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The progress bar of a terminal, too: rich's own markup is a language of its own."""
    root, _ = names
    file = io.StringIO()
    monkeypatch.setattr("grader.report.console.Console",
                        lambda **_: Console(file=file, force_terminal=True, color_system=None))
    with Gradebook(root / "out" / "gradebook.sqlite") as book, watching() as watcher:
        watcher.begin(100, 0)
        for result in book.results():
            watcher.graded(result)
            watcher.note(f"{result.student}: left out")
    assert "\x1b]" not in file.getvalue()
    assert "\x1b[31m" not in file.getvalue()
