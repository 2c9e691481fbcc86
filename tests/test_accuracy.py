"""The page of accuracy says what was measured, and a run that was stopped goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import write_exercise

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "accuracy.py"


def measured(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--exercises", "exercises", "--out", "page.md", "--jobs", "1"]
    return subprocess.run([*command, "--draws", "0", *options], cwd=folder, capture_output=True, text=True,
                          check=False)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / ".accuracy" / "results.jsonl").read_text().splitlines()]


def row(folder: Path, name: str = "doubling") -> dict[str, str]:
    """The first of the page's cells of each name."""
    table = [line.strip("| ").split(" | ") for line in (folder / "page.md").read_text().splitlines()
             if line.startswith("| ")]
    found = next(cells for cells in table if cells[0] == name)
    return dict(zip(reversed(table[0]), reversed(found), strict=True))


def test_a_small_run_writes_a_true_page_and_goes_on(tmp_path: Path) -> None:
    folder = write_exercise(tmp_path / "exercises" / "doubling")
    (folder / "right" / "operator.py").unlink()   # fewer mutants, a quicker test
    (folder / "right" / "planted.py").write_text('"""Not right."""\ndef double(x):\n    return x * x')
    first = measured(tmp_path, "--each", "2")
    found, there = row(tmp_path), lines(tmp_path)
    assert first.returncode == 1, first.stderr
    assert (found["right answers tried"], found["of these lost points"]) == ("2", "1")
    assert found["so of all at most"] == "97 %"
    assert found["wrong solutions"] == "3"
    assert (found["named rightly"], found["not named"], found["of these as meant"]) == ("1", "2", "2")
    mutants = [line for line in there if "fate" in line]
    assert int(found["mutants made"]) == len(mutants) > 10
    page = (tmp_path / "page.md").read_text()
    assert "right answers, 10,000 in all: 2 so far" in page
    assert "a right answer lost values: fail" in page
    assert str(tmp_path) not in page
    [lost] = [line for line in there if line.get("lost")]
    assert lost["of"] == "planted.py"
    assert lost["text"] in first.stdout
    assert "# values: fail: double(x) is " in (tmp_path / lost["text"]).read_text()
    assert lost["ambient"] in (tmp_path / lost["text"]).read_text()

    kept = tmp_path / ".accuracy" / "results.jsonl"
    kept.write_bytes(kept.read_bytes()[:-9])   # killed while it wrote
    second = measured(tmp_path, "--each", "3")
    assert second.returncode == 1, second.stderr
    again = [json.loads(line) for line in kept.read_text().splitlines() if line.endswith("}")]
    assert again[:len(there) - 1] == there[:-1]
    assert [line["part"] for line in again[len(there) - 1:]] == ["answers", "answers"]
    assert sorted(line["index"] for line in again if "index" in line) == [0, 1, 2]
    assert row(tmp_path)["right answers tried"] == "3"

    checks = folder / "checks.py"
    checks.write_text(checks.read_text() + "\n# another\n")
    measured(tmp_path, "--so-far")
    assert row(tmp_path)["right answers tried"] == "–"
