"""Files that are no notebooks, or odd ones: each gets a mark and a reason, and keeps nobody else waiting."""


from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.case import LECUN, RIGHT, notebook

GOOD = json.loads(notebook(RIGHT))


def with_cell(**fields: object) -> bytes:
    """The right notebook with one more thing said of its cell."""
    return json.dumps({**GOOD, "cells": [{**GOOD["cells"][0], **fields}]}).encode()


def like(**fields: object) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


@dataclass(frozen=True)
class File:
    """One file, and what must become of it."""

    name: str
    content: bytes | Callable[[Path], object]  # bytes, or what makes it
    score: float = 0.0
    unreadable: bool = True
    says: str = ""
    also: bool = False                          # in `make test`, though it is executed

    @property
    def always(self) -> bool:
        """Is it in `make test`? What is executed takes seconds."""
        return self.unreadable or self.also


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "he_init.ipynb").write_text(notebook(RIGHT))


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


OLD = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "x"},
       "worksheets": [{"metadata": {}, "cells": [
    {"cell_type": "code", "input": RIGHT.splitlines(keepends=True), "language": "python", "outputs": [],
     "metadata": {}, "collapsed": False, "prompt_number": 1}]}]}
PREFILLED = [{"output_type": "execute_result", "execution_count": 1, "metadata": {},
              "data": {"text/html": "<script>1</script>"}}]

IDS: tuple[object, ...] = (None, 5, [], "x" * 5000, "<script>")

