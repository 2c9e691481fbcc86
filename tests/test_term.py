"""A term of 60 people and seven exercises, from release to the final export, by the commands of a tutor."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.cli import main

EXERCISES = tuple(f"sheet_{number}" for number in range(1, 8))
PEOPLE = tuple(f"s{number:02}" for number in range(1, 61))
QUESTION = "Why is what is kept divided by `1 - p`?"
COURSE = """title = "Dropout, seven times"
timezone = "Europe/Berlin"

[rules]
grace_minutes = 15
per_day = 0.1
cap = 0.5
"""
DUE = "due = 2026-11-20T23:59:00\n"
IN_TIME, IN_GRACE, LATE = "2026-11-20 18:00:00 UTC", "2026-11-20 23:10:00 UTC", "2026-11-22 00:59:00 UTC"
RIGHT = "    return x * (torch.rand_like(x) >= p) / (1 - p)"
NOT_SCALED = "    return x * (torch.rand_like(x) >= p)"
ANSWERS = "So that the mean stays.", "so that the  mean stays.", "To make it larger.", ""


def run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, (words, done.output, done.exception)
    return done.output


def author(course: Path) -> None:
    """Seven exercises as `grader new` writes them; the first asks something in writing, the second counts the
    best attempt, the last is a bonus."""
    tables = []
    for name in EXERCISES:
        run("new", name, "--title", name, "--function", "drop", "--exercises", course)
        rules = {EXERCISES[0]: "written = {why = 2}\n", EXERCISES[1]: 'rules = {attempts = "best"}\n',
                 EXERCISES[6]: "bonus = true\n"}
        tables.append(f'[[exercise]]\nname = "{name}"\n{DUE}{rules.get(name, "")}')
    (course / "course.toml").write_text("\n".join([COURSE, *tables]))
    first = course / EXERCISES[0]
    with (first / "exercise.toml").open("a") as file:
        file.write('\n[[written]]\nid = "why"\ncell = "question"\n')
    document = json.loads((first / "notebook.ipynb").read_text())
    document["cells"].append({"cell_type": "markdown", "id": "question", "metadata": {}, "source": QUESTION})
    (first / "notebook.ipynb").write_text(json.dumps(document))


def hand_in(where: Path, released: Path, body: str, at: str, answer: str = "") -> None:
    """What a student makes of a released notebook, as nbgrader's exchange collects it."""
    document = json.loads(released.read_text())
    for cell in document["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and source.startswith("def drop"):
            cell["source"] = f"def drop(x, p):\n{body}" if body else source
        if "Your answer (why)" in source:
            cell["source"] = f"{source}\n\n{answer}"
    where.mkdir(parents=True, exist_ok=True)
    (where / released.name).write_text(json.dumps(document))
    (where / "timestamp.txt").write_text(f"{at}\n")


def rows(out: Path) -> dict[tuple[str, str], dict[str, Any]]:
    found = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    return {(one["student"], one["exercise"]): one for one in found}


def table(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return {row["student"]: row for row in csv.DictReader(lines)}


def number(row: Mapping[str, str], name: str) -> float:
    return float(row[name])


class Term:
    """What everybody did, and what they are to get for it."""

    wrong = frozenset(PEOPLE[:12])            # do not scale: 4 of 6 points on every sheet
    late = frozenset(PEOPLE[12:16])           # 26 hours on sheet 3: two days begun, 1.2 points
    extended, excused = PEOPLE[15], PEOPLE[59]
    absent = PEOPLE[58]                       # hands in nothing at all

    def body(self, who: str) -> str:
        return NOT_SCALED if who in self.wrong else RIGHT

    def at(self, who: str, exercise: str) -> str:
        if exercise == EXERCISES[2] and who in self.late:
            return LATE
        return IN_GRACE if who == PEOPLE[20] else IN_TIME

    def answer(self, who: str) -> str:
        return ANSWERS[PEOPLE.index(who) % 4]

    def points(self, who: str, exercise: str) -> float:
        """Of the first download, without written answers."""
        found = 4.0 if who in self.wrong else 6.0
        return found - 1.2 if exercise == EXERCISES[2] and who in self.late - {self.extended} else found


@pytest.mark.timeout(1200)
def test_a_term_from_release_to_the_final_export(tmp_path: Path) -> None:
    course, handout, submitted, out = (tmp_path / name for name in ("course", "handout", "submitted", "out"))
    term = Term()
    author(course)
    run("release", "all", "--exercises", course, "--out", handout)
    released = {name: next(handout.rglob(f"{name}.ipynb")) for name in EXERCISES}
    for who in PEOPLE[:58]:
        for name in EXERCISES:
            hand_in(submitted / who / name, released[name], term.body(who), term.at(who, name),
                    term.answer(who))
    roster, extensions = tmp_path / "roster.csv", tmp_path / "extensions.csv"
    roster.write_text("id,name\n" + "".join(f"{who},Person {who}\n" for who in PEOPLE))
    extensions.write_text(f"student,exercise,due,reason\n{term.extended},{EXERCISES[2]},+2d,ill\n"
                          f"{term.excused},*,excused,away\n")

    batch = ("batch", submitted, "--out", out, "--exercises", course, "--roster", roster, "--extensions",
             extensions)
    run(*batch)
    first_download(out, term)
    another_attempt(out, term, submitted, released, batch)
    answers_are_marked(out)
    assert "nothing is written" not in run("rejudge", out), "judged again, everybody has the same mark"
    run("export", out, "--format", "csv", "--output", tmp_path / "final.csv")
    final_export(tmp_path / "final.csv", out, term)


def first_download(out: Path, term: Term) -> None:
    found = rows(out)
    assert Counter(one["status"] for one in found.values()) == {"graded": 58 * 7, "missing": 7, "excused": 7}
    for (who, exercise), one in found.items():
        if one["status"] == "graded":
            assert one["score"] == pytest.approx(term.points(who, exercise)), (who, exercise)
            assert one["max_score"] == (8 if exercise == EXERCISES[0] else 6)
    assert found[PEOPLE[12], EXERCISES[2]]["rules"]["penalty"] == pytest.approx(1.2)
    assert "2 days begun" in (out / PEOPLE[12] / f"{EXERCISES[2]}.html").read_text()
    assert table(out / "grades.csv")[PEOPLE[20]][f"{EXERCISES[0]} status"] == "provisional"


def another_attempt(out: Path, term: Term, submitted: Path, released: Mapping[str, Path],
                    batch: tuple[object, ...]) -> None:
    """One mends sheet 2, another makes it worse, and of each the best attempt counts; a third hands in the
    release after a tutor gave points for what was right in theirs."""
    mends, worse, untouched = PEOPLE[0], PEOPLE[30], PEOPLE[1]
    run("override", out, untouched, EXERCISES[3], "values", "--points", "1.5", "--comment", "Nearly.")
    assert rows(out)[untouched, EXERCISES[3]]["score"] == 5.5
    hand_in(submitted / mends / EXERCISES[1], released[EXERCISES[1]], RIGHT, IN_GRACE)
    hand_in(submitted / worse / EXERCISES[1], released[EXERCISES[1]], NOT_SCALED, IN_GRACE)
    hand_in(submitted / untouched / EXERCISES[3], released[EXERCISES[3]], "", IN_GRACE)
    run(*batch)
    found = rows(out)
    assert [found[who, EXERCISES[1]]["score"] for who in (mends, worse)] == [6, 6]
    stale = found[untouched, EXERCISES[3]]
    assert stale["score"] == 0, "an override is of the submission it was made on"
    assert [one["kind"] for one in stale["needs_you"]] == ["stale-override"]
    run("override", out, untouched, EXERCISES[3], "values", "--drop")
    assert "needs_you" not in rows(out)[untouched, EXERCISES[3]]
    assert "Nearly." in run("history", out, untouched)


def answers_are_marked(out: Path) -> None:
    """Equal answers are marked together; who has said nothing gets nothing."""
    sheet = EXERCISES[0]
    for who, points in ((PEOPLE[0], 2), (PEOPLE[2], 0.5), (PEOPLE[3], 0)):
        assert rows(out)[who, sheet]["score"] is not None
        run("mark", out, sheet, "why", who, "--points", points)
    found = rows(out)
    assert [found[who, sheet]["score"] for who in (PEOPLE[40], PEOPLE[41], PEOPLE[42], PEOPLE[43])] == [
        8, 8, 6.5, 6]


def final_export(file: Path, out: Path, term: Term) -> None:
    """Everybody's total, worked out once more from what they did; the bonus is not in the maximum."""
    final, graded = table(file), rows(out)
    assert len(final) == 60
    for who in PEOPLE[:58]:
        written = (2, 2, 0.5, 0)[PEOPLE.index(who) % 4]
        total = sum(term.points(who, name) for name in EXERCISES) + written
        total += 2 if who == PEOPLE[0] else -4 if who == PEOPLE[1] else 0
        assert number(final[who], "total") == pytest.approx(total), who
        assert number(final[who], "total max") == 8 + 5 * 6, who
        assert total == pytest.approx(sum(graded[who, name]["score"] for name in EXERCISES)), who
    assert final[term.absent]["status"] == "missing"
    assert final[term.excused]["status"] == "excused"
    assert final[term.extended][f"{EXERCISES[2]} penalty"] == "0"
