"""Each format, read back by its own rules."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest
from msgspec import structs

from grader import records
from grader.export import classroom, github, gradescope, junit, nbgrader
from grader.export import csv as grades
from grader.export.out import ExportError
from tests import samples as s
from tests.report.test_class_page import missing, unclear
from tests.report.test_student import hostile


def text_of(module: ModuleType, results: list[records.Result], **options: object) -> str:
    out = io.StringIO()
    module.write(results, out, **options)
    return out.getvalue()


def table(results: list[records.Result]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(grades, results).removeprefix("\ufeff"))))


# --- csv -----------------------------------------------------------------------------------------------


def test_a_row_for_each_student_with_score_maximum_and_status() -> None:
    rows = table([s.result("ada", "one"), s.passed_all("ada", "two"), s.unreadable("ben", "one")])
    assert rows[0]["student"] == "ada"
    assert (rows[0]["one score"], rows[0]["one max"], rows[0]["one status"]) == ("7", "20", "graded")
    assert (rows[0]["total"], rows[0]["total max"], rows[0]["status"]) == ("26", "39", "graded")
    assert (rows[1]["one score"], rows[1]["one status"], rows[1]["two status"]) == ("0", "unreadable",
                                                                                    "missing")
    assert (rows[1]["total"], rows[1]["status"]) == ("0", "unreadable")


def test_the_course_decides_order_and_weight() -> None:
    results = [s.result("ada", "one"), s.passed_all("ada", "two"), s.result("ada", "other"),
               s.result("ben", "one")]
    text = text_of(grades, results, weights={"two": 0.5, "absent": 9.0, "one": 2.0})
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [name for name in rows[0] if name.endswith(" score")] == ["two score", "one score", "other score"]
    # 19/2 + 2 * 7 + 7, of 19/2 + 2 * 20 + 20
    assert (rows[0]["total"], rows[0]["total max"]) == ("30.5", "69.5")
    assert (rows[1]["total"], rows[1]["total max"]) == ("14", "69.5")


def test_a_withheld_mark_is_blank_and_so_is_its_total() -> None:
    row = table([s.withheld("ada", "one"), s.result("ada", "two")])[0]
    assert (row["one score"], row["one status"], row["total"], row["status"]) == ("", "withheld", "",
                                                                                  "withheld")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\n=cmd|' /C calc'!A0",
                                  "%0A", "|x"])
def test_no_name_is_a_formula(name: str) -> None:
    shown = table([s.result(name)])[0]["student"]
    assert shown.startswith("'")


@pytest.mark.parametrize("name", ["Anna;=1+1", "Anna,+1", "A\t-1", 'A;"=1', "A; ＝1"])
def test_no_name_is_a_formula_where_another_sign_parts_the_cells(name: str) -> None:
    text = text_of(grades, [s.result("1", name=name)])
    for separator in ",;\t":
        cells = [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]
        assert not [cell for cell in cells if cell.strip('" ').startswith(("=", "+", "-", "＝"))]


def test_people_are_sorted_by_name_and_two_of_one_name_are_two() -> None:
    rows = table([s.result("1007", name="Zoë"), s.result("1010", name="Anna"), s.result("1009", name="Anna")])
    assert [(row["student"], row["name"]) for row in rows] == [("1009", "Anna"), ("1010", "Anna"),
                                                               ("1007", "Zoë")]


def test_with_a_semicolon_numbers_have_a_comma() -> None:
    half = s.result("ada", score=7.5)
    text = text_of(grades, [half, s.result("bo;")], separator=";")
    assert text.splitlines() == [
        "\ufeffstudent;name;he_init score;he_init max;he_init status;total;total max;status;"
        "set by the tutor",
        "ada;;7,5;20;graded;7,5;20;graded;", '"bo;";;7;20;graded;7;20;graded;']


def test_what_is_missing_or_unclear_is_blank_and_never_0() -> None:
    rows = table([missing("mia", "one"), missing("mia", "two"), unclear("uta"), s.result("ada", "one"),
                  missing("ada", "two")])
    cells = {row["student"]: row for row in rows}
    assert [cells["mia"][name] for name in ("one score", "one status", "total", "status")] == [
        "", "missing", "", "missing"]
    assert [cells["uta"][name] for name in ("he_init score", "he_init status", "total", "status")] == [
        "", "unclear", "", "unclear"]
    assert [cells["ada"][name] for name in ("two score", "total", "status")] == ["", "7", "graded"]


def test_a_strange_name_stays_in_its_cell() -> None:
    rows = table([s.result('a",b\nc;\u202e\ud800')])
    assert len(rows) == 1
    assert rows[0]["he_init score"] == "7"


def test_a_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "grades.csv"
    grades.write([hostile()], out)
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]
    assert out.read_bytes().startswith(b"\xef\xbb\xbfstudent,name,")


# --- gradescope ----------------------------------------------------------------------------------------


def test_gradescope_has_a_test_for_each_check() -> None:
    document = json.loads(text_of(gradescope, [s.result()]))
    assert document["score"] == 7.0
    assert len(document["tests"]) == len(s.CHECKS)
    assert {test["visibility"] for test in document["tests"]} == {"visible"}
    failed = document["tests"][3]
    assert (failed["status"], failed["score"], failed["max_score"], failed["number"]) == ("failed", 0.0, 4.0,
                                                                                          "4")
    assert "score" not in document["tests"][-1]
    assert "SECRET" not in json.dumps(document)


def test_gradescope_gets_no_score_at_all_where_the_mark_is_withheld() -> None:
    document = json.loads(text_of(gradescope, [s.withheld()]))
    assert "score" not in document
    assert not [test for test in document["tests"] if "score" in test]


def test_gradescope_takes_one_student() -> None:
    with pytest.raises(ExportError):
        text_of(gradescope, [s.result("ada"), s.result("ben")])
    assert json.loads(text_of(gradescope, [s.unreadable()]))["score"] == 0.0


# --- junit ---------------------------------------------------------------------------------------------


def test_junit_keeps_wrong_answers_and_faults_of_ours_apart() -> None:
    root = ET.fromstring(text_of(junit, [s.result(), s.withheld(), s.unreadable()]).split("\n", 1)[1])
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["14", "4", "1", "3"]
    assert root.find(".//testsuite[@name='wim']//error") is not None
    assert root.find(".//testsuite[@name='wim']//property[@name='score']") is None
    assert root.find(".//testcase[@name='variance']/failure").get("type") == "wrong-answer"  # type: ignore[union-attr]


def test_junit_is_xml_whatever_the_text() -> None:
    hidden = structs.replace(s.HIDDEN, message="SECRET")
    strange = structs.replace(s.unreadable("\x00\x1b"), reason="\x0b\ufffe")
    text = text_of(junit, [hostile(), strange, s.result(checks=(hidden,))])
    ET.fromstring(text.split("\n", 1)[1])
    assert "SECRET" not in text


# --- github --------------------------------------------------------------------------------------------


def test_github_annotations_are_the_worst_first_and_at_most_ten() -> None:
    many = [structs.replace(s.VARIANCE, id=f"c{i}", max_points=float(i)) for i in range(1, 26)]
    lines = text_of(github, [s.result(checks=many)]).splitlines()
    errors = [line for line in lines if line.startswith("::error")]
    assert len(errors) == 10
    assert "16 more" in errors[-1]
    assert lines[-1].endswith("::Points 0/325")


def test_no_text_becomes_a_command_of_its_own() -> None:
    attack = "x\n::error::forged\r\n::set-output name=a::b %0A::warning::c"
    result = structs.replace(hostile(), checks=(structs.replace(s.RAISED, message=attack,
                                                                title=f"t:,{attack}"),))
    for line in text_of(github, [result]).splitlines():
        assert re.match(r"::(error|warning|notice) file=[^:\n]*,title=[^:,\n]*::", line)
        assert not re.search(r"%0[AD]", line)
    assert "SECRET" not in text_of(github, [s.result()])


def test_the_summary_is_appended_and_kept_short(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    github.write([s.result()] * 300, io.StringIO(), summary=summary,
                 notebooks={("ada", "he_init"): s.NOTEBOOK})
    written = summary.read_text(encoding="utf-8")
    assert written.startswith("before\n# he\\_init")
    assert summary.stat().st_size < 1 << 20


# --- github classroom ----------------------------------------------------------------------------------


def test_classroom_gets_what_its_reporter_reads() -> None:
    document = json.loads(text_of(classroom, [s.result()]))
    assert (document["version"], document["status"], document["max_score"]) == (1, "fail", 20.0)
    assert set(document["tests"][0]) == {"name", "status", "score", "message", "test_code", "filename",
                                         "line_no", "duration"}
    assert sum(test["score"] for test in document["tests"]) == 7.0
    assert "SECRET" not in json.dumps(document)
    line = text_of(classroom, [s.result()], encoded=True)
    assert json.loads(base64.b64decode(line.removeprefix("result="))) == document


@pytest.mark.parametrize(("result", "status"), [
    (s.passed_all(), "pass"), (s.withheld(), "error"), (s.unreadable(), "fail")])
def test_classroom_tells_a_fault_of_ours_from_a_failure(result: records.Result, status: str) -> None:
    assert json.loads(text_of(classroom, [result]))["status"] == status


@pytest.mark.parametrize("status", [records.Status.UNCLEAR, records.Status.MISSING])
def test_who_has_no_mark_has_failed_nothing(status: records.Status) -> None:
    none = s.result(checks=(), score=None, status=status, reason="two files claim to be it")
    suite = ET.fromstring(text_of(junit, [none]).split("\n", 1)[1])
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["1", "0", "0", "1"]
    assert [test["status"] for test in json.loads(text_of(classroom, [none]))["tests"]] == ["error"]
    lines = text_of(github, [none]).splitlines()
    assert not [line for line in lines if line.startswith("::error")]
    assert lines[-1].endswith(f"::Points {status.value}")
    assert "score" not in json.loads(text_of(gradescope, [none]))


# --- nbgrader ------------------------------------------------------------------------------------------


def test_nbgraders_columns() -> None:
    results = [s.result("1003", name="Schmidt, Anna", handed_in_at="2026-11-20T18:03:00+01:00"),
               s.withheld("=1+1")]
    rows = list(csv.DictReader(io.StringIO(text_of(nbgrader, results))))
    assert ",".join(rows[0]) == ("assignment,duedate,timestamp,student_id,last_name,first_name,email,"
                                 "raw_score,late_submission_penalty,score,max_score")
    assert rows[0] == {"assignment": "he_init", "duedate": "", "timestamp": "2026-11-20T18:03:00+01:00",
                       "student_id": "1003", "last_name": "Schmidt", "first_name": "Anna", "email": "",
                       "raw_score": "7", "late_submission_penalty": "0", "score": "7", "max_score": "20"}
    assert (rows[1]["student_id"], rows[1]["score"], rows[1]["late_submission_penalty"]) == ("'=1+1", "", "")
