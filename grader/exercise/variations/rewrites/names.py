"""Rewrites that change what things are called."""

from __future__ import annotations

import libcst as cst
from libcst.metadata import ComprehensionScope, FunctionScope, GlobalScope

from grader.exercise.variations.scopes import Bound, renamed
from grader.exercise.variations.trees import Chance, inside


def renamed_locals(module: cst.Module, chance: Chance) -> cst.Module:
    """A local variable has another name: nobody outside its function sees it, and the new one is new."""

    def choose(bound: Bound) -> str | None:
        local = isinstance(bound.scope, FunctionScope | ComprehensionScope)
        own = all(isinstance(node, cst.Name | cst.FunctionDef) for node in bound.bindings)
        return chance.name() if local and own and chance.often() else None

    return module if _looks_at_names(module) else renamed(module, choose)


def renamed_parameters(module: cst.Module, chance: Chance) -> cst.Module:
    """A parameter of an inner function that is only ever called by position, in sight, has another name."""

    def choose(bound: Bound) -> str | None:
        own = all(isinstance(node, cst.Param) for node in bound.bindings)
        return chance.name() if own and _is_inner(bound.scope, module) and chance.often() else None

    return module if _looks_at_names(module) else renamed(module, choose)


def _is_inner(scope: object, module: cst.Module) -> bool:
    """Is it the scope of a function in another one, of whose name each use is a call by position?"""
    if not isinstance(scope, FunctionScope) or not isinstance(scope.parent, FunctionScope):
        return False
    function = scope.node
    if not isinstance(function, cst.FunctionDef) or function.decorators:
        return False
    name = function.name.value
    calls = sum(isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == name
                and not any(argument.keyword or argument.star for argument in node.args)
                for node in inside(module))
    uses = sum(isinstance(node, cst.Name) and node.value == name for node in inside(module))
    return uses == calls + 1


def renamed_helpers(module: cst.Module, chance: Chance) -> cst.Module:
    """A function or class that no exercise asks for has another name: all its uses are in this very text."""

    def choose(bound: Bound) -> str | None:
        own = all(isinstance(node, cst.FunctionDef | cst.ClassDef) for node in bound.bindings)
        asked = bound.name in chance.asked or bound.name.startswith("__")
        return chance.name() if isinstance(bound.scope, GlobalScope) and own and not asked else None

    return module if _looks_at_names(module) else renamed(module, choose)


def aliased_imports(module: cst.Module, chance: Chance) -> cst.Module:
    """A module is imported under another name: the same object is bound, and every use is renamed with it."""
    aliases: dict[str, str] = {}

    def choose(bound: Bound) -> str | None:
        once = isinstance(bound.scope, GlobalScope) and len(bound.bindings) == 1
        if once and _is_imported(bound.bindings[0], bound.name) and chance.often():
            aliases[bound.name] = chance.name()
            return aliases[bound.name]
        return None

    found = renamed(module, choose)
    return found.visit(_Aliases(aliases))


def _is_imported(statement: cst.CSTNode, name: str) -> bool:
    """Is it `import name` or `from somewhere import name`, without `as`?"""
    if isinstance(statement, cst.ImportFrom) and isinstance(statement.module, cst.Name):
        if statement.module.value == "__future__":
            return False
    elif not isinstance(statement, cst.Import | cst.ImportFrom):
        return False
    names = () if isinstance(statement.names, cst.ImportStar) else statement.names
    return any(isinstance(one.name, cst.Name) and one.name.value == name and not one.asname for one in names)


class _Aliases(cst.CSTTransformer):
    """`as` behind the names of the imports at the top level."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return False

    def leave_ImportAlias(self, original_node: cst.ImportAlias,
                          updated_node: cst.ImportAlias) -> cst.ImportAlias:
        name = original_node.name.value if isinstance(original_node.name, cst.Name) else ""
        if name not in self.names or original_node.asname:
            return updated_node
        return updated_node.with_changes(asname=cst.AsName(name=cst.Name(self.names[name])))


def _looks_at_names(module: cst.Module) -> bool:
    """Can the program see what its variables are called, or has it what the analysis of scopes leaves out?"""
    return any((isinstance(node, cst.Name) and node.value in ("locals", "vars", "eval", "exec", "globals"))
               or isinstance(node, cst.Del | cst.NamedExpr | cst.Match)
               or (isinstance(node, cst.FormattedStringExpression) and node.equal is not None)
               for node in inside(module))
