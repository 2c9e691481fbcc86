"""Grades the one submission of this container and writes results.json.

Exit code 0: it is written. Anything else is our fault: run_autograder's words to the student then stand.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from grader.export.autograder import handed_in
from grader.files import replace_file

SOURCE = Path(__file__).resolve().parent
ROOT = SOURCE.parent
MARKED = (0, 1, 3)  # exit codes of `grader grade` with results: all passed, not all, withheld
# Without a wall another user runs what stands beside the student's code: the grader starts it with
# sys.executable.
AS_STUDENT = ("import sys; sys.executable = sys.argv.pop(1); from grader.cli import main; "
              "main(prog_name='grader')")


def main() -> int:
    results = ROOT / "results" / "results.json"
    (exercise,) = (path for path in (SOURCE / "exercises").iterdir() if path.is_dir())
    found = handed_in(ROOT / "submission", exercise.name)
    if len(found) != 1:
        replace_file(results, json.dumps({"score": 0, "output": asked(exercise.name, found),
                                   "output_format": "text"}))
        return 0
    done = subprocess.run([*grader(), "grade", str(found[0]), "--exercise", exercise.name, "--exercises",
                           str(exercise.parent), "--sandbox", sandbox(), "--format", "gradescope"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if done.returncode in MARKED:
        json.loads(done.stdout)
        replace_file(results, done.stdout)
        return 0
    return done.returncode


def asked(name: str, found: list[Path]) -> str:
    """What a student is to mend who handed in no notebook, or several that may be meant."""
    if not found:
        return f"There is no notebook in what you handed in. Hand in {name}.ipynb."
    names = ", ".join(ascii(path.name) for path in found[:5])
    return (f"You handed in several notebooks ({names}), and none tells that it is the one. "
            f"Hand in {name}.ipynb only.")


def sandbox() -> str:
    """As chosen when this autograder was made; nothing falls back by itself."""
    return (SOURCE / "sandbox").read_text(encoding="utf-8").strip()


def grader() -> list[str]:
    if sandbox() == "process":
        return [sys.executable, "-c", AS_STUDENT, str(SOURCE / "as_student")]
    return [sys.executable, "-m", "grader"]


if __name__ == "__main__":
    sys.exit(main())
