"""Written answers: the cell in which students write one, and how it is found again in what they hand in.

An answer cell is known by a line that one sees, by its id and by its metadata; any of them is enough. Editors
drop ids and metadata, copy them to both parts of a cell that is split, and people move, join and copy cells.
Text is all that a cleaned notebook has, so `with_marker` writes the line anew where only the rest is left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

MAX_ANSWER = 20_000          # characters of one answer; the rest is left out, and the answer says so
CELL = "answer-"             # and the question's id: the id of its answer's cell
PLACEHOLDER = "*Write your answer here.*"
ID = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
_MARKER = re.compile(r"^[ \t>#*_]*your answer[ \t]*\((?P<id>[a-z][a-z0-9_-]{0,39})\)[ \t*_:]*",
                     re.ASCII | re.IGNORECASE | re.MULTILINE)
_CUT = "[…]"


def marker(question: str) -> str:
    """The line above an answer."""
    return f"**Your answer ({question})**"


def released(question: str) -> dict[str, Any]:
    """The cell that students write into."""
    return {"cell_type": "markdown", "id": f"{CELL}{question}",
            "metadata": {"grader": {"answer": question}},
            "source": f"{marker(question)}\n\n{PLACEHOLDER}"}


def is_text(source: str) -> bool:
    """Is a cell of code an answer by its first line, which is no Python?"""
    return bool(_MARKER.match(source.lstrip()))


def with_marker(source: str, cell: Mapping[str, Any]) -> str:
    """The text of a cell that is none of code, with the line above it that its id or its metadata say was
    there."""
    metadata, name = cell.get("metadata"), cell.get("id")
    ours = metadata.get("grader") if isinstance(metadata, dict) else None
    found = ours.get("answer") if isinstance(ours, dict) else None
    if not found and isinstance(name, str) and name.startswith(CELL):
        found = name.removeprefix(CELL)
    if not isinstance(found, str) or not ID.fullmatch(found) or _MARKER.search(source):
        return source
    return f"{marker(found)}\n\n{source}"


def found(cells: Sequence[Mapping[str, Any]], questions: Mapping[str, str],
          given: Set[str] | None = None) -> dict[str, str]:
    """What a cleaned notebook answers to each question; "" for nothing.

    Args:
        questions: id -> the text of the question's cell; "" where nobody knows it.
        given: the texts of all cells that students were given. Cells of text that follow an answer, or a
            question whose answer's cell is gone, and are none of these belong to the answer. None: nobody
            knows.
    """
    parts: dict[str, list[str]] = {question: [] for question in questions}
    marked = set[str]()
    at = ""                    # the question whose answer goes on in the next cell
    for cell in cells:
        source = cell["source"] if cell["cell_type"] != "code" else ""
        if cell["cell_type"] == "code":
            at = ""
        elif own := [m for m in _MARKER.finditer(source) if m["id"].lower() in parts]:
            lead = source[:own[0].start()]
            if at and lead.strip():
                parts[at].append(lead)
            elif lead.strip():      # written above the line
                parts[own[0]["id"].lower()].append(lead)
            for mark, end in zip(own, [*(m.start() for m in own[1:]), len(source)], strict=True):
                at = mark["id"].lower()
                parts[at].append(source[mark.end():end])
                marked.add(at)
        elif given is not None and at and source.strip() not in given and not _begins_anew(source):
            parts[at].append(source)
        else:
            at = ""
    for question in questions.keys() - marked:
        parts[question] += _below(cells, questions[question], given)
    return {question: _joined(those, questions[question]) for question, those in parts.items()}


def _below(cells: Sequence[Mapping[str, Any]], question: str, given: Set[str] | None) -> list[str]:
    """What was written into a question's own cell, and in cells of text right below it."""
    lines = [line.strip() for line in question.split("\n") if line.strip()]
    parts: list[str] = []
    begun = False
    for cell in cells:
        text = cell["source"] if cell["cell_type"] != "code" else ""
        if not begun and lines and (added := _added(text, lines)) is not None:
            begun = True
            parts.append(added)
        elif begun and (given is None or not text.strip() or text.strip() in given or _begins_anew(text)):
            break
        elif begun:
            parts.append(text)
    return parts


def _begins_anew(text: str) -> bool:
    """Is it a section of its own? One of another release's is none of ours, word for word."""
    return text.lstrip().startswith("#")


def _added(text: str, lines: Sequence[str]) -> str | None:
    """The lines of a text that are not those of a question; None where they are not all there, in order."""
    left, added = list(lines), []
    for line in text.split("\n"):
        if left and line.strip() == left[0]:
            left.pop(0)
        else:
            added.append(line)
    return None if left else "\n".join(added)


def _joined(parts: Sequence[str], question: str) -> str:
    """One answer; a cell that was copied counts once."""
    texts = (part.replace(PLACEHOLDER, "").strip("\n").rstrip() for part in parts)
    kept = dict.fromkeys(text for text in texts if text.strip() and text.strip() != question.strip())
    text = "\n\n".join(kept)
    return text if len(text) <= MAX_ANSWER else f"{text[:MAX_ANSWER]} {_CUT}"
