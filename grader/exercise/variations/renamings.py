"""Rewrites that change what things are called. Each docstring says why the meaning stays."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable

import libcst as cst
from libcst.metadata import ComprehensionScope, FunctionScope, GlobalScope

from grader.exercise.variations.trees import Bound, Chance, inside, renamed


def renamed_locals(module: cst.Module, chance: Chance) -> cst.Module:
    """A local variable has another name: nobody outside its function sees it, and the new one is new."""

    def choose(bound: Bound) -> str | None:
        local = isinstance(bound.scope, FunctionScope | ComprehensionScope)
        own = all(isinstance(node, cst.Name | cst.FunctionDef) for node in bound.bindings)
        return chance.name() if local and own and bound.bindings and chance.often() else None

    return module if _looks_at_names(module) else renamed(module, choose)


def renamed_parameters(module: cst.Module, chance: Chance) -> cst.Module:
    """A parameter of an inner function that is only ever called by position, in sight, has another name."""
    calls = {
        node.func
        for node in inside(module)
        if isinstance(node, cst.Call)
        and not any(argument.keyword or argument.star for argument in node.args)
        and isinstance(node.func, cst.Name)
    }
    names = {node.value for node in calls if isinstance(node, cst.Name)}
    inner = {
        parameter
        for outer in inside(module)
        if isinstance(outer, cst.FunctionDef)
        for node in inside(outer.body)
        if isinstance(node, cst.FunctionDef)
        and not node.decorators
        and node.name.value in names
        and _count(module, node.name.value) == _calls(module, node.name.value) + 1
        for parameter in (p.name.value for p in node.params.params)
    }

    def choose(bound: Bound) -> str | None:
        local = isinstance(bound.scope, FunctionScope) and all(
            isinstance(n, cst.Param) for n in bound.bindings
        )
        return chance.name() if local and bound.name in inner and bound.bindings and chance.often() else None

    outer = {
        p.name.value
        for f in inside(module)
        if isinstance(f, cst.FunctionDef) and f.name.value not in names
        for p in f.params.params
    }
    inner -= outer | {
        p.name.value for f in inside(module) if isinstance(f, cst.Lambda) for p in f.params.params
    }
    return module if _looks_at_names(module) else renamed(module, choose)


def _count(module: cst.Module, name: str) -> int:
    return sum(isinstance(node, cst.Name) and node.value == name for node in inside(module))


def _calls(module: cst.Module, name: str) -> int:
    return sum(
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value == name
        and not any(a.keyword or a.star for a in node.args)
        for node in inside(module)
    )


def renamed_helpers(module: cst.Module, chance: Chance) -> cst.Module:
    """A function or class that no exercise asks for has another name: all its uses are in this very text."""

    def choose(bound: Bound) -> str | None:
        own = all(isinstance(node, cst.FunctionDef | cst.ClassDef) for node in bound.bindings)
        asked = bound.name in chance.asked or bound.name.startswith("__")
        globally = isinstance(bound.scope, GlobalScope)
        return chance.name() if globally and own and bound.bindings and not asked else None

    return module if _looks_at_names(module) else renamed(module, choose)


def aliased_imports(module: cst.Module, chance: Chance) -> cst.Module:
    """A module is imported under another name: the same object is bound, and every use is renamed with it."""
    aliases: dict[str, str] = {}

    def choose(bound: Bound) -> str | None:
        imported = (
            isinstance(bound.scope, GlobalScope)
            and len(bound.bindings) == 1
            and isinstance(bound.bindings[0], cst.Import | cst.ImportFrom)
        )
        if imported and _is_simple(bound.bindings[0], bound.name) and chance.often():
            aliases[bound.name] = chance.name()
        return aliases.get(bound.name) if imported else None

    found = renamed(module, choose)
    return found.visit(_Aliases(aliases))


def _is_simple(statement: cst.CSTNode, name: str) -> bool:
    """`import name` or `from somewhere import name`, without `as`."""
    aliases = getattr(statement, "names", ())
    return (
        not isinstance(aliases, cst.ImportStar)
        and not _is_future(statement)
        and any(isinstance(a.name, cst.Name) and a.name.value == name and a.asname is None for a in aliases)
    )


def _is_future(statement: cst.CSTNode) -> bool:
    return (
        isinstance(statement, cst.ImportFrom)
        and isinstance(statement.module, cst.Name)
        and (statement.module.value == "__future__")
    )


class _Aliases(cst.CSTTransformer):
    """`as` behind the names of the imports at the top level."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names, self.depth = names, 0

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.depth += 1

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self.depth -= 1
        return updated_node

    def leave_ImportAlias(
        self, original_node: cst.ImportAlias, updated_node: cst.ImportAlias
    ) -> cst.ImportAlias:
        name = original_node.name.value if isinstance(original_node.name, cst.Name) else ""
        if self.depth or name not in self.names or original_node.asname:
            return updated_node
        return updated_node.with_changes(asname=cst.AsName(name=cst.Name(self.names[name])))


