"""Nothing in the Markdown report is obeyed, makes a link of itself, or calls anybody."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import structs

from grader.report import markdown
from tests import samples as s

PIECES = (
    "@everyone", "@octocat", "@org/team", "ada@uni.example", "#1", "GH-1", "gh-12",
    "owner/repo#1", "owner/repo@abcdef1", "deadbeef", "0123456789abcdef0123456789abcdef01234567",
    "!7", "&3", "$5", "~bug", '%"v 1"', "%v1", "<!--", "-->", "<b>", "www.x.example",
    "WWW.x.example", "https://x.example", "mailto:a@b.example", "[a](b)", "![a](b)", "[a]: b",
    "[^1]", "`", "``", "~~~", "***", "__", "a_b_", "#", "## ", "> ", "- ", "+ ", "1. ", "2) ",
    "---", "===", "|", "\\", "&copy;", "&#64;octocat", "$$", "::error::", "##[error]",
    "##vso[task.complete]", "\n", "    ", "\t", " ", "word", "a", "0", ":", ".", "é")
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=8).map("".join)
# What GitHub's and GitLab's manuals say is a reference; they are looked for in text, not in code.
CALLS = re.compile(r"(?<![\w`])@\w|\w@\w+\.\w|#\d|\bGH-\d|(?<!\w)[!&$]\d|[~%][\w\"]"
                   r"|\b(?=\d*[a-f])[0-9a-f]{7,40}\b", re.IGNORECASE)
LINKED = re.compile(r"(?<![\w\\])www\.|https?://|ftp://", re.IGNORECASE)
COMMAND = re.compile(r"^\s*::|##(?:vso)?\[", re.MULTILINE)
COMMONMARK = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = {"text", "softbreak", "hardbreak", "code_inline"}
SPACE = re.compile(r"\s+")


def inline(rendered: str) -> list[Token]:
    """What stands in the one paragraph that a text makes; fails where it makes anything else."""
    blocks = COMMONMARK.parse(rendered)
    assert [b.type for b in blocks] in ([], ["paragraph_open", "inline", "paragraph_close"])
    return blocks[1].children or [] if blocks else []


def words(tokens: list[Token]) -> str:
    return SPACE.sub("", "".join(t.content for t in tokens).replace(markdown._UNSEEN, ""))


def one_line(text: str) -> str:
    """As every text of a stranger arrives here."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


@given(TEXTS)
@example("@octocat and #1, GH-1, owner/repo#1")
@example("0123456789abcdef0123456789abcdef01234567")
@example("1.")
def test_a_text_is_read_as_it_was_written_and_calls_nobody(value: str) -> None:
    value = one_line(value)
    rendered = str(markdown.text(value))
    found = inline(rendered)
    assert {t.type for t in found} <= HARMLESS - {"code_inline"}
    assert words(found) == SPACE.sub("", value.replace(markdown._UNSEEN, ""))
    assert not CALLS.search("".join(t.content for t in found))
    assert not LINKED.search(rendered)
    assert not COMMAND.search(rendered)


@given(TEXTS)
def test_prose_has_code_and_nothing_else(value: str) -> None:
    rendered = str(markdown.prose(one_line(value)))
    found = inline(rendered)
    assert {t.type for t in found} <= HARMLESS
    for token in found:
        assert token.type == "code_inline" or not CALLS.search(token.content)
    assert not COMMAND.search(rendered)


@given(st.lists(TEXTS, max_size=4).map("\n".join))
def test_code_stays_in_its_block(value: str) -> None:
    blocks = COMMONMARK.parse(str(markdown.fence(value.replace("\0", ""))))
    assert [b.type for b in blocks] == ["fence"]
    assert not re.search(r"##(?:vso)?\[", blocks[0].content)


@pytest.mark.parametrize("piece", [p for p in PIECES if CALLS.search(p)])
def test_nobody_is_called_from_any_place_in_a_report(piece: str) -> None:
    hostile = f"{piece} {piece}"
    events = tuple(structs.replace(event, message=hostile) for event in s.EVENTS)
    result = structs.replace(s.result(events=events, comment=hostile), name=hostile, student=hostile,
                             team=hostile, title=hostile)
    verdict = structs.replace(result.checks[0], message=hostile, said=None)
    result = structs.replace(result, checks=(verdict, *result.checks[1:]))
    report = markdown.render(result, s.notebook(hostile))
    assert piece.replace("@", "") in report.replace(markdown._UNSEEN, "").replace("\\", "").replace("@", "")
    for block in COMMONMARK.parse(report):
        for token in block.children or ():
            if token.type == "text":
                assert not CALLS.search(token.content), token.content
