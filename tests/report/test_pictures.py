"""Where things stand in a drawing."""

from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree as ET

import msgspec
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from grader import records
from grader.report import pictures, student
from grader.spec.pictures import histogram
from tests import samples as s

ANY = st.floats() | st.sampled_from([0.0, 1e300, -1e300, 5e-324, math.nan, math.inf])


def curves(*values: float | None, log: bool = False) -> records.Curves:
    own = records.Series(name="own", values=values)
    return records.Curves(title="t", alt="a", x_label="x", y_label="y", log_y=log, series=(own,))


def test_a_bar_is_as_high_as_its_density() -> None:
    drawn = pictures.drawing(records.Histogram(title="t", alt="a", edges=(0, 1, 2), density=(1.0, 2.0),
                                               expected=(1.0, 1.0)))
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


@pytest.mark.parametrize(("low", "labels"), [
    (1e-3, ["10⁻³", "10⁻²", "10⁻¹", "1"]), (3e-6, ["10⁻⁶", "10⁻⁴", "10⁻²", "1"]),
    (1e-13, ["10⁻¹⁰", "10⁻⁵", "1"]), (1e-32, ["10⁻³⁰", "10⁻²⁰", "10⁻¹⁰", "1"])])
def test_a_log_axis_counts_from_one_in_even_steps(low: float, labels: list[str]) -> None:
    drawn = pictures.drawing(curves(low, 1.0, log=True))
    assert drawn is not None
    assert [tick.label for tick in drawn.y_ticks] == labels


def test_what_passes_is_drawn_where_it_is_looked_at() -> None:
    band = records.Band(at=2, low=0.5, high=2.0)
    drawn = pictures.drawing(structs.replace(curves(1e-3, 1e-6, log=True), band=band))
    assert drawn is not None
    assert drawn.zone is not None
    bar = drawn.zone.bar
    assert (bar.x + bar.width, drawn.zone.place) == (pictures.RIGHT, "x 2")
    assert pictures.TOP <= bar.y < bar.y + bar.height < drawn.paths[0].dots[1][1]
    html = student.render(s.result(checks=(structs.replace(s.VARIANCE, pictures=(
        structs.replace(s.signal(), band=records.Band(at=30, low=0.2, high=7.6)),)),)), s.NOTEBOOK)
    assert "allowed at layer 30" in html
    for low, high in ((math.nan, 1.0), (2.0, 1.0), (-1.0, 1.0)):
        plain = pictures.drawing(structs.replace(curves(1.0, 2.0, log=True),
                                                 band=records.Band(at=1, low=low, high=high)))
        assert plain is not None
        assert plain.zone is None


def test_a_law_that_ends_ends_upright() -> None:
    law = torch.distributions.Uniform(-1.0, 1.0)
    picture = histogram("t", "a", values=law.sample((4096,)), reach=3.0,
                        density=lambda t: torch.where(t.abs() <= 1, 0.5, 0.0))
    drawn = pictures.drawing(picture)
    assert drawn is not None
    points = [tuple(map(float, p.split(","))) for p in drawn.paths[0].stretches[0].split()]
    steep = [b[0] - a[0] for a, b in pairwise(points) if a[1] != b[1]]
    assert len(steep) == 2
    assert max(steep) < 2  # pixels


@pytest.mark.parametrize("width", [0.05, 0.125, 1.0, 6.0, 1000.0])
def test_narrow_and_wide_values_are_both_a_bell(width: float) -> None:
    values = torch.randn(20_000, generator=torch.Generator().manual_seed(0)) * width
    picture = histogram("t", "a", values=values, reach=4.5, density=lambda t: torch.exp(-t * t / 2))
    seen = [d for d in picture.density if d > 0]
    assert len(seen) >= (8 if width < 100 else 1)
    assert len(picture.density) <= 150
    step = picture.edges[1] - picture.edges[0]
    assert sum(picture.density) * step == pytest.approx(1.0, abs=0.01) or width > 10


@pytest.mark.parametrize("values", [[], [math.nan], [0.0] * 50, [math.inf, -math.inf], [1e38, -1e38, 0.0]])
def test_odd_values_have_a_picture_or_none(values: list[float]) -> None:
    pictures.drawing(histogram("t", "a", values=torch.tensor(values), reach=4.5,
                               density=lambda t: torch.exp(-t * t)))


def test_a_picture_of_before_can_still_be_read() -> None:
    old = b'{"type":"curves","title":"t","alt":"a","x_label":"x","y_label":"y","series":[]}'
    assert msgspec.json.decode(old, type=records.Picture) == records.Curves(title="t", alt="a", x_label="x",
                                                                            y_label="y", series=())


def test_the_template_draws_the_frame_where_the_numbers_are() -> None:
    html = student.render(s.result(), s.NOTEBOOK)
    assert f"M{pictures.LEFT} {pictures.TOP}V{pictures.BOTTOM}H{pictures.RIGHT}" in html
    assert ">density</text>" in html


def test_the_layers_are_counted_from_one() -> None:
    drawn = pictures.drawing(curves(*range(1, 31)))
    assert drawn is not None
    assert [tick.label for tick in drawn.x_ticks] == ["1", "10", "20", "30"]


def test_nothing_to_draw_is_no_drawing() -> None:
    assert pictures.drawing(curves(None, None)) is None
    assert pictures.drawing(curves(0.0, -1.0, log=True)) is None
    assert pictures.drawing(records.Histogram(title="", alt="", edges=(0, 0), density=(1,),
                                              expected=())) is None
    assert pictures.drawing(records.Histogram(title="", alt="", edges=(0,), density=(1,),
                                              expected=())) is None


def _inside(drawn: pictures.Drawing) -> bool:
    points = [tuple(map(float, p.split(","))) for path in drawn.paths for text in path.stretches
              for p in text.split()]
    points += [dot for path in drawn.paths for dot in path.dots] + [(bar.x, bar.y) for bar in drawn.bars]
    return all(pictures.LEFT <= x <= pictures.RIGHT and pictures.TOP <= y <= pictures.BOTTOM for x,
               y in points)


@given(st.lists(ANY | st.none(), max_size=50), st.booleans())
def test_whatever_the_values_a_curve_stays_in_its_frame(values: list[float | None], log: bool) -> None:
    drawn = pictures.drawing(curves(*values, log=log))
    assert drawn is None or _inside(drawn)
    assert drawn is None or len(drawn.y_ticks) < 15


@example([0.0, 1.0], [0.0], [5e-324])
@given(st.lists(ANY, min_size=2, max_size=20), st.lists(ANY, max_size=20), st.lists(ANY, max_size=20))
def test_whatever_the_values_a_histogram_stays_in_its_frame(edges: list[float], density: list[float],
                                                            expected: list[float]) -> None:
    drawn = pictures.drawing(records.Histogram(title="", alt="", edges=tuple(edges), density=tuple(density),
                                         expected=tuple(expected)))
    assert drawn is None or _inside(drawn)


def test_a_picture_has_a_title_and_a_text_alternative() -> None:
    html = student.render(s.result(checks=(structs.replace(s.VARIANCE, pictures=(s.losses(),)),)), s.NOTEBOOK)
    start = html.index('<svg class="picture"')
    svg = ET.fromstring(html[start:html.index("</svg>", start) + 6])
    assert svg.get("role") == "img"
    named = {part.get("id") for part in (svg.find("title"), svg.find("desc")) if part is not None}
    assert named == set(svg.get("aria-labelledby", "").split())
    assert len(named) == 2
    assert svg.findtext("desc") == s.losses().alt
