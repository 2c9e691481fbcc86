"""Which cell throws away what it, or an earlier one, was to define: told from the notebook's text alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.locale import N_
from grader.records import Sentence
from grader.report import source

KEEPING = {"%%time", "%%capture", "%%prun", "%%debug"}  # run their cell as it is; no other does
RESET = re.compile(r"\s*(?:%reset(?:_selective)?\b|get_ipython\(\)\.\w*magic\(\s*['\"]reset\b)")
MAX_MAGIC = 40   # characters

BY_MAGIC = N_("Cell %(cell)s begins with `%(magic)s`: what it defines is thrown away. Take that line out.")
BY_RESET = N_("Cell %(cell)s runs `%(magic)s`: what was defined before it is thrown away. Take that line "
              "out.")


def sentence(notebook: Sequence[source.Cell], name: str) -> Sentence | None:
    """Why a name is missing that the notebook defines; None where no magic is to blame."""
    place = source.definition(notebook, name) if name else None
    if place is None:
        return None
    cell, _, last = place
    first = next((line for line in cell.lines if line.strip()), "").split()[:1]
    magic = first[0] if first else ""
    if magic.startswith("%%") and magic not in KEEPING:
        return _said(BY_MAGIC, cell, magic)
    for later in notebook:
        if later.code is None or later.index < cell.index:
            continue
        behind = later.lines[last if later is cell else 0:]
        if any(RESET.match(line) for line in behind):
            return _said(BY_RESET, later, "%reset")
    return None


def _said(template: str, cell: source.Cell, magic: str) -> Sentence:
    return Sentence(template=template, values={"cell": str(cell.index + 1), "magic": magic[:MAX_MAGIC]})
