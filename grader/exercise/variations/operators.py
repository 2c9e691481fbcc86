"""What a student gets wrong in any program: conditions, constants, order, statements left out.

Each operator yields the changes it can make to a right solution, one at a time. Its docstring is the mistake.
What belongs to PyTorch is in torch_operators.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from grader.exercise.variations.edits import Edit, Function, Source

SIGNS: dict[type[ast.operator | ast.cmpop], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
AT_THE_EDGE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
CONTRARY = {
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "==": "!=",
    "!=": "==",
    "is": "is not",
    "is not": "is",
    "in": "not in",
    "not in": "in",
}
OTHER_SIGN = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "**": "*", "%": "//"}
OPPOSITES = (
    ("first", "last"),
    ("before", "after"),
    ("old", "new"),
    ("fan_in", "fan_out"),
    ("n_in", "n_out"),
    ("inputs", "targets"),
    ("min", "max"),
    ("any", "all"),
    ("x", "y"),
    ("in_features", "out_features"),
)
TINY, LARGE = 1e-5, 100   # numbers that only keep from dividing by zero, or to which one more is nothing
SYMMETRIC = ("isinstance", "zip", "setattr", "getattr", "min", "max", "isclose", "maximum", "minimum",
             "add", "mul")


def _compared(source: Source, signs: dict[str, str]) -> Iterator[Edit]:
    for node in source.all(ast.Compare):
        operands = [node.left, *node.comparators]
        for operator, (left, right) in zip(node.ops, pairwise(operands), strict=True):
            other = signs.get(SIGNS[type(operator)])
            if other:
                start, end = source.span(left)[1], source.span(right)[0]
                between = source.data[start:end].decode()
                yield Edit(start=start, end=end, text=between.replace(SIGNS[type(operator)], other, 1))


def edge(source: Source) -> Iterator[Edit]:
    """`<` for `<=`, `>=` for `>`: the boundary belongs to the other side."""
    yield from _compared(source, AT_THE_EDGE)


def contrary(source: Source) -> Iterator[Edit]:
    """A comparison the wrong way round."""
    yield from _compared(source, CONTRARY)


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


def half_a_condition(source: Source) -> Iterator[Edit]:
    """Of two conditions, or two types, only one is asked."""
    for node in source.all(ast.BoolOp, ast.BinOp):
        if isinstance(node, ast.BoolOp):
            for part in node.values:
                yield source.replaced(node, source.operand(part))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd):
            yield source.replaced(node, source.of(node.left))
            yield source.replaced(node, source.of(node.right))


def and_for_or(source: Source) -> Iterator[Edit]:
    """`and` for `or`, or the other way round; `&` and `|` alike."""
    for node in source.all(ast.BoolOp, ast.BinOp):
        if isinstance(node, ast.BoolOp):
            word = " or " if isinstance(node.op, ast.And) else " and "
            yield source.replaced(node, f"({word.join(source.operand(part) for part in node.values)})")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd):
            sign = " & " if isinstance(node.op, ast.BitOr) else " | "
            yield source.replaced(node, source.operand(node.left) + sign + source.operand(node.right))


def _tests(source: Source) -> Iterator[ast.expr]:
    for node in source.nodes:
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node.test
        for part in getattr(node, "generators", []):
            yield from part.ifs


def other_sign(source: Source) -> Iterator[Edit]:
    """Plus for minus, times for divided by."""
    for node in source.all(ast.BinOp):
        other = OTHER_SIGN.get(SIGNS.get(type(node.op), ""))
        if other:
            yield source.replaced(node, f"({source.operand(node.left)} {other} {source.operand(node.right)})")


def swapped_operands(source: Source) -> Iterator[Edit]:
    """`b / a` for `a / b`; the same of minus, powers and matrix products."""
    for node in source.all(ast.BinOp):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.MatMult):
            sign = SIGNS[type(node.op)]
            if not (isinstance(node.op, ast.Sub) and _sign_is_lost(source, node)):
                yield source.replaced(
                    node, f"({source.operand(node.right)} {sign} {source.operand(node.left)})"
                )


def _sign_is_lost(source: Source, node: ast.AST) -> bool:
    """Does what is next done to it make no difference between it and minus it?"""
    parent = source.parents.get(node)
    function = (
        parent if isinstance(parent, ast.Attribute) else parent.func if isinstance(parent, ast.Call) else None
    )
    name = (
        function.attr
        if isinstance(function, ast.Attribute)
        else (function.id if isinstance(function, ast.Name) else "")
    )
    squared = (
        isinstance(parent, ast.BinOp)
        and isinstance(parent.op, ast.Pow)
        and isinstance(parent.right, ast.Constant)
        and parent.right.value == 2
    )
    return squared or name in ("norm", "square", "abs", "vector_norm", "matrix_norm")


def swapped_arguments(source: Source) -> Iterator[Edit]:
    """The first two arguments of a call in the wrong order."""
    for node in source.all(ast.Call):
        own = source.of(node.func).split(".")[-1] in SYMMETRIC
        if len(node.args) >= 2 and not own and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
            first, second = node.args[:2]
            start, end = source.span(first)[0], source.span(second)[1]
            yield Edit(start=start, end=end, text=f"{source.of(second)}, {source.of(first)}")


def operand_left_out(source: Source) -> Iterator[Edit]:
    """One side of a sum, product or quotient is forgotten."""
    for node in source.all(ast.BinOp):
        if isinstance(node, ast.BinOp) and isinstance(
            node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow
        ):
            yield source.replaced(node, source.operand(node.left))
            if not isinstance(node.op, ast.Sub | ast.Pow):
                yield source.replaced(node, source.operand(node.right))


def other_number(source: Source) -> Iterator[Edit]:
    """Another number: one more or less, twice, or ten times as much."""
    for node in source.all(ast.Constant):
        value = node.value if isinstance(node, ast.Constant) else None
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
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield source.replaced(node, repr(node.value + "s"))


def loosely(source: Source) -> Iterator[Edit]:
    """A name compared loosely: `in` for equal, without regard to case, anywhere instead of at the end."""
    for node in source.all(ast.Compare, ast.Call):
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            left, right = node.left, node.comparators[0]
            if isinstance(right, ast.Constant) and isinstance(right.value, str):
                yield source.replaced(node, f"{source.operand(right)} in {source.operand(left)}")
                if isinstance(left, ast.Name):
                    yield source.replaced(node, f"{source.of(left)}.lower() == {source.of(right)}")
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.args
            and node.func.attr in ("endswith", "startswith")
        ):
            yield source.replaced(node, f"({source.operand(node.args[0])} in {source.of(node.func.value)})")


def one_off(source: Source) -> Iterator[Edit]:
    """A range or a slice that begins or ends one too early or too late."""
    for node in source.all(ast.Call, ast.Slice):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            last = node.args[-1] if len(node.args) < 3 else node.args[1]
            yield source.replaced(last, f"{source.operand(last)} - 1")
            yield source.replaced(last, f"{source.operand(last)} + 1")
            if len(node.args) == 1:
                yield source.replaced(last, f"1, {source.of(last)}")
        if isinstance(node, ast.Slice):
            for bound in filter(None, (node.lower, node.upper)):
                yield source.replaced(bound, "")


def left_out(source: Source) -> Iterator[Edit]:
    """A statement is forgotten."""
    for node in source.nodes:
        call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if call or isinstance(node, ast.AugAssign | ast.Raise) or _assigns_again(source, node):
            assert isinstance(node, ast.stmt)
            yield source.gone(node)


def _assigns_again(source: Source, node: ast.AST) -> bool:
    """Does the program have a value there without this assignment?"""
    if not isinstance(node, ast.Assign):
        return False
    target, function = node.targets[0], source.function_of(node)
    if not isinstance(target, ast.Name):
        return not isinstance(target, ast.Tuple)
    earlier = (
        {
            n.id
            for n in ast.walk(function)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno < node.lineno
        }
        if function
        else set()
    )
    return target.id in earlier | ({a.arg for a in function.args.args} if function else set())


def wrong_order(source: Source) -> Iterator[Edit]:
    """Two neighbouring statements in the wrong order, where neither needs a name of the other."""
    for block in _blocks(source):
        for first, second in pairwise(block):
            simple = isinstance(first, ast.Expr | ast.Assign | ast.AugAssign) and isinstance(
                second, ast.Expr | ast.Assign | ast.AugAssign
            )
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


def _share(first: ast.stmt, second: ast.stmt) -> bool:
    names = [
        {n.id for n in ast.walk(one) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for one in (first, second)
    ]
    used = [{n.id for n in ast.walk(one) if isinstance(n, ast.Name)} for one in (first, second)]
    return bool(names[0] & used[1] or names[1] & used[0])


def _matters(first: ast.stmt, second: ast.stmt) -> bool:
    """Can anybody notice their order? Both do something, or one of them makes a step."""
    if _share(first, second):
        return False
    if isinstance(first, ast.Expr) and isinstance(second, ast.Expr):
        return True
    called = {ast.unparse(n.func).split(".")[-1] for one in (first, second) for n in ast.walk(one)
              if isinstance(n, ast.Call)}
    return any(name.endswith("step") or name == "backward" for name in called)


def too_early(source: Source) -> Iterator[Edit]:
    """The loop ends after its first turn, as with a return that is indented too far."""
    for node in source.all(ast.For):
        if isinstance(node, ast.For) and source.function_of(node):
            yield source.after(node.body[-1], "break")


def opposite(source: Source) -> Iterator[Edit]:
    """One name for its counterpart: the first for the last, inputs for outputs, any for all."""
    known: dict[Function, set[str]] = {}
    for node in source.all(ast.Name, ast.Attribute):
        word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        for pair in OPPOSITES:
            if word not in pair or not isinstance(getattr(node, "ctx", None), ast.Load):
                continue
            other = pair[1 - pair.index(word)]
            if isinstance(node, ast.Attribute):
                if word in ("min", "max", "any", "all", "in_features", "out_features"):
                    yield source.replaced(node, f"{source.of(node.value)}.{other}")
                continue
            function = source.function_of(node)
            if function and function not in known:
                known[function] = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | {
                    n.arg for n in ast.walk(function) if isinstance(n, ast.arg)
                }
            if word in ("min", "max", "any", "all") or (function and other in known[function]):
                yield source.replaced(node, other)


def backwards(source: Source) -> Iterator[Edit]:
    """What has an order comes in the opposite one."""
    for node in source.all(ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in ("reversed", "sorted") and len(node.args) == 1:
            yield source.replaced(node, source.of(node.args[0]))
        named = ("items", "values", "named_modules", "modules", "children")
        if isinstance(node.func, ast.Attribute) and node.func.attr in named and not _gathered(source, node):
            yield source.replaced(node, f"reversed(list({source.of(node)}))")


def _gathered(source: Source, node: ast.AST) -> bool:
    """Does it end up in a sum, or another thing that has no order?"""
    parent = source.parents.get(node)
    while isinstance(parent, ast.comprehension | ast.GeneratorExp | ast.ListComp):
        parent = source.parents.get(parent)
    return isinstance(parent, ast.Call) and source.of(parent.func).split(".")[-1] in (
        "sum", "all", "any", "max", "min", "tensor", "fsum", "hypot")


def kept(source: Source) -> Iterator[Edit]:
    """State is kept between two calls: what a call gathers begins with what the last one left."""
    for node in source.all(ast.List, ast.Dict, ast.Call):
        parent = source.parents.get(node)
        empty = (
            (isinstance(node, ast.List) and not node.elts)
            or (isinstance(node, ast.Dict) and not node.keys)
            or (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and not node.args
                and not node.keywords
                and node.func.id in ("dict", "list", "set", "OrderedDict")
            )
        )
        if empty and isinstance(parent, ast.Assign | ast.AnnAssign) and source.function_of(node):
            name = f"_kept_{source.line(node)}"
            yield source.replaced(node, f'globals().setdefault("{name}", {source.of(node)})')


def _local(function: Function) -> set[str]:
    return {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)} | {
        n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def remembered(source: Source) -> Iterator[Edit]:
    """The first result is given for ever."""
    for node in source.all(ast.Return):
        last = source.parents.get(node) in source.functions()
        function = source.function_of(node)
        if last and function and node.value is not None and _local(function) & {
                n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}:
            text = f'globals().setdefault("_first_{node.lineno}", {source.operand(node.value)})'
            yield source.replaced(node.value, text)


GENERAL = (
    edge,
    contrary,
    negated,
    unguarded,
    half_a_condition,
    and_for_or,
    other_sign,
    swapped_operands,
    swapped_arguments,
    operand_left_out,
    other_number,
    other_word,
    loosely,
    one_off,
    left_out,
    wrong_order,
    too_early,
    opposite,
    backwards,
    kept,
    remembered,
)
