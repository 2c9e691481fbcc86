"""Rewrites of the way through a function: branches, loops, returns."""

from __future__ import annotations

import libcst as cst

from grader.exercise.variations.trees import (
    Chance,
    Places,
    code,
    inside,
    joined,
    nested,
    only_in,
    statements,
)

Lines = cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]


def early_return(module: cst.Module, chance: Chance) -> cst.Module:
    """`return a if c else b` becomes `if c: return a` and `return b`: c is asked once, then one side is
    worked out, as before."""

    class Change(Places):
        def leave_SimpleStatementLine(self, original_node: cst.SimpleStatementLine,
                                      updated_node: cst.SimpleStatementLine) -> Lines:
            only = only_in(updated_node)
            value = only.value if isinstance(only, cst.Return) else None
            if not isinstance(value, cst.IfExp) or not self.chance.often():
                return updated_node
            first = nested(f"if {joined(value.test)}:", statements(f"return {joined(value.body)}"))
            last = statements(f"return {joined(value.orelse)}")
            return cst.FlattenSentinel([first.with_changes(leading_lines=updated_node.leading_lines), *last])

    return module.visit(Change(chance))


def else_after_return(module: cst.Module, chance: Chance) -> cst.Module:
    """What follows an `if` that ends in a return goes into its `else`: it is reached in the same cases."""

    class Change(Places):
        def leave_IndentedBlock(self, original_node: cst.IndentedBlock,
                                updated_node: cst.IndentedBlock) -> cst.IndentedBlock:
            body = list(updated_node.body)
            for at, statement in enumerate(body[:-1]):
                if (isinstance(statement, cst.If) and statement.orelse is None and self.chance.often()
                        and _returns(statement.body)):
                    other = cst.Else(cst.IndentedBlock(body[at + 1:]))
                    return updated_node.with_changes(body=[*body[:at], statement.with_changes(orelse=other)])
            return updated_node

    return module.visit(Change(chance))


def _returns(block: cst.BaseSuite) -> bool:
    last = block.body[-1] if isinstance(block, cst.IndentedBlock) else None
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return | cst.Raise)


def swapped_branches(module: cst.Module, chance: Chance) -> cst.Module:
    """`if not c: b else: a` for `if c: a else: b`: c's truth is asked once in both."""

    class Change(Places):
        def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If:
            other = updated_node.orelse
            if not isinstance(other, cst.Else) or not self.chance.often():
                return updated_node
            test = cst.UnaryOperation(cst.Not(), cst.parse_expression(f"({code(updated_node.test)})"))
            return updated_node.with_changes(test=test, body=other.body,
                                             orelse=other.with_changes(body=updated_node.body))

    return module.visit(Change(chance))


def result_variable(module: cst.Module, chance: Chance) -> cst.Module:
    """What is returned gets a name first, which is used nowhere else."""

    class Change(Places):
        def leave_SimpleStatementLine(self, original_node: cst.SimpleStatementLine,
                                      updated_node: cst.SimpleStatementLine) -> Lines:
            only = only_in(updated_node)
            value = only.value if isinstance(only, cst.Return) else None
            if value is None or isinstance(value, cst.Name) or not self.chance.often():
                return updated_node
            name = self.chance.name()
            first, last = statements(f"{name} = {joined(value)}\nreturn {name}")
            return cst.FlattenSentinel([first.with_changes(leading_lines=updated_node.leading_lines), last])

    return module.visit(Change(chance))


def loop_for_comprehension(module: cst.Module, chance: Chance) -> cst.Module:
    """A list comprehension that is returned or assigned becomes a loop over the same things, in the same
    order; its variable, and the list until it is whole, have names that are used nowhere else."""

    class Change(Places):
        def leave_SimpleStatementLine(self, original_node: cst.SimpleStatementLine,
                                      updated_node: cst.SimpleStatementLine) -> Lines:
            only = only_in(updated_node)
            value = only.value if isinstance(only, cst.Return | cst.Assign) else None
            if only is None or not isinstance(value, cst.ListComp) or not _is_simple(value):
                return updated_node
            item, gathered = self.chance.name(), self.chance.name()
            begin = statements(f"{gathered} = []")[0].with_changes(leading_lines=updated_node.leading_lines)
            last = updated_node.with_changes(
                body=[only.with_changes(value=cst.Name(gathered))], leading_lines=[])
            return cst.FlattenSentinel([begin, _loop(value, item, gathered), last])

    return module.visit(Change(chance))


def _is_simple(comprehension: cst.ListComp) -> bool:
    """One loop over one name, and nothing in it that has a scope of its own."""
    loop = comprehension.for_in
    own = cst.Lambda | cst.CompFor | cst.NamedExpr | cst.BaseString
    inner = (node for part in (comprehension.elt, *loop.ifs) for node in inside(part))
    return (loop.inner_for_in is None and not loop.asynchronous and isinstance(loop.target, cst.Name)
            and not any(isinstance(node, own) for node in inner))


def _loop(comprehension: cst.ListComp, item: str, gathered: str) -> cst.BaseCompoundStatement:
    """`for item in ...: gathered.append(...)`"""
    loop = comprehension.for_in
    change = _Replaced(cst.ensure_type(loop.target, cst.Name).value, item)
    parts = [part.visit(change) for part in (comprehension.elt, *(one.test for one in loop.ifs))]
    element, *tests = (code(part) for part in parts if isinstance(part, cst.CSTNode))
    body: list[cst.BaseStatement] = [*statements(f"{gathered}.append({element})")]
    for test in reversed(tests):
        body = [nested(f"if ({test}):", body)]
    return nested(f"for {item} in ({code(loop.iter)}):", body)


class _Replaced(cst.CSTTransformer):
    """One name for another, but not that of an attribute or a keyword."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(value=self.new) if updated_node.value == self.old else updated_node
