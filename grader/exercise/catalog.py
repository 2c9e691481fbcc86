"""Folder -> Exercise. Discovery is a glob; there is no list of exercises anywhere."""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import json
import re
import sys
import tomllib
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from grader.errors import Mendable
from grader.execute.pool import Work
from grader.exercise.questions import Written, answered, flaw
from grader.exercise.rules import Course, CourseError, Place, parsed
from grader.intake import packages
from grader.intake.bundle import NOTHING, Bundle, bundle, modules
from grader.records import WrittenAnswer
from grader.spec import ON_GPU, PLAIN, Check, Preparation, Step, World, prepare, worlds
from grader.wall import messages
from grader.wall.values import Record

PROBES = "probes.py"
_TABLE = re.compile(r"`\$\.(\w+)\[(\d+)\]")      # as msgspec says where
_KEY = re.compile("unknown field `([^`]+)`")
T = TypeVar("T")


class ExerciseError(Mendable):
    """An exercise that is not as it must be: the tutor's fault. One line, with the file."""


class Settings(Record, frozen=True, kw_only=True):
    """exercise.toml. Unknown keys are errors."""

    title: str                            # the first line of its reports and of what students get
    version: int                          # raise it when what students are asked for changes
    checks: str = ""                      # in what students get: `Exercise.digest` of the whole exercise
    points: float                         # of all checks together; another sum is an error
    functions: tuple[str, ...]            # what students write; the notebook marks a solution of each
    forbidden: tuple[str, ...] = ()       # dotted names that must not be used in those functions
    allowed: tuple[str, ...] = ()         # private functions behind those, which may be used all the same
    preload: tuple[str, ...] = ()         # modules that notebooks import late, imported once for all of them
    # where a GPU is at hand, the steps of the world `plain` are made on it as well
    on_gpu: bool = False
    limits: messages.Limits = messages.Limits()  # what one submission may use
    processes: bool = False               # may the functions make processes? (DataLoader's workers, say)
    files: tuple[str, ...] = ()           # data sets beside it, put in the notebook's folder and handed out
    hidden_points: float = 0.0            # of checks that are not here: of what students have
    given: tuple[str, ...] = ()           # in what students get: `release.cell_digest` of each cell
    hidden_files: tuple[str, ...] = ()    # put there for grading only; a notebook can read them then
    written: tuple[Written, ...] = ()     # questions that a tutor marks

    @property
    def written_points(self) -> float:
        """Of all written answers together."""
        return sum(one.points for one in self.written)


