"""Canvas's "Download submissions" for the class, in each of its forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.lms.classes import CLASS, EXERCISE, Due, How, Member, canvas_name, due, handed_in
from tests.lms.laying import Laid, on_disk, zipped

ZIP = "he_init_submissions.zip"
LINK = b'<html><body>This submission was a url: <a href="https://example.org/nb">x</a></body></html>'
TYPED = b"<html><body><p>Please see my e-mail.</p></body></html>"


def attachment(one: Member, at: int) -> int:
    """An attachment's number. Somebody's first has the number of another person."""
    return CLASS[3].canvas if (one.at, at) == (9, 0) else 90001 + 40 * one.at + at


def anonymous_id(one: Member) -> str:
    """Five letters and digits; some are digits alone, as numbers of people are."""
    return str(50000 + one.at) if one.at % 7 == 0 else f"k{one.at:02}Xz"


def _entries(stem: Callable[[Member], str]) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for one in CLASS:
        if one.how is How.ONLINE:
            found[f"{stem(one)}_text.html"] = TYPED
        if one.how is How.PY:
            found[f"{stem(one)}_link.html"] = LINK
        for at, (name, content) in enumerate(_files(one).items()):
            found[f"{stem(one)}_{attachment(one, at)}_{name}"] = content
    return found


def _files(one: Member) -> dict[str, bytes]:
    """Canvas takes files, and no folders; a second attempt gets a number of its own."""
    files = handed_in(one)
    if one.how is How.AGAIN:
        return {f"{EXERCISE}-1.ipynb": files[f"{EXERCISE}.ipynb"]}
    return {name.rpartition("/")[2]: content for name, content in files.items()
            if not name.startswith((".", "__MACOSX"))}


def _named(one: Member, late: str = "LATE") -> str:
    marked = f"_{late}" if one.how is How.LATE else ""
    return f"{canvas_name(one.sortable)}{marked}_{one.canvas}"


def _due() -> tuple[Due, ...]:
    return tuple(due(one, str(one.canvas), silent=one.how is How.EMPTY) for one in CLASS)


def archive(root: Path) -> Laid:
    return Laid(sources=(zipped(root / ZIP, _entries(_named)),), due=_due(), sheet="canvas")


def folder(root: Path) -> Laid:
    """Unpacked, from an older Canvas, which wrote all in small letters."""
    found = _entries(lambda one: _named(one, "late"))
    return Laid(sources=(on_disk(root / "submissions", found),), due=_due(), sheet="canvas")


def all_late(root: Path) -> Laid:
    found = _entries(lambda one: f"{canvas_name(one.sortable)}_LATE_{one.canvas}")
    return Laid(sources=(zipped(root / ZIP, found),), due=_due(), sheet="canvas")


def anonymous(root: Path) -> Laid:
    found = _entries(lambda one: f"{'LATE_' if one.how is How.LATE else ''}anon_{anonymous_id(one)}")
    return Laid(sources=(zipped(root / ZIP, found),), blind=True,
                due=tuple(due(one, anonymous_id(one), f"anon_{anonymous_id(one)}",
                              silent=one.how is How.EMPTY) for one in CLASS))


def resubmitted(root: Path) -> Laid:
    """Everybody's file has been handed in three times; only the last is there."""
    found: dict[str, bytes | None] = {}
    for name, content in _entries(_named).items():
        stem, dot, end = name.rpartition(".")
        found[name if stem.endswith(("_text", "_link")) else f"{stem}-2{dot}{end}"] = content
    # what was called he_init.ipynb.txt says less of itself as he_init.ipynb-2.txt
    odd = {one.login for one in CLASS if one.how in (How.TXT, How.JSON)}
    return Laid(sources=(zipped(root / ZIP, found),), sheet="canvas",
                due=tuple(replace(one, lenient=one.lenient or one.login in odd) for one in _due()))


LAYOUTS: dict[str, Callable[[Path], Laid]] = {
    "canvas-zip": archive, "canvas-folder": folder, "canvas-late": all_late, "canvas-anonymous": anonymous,
    "canvas-resubmitted": resubmitted}
