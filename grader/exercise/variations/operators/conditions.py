"""What is wrong with a condition: its edge, its direction, half of it, or none at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from grader.exercise.variations.edits import Edit, Source

SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}
AT_THE_EDGE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
CONTRARY = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "==",
            "is": "is not", "is not": "is", "in": "not in", "not in": "in"}


def edge(source: Source) -> Iterator[Edit]:
    """`<` for `<=`, `>=` for `>`: the boundary belongs to the other side."""
    yield from _compared(source, AT_THE_EDGE)


def contrary(source: Source) -> Iterator[Edit]:
    """A comparison the wrong way round."""
    yield from _compared(source, CONTRARY)


def _compared(source: Source, signs: dict[str, str]) -> Iterator[Edit]:
    for node in source.all(ast.Compare):
        operands = [node.left, *node.comparators]
        for operator, (left, right) in zip(node.ops, pairwise(operands), strict=True):
            sign = SIGNS[type(operator)]
            if sign in signs:
                start, end = source.span(left)[1], source.span(right)[0]
                between = source.data[start:end].decode()
                yield Edit(start=start, end=end, text=between.replace(sign, signs[sign], 1))


def negated(source: Source) -> Iterator[Edit]:
    """A condition negated."""
    for test in _tests(source):
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            yield source.replaced(test, source.operand(test.operand))
        elif not isinstance(test, ast.Compare):  # that is `contrary`
            yield source.replaced(test, f"not {source.operand(test)}")


def unguarded(source: Source) -> Iterator[Edit]:
    """A guard dropped: what it keeps out comes in; or nothing comes in any more."""
    for test in _tests(source):
        if not isinstance(test, ast.Constant):
            yield source.replaced(test, "True")
            yield source.replaced(test, "False")


def _tests(source: Source) -> Iterator[ast.expr]:
    for node in source.nodes:
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node.test
        for part in getattr(node, "generators", []):
            yield from part.ifs


def half_a_condition(source: Source) -> Iterator[Edit]:
    """Of two conditions, or two types, only one is asked."""
    for node in source.all(ast.BoolOp):
        yield from (source.replaced(node, source.operand(part)) for part in node.values)
    for both in _bitwise(source):
        yield source.replaced(both, source.of(both.left))
        yield source.replaced(both, source.of(both.right))


def and_for_or(source: Source) -> Iterator[Edit]:
    """`and` for `or`, or the other way round; `&` and `|` alike."""
    for node in source.all(ast.BoolOp):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield source.replaced(node, f"({word.join(source.operand(part) for part in node.values)})")
    for both in _bitwise(source):
        sign = " & " if isinstance(both.op, ast.BitOr) else " | "
        yield source.replaced(both, source.operand(both.left) + sign + source.operand(both.right))


def _bitwise(source: Source) -> Iterator[ast.BinOp]:
    return (node for node in source.all(ast.BinOp) if isinstance(node.op, ast.BitOr | ast.BitAnd))


def loosely(source: Source) -> Iterator[Edit]:
    """A name compared loosely: `in` for equal, without regard to case, anywhere instead of at the end."""
    for node in source.all(ast.Compare):
        left, right = node.left, node.comparators[0]
        text = isinstance(right, ast.Constant) and isinstance(right.value, str)
        if text and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            yield source.replaced(node, f"{source.operand(right)} in {source.operand(left)}")
            if isinstance(left, ast.Name):
                yield source.replaced(node, f"{source.of(left)}.lower() == {source.of(right)}")
    for call, function in source.methods("endswith", "startswith"):
        if call.args:
            yield source.replaced(call, f"({source.operand(call.args[0])} in {source.of(function.value)})")
