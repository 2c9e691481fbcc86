"""What is wrong with the course of a program: a statement left out, the wrong order, state kept too long."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from grader.exercise.variations.edits import Edit, Source, called_in

OPPOSITES = (("first", "last"), ("before", "after"), ("old", "new"), ("fan_in", "fan_out"),
             ("n_in", "n_out"), ("inputs", "targets"), ("min", "max"), ("any", "all"), ("x", "y"),
             ("in_features", "out_features"))
BUILT_IN = ("min", "max", "any", "all")
ORDERED = ("items", "values", "named_modules", "modules", "children")
UNORDERED = ("sum", "all", "any", "max", "min", "tensor", "fsum", "hypot")


def left_out(source: Source) -> Iterator[Edit]:
    """A statement is forgotten."""
    for node in source.all(ast.stmt):
        call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if call or isinstance(node, ast.AugAssign | ast.Raise) or _assigns_again(source, node):
            yield source.gone(node)


def _assigns_again(source: Source, node: ast.AST) -> bool:
    """Does the program have a value there without this assignment?"""
    if not isinstance(node, ast.Assign):
        return False
    target, function = node.targets[0], source.function_of(node)
    if not isinstance(target, ast.Name):
        return not isinstance(target, ast.Tuple)
    if function is None:
        return False
    earlier = {n.id for n in _stored(function) if n.lineno < node.lineno}
    return target.id in earlier | {a.arg for a in function.args.args}


def _stored(node: ast.AST) -> list[ast.Name]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _arguments(node: ast.AST) -> set[str]:
    return {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}


def wrong_order(source: Source) -> Iterator[Edit]:
    """Two neighbouring statements in the wrong order, where neither needs a name of the other."""
    for block in _blocks(source):
        for pair in pairwise(block):
            first, second = pair
            simple = all(isinstance(one, ast.Expr | ast.Assign | ast.AugAssign) for one in pair)
            if simple and source.function_of(first) and _matters(first, second):
                (start, middle), (again, end) = source.span(first), source.span(second)
                between = source.data[middle:again].decode()
                yield Edit(start=start, end=end, text=source.of(second) + between + source.of(first))


def _blocks(source: Source) -> Iterator[Sequence[ast.stmt]]:
    for node in ast.walk(source.tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _matters(first: ast.stmt, second: ast.stmt) -> bool:
    """Can anybody notice their order? Both do something, or one of them makes a step."""
    bound = [{n.id for n in _stored(one)} for one in (first, second)]
    if bound[0] & _names(second) or bound[1] & _names(first):
        return False
    if isinstance(first, ast.Expr) and isinstance(second, ast.Expr):
        return True
    return any(name.endswith("step") or name == "backward" for name in called_in(first) | called_in(second))


def too_early(source: Source) -> Iterator[Edit]:
    """The loop ends after its first turn, as with a return that is indented too far."""
    for node in source.all(ast.For):
        if source.function_of(node):
            yield source.after(node.body[-1], "break")


def opposite(source: Source) -> Iterator[Edit]:
    """One name for its counterpart: the first for the last, inputs for outputs, any for all."""
    other = {word: pair[1 - at] for pair in OPPOSITES for at, word in enumerate(pair)}
    for name in source.all(ast.Name):
        if name.id in other and isinstance(name.ctx, ast.Load):
            function = source.function_of(name)
            known = _names(function) | _arguments(function) if function else set()
            if name.id in BUILT_IN or other[name.id] in known:
                yield source.replaced(name, other[name.id])
    for node in source.all(ast.Attribute):
        if node.attr in (*BUILT_IN, "in_features", "out_features") and isinstance(node.ctx, ast.Load):
            yield source.replaced(node, f"{source.of(node.value)}.{other[node.attr]}")


def backwards(source: Source) -> Iterator[Edit]:
    """What has an order comes in the opposite one."""
    for node in source.all(ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in ("reversed", "sorted") and len(node.args) == 1:
            yield source.replaced(node, source.of(node.args[0]))
    for call, _ in source.methods(*ORDERED):
        if not _gathered(source, call):
            yield source.replaced(call, f"reversed(list({source.of(call)}))")


def _gathered(source: Source, node: ast.AST) -> bool:
    """Does it end up in a sum, or another thing that has no order?"""
    parent = source.parents.get(node)
    while isinstance(parent, ast.comprehension | ast.GeneratorExp | ast.ListComp):
        parent = source.parents.get(parent)
    return isinstance(parent, ast.Call) and source.of(parent.func).split(".")[-1] in UNORDERED


def kept(source: Source) -> Iterator[Edit]:
    """State is kept between two calls: what a call gathers begins with what the last one left."""
    for node in source.all(ast.expr):
        assigned = isinstance(source.parents.get(node), ast.Assign | ast.AnnAssign)
        if assigned and _is_empty(node) and source.function_of(node):
            name = f"_kept_{source.line(node)}"
            yield source.replaced(node, f'globals().setdefault("{name}", {source.of(node)})')


def _is_empty(node: ast.expr) -> bool:
    """Is it an empty collection, newly made?"""
    if isinstance(node, ast.Call):
        made = isinstance(node.func, ast.Name) and node.func.id in ("dict", "list", "set", "OrderedDict")
        return made and not node.args and not node.keywords
    if isinstance(node, ast.List):
        return not node.elts
    return isinstance(node, ast.Dict) and not node.keys


def remembered(source: Source) -> Iterator[Edit]:
    """The first result is given for ever."""
    for node in source.all(ast.Return):
        function = source.parents.get(node)
        if node.value is None or function not in source.functions():
            continue
        if _names(node.value) & ({n.id for n in _stored(function)} | _arguments(function)):
            text = f'globals().setdefault("_first_{node.lineno}", {source.operand(node.value)})'
            yield source.replaced(node.value, text)
