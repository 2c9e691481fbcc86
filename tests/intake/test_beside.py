"""What lies beside a notebook goes with it, or is left out with a reason; whatever it is, intake goes on."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.intake import beside as gathering
from grader.intake.beside import beside, gathered
from grader.intake.bundle import (
    INSTALLED,
    MAX_BYTES,
    MAX_FILES,
    NAME,
    NOT_REGULAR,
    RUN_BY_ITSELF,
    TOO_MANY,
    TOO_MUCH,
    UNREAD,
    Bundle,
    LeftOut,
    cleaned,
    taken,
)
from grader.intake.choosing import MOST
from grader.intake.reading import with_files
from grader.records import Submission
from tests.intake.handing import read
from tests.intake.packing import deep
from tests.notebooks import notebook

NAMES = ("he_init",)


@pytest.fixture
def ada(tmp_path: Path) -> Path:
    """A student's folder with a notebook in it."""
    folder = tmp_path / "submissions" / "ada"
    folder.mkdir(parents=True)
    (folder / "he_init.ipynb").write_text(notebook("import helper"))
    return folder


def found(folder: Path, source: str = "import helper") -> Bundle:
    return beside(folder / "he_init.ipynb", source, own=True)


def names(bundle: Bundle) -> list[str]:
    return [file.name for file in bundle.files]


def left(bundle: Bundle) -> dict[str, str]:
    return {note.template: note.values["names"] for note in bundle.notes}


def submissions(root: Path) -> dict[str, Submission]:
    return {s.student: s for s in read(root, exercises=NAMES).submissions if isinstance(s, Submission)}


def test_own_modules_packages_and_data_go_with_the_notebook(ada: Path) -> None:
    for name in ("helper.py", "utils/__init__.py", "utils/deep/plots.py", "data/train.csv", "weights.pth",
                 "täglich.json"):
        (ada / name).parent.mkdir(parents=True, exist_ok=True)
        (ada / name).write_text(name)
    bundle = submissions(ada.parent)["ada"]
    assert [file.name for file in bundle.files] == sorted(
        ["helper.py", "utils/__init__.py", "utils/deep/plots.py", "data/train.csv", "weights.pth",
         "täglich.json"])
    assert not bundle.notes
    assert all(Path(bundle.places[file.sha256]).read_text() == file.name for file in bundle.files)
    assert bundle.files[0].size == len(bundle.files[0].name)


def test_nobody_gets_what_is_anothers(ada: Path) -> None:
    ben = ada.parent / "ben"
    ben.mkdir()
    (ben / "he_init.ipynb").write_text(notebook("import helper"))
    (ben / "helper.py").write_text("from ben")
    (ada.parent / "cleo_he_init.ipynb").write_text(notebook("import helper"))
    (ada.parent / "helper.py").write_text("from nobody")
    files = {student: names(Bundle(files=s.files)) for student, s in submissions(ada.parent).items()}
    assert files == {"ada": [], "ben": ["helper.py"], "cleo": []}


def test_one_notebook_of_a_folder_with_other_things_in_it(tmp_path: Path) -> None:
    """A laptop's folder, or a flat one in which others' folders lie."""
    for name in ("exercise.toml", "checks.py", "probes.py", "model.py", "right/a.py", "helper.py",
                 "data/a.csv", "ben/he_init.ipynb", "ben/secret.py", "venv/pyvenv.cfg", "venv/x.py",
                 "other.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1")
    (tmp_path / "checks.py").write_text("from .model import x\nfrom . import nothing")
    (tmp_path / "he_init.ipynb").write_text(notebook("import helper"))
    bundle = beside(tmp_path / "he_init.ipynb", "import helper", own=False)
    assert names(bundle) == ["data/a.csv", "helper.py"]
    assert not bundle.notes


@pytest.mark.parametrize("name", ["random.py", "torch.py", "numpy/__init__.py", "grader.py", "grader/wall.py",
                                  "json.so"])
def test_a_module_that_python_has_already_is_left_out_and_named(ada: Path, name: str) -> None:
    (ada / name).parent.mkdir(exist_ok=True)
    (ada / name).write_text("")
    (ada / "helper.py").write_text("")
    bundle = found(ada)
    assert names(bundle) == ["helper.py"]
    assert left(bundle) == {INSTALLED: name}
    notes = read(ada.parent, exercises=NAMES).notes
    assert any(note.startswith("ada/he_init.ipynb: ") and name in note for note in notes)


