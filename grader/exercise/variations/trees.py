"""What rewrites of a syntax tree share: templates, fresh names, and where names are bound and used."""

from __future__ import annotations

import builtins
import keyword
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import (
    Assignment,
    ComprehensionScope,
    FunctionScope,
    GlobalScope,
    ImportAssignment,
    MetadataWrapper,
    Scope,
    ScopeProvider,
)

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
FRESH = (
    "wert",
    "ergebnis",
    "tmp",
    "zwischenschritt",
    "größe",
    "hilfs",
    "my_var",
    "res",
    "cur",
    "data_",
    "l2",
    "aa",
    "the_thing",
    "liste",
    "faktor",
    "q",
    "_neu",
    "Zahl",
    "kandidat",
    "stuff",
)


@dataclass(kw_only=True)
class Chance:
    """Random choices of one variant, and the names that are taken in it."""

    rng: random.Random
    asked: Collection[str]  # functions that a grader calls
    taken: set[str] = field(default_factory=set)

    def often(self) -> bool:
        return self.rng.random() < 0.7

    def name(self) -> str:
        """One that is used nowhere."""
        while True:
            word = self.rng.choice(FRESH) + self.rng.choice(("", "", "2", "_3", "_x"))
            if word not in self.taken and word not in vars(builtins) and not keyword.iskeyword(word):
                self.taken.add(word)
                return word
            if self.rng.random() < 0.05:
                return self._numbered()

    def _numbered(self) -> str:
        number = next(n for n in range(10**6) if f"name_{n}" not in self.taken)
        self.taken.add(f"name_{number}")
        return f"name_{number}"


Rewrite = Callable[[cst.Module, Chance], cst.Module]


class Words(cst.CSTVisitor):
    """Every name in a tree, whatever it is for."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_Name(self, node: cst.Name) -> None:
        self.found.add(node.value)


def words(node: cst.CSTNode) -> set[str]:
    visitor = Words()
    node.visit(visitor)
    return visitor.found


def code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def statements(text: str) -> list[Statement]:
    return list(cst.parse_module(text).body)


def nested(header: str, body: Sequence[cst.BaseStatement]) -> cst.BaseCompoundStatement:
    """A compound statement with this header and body."""
    found = cst.parse_statement(f"{header}\n    pass")
    assert isinstance(found, cst.BaseCompoundStatement)
    return found.with_changes(body=cst.IndentedBlock(list(body)))


def plain(function: cst.FunctionDef) -> bool:
    """Has it no decorator, and is it no coroutine or generator?"""
    return not (function.decorators or function.asynchronous or _yields(function))


def _yields(function: cst.FunctionDef) -> bool:
    return any(isinstance(node, cst.Yield | cst.Await) for node in inside(function))


def inside(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Everything in a node, itself first."""
    yield node
    for child in node.children:
        yield from inside(child)


def docstring_of(function: cst.FunctionDef) -> tuple[list[cst.BaseStatement], list[cst.BaseStatement]]:
    """A function's docstring, where there is one, and the rest of its body."""
    body = [s for s in function.body.body if isinstance(s, cst.BaseStatement)]
    has = bool(function.get_docstring()) and bool(body)
    return (body[:1], body[1:]) if has else ([], body)


class _Renaming(cst.CSTTransformer):
    def __init__(self, names: Mapping[cst.CSTNode, str]) -> None:
        self.names = names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        new = self.names.get(original_node)
        return updated_node.with_changes(value=new) if new else updated_node


@dataclass(frozen=True)
class Bound:
    """A name in one scope: where it is bound, and where it is used."""

    name: str
    scope: Scope
    bindings: tuple[cst.CSTNode, ...]  # Name, Param, FunctionDef, Import...
    uses: tuple[cst.CSTNode, ...]


def renamed(module: cst.Module, choose: Callable[[Bound], str | None]) -> cst.Module:
    """The module with names changed wherever they are bound and used.

    Args:
        module: What is rewritten.
        choose: A new name for what is bound, or None to leave it.
    """
    wrapper = MetadataWrapper(module)
    scopes = {scope for scope in wrapper.resolve(ScopeProvider).values() if scope is not None}
    fixed = {
        item.name.value
        for node in inside(wrapper.module)
        if isinstance(node, cst.Global | cst.Nonlocal)
        for item in node.names
    }
    names: dict[cst.CSTNode, str] = {}
    for scope in sorted(scopes, key=lambda s: sorted({a.name for a in s.assignments})):
        if not isinstance(scope, FunctionScope | ComprehensionScope | GlobalScope):
            continue
        for name in sorted({a.name for a in scope.assignments}):
            bound = _bound(name, scope)
            if bound is None or name in fixed:
                continue
            new = choose(bound)
            if new:
                names.update({target: new for node in bound.bindings for target in _targets(node, name)})
                names.update(dict.fromkeys(bound.uses, new))
    return wrapper.module.visit(_Renaming(names))


def _bound(name: str, scope: Scope) -> Bound | None:
    """None where a use is not a plain name."""
    found = [a for a in scope.assignments[name] if a.scope is scope]
    if not found or not all(isinstance(a, Assignment | ImportAssignment) for a in found):
        return None
    uses = {access.node for a in found for access in a.references}
    if not all(isinstance(node, cst.Name) and node.value == name for node in uses):
        return None
    return Bound(name, scope, tuple(a.node for a in found if isinstance(a, Assignment)), tuple(uses))


def _targets(node: cst.CSTNode, name: str) -> Iterator[cst.CSTNode]:
    """The names in a binding that are renamed."""
    if isinstance(node, cst.Name):
        yield node
    elif isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Param):
        yield node.name
    elif isinstance(node, cst.Import | cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
        for alias in node.names:
            if alias.asname and isinstance(alias.asname.name, cst.Name) and alias.asname.name.value == name:
                yield alias.asname.name
