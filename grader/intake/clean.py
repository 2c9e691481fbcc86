"""The bytes of a handed-in file -> a notebook of nothing but source, or the reason why that cannot be.

Outputs, attachments, cell tags, kernelspec, cell ids and every other piece of metadata are dropped. All that
is kept beside the cells' type and source is what `grader release` wrote of the exercise; the lines that it
wrote for the student's own machine are emptied, and that above a written answer is written anew.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from grader.intake.answers import is_text, with_marker
from grader.intake.large import MAX_PARTS, Damaged, too_many_parts, without_outputs
from grader.locale import N_
from grader.records import Released, Sentence
from grader.wall.nbformat_lean import nbformat

MAX_BYTES = 256 << 20        # with outputs; an honest notebook with many plots has a few MiB
MAX_DOCUMENT = 32 << 20      # without: what is read as JSON takes thirty times its bytes at the worst
MAX_CELLS = 2_000
MAX_SOURCE = 2 << 20         # characters of source in all cells
MAX_VERSION = 1 << 31        # of an exercise
_DIGEST = re.compile("[0-9a-f]{1,64}")

# What installs the grader and checks oneself: nothing of it is graded, and no report says that it stopped.
# Indented it is the student's own, and what is left without it may be no Python.
_FOR_THE_STUDENT = re.compile(
    r"^(?:[%!]pip3? install (?:-[\w-]+ )*\S*torch[-_]grader\S*|%load_ext grader|%grader(?: .*)?)[ \t]*$",
    re.MULTILINE | re.ASCII)

# how files begin that are something else, whatever their name -> what to say
NO_NOTEBOOK = {
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b":
        N_("The file is an HTML page, not a notebook: download the notebook itself (.ipynb), not the page "
           "that shows it."),
    rb"%PDF-": N_("The file is a PDF, not a notebook: hand in the .ipynb file that it was made from."),
    rb"PK\x03\x04": N_("The file is a zip archive, not a notebook: unpack it and hand in the .ipynb file in "
                       "it."),
}


class NotANotebook(Exception):  # noqa: N818 - the name is the statement
    """The student's fault; the message is for the student."""

    def __init__(self, template: str, **values: object) -> None:
        self.said = Sentence(template=template, values={name: str(value) for name, value in values.items()})
        super().__init__(template % self.said.values)


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    notebook: str            # nbformat 4.5 JSON
    exercise: str | None     # as the metadata say; looked up in the catalogue, never trusted
    released: Released | None = None


