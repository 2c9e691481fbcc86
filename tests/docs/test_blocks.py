"""Every command on every page is run, page by page, in a copy of the clone; or the page says why not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import COMMANDS, FILES, PAGES, READ, ROOT, Block, blocks

PARTS = ("README.md", "Makefile", "constraints.txt", "pyproject.toml", "docs", "examples", "exercises",
         "templates")
BLOCKS = {page: list(blocks(page)) for page in PAGES}


def of_page(*pages: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


@of_page(*PAGES)
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    for block in BLOCKS[page]:
        assert block.language in COMMANDS | FILES | READ or block.language.startswith("{"), block
        assert block.language not in FILES or block.file or block.not_run, f"{block}: which file is it?"
        assert block.language not in COMMANDS or block.script.strip(), f"{block}: no command in it"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the clone, with its own grader: what a page writes stays in it."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name,
                            ignore=shutil.ignore_patterns("__pycache__", "_build"))
        else:
            shutil.copy(ROOT / name, folder / name)
    (folder / "grader").symlink_to(ROOT / "grader")
    return folder


def is_run(block: Block) -> bool:
    return not block.not_run and (block.language in COMMANDS or bool(block.file))


QUICK = [page for page in PAGES if any(is_run(block) and not block.long for block in BLOCKS[page])]
WHOLE = [page for page in PAGES if any(is_run(block) and block.long for block in BLOCKS[page])]


@of_page(*QUICK)
def test_the_quick_commands_of_a_page_do_what_it_shows(page: Path, clone: Path) -> None:
    follow([block for block in BLOCKS[page] if not block.long], clone)


@pytest.mark.long
@pytest.mark.timeout(1800)
@of_page(*WHOLE)
def test_all_commands_of_a_page_do_what_it_shows(page: Path, clone: Path) -> None:
    follow(BLOCKS[page], clone)


def follow(page: list[Block], clone: Path) -> None:
    """Do what the blocks say, one after another; `cd` holds for those below."""
    where = clone
    for block in filter(is_run, page):
        if block.file:
            (where / block.file).parent.mkdir(parents=True, exist_ok=True)
            with (where / block.file).open("a" if block.added else "w", encoding="utf-8") as file:
                file.write(f"\n\n{block.text}" if block.added else block.text)
        else:
            where = ran(block, where, clone.parent)


def ran(block: Block, where: Path, home: Path) -> Path:
    """Run a block; the folder it ends in."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8",
                   "COLUMNS": "100"}
    script = f"trap 'pwd > {home}/where' EXIT\n{block.script}\n"
    done = subprocess.run(["bash", "-eu", "-c", script], cwd=where, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == block.exits, f"{block}: ended with {done.returncode}\n{done.stdout}"
    left = " ".join(done.stdout.split())
    for line in block.shown:
        _, found, left = left.partition(" ".join(line.split()))
        assert found, f"{block}: no {line!r} (in this order) in\n{done.stdout}"
    return Path((home / "where").read_text().strip())
