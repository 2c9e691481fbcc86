"""What students hand in becomes source and nothing else, or a reason that they can act on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.intake import large
from grader.intake.clean import MAX_BYTES, MAX_DOCUMENT, NotANotebook, clean
from grader.intake.handed import IntakeError
from grader.intake.large import MAX_PARTS, too_many_parts
from grader.intake.sources import refuse_nothing
from grader.records import Submission, Unreadable
from tests.intake.handing import put, read, saying
from tests.notebooks import notebook


def test_everything_but_the_source_is_dropped() -> None:
    cell = {"cell_type": "code", "source": ["a = 1\r\n", "b = 2"], "metadata": {"tags": ["skip-execution"]},
            "outputs": [{"output_type": "display_data", "data": {"text/html": "<script>"}}],
            "execution_count": 7, "id": "same"}
    document = {"cells": [cell, dict(cell, cell_type="markdown"), {"cell_type": "odd"}, 5], "nbformat": 4,
                "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "evil"},
                                                  "grader": {"exercise": "he_init"}}}
    cleaned = clean(json.dumps(document).encode())
    read = json.loads(cleaned.notebook)
    assert cleaned.exercise == "he_init"
    assert read["metadata"] == {}
    assert [c["cell_type"] for c in read["cells"]] == ["code", "markdown", "raw", "raw"]
    assert read["cells"][0]["source"] == "a = 1\nb = 2"
    assert read["cells"][0]["outputs"] == []
    assert all(c["metadata"] == {} for c in read["cells"])
    assert len({c["id"] for c in read["cells"]}) == 4


@pytest.mark.parametrize(("data", "says"), [
    (b"", "empty"),
    (b"  \n", "empty"),
    (b'{"cells": [', "breaks off"),
    (b"<<<<<<< HEAD\n{}\n=======\n>>>>>>> x", "git merge"),
    (b"import torch\n", "Python source"),
    (b"[1, 2]", "not a Jupyter notebook"),
    (b'{"nbformat": 4}', "no list of cells"),
    (b'{"nbformat": 9, "cells": []}', "format"),
    (b'{"nbformat": 3, "worksheets": 7}', "old format"),
    (b"\xff\xfe\x00", "UTF-8"),
    (b"{" * 100_000, "breaks off"),
    (b"x" * (MAX_BYTES + 1), "more than"),
    (json.dumps({"nbformat": 4, "cells": [{}] * 3000}).encode(), "3000 cells"),
    (notebook("x" * (3 << 20)).encode(), "MiB of source"),
    (b'{"nbformat": 4, "cells": [' + b"[]," * MAX_PARTS + b"[]]}", "parts"),
    (b'{"nbformat": 4, "cells": [' + b'"",' * MAX_PARTS + b'""]}', "parts"),
], ids=range(16))
def test_what_is_no_notebook_says_why(data: bytes, says: str) -> None:
    with pytest.raises(NotANotebook, match=says):
        clean(data)


def test_an_old_notebook_is_counted_before_it_is_upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbformat.convert", lambda *_: pytest.fail("upgraded"))
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x"}] * 1500}] * 2}
    with pytest.raises(NotANotebook, match="3000 cells"):
        clean(json.dumps(old).encode())


def test_outputs_of_many_numbers_are_no_reason_to_refuse_a_notebook() -> None:
    numbers = [0.5] * (MAX_PARTS + 1)
    document = json.loads(notebook("a = 1, 2"))
    document["cells"][0]["outputs"] = [{"output_type": "display_data", "data": {"application/json": numbers}}]
    assert json.loads(clean(json.dumps(document).encode()).notebook)["cells"][0]["source"] == "a = 1, 2"


def test_commas_in_a_text_are_no_parts() -> None:
    text = json.dumps(["a, [\\", '"', "," * MAX_PARTS, "{" * MAX_PARTS]).encode()
    assert not too_many_parts(text)
    assert too_many_parts(b"[" + b"1," * MAX_PARTS + b"1]")


def test_lone_surrogates_and_nul_bytes_can_be_written() -> None:
    cleaned = clean(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = \'\\ud800 \\u0000\'"}]}')
    assert "\x00" in json.loads(cleaned.notebook)["cells"][0]["source"]
    cleaned.notebook.encode("utf-8")


def test_nbformat_3_is_upgraded() -> None:
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [
        {"cell_type": "code", "input": ["x = 1"], "language": "python", "outputs": [], "prompt_number": 1,
         "metadata": {}, "collapsed": False}]}]}
    assert json.loads(clean(json.dumps(old).encode()).notebook)["cells"][0]["source"] == "x = 1"


def test_folders_flat_files_and_metadata(tmp_path: Path) -> None:
    put(tmp_path, "ada/he_init.ipynb")
    put(tmp_path, "bo/week 3/homework.ipynb", saying("init"))
    put(tmp_path, "carl_he_init.ipynb")
    put(tmp_path, "dora/.ipynb_checkpoints/he_init.ipynb")
    put(tmp_path, "dora/he_init.ipynb", "oh no")
    assert [(s.student, s.exercise, type(s)) for s in read(tmp_path).submissions] == [
        ("ada", "he_init", Submission), ("bo", "init", Submission), ("carl", "he_init", Submission),
        ("dora", "he_init", Unreadable)]


def test_an_exercise_id_is_looked_up_never_joined(tmp_path: Path) -> None:
    put(tmp_path, "eve/he_init.ipynb", saying("../../etc"))
    assert read(tmp_path).submissions[0].exercise == "he_init"


def test_an_exercise_that_cannot_be_told_is_asked_for(tmp_path: Path) -> None:
    put(tmp_path, "ada/homework.ipynb")
    intake = read(tmp_path)
    with pytest.raises(IntakeError, match="--exercise"):
        refuse_nothing(intake)
    assert [row.use for row in intake.rows] == ["unclear"]
    assert read(tmp_path, default="init").submissions[0].exercise == "init"
    assert read(tmp_path, only=["init"]).submissions[0].exercise == "init"


def test_what_cannot_be_read_is_of_the_only_exercise_there_is(tmp_path: Path) -> None:
    put(tmp_path, "ada/he_init.ipynb")
    put(tmp_path, "bo/homework.ipynb", "oh no")
    assert [s.exercise for s in read(tmp_path).submissions] == ["he_init", "he_init"]


def test_links_folders_and_pipes_are_unreadable_and_never_opened(tmp_path: Path) -> None:
    secret = put(tmp_path, "secret.txt", "x")
    root = tmp_path / "in"
    for student in ("link", "pipe"):
        (root / student).mkdir(parents=True)
    (root / "link" / "he_init.ipynb").symlink_to(secret)
    os.mkfifo(root / "pipe" / "he_init.ipynb")
    (root / "elsewhere").symlink_to(tmp_path)
    intake = read(root)
    assert [(s.student, type(s)) for s in intake.submissions] == [("link", Unreadable), ("pipe", Unreadable)]
    assert any("elsewhere" in note for note in intake.notes)


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir()])
def test_nothing_to_grade_is_an_error(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "in")
    with pytest.raises(IntakeError, match=str(tmp_path)):
        read(tmp_path / "in")


@pytest.mark.parametrize(("data", "says"), [
    (b"<!DOCTYPE html>\n<html><body>{}</body></html>", "an HTML page, not a notebook"),
    (b"\xef\xbb\xbf  <HTML lang='de'>", "an HTML page, not a notebook"),
    (b"<!-- saved -->\n<!doctype html>import torch", "an HTML page, not a notebook"),
    (b"<?xml version='1.0'?><!DOCTYPE html PUBLIC>", "an HTML page, not a notebook"),
    (b"%PDF-1.7\n%\xff\xff", "a PDF, not a notebook"),
    (b"PK\x03\x04\x14\x00\xff", "a zip archive, not a notebook"),
    (b"import torch\n\ndef f(): pass", "Python source, not a notebook"),
])
def test_what_a_file_is_instead_is_said(data: bytes, says: str) -> None:
    with pytest.raises(NotANotebook, match=says):
        clean(data)


def with_output(output: object, source: str = "a = 1") -> bytes:
    """A notebook of one cell with one output, an attachment beside it, and a widget's state."""
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "execution_count": 1,
              "outputs": [output, {"text": 'a "quoted] \\\\" {word'}]},
             {"cell_type": "markdown", "source": 'no "outputs": [ here', "attachments": {"a": "b" * 100}}]
    metadata = {"grader": {"exercise": "he_init"}, "widgets": {"state": {"x": ["y" * 100]}}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.mark.parametrize("output", [
    {"data": {"image/png": "QUJD" * (MAX_DOCUMENT // 4)}},
    {"text": '\\"]}' * (MAX_DOCUMENT // 5)},
    {"data": {"application/vnd.plotly.v1+json": [[0.25] * (MAX_DOCUMENT // 10)] * 2}},
], ids=["pictures", "brackets in text", "numbers"])
def test_many_outputs_are_dropped_not_refused(output: object) -> None:
    data = with_output(output)
    assert len(data) > MAX_DOCUMENT
    cleaned = clean(data)
    assert cleaned.exercise == "he_init"
    assert cleaned == clean(with_output({}))


@pytest.mark.parametrize(("data", "says"), [
    (with_output({"text": "x" * MAX_DOCUMENT})[:-200], "breaks off or is damaged"),
    (b'{"cells": [{"outputs": [' + b"[" * MAX_DOCUMENT, "breaks off or is damaged"),
    (b'{"cells": [{"outputs": [' + b"[]," * (MAX_DOCUMENT // 3) + b"1]}]}", "breaks off or is damaged"),
    (with_output({}, source="x" * MAX_DOCUMENT), "Beside its outputs the file has more than 32 MiB"),
    (b'{"a": "' + b"[" * MAX_DOCUMENT + b'"}', "Beside its outputs the file has more than 32 MiB"),
], ids=range(5))
def test_a_large_file_that_is_no_notebook_costs_little(
        data: bytes, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "MAX_TOKENS", 100_000)
    with pytest.raises(NotANotebook, match=says):
        clean(data)
