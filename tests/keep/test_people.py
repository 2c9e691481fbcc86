"""A later download never makes a second student, and never makes one of two."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader.intake.spelling import folded_name
from grader.keep.people import Known, joined
from grader.records import AnySubmission, Person, Submission, Unreadable

ANNA = Person(id="1003", name="Anna Schmidt")


def known(id: str, name: str = "", *handed_in: str, **more: Any) -> Known:
    return Known(person=Person(id=id, name=name, email=more.pop("email", "")),
                 handed_in=frozenset(handed_in), **more)


def sent(student: str, exercise: str, name: str = "", **more: Any) -> Submission:
    return Submission(student=student, name=name, exercise=exercise, path=f"{student}/{exercise}.ipynb",
                      sha256=f"{student} {exercise}", notebook="{}", **more)


def who(submissions: Sequence[AnySubmission]) -> list[tuple[str, str, str]]:
    return [(one.student, one.source_id, one.exercise) for one in submissions]


def moodle(*submissions: AnySubmission) -> frozenset[str]:
    return frozenset(one.student for one in submissions)


def test_an_id_that_is_known_decides_and_a_name_does_not() -> None:
    found = joined([known("1003", "Anna Schmidt", "one")], [sent("1003", "one", "Anna Weber"),
                                                            sent("1007", "one", "Anna Schmidt")])
    assert who(found.submissions) == [("1003", "", "one"), ("1007", "", "one")]
    assert {one.person.id: one.person.name for one in found.people} == {"1003": "Anna Weber",
                                                                        "1007": "Anna Schmidt"}
    assert "1003 was Anna Schmidt and is Anna Weber now" in found.notes[0]


def test_the_number_of_another_assignment_is_joined_by_a_name_that_one_person_has() -> None:
    two = sent("2041", "two", unicodedata.normalize("NFD", "ANNA_Schmïdt"))
    (before,) = joined([], [sent("1003", "one", "Anna Schmïdt")]).people
    found = joined([before], [two], passing=moodle(two))
    assert who(found.submissions) == [("1003", "2041", "two")]
    assert found.people[0].known_as == ("2041",)
    assert "(2041, before 1003)" in found.notes[-1]
    again = joined(found.people, [two], passing=moodle(two))
    assert who(again.submissions) == [("1003", "2041", "two")], "and is known from then on"
    assert not again.notes


def test_ids_that_last_are_never_joined_by_a_name() -> None:
    """Canvas has one id for a person in every assignment: another id is somebody else."""
    found = joined([known("501", "Anna Schmidt", "one")], [sent("502", "two", "Anna Schmidt")])
    assert who(found.submissions) == [("502", "", "two")]


TWO = (sent("2041", "two", "Anna Schmidt"), sent("2042", "two", "Anna Schmidt"))


@pytest.mark.parametrize(("there", "here", "people"), [
    ([known("1003", "Anna Schmidt", "one"), known("1007", "Anna Schmidt", "one")], TWO[:1], []),
    ([known("1003", "Anna Schmidt", "one")], TWO, []),
    ([known("1003", "Anna Schmidt", "one")], TWO[:1], [Person(id="2044", name="Anna Schmidt")]),
    ([known("1003", "Anna Schmidt", "two")], TWO[:1], []),
    ([known("1003", "Anna Schmidt", "one")], (*TWO[:1], sent("1003", "two", "Bert Weber")), []),
], ids=["two in the gradebook", "two in the download", "one more without a file",
        "has handed it in under another number", "the known number is here too"])
def test_where_a_name_may_be_two_people_it_is_two(there: list[Known], here: tuple[Submission, ...],
                                                  people: list[Person]) -> None:
    found = joined(there, here, people, passing=moodle(*here))
    numbers = {one.source_id or one.student: one.student for one in found.submissions}
    assert numbers["2041"] == "2041"
    assert any("Anna Schmidt (2041) may be" in note for note in found.notes)


def test_two_assignments_in_one_call_are_joined_too() -> None:
    here = (sent("1003", "one", "Anna Schmidt"), sent("2041", "two", "Anna Schmidt"))
    assert who(joined([], here, passing=moodle(*here)).submissions) == [("1003", "", "one"),
                                                                        ("1003", "2041", "two")]


def test_a_roster_that_comes_later_names_whom_the_gradebook_knows() -> None:
    there = [known("1003", "Anna Schmidt", "one"), known("1004", "Bert Weber", "one"),
             known("1005", "", "one", email="CHI@uni.de")]
    people = [Person(id="m1", name="Anna Schmidt"), Person(id="m2", name="Bert Weber"),
              Person(id="m3", name="Chi", email="chi@uni.de"), Person(id="m4", name="Dora")]
    found = joined(there, [sent("m1", "two", "Anna Schmidt", source_id="2041")], people,
                   roster=frozenset({"m1", "m2", "m3", "m4"}))
    assert who(found.submissions) == [("1003", "2041", "two")]
    assert {one.person.id: (one.on_roster, one.known_as) for one in found.people} == {
        "1003": (True, ("2041", "m1")), "1004": (True, ("m2",)), "1005": (True, ("m3",)), "m4": (True, ())}
    later = joined(found.people, [sent("m2", "three", "Bert Weber")], roster=frozenset({"m2"}))
    assert who(later.submissions) == [("1004", "m2", "three")], "by the roster's id from then on"
    gone = joined(found.people, [], [], roster=frozenset({"m2"}))
    assert [one.person.id for one in gone.people if one.on_roster] == ["1004"]


def test_a_team_s_number_makes_nobody_one_person() -> None:
    team = [sent("m1", "one", "Anna", team="A", source_id="77"), sent("m2", "one", "Bert", team="A",
                                                                      source_id="77")]
    found = joined([known("77", "Team A", "one")], team, passing=frozenset({"77"}))
    again = joined(found.people, team, passing=frozenset({"77"}))
    for each in found, again:
        assert who(each.submissions) == [("m1", "77", "one"), ("m2", "77", "one")]
        assert [one.known_as for one in each.people] == [(), (), ()]


def test_a_number_that_two_assignments_share_is_left_out_with_a_line() -> None:
    here = sent("1003", "two", "Bert Weber")
    found = joined([known("1003", "Anna Schmidt", "one")], [here], passing=moodle(here))
    assert not found.submissions
    assert "1003: left out, this is Bert Weber here and Anna Schmidt in the gradebook" in found.notes[0]
    assert found.people[0].person == ANNA


def test_a_number_of_another_assignment_says_nothing_of_two_who_have_one_name() -> None:
    """Each Anna has the number that the other had before; within one assignment they are told apart."""
    first = [sent("1003", "one", "Anna Schmidt"), sent("1004", "one", "anna_schmidt")]
    second = [sent("1003", "two", "Anna Schmidt"), sent("1004", "two", "anna_schmidt")]
    there = joined([], first, passing=moodle(*first)).people
    found = joined(there, second, passing=moodle(*second))
    assert not found.submissions
    assert [note.partition(",")[0] for note in found.notes] == ["1003: left out", "1004: left out"]
    assert who(joined(there, first, passing=moodle(*first)).submissions) == [("1003", "", "one"),
                                                                             ("1004", "", "one")]
    both = joined(there, [*first, *second], passing=moodle(*first))
    assert len(both.submissions) == 4, "who hands in both exercises of one assignment is one person"
    people = [Person(id="1003", name="Anna Schmidt", email="a@x.de")]
    asked = joined(joined([], first, people, passing=moodle(*first)).people, second[:1], people,
                   passing=moodle(*first))
    assert who(asked.submissions) == [("1003", "", "two")], "an address says it"


def test_within_one_assignment_its_number_decides_and_a_name_does_not() -> None:
    here = sent("1003", "one", "Anna Schmidt")
    found = joined(joined([], [here], passing=moodle(here)).people, [sent("1003", "one", "Anna Weber")],
                   passing=moodle(here))
    assert who(found.submissions) == [("1003", "", "one")]
    assert [one.person.name for one in found.people] == ["Anna Weber"]


def test_a_roster_s_id_that_is_a_number_of_moodle_s_makes_one_person_of_nobody() -> None:
    """Bert's matriculation number is Anna's number in the first assignment."""
    people = [Person(id="1003", name="Bert Weber"), Person(id="2000", name="Anna Schmidt")]
    here = [sent("1003", "one", "Bert Weber", source_id="1004"),
            sent("2000", "one", "Anna Schmidt", source_id="1003")]
    how = {"roster": frozenset({"1003", "2000"}), "passing": frozenset({"1003", "1004"})}
    first = joined([], here, people, **how)
    again = joined(first.people, here, people, **how)
    for found in first, again:
        assert who(found.submissions) == [("1003", "1004", "one"), ("2000", "1003", "one")]
        assert {one.person.id: one.person.name for one in found.people} == {"1003": "Bert Weber",
                                                                            "2000": "Anna Schmidt"}
    alone = [sent("1003", "one", "Anna Schmidt"), sent("1004", "one", "Bert Weber")]
    found = joined(again.people, alone, passing=moodle(*alone))
    assert who(found.submissions) == [("2000", "1003", "one"), ("1003", "1004", "one")]


def test_a_number_is_nobody_else_s_id_on_a_roster_that_comes_later() -> None:
    before = sent("1003", "one", "Anna Schmidt")
    known = joined([], [before], passing=moodle(before)).people
    people = [Person(id="1003", name="Bert Weber"), Person(id="2000", name="Anna Schmidt")]
    here = [sent("1003", "two", "Bert Weber", source_id="2041"), sent("2000", "two", "Anna Schmidt",
                                                                      source_id="2042")]
    found = joined(known, here, people, roster=frozenset({"1003", "2000"}),
                   passing=frozenset({"2041", "2042"}))
    assert who(found.submissions) == [("1003", "2042", "two")]
    assert "1003: left out, this is Bert Weber here and Anna Schmidt in the gradebook" in found.notes[0]


def test_what_came_under_a_number_comes_to_the_same_person_again() -> None:
    """Two downloads that could not be told to be one person's, and a call that takes both."""
    one, two = sent("1003", "one", "Anna"), sent("2041", "two", "Anna")
    known = joined([], [one], passing=moodle(one)).people
    other = joined(known, [two], [Person(id="2042", name="Anna")], passing=moodle(two))
    assert who(other.submissions) == [("2041", "", "two")]
    both = [one, structs.replace(two, student="1003", source_id="2041")]
    found = joined(other.people, both, passing=frozenset({"1003", "2041"}))
    assert who(found.submissions) == [("1003", "", "one"), ("2041", "", "two")]