def clean(data: bytes) -> Cleaned:
    """Keep the source of every cell, and nothing else.

    Raises:
        NotANotebook: the bytes are no notebook that could be run.
    """
    if len(data) > MAX_BYTES:
        raise NotANotebook(N_("The file has more than %(most)s MiB. Clear the outputs and hand it in again."),
                           most=MAX_BYTES >> 20)
    document = _upgraded(_parsed(_shortened(data)))
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise NotANotebook(N_("The file is JSON, but it has no list of cells: it is not a Jupyter notebook."))
    _refuse_many(len(cells))
    kept = [_cell(i, cell) for i, cell in enumerate(cells)]
    if sum(len(cell["source"]) for cell in kept) > MAX_SOURCE:
        raise NotANotebook(N_("The notebook has more than %(most)s MiB of source: data does not belong in "
                              "its cells."), most=MAX_SOURCE >> 20)
    notebook = {"cells": kept, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return Cleaned(notebook=json.dumps(notebook, ensure_ascii=False), exercise=_exercise(document),
                   released=_released(document))


def _shortened(data: bytes) -> bytes:
    """What is left to be read as JSON of a file with many outputs."""
    for begins, what in NO_NOTEBOOK.items():
        if re.match(begins, data[:1000], re.IGNORECASE | re.DOTALL):
            raise NotANotebook(what)
    if len(data) <= MAX_DOCUMENT and not too_many_parts(data):
        return data
    try:
        short = without_outputs(data)
    except Damaged:
        raise NotANotebook(_guess(data[:1000].decode("utf-8", "replace"))) from None
    if len(short) > MAX_DOCUMENT:
        raise NotANotebook(N_("Beside its outputs the file has more than %(most)s MiB, far more than any "
                              "notebook that runs."), most=MAX_DOCUMENT >> 20)
    if too_many_parts(short):
        raise NotANotebook(N_("The file has more than %(most)s parts, far more than any notebook that runs: "
                              "put your functions into a fresh copy of the exercise's notebook."),
                           most=MAX_PARTS)
    return short


def _parsed(data: bytes) -> dict[str, Any]:
    if not data.strip():
        raise NotANotebook(N_("The file is empty."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotANotebook(N_("The file is not text in UTF-8: it is not a Jupyter notebook.")) from None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NotANotebook(_guess(text)) from None
    if not isinstance(document, dict):
        raise NotANotebook(N_("The file is JSON, but not a Jupyter notebook."))
    return document


def _guess(text: str) -> str:
    """What the file is instead, where that can be told."""
    if "<<<<<<<" in text and ">>>>>>>" in text:
        return N_("The file holds the marks of an unfinished git merge (<<<<<<< ... >>>>>>>): resolve them "
                  "and save again.")
    if text.lstrip().startswith("{"):
        return N_("The file begins like a notebook but breaks off or is damaged: save it in Jupyter and hand "
                  "it in again.")
    if "import " in text or "def " in text:
        return N_("The file holds Python source, not a notebook: put the code into the exercise's notebook.")
    return N_("The file is not a Jupyter notebook.")


def _refuse_many(cells: int) -> None:
    if cells > MAX_CELLS:
        raise NotANotebook(N_("The notebook has %(count)s cells; at most %(most)s are read. Delete those "
                              "that the exercise does not need."), count=cells, most=MAX_CELLS)


def _upgraded(document: dict[str, Any]) -> dict[str, Any]:
    """nbformat 3 and older in today's form."""
    version = document.get("nbformat", 4)
    if version == 4:
        return document
    if version not in (2, 3):
        raise NotANotebook(N_("The notebook says it is of format %(format)s; formats 2, 3 and 4 are read."),
                           format=repr(str(version)[:20]))
    sheets = document.get("worksheets")
    sheets = sheets if isinstance(sheets, list) else []
    lists = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict)
             and isinstance(sheet.get("cells"), list)]
    _refuse_many(max(len(sheets), sum(map(len, lists))))
    for cell in (cell for cells in lists for cell in cells if isinstance(cell, dict) and "outputs" in cell):
        cell["outputs"] = []  # nobody looks at them, and to upgrade one takes half a millisecond
    try:
        convert, from_dict = nbformat.convert, nbformat.from_dict
        upgraded: dict[str, Any] = convert(from_dict(document), 4)  # type: ignore[no-untyped-call]
    except Exception:  # nbformat raises whatever its old converters stumble over
        raise NotANotebook(N_("The notebook is of an old format and damaged: open and save it in "
                              "Jupyter.")) from None
    return upgraded


def _cell(index: int, cell: object) -> dict[str, Any]:
    """One cell with its type and source alone; what is no cell becomes an empty raw one, so that numbers
    stay."""
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        source = ""
    source = source.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    kept: dict[str, Any] = {"id": f"cell-{index}", "metadata": {}, "source": source}
    if kind == "code" and is_text(source):
        kind = "markdown"
    if kind == "code":
        kept["source"] = _FOR_THE_STUDENT.sub("", source)
        return {"cell_type": "code", "execution_count": None, "outputs": [], **kept}
    if isinstance(cell, dict):
        kept["source"] = with_marker(source, cell)
    return {"cell_type": "markdown" if kind == "markdown" else "raw", **kept}


def _ours(document: dict[str, Any]) -> dict[str, Any]:
    """What `grader release` wrote into the metadata, or whoever came after it."""
    metadata = document.get("metadata")
    found = metadata.get("grader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _exercise(document: dict[str, Any]) -> str | None:
    name = _ours(document).get("exercise")
    return name if isinstance(name, str) else None


def _released(document: dict[str, Any]) -> Released | None:
    version, checks = (_ours(document).get(name) for name in ("version", "checks"))
    if type(version) is not int or not 0 <= version < MAX_VERSION:
        return None
    return Released(version=version,
                    checks=checks if isinstance(checks, str) and _DIGEST.fullmatch(checks) else "")
