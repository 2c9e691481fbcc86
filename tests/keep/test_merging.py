"""Three shards of a class, merged: what one batch writes, and nothing twice. By the commands themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import json as encoding
from msgspec import structs

from grader.cli import main
from grader.keep import merging, shards
from grader.keep.gradebook import Gradebook
from grader.keep.output import MERGING, Output
from grader.keep.schema import ANSWER_COMMENTS, COMMENTS, EVENTS, METADATA
from tests.conftest import CELLS, write_exercise
from tests.keep.folders import contents, rows, same_times
from tests.notebooks import notebook

COURSE = ('title = "Doubling"\ntimezone = "Europe/Berlin"\n[[exercise]]\nname = "doubling"\n'
          "due = 2026-11-20T23:59:00\n")
CLASS = {"ada": notebook(*CELLS), "bo": notebook(*CELLS, "def double(x):\n    return x * x"),
         "cy": "no notebook", "dee": notebook(*CELLS, "print(2)"), "eve": notebook(*CELLS),
         "fay": notebook(*CELLS, "import pandas")}
WORD = "bo", "doubling", "values", "--points", 1, "--comment", "Nearly."


def run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, (words, done.output, done.exception)
    return done.output


def grade(root: Path, out: Path, *words: object, code: int = 0) -> str:
    return run(*command(root, out), *words, code=code)


def command(root: Path, out: Path) -> list[str]:
    return [str(word) for word in (
        "batch", root / "in", "--out", out, "--exercises", root / "exercises", "--seed", 5, "--jobs", 1,
        "--roster", root / "roster.csv", "--extensions", root / "extensions.csv")]


def shard(out: Path, name: str = "doubling") -> set[str]:
    """Who has something in a folder."""
    lines = (out / "results.jsonl").read_text().splitlines()
    return {one["student"] for one in map(json.loads, lines) if one["exercise"] == name}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class that is graded at once in `one`, in shards in `1`, `2` and `3`; a tutor says one word in both.
    Tests leave these as they are."""
    root = tmp_path_factory.mktemp("class")
    write_exercise(root / "exercises" / "doubling")
    (root / "exercises" / "course.toml").write_text(COURSE)
    for student, text in CLASS.items():
        (root / "in" / student).mkdir(parents=True)
        (root / "in" / student / "doubling.ipynb").write_text(text)
    (root / "in" / "eve" / "mine.py").write_text("x = 1\n")
    people = "".join(f"{one},{one.title()} Name,{one}@uni.example,\n" for one in (*CLASS, "gil", "hal"))
    (root / "roster.csv").write_text(f"id,name,email,group\n{people}")
    (root / "extensions.csv").write_text("student,exercise,due,reason\nada,doubling,+2d,ill\n"
                                         "Hal Name,doubling,excused,ill\n")
    grade(root, root / "one")
    run("override", root / "one", *WORD)
    for number in 1, 2, 3:
        said = grade(root, root / str(number), "--shard", f"{number}/3")
        assert f"this is shard {number}/3 alone" in said
        if "bo" in shard(root / str(number)):
            run("override", root / str(number), *WORD)
    return root


@pytest.fixture
def three(root: Path, tmp_path: Path) -> list[Path]:
    """Copies that a test may change."""
    return [Path(shutil.copytree(root / name, tmp_path / name)) for name in ("1", "2", "3")]


def test_three_shards_are_what_one_batch_writes(root: Path, three: list[Path], tmp_path: Path) -> None:
    said = run("merge", *reversed(three), "--out", tmp_path / "merged")
    assert contents(tmp_path / "merged") == contents(root / "one")
    mine, theirs = rows(tmp_path / "merged"), rows(root / "one")
    assert same_times(mine.pop("events")) == same_times(theirs.pop("events"))
    assert mine == theirs
    assert "6 submissions" in said
    assert "1 missing" in said
    assert sorted(path.name for path in (tmp_path / "merged").glob("*sqlite*")) == ["gradebook.sqlite"]


def test_everybody_is_in_one_shard(root: Path) -> None:
    there = Counter(one for name in ("1", "2", "3") for one in shard(root / name))
    assert there == dict.fromkeys((*CLASS, "gil", "hal"), 1)
    assert all(len(shard(root / name) & CLASS.keys()) == 2 for name in ("1", "2", "3"))


def test_a_shard_judges_whose_extension_is_whose_by_nobody_it_lacks(root: Path, tmp_path: Path) -> None:
    assert "nobody's id" not in grade(root, shutil.copytree(root / "1", tmp_path / "1"), "--shard", "1/3")


