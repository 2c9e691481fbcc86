"""The page of a group that looks alike: what is shared on either side, and nothing of a stranger's works."""

from __future__ import annotations

import re

import pytest

from grader.report import resemblance, side_by_side
from grader.report.resemblance import Nobodys, known_of, read
from grader.report.stretches import parts, shared
from tests import samples as s
from tests.report.test_resemblance import disguised, own_work

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e'\"\\ ${7*7} {{7*7}}"
GIVEN = own_work(50, 6)


def laid(left: str, right: str, nobodys: str = "", *, files: dict[str, dict[str, str]] | None = None,
         language: str = "en", names: dict[str, str] | None = None) -> str:
    books = {("ada", "e"): left, ("ben", "e"): right}
    beside = {key: (files or {}).get(key[0], {}) for key in books}
    groups = resemblance.alike(books, {"e": nobodys}, beside)
    (href, page), = side_by_side.pages(groups, lambda key: (books[key], beside[key]), {"e": nobodys},
                                       names=names or {}, titles={"e": "Weights"},
                                       reports={key: f"{key[0]}/e.html" for key in books}, language=language)
    assert href == "alike/e-1.html"
    return page


def texts(code: str, other: str, nobodys: str = "") -> list[tuple[str, str]]:
    """The stretches two notebooks of one cell share, as they stand in each."""
    known = known_of(s.notebook(nobodys)) if nobodys else Nobodys()
    one, two = read(s.notebook(code)), read(s.notebook(other))
    found = shared(one, two, known, frozenset())
    left = parts(one, [stretch.left for stretch in found])
    right = parts(two, [stretch.right for stretch in found])
    return [(code[a.start:a.end], other[b.start:b.end]) for a, b in zip(left, right, strict=True)]


def test_a_stretch_is_as_long_as_what_is_shared_and_stands_where_it_stands() -> None:
    code, moved = own_work(1), own_work(2, 8) + disguised(own_work(1))
    (left, right), = texts(code, moved)
    assert left == code.strip()
    assert right == disguised(own_work(1)).strip()


def test_functions_in_another_order_are_stretches_of_their_own() -> None:
    one, two = own_work(1), own_work(2)
    found = texts(one + two, disguised(two) + disguised(one))
    assert [left for left, _ in found] == [one.strip(), two.strip()]
    assert [right for _, right in found] == [disguised(one).strip(), disguised(two).strip()]


def test_no_stretch_reaches_far_into_what_was_handed_out() -> None:
    found = texts(GIVEN + own_work(1), GIVEN + own_work(1), GIVEN)
    assert len(found) == 1
    assert found[0][0].splitlines()[-30:] == own_work(1).strip().splitlines()[-30:]
    assert len(found[0][0].splitlines()) <= 34


def test_what_is_repeated_is_matched_once() -> None:
    line = "x = f(a[0], b.c, -d, not e, {g: h}, (i, j), k * l, m // n, o @ p, q % r, t ** u, v if w else y)\n"
    found = texts(line * 3, line * 2)
    assert sum(left.count("x = f") for left, _ in found) <= 2


def test_every_number_leads_to_its_counterpart() -> None:
    page = laid(s.notebook(own_work(1), own_work(2)),
                s.notebook(disguised(own_work(2)), disguised(own_work(1))))
    anchors = set(re.findall(r' id="(p1-[^"]+)"', page))
    assert anchors == {f"p1-{side}-{n}" for side in ("left", "right") for n in (1, 2)}
    assert set(re.findall(r'href="#(p1-[^"]+)"', page)) == anchors
    assert re.search("Both have 9[0-9] % of what is the shorter one", page)
    assert '<a href="../ada/e.html"><bdi>ada</bdi></a>' in page


def test_it_says_that_it_decides_nothing() -> None:
    page = laid(s.notebook(own_work(1)), s.notebook(own_work(1)), names={"ada": "Ada Lovelace"})
    assert "This page decides nothing, and no mark depends on it." in page
    assert "Answers to short exercises come out alike without anybody copying." in page
    assert "Ada Lovelace (ada)" in page
    german = laid(s.notebook(own_work(1)), s.notebook(own_work(1)), language="de")
    assert "Diese Seite entscheidet nichts" in german


def test_only_lines_in_common_and_those_around_them_are_shown() -> None:
    rest = "\n".join(f"mine_{i} = {i}" for i in range(50))
    page = laid(s.notebook(f"{rest}\n{own_work(1)}"), s.notebook(own_work(1)))
    assert "48 lines not shown" in page
    assert "mine_47" not in page
    assert "mine_48" in page


def test_a_file_beside_the_notebook_is_shown_by_its_name() -> None:
    page = laid(s.notebook("import own"), s.notebook("import own"),
                files={"ada": {"own.py": own_work(1)}, "ben": {"lib/<b>theirs.py": own_work(1)}})
    assert "<p>own.py</p>" in page
    assert "<p>lib/&lt;b&gt;theirs.py</p>" in page


def test_a_strangers_text_is_escaped() -> None:
    code = own_work(1).replace("return a", f"return a  # {HOSTILE}")
    page = laid(s.notebook(code), s.notebook(code), names={"ada": HOSTILE})
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{7*7}}" in page


@pytest.mark.parametrize("wide", [False, True])
def test_a_page_has_a_largest_size(wide: bool) -> None:
    """A thousand lines, or one of 100,000 characters."""
    long = own_work(1, 900)
    if wide:
        long = f"x = [{', '.join(line.partition('=')[2].strip() for line in long.splitlines()[1:-1])}]"
    page = laid(s.notebook(long), s.notebook(long))
    assert len(page) < 400_000
    assert page.count('<span class="row') <= 2 * (400 + 2)
    assert page.count("p1-left-1\"") >= 1


def test_in_a_large_group_some_pairs_are_shown_and_the_others_counted() -> None:
    books = {(f"s{i:02}", "e"): s.notebook(own_work(0 if i < 10 else i)) for i in range(110)}
    group, = resemblance.alike(books)
    (_, page), = side_by_side.pages([group], lambda key: (books[key], {}), {}, names={}, titles={},
                                    reports={}, language="en")
    assert len(group.students) == 10
    assert page.count('<div class="beside">') == 6
    assert "3 more pairs of this group are not shown." in page
