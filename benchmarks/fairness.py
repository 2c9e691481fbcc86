"""Grade right answers again and again with fresh seeds, behind the wall: how often do they not get full
marks?

    python benchmarks/fairness.py he_init --times 200

Every right solution of the exercise, the notebook's own among them, takes its turn. Prints the count of full
marks and the one-sided 95 % upper confidence bound of the rate at which a right answer loses points.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections import Counter
from pathlib import Path

from grader import records
from grader.execute.opening import open_sandbox
from grader.execute.pool import default_jobs, observe_all
from grader.exercise import catalog
from grader.exercise.alarms import upper_bound
from grader.exercise.inline import as_notebook
from grader.exercise.solutions import Solution, cells, solutions
from grader.pipeline import Conditions, judge, prepare


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exercise")
    parser.add_argument("--exercises", type=Path,
                        default=Path(__file__).resolve().parent.parent / "exercises")
    parser.add_argument("--times", type=int, default=200)
    chosen = parser.parse_args()
    exercise = catalog.load(chosen.exercises / chosen.exercise)
    answers = [Solution(path=exercise.folder / "notebook.ipynb"), *solutions(exercise, "right")]
    first = secrets.randbits(30)
    conditions = {seed: Conditions.drawn({exercise.name: exercise}, seed=seed, sandbox="bubblewrap")
                  for seed in range(first, first + chosen.times)}
    submissions = {seed: submission(exercise, answers[i % len(answers)]) for i, seed in enumerate(conditions)}
    work = [w for seed, under in conditions.items() for w in prepare(seed, submissions[seed], under)]
    wanted = Counter(each.key[0] for each in work)
    arrived: dict[int, dict] = {seed: {} for seed in conditions}
    lost: Counter[str] = Counter()
    full = 0
    with open_sandbox() as wall:
        for (seed, world), answer in observe_all(wall, work, default_jobs()):
            arrived[seed][world] = answer
            if len(arrived[seed]) < wanted[seed]:
                continue
            result = judge(submissions[seed], arrived.pop(seed), conditions[seed]).result
            full += result.score == result.max_score
            for check in result.checks:
                if check.mark not in (records.Mark.PASS, records.Mark.NOT_AVAILABLE):
                    lost[check.id] += 1
                    print(f"seed {seed}, {submissions[seed].path}: {check.id}: {check.message}",
                          file=sys.stderr)
    print(f"{exercise.name}: {full} of {chosen.times} with full marks, {len(answers)} right answers in turn; "
          f"a right answer loses points in less than {upper_bound(chosen.times - full, chosen.times):.2%} of "
          "gradings " f"(95 % bound)" + (f"; lost: {dict(lost)}" if lost else ""))
    return 0 if full == chosen.times else 1


def submission(exercise: catalog.Exercise, answer: Solution) -> records.Submission:
    return records.Submission(student=answer.path.stem, exercise=exercise.name, path=answer.path.name,
                              sha256="",
                        notebook=as_notebook(cells(exercise, answer.path)))


if __name__ == "__main__":
    sys.exit(main())
