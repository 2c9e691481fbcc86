"""Rewrites of a solution's text that keep what it means. Each docstring says why it does.

A rewrite makes its change in some of the places that allow it, as chance has it.
"""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from grader.exercise.variations.renamings import RENAMINGS
from grader.exercise.variations.trees import (
    Chance,
    Rewrite,
    Statement,
    code,
    docstring_of,
    inside,
    nested,
    plain,
    statements,
    words,
)

GERMAN = (
    "Hier wird gerechnet",
    "Größe prüfen, dann weiter",
    "siehe Vorlesung, Folie 12",
    "TODO: schöner machen",
    "Übung 3b) – läuft!",
    "müsste stimmen",
    "Zwischenergebnis",
)
NUMBERS = {
    "1e-3": "0.001",
    "1e3": "1000.0",
    "0.001": "1e-3",
    "0.5": ".5",
    "2": "0b10",
    "0.01": "1e-2",
    "10": "0xa",
    "1e-6": "1E-06",
    "0.9": "9e-1",
    "0.0": "0.",
    "1.0": "1.",
}
OPERATORS = {
    cst.Add: "add",
    cst.Subtract: "sub",
    cst.Multiply: "mul",
    cst.Divide: "truediv",
    cst.Power: "pow",
    cst.MatrixMultiply: "matmul",
}
MIRRORED: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.GreaterThan,
    cst.GreaterThan: cst.LessThan,
    cst.LessThanEqual: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.LessThanEqual,
    cst.Equal: cst.Equal,
    cst.NotEqual: cst.NotEqual,
}


class _Places(cst.CSTTransformer):
    def __init__(self, chance: Chance) -> None:
        self.chance = chance


def _each_function(
    module: cst.Module, chance: Chance, change: object, *, only_asked: bool = False
) -> cst.Module:
    """Some of the plain functions at the top level, replaced by what `change` makes of them."""
    body: list[Statement] = []
    for statement in module.body:
        fits = (
            isinstance(statement, cst.FunctionDef)
            and plain(statement)
            and (not only_asked or statement.name.value in chance.asked)
        )
        made = change(statement) if fits and chance.often() else None  # type: ignore[operator]
        body += made or [statement]
    return module.with_changes(body=body)


def reordered_definitions(module: cst.Module, chance: Chance) -> cst.Module:
    """Neighbouring functions come in another order: a definition looks up nothing but defaults and
    annotations, and those name none of the neighbours."""
    body = list(module.body)
    runs: list[list[int]] = [[]]
    for at, statement in enumerate(body):
        if isinstance(statement, cst.FunctionDef) and not statement.decorators:
            runs[-1].append(at)
        elif runs[-1]:
            runs.append([])
    for run in runs:
        functions = [found for at in run if isinstance(found := body[at], cst.FunctionDef)]
        names = [function.name.value for function in functions]
        early = {word for function in functions for part in (function.params, function.returns) if part
                 for word in words(part)}
        if len(run) > 1 and len(set(names)) == len(names) and not early & set(names):
            order = run[:]
            chance.rng.shuffle(order)
            for to, statement in zip(run, [body[at] for at in order], strict=True):
                body[to] = statement
    return module.with_changes(body=body)


def annotated(module: cst.Module, chance: Chance) -> cst.Module:
    """Annotations are added, as strings, which nothing evaluates or reads."""

    class Change(_Places):
        def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
            return (
                updated_node
                if updated_node.annotation or not self.chance.often() or self.inner
                else (updated_node.with_changes(annotation=cst.Annotation(cst.SimpleString("'Eingabe'"))))
            )

        inner = 0

        def visit_Lambda(self, node: cst.Lambda) -> None:
            self.inner += 1

        def leave_Lambda(self, original_node: cst.Lambda, updated_node: cst.Lambda) -> cst.Lambda:
            self.inner -= 1
            return updated_node

        def leave_FunctionDef(
            self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
        ) -> cst.FunctionDef:
            return (
                updated_node
                if updated_node.returns
                else updated_node.with_changes(returns=cst.Annotation(cst.SimpleString("'Ausgabe'")))
            )

    return module.visit(Change(chance))