def test_data_may_be_called_as_a_module_is(ada: Path) -> None:
    (ada / "torch").mkdir()
    (ada / "torch" / "data.csv").write_text("")
    (ada / "random.json").write_text("{}")
    assert names(found(ada)) == ["random.json", "torch/data.csv"]


def test_what_is_taken_does_not_hang_on_the_working_folder(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "helper_of_a_student.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert not taken("helper_of_a_student")


@pytest.mark.parametrize("name", ["sitecustomize.py", "usercustomize.py", "conftest.py", "ipython_config.py",
                                  "profile_default/startup.py", "jupyter_notebook_config.json"])
def test_what_would_run_by_itself_is_left_out(ada: Path, name: str) -> None:
    (ada / name).parent.mkdir(exist_ok=True)
    (ada / name).write_text("")
    assert left(found(ada)) == {RUN_BY_ITSELF: name}


def test_hidden_files_are_left_out_and_named_where_the_notebook_wants_them(ada: Path) -> None:
    (ada / ".ssh").mkdir()
    (ada / ".ssh" / "id").write_text("")
    (ada / ".env").write_text("")
    assert found(ada) == Bundle()
    assert left(found(ada, "load('.env')")) == {NAME: ".env"}


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a/../b", "a\nb", "\udcff", "a\\b", "C:a", "", ".a",
                                  "a/.b", "x" * 256, "/".join("abcdefghij"), "a/" * 9 + "b"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(LeftOut):
        cleaned(name)


def test_odd_names_on_a_disk(ada: Path) -> None:
    (ada / os.fsdecode(b"\xff.csv")).write_text("")
    (ada / "two\nlines.csv").write_text("")
    (ada / unicodedata.normalize("NFD", "größe.csv")).write_text("decomposed")
    (ada / "Data.csv").write_text("1")
    (ada / "data.csv").write_text("2")
    bundle = found(ada)
    assert names(bundle) == ["Data.csv", "data.csv", unicodedata.normalize("NFC", "größe.csv")]
    assert left(bundle)[NAME].encode()
    (ada / unicodedata.normalize("NFC", "größe.csv")).write_text("composed")
    assert len(found(ada).files) == 3


def test_links_pipes_and_devices_are_left_out(ada: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (ada / "link.csv").symlink_to(tmp_path / "secret")
    (ada / "folder").symlink_to(tmp_path)
    (ada / "dangling").symlink_to("nowhere")
    os.mkfifo(ada / "pipe.csv")
    bundle = found(ada)
    assert not bundle.files
    assert left(bundle) == {NOT_REGULAR: "dangling, folder, link.csv, pipe.csv"}


def test_what_becomes_a_link_in_between_is_not_followed(
        ada: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("secret")
    (ada / "data.csv").write_text("x")

    def swapped(name: str) -> str:
        (ada / "data.csv").unlink()
        (ada / "data.csv").symlink_to(tmp_path / "secret")
        return cleaned(name)
    monkeypatch.setattr(gathering, "cleaned", swapped)
    assert not found(ada).files


def test_too_much_is_left_out_and_what_the_notebook_names_comes_first(ada: Path) -> None:
    for number in range(MAX_FILES + 20):
        (ada / f"a{number:03}.txt").write_text("x")
    (ada / "zz.csv").write_text("wanted")
    (ada / "yy.py").write_text("")
    with (ada / "sparse.bin").open("wb") as file:
        file.truncate(10 << 30)
    bundle = found(ada, "open('zz.csv')")
    assert len(bundle.files) == MAX_FILES
    assert {"zz.csv", "yy.py"} <= set(names(bundle))
    assert left(bundle)[TOO_MUCH].endswith(f"... (+{20 + 2 + 1 - 5})")
    (ada / "zz.csv").write_bytes(bytes(MAX_BYTES + 1))
    assert "zz.csv" not in names(found(ada, "open('zz.csv')"))


def test_a_file_that_grows_while_it_is_read_is_left_out(ada: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (ada / "log.txt").write_text("x")

    def growing(name: str) -> str:
        (ada / "log.txt").write_bytes(bytes(MAX_BYTES + 1))
        return cleaned(name)
    monkeypatch.setattr(gathering, "cleaned", growing)
    assert left(found(ada)) == {TOO_MUCH: "log.txt"}


def test_a_hundred_thousand_files_cost_a_folder_not_the_batch(ada: Path) -> None:
    (ada / "many").mkdir()
    for number in range(gathering.MAX_SEEN + 1):
        (ada / "many" / str(number)).touch()
    (ada / "helper.py").write_text("")
    bundle = found(ada)
    assert names(bundle) == ["helper.py"]
    assert left(bundle) == {TOO_MANY: "many"}


def closed(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0)


def crowded(folder: Path) -> None:
    for number in range(MOST + 5):
        (folder / f"{number}.ipynb").write_text(notebook("1"))


@pytest.mark.parametrize("build", [deep, closed, crowded])
def test_an_odd_folder_does_not_keep_others_from_their_marks(
        ada: Path, build: Callable[[Path], None]) -> None:
    build(ada)
    (ada.parent / "odd").mkdir()
    build(ada.parent / "odd")
    (ada.parent / "ben_he_init.ipynb").write_text(notebook("1"))
    assert {"ada", "ben"} <= set(submissions(ada.parent))
    alone = with_files(submissions(ada.parent)["ada"], ada / "he_init.ipynb")
    assert isinstance(alone, Submission)


def listed(folder: Path) -> list[tuple[str, Path]]:
    """All files below a folder, as a source lists them; here the last comes first."""
    return sorted(((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*")
                   if path.is_symlink() or not path.is_dir()), reverse=True)


def test_files_from_a_list_are_taken_as_from_a_folder(ada: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    for name in ("helper.py", "utils/deep/plots.py", "data/train.csv", "random.py", "conftest.py", ".env",
                 ".x/y", "venv/pyvenv.cfg", "venv/lib/a.py", "feedback/a.html", "other/b.IPYNB",
                 "other/b.ipynb.txt", "1/2/3/4/5/6/7/8.py", "1/2/3/4/5/6/7/8/9.py", "two\nlines.csv",
                 "größe.csv", "Data.csv", "data.csv", *(f"a{number:03}.txt" for number in range(MAX_FILES))):
        (ada / name).parent.mkdir(parents=True, exist_ok=True)
        (ada / name).write_text(name)
    (ada / "link.csv").symlink_to(tmp_path / "secret")
    os.mkfifo(ada / "pipe.csv")
    with (ada / "sparse.bin").open("wb") as file:
        file.truncate(10 << 30)
    source = "load('.env'); load('größe.csv')"
    assert gathered(listed(ada), source) == found(ada, source)


def test_files_from_a_list_need_not_lie_together(tmp_path: Path) -> None:
    for name in ("0001", "0002", "0003"):
        (tmp_path / name).write_text(name)
    bundle = gathered([("b/data.csv", tmp_path / "0001"), ("helper.py", tmp_path / "0002"),
                       ("he_init.ipynb", tmp_path / "0003"), ("gone.csv", tmp_path / "0004")], "")
    assert {file.name: Path(bundle.places[file.sha256]).name for file in bundle.files} == {
        "b/data.csv": "0001", "helper.py": "0002"}
    assert left(bundle) == {UNREAD: "gone.csv"}


@pytest.mark.parametrize("name", ["../x.csv", "a//x.csv", "a/../x.csv", "a\\x.csv", "C:x.csv", "", "a/"])
def test_a_list_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_text("x")
    assert not gathered([(name, tmp_path / "x")], "x csv").files


def test_a_name_that_is_a_file_and_a_folder_is_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    bundle = gathered([(name, tmp_path / "x") for name in ("a", "a/b", "c", "c")], "")
    assert names(bundle) == ["a", "c"]
    assert left(bundle) == {NAME: "a/b, c"}


def test_a_hundred_thousand_files_in_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_SEEN", 10)
    (tmp_path / "x").write_text("x")
    files = [("helper.py", tmp_path / "x"), *((f"many/{i}", tmp_path / "x") for i in range(11))]
    bundle = gathered(files, "")
    assert names(bundle) == ["helper.py"]
    assert left(bundle) == {TOO_MANY: "many"}
