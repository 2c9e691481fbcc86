"""What `grader doctor` says is what the code does, and Python is found where it lies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from grader.execute import doctor, pool
from grader.inside.runner import watch

ROOT = Path(__file__).resolve().parents[2]


def test_the_doctor_says_what_the_code_does() -> None:
    found = {finding.name: finding.detail for finding in doctor.findings()}
    assert f"{round(1 / watch.PERIOD)} times a second" in found["limits"]
    assert found["cores"].startswith(f"{pool.default_jobs()}: as many kernels")


def test_a_python_called_through_the_folder_above_opens_the_sandbox(tmp_path: Path) -> None:
    """As with `make demo VENV=../venv`: Python keeps the `..` in its own name."""
    (tmp_path / "venv").symlink_to(Path(sys.prefix))
    (tmp_path / "clone").mkdir()
    code = ("from grader.execute.opening import open_sandbox\n"
            "with open_sandbox() as sandbox: sandbox.await_ready()")
    done = subprocess.run(["../venv/bin/python", "-c", code], cwd=tmp_path / "clone", capture_output=True,
                          text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
