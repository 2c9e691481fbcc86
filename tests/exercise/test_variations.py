"""Mutants and variants: what operators make, how mutants end, the reviewed list, what the command says."""

from __future__ import annotations

import gc
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.exercise.catalog import ExerciseError, load
from grader.exercise.solutions import Solution, cells, reference, solutions
from grader.exercise.variations import apart
from grader.exercise.variations.apart import Fate, fate
from grader.exercise.variations.edits import Operator, Source
from grader.exercise.variations.mutants import REVIEWED, Mutant, Reviewed, entry, mutants, named, reviewed
from grader.exercise.variations.mutation import Mutated, Workers, mutated
from grader.exercise.variations.operators import OPERATORS
from tests.conftest import write_exercise

Tried = Callable[..., Mutated]
MUTANT = "[[mutant]]\noperator = 'left-out'\nsolution = 'a.py'\nbefore = 'x'\nafter = 'pass'\n"
IN_F = "def f(x, n):\n    "
# By the operator's name, a line of a function, and what it may become.
MISTAKES = {
    "edge": ("return x < n", "return x <= n"),
    "contrary": ("return x is n", "return x is not n"),
    "negated": ("return n if x else 0", "return n if not x else 0"),
    "unguarded": ("return [i for i in x if i]", "return [i for i in x if True]"),
    "half-a-condition": ("return x and n", "return n"),
    "and-for-or": ("return x | n", "return x & n"),
    "other-sign": ("return x + n", "return (x - n)"),
    "swapped-operands": ("return x / n", "return (n / x)"),
    "swapped-arguments": ("return g(x, n)", "return g(n, x)"),
    "operand-left-out": ("return x * n", "return n"),
    "other-number": ("return 3", "return 2"),
    "other-word": ("return 'up'", "return 'ups'"),
    "loosely": ("return x == 'w'", "return 'w' in x"),
    "one-off": ("return range(n)", "return range(1, n)"),
    "left-out": ("n += x; return n", "pass; return n"),
    "wrong-order": ("x.a(); x.b()", "x.b(); x.a()"),
    "too-early": ("for i in x:\n        g(i)", "for i in x:\n        g(i)\n        break"),
    "opposite": ("return any(x)", "return all(x)"),
    "backwards": ("return list(x.items())", "return list(reversed(list(x.items())))"),
    "kept": ("y = []; return y", 'y = globals().setdefault("_kept_2", []); return y'),
    "remembered": ("return x + n", 'return globals().setdefault("_first_2", (x + n))'),
    "mean-for-sum": ("return x.sum()", "return x.mean()"),
    "no-root": ("return math.sqrt(x)", "return x"),
    "other-norm": ("return x.norm()", "return x.norm(p=1)"),
    "other-fan": ("return x.shape[1:]", "return x.shape[:-1]"),
    "other-gain": ("return g('relu')", "return g('tanh')"),
    "other-law": ("return x.normal_()", "return x.uniform_()"),
    "gradient-cut": ("y = g(x); y.backward()", "y = g(x).detach(); y.backward()"),
    "gradient-kept": ("return x.detach()", "return x"),
    "no-clone": ("return x.clone()", "return x"),
    "in-place": ("return x.mul(n)", "return x.mul_(n)"),
    "zero-grad": ("x.step()", "x.zero_grad()\n    x.step()"),
    "other-optimiser": ("return SGD(x, 0.1)", "return SGD(x, 0.1, nesterov=True)"),
    "evaluation": ("x.train(); return x", "pass; return x"),
    "frozen": ("x.backward()", None),
    "thawed": ("with torch.no_grad(): g(x)", "with torch.enable_grad(): g(x)"),
    "wrong-axis": ("return x.T", "return x"),
    "device-left-behind": ("return x.to(n)", "return x"),
    "hook-returns": ("x.register_hook(lambda g: n.append(g))",
                     "x.register_hook(lambda g: (n.append(g), g * 0.5)[1])"),
    "lower-dtype": ("return x.to(torch.float64)", "return x.to(torch.float32)"),
    "seed-inside": ("return randn(n)", "torch.manual_seed(0)\n    return randn(n)"),
    "layer-forgotten": ("return Linear(x, n)", "return Linear(x, n, bias=False)"),
    "not-finite": ("return math.isfinite(x)", "return (not math.isnan(x))"),
}