def unannotated(module: cst.Module, chance: Chance) -> cst.Module:
    """A function's annotations are left out: nothing reads them."""

    class Change(_Places):
        def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
            return updated_node.with_changes(annotation=None)

        def leave_FunctionDef(
            self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
        ) -> cst.FunctionDef:
            return updated_node.with_changes(returns=None)

        def leave_AnnAssign(
            self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign
        ) -> cst.AnnAssign | cst.Assign:
            if updated_node.value is None or not isinstance(updated_node.target, cst.Name):
                return updated_node
            return cst.Assign([cst.AssignTarget(updated_node.target)], updated_node.value)

    return module.visit(Change(chance))


def early_return(module: cst.Module, chance: Chance) -> cst.Module:
    """`return a if c else b` becomes `if c: return a` and `return b`: c is asked once, then one side is
    worked out, as before."""

    class Change(_Places):
        def leave_SimpleStatementLine(
            self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
        ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]:
            only = updated_node.body[0]
            if not (
                len(updated_node.body) == 1
                and isinstance(only, cst.Return)
                and isinstance(only.value, cst.IfExp)
                and self.chance.often()
            ):
                return updated_node
            value = only.value
            first = nested(f"if {_joined(value.test)}:", statements(f"return {_joined(value.body)}"))
            return cst.FlattenSentinel(
                [
                    first.with_changes(leading_lines=updated_node.leading_lines),
                    *statements(f"return {_joined(value.orelse)}"),
                ]
            )

    return module.visit(Change(chance))


def _joined(node: cst.BaseExpression) -> str:
    """An expression's text that may stand anywhere, over several lines or not."""
    text = code(node)
    return f"({text})" if "\n" in text and not node.lpar else text


def else_after_return(module: cst.Module, chance: Chance) -> cst.Module:
    """What follows an `if` that ends in a return goes into its `else`: it is reached in the same cases."""

    class Change(_Places):
        def leave_IndentedBlock(
            self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
        ) -> cst.IndentedBlock:
            body = list(updated_node.body)
            for at, statement in enumerate(body[:-1]):
                if (
                    isinstance(statement, cst.If)
                    and statement.orelse is None
                    and self.chance.often()
                    and isinstance(statement.body, cst.IndentedBlock)
                    and _returns(statement.body)
                ):
                    other = cst.Else(cst.IndentedBlock(body[at + 1 :]))
                    return updated_node.with_changes(body=[*body[:at], statement.with_changes(orelse=other)])
            return updated_node

    return module.visit(Change(chance))


def _returns(block: cst.IndentedBlock) -> bool:
    last = block.body[-1]
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return | cst.Raise)


def result_variable(module: cst.Module, chance: Chance) -> cst.Module:
    """What is returned gets a name first, which is used nowhere else."""

    class Change(_Places):
        def leave_SimpleStatementLine(
            self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
        ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]:
            only = updated_node.body[0]
            if not (
                len(updated_node.body) == 1
                and isinstance(only, cst.Return)
                and only.value
                and not isinstance(only.value, cst.Name)
                and self.chance.often()
            ):
                return updated_node
            name, value = self.chance.name(), only.value
            bare = isinstance(value, cst.Tuple) and not value.lpar
            text = f"{name} = {'(' + code(value) + ')' if bare else _joined(value)}"
            first = statements(text)[0].with_changes(leading_lines=updated_node.leading_lines)
            return cst.FlattenSentinel([first, *statements(f"return {name}")])

    return module.visit(Change(chance))


def inner_function(module: cst.Module, chance: Chance) -> cst.Module:
    """A function's whole body moves into an inner function without parameters, which is called at once: it
    sees the same names, and assigns to none that is not its own."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        doc, rest = docstring_of(function)
        parameters = {p.name.value for p in inside(function.params) if isinstance(p, cst.Param)}
        stored = {
            n.value
            for statement in rest
            for t in inside(statement)
            if isinstance(
                t,
                cst.AssignTarget
                | cst.AugAssign
                | cst.AnnAssign
                | cst.For
                | cst.AsName
                | cst.NamedExpr
                | cst.CompFor,
            )
            for n in inside(t.name if isinstance(t, cst.AsName) else t.target)
            if isinstance(n, cst.Name)
        }
        if (
            stored & parameters
            or not rest
            or any(isinstance(n, cst.Nonlocal | cst.Global) for n in inside(function))
        ):
            return None
        if any(isinstance(n, cst.Name) and n.value in ("super", "locals") for n in inside(function)):
            return None
        name = chance.name()
        inner = nested(f"def {name}():", rest)
        return [function.with_changes(body=cst.IndentedBlock([*doc, inner, *statements(f"return {name}()")]))]

    return _each_function(module, chance, change)


def null_context(module: cst.Module, chance: Chance) -> cst.Module:
    """A body within `contextlib.nullcontext()`, which does nothing when it is entered and left."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        doc, rest = docstring_of(function)
        alias = chance.name()
        block = [
            *doc,
            *statements(f"import contextlib as {alias}"),
            nested(f"with {alias}.nullcontext():", rest),
        ]
        return [function.with_changes(body=cst.IndentedBlock(block))]

    return _each_function(module, chance, change)


