"""Which Python a cell is written for, where this one cannot read it. Read, never run; whatever it is."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from itertools import accumulate
from typing import Any

from parso.grammar import load_grammar

from grader.intake.names import code_cells, tree, without_magics

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
MOST = 20_000      # characters of unreadable cells that are looked at; parso is slow where it finds no sense
MOST_IN_CELL = 5_000
DEEPEST, DEEPEST_STRINGS = 30, 5   # brackets in each other, strings in strings' braces: else it takes minutes
NEWEST = 30   # minor versions are tried up to this one, as far as the grammars reach
# Grammar that parso does not have yet, written as older Pythons know it: from which minor version, how.
_NAMED = r"[^\W\d][\w.]*(?:\[[\w., ]*\])?"
_PARAMETER = rf"\*{{0,2}}[^\W\d]\w*(?: *: *{_NAMED})?(?: *= *{_NAMED})?"
_REWRITTEN = (
    (12, re.compile(rf"^([ \t]*)type[ \t]+([^\W\d]\w*) *(?:\[ *{_PARAMETER}(?: *, *{_PARAMETER})* *,? *\])?"
                    r"[ \t]*=(?!=)", re.M), r"\1\2 +="),  # which takes one value, as `type` does
    (14, re.compile(r"^([ \t]*except\*?)[ \t]+([^\W\d][\w.]*(?:[ \t]*,[ \t]*[^\W\d][\w.]*)+)[ \t]*:", re.M),
     r"\1 (\2):"))
_TOKEN = re.compile(r"#[^\n]*|(?P<prefix>[A-Za-z]{0,2})(?P<quote>\"{3}|'{3}|[\"'])|\w+|.", re.DOTALL)
_CONVERSION = re.compile(r"![rsa](?=[ \t]*[:}])")
NO_PYTHON = ")"    # in place of what none can read


def needed(notebook: str) -> dict[int, str]:
    """The cells that this Python cannot read and a newer one can: index -> the oldest that does."""
    found, left = dict[int, str](), MOST
    for index, source in code_cells(notebook):
        if len(source) > min(left, MOST_IN_CELL) or tree(source) is not None:
            continue
        left -= len(source)
        if version := _needed(source):
            found[index] = version
    return found


@lru_cache(maxsize=64)
def _needed(source: str) -> str:
    """The oldest newer Python whose grammar takes a cell that this one refuses; "" for none."""
    text = without_magics(source)
    if _deep(text) or _takes(sys.version_info[1], text) is not False:
        return ""
    return next((f"3.{minor}" for minor in range(sys.version_info[1] + 1, NEWEST) if _takes(minor, text)), "")


def _deep(text: str) -> bool:
    """Do brackets stand deeper in each other than people write?"""
    changes = (1 if sign in "([{" else -1 for sign in text if sign in "()[]{}")
    return max(accumulate(changes), default=0) > DEEPEST


class TooDeep(Exception):  # noqa: N818 - the name is the statement
    """Strings stand deeper in each other than people write."""


def _takes(minor: int, text: str) -> bool | None:
    """Does Python 3.minor read this? None where no grammar is known, or the text is too much for it."""
    try:
        grammar: Any = load_grammar(version=f"3.{minor}")
        errors = grammar.iter_errors(grammar.parse(_rewritten(text, minor)))
        return all("'await' outside" in error.message for error in errors)  # a cell may await
    except (NotImplementedError, RecursionError, MemoryError, TooDeep):
        return None


def _rewritten(text: str, minor: int) -> str:
    """A text in which what came up to this version, and parso does not know, is said as before."""
    for since, pattern, before in _REWRITTEN:
        if minor >= since:
            text = pattern.sub(before, text)
    return _with_plain_strings(text, "ft" if minor >= 14 else "f") if minor >= 12 else text


def _with_plain_strings(text: str, prefixes: str, depth: int = 0) -> str:
    """Each f-string as "", and what stands in its braces below: parso knows no quotes in there.

    Raises:
        TooDeep: it would take too long.
    """
    if depth > DEEPEST_STRINGS:
        raise TooDeep
    made: list[str] = []
    below: list[str] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token is not None  # the last alternative is any character
        at = token.end()
        if token["quote"] is None:
            made.append(token[0])
        elif not set(token["prefix"].lower()).isdisjoint(prefixes):
            at, inside = _template(text, at, token["quote"])
            made.append('""' if text.startswith(token["quote"], at - len(token["quote"])) else '"')
            below += [f"({_with_plain_strings(part, prefixes, depth + 1)}\n)" if part.strip() else "(,)"
                      for part in inside]
        else:
            ends = _plain_end(text, at, token["quote"])
            made.append(text[token.start():ends])
            at = ends
    return "\n".join(["".join(made), *below])


def _plain_end(text: str, at: int, quote: str) -> int:
    """Where a string ends that began before `at`; at the line's end where it is not closed."""
    closed = re.compile(rf"(?:\\.|(?!{quote}).)*{quote}" if len(quote) == 3
                        else rf"(?:\\.|[^\\\n{quote}])*{quote}", re.DOTALL).match(text, at)
    return closed.end() if closed else at


def _template(text: str, at: int, quote: str) -> tuple[int, list[str]]:
    """Where an f-string ends that began before `at`, and the expressions in its braces."""
    found: list[str] = []
    while at < len(text) and not text.startswith(quote, at):
        if text[at] == "\n" and len(quote) == 1:
            break
        if text[at] == "{" and text[at:at + 2] != "{{":
            at, inside = _field(text, at + 1)
            found += inside
        elif quote != "}" and text[at] == "}" and text[at:at + 2] != "}}":
            return at + 1, [*found, NO_PYTHON]
        elif text[at:at + 2] == "}}":
            at += 2
        else:
            at += 2 if text[at] == "\\" or text[at:at + 2] == "{{" else 1
    return at + len(quote), found


def _field(text: str, at: int) -> tuple[int, list[str]]:
    """Where a replacement field ends that began before `at`: its expression, and those of its format."""
    begins, depth = at, 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token is not None
        sign = token[0]
        if not depth and (sign in "}:" or (sign == "!" and text[at:at + 2] != "!=")):
            break
        depth += (sign in "([{") - (sign in ")]}")
        at = token.end()
        if token["quote"]:
            inner = set(token["prefix"].lower()) & {"f", "t"}
            at = _template(text, at, token["quote"])[0] if inner else _plain_end(text, at, token["quote"])
    found = [re.sub(r"(?<![=!<>])=\s*$", "", text[begins:at])]
    if conversion := _CONVERSION.match(text, at):
        at = conversion.end()
    elif text[at:at + 1] == "!":
        found.append(NO_PYTHON)
    if text[at:at + 1] == ":":
        at, inside = _template(text, at + 1, "}")
        return at, found + inside
    return at + 1, found