def test_the_merged_folder_goes_on_like_any_other(root: Path, three: list[Path], tmp_path: Path) -> None:
    run("merge", *three, "--out", tmp_path / "merged")
    class_ = shutil.copytree(root / "in", tmp_path / "in")
    shutil.copytree(class_ / "ada", class_ / "gil")
    said = run("batch", class_, "--out", tmp_path / "merged", "--exercises", root / "exercises")
    assert "1 to grade, 6 unchanged" in said
    assert "excused" in (tmp_path / "merged" / "results.jsonl").read_text()


def test_what_was_done_once_more_in_a_shard_is_no_other_shard(root: Path, three: list[Path],
                                                              tmp_path: Path) -> None:
    assert "0 to grade, 2 unchanged" in grade(root, three[0], "--shard", "1/3")
    run("rejudge", three[1], "--apply")
    run("report", three[2])
    run("merge", *three, "--out", tmp_path / "merged")
    assert contents(tmp_path / "merged") == contents(root / "one")


def test_a_shard_without_anybody(root: Path, tmp_path: Path) -> None:
    assert "0 submissions" in grade(root, tmp_path / "12", "--shard", "12/12")


def refused(*words: object) -> str:
    return run("merge", *words, code=2)


OTHERS = {"of": 4, "listing": "other", "seed": "6", "grader": "0.1", "torch": "2.6.0", "python": "3.13",
          "device": "cuda", "sandbox": "process", "exercises": {"doubling": "x"}, "code": "x"}


@pytest.mark.parametrize("name", shards.SAME)
def test_a_shard_of_another_class_is_refused(name: str, three: list[Path], tmp_path: Path) -> None:
    with Gradebook(Output(three[1]).gradebook) as book:
        there = shards.manifest(book, three[1])
        assert there
        changed = structs.replace(there, **{name: OTHERS[name]})
        book.set_batch_value(shards.VALUE, encoding.encode(changed).decode())
    said = refused(*three, "--out", tmp_path / "merged")
    assert f"another {shards.SAME[name]}" in said
    assert str(three[1]) in said
    assert not (tmp_path / "merged").exists()


def test_all_that_a_shard_says_of_itself_is_compared_or_its_own() -> None:
    assert {*shards.Manifest.__struct_fields__} - {"number", "done"} == {*shards.SAME} == {*OTHERS}


def test_another_seed_by_the_command(root: Path, three: list[Path], tmp_path: Path) -> None:
    grade(root, three[2], "--shard", "3/3", "--seed", 6)
    assert "another seed (5 and 6)" in refused(*three, "--out", tmp_path / "merged")


def test_other_checks_since(root: Path, three: list[Path], tmp_path: Path) -> None:
    exercises = shutil.copytree(root / "exercises", tmp_path / "exercises")
    checks = exercises / "doubling" / "checks.py"
    checks.write_text(checks.read_text().replace("rtol=1e-6", "rtol=2e-6"))
    run("rejudge", three[1], "--apply", "--exercises", exercises)
    assert "doubling was judged in different ways" in refused(*three, "--out", tmp_path / "merged")


def test_other_extensions_since(three: list[Path], tmp_path: Path) -> None:
    (tmp_path / "fewer.csv").write_text("student,exercise,due,reason\nada,doubling,+2d,ill\n")
    run("report", three[2], "--extensions", tmp_path / "fewer.csv")
    assert "other rules, extensions" in refused(*three, "--out", tmp_path / "merged")


def test_each_shard_once_and_none_left_out(three: list[Path], tmp_path: Path) -> None:
    out = "--out", tmp_path / "merged"
    assert "shard 2 of 3 is missing" in refused(three[0], three[2], *out)
    assert "given twice" in refused(*three, three[1], *out)
    again = shutil.copytree(three[1], tmp_path / "again")
    assert "both hold shard 2/3" in refused(*three, again, *out)


def test_what_is_no_shard(root: Path, three: list[Path], tmp_path: Path) -> None:
    out = "--out", tmp_path / "merged"
    assert "holds a class" in refused(three[0], root / "one", *out)
    assert "holds no shard" in refused(three[0], root / "in", *out)
    with Gradebook(Output(three[1]).gradebook) as book:
        book.set_batch_value(shards.VALUE, '{"number": 2}')
    assert "another grader has begun" in refused(*three, *out)