def try_finally(module: cst.Module, chance: Chance) -> cst.Module:
    """A body within `try: ... finally: pass`, which catches nothing and does nothing."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        doc, rest = docstring_of(function)
        whole = cst.Try(
            body=cst.IndentedBlock(rest), finalbody=cst.Finally(cst.IndentedBlock(statements("pass")))
        )
        return [function.with_changes(body=cst.IndentedBlock([*doc, whole]))]

    return _each_function(module, chance, change)


def wrapped_in_decorator(module: cst.Module, chance: Chance) -> cst.Module:
    """A decorator that hands every argument on and gives back what comes, under the function's own name."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        decorator, inner, tools, old = (chance.name() for _ in range(4))
        made = statements(
            f"import functools as {tools}\n\n\ndef {decorator}({old}):\n    @{tools}.wraps({old})\n"
            f"    def {inner}(*args, **kwargs):\n        return {old}(*args, **kwargs)\n"
            f"    return {inner}\n"
        )
        return [*made, function.with_changes(decorators=[cst.Decorator(cst.Name(decorator))])]

    return _each_function(module, chance, change)


def class_with_call(module: cst.Module, chance: Chance) -> cst.Module:
    """The function becomes `__call__` of an object of its name: who calls it sees no difference."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        if any(word.startswith("__") and not word.endswith("__") for word in words(function)):
            return None  # such names mean something else within a class
        first = cst.Param(cst.Name(chance.name()), star="")
        params = function.params
        listed = (
            params.with_changes(posonly_params=[first, *params.posonly_params])
            if params.posonly_params
            else params.with_changes(params=[first, *params.params])
        )
        kind, name = chance.name().capitalize(), function.name.value
        method = function.with_changes(name=cst.Name("__call__"), params=listed, leading_lines=[])
        return [nested(f"class {kind}:", [method]), *statements(f"{name} = {kind}()")]

    return _each_function(module, chance, change)


def static_method(module: cst.Module, chance: Chance) -> cst.Module:
    """The function is written as a static method of a class, and taken out of it: it is the same function."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        if any(word.startswith("__") and not word.endswith("__") for word in words(function)):
            return None
        kind, name = chance.name().capitalize(), function.name.value
        method = function.with_changes(decorators=[cst.Decorator(cst.Name("staticmethod"))], leading_lines=[])
        return [nested(f"class {kind}:", [method]), *statements(f"{name} = {kind}.{name}")]

    return _each_function(module, chance, change)


def closure(module: cst.Module, chance: Chance) -> cst.Module:
    """The function is made by another one, which is called at once: a closure over nothing."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        if any(isinstance(node, cst.Global) for node in inside(function)):
            return None
        maker, name = chance.name(), function.name.value
        made = nested(
            f"def {maker}():", [function.with_changes(leading_lines=[]), *statements(f"return {name}")]
        )
        return [made, *statements(f"{name} = {maker}()")]

    return _each_function(module, chance, change)


def partial(module: cst.Module, chance: Chance) -> cst.Module:
    """`functools.partial` without arguments: it hands on whatever it is called with."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        tools, name = chance.name(), function.name.value
        return [function, *statements(f"from functools import partial as {tools}\n{name} = {tools}({name})")]

    return _each_function(module, chance, change, only_asked=True)


