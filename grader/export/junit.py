"""JUnit XML: a suite for each submission. A wrong answer is a failure; only a fault of ours is an error."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from grader import records
from grader.export.csv import number
from grader.export.out import Out, put
from grader.report import safe_text

_LONGEST = 2000
_NOBODYS = (records.Status.UNCLEAR, records.Status.PROVISIONAL, records.Status.MISSING,
            records.Status.EXCUSED)
_SKIPPED = (records.Mark.NOT_REACHED, records.Mark.NOT_AVAILABLE)


def write(results: Iterable[records.Result], out: Out) -> None:
    """What XML has no room for is written as Python would escape it; a hidden check's message is left out."""
    root = ET.Element("testsuites", name="grader", time="0")
    for result in results:
        root.append(_suite(result))
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root, " ")
    put('<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n", out)


def _suite(result: records.Result) -> ET.Element:
    cases = [_case(result, verdict) for verdict in result.checks]
    broken = any(verdict.mark is records.Mark.GRADER_ERROR for verdict in result.checks)
    if result.status is not records.Status.GRADED and not broken:
        cases.append(_whole(result))
    suite = ET.Element("testsuite", name=safe_text.line(result.student),
                       file=safe_text.line(result.notebook.path), time="0")
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("tests", str(len(cases)))
    properties = ET.SubElement(suite, "properties")
    for name, value in (("status", result.status.value), ("max_score", number(result.max_score)),
                        *((("score", number(result.score)),) if result.score is not None else ()),
                        *((("raw", number(result.raw or 0.0)), ("penalty", number(result.penalty)))
                          if result.rules and result.score is not None else ())):
        ET.SubElement(properties, "property", name=name, value=value)
    suite.extend(cases)
    return suite


def _case(result: records.Result, verdict: records.Verdict) -> ET.Element:
    case = ET.Element("testcase", classname=safe_text.line(result.exercise), name=safe_text.line(verdict.id),
                      time="0")
    message = safe_text.line(verdict.message if verdict.visible else "", _LONGEST)
    text = f"{safe_text.line(verdict.title)} {message}".strip()
    kind = verdict.cause.value if verdict.cause else verdict.mark.value
    if verdict.mark is records.Mark.GRADER_ERROR:
        ET.SubElement(case, "error", message=text, type=kind)
    elif verdict.mark in _SKIPPED:
        reason = f"hangs on {verdict.root}" if verdict.root else message or kind
        ET.SubElement(case, "skipped", message=safe_text.line(reason, _LONGEST))
    elif verdict.mark is not records.Mark.PASS:
        failure = ET.SubElement(case, "failure", message=text, type=kind)
        failure.text = safe_text.line(verdict.advice, _LONGEST) or None
    return case


def _whole(result: records.Result) -> ET.Element:
    """A submission that has no checks to show for its status."""
    case = ET.Element("testcase", classname=safe_text.line(result.exercise), name="submission", time="0")
    message, kind = safe_text.line(result.reason, _LONGEST) or result.status.value, result.status.value
    if result.status in _NOBODYS:  # fault yet, and no mark
        ET.SubElement(case, "skipped", message=message)
    else:
        tag = "error" if result.status is records.Status.WITHHELD else "failure"
        ET.SubElement(case, tag, message=message, type=kind)
    return case
