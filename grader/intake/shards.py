"""A class in parts: who is graded in which shard. Pure: the same listing gives the same parts everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from grader.records import AnySubmission, Submission


def parts(submissions: Sequence[AnySubmission], everybody: Iterable[str], of: int) -> list[frozenset[str]]:
    """The people of each shard: everybody is in exactly one, also who handed in nothing.

    A person's submissions stay together, and so do people who ever handed in as a team, so that what a team
    handed in is executed once. Who has most to execute is dealt out first: two shards differ by no more than
    one such group has.

    Args:
        everybody: the ids of all people.
        of: how many shards there are.
    """
    leader = _leaders(submissions, everybody)
    members, work = defaultdict[str, set[str]](set), defaultdict[str, set[tuple[str, str]]](set)
    for student, first in leader.items():
        members[first].add(student)
    for one in submissions:
        if isinstance(one, Submission):
            work[leader[one.student]].add((one.exercise, one.team or one.student))
    dealt = sorted(members, key=lambda first: (-len(work[first]), first))
    return [frozenset[str]().union(*(members[first] for first in dealt[number::of]))
            for number in range(of)]


def _leaders(submissions: Iterable[AnySubmission], everybody: Iterable[str]) -> dict[str, str]:
    """By id: the first of all who hang together with somebody by the teams they were in."""
    above = {one: one for one in everybody}

    def first(one: str) -> str:
        while above[one] != one:
            above[one] = one = above[above[one]]
        return one

    team: dict[str, str] = {}      # its name -> one of it
    for one in submissions:
        above.setdefault(one.student, one.student)
        if one.team:
            mine, theirs = first(one.student), first(team.setdefault(one.team, one.student))
            above[max(mine, theirs)] = min(mine, theirs)
    return {one: first(one) for one in above}
