"""What rewrites of a syntax tree share: chance, fresh names, templates, and a walk over functions."""

from __future__ import annotations

import builtins
import keyword
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst
import libcst.matchers as m

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
FRESH = ("wert", "ergebnis", "tmp", "zwischenschritt", "größe", "hilfs", "my_var", "res", "cur", "data_",
         "l2", "aa", "the_thing", "liste", "faktor", "q", "_neu", "Zahl", "kandidat", "stuff")
BEFORE_IMPORTS = m.SimpleStatementLine(
    [m.Expr(m.SimpleString() | m.ConcatenatedString()) | m.ImportFrom(module=m.Name("__future__"))])


@dataclass(kw_only=True)
class Chance:
    """Random choices of one variant, and the names that are taken in it."""

    rng: random.Random
    asked: Collection[str]                 # functions that a grader calls
    taken: set[str] = field(default_factory=set)

    def often(self) -> bool:
        return self.rng.random() < 0.7

    def name(self, spelt: Callable[[str], str] = str) -> str:
        """One that is used nowhere, spelt so: `str.upper` for a constant."""
        while True:
            word = spelt(self.rng.choice(FRESH) + self.rng.choice(("", "", "2", "_3", "_x")))
            if self._is_free(word):
                break
            if self.rng.random() < 0.05:
                word = next(w for n in range(10**6) if self._is_free(w := spelt(f"name_{n}")))
                break
        self.taken.add(word)
        return word

    def _is_free(self, word: str) -> bool:
        return word not in self.taken and word not in vars(builtins) and not keyword.iskeyword(word)


Rewrite = Callable[[cst.Module, Chance], cst.Module]


class Places(cst.CSTTransformer):
    """Changes some of the places that allow it, as chance has it."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance


def each_function(module: cst.Module, chance: Chance,
                  change: Callable[[cst.FunctionDef], Sequence[Statement] | None], *,
                  only_asked: bool = False) -> cst.Module:
    """Some of the plain functions at the top level, replaced by what `change` makes of them.

    Plain functions have no decorator, and are no coroutines or generators.
    """
    body: list[Statement] = []
    for statement in module.body:
        fits = isinstance(statement, cst.FunctionDef) and _is_plain(statement) and (
            not only_asked or statement.name.value in chance.asked)
        made = change(cst.ensure_type(statement, cst.FunctionDef)) if fits and chance.often() else None
        body += made or [statement]
    return module.with_changes(body=body)


def _is_plain(function: cst.FunctionDef) -> bool:
    pauses = any(isinstance(node, cst.Yield | cst.Await) for node in inside(function))
    return not (function.decorators or function.asynchronous or pauses)


def words(node: cst.CSTNode) -> set[str]:
    """Every name in a tree, whatever it is for."""
    return {part.value for part in inside(node) if isinstance(part, cst.Name)}


def inside(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Everything in a node, itself first."""
    yield node
    for child in node.children:
        yield from inside(child)


def code(node: cst.CSTNode) -> str:
    """Its text."""
    return cst.Module([]).code_for_node(node)


def joined(node: cst.BaseExpression) -> str:
    """An expression's text that may stand anywhere, over several lines or not."""
    text = code(node)
    bare = isinstance(node, cst.Tuple) or "\n" in text
    return f"({text})" if bare and not node.lpar else text


def statements(text: str) -> list[Statement]:
    return list(cst.parse_module(text).body)


def nested(header: str, body: Sequence[cst.BaseStatement]) -> cst.BaseCompoundStatement:
    """A compound statement with this header and body."""
    found = cst.parse_statement(f"{header}\n    pass")
    assert isinstance(found, cst.BaseCompoundStatement)
    return found.with_changes(body=cst.IndentedBlock(list(body)))


def only_in(line: cst.SimpleStatementLine) -> cst.BaseSmallStatement | None:
    """A line's statement, where it has but one."""
    return line.body[0] if len(line.body) == 1 else None


def docstring_of(function: cst.FunctionDef) -> tuple[list[cst.BaseStatement], list[cst.BaseStatement]]:
    """A function's docstring, where there is one, and the rest of its body."""
    body = [s for s in function.body.body if isinstance(s, cst.BaseStatement)]
    has = bool(function.get_docstring()) and bool(body)
    return (body[:1], body[1:]) if has else ([], body)


def with_body(function: cst.FunctionDef, *body: cst.BaseStatement) -> cst.FunctionDef:
    """The function with these statements for its own."""
    return function.with_changes(body=cst.IndentedBlock(list(body)))


def begun(module: cst.Module, line: str) -> cst.Module:
    """A line at the top, behind the docstring and what imports from the future."""
    body = list(module.body)
    at = next((i for i, s in enumerate(body) if not m.matches(s, BEFORE_IMPORTS)), len(body))
    return module.with_changes(body=[*body[:at], *statements(line), *body[at:]])
