"""`grader review` in the terminal: how it begins, and how it says what is wrong, in one line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

from grader.export import wheel
from tests.review import course
from tests.review.conftest import ROOT


def said(*words: str, **more: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=ROOT, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), **more}, timeout=240)
    return done.returncode, done.stderr


def review(*words: str, **more: str) -> tuple[int, str]:
    return said("-m", "grader", "review", *words, "--no-open", **more)


def test_without_the_extra_a_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "starlette").mkdir()
    (tmp_path / "starlette" / "__init__.py").write_text(
        "raise ModuleNotFoundError('no', name='starlette')\n")
    assert review(str(tmp_path), PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}") == (
        2, 'grader: this needs starlette: pip install "torch-grader[review]"\n')


def test_a_folder_without_a_gradebook_is_named(tmp_path: Path) -> None:
    code, line = review(str(tmp_path))
    assert (code, line.count("\n")) == (2, 1)
    assert f"{tmp_path}: no gradebook here" in line


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    course.make(tmp_path / "out", hostile=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, line = review(str(tmp_path / "out"), "--port", str(port))
    assert (code, line) == (2, f"grader: port {port} of 127.0.0.1: Address already in use; give another "
                               "--port, or none\n")


def test_a_marker_who_is_called_like_the_grader_is_refused(tmp_path: Path) -> None:
    for name in "grader", "", "a\nb", "<b>":
        code, line = review(str(tmp_path), "--marker", name)
        assert (code, "--marker" in line) == (2, True), name


def test_the_wheel_has_all_that_the_page_needs(tmp_path: Path) -> None:
    names = zipfile.ZipFile(wheel.wheel(tmp_path)).namelist()
    assert {f"grader/templates/review/{name}" for name in (
        "base.html.j2", "panel.html.j2", "review.js", "review.css", "htmx.min.js",
        "htmx.LICENSE")} <= set(names)
