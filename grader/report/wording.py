"""The tool's own words, in the reader's language. What an exercise says is never translated here."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader import records
from grader.locale import N_
from grader.report import known_errors
from grader.report.source import Excerpt

LOCALE = Path(__file__).resolve().parent.parent / "locale"
DECIMAL_COMMA = {"de"}


MARKS = {
    records.Mark.PASS: N_("Passed"),
    records.Mark.PARTIAL: N_("Partly there"),
    records.Mark.FAIL: N_("Not yet"),
    records.Mark.NOT_REACHED: N_("Not reached"),
    records.Mark.NOT_AVAILABLE: N_("Not looked at"),
    records.Mark.GRADER_ERROR: N_("Mark withheld"),
    records.Mark.UNMARKED: N_("Not marked yet"),
}

STATUSES = {
    records.Status.GRADED: N_("graded"),
    records.Status.UNREADABLE: N_("unreadable"),
    records.Status.WITHHELD: N_("withheld"),
    records.Status.UNCLEAR: N_("unclear"),
    records.Status.MISSING: N_("missing"),
    records.Status.EXCUSED: N_("excused"),
    records.Status.PROVISIONAL: N_("provisional"),
}

CAUSES = {
    records.Cause.WRONG_ANSWER: N_("What came back is not what was asked for."),
    records.Cause.MISSING: N_("A name this check needs is not defined after the notebook's last cell."),
    records.Cause.RAISED: N_("Your code raised an error here."),
    records.Cause.TIMEOUT: N_("Your code did not come to an end in the time allowed."),
    records.Cause.MEMORY: N_("Your code used more memory than allowed."),
    records.Cause.OUTPUT: N_("Your code wrote or returned more than allowed."),
    records.Cause.CRASHED: N_("Your code ended the Python process instead of returning."),
    records.Cause.NOT_STARTED: N_("This is not written yet."),
    records.Cause.FORBIDDEN: N_("Your code called something that this exercise asks you to write yourself."),
    records.Cause.PREREQUISITE: N_("A check that this one depends on has not passed yet."),
    records.Cause.NEEDS_CUDA: N_("This needs a GPU, and the grading machine had none. It does not count."),
    records.Cause.NOT_SIMULATED: N_("Your code asked the simulated GPU for something that it cannot do."),
    records.Cause.ENVIRONMENT: N_("The grading machine lacks something that your code needs."),
}


ADVICE = {
    records.Cause.MISSING: N_("Is the name spelled as the exercise asks for? Restart the kernel, run all "
                               "cells, and see "
                        "which one stops."),
    records.Cause.RAISED: N_("Call the function yourself in a new cell, and read the error from its last "
                              "line upwards."),
    records.Cause.TIMEOUT: N_("Does this loop end? If it does: does it go over single numbers, where one "
                               "operation on the "
                        "whole tensor would do?"),
    records.Cause.MEMORY: N_("Which tensor grows with each step, or is larger than it has to be?"),
    records.Cause.OUTPUT: N_("Is there a `print` inside a loop that belongs outside?"),
    records.Cause.CRASHED: N_("A function returns to whoever called it; `exit`, `quit` and `os._exit` end "
                               "all of Python."),
    records.Cause.FORBIDDEN: N_("Write out what the ready-made function does, in steps of your own."),
    records.Cause.NOT_SIMULATED: N_("Is there a more usual way to do this? If not, wait for your "
                                   "tutor's word."),
}

BRIEFLY = {
    records.Cause.WRONG_ANSWER: N_("wrong, and like no known mistake"),
    records.Cause.MISSING: N_("not written"),
    records.Cause.RAISED: N_("raised an error"),
    records.Cause.TIMEOUT: N_("ran too long"),
    records.Cause.MEMORY: N_("used too much memory"),
    records.Cause.OUTPUT: N_("wrote or returned too much"),
    records.Cause.CRASHED: N_("ended the Python process"),
    records.Cause.NOT_STARTED: N_("not written"),
    records.Cause.FORBIDDEN: N_("called what is to be written"),
    records.Cause.PREREQUISITE: N_("needs an earlier check"),
    records.Cause.NEEDS_CUDA: N_("needs a GPU"),
    records.Cause.NOT_SIMULATED: N_("beyond the simulated GPU"),
    records.Cause.ENVIRONMENT: N_("needs what is not installed here"),
}

# The kind of what needs a tutor -> what helps.
REMEDIES = {
    "stale-override": N_("Look at the new submission, then say whether it holds: `grader override` with "
                         "`--keep`, `--drop` or other points."),
    "withheld": N_("No mark, by the grader's fault. Run the same command again: what is withheld is graded "
                   "once more."),
    "unclear": N_("No mark yet. Say which file counts, with `--prefer` or in the mapping file, and run the "
                  "same command again."),
    "not-simulated": N_("It earns nothing as it is. Look at the code, or grade it on a machine with a GPU "
                        "(`--device cuda`), and set the points with `grader override`."),
    "late": N_("Nothing is taken. Where the LMS says when it came, it counts by itself; else set the points "
               "with `grader override`, or `late_without_time` in course.toml."),
    "attempts": N_("It counts all the same. Grade the earlier downloads into the same folder, the oldest "
                   "first, or set the points with `grader override`."),
    "unwatched": N_("Its points stand. Look at the cell: should a forbidden function answer in the student's "
                    "place, set the points with `grader override`."),
    "written-answer": N_("Mark them with `grader mark`."),
}

# The layers of execute.sandbox, as they are told.
LAYERS = {
    "namespaces": N_("namespaces of its own"),
    "users": N_("a user of its own"),
    "system calls": N_("a list of the system calls that it may make"),
    "cgroup": N_("memory limited by a cgroup"),
    "supervisor": N_("limits held by a supervisor"),
}


@dataclass(frozen=True)
class Words:
    """One language."""

    language: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]

    def mark(self, mark: records.Mark) -> str:
        return self.gettext(MARKS[mark])

    def verdict(self, v: records.Verdict, *, waits: bool) -> str:
        """A verdict's mark; a stub is no failure. `waits`: it is another function's."""
        if v.mark is records.Mark.PASS and v.after:
            return self.gettext("Nothing new")
        if v.cause is not records.Cause.NOT_STARTED:
            return self.mark(v.mark)
        return self.gettext("Can't tell yet") if waits else self.gettext("Not started")

    def status(self, status: records.Status) -> str:
        return self.gettext(STATUSES[status])

    def sentence(self, said: records.Sentence) -> str:
        """One of the grader's own sentences. The values in it are the student's."""
        return self.gettext(said.template) % said.values

    def reason(self, result: records.Result) -> str:
        """Why a notebook has no checks, or no mark."""
        return self.sentence(result.said) if result.said else result.reason

    def no_mark(self, result: records.Result) -> str:
        """What stands in a mark's place; "" where there is one."""
        if result.status in (records.Status.UNCLEAR, records.Status.PROVISIONAL):
            return self.gettext("No mark yet")
        if result.status is records.Status.EXCUSED:
            return self.gettext("Excused")
        return self.gettext("Mark withheld") if result.score is None else ""

    def why_no_mark(self, result: records.Result) -> str:
        """To the student."""
        if result.status is records.Status.UNCLEAR:
            return self.gettext("You handed in several files, and it is not clear which of them counts: "
                                "%(files)s. Your tutor decides.") % {
                "files": ", ".join(file.path for file in result.claims)}
        if result.status is records.Status.EXCUSED:
            return self.gettext("This exercise is left out of your total, and of what you could get.")
        if result.status is records.Status.PROVISIONAL:
            return self.gettext("Your tutor has not marked all of your written answers yet.")
        if result.score is None:
            return self.gettext("Something went wrong on our side, so there is no mark yet: neither zero nor "
                                "full. You need not do anything; your notebook is graded again.")
        return ""

    def handed_in_by(self, team: str) -> str:
        return self.gettext("Handed in by your team, %(team)s.") % {"team": team} if team else ""

    def by_tutor(self, result: records.Result) -> tuple[str, ...]:
        """What a tutor made of the submission as a whole, in sentences."""
        if result.by == "grader":
            return ()
        bonus = self.gettext("%(points)s of the points are your tutor's bonus.") % {
            "points": self.number(result.bonus)} if result.bonus else ""
        by_checks = sum(check.points for check in result.checks) + result.bonus
        set_ = "" if result.checks and by_checks == result.score else self.gettext(
            "Your tutor marked this submission as a whole.")
        return tuple(filter(None, (set_, bonus)))

    def cause(self, cause: records.Cause | None) -> str:
        return self.gettext(CAUSES[cause]) if cause else ""

    def briefly(self, cause: records.Cause | None) -> str:
        """A cause in a tutor's table."""
        return self.gettext(BRIEFLY[cause]) if cause else ""

    def advice(self, v: records.Verdict) -> str:
        """What to try next where there was no answer that an exercise could have a hint for."""
        known = known_errors.advice_on(_raised(v)) or ADVICE.get(v.cause or records.Cause.PREREQUISITE, "")
        return self.gettext(known) if known else ""

    def none_instead(self, v: records.Verdict) -> bool:
        """Did it raise on a None, of which a hint on the right answer says nothing?"""
        return known_errors.is_none(_raised(v))

    def points(self, v: records.Verdict) -> str:
        if v.mark is records.Mark.NOT_AVAILABLE:
            return self.gettext("not counted")
        form = 1 if v.max_points == 1 else 2
        if v.mark is records.Mark.GRADER_ERROR:
            return self.ngettext("worth %(max)s point", "worth %(max)s points", form) % {
                "max": self.number(v.max_points)}
        return self.ngettext("%(points)s of %(max)s point", "%(points)s of %(max)s points", form) % {
            "points": self.number(v.points), "max": self.number(v.max_points)}

    def cost(self, points: float) -> str:
        return self.ngettext("%(points)s point depends on it", "%(points)s points depend on it",
                             1 if points == 1 else 2) % {"points": self.number(points)}

    def stopped(self, cell: int, error: str, *, unread: bool) -> str:
        """That a cell did not run to its end: Python could not even read it, or it raised."""
        said = {"cell": cell, "error": error}
        if unread:
            return self.gettext("Cell %(cell)s could not be read: %(error)s") % said
        return self.gettext("Cell %(cell)s stopped: %(error)s") % said

    def timed_out(self, seconds: float, *, waited: bool) -> str:
        """Which limit of time a cell has met."""
        said = (self.gettext("it waited for more than %(seconds)s seconds and computed nothing") if waited
                else self.gettext("it computed for more than %(seconds)s seconds"))
        return said % {"seconds": f"{seconds:g}"}

    def undefined(self, name: str, *, unread: bool) -> str:
        """What followed from that."""
        if unread:
            text = self.gettext("Nothing in this cell was run, so `%(name)s` is not defined.")
            return text % {"name": name}
        return self.gettext("The cell stopped before `%(name)s` was defined.") % {"name": name}

    def followers(self, numbers: Sequence[int]) -> str:
        """The later cells that stopped for the same reason."""
        listed = {"cells": ", ".join(map(str, numbers))}
        return self.ngettext("Cell %(cells)s stopped for the same reason.",
                             "Cells %(cells)s stopped for the same reason.",
                             len(numbers)) % listed if numbers else ""

    def unwritten(self, numbers: Sequence[int]) -> str:
        """The cells that stopped for want of a function that is not written yet; "" for none."""
        listed = {"cells": ", ".join(map(str, numbers))}
        return self.ngettext("Cell %(cells)s stopped at what is not written yet.",
                             "Cells %(cells)s stopped at what is not written yet.",
                             len(numbers)) % listed if numbers else ""

    def all_passed(self, result: records.Result) -> str:
        """Of all checks that were made."""
        if result.asked:
            return self.gettext("All visible checks of %(functions)s passed.") % {
                "functions": _codes(result.asked)}
        if any(v.mark is records.Mark.NOT_AVAILABLE for v in result.checks):
            return self.gettext("All checks that can be made on this machine passed.")
        if result.later:
            return self.gettext("All visible checks passed.")
        return self.gettext("Every check passed.")

    def left(self, result: records.Result) -> str:
        """What is left to do where every check passed, though cells may have stopped."""
        given = sum(event.cell in result.given for event in result.events)
        own = len(result.events) - given
        told = [self.others(result) or self.later(result)]
        if own:
            told.append(self.ngettext("One of your cells stopped, see below.",
                                      "Some of your cells stopped, see below.", own))
        if given:
            told.append(self.ngettext("A cell that came with the notebook stopped, see below.",
                                      "Some cells that came with the notebook stopped, see below.", given))
        return " ".join(filter(None, told)) or self.gettext("Nothing is left to do here.")

    def others(self, result: records.Result) -> str:
        """That not all functions were asked for; "" where they were."""
        return self.gettext("The other functions were not looked at.") if result.asked else ""

    def later(self, result: records.Result) -> str:
        """What hidden checks hold that students do not have, or do not know yet; "" where they have all."""
        if result.rules and result.later:
            return self.ngettext("%(later)s of %(all)s points hangs on hidden checks. How they ended is "
                                 "shown after the deadline.",
                                 "%(later)s of %(all)s points hang on hidden checks. How they ended is "
                                 "shown after the deadline.", 1 if result.later == 1 else 2) % {
                "later": self.number(result.later), "all": self.number(result.max_score + result.later)}
        return self.ngettext("%(later)s of %(all)s points is looked at after you hand in.",
                             "%(later)s of %(all)s points are looked at after you hand in.",
                             1 if result.later == 1 else 2) % {
            "later": self.number(result.later),
            "all": self.number(result.max_score + result.later)} if result.later else ""

    def waits(self, function: str, *, written: bool = False) -> str:
        """That a check met another function's stub, or its error."""
        text = (self.gettext("Can't tell until `%(name)s` works.") if written
                else self.gettext("Can't tell until `%(name)s` is written."))
        return text % {"name": function}

    def told_above(self, function: str) -> str:
        """Of a cell that stopped at a function of which a check tells."""
        return self.gettext("It calls `%(name)s`, of which a check above tells.") % {"name": function}

    def follows(self, checks: Sequence[str]) -> str:
        """That a check passed but for a mistake of which these tell; "" where there are none."""
        return self.ngettext(
            "The mistake that %(checks)s tells of is in here too: until it is mended, this says only that "
            "nothing else was found. It costs its points once.",
            "The mistakes that %(checks)s tell of are in here too: until they are mended, this says only "
            "that nothing else was found. They cost their points once.", len(checks)) % {
                "checks": _codes(checks)} if checks else ""

    def begin(self, functions: Sequence[str]) -> str:
        """What to do where nothing is wrong and something is not written."""
        return self.gettext("Write %(functions)s: your own code instead of `raise NotImplementedError`.") % {
            "functions": _codes(functions)}

    def hand_in_again(self, exercise: str) -> str:
        return self.gettext("Open `%(file)s` in Jupyter, see that it is all there, save it, and hand that "
                            "file in again.") % {"file": f"{exercise}.ipynb"}

    def made_with(self, made_by: records.MadeBy) -> str:
        """What a report was made with. The batch's seed is not the students' to know: inputs are drawn from
        it."""
        return self.gettext("Made by grader %(version)s, exercise version %(exercise)s, PyTorch %(torch)s on "
                            "%(device)s.") % {
            "version": made_by.grader, "exercise": made_by.exercise, "torch": made_by.torch.partition("+")[0],
            "device": {"cpu": "CPU"}.get(made_by.device, made_by.device)}

    def stopped_cell(self, cell: int, *, given: bool) -> str:
        """Which cell did not run to its end, and whether it is one that students got as it is."""
        said = self.gettext("Cell %(cell)s, as it was handed out") if given else self.gettext("Cell %(cell)s")
        return said % {"cell": cell}

    def wall(self, made_by: records.MadeBy) -> str:
        """What stood between a notebook and the machine that graded it; "" on a student's own machine, and
        where an older result does not say."""
        if made_by.sandbox == records.OWN:
            return ""
        if not made_by.isolated:
            return self.gettext("This notebook was executed without isolation from the machine that graded "
                                "it.")
        held = ", ".join(self.gettext(LAYERS[layer]) for layer in made_by.layers if layer in LAYERS)
        return self.gettext("Executed behind a wall: %(layers)s.") % {"layers": held} if held else ""

    def drawn(self, made_by: records.MadeBy) -> str:
        """Where the pictures are that a terminal does not show."""
        if made_by.sandbox == records.OWN:
            return self.gettext("Drawn by `%%grader check` in the notebook.") % {}
        return self.gettext("Drawn on the page that `grader batch` writes.")

    def place(self, excerpt: Excerpt) -> str:
        """Whose lines are quoted, and where they stand: "Your code · Cell 3 (code cell 2), line 5"."""
        whose = self.gettext("As handed out") if excerpt.cell.given else self.gettext("Your code")
        cell = excerpt.cell
        place = self.lines(cell.index + 1, excerpt.marked, code=cell.code, run=cell.run)
        return f"{whose} · {place}" + (f" · {self.gettext('shortened')}" if excerpt.skipped else "")

    def lines(self, cell: int, listed: str, *, code: int | None = None, run: int | None = None) -> str:
        """A cell, and lines of it, listed with commas. A cell is found by its place among all cells or among
        those of code; in a notebook that runs, by the number that Jupyter shows beside it."""
        if run is not None:
            place = self.gettext("Cell %(cell)s") % {"cell": f"In[{run}]"}
        elif code:
            place = self.gettext("Cell %(cell)s (code cell %(code)s)") % {"cell": cell, "code": code}
        else:
            place = self.gettext("Cell %(cell)s") % {"cell": cell}
        if listed:
            place += ", " + self.ngettext("line %(lines)s", "lines %(lines)s", listed.count(",") + 1) % {
                "lines": listed}
        return place

    def number(self, value: float) -> str:
        """At most two decimals, with the language's decimal mark."""
        text = f"{round(value, 2):.2f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if self.language in DECIMAL_COMMA else text


def _raised(v: records.Verdict) -> str:
    return v.said.values.get("message", "") if v.said and v.cause is records.Cause.RAISED else ""


def _codes(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def languages() -> tuple[str, ...]:
    """English, and every language with a catalogue."""
    return ("en", *sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/grader.mo")))


@lru_cache
def words(language: str) -> Words:
    """The words of a language; English where there is no catalogue for it."""
    if language not in languages():
        language = "en"
    found = gettext.translation("grader", LOCALE, languages=[language], fallback=True)
    return Words(language, found.gettext, found.ngettext)
