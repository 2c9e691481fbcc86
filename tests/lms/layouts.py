"""Every layout in which a class's work may come, and what must become of it.

Each function writes the class of `classes.py` in one layout below a folder, and returns where it lies and the
truth about it.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from tests.lms import canvas, moodle
from tests.lms.classes import (
    CLASS,
    EXERCISE,
    NO_NOTEBOOK,
    Due,
    How,
    Member,
    due,
    handed_in,
    nfd,
    packed,
    token,
    written,
)
from tests.lms.laying import Laid, below, on_disk, tarred, zipped


def _folder(one: Member) -> str:
    return nfd(one.folder) if one.login == "zang" else one.folder


def _nested(prefix: str = "") -> dict[str, bytes | None]:
    return {path: content for one in CLASS
            for path, content in below(f"{prefix}{_folder(one)}", handed_in(one)).items()}


def _by_folder() -> tuple[Due, ...]:
    """A folder called like the exercise may be a person's, or hold people's folders: nobody can tell."""
    return tuple(replace(due(one, one.folder), lenient=one.login == "heinit" or due(one).lenient)
                 for one in CLASS)


def nested(root: Path) -> Laid:
    closed = [_folder(one) for one in CLASS if one.how is How.CLOSED]
    return Laid(sources=(on_disk(root / "in", _nested(), closed),), due=_by_folder())


def wrapper(root: Path) -> Laid:
    """A folder too high."""
    entries = {**_nested("Abgaben/"), ".DS_Store": b"\0", "desktop.ini": b"[x]"}
    return Laid(sources=(on_disk(root / "in", entries),), due=_by_folder())


def tar(root: Path) -> Laid:
    return Laid(sources=(tarred(root / "in.tar.gz", _nested("abgaben/")),), due=_by_folder())


def macos_zip(root: Path) -> Laid:
    """As macOS packs it: every name decomposed, a shadow of each file in a folder of its own."""
    entries = {nfd(path): content for path, content in _nested("Abgaben/").items()}
    shadows = {f"__MACOSX/{path.rpartition('/')[0]}/._{path.rpartition('/')[2]}": b"\0\5\x16\7"
               for path in entries}
    return Laid(sources=(zipped(root / "in.zip", {**entries, **shadows}),), due=_by_folder())


def flat(root: Path) -> Laid:
    entries: dict[str, bytes | None] = {"README.txt": b"Hello", ".DS_Store": b"\0", "desktop.ini": b"[x]"}
    for one in CLASS:
        who = _folder(one)
        for name, content in _in_one_folder(one).items():
            copied = f"Kopie von {who}_{EXERCISE}.ipynb"
            entries[copied if one.how is How.KOPIE else f"{who}_{name}"] = content
    absent = {How.EMPTY, How.ONLINE}
    return Laid(sources=(on_disk(root / "in", entries),),
                due=tuple(due(one, one.folder, silent=one.how in absent) for one in CLASS))


def _in_one_folder(one: Member) -> dict[str, bytes]:
    """What somebody hands in, where no two folders are to be had and names begin with the exercise's."""
    main = written(token(one.at))
    if one.how in (How.METADATA, How.GUESS, How.DEEP, How.KOPIE):
        return {f"{EXERCISE}.ipynb": main}
    if one.how is How.ZIP:
        return {f"{EXERCISE}.zip": handed_in(one)["work.zip"]}
    if one.how is How.PDF:
        return {f"{EXERCISE}.pdf": handed_in(one)["report.pdf"]}
    if one.how is How.AGAIN:
        return {f"{EXERCISE}_old.ipynb": written(token(one.at, kind="old")), f"{EXERCISE}.ipynb": main}
    return {name: content for name, content in handed_in(one).items() if name.startswith(EXERCISE)}


def several(root: Path) -> Laid:
    """Three sources at once: two folders of folders, and an archive."""
    everything = _nested()
    parts: list[dict[str, bytes | None]] = [{}, {}, {}]
    for at, one in enumerate(CLASS):
        mine = _folder(one)
        parts[at % 3].update({k: v for k, v in everything.items() if k == mine or k.startswith(f"{mine}/")})
    return Laid(sources=(on_disk(root / "monday", parts[0]), on_disk(root / "tuesday", parts[1]),
                         zipped(root / "wednesday.zip", parts[2])), due=_by_folder())


def named_regexp(root: Path) -> Laid:
    entries = {f"upload/{one.login}--{name}": content for one in CLASS
               for name, content in _in_one_folder(one).items()}
    absent = {How.EMPTY, How.ONLINE}
    return Laid(sources=(on_disk(root / "in", entries),),
                due=tuple(due(one, one.login, silent=one.how in absent) for one in CLASS),
                options=("--layout", r".*/(?P<student_id>\w+)--(?P<file_id>.*)"))


