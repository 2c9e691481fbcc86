"""The executed notebook as a kernel's messages have made it -> one that any file can hold."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_EXECUTED = 7 << 20    # bytes of the executed notebook: quoted twice it still fits wire's JSON
MIME = re.compile(r"[a-z0-9.+-]{1,64}/[A-Za-z0-9.+-]{1,128}")


def sanitised(notebook: Any) -> str:
    """The executed notebook as JSON that any file can hold. Outputs are rebuilt field by field, odd ones left
    out."""
    cells = []
    for cell in notebook.cells:
        made = {"cell_type": cell.cell_type, "metadata": {}, "source": cell.source, "id": cell.id}
        if cell.cell_type == "code":
            count = cell.get("execution_count")
            made["execution_count"] = count if type(count) is int and 0 <= count < 1 << 31 else None
            made["outputs"] = [kept for output in cell.get("outputs", []) if (kept := _output(output))]
        cells.append(made)
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = _json(whole)
    while len(text) > MAX_EXECUTED:
        longest = max(cells, key=lambda cell: len(_json(cell.get("outputs", []))))
        if not longest.get("outputs"):
            return ""
        longest["outputs"] = []
        text = _json(whole)
    return text


def _json(thing: object) -> str:
    return json.dumps(thing, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace").decode()


def _output(output: Any) -> dict[str, Any] | None:
    """One output, rebuilt; None where it is not what nbformat says."""
    try:
        made = _rebuilt(output)
        _json(made)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return made


def _rebuilt(output: Any) -> dict[str, Any]:
    kind = output["output_type"]
    if kind == "stream":
        name = output["name"] if output["name"] in ("stdout", "stderr") else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output["text"])}
    if kind == "error":
        return {"output_type": kind, "ename": _text(output["ename"]), "evalue": _text(output["evalue"]),
                "traceback": [_text(line) for line in output["traceback"]]}
    if kind not in ("display_data", "execute_result"):
        raise ValueError(kind)
    bundle = {mime: part if mime.endswith("json") else _text(part) for mime, part in output["data"].items()
              if MIME.fullmatch(mime)}
    made: dict[str, Any] = {"output_type": kind, "data": bundle, "metadata": {}}
    if kind == "execute_result":
        count = output.get("execution_count")
        made["execution_count"] = count if type(count) is int and 0 <= count < 1 << 31 else None
    return made


def _text(part: object) -> str:
    text = "".join(part) if isinstance(part, list) else part
    if not isinstance(text, str):
        raise TypeError("not text")
    return text