def test_a_folder_in_which_somebody_works(three: list[Path], tmp_path: Path) -> None:
    held = subprocess.Popen([sys.executable, "-c", "import sys\nfrom pathlib import Path\n"
                             "from grader.keep.claim import at_work\nwith at_work(Path(sys.argv[1])):\n"
                             "    print('held', flush=True)\n    sys.stdin.read()", str(three[1])],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with held:
        assert held.stdout
        assert held.stdout.readline()
        assert "another grader is at work" in refused(*three, "--out", tmp_path / "merged")


def test_a_folder_that_holds_something_is_left_alone(root: Path, three: list[Path], tmp_path: Path) -> None:
    there = shutil.copytree(root / "one", tmp_path / "there")
    assert "is not empty" in refused(*three, "--out", there)
    assert contents(there) == contents(root / "one")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    assert "is not empty" in refused(*three, "--out", tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    assert "lies in a shard" in refused(*three, "--out", three[0] / "merged")


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_merge_that_was_cut_short_is_made_again(root: Path, three: list[Path], tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "merged"
    with monkeypatch.context() as patch:
        patch.setattr(merging, "publish", interrupted)
        run("merge", *three, "--out", out, code=130)
    assert (out / MERGING).exists()
    assert not Output(out).gradebook.exists()
    run("merge", *three, "--out", out)
    assert contents(out) == contents(root / "one")


def test_a_tutors_words_in_several_shards_stay_apart(three: list[Path], tmp_path: Path) -> None:
    texts = {}
    for folder in three:
        student = min(shard(folder) & CLASS.keys() - {"cy"})
        texts[student] = f"Of {folder.name}."
        with Gradebook(Output(folder).gradebook) as book:
            stamp = book.result(student, "doubling").stamp    # type: ignore[union-attr]
            gone = book.written.add_comment("Not meant.", by="tutor")
            book.written.delete_comment(gone, by="tutor")
            comment = book.written.add_comment(texts[student], by="tutor")
            book.written.hand_in(student, "doubling", stamp, {"why": "So."})
            book.written.mark([(student, "doubling", "why", stamp)], points=1.0, comments=[comment],
                              by="tutor")
    run("merge", *three, "--out", tmp_path / "merged")
    with Gradebook(Output(tmp_path / "merged").gradebook) as book:
        bank = {one.id: one.text for one in book.written.comments()}
        assert sorted(bank.values()) == sorted(texts.values())
        given = {one.student: [bank[number] for number in one.comments] for one in book.written.answers()}
        assert given == {student: [text] for student, text in texts.items()}
        events = book.desk.events()
        assert [one.at for one in events] == sorted(one.at for one in events)
        told = {one.after["id"]: one.after["text"] for one in events if one.what == "comment" and one.after}
        assert {number: told[number] for number in bank} == bank
        for event in events:
            if event.what == "answer":
                book.desk.undo(event.id, by="tutor")
        assert all(one.points is None and not one.comments for one in book.written.answers())


def test_every_table_with_a_running_number_is_known() -> None:
    """Rows of two shards may have the same: whoever adds such a table says here what becomes of it."""
    tables = METADATA.sorted_tables
    assert {one for one in tables if one.dialect_options["sqlite"]["autoincrement"]} == {COMMENTS, EVENTS}
    assert {table for table in tables for key in table.foreign_keys
            if key.column.table is COMMENTS} == {ANSWER_COMMENTS}


def test_a_shard_goes_on_where_it_was_killed(root: Path, tmp_path: Path) -> None:
    out, words = tmp_path / "out", ["--shard", "1/1"]
    with subprocess.Popen([sys.executable, "-m", "grader", *command(root, out), *words], text=True,
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr
        next(line for line in process.stderr if line.startswith("[2/"))
        process.kill()
    assert "shard 1/1 is not done" in refused(out, "--out", tmp_path / "merged")
    assert "2 unchanged" in grade(root, out, *words)
    run("override", out, *WORD)
    run("merge", out, "--out", tmp_path / "merged")
    assert contents(tmp_path / "merged") == contents(root / "one")


def test_a_folder_holds_one_shard_of_one_listing(root: Path, three: list[Path], tmp_path: Path) -> None:
    assert "holds shard 1/3, not 2/3" in grade(root, three[0], "--shard", "2/3", code=2)
    assert "holds shard 1/3 of a class" in grade(root, three[0], code=2)
    there = shutil.copytree(root / "one", tmp_path / "one")
    assert "holds a class already" in grade(root, there, "--shard", "1/3", code=2)
    other = tmp_path / "other"
    shutil.copytree(root, other)
    (other / "in" / "ada" / "doubling.ipynb").write_text(notebook(*CELLS, "2"))
    assert "other things had been handed in" in grade(other, three[0], "--shard", "1/3", code=2)
    assert contents(three[0]) == contents(root / "1")


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "-1/3", "a/b"])
def test_what_is_no_number_of_a_shard(text: str, root: Path) -> None:
    assert "add 1" in grade(root, root / "none", "--shard", text, code=2)


def test_shards_want_one_seed(root: Path, tmp_path: Path) -> None:
    said = run("batch", root / "in", "--out", tmp_path / "1", "--shard", "1/3", code=2)
    assert "--shard needs --seed" in said
    assert not (tmp_path / "1").exists()