@dataclass(frozen=True, kw_only=True)
class Exercise:
    name: str
    folder: Path
    settings: Settings
    checks: tuple[Check, ...]
    keys: Mapping[Step, str]              # every step the checks look at -> its opaque key
    probes: str                           # the text of probes.py; empty where there is none
    brings: Bundle = NOTHING              # exercise.toml's files
    packages: tuple[str, ...] = ()        # the course's
    asked: tuple[str, ...] = ()           # the functions whose checks these are; none: all
    figures: bool = True                  # will somebody look at what its notebooks draw?

    @property
    def worlds(self) -> tuple[World, ...]:
        """The worlds it is graded in, in the order in which its checks look at them."""
        used = tuple(dict.fromkeys(step.world for step in self.keys))
        return (*used, ON_GPU) if self.settings.on_gpu and PLAIN in used else used

    @property
    def notebook(self) -> Path:
        """The full exercise, with solutions; not there in what students get."""
        return self.folder / "notebook.ipynb"

    def document(self) -> dict[str, Any]:
        """The notebook, as nbformat has it.

        Raises:
            ExerciseError: it is not there, or is none.
        """
        try:
            found: dict[str, Any] = json.loads(self.notebook.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else f"no notebook: {error}"
            raise ExerciseError(f"{self.notebook}: {why}") from error
        return found

    def written(self, cells: Sequence[Mapping[str, Any]]) -> tuple[WrittenAnswer, ...]:
        """What a cleaned notebook answers to its written questions, unmarked. A notebook of the exercise that
        is not there, or is none, leaves the questions' own texts out."""
        try:
            document = self.document() if self.settings.written else None
        except ExerciseError:
            document = None
        return answered(self.settings.written, cells, document)

    @property
    def files(self) -> tuple[Path, ...]:
        """What decides its marks: exercise.toml, checks.py and the modules beside it, probes.py
        among them, and the data that it brings."""
        return (self.folder / "exercise.toml", *modules(self.folder),
                *(self.folder / file.name for file in self.brings.files))

    @property
    def digest(self) -> str:
        """Changes whenever one of its modules does; what students get has that of the whole exercise."""
        if self.settings.checks:
            return self.settings.checks
        read = hashlib.sha256()
        for file in modules(self.folder):
            read.update(f"{file.name}\n".encode() + file.read_bytes())
        return read.hexdigest()[:16]

    def keys_in(self, world: World) -> list[str]:
        """The keys of the steps that are made in a world."""
        return [key for step, key in self.keys.items() if step.world.name == (world.repeats or world.name)]

    def visible_part(self) -> Exercise:
        """The same with nothing but the visible checks: what a student may see."""
        shown = self.part(tuple(check for check in self.checks if check.visible))
        written = self.settings.written
        hidden = (self.settings.hidden_points + self.settings.written_points
                  + sum(c.points for c in self.checks if not c.visible))
        return replace(shown, settings=structs.replace(shown.settings, hidden_points=hidden, written=tuple(
            structs.replace(one, points=0.0, rubric=()) for one in written)))

    def part(self, checks: tuple[Check, ...]) -> Exercise:
        """The same with these of its checks, what they look at, and nothing else."""
        steps = {step for check in checks for step in check.looks_at}
        settings = structs.replace(self.settings, points=sum(check.points for check in checks))
        return replace(self, checks=checks, settings=settings,
                       keys={step: key for step, key in self.keys.items() if step in steps})

    def jobs(self, index: int, notebook: str, prepared: Preparation, *, device: str = "cpu",
             handed_in: Bundle = NOTHING) -> Iterator[Work]:
        """One job for each world its checks look at, which a machine with this device can show."""
        beside = self.brings.over(handed_in)
        lacking = packages.lacking(notebook, self.packages, [file.name for file in beside.files])
        for world in prepared.worlds.values():
            if world.real_gpu and device == "cpu":
                continue
            keys = self.keys_in(world)
            job = messages.Job(notebook=notebook, world=world, watched=self.settings.forbidden,
                               functions=self.settings.functions,
                               preload=self.settings.preload, limits=self.settings.limits,
                               processes=self.settings.processes,
                               files=beside.files, lacking=lacking, figures=self.figures)
            arrays = {k: a for key in keys for k, a in prepared.steps[key].arrays.items()}
            yield Work(key=(index, world.name), job=job, arrays=arrays, on_gpu=world.real_gpu,
                       steps=tuple(prepared.steps[key].record for key in keys), places=beside.places)

    def prepare(self, seed: int) -> Preparation:
        """The inputs of every step and the worlds it is made in, drawn from the batch's seed."""
        steps = {key: prepare(step, key=key, seed=seed, probes=self.probes) for step,
                 key in self.keys.items()}
        return Preparation(steps=steps, worlds={w.name: worlds.named(w, seed) for w in self.worlds})


def discover(root: Path) -> dict[str, Path]:
    """Name -> folder of every exercise below `root`."""
    return {path.parent.name: path.parent for path in sorted(root.glob("*/exercise.toml"))}


def there(root: Path) -> bool:
    """Is this a folder of exercises, or one exercise?"""
    return (root / "exercise.toml").exists() or bool(discover(root))


def known(root: Path, wanted: str | None = None) -> dict[str, Path]:
    """Name -> folder of every exercise below `root`, of which there must be some, and `wanted` among them.

    Raises:
        ExerciseError: there are none, or not that one.
    """
    found = discover(root)
    if (root / "exercise.toml").exists():
        raise ExerciseError(f"{root}: this is one exercise; give the folder it lies in, "
                          f"--exercises {root.parent}")
    if not found:
        raise ExerciseError(f"{root}: no exercises here (folders with an exercise.toml); say "
                          "where they are with --exercises DIR")
    if wanted and wanted not in found:
        raise ExerciseError(f"there is no exercise {wanted!r} in {root}; "
                          f"there are {', '.join(found)}")
    return found


def course(root: Path) -> Course:
    """The course in `root`: what course.toml says, and what it does not name last, all of one weight.

    Raises:
        ExerciseError: course.toml is not as it must be, or names an exercise that is not there.
    """
    path, names = root / "course.toml", discover(root)
    read = _course_of(path) if path.exists() else Course()
    for place in read.exercise:
        if place.name not in names:
            raise ExerciseError(f"{path}: there is no exercise {place.name!r}; there are {', '.join(names)}")
    named = {place.name for place in read.exercise}
    return structs.replace(read, exercise=(*read.exercise, *(
        Place(name=name, rules=read.rules) for name in names if name not in named)))


def _course_of(path: Path) -> Course:
    try:
        return parsed(_text(path))
    except CourseError as error:
        raise ExerciseError(f"{path}:{error.line}: {error}") from error


def course_packages(root: Path) -> tuple[str, ...]:
    """What course.toml says that answers may import beside the extra `notebooks`.

    Raises:
        ExerciseError: course.toml is not as it must be.
    """
    path = root / "course.toml"
    return _course_of(path).packages if path.exists() else ()


def load(folder: Path) -> Exercise:
    """The exercise in a folder.

    Raises:
        ExerciseError: anything in it that would make grading wrong, with file and line.
    """
    settings = _with_written(folder, _toml(folder / "exercise.toml", Settings))
    loaded = _modules(folder)
    for file in modules(folder):
        _prove_names(file)
    checks = tuple(v for v in vars(loaded["checks"]).values() if isinstance(v, Check))
    probes_file = folder / PROBES
    probes = probes_file.read_text(encoding="utf-8") if probes_file.exists() else ""
    steps = dict.fromkeys(step for check in checks for step in check.looks_at)
    exercise = Exercise(name=folder.name, folder=folder, settings=settings, checks=checks, probes=probes,
                        brings=_brought(folder, settings),
                        keys={step: f"s{i}" for i, step in enumerate(steps)},
                        packages=course_packages(folder.parent))
    _prove(exercise, loaded.get("probes"))
    return exercise


def _with_written(folder: Path, settings: Settings) -> Settings:
    """The settings with what the course says that written answers are worth."""
    path = folder / "exercise.toml"
    for number, one in enumerate(settings.written):
        if said := flaw(one, settings.written[:number]):
            raise ExerciseError(f"{path}:{_header(path, 'written', number)}: {said}")
    course_file = folder.parent / "course.toml"
    places = _course_of(course_file).exercise if course_file.exists() else ()
    worth = next((place.written for place in places if place.name == folder.name), {})
    ids = [one.id for one in settings.written]
    for id, points in worth.items():
        if id not in ids or not 0 <= points < float("inf"):
            why = f"{points:g} points" if id in ids else f"there is no such; there are {', '.join(ids) or 0}"
            raise ExerciseError(f"{course_file}: the written answer {id!r} of {folder.name}: {why}")
    return structs.replace(settings, written=tuple(one.worth(worth.get(one.id)) for one in settings.written))


def _header(path: Path, table: str, number: int) -> int:
    """The line of the head of a table, of which a file has several of one name."""
    heads = [line for line, text in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
             if text.split("#")[0].strip() == f"[[{table}]]"]
    return heads[number] if number < len(heads) else 1


def _brought(folder: Path, settings: Settings) -> Bundle:
    try:
        return bundle(folder, (*settings.files, *settings.hidden_files))
    except ValueError as error:
        raise ExerciseError(f"{folder / 'exercise.toml'}: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ExerciseError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ExerciseError(f"{path}: no text in UTF-8: {error}") from error


def _toml(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(_text(path)), kind)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:  # tomllib raises more than it says
        said = " ".join(str(error).split())
        raise ExerciseError(f"{path}{_where(path, said)}: {said}") from error


def _where(path: Path, said: str) -> str:
    """The line of what msgspec complains of, where it names a key or one of several tables."""
    table, key = _TABLE.search(said), _KEY.search(said)
    first = _header(path, table[1], int(table[2])) if table else 1
    if key and (table or "`$" not in said):
        lines = path.read_text(encoding="utf-8").split("\n")
        named = (number for number, text in enumerate(lines, 1)
                 if number >= first and re.match(rf"\s*\W?{re.escape(key[1])}\W?\s*[=.]", text))
        first = next(named, first)
    return f":{first}" if key or table else ""


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """A file that is changed twice within a second would be run as it was before."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _modules(folder: Path) -> dict[str, ModuleType]:
    """Run checks.py anew, and what lies beside it, as modules of one package: they may import each other.

    probes.py among them: what it cannot do when it is imported would cost each student the points.

    Raises:
        ExerciseError: one cannot be run. Names the file and the line.
    """
    checks = folder / "checks.py"
    if not checks.exists():
        raise ExerciseError(f"{checks}: no such file")
    name = f"_exercise_{folder.name}"
    for loaded in [loaded for loaded in sys.modules if loaded == name or loaded.startswith(f"{name}.")]:
        del sys.modules[loaded]
    package = ModuleType(name)
    package.__path__ = [str(folder.resolve())]
    sys.modules[name] = package
    importlib.invalidate_caches()
    with _no_bytecode():
        return {file.stem: _imported(name, file)
                for file in (checks, *modules(folder)) if file.stem.isidentifier()}


def _imported(package: str, file: Path) -> ModuleType:
    try:
        return importlib.import_module(f"{package}.{file.stem}")
    except Exception as error:
        folder = file.resolve().parent
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent == folder]
        where = (Path(frames[-1].filename).name, frames[-1].lineno) if frames else (file.name, None)
        said = str(error)
        if isinstance(error, SyntaxError) and error.filename:
            where, said = (Path(error.filename).name, error.lineno), error.msg
        raise ExerciseError(f"{file.parent / where[0]}:{where[1] or 1}: "
                            f"{type(error).__name__}: {said}") from error


def _prove(exercise: Exercise, probes: ModuleType | None) -> None:
    """What can be seen to be wrong without running anything."""
    checks = exercise.folder / "checks.py"
    total = sum(check.points for check in exercise.checks)
    if total != exercise.settings.points:
        raise ExerciseError(f"{checks}: the checks have {total:g} points, exercise.toml says "
                            f"{exercise.settings.points:g}")
    earlier: set[str] = set()
    for check in exercise.checks:
        line = check.function.__code__.co_firstlineno
        if check.id in earlier or check.points <= 0:
            raise ExerciseError(f"{checks}:{line}: {check.id} is there twice, or has no points")
        if not {before.id for before in check.after} <= earlier:
            raise ExerciseError(f"{checks}:{line}: {check.id} comes before a check it hangs on")
        if check.visible and not all(before.visible for before in check.after):
            raise ExerciseError(f"{checks}:{line}: {check.id} is visible but hangs on a hidden check")
        earlier.add(check.id)
        for step in check.looks_at:
            _prove_step(exercise, step, f"{checks}:{line}")
            if step.probe:
                _prove_call(getattr(probes, step.function, None), step, f"{checks}:{line}")


def _prove_names(path: Path) -> None:
    """A second function of one name would replace the first without a word, and its points."""
    seen: set[str] = set()
    try:  # what is no Python would be said of the student's functions, beside which a probe runs
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except SyntaxError as error:
        raise ExerciseError(f"{path}:{error.lineno or 1}: SyntaxError: {error.msg}") from error
    for node in body:
        if isinstance(node, ast.FunctionDef):
            if node.name in seen:
                raise ExerciseError(f"{path}:{node.lineno}: {node.name} is defined twice")
            seen.add(node.name)


def _prove_step(exercise: Exercise, step: Step, where: str) -> None:
    unknown = set(step.uses) - set(exercise.settings.functions)
    if unknown:
        raise ExerciseError(f"{where}: {', '.join(sorted(unknown))} is not among exercise.toml's functions")
    if not isinstance(step.world, World):
        raise ExerciseError(f"{where}: {step.world!r} is no world; name one, as grader.spec's ONE_GPU")
    worlds_here = [world for world in exercise.worlds if isinstance(world, World)]
    if any(world.name == step.world.name and world != step.world for world in worlds_here):
        raise ExerciseError(f"{where}: another world is called {step.world.name!r} too")
    if step.probe and f"def {step.function}(" not in exercise.probes:
        raise ExerciseError(f"{where}: probes.py has no function {step.function}")


def _prove_call(probe: Any, step: Step, where: str) -> None:
    """Inputs that a probe does not take would be said of the student's functions."""
    names = [name for name, _ in step.inputs]
    try:
        inspect.signature(probe).bind(None, **dict.fromkeys(names))
    except TypeError as error:
        given = ", ".join(names) or "nothing"
        raise ExerciseError(f"{where}: probes.py: {step.function} is given {given} by its Probe: "
                            f"{error}") from error
