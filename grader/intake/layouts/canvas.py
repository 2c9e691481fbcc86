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

# lib/content_zipper.rb; older versions wrote all in small letters. What looks like Moodle's is Moodle's.
FILE = (r"(?:(?P<attachment>[0-9]{1,20})_(?P<file>(?!assign(?:submission|feedback)_).+)"
        r"|(?P<online>(?:text|link)\.html))$")
LIKE = "<name>_<user>_<attachment>_<notebook>.ipynb"
AS = re.IGNORECASE | re.DOTALL
NAMED = re.compile(r"^(?:(?P<word>[^\s.]*?)_)?(?P<late>late_)?(?P<user>[0-9]{1,20})_" + FILE, AS)
# a name may end in a number itself: "test_2" of user 501 is "test_2_501_90001_he_init.ipynb"
NUMBERED = re.compile(r"^(?P<word>(?:[^\s.]*?_)?[0-9]{1,20})_(?P<late>late_)?(?P<user>[0-9]{1,20})_" + FILE,
                      AS)
ANONYMOUS = re.compile(r"^(?P<late>late_)?anon_(?P<user>[A-Za-z0-9]+)_" + FILE, AS)
RESUBMITTED = re.compile(r"^(?P<stem>.+)-(?P<again>[0-9]{1,2})(?P<suffix>\.ipynb\.\w+|\.tar\.\w+|\.[^.]*)?$",
                         re.DOTALL | re.IGNORECASE)
MOST_OTHERS = 3           # submissions for each notebook that is called otherwise, or it is not Canvas's
WORD = {"L", "M"}         # Unicode's letters and marks; with digits and "_" what Ruby calls [[:word:]]


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
        tops = _tops(tree)
        named = _all_named(tops)
        others = sum(is_notebook(top) for top in tops - set(named))
        return (0 < len(tops) <= 2 * len(named) and MOST_OTHERS * others <= len(named)
                and not _claimed_twice(named.values()))

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


def users(tree: Tree) -> int:
    """How many people it is of, were it Canvas's."""
    return len({each.user for each in _all_named(_tops(tree)).values()})


def _tops(tree: Tree) -> set[str]:
    return {entry.parts[0] for entry in entries(tree)} | {parts[0] for parts in hollow(tree)}


def _all_named(tops: Iterable[str]) -> dict[str, _Named]:
    """Who each is of, where that is sure: the others tell how long users' and attachments' numbers are."""
    candidates = {top: found for top in tops if (found := _candidates(top))}
    sure = {top: found[0] for top, found in candidates.items() if len(found) == 1}
    lengths = {(len(each.user), len(each.attachment)) for each in sure.values() if each.user.isdigit()}
    for top, found in candidates.items():
        alike = [each for each in found if (len(each.user), len(each.attachment)) in lengths]
        if len(found) > 1 and len(alike) == 1:
            sure[top] = alike[0]
    return sure


def _candidates(top: str) -> list[_Named]:
    """Who it may be of: one, where its name has only two numbers in a row."""
    if (found := ANONYMOUS.match(top)):
        return [_taken(found, word="", user=f"anon_{found['user']}")]
    found = NAMED.match(top)
    if found is None or not all(map(_in_a_word, found["word"] or "")):
        return []
    second = NUMBERED.match(top)
    if second is None or second.start("user") != found.start("attachment"):
        return [_taken(found, word=found["word"] or "", user=found["user"])]
    both = [_taken(each, word=each["word"] or "", user=each["user"]) for each in (found, second)]
    # Canvas has more attachments than users, and counts both from 1.
    likely = [each for each in both if not each.attachment or int(each.attachment) > int(each.user)]
    return likely or both


def _taken(found: re.Match[str], *, word: str, user: str) -> _Named:
    return _Named(word=word, user=user, attachment=found["attachment"] or "", late=bool(found["late"]),
                  file=found["file"] or found["online"])


def _in_a_word(letter: str) -> bool:
    category = unicodedata.category(letter)
    return category[0] in WORD or category in {"Nd", "Pc"}


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