@pytest.mark.parametrize(("there", "here", "roster"), [
    (known("2000", "Anna", "one", known_as=("1003",)), sent("1003", "two", "Bert"), None),
    (known("1003", "Anna", "one"), sent("2000", "two", "Bert", source_id="1003"), None),
    (known("1003", "Anna", "one", on_roster=True), sent("2000", "two", "Anna", source_id="1003"),
     frozenset({"1003", "2000"})),
    (known("1003", "Anna", "one", on_roster=True), sent("2000", "two", "Anna"), frozenset({"2000"})),
    (known("1003", "Anna", "two", known_as=("2000",)), sent("2000", "two", "Anna"), None),
], ids=["an alias", "a number that comes with it", "two of the roster", "two rosters", "both are here"])
def test_ids_that_agree_by_chance_make_nobody_one_person(there: Known, here: Submission,
                                                         roster: frozenset[str] | None) -> None:
    others = [sent("1003", "two", "Anna")] if "2000" in there.known_as else []
    found = joined([there], [*others, here], roster=roster)
    assert who(found.submissions)[-1][0] == here.student
    assert {one.person.id for one in found.people} == {there.person.id, here.student}


def test_numbers_that_contradict_an_earlier_download_are_wholly_somebody_else() -> None:
    before = sent("0", "one", "Anna"), sent("5", "two", "Anna")
    known = joined([], before, passing=moodle(*before)).people
    assert [one.person.id for one in known] == ["0"]
    here = sent("0", "one"), sent("5", "one"), sent("5", "two")
    found = joined(known, here, passing=moodle(*here))
    assert who(found.submissions) == [("0", "", "one"), ("5", "", "one"), ("5", "", "two")]
    assert "5: Anna has handed in the same exercise in this download, so this is somebody else" in found.notes


