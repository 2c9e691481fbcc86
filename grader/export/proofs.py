"""What `grader validate` proved, as JUnit XML: a suite for each exercise, a case for each solution and each
proof that asks more than one."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from grader.exercise.validate import Report
from grader.export.out import Out, put
from grader.report import safe_text


def write(reports: Iterable[Report], out: Out) -> None:
    """A flaw is a failure; what this machine cannot look at is skipped."""
    root = ET.Element("testsuites", name="grader validate", time="0")
    for report in reports:
        root.append(_suite(report))
    for count in ("tests", "failures", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root, " ")
    put('<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n", out)


def _suite(report: Report) -> ET.Element:
    suite = ET.Element("testsuite", name=report.exercise, time="0")
    for case in report.cases:
        found = ET.SubElement(suite, "testcase", classname=report.exercise, name=case.name, time="0")
        if case.flaws:  # most readers take one failure a case
            failure = ET.SubElement(found, "failure", message=_line(case.flaws[0].told))
            failure.text = "\n".join(_line(f"{flaw.told}; to mend it: {flaw.mend}") for flaw in case.flaws)
    for check in report.unavailable:
        found = ET.SubElement(suite, "testcase", classname=report.exercise, name=f"check {check}", time="0")
        ET.SubElement(found, "skipped", message="this machine cannot look at it")
    for tag, count in (("failure", "failures"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in suite)))
    suite.set("tests", str(len(suite)))
    return suite


def _line(text: str) -> str:
    return safe_text.line(text, 2000)
