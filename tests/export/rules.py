"""What Gradescope says of results.json, and what readers of JUnit XML expect, rule by rule."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from typing import Any
from xml.etree import ElementTree as ET

FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBLE = {"hidden", "after_due_date", "after_published", "visible"}
TOP = {"score", "execution_time", "output", "output_format", "test_output_format", "test_name_format",
       "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"}
TEST = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags",
        "visibility", "extra_data"}
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
LONGEST = 4000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def prove_results_json(text: str, *, withheld: bool = False) -> dict[str, Any]:
    """results.json as Gradescope's specification has it; returns it.

    Args:
        withheld: there must be no score at all, by which Gradescope sees that the autograder failed.
    """
    document: dict[str, Any] = json.loads(text, parse_constant=_no_number)
    assert set(document) <= TOP
    assert "\r" not in text.replace("\\\\", "")
    assert "\\r" not in text.replace("\\\\", "")
    tests = document.get("tests", [])
    scored = [test for test in tests if "score" in test]
    assert ("score" in document or (tests and scored == tests)) != withheld
    assert not (withheld and scored)
    _prove_numbers(document, ("score", "execution_time"))
    _prove_words(document, ("output_format", "test_output_format", "test_name_format"), FORMATS)
    _prove_words(document, ("visibility", "stdout_visibility"), VISIBLE)
    assert isinstance(document.get("output", ""), str)
    assert isinstance(document.get("extra_data", {}), dict)
    for row in document.get("leaderboard", []):
        assert set(row) <= {"name", "value", "order"}
        assert row.get("order", "desc") in {"asc", "desc"}
    for test in tests:
        _prove_test(test)
    return document


def _no_number(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


def _prove_test(test: dict[str, Any]) -> None:
    assert set(test) <= TEST
    _prove_numbers(test, ("score", "max_score"))
    _prove_words(test, ("name_format", "output_format"), FORMATS)
    _prove_words(test, ("visibility",), VISIBLE)
    _prove_words(test, ("status",), {"passed", "failed"})
    assert test.get("visibility", "visible") == "visible"  # one hidden test hides the total
    assert ("score" in test) <= ("max_score" in test)
    assert "status" not in test or (test["status"] == "passed") == (test["score"] == test["max_score"])
    assert all(isinstance(test.get(key, ""), str) for key in ("name", "number", "output"))
    assert isinstance(test.get("tags", []), list)
    assert isinstance(test.get("extra_data", {}), dict)


def _prove_numbers(said: dict[str, Any], keys: Collection[str]) -> None:
    for key in keys:
        value = float(said[key]) if key == "execution_time" and key in said else said.get(key, 0)
        assert isinstance(value, int | float)
        assert math.isfinite(value)


def _prove_words(said: dict[str, Any], keys: Collection[str], words: set[str]) -> None:
    assert all(said.get(key, next(iter(words))) in words for key in keys)


def prove_junit(text: str) -> ET.Element:
    """JUnit XML as Jenkins and GitLab read it: counts that agree, at most one outcome for a case, properties
    before cases, nothing that XML has no room for; returns its root."""
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert not _CONTROL.search(text)
    root = ET.fromstring(text.encode())
    assert (root.tag, set(root.attrib)) == ("testsuites", {"name", "tests", "failures", "errors", "skipped",
                                                           "time"})
    for suite in root:
        _prove_suite(suite)
    for count in ("tests", *COUNTED.values()):
        assert int(root.attrib[count]) == sum(int(suite.attrib[count]) for suite in root)
    return root


def _prove_suite(suite: ET.Element) -> None:
    assert suite.tag == "testsuite"
    assert set(suite.attrib) == {"name", "file", "time", "tests", *COUNTED.values()}
    properties, *cases = suite
    assert {(one.tag, frozenset(one.attrib)) for one in properties} == {
        ("property", frozenset({"name", "value"}))}
    named = {one.attrib["name"]: one.attrib["value"] for one in properties}
    assert {"status", "max_score"} <= set(named) <= {"status", "max_score", "score"}
    assert all(float(named[key]) >= 0 for key in named if key.endswith("score"))
    assert int(suite.attrib["tests"]) == len(cases) > 0
    for tag, count in COUNTED.items():
        assert int(suite.attrib[count]) == sum(case.find(tag) is not None for case in cases)
    for case in cases:
        assert (case.tag, set(case.attrib)) == ("testcase", {"classname", "name", "time"})
        assert float(case.attrib["time"]) >= 0
        assert len(case) <= 1
        for outcome in case:
            assert outcome.tag in COUNTED
            assert set(outcome.attrib) == ({"message"} if outcome.tag == "skipped" else {"message", "type"})
            assert all(outcome.attrib.values())
            assert len(outcome.attrib["message"]) + len(outcome.text or "") <= LONGEST