def test_who_handed_in_nothing_and_is_on_no_roster_is_not_kept() -> None:
    assert not joined([], [], [ANNA]).people


NAMES = st.sampled_from(["", "Anna", "anna", "Bert", "Çi", unicodedata.normalize("NFD", "Çi")])
IDS = st.sampled_from([f"{number}" for number in range(8)])
EXERCISES = st.sampled_from(["one", "two", "three"])


@st.composite
def downloads(draw: st.DrawFn) -> tuple[list[AnySubmission], frozenset[str]]:
    """Whose id is whose name is settled within one download; each exercise is handed in once."""
    names = draw(st.dictionaries(IDS, NAMES, max_size=6))
    made: list[AnySubmission] = []
    for id, name in names.items():
        for exercise in draw(st.sets(EXERCISES, max_size=2)):
            one = sent(id, exercise, name)
            made.append(one if draw(st.booleans()) else Unreadable(
                student=id, name=name, exercise=exercise, path="p", sha256="", reason="why"))
    return made, frozenset(draw(st.sets(IDS)))


@given(st.lists(downloads(), max_size=4), st.randoms())
def test_nothing_is_lost_and_nothing_mixed(all_downloads: list[tuple[list[AnySubmission], frozenset[str]]],
                                           random: Any) -> None:
    people: tuple[Known, ...] = ()
    for submissions, passing in all_downloads:
        found = joined(people, submissions, passing=passing)
        came = {(one.source_id or one.student, one.exercise): one.student for one in found.submissions}
        for one in submissions:  # everything ends at a person, or in a line that says so
            assert (one.student, one.exercise) in came or any(
                note.startswith(f"{one.student}: left out") for note in found.notes)
        assert len({(s.student, s.exercise) for s in found.submissions}) == len(found.submissions)
        ids = {id for (id, _) in came}
        for id in ids:  # one id is one person throughout a download
            assert len({student for (mine, _), student in came.items() if mine == id}) == 1
        shuffled = [*submissions]
        random.shuffle(shuffled)
        other = joined(people, shuffled, passing=passing)
        assert who_set(other.submissions) == who_set(found.submissions)
        again = joined(found.people, submissions, passing=passing)
        assert who_set(again.submissions) >= who_set(found.submissions), "the same download says the same"
        assert [one.person.id for one in again.people] == [one.person.id for one in found.people]
        for person in found.people:  # one id, one person
            assert sum(person.person.id == one.person.id for one in found.people) == 1
        people = found.people


