"""Where things stand in a drawing."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader import records as r
from grader.report import pictures, student
from tests import samples as s

ANY = st.floats() | st.sampled_from([0.0, 1e300, -1e300, 5e-324, math.nan, math.inf])


def curves(*values: float | None, log: bool = False) -> r.Curves:
    own = r.Series(name="own", values=values)
    return r.Curves(title="t", alt="a", x_label="x", y_label="y", log_y=log, series=(own,))


def test_a_bar_is_as_high_as_its_density() -> None:
    drawn = pictures.drawing(r.Histogram(title="t", alt="a", edges=(0, 1, 2), density=(1.0, 2.0), expected=(1.0, 1.0)))
    assert drawn is not None
    low, high = drawn.bars
    assert high.height == pytest.approx(2 * low.height, abs=0.2)
    assert low.y + low.height == high.y + high.height == pictures.BOTTOM


def test_gaps_stay_gaps() -> None:
    drawn = pictures.drawing(curves(1, 2, None, 3, 4, None, 5))
    assert drawn is not None
    assert len(drawn.paths[0].stretches) == 2
    assert len(drawn.paths[0].dots) == 5


def test_equal_ratios_are_equal_steps_on_a_log_axis() -> None:
    drawn = pictures.drawing(curves(1.0, 0.1, 0.01, log=True))
    assert drawn is not None
    a, b, c = (y for _, y in drawn.paths[0].dots)
    assert b - a == pytest.approx(c - b, abs=0.2)
    assert [tick.label for tick in drawn.y_ticks] == ["10⁻²", "10⁻¹", "1"]


def test_the_layers_are_counted_from_one() -> None:
    drawn = pictures.drawing(curves(*range(1, 31)))
    assert drawn is not None
    assert [tick.label for tick in drawn.x_ticks] == ["1", "10", "20", "30"]


def test_nothing_to_draw_is_no_drawing() -> None:
    assert pictures.drawing(curves(None, None)) is None
    assert pictures.drawing(curves(0.0, -1.0, log=True)) is None
    assert pictures.drawing(r.Histogram(title="", alt="", edges=(0, 0), density=(1,), expected=())) is None
    assert pictures.drawing(r.Histogram(title="", alt="", edges=(0,), density=(1,), expected=())) is None


def _inside(drawn: pictures.Drawing) -> bool:
    points = [tuple(map(float, p.split(","))) for path in drawn.paths for text in path.stretches for p in text.split()]
    points += [dot for path in drawn.paths for dot in path.dots] + [(bar.x, bar.y) for bar in drawn.bars]
    return all(pictures.LEFT <= x <= pictures.RIGHT and pictures.TOP <= y <= pictures.BOTTOM for x, y in points)


@given(st.lists(ANY | st.none(), max_size=50), st.booleans())
def test_whatever_the_values_a_curve_stays_in_its_frame(values: list[float | None], log: bool) -> None:
    drawn = pictures.drawing(curves(*values, log=log))
    assert drawn is None or _inside(drawn)
    assert drawn is None or len(drawn.y_ticks) < 15


@given(st.lists(ANY, min_size=2, max_size=20), st.lists(ANY, max_size=20), st.lists(ANY, max_size=20))
def test_whatever_the_values_a_histogram_stays_in_its_frame(edges: list[float], density: list[float],
                                                            expected: list[float]) -> None:
    drawn = pictures.drawing(r.Histogram(title="", alt="", edges=tuple(edges), density=tuple(density),
                                         expected=tuple(expected)))
    assert drawn is None or _inside(drawn)


def test_a_picture_has_a_title_and_a_text_alternative() -> None:
    html = student.render(s.result(checks=(structs.replace(s.VARIANCE, pictures=(s.losses(),)),)), s.NOTEBOOK)
    start = html.index('<svg class="picture"')
    svg = ET.fromstring(html[start:html.index("</svg>", start) + 6])
    assert svg.get("role") == "img"
    assert {svg.find("title").get("id"), svg.find("desc").get("id")} == set(svg.get("aria-labelledby", "").split())  # type: ignore[union-attr]
    assert svg.findtext("desc") == s.losses().alt
