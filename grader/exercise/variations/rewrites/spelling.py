"""Rewrites of what Python does not look at, or whose order is nobody's business: comments, annotations..."""

from __future__ import annotations

import libcst as cst

from grader.exercise.variations.trees import (
    Chance,
    Places,
    Statement,
    docstring_of,
    each_function,
    statements,
    with_body,
    words,
)

GERMAN = ("Hier wird gerechnet", "Größe prüfen, dann weiter", "siehe Vorlesung, Folie 12",
          "TODO: schöner machen", "Übung 3b) – läuft!", "müsste stimmen", "Zwischenergebnis")


def says_something(module: cst.Module, chance: Chance) -> cst.Module:
    """A function prints a line and binds a variable that nothing reads."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        doc, rest = docstring_of(function)
        lines = statements(f'print("bin in {function.name.value} äöü")\n{chance.name()} = 42\n')
        return [with_body(function, *doc, *lines, *rest)]

    return each_function(module, chance, change)


def docstrings(module: cst.Module, chance: Chance) -> cst.Module:
    """A docstring more, or none: nothing reads it."""

    def change(function: cst.FunctionDef) -> list[Statement]:
        doc, rest = docstring_of(function)
        new = [] if doc and rest else statements(f'"""{chance.rng.choice(GERMAN)}: größer als ½ …"""')
        return [with_body(function, *new, *rest)]

    return each_function(module, chance, change)


def comments(module: cst.Module, chance: Chance) -> cst.Module:
    """German comments and empty lines: Python skips them."""

    class Change(Places):
        def leave_SimpleStatementLine(self, original_node: cst.SimpleStatementLine,
                                      updated_node: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
            said = cst.EmptyLine(comment=cst.Comment(f"# {self.chance.rng.choice(GERMAN)}"))
            lines = [*updated_node.leading_lines, said, cst.EmptyLine(indent=False)]
            return updated_node.with_changes(leading_lines=lines) if self.chance.often() else updated_node

    return module.visit(Change(chance))


def indentation(module: cst.Module, chance: Chance) -> cst.Module:
    """Two blanks, three, or a tab for each level: Python asks only that it be the same throughout."""
    return module.with_changes(default_indent=chance.rng.choice(("  ", "   ", "\t")))


def annotated(module: cst.Module, chance: Chance) -> cst.Module:
    """Annotations are added to functions, as strings, which nothing evaluates or reads."""

    class Change(Places):
        def visit_Lambda(self, node: cst.Lambda) -> bool:
            return False

        def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
            if updated_node.annotation or not self.chance.often():
                return updated_node
            return updated_node.with_changes(annotation=cst.Annotation(cst.SimpleString("'Eingabe'")))

        def leave_FunctionDef(self, original_node: cst.FunctionDef,
                              updated_node: cst.FunctionDef) -> cst.FunctionDef:
            given = updated_node.returns or cst.Annotation(cst.SimpleString("'Ausgabe'"))
            return updated_node.with_changes(returns=given)

    return module.visit(Change(chance))


def unannotated(module: cst.Module, chance: Chance) -> cst.Module:
    """Annotations are left out: nothing reads them but classes, which stay as they are."""

    class Change(Places):
        def visit_ClassDef(self, node: cst.ClassDef) -> bool:
            return False

        def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
            return updated_node.with_changes(annotation=None)

        def leave_FunctionDef(self, original_node: cst.FunctionDef,
                              updated_node: cst.FunctionDef) -> cst.FunctionDef:
            return updated_node.with_changes(returns=None)

        def leave_AnnAssign(self, original_node: cst.AnnAssign,
                            updated_node: cst.AnnAssign) -> cst.AnnAssign | cst.Assign:
            if updated_node.value is None or not isinstance(updated_node.target, cst.Name):
                return updated_node
            return cst.Assign([cst.AssignTarget(updated_node.target)], updated_node.value)

    return module.visit(Change(chance))


def reordered_definitions(module: cst.Module, chance: Chance) -> cst.Module:
    """Neighbouring functions come in another order: a definition looks up nothing but defaults and
    annotations, and those name none of the neighbours."""
    body = list(module.body)
    for run in _runs(body):
        functions = [cst.ensure_type(body[at], cst.FunctionDef) for at in run]
        names = {function.name.value for function in functions}
        early = {word for function in functions for part in (function.params, function.returns) if part
                 for word in words(part)}
        if len(run) > 1 and len(names) == len(run) and not early & names:
            order = run[:]
            chance.rng.shuffle(order)
            for to, statement in zip(run, [body[at] for at in order], strict=True):
                body[to] = statement
    return module.with_changes(body=body)


def _runs(body: list[Statement]) -> list[list[int]]:
    """The places of functions without decorators that follow each other."""
    runs: list[list[int]] = [[]]
    for at, statement in enumerate(body):
        if isinstance(statement, cst.FunctionDef) and not statement.decorators:
            runs[-1].append(at)
        elif runs[-1]:
            runs.append([])
    return runs
