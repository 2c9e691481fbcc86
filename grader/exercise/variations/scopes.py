"""Names changed wherever they are bound and used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

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

from grader.exercise.variations.trees import inside


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A name in one scope: where it is bound, and where it is used."""

    name: str
    scope: Scope
    bindings: tuple[cst.CSTNode, ...]      # Name, Param, FunctionDef, Import...; at least one
    uses: tuple[cst.CSTNode, ...]


def renamed(module: cst.Module, choose: Callable[[Bound], str | None]) -> cst.Module:
    """The module with names changed wherever they are bound and used.

    Args:
        module: What is rewritten.
        choose: A new name for what is bound, or None to leave it.
    """
    wrapper = MetadataWrapper(module)
    names: dict[cst.CSTNode, str] = {}
    for bound in _all_bound(wrapper):
        new = choose(bound)
        if new:
            targets = (target for node in bound.bindings for target in _targets(node, bound.name))
            names.update(dict.fromkeys((*targets, *bound.uses), new))
    return wrapper.module.visit(_Renaming(names))


class _Renaming(cst.CSTTransformer):
    def __init__(self, names: Mapping[cst.CSTNode, str]) -> None:
        self.names = names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        new = self.names.get(original_node)
        return updated_node.with_changes(value=new) if new else updated_node


def _all_bound(wrapper: MetadataWrapper) -> Iterator[Bound]:
    """In an order that is always the same. None that is `global` or `nonlocal` anywhere."""
    fixed = {item.name.value for node in inside(wrapper.module)
             if isinstance(node, cst.Global | cst.Nonlocal) for item in node.names}
    scopes = {scope for scope in wrapper.resolve(ScopeProvider).values()
              if isinstance(scope, FunctionScope | ComprehensionScope | GlobalScope)}
    places = {node: at for at, node in enumerate(inside(wrapper.module))}
    for scope in sorted(scopes, key=lambda scope: places.get(getattr(scope, "node", wrapper.module), 0)):
        for name in sorted({assignment.name for assignment in scope.assignments} - fixed):
            bound = _bound(name, scope)
            if bound:
                yield bound


def _bound(name: str, scope: Scope) -> Bound | None:
    """None where a use is not a plain name, or nothing in sight binds it."""
    found = [a for a in scope.assignments[name] if a.scope is scope]
    if not all(isinstance(a, Assignment | ImportAssignment) for a in found):
        return None
    uses = {access.node for a in found for access in a.references}
    if not all(isinstance(node, cst.Name) and node.value == name for node in uses):
        return None
    bindings = tuple(a.node for a in found if isinstance(a, Assignment))
    return Bound(name=name, scope=scope, bindings=bindings, uses=tuple(uses)) if bindings else None


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