def as_lambda(module: cst.Module, chance: Chance) -> cst.Module:
    """A function that is one return becomes a lambda, which is the same but for its name and annotations."""

    def change(function: cst.FunctionDef) -> list[Statement] | None:
        _, rest = docstring_of(function)
        line = rest[0] if len(rest) == 1 else None
        value = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
        if not isinstance(value, cst.Return) or value.value is None:
            return None
        bare = function.with_changes(returns=None).visit(_NoAnnotations())
        assert isinstance(bare, cst.FunctionDef)
        return statements(f"{function.name.value} = lambda {code(bare.params)}: ({code(value.value)})")

    return _each_function(module, chance, change)


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
        return [
            function.with_changes(params=params.with_changes(star_arg=cst.ParamStar(), kwonly_params=[extra]))
        ]

    return _each_function(module, chance, change, only_asked=True)


def docstrings(module: cst.Module, chance: Chance) -> cst.Module:
    """A docstring more, or none: nothing reads it."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        doc, rest = docstring_of(function)
        new = [] if doc and rest else statements(f'"""{chance.rng.choice(GERMAN)}: größer als ½ …"""')
        return [function.with_changes(body=cst.IndentedBlock([*new, *rest]))]

    return _each_function(module, chance, change)


def comments(module: cst.Module, chance: Chance) -> cst.Module:
    """German comments and empty lines: Python skips them."""

    class Change(_Places):
        def leave_SimpleStatementLine(
            self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
        ) -> cst.SimpleStatementLine:
            said = cst.EmptyLine(comment=cst.Comment(f"# {self.chance.rng.choice(GERMAN)}"))
            lines = [*updated_node.leading_lines, said, cst.EmptyLine(indent=False)]
            return updated_node.with_changes(leading_lines=lines) if self.chance.often() else updated_node

    return module.visit(Change(chance))


def indentation(module: cst.Module, chance: Chance) -> cst.Module:
    """Two blanks, three, or a tab for each level: Python asks only that it be the same throughout."""
    return module.with_changes(default_indent=chance.rng.choice(("  ", "   ", "\t")))


def mirrored_comparison(module: cst.Module, chance: Chance) -> cst.Module:
    """`b > a` for `a < b`, of names and numbers: neither does anything when it is read, and Python asks the
    other operand's mirrored method in the same cases."""

    class Change(_Places):
        def leave_Comparison(
            self, original_node: cst.Comparison, updated_node: cst.Comparison
        ) -> cst.Comparison:
            (first, *more), left = updated_node.comparisons, updated_node.left
            other = MIRRORED.get(type(first.operator))
            if (
                more
                or not other
                or not _still(left)
                or not _still(first.comparator)
                or not self.chance.often()
            ):
                return updated_node
            return updated_node.with_changes(
                left=first.comparator, comparisons=[cst.ComparisonTarget(other(), left)]
            )

    return module.visit(Change(chance))


def _still(node: cst.BaseExpression) -> bool:
    number = m.Integer() | m.Float()
    return m.matches(node, m.Name() | number | m.UnaryOperation(m.Minus(), number))


def swapped_branches(module: cst.Module, chance: Chance) -> cst.Module:
    """`if not c: b else: a` for `if c: a else: b`: c's truth is asked once in both."""

    class Change(_Places):
        def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If:
            other = updated_node.orelse
            if not isinstance(other, cst.Else) or not self.chance.often():
                return updated_node
            test = cst.UnaryOperation(cst.Not(), cst.parse_expression(f"({code(updated_node.test)})"))
            return updated_node.with_changes(
                test=test, body=other.body, orelse=other.with_changes(body=updated_node.body)
            )

    return module.visit(Change(chance))


def operator_functions(module: cst.Module, chance: Chance) -> cst.Module:
    """`operator.add(a, b)` for `a + b`, which Python's documentation calls the same."""
    alias = chance.name()

    class Change(_Places):
        used = False

        def leave_BinaryOperation(
            self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
        ) -> cst.BaseExpression:
            name = OPERATORS.get(type(updated_node.operator))
            if not name or not self.chance.often():
                return updated_node
            self.used = True
            return cst.parse_expression(
                f"{alias}.{name}({code(updated_node.left)}, {code(updated_node.right)})"
            )

    change = Change(chance)
    made = module.visit(change)
    return _imported(made, f"import operator as {alias}") if change.used else module


