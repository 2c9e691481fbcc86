"""Rewrites of expressions: comparisons, arithmetic, numbers, arguments."""

from __future__ import annotations

import inspect
import pkgutil
from collections import Counter
from collections.abc import Callable

import libcst as cst
import libcst.matchers as m

from grader.exercise.variations.trees import Chance, Places, begun, code, inside

OPERATORS = {cst.Add: "add", cst.Subtract: "sub", cst.Multiply: "mul", cst.Divide: "truediv",
             cst.Power: "pow", cst.MatrixMultiply: "matmul"}
MIRRORED: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.GreaterThan, cst.GreaterThan: cst.LessThan,
    cst.LessThanEqual: cst.GreaterThanEqual, cst.GreaterThanEqual: cst.LessThanEqual,
    cst.Equal: cst.Equal, cst.NotEqual: cst.NotEqual}
NUMBER = m.Integer() | m.Float()
STILL = m.Name() | NUMBER | m.UnaryOperation(m.Minus(), NUMBER)
LIBRARIES = {"nn": "torch.nn", "F": "torch.nn.functional", "torch": "torch", "np": "numpy"}


def mirrored_comparison(module: cst.Module, chance: Chance) -> cst.Module:
    """`b > a` for `a < b`, of names and numbers: neither does anything when it is read, and Python asks the
    other operand's mirrored method in the same cases."""

    class Change(Places):
        def leave_Comparison(self, original_node: cst.Comparison,
                             updated_node: cst.Comparison) -> cst.Comparison:
            (first, *more), left = updated_node.comparisons, updated_node.left
            other, right = MIRRORED.get(type(first.operator)), first.comparator
            still = m.matches(left, STILL) and m.matches(right, STILL)
            if more or not other or not still or not self.chance.often():
                return updated_node
            return updated_node.with_changes(left=right, comparisons=[cst.ComparisonTarget(other(), left)])

    return module.visit(Change(chance))


def operator_functions(module: cst.Module, chance: Chance) -> cst.Module:
    """`operator.add(a, b)` for `a + b`, which Python's documentation calls the same."""
    alias = chance.name()

    class Change(Places):
        used = False

        def leave_BinaryOperation(self, original_node: cst.BinaryOperation,
                                  updated_node: cst.BinaryOperation) -> cst.BaseExpression:
            name = OPERATORS.get(type(updated_node.operator))
            if not name or not self.chance.often():
                return updated_node
            self.used = True
            left, right = code(updated_node.left), code(updated_node.right)
            return cst.parse_expression(f"{alias}.{name}({left}, {right})")

    change = Change(chance)
    made = module.visit(change)
    return begun(made, f"import operator as {alias}") if change.used else module


def named_constants(module: cst.Module, chance: Chance) -> cst.Module:
    """A number in a function gets a name at the top, which is assigned to nowhere else."""
    named: dict[str, str] = {}

    class Change(Places):
        depth = 0

        def visit_FunctionDef_body(self, node: cst.FunctionDef) -> None:
            self.depth += 1

        def leave_FunctionDef_body(self, node: cst.FunctionDef) -> None:
            self.depth -= 1

        def visit_MatchValue(self, node: cst.MatchValue) -> bool:
            return False  # in a pattern, a name would be bound

        def leave_Float(self, original_node: cst.Float, updated_node: cst.Float) -> cst.BaseExpression:
            if not self.depth or updated_node.lpar:
                return updated_node
            if updated_node.value not in named:
                named[updated_node.value] = self.chance.name(str.upper)
            return cst.Name(named[updated_node.value])

    made = module.visit(Change(chance))
    for value, name in named.items():
        made = begun(made, f"{name} = {value}")
    return made


def keyword_arguments(module: cst.Module, chance: Chance) -> cst.Module:
    """An argument is passed by keyword, to a function of this text or of a library, as its signature says."""
    bound = Counter(node.value for node in _binding(module))
    own = {function.name.value: [p.name.value for p in function.params.params] for function in module.body
           if isinstance(function, cst.FunctionDef) and not function.decorators
           and not function.params.posonly_params and bound[function.name.value] == 1}
    return module.visit(_Keywords(chance, lambda function: own.get(function) or _parameters(function)))


def _binding(module: cst.Module) -> list[cst.Name]:
    """The names where functions, classes, parameters and variables are bound to them."""
    nodes = list(inside(module))
    named = [n.name for n in nodes if isinstance(n, cst.FunctionDef | cst.ClassDef | cst.Param)]
    targets = [n.target for n in nodes if isinstance(
        n, cst.AssignTarget | cst.AnnAssign | cst.NamedExpr | cst.For | cst.CompFor)]
    return named + [part for target in targets for part in inside(target) if isinstance(part, cst.Name)]


def _parameters(function: str) -> list[str] | None:
    """The names of a library function's parameters, all of which may be given either way; else None."""
    head, _, rest = function.partition(".")
    if not rest or head not in LIBRARIES:
        return None
    try:
        found = inspect.signature(pkgutil.resolve_name(f"{LIBRARIES[head]}.{rest}")).parameters
    except (ValueError, TypeError, ImportError, AttributeError):
        return None
    either = all(parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for parameter in found.values())
    return list(found) if either else None


class _Keywords(Places):
    def __init__(self, chance: Chance, parameters: Callable[[str], list[str] | None]) -> None:
        super().__init__(chance)
        self.parameters = parameters

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        names, arguments = self.parameters(code(original_node.func)), updated_node.args
        count = sum(not argument.keyword for argument in arguments)
        odd = any(argument.star or isinstance(argument.value, cst.GeneratorExp) for argument in arguments)
        if not names or count > len(names) or odd or not self.chance.often():
            return updated_node
        kept = self.chance.rng.randrange(count + 1)
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        given = [one if one.keyword else one.with_changes(keyword=cst.Name(names[at]), equal=equal)
                 for at, one in enumerate(arguments[kept:], kept)]
        return updated_node.with_changes(args=[*arguments[:kept], *given])
