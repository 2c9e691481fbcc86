"""Rewrites that put a function into something else: another function, a class, a context, a lambda."""

from __future__ import annotations

import libcst as cst

from grader.exercise.variations.trees import (
    Chance,
    Statement,
    code,
    docstring_of,
    each_function,
    inside,
    nested,
    statements,
    with_body,
    words,
)

SEES_ITS_FRAME = {"super", "locals", "vars", "dir", "eval", "exec"}
BINDING = (cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.For | cst.NamedExpr | cst.CompFor
           | cst.AsName | cst.FunctionDef | cst.ClassDef | cst.ImportAlias | cst.Del)


def inner_function(module: cst.Module, chance: Chance) -> cst.Module:
    """A function's whole body moves into an inner function without parameters, which is called at once: it
    sees the same names, and assigns to none that is not its own."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        doc, rest = docstring_of(function)
        parameters = {p.name.value for p in inside(function.params) if isinstance(p, cst.Param)}
        odd = any(isinstance(n, cst.Nonlocal | cst.Global) for n in inside(function))
        if not rest or odd or _bound(rest) & parameters or words(function) & SEES_ITS_FRAME:
            return None
        name = chance.name()
        return [with_body(function, *doc, nested(f"def {name}():", rest), *statements(f"return {name}()"))]

    return each_function(module, chance, change)


def _bound(body: list[cst.BaseStatement]) -> set[str]:
    """The names that are bound in it, and some that are only used where others are."""
    binding = [node for statement in body for node in inside(statement) if isinstance(node, BINDING)]
    targets = [getattr(node, "target", None) or getattr(node, "name", None) or node for node in binding]
    return {word for target in targets for word in words(target)}


def null_context(module: cst.Module, chance: Chance) -> cst.Module:
    """A body within `contextlib.nullcontext()`, which does nothing when it is entered and left."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        doc, rest = docstring_of(function)
        alias = chance.name()
        imported = statements(f"import contextlib as {alias}")
        return [with_body(function, *doc, *imported, nested(f"with {alias}.nullcontext():", rest))]

    return each_function(module, chance, change)


def wrapped_in_decorator(module: cst.Module, chance: Chance) -> cst.Module:
    """A decorator that hands every argument on and gives back what comes, under the function's own name."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        decorator, inner, tools, old = (chance.name() for _ in range(4))
        made = statements(
            f"import functools as {tools}\n\n\ndef {decorator}({old}):\n    @{tools}.wraps({old})\n"
            f"    def {inner}(*args, **kwargs):\n        return {old}(*args, **kwargs)\n"
            f"    return {inner}\n")
        return [*made, function.with_changes(decorators=[cst.Decorator(cst.Name(decorator))])]

    return each_function(module, chance, change)


def class_with_call(module: cst.Module, chance: Chance) -> cst.Module:
    """The function becomes `__call__` of an object of its name: who calls it sees no difference."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        if any(word.startswith("__") and not word.endswith("__") for word in words(function)):
            return None  # such names mean something else within a class
        params, first = function.params, cst.Param(cst.Name(chance.name()), star="")
        kind = "posonly_params" if params.posonly_params else "params"
        listed = params.with_changes(**{kind: [first, *getattr(params, kind)]})
        owner, name = chance.name(str.capitalize), function.name.value
        method = function.with_changes(name=cst.Name("__call__"), params=listed, leading_lines=[])
        return [nested(f"class {owner}:", [method]), *statements(f"{name} = {owner}()")]

    return each_function(module, chance, change)


def closure(module: cst.Module, chance: Chance) -> cst.Module:
    """The function is made by another one, which is called at once: a closure over nothing."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        if any(isinstance(node, cst.Global) for node in inside(function)):
            return None
        maker, name = chance.name(), function.name.value
        body = [function.with_changes(leading_lines=[]), *statements(f"return {name}")]
        return [nested(f"def {maker}():", body), *statements(f"{name} = {maker}()")]

    return each_function(module, chance, change)


def partial(module: cst.Module, chance: Chance) -> cst.Module:
    """`functools.partial` without arguments: it hands on whatever it is called with."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        tools, name = chance.name(), function.name.value
        return [function, *statements(f"from functools import partial as {tools}\n{name} = {tools}({name})")]

    return each_function(module, chance, change, only_asked=True)


def as_lambda(module: cst.Module, chance: Chance) -> cst.Module:
    """A function that is one return becomes a lambda, which is the same but for its name and annotations."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        _, rest = docstring_of(function)
        line = rest[0] if len(rest) == 1 else None
        value = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
        if not isinstance(value, cst.Return) or value.value is None:
            return None
        bare = cst.ensure_type(function.params.visit(_NoAnnotations()), cst.Parameters)
        return statements(f"{function.name.value} = (lambda {code(bare)}: ({code(value.value)}))")

    return each_function(module, chance, change)


class _NoAnnotations(cst.CSTTransformer):
    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        return updated_node.with_changes(annotation=None)


def optional_parameter(module: cst.Module, chance: Chance) -> cst.Module:
    """One more parameter, by keyword only, with a default, and used nowhere: every call fits as before."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        params = function.params
        if params.kwonly_params or params.star_kwarg or isinstance(params.star_arg, cst.Param):
            return None
        extra = cst.Param(cst.Name(chance.name()), default=cst.Name("None"), star="")
        more = params.with_changes(star_arg=cst.ParamStar(), kwonly_params=[extra])
        return [function.with_changes(params=more)]

    return each_function(module, chance, change, only_asked=True)