# --- nbgrader, GitHub Classroom, Gradescope ----------------------------------------------------------


def _submitted(prefix: str) -> dict[str, bytes | None]:
    entries: dict[str, bytes | None] = {}
    for one in CLASS:
        mine = f"{prefix}submitted/{one.login}/{EXERCISE}"
        entries |= below(mine, handed_in(one))
        if entries.get(mine, b"") is not None:
            day = 22 if one.how is How.LATE else 20
            entries[f"{mine}/timestamp.txt"] = f"2026-11-{day} 14:58:{one.at:02}.948203 UTC\n".encode()
    return entries


def _by_login() -> tuple[Due, ...]:
    return tuple(due(one, one.login) for one in CLASS)


def nbgrader(root: Path) -> Laid:
    return Laid(sources=(on_disk(root, _submitted("")) / "submitted",), due=_by_login())


def nbgrader_course(root: Path) -> Laid:
    """With the steps that are nobody's work, and others that hold older work of everybody."""
    entries: dict[str, bytes | None] = {
        "source/he_init/he_init.ipynb": written(250), "release/he_init/he_init.ipynb": written(251),
        "release/ps1/he_init.ipynb": written(252), "nbgrader_config.py": b"c = get_config()",
        "gradebook.db": b"", **_submitted("")}
    for one in CLASS:
        name = f"{one.login}/{EXERCISE}/{EXERCISE}"
        entries[f"autograded/{name}.ipynb"] = written(token(one.at, kind="other"))
        entries[f"feedback/{name}.html"] = b"<html>"
    return Laid(sources=(on_disk(root / "course", entries),), due=_by_login())


def github(root: Path) -> Laid:
    entries: dict[str, bytes | None] = {}
    for one in CLASS:
        mine = f"he-init-{one.login}"
        entries |= below(mine, handed_in(one))
        entries.pop(mine, None)
        entries |= {f"{mine}/.git/HEAD": b"ref: refs/heads/main\n", f"{mine}/.git/config": b"[core]\n",
                    f"{mine}/README.md": b"# He initialisation\n", f"{mine}/.gitignore": b"*.pyc\n"}
    # who wrote nothing has what everybody was given, which is no notebook
    return Laid(sources=(on_disk(root / "he-init-submissions", entries),),
                due=tuple(replace(due(one, one.login, f"he-init-{one.login}"), zero=one.how in NO_NOTEBOOK)
                          for one in CLASS))


def gradescope(root: Path) -> Laid:
    entries, people = dict[str, bytes | None](), "---\n"
    for one in CLASS:
        mine = f"assignment_7788_export/submission_{5001 + one.at}"
        entries |= below(mine, handed_in(one))
        name = one.name.replace('"', '\\"')
        people += (f"submission_{5001 + one.at}:\n  :submitters:\n  - :name: \"{name}\"\n"
                   f"    :sid: '{_sid(one)}'\n    :email: {one.email}\n"
                   f"  :created_at: 2026-11-20 18:03:{one.at:02}.000000000 Z\n"
                   "  :score: 1.0\n  :status: processed\n  :results: {}\n  :history: []\n")
    entries["assignment_7788_export/submission_metadata.yml"] = people.encode()
    return Laid(sources=(zipped(root / "export.zip", entries),),
                due=tuple(due(one, _sid(one), one.email, name=one.name) for one in CLASS))


def _sid(one: Member) -> str:
    return f"{3000030 - one.at}"


# --- what a student's own archives may be ------------------------------------------------------------


def moodle_nested_archives(root: Path) -> Laid:
    """Everybody packs their work first: zips, tars, a zip in a zip."""
    def packs(one: Member, files: dict[str, bytes]) -> dict[str, bytes]:
        if not files or one.how is How.ZIP:
            return files
        match one.at % 3:
            case 0:
                return {"Abgabe.zip": packed(files)}
            case 1:
                return {"work.tar.gz": _tar(files)}
        return {"all.zip": packed({"inner/work.zip": packed(files)})}

    entries = moodle.entries({one.login: packs(one, handed_in(one)) for one in CLASS})
    return Laid(sources=(zipped(root / moodle.ZIP, entries),), due=moodle.by_number(), sheet="moodle")


def _tar(files: dict[str, bytes]) -> bytes:
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, BytesIO(data))
    return content.getvalue()


LAYOUTS: dict[str, Callable[[Path], Laid]] = {
    "nested": nested, "flat": flat, "wrapper": wrapper, "tar": tar, "macos-zip": macos_zip,
    "several": several, "named-regexp": named_regexp, "nbgrader": nbgrader, "github": github,
    "nbgrader-course": nbgrader_course, "gradescope": gradescope,
    "moodle-nested-archives": moodle_nested_archives, **moodle.LAYOUTS, **canvas.LAYOUTS}
