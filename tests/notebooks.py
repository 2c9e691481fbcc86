"""The one builder of notebooks for the tests."""

from __future__ import annotations

import json


def notebook(*sources: str, heading: str = "", **metadata: object) -> str:
    """A notebook of code cells, below a heading if there is to be one."""
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None,
         "source": source} for i, source in enumerate(sources)]
    if heading:
        cells.insert(0, {"cell_type": "markdown", "id": "heading", "metadata": {}, "source": heading})
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