def _imported(module: cst.Module, line: str) -> cst.Module:
    """An import at the top, behind the docstring and what imports from the future."""
    body = list(module.body)
    at = next(
        (
            i
            for i, s in enumerate(body)
            if not m.matches(
                s,
                m.SimpleStatementLine(
                    [
                        m.Expr(m.SimpleString() | m.ConcatenatedString())
                        | m.ImportFrom(module=m.Name("__future__"))
                    ]
                ),
            )
        ),
        len(body),
    )
    return module.with_changes(body=[*body[:at], *statements(line), *body[at:]])


def tuple_of_types(module: cst.Module, chance: Chance) -> cst.Module:
    """`isinstance(x, (A, B))` for `isinstance(x, A | B)`, which Python's documentation calls the same."""

    class Change(_Places):
        def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
            if not m.matches(
                updated_node,
                m.Call(m.Name("isinstance"), [m.Arg(), m.Arg(m.BinaryOperation(operator=m.BitOr()))]),
            ):
                return updated_node
            kinds = ", ".join(_alternatives(updated_node.args[1].value))
            return updated_node.with_changes(
                args=[updated_node.args[0], cst.Arg(cst.parse_expression(f"({kinds})"))]
            )

    return module.visit(Change(chance))


def _alternatives(node: cst.BaseExpression) -> list[str]:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return _alternatives(node.left) + _alternatives(node.right)
    return [code(node)]


def dict_call(module: cst.Module, chance: Chance) -> cst.Module:
    """`dict(a=1)` for `{"a": 1}`: the same keys and values in the same order."""

    class Change(_Places):
        def leave_Dict(self, original_node: cst.Dict, updated_node: cst.Dict) -> cst.BaseExpression:
            pairs = [(e.key, e.value) for e in updated_node.elements if isinstance(e, cst.DictElement)]
            keys = [k.evaluated_value for k, _ in pairs if isinstance(k, cst.SimpleString)]
            named = [k for k in keys if isinstance(k, str) and k.isidentifier()]
            if len(named) != len(updated_node.elements) or len(set(named)) != len(named):
                return updated_node
            inner = ", ".join(f"{key}={code(value)}" for key, (_, value) in zip(named, pairs, strict=True))
            return cst.parse_expression(f"dict({inner})")

    import keyword

    bad = "dict" in {n.value for n in inside(module) if isinstance(n, cst.Name)} - {"dict"} or any(
        isinstance(n, cst.SimpleString)
        and isinstance(n.evaluated_value, str)
        and keyword.iskeyword(n.evaluated_value)
        for n in inside(module)
    )
    return module if bad else module.visit(Change(chance))


def number_spelling(module: cst.Module, chance: Chance) -> cst.Module:
    """0.001 for 1e-3, 0b10 for 2: the same number to the last bit."""

    class Change(_Places):
        def _spelt(self, node: cst.Integer | cst.Float) -> cst.BaseExpression:
            other = NUMBERS.get(node.value)
            return (
                cst.parse_expression(other).with_changes(lpar=node.lpar, rpar=node.rpar)
                if other and self.chance.often()
                else node
            )

        def leave_Integer(self, original_node: cst.Integer, updated_node: cst.Integer) -> cst.BaseExpression:
            return self._spelt(updated_node)

        def leave_Float(self, original_node: cst.Float, updated_node: cst.Float) -> cst.BaseExpression:
            return self._spelt(updated_node)

    return module.visit(Change(chance))


def quotes(module: cst.Module, chance: Chance) -> cst.Module:
    """The other quotation marks, around text that needs no escape in either."""

    class Change(_Places):
        def leave_SimpleString(
            self, original_node: cst.SimpleString, updated_node: cst.SimpleString
        ) -> cst.SimpleString:
            inner = updated_node.raw_value
            if updated_node.prefix or len(updated_node.quote) != 1 or any(c in inner for c in "\"'\\"):
                return updated_node
            other = '"' if updated_node.quote == "'" else "'"
            return (
                updated_node.with_changes(value=f"{other}{inner}{other}")
                if self.chance.often()
                else updated_node
            )

    return module.visit(Change(chance))


