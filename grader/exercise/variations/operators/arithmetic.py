"""What is wrong with a formula: a sign, an operand, a number, the order of arguments, one end of a range."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.exercise.variations.edits import Edit, Source, last_name

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.MatMult: "@"}
OTHER_SIGN = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "**": "*", "%": "//"}
TINY, LARGE = 1e-5, 100   # numbers that only keep from dividing by zero, or to which one more is nothing
SYMMETRIC = ("isinstance", "zip", "setattr", "getattr", "min", "max", "isclose", "maximum", "minimum",
             "add", "mul")
EVEN = ("norm", "square", "abs", "vector_norm", "matrix_norm")


def other_sign(source: Source) -> Iterator[Edit]:
    """Plus for minus, times for divided by."""
    for node in source.all(ast.BinOp):
        other = OTHER_SIGN.get(SIGNS.get(type(node.op), ""))
        if other:
            yield source.replaced(node, f"({source.operand(node.left)} {other} {source.operand(node.right)})")


def swapped_operands(source: Source) -> Iterator[Edit]:
    """`b / a` for `a / b`; the same of minus, powers and matrix products."""
    for node in source.all(ast.BinOp):
        ordered = isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.MatMult)
        if ordered and not (isinstance(node.op, ast.Sub) and _sign_is_lost(source, node)):
            left, right = source.operand(node.left), source.operand(node.right)
            yield source.replaced(node, f"({right} {SIGNS[type(node.op)]} {left})")


def _sign_is_lost(source: Source, node: ast.AST) -> bool:
    """Does what is next done to it make no difference between it and minus it?"""
    parent = source.parents.get(node)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow):
        return isinstance(parent.right, ast.Constant) and parent.right.value == 2
    return last_name(parent.func if isinstance(parent, ast.Call) else parent) in EVEN


def swapped_arguments(source: Source) -> Iterator[Edit]:
    """The first two arguments of a call in the wrong order."""
    for node in source.all(ast.Call):
        symmetric = source.of(node.func).split(".")[-1] in SYMMETRIC
        if len(node.args) >= 2 and not symmetric:
            first, second = node.args[:2]
            start, end = source.span(first)[0], source.span(second)[1]
            if not isinstance(first, ast.Starred) and not isinstance(second, ast.Starred):
                yield Edit(start=start, end=end, text=f"{source.of(second)}, {source.of(first)}")


def operand_left_out(source: Source) -> Iterator[Edit]:
    """One side of a sum, product or quotient is forgotten."""
    for node in source.all(ast.BinOp):
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow):
            yield source.replaced(node, source.operand(node.left))
            if not isinstance(node.op, ast.Sub | ast.Pow):
                yield source.replaced(node, source.operand(node.right))


def other_number(source: Source) -> Iterator[Edit]:
    """Another number: one more or less, twice, or ten times as much."""
    for node in source.all(ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield source.replaced(node, str(not value))
        elif isinstance(value, int):
            yield source.replaced(node, str(value * 2 if value >= LARGE else value + 1))
            if LARGE > value > 0:
                yield source.replaced(node, str(value - 1))
        elif isinstance(value, float) and not 0 < value < TINY:
            yield source.replaced(node, repr(value * 2) if value else "1.0")
            yield source.replaced(node, repr(value * 10) if value else "0.1")


def other_word(source: Source) -> Iterator[Edit]:
    """Another string where one is returned, compared, or a key."""
    for node in source.all(ast.Constant):
        if isinstance(node.value, str) and node.value:
            yield source.replaced(node, repr(node.value + "s"))


def one_off(source: Source) -> Iterator[Edit]:
    """A range or a slice that begins or ends one too early or too late."""
    for node in source.all(ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "range":
            last = node.args[-1] if len(node.args) < 3 else node.args[1]
            yield source.replaced(last, f"{source.operand(last)} - 1")
            yield source.replaced(last, f"{source.operand(last)} + 1")
            if len(node.args) == 1:
                yield source.replaced(last, f"1, {source.of(last)}")
    for part in source.all(ast.Slice):
        yield from (source.replaced(bound, "") for bound in (part.lower, part.upper) if bound)