@pytest.mark.parametrize("operator", OPERATORS, ids=named)
def test_each_operator_makes_the_mistake_that_it_is_named_for(operator: Operator) -> None:
    before, after = MISTAKES[named(operator)]
    source = Source(IN_F + before)
    made = [source.made(edit) for edit in operator(source)]
    for text in made:
        compile(text, named(operator), "exec")
    assert source.text not in made
    assert (f"@torch.no_grad()\n{source.text}" if after is None else IN_F + after) in made


def test_no_operator_touches_what_nobody_executes_for_its_value() -> None:
    source = Source("def f(x: 'a' = 1) -> 'b < c':\n    '''A docstring: 1 < 2.'''\n    y: 'int' = x\n"
                    "    print('x', x + 1)\n    if y:\n"
                    "        raise ValueError('no' + f'{x + 1}')\n    return y\n")
    made = [source.made(edit) for operator in OPERATORS for edit in operator(source)]
    assert made
    kept = ("x: 'a' = ", "-> 'b < c'", "'''A docstring: 1 < 2.'''", "y: 'int'", "print(", "x + 1")
    assert all(word in text for text in made for word in kept)
    assert all("raise ValueError('no' + f'{x + 1}')" in text or "pass" in text for text in made)


@pytest.fixture
def forking(exercise_folder: Path) -> Iterator[Path]:
    """An exercise whose mutants are forks of the tests' own process."""
    yield exercise_folder
    apart._loaded.cache_clear()
    gc.unfreeze()


def fate_of(folder: Path, text: str, seconds: float = 60.0) -> Fate:
    return fate(folder, 3, [*cells(load(folder)), text], seconds)


@pytest.mark.parametrize(("text", "ended"), [
    ("def double(x):\n    while True:\n        pass", "it does not end"),
    ("def halve(x):\n    import time\n    time.sleep(10**6)", "it does not end"),
    ("def double(x):\n    import os\n    os._exit(0)", "it ends the process"),
    ("def double(x):\n    import os\n    os.kill(os.getpid(), 15)", "it ends the process"),
    ("1 / 0", "a cell stops: "),
])
def test_a_mutant_that_never_comes_to_a_verdict_is_killed(forking: Path, text: str, ended: str) -> None:
    found = fate_of(forking, text, 0.3 if "not end" in ended else 60.0)
    assert found.ended.startswith(ended)
    assert found.noticed