def named_constants(module: cst.Module, chance: Chance) -> cst.Module:
    """A number in a function gets a name at the top, which is assigned to nowhere else."""
    named: dict[str, str] = {}

    class Change(_Places):
        depth = 0

        def visit_FunctionDef_body(self, node: cst.FunctionDef) -> None:
            self.depth += 1

        def leave_FunctionDef_body(self, node: cst.FunctionDef) -> None:
            self.depth -= 1

        def leave_Float(self, original_node: cst.Float, updated_node: cst.Float) -> cst.BaseExpression:
            if not self.depth or updated_node.lpar:
                return updated_node
            return cst.Name(named.setdefault(updated_node.value, self.chance.name().upper()))

    made = module.visit(Change(chance))
    for value, name in named.items():
        made = _imported(made, f"{name} = {value}")
    return made


def loop_for_comprehension(module: cst.Module, chance: Chance) -> cst.Module:
    """A list comprehension that is returned or assigned becomes a loop over the same things, in the same
    order; its variable, and the list until it is whole, have names that are used nowhere else."""

    class Change(_Places):
        def leave_SimpleStatementLine(
            self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
        ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]:
            only = updated_node.body[0]
            value = only.value if isinstance(only, cst.Return | cst.Assign) else None
            if len(updated_node.body) != 1 or not isinstance(value, cst.ListComp) or not _simple(value):
                return updated_node
            item, gathered = self.chance.name(), self.chance.name()
            loop = value.for_in
            assert isinstance(loop.target, cst.Name)
            old = loop.target.value
            element, *tests = [_with(part, old, item) for part in (value.elt, *(i.test for i in loop.ifs))]
            body: list[cst.BaseStatement] = [*statements(f"{gathered}.append({element})")]
            for test in reversed(tests):
                body = [nested(f"if ({test}):", body)]
            first = statements(f"{gathered} = []")[0].with_changes(leading_lines=updated_node.leading_lines)
            last = updated_node.with_changes(
                body=[only.with_changes(value=cst.Name(gathered))], leading_lines=[]
            )
            return cst.FlattenSentinel([first, nested(f"for {item} in ({code(loop.iter)}):", body), last])

    return module.visit(Change(chance))


def _simple(comprehension: cst.ListComp) -> bool:
    """One loop over one name, and nothing in it that has a scope of its own."""
    loop = comprehension.for_in
    inner = [n for part in (comprehension.elt, *loop.ifs) for n in inside(part)]
    return (
        loop.inner_for_in is None
        and not loop.asynchronous
        and isinstance(loop.target, cst.Name)
        and not any(
            isinstance(n, cst.Lambda | cst.CompFor | cst.NamedExpr | cst.BaseString | cst.FormattedString)
            for n in inner
        )
    )


def _with(node: cst.BaseExpression, old: str, new: str) -> str:
    class Change(cst.CSTTransformer):
        def visit_Attribute_attr(self, node: cst.Attribute) -> None:
            self.fixed = True

        def leave_Attribute_attr(self, node: cst.Attribute) -> None:
            self.fixed = False

        def visit_Arg_keyword(self, node: cst.Arg) -> None:
            self.fixed = True

        def leave_Arg_keyword(self, node: cst.Arg) -> None:
            self.fixed = False

        fixed = False

        def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
            return (
                updated_node.with_changes(value=new)
                if updated_node.value == old and not self.fixed
                else (updated_node)
            )

    changed = node.visit(Change())
    assert isinstance(changed, cst.BaseExpression)
    return code(changed)


def says_something(module: cst.Module, chance: Chance) -> cst.Module:
    """A function prints a line and binds a variable that nothing reads."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        doc, rest = docstring_of(function)
        lines = statements(f'print("bin in {function.name.value} äöü")\n{chance.name()} = 42\n')
        return [function.with_changes(body=cst.IndentedBlock([*doc, *lines, *rest]))]

    return _each_function(module, chance, change)


# In the order in which they are made: what looks at how the text is written comes before what changes that.
REWRITES: tuple[Rewrite, ...] = (
    loop_for_comprehension,
    early_return,
    else_after_return,
    swapped_branches,
    mirrored_comparison,
    RENAMINGS[-1],
    tuple_of_types,
    dict_call,
    operator_functions,
    result_variable,
    *RENAMINGS[:-1],
    inner_function,
    null_context,
    try_finally,
    says_something,
    docstrings,
    annotated,
    unannotated,
    optional_parameter,
    as_lambda,
    wrapped_in_decorator,
    class_with_call,
    static_method,
    closure,
    partial,
    number_spelling,
    named_constants,
    quotes,
    comments,
    reordered_definitions,
    indentation,
)
