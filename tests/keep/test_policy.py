"""Lateness and attempts: what a course's rules make of marks, and what no rule may do to anybody."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from grader.exercise.rules import Attempts, Hidden, Place, RuleError, Rules, moment, prove
from grader.keep.policy import (
    Attempt,
    Terms,
    calculated,
    came_at,
    counted,
    days_begun,
    extended,
    terms,
    unknown_time,
)
from grader.records import Counted

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu"),
         datetime.UTC, datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))]
DUE = "2026-11-20T23:59:00"
NOW = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
TEN = Rules(per_day=0.1)


class Own:
    """A line of extensions.csv."""

    def __init__(self, due: str) -> None:
        self.due = due


def one(handed_in_at: str, raw: float = 20.0, *, number: int = 1, maximum: float = 20.0,
        late: bool = False) -> Attempt:
    return Attempt(number=number, raw=raw, maximum=maximum, handed_in_at=handed_in_at, late=late)


def holding(rules: Rules = TEN, due: str = DUE, **more: Any) -> Terms:
    return Terms(rules=rules, due=moment(due, BERLIN), zone=BERLIN, **more)


def taken(handed_in_at: str, rules: Rules = TEN, due: str = DUE, **more: Any) -> float:
    return counted(one(handed_in_at, **more), holding(rules, due)).penalty


# --- deadlines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "is_"), [
    ("2026-11-20T23:59:00", "2026-11-20T22:59:00+00:00"),
    ("2026-07-20T23:59", "2026-07-20T21:59:00+00:00"),
    ("2026-11-20 24:00", "2026-11-20T23:00:00+00:00"),
    ("2026-11-20", "2026-11-20T23:00:00+00:00"),
    ("20.11.2026", "2026-11-20T23:00:00+00:00"),
    ("20.11.2026 8:05", "2026-11-20T07:05:00+00:00"),
    ("2026-11-20T23:59:00-05:00", "2026-11-21T04:59:00+00:00"),
    ("2026-11-20T23:59:00Z", "2026-11-20T23:59:00+00:00"),
    ("2028-02-29", "2028-02-29T23:00:00+00:00"),
    ("2028-02-28T24:00:00", "2028-02-28T23:00:00+00:00"),
    ("2026-12-31 24:00", "2026-12-31T23:00:00+00:00"),
    # the clock shows 02:30 twice: the later
    ("2026-10-25T02:30:00", "2026-10-25T01:30:00+00:00"),
    # and never: 03:30
    ("2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),
])
def test_a_deadline_is_an_instant(text: str, is_: str) -> None:
    found = moment(text, BERLIN)
    assert found.astimezone(datetime.UTC).isoformat() == is_
    assert found.tzinfo is BERLIN


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-29", "2026-13-01", "11/20/2026",
                                  "2026-11-20T25:00", "2026-11-20T24:01", "2026-11-20T23:60",
                                  "0001-01-01T00:00+14:00", "9999-12-31", "2026-11-20T10:00+99:00",
                                  "２０２６-11-20", "+2d", "23:59", "#NAME?"])
def test_what_is_no_deadline_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date and time|year"):
        moment(text, BERLIN)


def test_a_deadline_in_no_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone"):
        moment(DUE, None)
    assert moment(f"{DUE}+01:00", None) == moment(DUE, BERLIN)


@pytest.mark.parametrize(("groups", "is_"), [
    ("", "20"), ("Group A", "20"), ("group b", "22"), ("Group A, Group B", "22"), ("early", "18"),
    ("early; Group B", "22"), ("a, b", "23"), ("a", "20")])
def test_a_group_has_its_own_deadline_and_of_several_groups_the_latest_counts(groups: str, is_: str) -> None:
    place = Place(name="he_init", due=DUE, groups={"Group B": "2026-11-22T23:59", "early": "2026-11-18T12:00",
                                                   "a, b": "2026-11-23T12:00"})
    found = terms(place, BERLIN, groups).due
    assert found is not None
    assert found.strftime("%d") == is_


@pytest.mark.parametrize(("extension", "is_"), [
    ("+2d", "2026-11-22T23:59:00+01:00"), ("2 days", "2026-11-22T23:59:00+01:00"),
    ("36h", "2026-11-22T11:59:00+01:00"), ("2026-11-25 12:00", "2026-11-25T12:00:00+01:00"),
    # never earlier
    ("2026-11-19", "2026-11-20T23:59:00+01:00"), ("+0d", "2026-11-20T23:59:00+01:00")])
def test_an_extension_moves_a_deadline_back_and_never_forward(extension: str, is_: str) -> None:
    found = terms(Place(name="he_init", due=DUE), BERLIN, "", [Own(extension)])
    assert found.due is not None
    assert found.due.isoformat() == is_
    assert found.extended is (is_ != "2026-11-20T23:59:00+01:00")


def test_an_extension_of_days_is_by_the_clock_and_one_of_hours_passes() -> None:
    before = moment("2026-10-24T23:59", BERLIN)
    by_days, by_hours = extended("+1d", before, BERLIN), extended("+24h", before, BERLIN)
    assert by_days is not None
    assert by_hours is not None
    assert by_days.isoformat() == "2026-10-25T23:59:00+01:00"
    assert by_hours.isoformat() == "2026-10-25T22:59:00+01:00"


def test_of_several_extensions_the_latest_counts_and_excused_is_no_deadline() -> None:
    place = Place(name="he_init", due=DUE)
    found = terms(place, BERLIN, "", [Own("+5d"), Own("+2d"), Own("excused")])
    assert found.excused
    assert found.due == moment("2026-11-25T23:59", BERLIN)
    assert terms(Place(name="x"), BERLIN, "", [Own("+5d")]).due is None


# --- lateness ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "penalty"), [
    ("2026-11-20T23:59:00+01:00", 0), ("2026-11-20T22:59:00Z", 0), ("2026-11-20T23:59:01+01:00", 2),
    ("2026-11-21T23:59:00+01:00", 2), ("2026-11-22T01:59:00+01:00", 4),   # 26 hours: two days begun
    ("2026-12-24T00:00:00+01:00", 20), ("2026-11-22T00:59", 4), ("2026-11-20", 0),
    ("2026-11-22T00:59:00-08:00", 4), ("", 0), ("yesterday", 0)])
def test_each_day_begun_takes_its_share_of_the_maximum(at: str, penalty: float) -> None:
    assert taken(at) == penalty


def test_the_numbers_that_a_student_is_told() -> None:
    found = counted(one("2026-11-22T01:59:00+01:00", 17.0), holding())
    assert found == Counted(number=1, raw=17.0, penalty=4.0, handed_in_at="2026-11-22T01:59:00+01:00",
                            late_seconds=26 * 3600.0, days=2, per_day=0.1, share=0.2)
    assert found.final == 13.0


@pytest.mark.parametrize(("hours", "penalty"), [(0.5, 2), (24, 2), (24.1, 5), (72, 5), (73, 20)])
def test_steps_take_more_the_later_it_is(hours: float, penalty: float) -> None:
    rules = Rules(steps=((0, 0.1), (24, 0.25), (72, 1.0)))
    at = moment(DUE, BERLIN) + datetime.timedelta(hours=hours)
    assert taken(at.isoformat(), rules) == penalty


def test_a_first_step_may_begin_later() -> None:
    rules = Rules(steps=((12, 0.5),))
    assert taken("2026-11-21T05:00:00+01:00", rules) == 0
    assert taken("2026-11-21T12:00:00+01:00", rules) == 10


def test_grace_takes_nothing_and_is_no_later_deadline() -> None:
    rules = Rules(per_day=0.1, grace_minutes=15)
    within = counted(one("2026-11-21T00:14:00+01:00"), holding(rules))
    assert (within.penalty, within.within_grace, within.late_seconds) == (0, True, 900)
    assert taken("2026-11-21T00:14:01+01:00", rules) == 2
    assert taken("2026-11-22T00:05:00+01:00", rules) == 4


def test_a_cap_holds_and_nothing_is_taken_that_is_not_there() -> None:
    rules = Rules(per_day=0.1, cap=0.3)
    late = counted(one("2026-12-24T00:00:00+01:00"), holding(rules))
    assert (late.penalty, late.capped, late.share) == (6, True, 0.3)
    third = counted(one("2026-11-23T12:00:00+01:00"), holding(rules))   # 0.1 + 0.1 + 0.1 is more than 0.3
    assert third.capped is False
    assert taken("2026-12-24T00:00:00+01:00", rules, raw=5.0) == 5
    assert counted(one("2026-12-24T00:00:00+01:00", 5.0), holding(rules)).final == 0


def test_late_without_a_time_costs_nothing_unless_the_rules_say_what() -> None:
    late = one("", late=True)
    assert counted(late, holding()).penalty == 0
    found = counted(late, holding(Rules(late_without_time=0.25)))
    assert (found.penalty, found.without_time, found.late_seconds) == (5, True, 0)
    # the LMS knows its own deadline, and not this person's
    assert counted(late, holding(Rules(late_without_time=0.25), extended=True)).penalty == 0
    assert counted(late, Terms(rules=Rules(late_without_time=0.25))).penalty == 0


def test_whose_time_nobody_says_is_told_where_it_could_matter() -> None:
    assert unknown_time([one("")], holding())
    assert not unknown_time([one("2026-11-21T00:00:00Z")], holding())
    assert not unknown_time([one("")], holding(Rules()))
    assert not unknown_time([one("")], Terms(rules=TEN))
    assert not unknown_time([], holding())
    # a time without an offset is one where somebody says the zone
    assert unknown_time([one("2026-11-21T00:00:00")], replace(holding(), zone=None))


@pytest.mark.parametrize(("due", "came", "days"), [
    # 23 hours between: the clock's day has ended, and 24 hours have not
    ("2026-03-28T23:59", "2026-03-29T23:59:30+02:00", 1),
    ("2026-03-28T23:59", "2026-03-30T00:59:30+02:00", 2),
    # 25 hours between
    ("2026-10-24T23:59", "2026-10-25T23:58:00+01:00", 1),
    ("2026-10-24T23:59", "2026-10-26T00:00:00+01:00", 2),
    ("2026-10-25T02:30", "2026-10-25T02:30:00+01:00", 0),
    ("2026-10-25T02:30", "2026-10-25T02:31:00+01:00", 1),
    ("2028-02-28T23:59", "2028-02-29T23:59:00+01:00", 1),
    ("2027-02-28T23:59", "2027-03-01T23:59:00+01:00", 1)])
def test_days_begun_where_the_clocks_change(due: str, came: str, days: int) -> None:
    found = came_at(came, BERLIN)
    assert found is not None
    assert days_begun(found, moment(due, BERLIN)) == days


def test_a_time_without_an_offset_is_the_course_s_and_the_earlier_of_two() -> None:
    first = datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)
    assert came_at("2026-10-25T02:30:00", BERLIN) == first
    assert came_at("2026-11-20T12:00:00", None) is None
    assert came_at("2026-11-20T12:00:00+01:00", None) is not None
    assert came_at("0001-01-01T00:00:00+14:00", None) is None


# --- attempts ------------------------------------------------------------------------------------------

EARLY, LATER = "2026-11-20T12:00:00+01:00", "2026-11-22T01:59:00+01:00"


def test_the_last_attempt_counts_unless_the_best_does() -> None:
    both = [one(EARLY, 18, number=1), one(LATER, 20, number=2)]
    last = calculated(both, holding(), now=NOW)
    assert last.counting is not None
    assert (last.counting.number, last.counting.final, last.penalty) == (2, 16, 4)
    best = calculated(both, holding(structs.replace(TEN, attempts=Attempts.BEST)), now=NOW)
    assert best.counting is not None
    assert (best.counting.number, best.counting.final, best.penalty) == (1, 18, 0)


def test_of_equally_good_ones_the_last_counts() -> None:
    both = [one(EARLY, 18, number=1), one(EARLY, 18, number=2)]
    assert calculated(both, holding(Rules(attempts=Attempts.BEST)), now=NOW).counts == 1


def test_the_first_ones_count_where_there_are_too_many() -> None:
    three = [one(EARLY, 5 * n, number=n) for n in (1, 2, 3)]
    assert calculated(three, holding(Rules(most_attempts=2)), now=NOW).counts == 1
    assert calculated(three, holding(Rules(most_attempts=2, attempts=Attempts.BEST)), now=NOW).counts == 1
    assert calculated(three[2:], holding(Rules(most_attempts=2)), now=NOW).counts == 0


def test_what_was_judged_out_of_another_maximum_is_no_better() -> None:
    both = [one(EARLY, 18, number=1, maximum=24), one(EARLY, 15, number=2)]
    assert calculated(both, holding(Rules(attempts=Attempts.BEST)), now=NOW).counts == 1


def test_no_mark_is_no_calculation() -> None:
    found = calculated([], holding(), now=NOW)
    assert (found.counting, found.penalty, found.due) == (None, 0.0, "2026-11-20T23:59:00+01:00")


def test_hidden_checks_are_kept_back_until_this_person_s_deadline() -> None:
    rules, before = Rules(hidden=Hidden.AFTER_DUE), datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
    late = terms(Place(name="x", due=DUE, rules=rules), BERLIN, "", [Own("2026-12-24")])
    assert calculated([], holding(rules), now=before).kept_back
    assert not calculated([], holding(rules), now=NOW).kept_back
    assert calculated([], late, now=NOW).kept_back
    assert not calculated([], holding(), now=before).kept_back
    assert calculated([], Terms(rules=rules), now=NOW).kept_back       # it has no deadline yet
    assert not calculated([], Terms(), now=before).kept_back


# --- what no rule may do -------------------------------------------------------------------------------

SHARES = st.floats(0, 1, allow_nan=False)
STEPS = st.lists(st.tuples(st.floats(0, 500), SHARES), max_size=5).map(
    lambda found: tuple(zip(sorted({hours for hours, _ in found}), sorted(share for _, share in found),
                            strict=False)))
RULES = st.builds(Rules, grace_minutes=st.floats(0, 3000), per_day=SHARES, cap=SHARES,
                  late_without_time=SHARES) | st.builds(Rules, steps=STEPS, cap=SHARES)
CLOCKS = st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2029, 1, 1)) | st.builds(
    lambda day, minutes: day + datetime.timedelta(minutes=minutes),
    st.sampled_from([datetime.datetime(2026, 3, 29), datetime.datetime(2026, 10, 25),
                     datetime.datetime(2026, 11, 1), datetime.datetime(2028, 2, 29)]),
    st.integers(-2000, 2000))
LATENESS = st.integers(-10 ** 6, 10 ** 7) | st.integers(-7200, 7200)
POINTS = st.integers(0, 200).map(lambda quarters: quarters / 4)


def due_of(clock: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    return moment(clock.replace(microsecond=0).isoformat(), zone)


def by(due: datetime.datetime, seconds: float) -> str:
    return (due.astimezone(datetime.UTC) + datetime.timedelta(seconds=seconds)).isoformat()


@given(RULES, CLOCKS, st.sampled_from(ZONES), LATENESS, LATENESS, POINTS)
def test_later_never_costs_less_and_nobody_pays_in_time_or_more_than_there_is(
        rules: Rules, clock: datetime.datetime, zone: datetime.tzinfo, one_: int, other: int,
        raw: float) -> None:
    prove(rules, "$.rules")
    due = due_of(clock, zone)
    holds = Terms(rules=rules, due=due, zone=zone)
    sooner, later = (counted(one(by(due, seconds), raw, maximum=50.0), holds)
                     for seconds in sorted((one_, other)))
    assert 0 <= sooner.penalty <= later.penalty <= raw
    assert 0 <= later.final <= sooner.final <= raw
    for seconds, found in zip(sorted((one_, other)), (sooner, later), strict=True):
        assert seconds > 60 * rules.grace_minutes or found.penalty == 0
        assert found.penalty <= rules.cap * 50.0 + 0.005


@given(RULES, CLOCKS, st.sampled_from(ZONES), LATENESS | st.integers(-10 ** 6, 10 ** 6), POINTS,
       st.lists(st.integers(0, 20).map("+{}d".format) | st.integers(0, 500).map("{}h".format)
                | st.integers(-10 ** 6, 10 ** 6), min_size=1, max_size=3), st.booleans())
@settings(max_examples=200)
def test_an_extension_never_makes_a_mark_worse(rules: Rules, clock: datetime.datetime, zone: datetime.tzinfo,
                                               seconds: int, raw: float, extensions: list[str | int],
                                               known: bool) -> None:
    place = Place(name="x", due=clock.replace(microsecond=0).isoformat(), rules=rules)
    plain = terms(place, zone, "")
    assert plain.due is not None
    more = terms(place, zone, "", [Own(each if isinstance(each, str) else by(plain.due, each))
                                   for each in extensions])
    attempt = one(by(plain.due, seconds) if known else "", raw, maximum=50.0, late=seconds > 0)
    assert counted(attempt, more).penalty <= counted(attempt, plain).penalty


@given(CLOCKS, st.sampled_from(ZONES), st.integers(0, 10 ** 7))
def test_a_day_is_begun_for_each_24_hours_at_most(clock: datetime.datetime, zone: datetime.tzinfo,
                                                  seconds: int) -> None:
    due = due_of(clock, zone)
    came = came_at(by(due, seconds), zone)
    assert came is not None
    days = days_begun(came, due)
    assert days <= -(-seconds // 86400)
    assert days >= -(-(seconds - 3600) // 86400)   # the clocks change by an hour at most
    assert (days == 0) == (seconds == 0)


@given(RULES, st.lists(st.tuples(LATENESS, POINTS), min_size=1, max_size=5))
def test_another_attempt_never_makes_the_best_worse(rules: Rules, found: list[tuple[int, float]]) -> None:
    holds = holding(structs.replace(rules, attempts=Attempts.BEST))
    assert holds.due is not None
    attempts = [one(by(holds.due, seconds), raw, number=number, maximum=50.0)
                for number, (seconds, raw) in enumerate(found, 1)]
    finals = [calculation.counting.final for n in range(1, len(attempts) + 1)
              if (calculation := calculated(attempts[:n], holds, now=NOW)).counting]
    assert finals == sorted(finals)


@given(CLOCKS, st.sampled_from(ZONES))
def test_handed_in_at_the_deadline_by_the_same_clock_is_in_time(clock: datetime.datetime,
                                                               zone: datetime.tzinfo) -> None:
    text = clock.replace(microsecond=0).isoformat()
    came = came_at(text, zone)
    assert came is not None
    assert came <= moment(text, zone).astimezone(datetime.UTC)


@pytest.mark.parametrize(("bad", "at"), [
    ({"per_day": -0.1}, "per_day"), ({"per_day": 10.0}, "per_day"), ({"cap": float("nan")}, "cap"),
    ({"late_without_time": 2.0}, "late_without_time"), ({"grace_minutes": -1.0}, "grace_minutes"),
    ({"grace_minutes": float("inf")}, "grace_minutes"), ({"most_attempts": -1}, "most_attempts"),
    ({"steps": ((5.0, 0.5), (1.0, 0.6))}, "steps"), ({"steps": ((1.0, 0.5), (5.0, 0.4))}, "steps"),
    ({"steps": ((1.0, 1.5),)}, "steps"), ({"steps": ((float("nan"), 0.5),)}, "steps"),
    ({"steps": ((1.0, 0.5),), "per_day": 0.1}, "steps")])
def test_a_rule_that_nobody_could_follow_is_refused(bad: dict[str, Any], at: str) -> None:
    with pytest.raises(RuleError) as raised:
        prove(Rules(**bad), "$.rules")
    assert raised.value.at == f"$.rules.{at}"


