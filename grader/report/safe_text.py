"""Text from strangers made fit to show: no controls, no text that turns round its neighbours, no endless
lines.

What is taken out is shown as Python would escape it, so that a reader sees that it was there. Nothing here
knows HTML.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# C0 and C1 controls, bidi embeddings, overrides and isolates, lone surrogates, and what XML 1.0 has no room
# for.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
                    "\ud800-\udfff\ufffe\uffff]")
_COMMAND = re.compile(r":(?=:)|##(?=(?:vso)?\[)")  # of "::error::", "##[error]" and "##vso[task.complete]"
_SPACE = re.compile(r"\s+")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CODE = re.compile(r"(`[^`\n]+`)")
_POWER_OF_TEN = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([-+]\d{1,3})\b")
_SQUARE = re.compile(r"(?<=[\w)])\^(\d)(?!\w|\.\d)")
_MINUS = re.compile(r"(?<![\w)\].*^/-])-(?=\d)")
_FRACTION = re.compile(r"(?<=[\w)]) ([/*±]) (?=[\w(])")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_ENOUGH_LINE = 300
_ENOUGH_BLOCK = 20_000


def block(text: str, limit: int = _ENOUGH_BLOCK) -> str:
    """Several lines, line ends as "\\n", tabs kept."""
    text = _ANSI.sub("", text[: 2 * limit]).replace("\r\n", "\n").replace("\r", "\n")
    return _cut(_UNFIT.sub(_escaped, text), limit)


def line(text: str, limit: int = _ENOUGH_LINE) -> str:
    """One line: every run of white space is one blank."""
    text = _SPACE.sub(" ", _ANSI.sub("", text[: 4 * limit])).strip()
    return _cut(_UNFIT.sub(_escaped, text), limit)


def href(target: str) -> str:
    """A link that stays beside the page; "" for one that names a scheme or a host."""
    clean = line(target, 2000)
    try:
        parts = urlsplit(clean)
    except ValueError:
        return ""
    outside = parts.scheme or parts.netloc or clean.startswith(("/", "\\")) or "\\" in clean
    return "" if outside or clean != target else clean


def fit(text: str) -> str:
    """Text without what is unfit, of any length and with its line ends: the last net under every page."""
    return _UNFIT.sub(_escaped, text)


def typeset(text: str) -> str:
    """Numbers and formulas as they are printed, outside `code`: 4.06 × 10⁻⁵, a², −0.3, and no line break in 2
    / n."""
    return "".join(part if part.startswith("`") else _formula(part) for part in _CODE.split(text))


def _formula(text: str) -> str:
    text = _POWER_OF_TEN.sub(lambda m: f"{m[1]}\xa0×\xa010{str(int(m[2])).translate(_RAISED)}", text)
    text = _SQUARE.sub(lambda m: m[1].translate(_RAISED), text)
    return _FRACTION.sub("\xa0\\1\xa0", _MINUS.sub("−", text))


def no_commands(text: str) -> str:
    """Text that a CI log obeys nowhere: GitHub and Azure look for commands where a folded line begins, or
    anywhere."""
    return _COMMAND.sub(r"\g<0> ", text)


def no_commands_in_code(line: str) -> str:
    """The same for a line of code with its number before it: "::" does no harm there, and slices are left
    alone."""
    return line.replace("##[", "## [").replace("##vso[", "## vso[")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
