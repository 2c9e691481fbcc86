"""A class of thirty: who they are, what each hands in, and which mark that must give.

Each notebook returns a number of its own, and its mark follows from that number. So a mark tells which file
it was given for, and the truth is known here, without a line of the code under test.
"""

from __future__ import annotations

import enum
import io
import os
import re
import unicodedata
import zipfile
from dataclasses import dataclass

from tests.notebooks import notebook

EXERCISE, SECOND = "he_init", "norms"
FULL = 127.5
HEAD = b"%PDF-1.7\n"
SHADOW = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "   # what macOS puts beside each file


class How(enum.Enum):
    """What somebody hands in."""

    PLAIN = "he_init.ipynb"
    LATE = "the same, late"
    AGAIN = "an old attempt in a folder, and the new one"
    JUNK = "beside an empty notebook, an old one, and what desktops leave"
    COPY = "he_init (1).ipynb"
    COPY2 = "he_init-Copy2.ipynb"
    KOPIE = "Kopie von he_init.ipynb"
    DEEP = "work/he_init.ipynb, with a data set"
    METADATA = "homework.ipynb, which says itself what it is, beside one that does not"
    GUESS = "Blatt 3.ipynb, which says nothing"
    UPPER = "he_init.IPYNB"
    TXT = "he_init.ipynb.txt"
    JSON = "he_init.ipynb.json"
    ZIP = "work.zip with the notebook"
    SAME = "the same file twice"
    TWICE = "two notebooks that both claim to be it"
    PDF = "report.pdf"
    PY = "he_init.py"
    HTML = "he_init.html"
    ONLINE = "text typed into the LMS"
    EMPTY = "an empty folder"
    CLOSED = "a folder that nobody may open"


NO_NOTEBOOK = {How.PDF, How.PY, How.HTML, How.ONLINE, How.EMPTY}
NO_MARK = {*NO_NOTEBOOK, How.TWICE}


@dataclass(frozen=True, kw_only=True)
class Member:
    """One of the class."""

    at: int                  # place in the list, from 0
    login: str
    name: str
    how: How
    moodle: int              # the participant's number in the first assignment
    canvas: int
    group: str
    folder: str              # their folder's name in a plain layout: nobody else's

    @property
    def email(self) -> str:
        return f"{self.login}@uni.example"

    @property
    def sortable(self) -> str:
        """"Müller, Jörg", as Canvas sorts people."""
        first, _, last = self.name.rpartition(" ")
        return f"{last}, {first}" if first and "," not in self.name else self.name


@dataclass(frozen=True, kw_only=True)
class Due:
    """What must be said of whoever handed something in."""

    ids: tuple[str, ...]     # the id that they must have, or one of these
    login: str = ""          # who of the class that is; "" for a team
    name: str = ""
    token: int | None        # None: no mark, and a line that names them
    lenient: bool = False    # or no mark, and a line that names them
    silent: bool = False     # nothing in the source speaks of them: no line is due
    zero: bool = False       # they handed in something, and no notebook: 0 is a mark for that

    def named_in(self, text: str) -> bool:
        """Does a line name them?"""
        return any(word in text for word in (*self.ids, self.name) if word)

    def right(self, mark: float | None) -> bool:
        """Is this a mark that they may have? None is no mark, which is nobody else's."""
        if mark is None:
            return True
        return mark == points(self.token) if self.token is not None else self.zero and mark == 0


_PEOPLE = (
    ("jmueller", "Jörg Müller", How.PLAIN),
    ("zang", "Zoë Ångström", How.PLAIN),               # her folder's name is decomposed, as macOS writes it
    ("sobrien", "Sinéad O'Brien", How.COPY),
    ("nino", "Nino D’Amico", How.GUESS),
    ("mohamed", "محمد علي", How.PLAIN),
    ("xiaoming", "王小明", How.ZIP),
    ("jsmith", "Smith, John", How.PLAIN),
    ("eve", "=1+1 Eve", How.JUNK),
    ("aschmidt", "Anna Schmidt", How.PLAIN),
    ("aschmidt2", "Anna Schmidt", How.LATE),
    ("jweiss", "Jonas Weiß", How.PLAIN),               # case folded, these two are one
    ("jweiss2", "Jonas Weiss", How.AGAIN),
    ("icelik", "İpek Çelik", How.COPY2),
    ("jeanluc", "Jean_Luc Pic", How.KOPIE),
    ("bjorn", "Björn", How.METADATA),
    ("ada", "Ada Lind-Koch", How.DEEP),
    ("jan", "Jan van der Berg", How.UPPER),
    ("olafur", "Ólafur 7", How.TXT),
    ("ewald", "Mary Ann Ewald", How.JSON),
    ("cruz", "Ana María de la Cruz", How.TWICE),
    ("liwei", "Li Wei", How.SAME),
    ("weili", "Wei Li", How.PDF),
    ("tom", "Tom Rind", How.PY),
    ("uma", "Uma Thal", How.HTML),
    ("vera", "Vera Drey", How.ONLINE),
    ("wim", "Wim Leer", How.EMPTY),
    ("xenia", "Xenia Zu", How.CLOSED),
    ("yara", "@Yara Ø", How.PLAIN),
    ("heinit", "He Init", How.PLAIN),                  # called as the exercise is
    ("gus", "Gus Graf", How.PLAIN),                    # his number is the number of a team
)
TEAMS = ("Team A", "Team B", "Anna Schmidt", "Gruppe Ü", "Team_5", "Team F", "小组", "Team H", "Team, I",
         "He Init")


