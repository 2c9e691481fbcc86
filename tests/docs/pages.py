"""What the blocks of a page say: commands, files, and the markers before them, in comments that nobody sees.

    <!-- not run: WHY -->   the block below is not run by any test
    <!-- long -->           it is run by `make test-long` alone
    <!-- exits 1 -->        it ends with this code
    <!-- file: PATH -->     it is the content of a file
    <!-- add to: PATH -->   it is added to the end of a file
    <!-- run: COMMAND -->   a command that readers do not see
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
MARKER = re.compile(r"<!-- (not run|long|exits|file|add to|run):?(?: (.+?))?\s+-->", re.DOTALL)
COMMANDS = {"sh", "console"}
FILES = {"python", "toml"}
READ = {"text", "mermaid", "yaml"}   # what is read and no command


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block, or a command in a comment."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str = ""
    long: bool = False
    exits: int = 0
    file: str = ""
    added: bool = False       # to the end of the file

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def script(self) -> str:
        """What a shell is given: of `console`, what stands behind `$ `, and behind `> ` where it goes on."""
        if self.language == "sh":
            return self.text
        lines = self.text.splitlines()
        return "\n".join(line[2:] for line in lines if line.startswith(("$ ", "> ")))

    @property
    def shown(self) -> list[str]:
        """The lines of output that the page shows, without those that are cut short with `...`."""
        if self.language != "console":
            return []
        lines = [line for line in self.text.splitlines() if not re.match(r"\$ |> |\s*\.\.\.$|\s*$", line)]
        return [part.strip() for line in lines for part in line.split("...") if part.strip()]


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    marked: dict[str, str] = {}
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            for kind, said in MARKER.findall(token.content):
                if kind == "run":
                    yield Block(page=page, line=_line(token), language="sh", text=said, long="long" in marked)
                    marked = {}
                else:
                    marked[kind] = said
        elif token.type == "fence":
            yield Block(page=page, line=_line(token), language=token.info.split(" ")[0], text=token.content,
                        not_run=marked.get("not run", ""), long="long" in marked,
                        exits=int(marked.get("exits", 0)), added="add to" in marked,
                        file=marked.get("file") or marked.get("add to", ""))
            marked = {}
        elif token.nesting >= 0:
            marked = {}


def _line(token: Token) -> int:
    assert token.map is not None
    return token.map[0] + 1
