"""Canvas's "Download Submissions": `mullerjorg_LATE_501_90001_he_init.ipynb`, all in one folder."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from grader.intake.called import called, is_notebook, stem
from grader.intake.handed import Reading, Tree
from grader.intake.layouts.entries import Parts, Theirs, entries, hollow, reading
from grader.records import Person

LIKE = "<name>_<user>_<attachment>_<notebook>.ipynb"
# lib/content_zipper.rb; older versions wrote all in small letters. Names and files may hold such numbers too:
# "test_2" of user 501 is "test_2_501_90001_he_init.ipynb". No number of Canvas's begins with 0.
FILE = r"(?:(?P<attachment>[1-9][0-9]{0,19})_(?P<file>.+)|(?P<online>(?:text|link)\.html))\Z"
AS = re.IGNORECASE | re.DOTALL
NUMBERED = re.compile(r"(?<![^_])(?P<user>[1-9][0-9]{0,19})_" + FILE, AS)
LATE = re.compile(r"(?:^|_)(?P<late>late_)?\Z", re.IGNORECASE)
MOODLES = re.compile(r"[^_]*_[0-9]+_assign(?:submission|feedback)_")     # whose names have no "_"
ANONYMOUS = re.compile(r"^(?P<late>late_)?anon_(?P<user>[A-Za-z0-9]+)_" + FILE, AS)
RESUBMITTED = re.compile(r"^(?P<stem>.+)-(?P<again>[0-9]{1,2})(?P<suffix>\.ipynb\.\w+|\.tar\.\w+|\.[^.]*)?$",
                         re.DOTALL | re.IGNORECASE)
MOST_OTHERS = 3           # submissions for each notebook that is called otherwise, or it is not Canvas's
ELSEWHERE = 10 ** 13      # what comes from another part of Canvas has numbers from here on, larger than all
FACTOR = 10               # between the attachments' numbers of one assignment, at most: it is one term's


@dataclass(frozen=True, kw_only=True)
class _Named:
    """A path's first part, taken apart."""

    word: str             # the name without its spaces, in small letters: none to print or compare
    user: str
    attachment: str       # "" for what was typed in
    file: str
    late: bool


class Canvas:
    name = "canvas"

    def fits(self, tree: Tree) -> bool:
        """Where a person's files are doubtful, the others' still tell; each person counts once."""
        tops = _tops(tree)
        people, sure = _alike(tops), _all_named(tops)
        doubtful = _claimed_twice(sure.values())
        clear = {people[top] for top, each in sure.items() if each.user not in doubtful}
        others = tops - set(people)
        every = set(people.values())
        return (len(others) <= len(people) and 0 < len(every) <= 2 * len(clear)
                and MOST_OTHERS * sum(map(is_notebook, others)) <= len(people))

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:
        named = _all_named(_tops(tree))
        doubtful = _claimed_twice(named.values())
        files, known = {(each.user, each.file) for each in named.values()}, tuple(exercises)

        def whose(parts: Parts) -> Theirs | str:
            each = named.get(parts[0])
            if each is None:
                return ("more than one of the numbers in its name may be the user's" if _candidates(parts[0])
                        else "Canvas's download does not call it so")
            if each.user in doubtful:
                return f"by its name, {each.user} would be several people"
            file, attempt = _attempt(each, files, known)
            return Theirs(person=Person(id=each.user), name="/".join((file, *parts[1:])), attempt=attempt,
                          late=each.late, online=not each.attachment)

        blind = bool(named) and all(each.user.startswith("anon_") for each in named.values())
        return reading("Canvas", LIKE, tree, whose, blind=blind)


def looks(tree: Tree) -> bool:
    """Is everything in it called as Canvas calls files, though nothing may tell whose they are?"""
    tops = _tops(tree)
    return len(set(_alike(tops).values())) > 1 and tops == set(_alike(tops))


def _tops(tree: Tree) -> set[str]:
    return {entry.parts[0] for entry in entries(tree)} | {parts[0] for parts in hollow(tree)}


def _alike(tops: Iterable[str]) -> dict[str, tuple[str, str]]:
    """What is called as Canvas does it, and what all files of one person have in common: how they begin."""
    return {top: (found[0].word, found[0].user) for top in tops if (found := _candidates(top))}


def _all_named(tops: Iterable[str]) -> dict[str, _Named]:
    """Who each is of, where that is sure: the others tell how large attachments' numbers are."""
    candidates = {top: found for top in tops if (found := _candidates(top))}
    known = [int(found[0].attachment) for found in candidates.values()
             if len(found) == 1 and found[0].attachment and int(found[0].attachment) < ELSEWHERE]
    alike = {top: [each for each in found if len(found) == 1 or _may_be(each, known)]
             for top, found in candidates.items()}
    return {top: found[0] for top, found in alike.items() if len(found) == 1}


def _may_be(each: _Named, known: list[int]) -> bool:
    """Could it be so, beside the attachments that are sure?

    Only what is far from all of them is ruled out: a name may hold another user's numbers. Users' own numbers
    say nothing, since some are much older than others.
    """
    user, attachment = int(each.user), int(each.attachment or 0)
    if not known or not attachment or max(user, attachment) >= ELSEWHERE:
        return True
    return min(known) <= FACTOR * attachment and attachment <= FACTOR * max(known)


def _candidates(top: str) -> list[_Named]:
    """Who it may be of, in the order in which the name has their numbers."""
    if (found := ANONYMOUS.match(top)):
        return [_taken(found, word="", user=f"anon_{found['user']}", late=bool(found["late"]))]
    every, start = list[_Named](), 0
    while not MOODLES.match(top) and (number := NUMBERED.search(top, start)):
        start = number.end("user")
        before = LATE.search(top[:number.start()])
        word = top[:before.start()] if before else ""
        if not all(map(_in_a_word, word)):
            break
        every.append(_taken(number, word=word, user=number["user"], late=bool(before and before["late"])))
    return every


def _taken(found: re.Match[str], *, word: str, user: str, late: bool) -> _Named:
    return _Named(word=word, user=user, attachment=found["attachment"] or "", late=late,
                  file=found["file"] or found["online"])


def _in_a_word(letter: str) -> bool:
    """May Ruby's [[:word:]] have it? What is in doubt may be there: a name must not hide its own end."""
    if letter.isascii():
        return letter.isalnum() or letter == "_"
    category = unicodedata.category(letter)
    return category == "Pc" or category[0] not in "PZ"


def _claimed_twice(named: Iterable[_Named]) -> set[str]:
    """Numbers that would be two people: a user with two names, an attachment of two users."""
    words, users = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for each in named:
        words[each.user].add(each.word.casefold())
        if each.attachment:
            users[each.attachment].add(each.user)
    return {user for user, known in words.items() if len(known) > 1} | {
        user for several in users.values() if len(several) > 1 for user in several}


def _attempt(each: _Named, files: set[tuple[str, str]], exercises: tuple[str, ...]) -> tuple[str, int]:
    """The file's name and which attempt it is: Canvas puts "-1" behind a name that it has already.

    A number is a name's own ("sheet-1") unless the name without it is an exercise's, or a file of theirs.
    """
    found = RESUBMITTED.match(each.file)
    if not each.attachment or found is None or stem(each.file) in exercises:
        return each.file, 0
    before = found["stem"] + (found["suffix"] or "")
    if called(before, exercises).exercise or (each.user, before) in files:
        return before, int(found["again"]) + 1
    return each.file, 0