def test_a_mutant_that_eats_memory_is_stopped(forking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hoards = "def double(x):\n    held = [bytearray(1 << 24) for _ in range(64)]\n    return x + x"
    monkeypatch.setattr(apart, "MEMORY_BYTES", 1 << 28)
    found = fate_of(forking, hoards)
    assert "values" in found.lost
    assert found.noticed


def test_a_right_solution_is_not_noticed_and_a_raising_check_is_no_kill(forking: Path) -> None:
    assert not fate_of(forking, "").noticed
    checks = forking / "checks.py"
    checks.write_text(checks.read_text().replace("x = seen.given", "x = 1 / 0 or seen.given"))
    apart._loaded.cache_clear()
    found = fate_of(forking, "")
    assert "values" in found.raised
    assert not found.noticed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small exercise with a right solution, one of whose mutants is right, and one that is wrong."""
    made = write_exercise(tmp_path_factory.mktemp("course") / "exercises" / "doubling")
    (made / "right/cautious.py").write_text(
        '"""Asks."""\ndef double(x):\n    if x is None:\n        raise ValueError("no")\n    return x + x')
    (made / "right/broken.py").write_text('"""Squares."""\ndef double(x):\n    return x * x')
    return made


def solution(folder: Path, name: str) -> Solution:
    return next(one for one in solutions(load(folder), "right") if one.path.name == name)


@pytest.fixture(scope="module")
def tried(folder: Path) -> Iterator[Tried]:
    """Tries the mutants of the cautious solution, each but once, with what equivalent.toml says."""
    fates: dict[int, Fate] = {}
    with Workers(1) as workers:
        def attempt(*listed: str, of: str = "cautious.py") -> Mutated:
            (folder / REVIEWED).write_text("\n".join(listed))
            known = fates if of == "cautious.py" else None
            return mutated(load(folder), [solution(folder, of)], 3, workers, lambda *_: None, known)
        yield attempt
    (folder / REVIEWED).unlink()


def argued(mutant: Mutant) -> str:
    return entry(mutant).replace('why = ""', "why = 'nobody calls it so'")


def test_a_mutant_that_is_listed_with_a_reason_does_not_survive(tried: Tried) -> None:
    found = tried()
    assert found.made == found.killed + len(found.surviving)
    assert found.killed
    assert "left-out" in {one.mutant.operator for one in found.surviving}
    again = tried(*(argued(one.mutant) for one in found.surviving))
    assert again.sound
    assert again.equivalent == len(found.surviving)


def test_an_entry_that_loses_a_point_or_is_not_made_is_a_flaw(folder: Path, tried: Tried) -> None:
    surviving = {one.mutant.key for one in tried().surviving}
    killed = next(m for m in mutants(load(folder), solution(folder, "cautious.py")) if m.key not in surviving)
    gone = argued(killed).replace(f"operator = '{killed.operator}'", "operator = 'of-old'")
    found = tried(argued(killed), gone)
    assert [flaw.cause for flaw in found.flaws] == ["equivalent.toml lists a mutant that loses a point",
                                                    "equivalent.toml lists a mutant that is not made"]
    assert found.flaws[0].example.startswith(f"{killed.operator} in cautious.py: ")
    assert not found.sound


def test_a_right_solution_that_loses_points_by_itself_is_a_flaw(tried: Tried) -> None:
    (flaw,) = tried(of="broken.py").flaws
    assert flaw.cause == "a right solution loses points as it is"
    assert flaw.names == ("broken.py",)
    assert "values" in flaw.checks


@pytest.mark.parametrize(("text", "said"), [
    (f"{MUTANT}why = ' '", "left-out in a.py: say why it is right all the same"),
    (MUTANT, "why"),
    (f"{MUTANT}why = 'so'\nwhom = 'me'", "whom"),
    ("[[mutant", "equivalent.toml"),
])
def test_a_list_without_reasons_cannot_be_used(exercise_folder: Path, text: str, said: str) -> None:
    (exercise_folder / REVIEWED).write_text(text)
    with pytest.raises(ExerciseError, match=re.escape(said)):
        reviewed(load(exercise_folder))


def test_what_the_command_says_for_the_list_is_what_the_list_understands(folder: Path) -> None:
    for mutant in mutants(load(folder), reference(load(folder))):
        for before in (mutant.before, "x['a']", 'x["a"]', "x['a\\n'] = \"b\""):
            one = replace(mutant, before=before)
            assert msgspec.convert(tomllib.loads(entry(one)), Reviewed).mutant[0].key == one.key


def validate(folder: Path, *words: object) -> Result:
    command = ["validate", "doubling", "--exercises", folder.parent, "--seed", 3, "--jobs", 1, *words]
    return CliRunner().invoke(main, [str(word) for word in command])


def test_the_command_shows_each_mutant_that_survives_and_how_to_argue_it(folder: Path) -> None:
    found = validate(folder, "--mutants", "--solution", "cautious.py")
    assert found.exit_code == 1, found.output
    said = "\n".join(line.removeprefix("    ") for line in found.output.splitlines())
    all_made = mutants(load(folder), solution(folder, "cautious.py"))
    survivor = next(mutant for mutant in all_made if mutant.operator == "left-out")
    assert "doubling: left-out in cautious.py loses no point" in said
    assert '-        raise ValueError("no")\n+        pass\n' in said
    assert entry(survivor) in said
    assert said.splitlines()[-1].endswith(" to mend or to argue")


def test_the_command_shows_each_variant_that_loses_points(folder: Path) -> None:
    found = validate(folder, "--styles", 1, "--sandbox", "process", "--solution", "broken.py",
                     "--solution", "operator.py")
    assert found.exit_code == 1, found.output
    assert "doubling: broken.py in other words loses values" in found.output
    assert "operator.py" not in found.output
    assert "doubling: 2 right answers in other words, 1 lost points" in found.output
    text = Path(found.output.split("its text: ")[1].splitlines()[0])
    assert "x * x" in text.read_text() or "mul" in text.read_text()
    shutil.rmtree(text.parent)


def test_without_libcst_one_line_says_what_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libcst", None)
    found = validate(folder, "--styles", 1, "--sandbox", "process")
    assert found.exit_code == 2
    assert found.output.splitlines() == [
        "grader: --styles needs libcst, which is not installed here: pip install libcst"]