def who_set(submissions: Sequence[AnySubmission]) -> set[tuple[str, str, str]]:
    return {(one.student, one.source_id, one.exercise) for one in submissions}


@given(st.lists(downloads(), max_size=3))
def test_whoever_is_joined_by_a_name_has_it(
        all_downloads: list[tuple[list[AnySubmission], frozenset[str]]]) -> None:
    people: tuple[Known, ...] = ()
    for submissions, passing in all_downloads:
        before = {alias: one for one in people for alias in one.ids}
        found = joined(people, submissions, passing=passing)
        names = {one.person.id: one.person.name for one in found.people}
        for one in found.submissions:
            if one.source_id and one.source_id not in before:
                assert one.name
                assert folded_name(one.name) == folded_name(names[one.student])
                assert one.source_id in passing
        people = found.people


COURSE = ("one", "two", "three")


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]], list[tuple[str, list[int], bool]]]:
    """Four people's names; their numbers in each assignment, some of which are ids of the roster's; and the
    downloads: of which assignment, who is in it, and whether a roster comes with it."""
    names = draw(st.lists(st.sampled_from(["Anna", "Bert", "Chi", "Dora", "Eve"]), min_size=4, max_size=4))
    first = draw(st.sampled_from([0, 4]))
    numbers = draw(st.permutations([f"{first + number}" for number in range(12)]))
    mine = {exercise: numbers[4 * at: 4 * at + 4] for at, exercise in enumerate(COURSE)}
    return names, mine, draw(st.lists(st.tuples(
        st.sampled_from(COURSE), st.lists(st.integers(0, 3), unique=True), st.booleans()), max_size=5))


@given(courses())
def test_over_a_course_a_mark_ends_at_its_person_or_in_a_line(
        course: tuple[list[str], dict[str, list[str]], list[tuple[str, list[int], bool]]]) -> None:
    names, numbers, sequence = course
    everybody = [Person(id=f"{at}", name=name) for at, name in enumerate(names)]   # as the roster has them
    people: tuple[Known, ...] = ()
    ended: dict[str, set[int]] = {}
    left = False
    for exercise, present, rostered in sequence:
        mine = numbers[exercise]
        here = [sent(f"{at}" if rostered else mine[at], exercise, names[at],
                     source_id=mine[at] if rostered and mine[at] != f"{at}" else "") for at in present]
        found = joined(people, here, everybody if rostered else [], passing=frozenset(mine),
                       roster=frozenset("0123") if rostered else None)
        came = {one.source_id or one.student: one.student for one in found.submissions}
        for at, one in zip(present, here, strict=True):
            student = came.get(one.source_id or one.student)
            if student is None:
                left = True
                assert any(note.startswith(f"{one.student}: left out") for note in found.notes)
            else:
                ended.setdefault(student, set()).add(at)
        assert len(came) == len(found.submissions)
        people = found.people
    for mixed in ended.values():  # what nobody can tell apart has one name, and a note said so
        assert len({names[at] for at in mixed}) == 1
    if len(set(names)) == 4 and all({*"0123"}.isdisjoint(mine) for mine in numbers.values()):
        assert not left
        assert len(ended) == len(set().union(*ended.values())), "nobody is two students"


def test_a_submission_keeps_all_else() -> None:
    one = sent("2041", "two", "Anna Schmidt", attempt=2, late=True)
    (found,) = joined([known("1003", "Anna Schmidt", "one")], [one], passing=moodle(one)).submissions
    assert found == structs.replace(one, student="1003", source_id="2041")