def _member(at: int) -> Member:
    login, name, how = _PEOPLE[at]
    return Member(at=at, login=login, name=name, how=how, moodle=1001 + at * 7 % 30,
                  canvas=501 + at * 11 % 30, group=TEAMS[at % 10],
                  folder="Anna Schmidt B" if login == "aschmidt2" else name)


CLASS = tuple(_member(at) for at in range(len(_PEOPLE)))
BY_LOGIN = {one.login: one for one in CLASS}


def team_id(team: str) -> int:
    """A team's number. That of Gus's neighbours is Gus's own number as a participant."""
    return BY_LOGIN["gus"].moodle if team == "Team F" else 41 + TEAMS.index(team)


# --- tokens ------------------------------------------------------------------------------------------


def token(at: int, *, exercise: str = EXERCISE, kind: str = "main") -> int:
    """The number in a file of one person: no two files of a class have the same."""
    if exercise == SECOND:
        return 41 + at
    return {"main": 1, "old": 81, "junk": 111, "new": 161, "team": 201, "other": 220}[kind] + at


def points(number: int) -> float:
    """The mark that a notebook with this number must have."""
    return number / 2


def written(number: int, exercise: str = "") -> bytes:
    """The notebook that returns a number; it says what exercise it is only where one is named."""
    source = f"# token-{number:03}\ndef token():\n    return {number}"
    return (notebook(source, grader={"exercise": exercise}) if exercise else notebook(source)).encode()


# --- what each hands in ------------------------------------------------------------------------------


def handed_in(one: Member, exercise: str = EXERCISE) -> dict[str, bytes]:
    """The files of one person, by their names below what is theirs."""
    main = written(token(one.at, exercise=exercise))
    old, junk = written(token(one.at, kind="old")), written(token(one.at, kind="junk"))
    name = f"{exercise}.ipynb"
    match one.how:
        case How.AGAIN:
            return {f"versuch 1/{name}": old, name: main}
        case How.JUNK:
            return {"Untitled.ipynb": junk, f"{exercise}_old.ipynb": old, name: main, "README.txt": b"Hello",
                    ".DS_Store": b"\0\0\0\1Bud1", "desktop.ini": b"[.ShellClassInfo]",
                    f"__MACOSX/._{name}": SHADOW, f".ipynb_checkpoints/{exercise}-checkpoint.ipynb": old}
        case How.DEEP:
            return {f"work/{name}": main, "work/data/points.csv": b"x,y\n1,2\n"}
        case How.METADATA:
            said = written(token(one.at, exercise=exercise), exercise)
            return {"homework.ipynb": said, "notes.ipynb": junk}
        case How.ZIP:
            return {"work.zip": packed({f"work/{name}": main, f"__MACOSX/work/._{name}": SHADOW})}
        case How.SAME:
            return {name: main, f"{exercise} (1).ipynb": main}
        case How.TWICE:
            return {name: main, f"{exercise} (1).ipynb": old}
        case How.ONLINE | How.EMPTY:
            return {}
    alone = {How.COPY: f"{exercise} (1).ipynb", How.COPY2: f"{exercise}-Copy2.ipynb",
             How.KOPIE: f"Kopie von {exercise}.ipynb", How.GUESS: "Blatt 3.ipynb",
             How.UPPER: f"{exercise}.IPYNB", How.TXT: f"{name}.txt", How.JSON: f"{name}.json"}
    no_notebook = {How.PDF: ("report.pdf", HEAD), How.PY: (f"{exercise}.py", b"def token(): return 99\n"),
                   How.HTML: (f"{exercise}.html", b"<html>token() = 99</html>")}
    if one.how in no_notebook:
        return dict([no_notebook[one.how]])
    return {alone.get(one.how, name): main}


def due(one: Member, *ids: str, name: str = "", exercise: str = EXERCISE, silent: bool = False) -> Due:
    """What must be said of one of the class, in a layout that calls them so."""
    marked = None if one.how in NO_MARK else token(one.at, exercise=exercise)
    return Due(ids=ids, login=one.login, name=name, token=marked, silent=silent and marked is None,
               zero=one.how in NO_NOTEBOOK - {How.EMPTY},
               lenient=one.how is How.CLOSED and os.geteuid() != 0)


def packed(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 18, 3, 0)), data)
    return content.getvalue()


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def moodle_name(name: str) -> str:
    """A full name as Moodle's file names have it: "_" is a space, and some signs are left out."""
    return re.sub(r"[\x00-\x1f&<>\"`|':\\/]", "", name.replace("_", " "))


def canvas_name(sortable: str) -> str:
    return re.sub(r"[^\w]", "", sortable.lower())
