"""Grade every right and wrong solution and the examples once, with one seed, and store what was said of them.

    python benchmarks/verdicts.py record before.json [--grader PROGRAM]
    python benchmarks/verdicts.py compare before.json after.json

Two versions of the grader that should judge alike are recorded and compared: marks, points, causes, messages,
diagnoses, measurements and pictures, check by check. Exit code 0: nothing differs.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SEED = 20261127
SOLUTION = "### BEGIN SOLUTION"
KEPT = ("mark", "cause", "points", "max_points", "message", "diagnosis", "meaning", "advice", "read", "root",
        "measurements", "pictures", "lines", "functions", "visible", "title", "pattern")


def imports_only(source: str) -> bool:
    body = ast.parse(source).body
    return bool(body) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)


def notebook(exercise: Path, solution: Path) -> str:
    """The exercise's own solutions, with one more cell that puts another in their place."""
    cells = json.loads((exercise / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    kept = [source for i, source in enumerate(code) if i == 0 or SOLUTION in source or imports_only(source)]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None,
         "source": source}
        for i, source in enumerate([*kept, solution.read_text(encoding="utf-8")])]})


def submissions(work: Path) -> None:
    """One folder for each solution; the folder's name says whose it is."""
    for solution in sorted(ROOT.glob("exercises/*/*/*.py")):
        exercise, kind = solution.parent.parent, solution.parent.name
        if kind in ("right", "wrong"):
            home = work / f"{exercise.name} {kind} {solution.stem}"
            home.mkdir(parents=True)
            (home / f"{exercise.name}.ipynb").write_text(notebook(exercise, solution), encoding="utf-8")
    shutil.copytree(ROOT / "examples" / "submissions", work, dirs_exist_ok=True)


def results(gradebook: Path) -> list[Any]:
    """Each result as it was judged, with the words that results.jsonl leaves to the reports."""
    book = sqlite3.connect(gradebook)
    try:
        return [json.loads(text) for (text,) in book.execute("SELECT result FROM results")]
    finally:
        book.close()


def record(to: Path, grader: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="verdicts-") as folder:
        work = Path(folder)
        submissions(work / "submissions")
        done = subprocess.run([*grader, "batch", str(work / "submissions"), "--out", str(work / "out"),
                               "--seed", str(SEED), "--exercises", str(ROOT / "exercises")], check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(grader)} ended with exit code {done.returncode}")
        rows = results(work / "out" / "gradebook.sqlite")
    said = {f"{row['student']} / {row['exercise']}": {
        "status": row["status"], "score": row["score"], "max_score": row["max_score"],
        "checks": {check["id"]: {name: check.get(name) for name in KEPT} for check in row["checks"]}}
            for row in rows}
    to.write_text(json.dumps(said, indent=1, sort_keys=True), encoding="utf-8")
    print(f"{len(said)} submissions, {sum(len(one['checks']) for one in said.values())} verdicts in {to}")


def differences(before: dict[str, Any], after: dict[str, Any], where: str = "") -> list[str]:
    """One line for each value that is not the same."""
    lines = []
    for key in sorted(before.keys() | after.keys()):
        old, new, place = before.get(key), after.get(key), f"{where}{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            lines += differences(old, new, f"{place}: ")
        elif old != new:
            lines.append(f"{place}: {json.dumps(old)[:300]} -> {json.dumps(new)[:300]}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["record", "compare"])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--grader", nargs="+", default=[sys.executable, "-m", "grader"],
                        help="record: the program")
    chosen = parser.parse_args()
    if chosen.what == "record":
        record(chosen.files[0], chosen.grader)
        return
    found = differences(*(json.loads(file.read_text(encoding="utf-8")) for file in chosen.files[:2]))
    print("\n".join(found) or "nothing differs")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
