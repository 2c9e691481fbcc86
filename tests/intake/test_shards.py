"""Who is graded in which shard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.intake.shards import parts
from grader.records import AnySubmission, Submission, Unreadable

PEOPLE = [f"p{number}" for number in range(12)]
TEAMS = st.sampled_from(["", "", "red", "blue", "green"])


def sent(student: str, exercise: str = "he_init", team: str = "") -> Submission:
    return Submission(student=student, exercise=exercise, path=f"{team or student}/{exercise}.ipynb",
                      sha256="a", notebook="{}", team=team)


SENT = st.lists(st.builds(sent, st.sampled_from(PEOPLE), st.sampled_from(["one", "two"]), TEAMS), max_size=20)


@given(SENT, st.integers(1, 6), st.randoms())
def test_everybody_is_in_one_shard_with_their_team_whatever_the_order(
        submissions: list[AnySubmission], of: int, shuffled: object) -> None:
    found = parts(submissions, PEOPLE, of)
    assert len(found) == of
    assert sorted(one for part in found for one in part) == sorted(PEOPLE)
    where = {one: number for number, part in enumerate(found) for one in part}
    for team in "red", "blue", "green":
        assert len({where[one.student] for one in submissions if one.team == team}) <= 1
    again = [*submissions]
    shuffled.shuffle(again)  # type: ignore[attr-defined]
    assert parts(again, reversed(PEOPLE), of) == found


def test_shards_are_about_equal_and_who_handed_in_nothing_weighs_nothing() -> None:
    people = [f"p{number:03}" for number in range(300)]
    submissions = [sent(one) for one in people[::3]]
    handed_in = {one.student for one in submissions}
    assert sorted(len(part & handed_in) for part in parts(submissions, people, 7)) == [14] * 5 + [15] * 2


def test_a_team_weighs_as_much_as_one_person() -> None:
    team = [sent(f"t{number}", team="red") for number in range(6)]
    alone = [sent(f"a{number}") for number in range(5)]
    found = parts([*team, *alone], [], 3)
    assert sorted(len(part) for part in found) == [2, 2, 7]


def test_what_is_not_executed_weighs_nothing() -> None:
    broken = [Unreadable(student=f"b{number}", exercise="he_init", path="x", sha256="a", reason="no notebook")
              for number in range(6)]
    assert {len(part) for part in parts([*broken, sent("c1"), sent("c2")], [], 2)} == {4}


def test_more_shards_than_people_leave_some_empty() -> None:
    assert [len(part) for part in parts([sent("ada")], ["ada", "bo"], 4)] == [1, 1, 0, 0]