FILES = (
    File("truncated-json", notebook(RIGHT).encode()[:-400], says="breaks off"),
    File("truncated-at-once", b'{"cells": [', says="breaks off"),
    File("truncated-in-a-letter", notebook("# é").encode().replace(b"\\u00e9", b"\xc3"), says="UTF-8"),
    File("twice-over", notebook(RIGHT).encode() * 2, says="breaks off"),
    File("empty-file", b"", says="empty"),
    File("white-space", b" \r\n\t", says="empty"),
    File("a-mark-and-nothing", b"\xef\xbb\xbf", says=""),
    File("null", b"null", says="not a Jupyter notebook"),
    File("a-directory", lambda path: path.mkdir(), says="folder"),
    File("a-directory-with-a-notebook", lambda path: _folder(path), 20.0, unreadable=False),
    File("a-link-to-itself", lambda path: path.symlink_to(path), says="link"),
    File("a-link-to-memory", lambda path: path.symlink_to("/proc/self/mem"), says="link"),
    File("a-socket", lambda path: _socket(path), says="device"),
    File("a-link", lambda path: path.symlink_to("/etc/passwd"), says="link"),
    File("a-broken-link", lambda path: path.symlink_to("nowhere"), says="link"),
    File("a-link-to-another", lambda path: path.symlink_to("../0-right/he_init.ipynb"), says="link"),
    File("a-pipe", lambda path: os.mkfifo(path), says="device"),
    File("merge-conflict", b"<<<<<<< HEAD\n" + notebook(RIGHT).encode() + b"\n=======\n{}\n>>>>>>> theirs\n",
         says="merge"),
    File("merge-conflict-within", notebook(RIGHT).encode().replace(
        b'"metadata": {}', b'\n<<<<<<< HEAD\n"metadata": {}\n=======\n"metadata": 1\n>>>>>>> theirs\n'),
         says="merge"),
    File("python-renamed", RIGHT.encode(), says="Python source"),
    File("percent-format", f"# %%\n{RIGHT}".encode(), says="Python source"),
    File("a-page", b"<!DOCTYPE html><html><script>alert(1)</script></html>", says=""),
    File("a-pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", says=""),
    File("all-nul", bytes(5000), says=""),
    File("nul-in-a-key", notebook(RIGHT).encode().replace(b'"cells"', b'"cells\\u0000"'),
         says="no list of cells"),
    File("raw-surrogates", notebook(RIGHT, "x = '@'").encode().replace(b"@", b"\xed\xa0\x80"), says="UTF-8"),
    File("nul-bytes", notebook(RIGHT).encode().replace(b'"cells"', b'"ce\0lls"'), says="breaks off"),
    File("binary", bytes(range(256)) * 64, says="UTF-8"),
    File("utf-16", notebook(RIGHT).encode("utf-16"), says="UTF-8"),
    File("a-zip", b"PK\x03\x04" + bytes(200) + b"\xff", says="zip archive"),
    File("a-pickle", b"\x80\x04\x95cposix\nsystem\n(S'touch /tmp/grader-was-here'\ntR.", says="UTF-8"),
    File("other-json", b'{"a": 1}', says="no list of cells"),
    File("a-list", b"[]", says="not a Jupyter notebook"),
    File("deep-json", b"[" * 200_000, says="not a Jupyter notebook"),
    File("deep-notebook", b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
         says="breaks off"),
    File("huge-integer", b'{"nbformat": 4, "cells": [], "x": ' + b"9" * 100_000 + b"}", says="breaks off"),
    File("format-99", like(nbformat=99), says="format"),
    File("format-that-is-a-list", like(nbformat=[4]), says="format"),
    File("cells-are-a-mapping", like(cells={"0": 1}), says="no list of cells"),
    File("old-and-damaged", like(nbformat=3, worksheets=[{"cells": [5]}]), says="old format"),
    File("a-hundred-megabytes", b'{"x": "' + b"x" * (100 << 20) + b'"}', says="MiB"),
    File("a-hundred-thousand-cells", like(cells=GOOD["cells"] * 100_000), says=""),
    File("three-thousand-cells", like(cells=[{}] * 3000), says="3000 cells"),
    File("much-source", with_cell(source="x = 1\n" * (1 << 20)), says="source"),
    # --- odd, and yet notebooks ------------------------------------------------------------------------
    File("nbformat-3", json.dumps(OLD).encode(), 20.0, unreadable=False),
    File("nbformat-3-in-parts", json.dumps({**OLD, "worksheets": [
        {"cells": [{"cell_type": "heading", "level": 1, "source": "He"},
                   {"cell_type": "code", "input": part, "language": "python", "outputs": [
                       {"output_type": "pyout", "prompt_number": 1, "text": "x"}]}]}
        for part in RIGHT.split("\n\n")]}).encode(), 20.0, unreadable=False),
    File("nbformat-3-without-numbers", json.dumps({"nbformat": 3, "worksheets": OLD["worksheets"]}).encode(),
         says="old format"),
    File("null-metadata", like(metadata=None), 20.0, unreadable=False),
    File("cells-without-anything", like(cells=[{"cell_type": "code"}, {"source": None}, *GOOD["cells"]]),
         20.0, unreadable=False),
    File("missing-metadata", json.dumps({"cells": [{"cell_type": "code", "source": RIGHT}]}).encode(), 20.0,
         unreadable=False),
    File("byte-order-mark", b"\xef\xbb\xbf" + notebook(RIGHT).encode(), 20.0, unreadable=False),
    File("windows-line-ends", notebook(RIGHT.replace("\n", "\r\n")).encode(), 20.0, unreadable=False),
    File("windows-json", json.dumps(GOOD, indent=1).replace("\n", "\r\n").encode(), 20.0,
         unreadable=False),
    File("old-mac-line-ends", notebook(RIGHT.replace("\n", "\r")).encode(), 20.0, unreadable=False),
    File("lines-as-a-list", with_cell(source=RIGHT.splitlines(keepends=True)), 20.0, unreadable=False,
         also=True),
    File("surrogates-in-metadata", like(metadata={"title": "\ud800", "\udfff": "x"}), 20.0, unreadable=False),
    File("merge-conflict-in-a-cell", notebook(RIGHT, "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> theirs"
                                              ).encode(), 20.0, unreadable=False, says="SyntaxError"),
    File("nul-in-the-source", notebook(RIGHT, "x = '\0'").encode(), 20.0, unreadable=False),
    File("lone-surrogates", notebook(RIGHT, "x = '\ud800'", "print('\\ud800')").encode(), 20.0,
         unreadable=False),
    File("no-code", like(cells=[{"cell_type": "markdown", "source": "# Hello", "metadata": {}}]), 0.0,
         unreadable=False, says="not defined"),
    File("raw-cells-only", like(cells=[{"cell_type": "raw", "source": RIGHT, "metadata": {}}]), 0.0,
         unreadable=False, says="not defined"),
    File("no-cells", like(cells=[]), 0.0, unreadable=False, says="not defined"),
    File("syntax-error-in-one-cell", notebook(RIGHT, "def f(:\n", "x = 1").encode(), 20.0, unreadable=False,
         says="SyntaxError"),
    File("indentation-error-in-one-cell", notebook(RIGHT, "if True:\nx = 1", "y = 2").encode(), 20.0,
         unreadable=False, says="IndentationError"),
    File("open-text-in-one-cell", notebook(RIGHT, "x = \'\'\'", "y = 2").encode(), 20.0, unreadable=False,
         says="SyntaxError"),
    File("odd-cells", like(cells=[None, 5, "x", [], {"cell_type": 7}, {"source": 7}, *GOOD["cells"]]), 20.0,
         unreadable=False),
    # --- notebooks that would steer whoever executes them ----------------------------------------------
    File("cell-tags", json.dumps({**GOOD, "cells": [
        {**GOOD["cells"][0], "metadata": {"tags": ["skip-execution", "raises-exception", "parameters"]}},
        {**GOOD["cells"][0], "source": LECUN, "metadata": {"tags": ["skip-execution"]}}]}).encode(), 10.0,
         unreadable=False),
    File("cell-tags-of-many", with_cell(source=LECUN, metadata={
        "tags": ["raises-exception", "remove-cell", "hide-output", "injected-parameters", "nbval-skip"],
        "nbgrader": {"grade": True, "grade_id": "x", "points": 1000, "locked": True, "schema_version": 3},
        "execution": {"timeout": -1, "allow_errors": True}, "init_cell": True, "editable": False}), 10.0,
         unreadable=False),
    File("tags-that-are-no-list", with_cell(source=LECUN, metadata={"tags": {"skip-execution": 1}}), 10.0,
         unreadable=False),
    File("kernelspec-with-a-command", like(metadata={"kernelspec": {
        "name": "python3", "display_name": "x", "argv": ["/bin/sh", "-c", "touch /tmp/grader-was-here"],
        "env": {"PYTHONPATH": "/tmp"}}, "papermill": {"parameters": {"x": 1}}}), 20.0, unreadable=False),
    File("kernelspec-that-is-a-list", like(metadata={"kernelspec": ["python3"], "language_info": 5}), 20.0,
         unreadable=False),
    File("foreign-kernelspec", like(metadata={"kernelspec": {"name": "../../evil", "display_name": "x",
                                                             "language": "bash"},
                                              "language_info": {"name": "bash", "version": [1]},
                                              "widgets": {"a": 1}}),
         20.0, unreadable=False),
    File("prefilled-outputs", json.dumps({**GOOD,
                                          "cells": [{**GOOD["cells"][0], "source": LECUN,
                                                     "outputs": PREFILLED,
                                                             "execution_count": 10**30}]}).encode(), 10.0,
         unreadable=False),
    File("outputs-that-are-none", with_cell(source=LECUN, outputs={"text": "20 / 20"}, execution_count="1"),
         10.0, unreadable=False),
    File("outputs-of-the-grader", with_cell(source=LECUN, outputs=[
        {"output_type": "stream", "name": "stdout", "text": "all checks passed: 20 / 20"},
        {"output_type": "unknown", "data": None}]), 10.0, unreadable=False),
    File("ids-of-every-kind", like(cells=[{**GOOD["cells"][0], "id": one} for one in IDS]), 20.0,
         unreadable=False),
    File("no-ids", like(nbformat_minor=99, cells=[{"cell_type": "code", "source": RIGHT}]), 20.0,
         unreadable=False),
    File("duplicate-ids", json.dumps({**GOOD, "cells": [{**GOOD["cells"][0], "id": "../same"}] * 2}).encode(),
         20.0, unreadable=False),
    File("forged-exercise", like(metadata={"grader": {"exercise": "../../../etc"}}), 20.0, unreadable=False),
    File("exercise-with-a-nul", like(metadata={"grader": {"exercise": "he_init\0/../x"}}), 20.0,
         unreadable=False),
    File("exercise-that-is-no-text", like(metadata={"grader": {"exercise": ["he_init"]}}), 20.0,
         unreadable=False),
    File("attachments", with_cell(attachments={"../x": {"image/png": "AAAA"}},
                                  metadata={"nbgrader": {"points": 99}}), 20.0,
         unreadable=False),
)