def keyword_arguments(module: cst.Module, chance: Chance) -> cst.Module:
    """An argument is passed by keyword, to a function of this text or of a library, as its signature says."""
    own = {
        f.name.value: [p.name.value for p in f.params.params]
        for f in module.body
        if isinstance(f, cst.FunctionDef) and not f.decorators and not f.params.posonly_params
    }
    own = {
        name: names
        for name, names in own.items()
        if sum(
            isinstance(n, cst.FunctionDef | cst.ClassDef | cst.AssignTarget)
            and name
            in (
                getattr(getattr(n, "name", None), "value", ""),
                getattr(getattr(n, "target", None), "value", ""),
            )
            for n in inside(module)
        )
        == 1
    }
    return module.visit(_Keywords(chance, lambda function: own.get(function) or _signature(function)))


def _signature(function: str) -> list[str] | None:
    """The names of a library function's parameters that may be given either way."""
    head, _, rest = function.partition(".")
    modules = {"nn": "torch.nn", "F": "torch.nn.functional", "torch": "torch", "np": "numpy"}
    if not rest or head not in modules:
        return None
    try:
        found = inspect.signature(pkgutil.resolve_name(f"{modules[head]}.{rest}"))
    except (ValueError, TypeError, ImportError, AttributeError):
        return None
    either = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = [name for name, parameter in found.parameters.items() if parameter.kind is either]
    return names if len(names) == len(found.parameters) else None


class _Keywords(cst.CSTTransformer):
    def __init__(self, chance: Chance, parameters: Callable[[str], list[str] | None]) -> None:
        self.chance, self.parameters = chance, parameters

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        names = self.parameters(cst.Module([]).code_for_node(original_node.func))
        arguments = updated_node.args
        positional = [a for a in arguments if not a.keyword]
        if (
            not names
            or len(positional) > len(names)
            or any(a.star or isinstance(a.value, cst.GeneratorExp) for a in arguments)
            or not self.chance.often()
        ):
            return updated_node
        kept = self.chance.rng.randrange(len(positional) + 1)
        changed = [
            argument
            if at < kept or argument.keyword
            else argument.with_changes(
                keyword=cst.Name(names[at]),
                equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
            )
            for at, argument in enumerate(arguments)
        ]
        return updated_node.with_changes(args=changed)


def _looks_at_names(module: cst.Module) -> bool:
    """Can the program see what its variables are called, or has it what the analysis of scopes leaves out?"""
    return any(
        (isinstance(node, cst.Name) and node.value in ("locals", "vars", "eval", "exec", "globals"))
        or isinstance(node, cst.Del | cst.NamedExpr | cst.Match)
        or (isinstance(node, cst.FormattedStringExpression) and node.equal is not None)
        for node in inside(module)
    )


RENAMINGS = (renamed_locals, renamed_parameters, renamed_helpers, aliased_imports, keyword_arguments)
