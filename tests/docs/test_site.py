"""The site is built without a warning, and what it takes from the source is all there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

import grader.spec as spec
from grader.cli import main
from grader.exercise.catalog import Settings
from grader.exercise.rules import Course, Place, Rules
from grader.wall.messages import Limits
from tests.docs.pages import PAGES, ROOT

BUILDING = sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run([*BUILDING, "-d", folder / "doctrees", ROOT / "docs", folder / "html"], cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_each_page_is_there(site: Path) -> None:
    for page in PAGES[1:]:
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).exists(), page


def test_each_word_of_the_language_has_its_place(site: Path) -> None:
    with (site / "objects.inv").open("rb") as file:
        found = InventoryFile.load(file, "", lambda base, name: name)
    words = {name.rpartition(".")[2] for kind in found if kind.startswith("py:") for name in found[kind]}
    assert set(spec.__all__) - words == set()


def test_each_command_and_option_has_its_place(site: Path) -> None:
    page = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert f'id="grader-{name}"' in page, name
        for option in command.params:
            assert not option.opts[0].startswith("-") or option.opts[0] in page, (name, option.opts)


def test_each_command_is_told_on_a_page_that_somebody_wrote() -> None:
    told = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in main.commands if not re.search(rf"\bgrader {name}\b", told)] == []


def test_each_key_has_its_row(site: Path) -> None:
    page = (site / "reference" / "exercise-toml.html").read_text(encoding="utf-8")
    for record in Settings, Limits, Course, Place, Rules:
        for key in record.__struct_fields__:
            assert f'<span class="pre">{key}</span>' in page, (record, key)
    assert "4294967296 (4 GiB)" in page


def test_a_page_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.glob("**/*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'src="http' not in text, page
        assert 'rel="stylesheet" href="http' not in text, page
