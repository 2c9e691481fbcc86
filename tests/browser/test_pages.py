"""The pages in a real browser: light and dark, wide and narrow, on paper, with hostile content, and for
everybody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from msgspec import structs

from grader.report import class_page, executed, resemblance, side_by_side, student
from tests import samples as s
from tests.report.test_executed import PIXEL, hostile_notebook
from tests.report.test_resemblance import disguised, own_work
from tests.report.test_student import HOSTILE, UNCLOSED, broken, hostile

axe_of = pytest.importorskip("axe_playwright_python.sync_playwright")


def small_class() -> str:
    results, notebooks = s.cohort(40)
    notebooks["Ada 1", "he_init"] = s.notebook(own_work(1))
    notebooks["Ben 1", "he_init"] = s.notebook(disguised(own_work(1)))
    links = {key: f"{key[0].replace(' ', '%20')}/{key[1]}.html" for key in notebooks}
    return class_page.render(results, notebooks, title="Deep learning, sheet 3", links=links, isolated=False)


def hostile_class() -> str:
    results = [hostile(), s.withheld(HOSTILE, "y"), s.unreadable(HOSTILE, "z"), *s.cohort(3)[0]]
    return class_page.render(results, {}, title=HOSTILE, links={(HOSTILE, "y"): "javascript:alert(1)"},
                             isolated=True)


def two_alike(*codes: str, name: str = "Anna Schmidt") -> str:
    """The page of two who look alike: functions in another order, and lines of their own."""
    codes = codes or (own_work(1), own_work(2), own_work(3, 60))
    books = {("1003", "e"): s.notebook(*codes),
             ("1007", "e"): s.notebook(*(own_work(20 + at, 5) + disguised(code)
                                         for at, code in enumerate(reversed(codes))))}
    (_, html), = side_by_side.pages(resemblance.alike(books), lambda key: (books[key], {}), {},
                                    names={"1003": name}, titles={"e": "Weights"},
                                    reports={key: f"{key[0]}/e.html" for key in books}, language="en")
    return html


def hostile_alike() -> str:
    said = HOSTILE.replace("\ud800", "")  # no notebook that can be read holds one
    long = f"x = [{', '.join(['a'] * 5000)}]  # {said}"
    return two_alike(own_work(1).replace("return a", f"return a  # {said}"), long,
                     f"y = {said!r}\n{own_work(4)}", name=HOSTILE)


def long_notebook() -> str:
    """Formulas narrow and wide, code wider than any window, a picture."""
    text = r"So $n_\text{in}$ and $$" + r"\frac{a+b}{c} + " * 40 + "1$$"
    figure = {"output_type": "display_data", "metadata": {}, "data": {"image/png": PIXEL}}
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text},
             {"cell_type": "code", "metadata": {}, "source": "def f():\n    return " + "1 + " * 100 + "1",
              "execution_count": 1, "outputs": [figure]}]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


PAGES = {
    "report": lambda: student.render(s.result(events=s.EVENTS, comment="Well begun."), s.NOTEBOOK,
                                     executed_href="x.html"),
    "report in German": lambda: student.render(s.result(events=s.EVENTS), s.NOTEBOOK, language="de"),
    "a cell that could not be read": lambda: student.render(broken(), UNCLOSED, language="de"),
    "one reason": lambda: student.render(s.result(checks=(
        s.VARIANCE, structs.replace(s.VARIANCE, id="again", title="It holds in a network."))), s.NOTEBOOK),
    "all passed": lambda: student.render(s.passed_all(), s.NOTEBOOK),
    "withheld": lambda: student.render(s.withheld(), s.NOTEBOOK),
    "unreadable": lambda: student.render(s.unreadable(), ""),
    "class": small_class,
    "look alike": two_alike,
    "executed": lambda: executed.render(long_notebook(), student="Ada", exercise="Weights",
                                        report="he_init.html"),
}
HOSTILE_PAGES = {
    "report": lambda: student.render(hostile(), s.notebook(HOSTILE, HOSTILE),
                                     executed_href="javascript:alert(1)"),
    "class": hostile_class,
    "look alike": hostile_alike,
    "executed": lambda: executed.render(hostile_notebook()),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(show, name: str, width: int, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page, heard = show(PAGES[name](), width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    found = axe_of.Axe().run(page, options={"resultTypes": ["violations"]})
    told = [(v["id"], [node["html"][:200] for node in v["nodes"][:3]]) for v in found.response["violations"]]
    assert told == []
    assert heard.quiet(), heard


@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_at_360_pixels(show, name: str) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(PAGES[name](), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("name", HOSTILE_PAGES)
def test_not_even_hostile_content_sticks_out(show, name: str) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(HOSTILE_PAGES[name](), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("name", HOSTILE_PAGES)
def test_hostile_content_is_inert(show, name: str) -> None:  # type: ignore[no-untyped-def]
    page, heard = show(HOSTILE_PAGES[name]())
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    for link in page.locator("main a[href]").all()[:20]:
        assert not (link.get_attribute("href") or "").lower().startswith(("javascript:", "data:"))
    page.mouse.move(100, 100)
    page.keyboard.press("Tab")
    page.wait_for_timeout(300)
    assert heard.quiet(), heard
    assert page.url.startswith("file:")


@pytest.fixture
def listener() -> Iterator[ThreadingHTTPServer]:
    """A server on this machine that writes down who asks."""
    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.asked.append(self.path)  # type: ignore[attr-defined]
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    # Chromium may open a connection and say nothing
    server.daemon_threads, server.block_on_close = True, False
    server.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_policy_stops_what_would_get_through_anyway(show, listener) -> None:  # type: ignore[no-untyped-def]
    attack = ("<script>alert(1)</script><img src='http://127.0.0.1:9/x' onerror='alert(2)'>"
              "<style>body{background:url(http://127.0.0.1:9/css)}</style><iframe "
              "src='http://127.0.0.1:9/frame'></iframe>"
              "<p style='background:url(http://127.0.0.1:9/style)'>x</p></main>")
    for html in (PAGES["report"](), PAGES["class"](), PAGES["executed"]()):
        page, heard = show(html.replace("</main>",
                                        attack.replace("127.0.0.1:9", f"127.0.0.1:{listener.server_port}")))
        page.wait_for_timeout(200)
        assert heard.dialogs == []
        assert len(heard.console) >= 3  # each refusal is written there
    assert listener.asked == []


def test_dark_is_dark_and_light_is_light(show) -> None:  # type: ignore[no-untyped-def]
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    light, dark = (show(PAGES["report"](), scheme=scheme)[0].evaluate(colour) for scheme in ("light", "dark"))
    assert light == "rgb(252, 252, 251)"
    assert dark == "rgb(20, 23, 28)"


def test_paper_is_white_and_hides_nothing(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(PAGES["report"](), scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    folded = page.locator("details li", has_text="The signal keeps its size through 30 layers.")
    assert folded.evaluate("e => e.checkVisibility({ contentVisibilityAuto: true })")
    assert folded.bounding_box()["height"] > 0
    assert page.pdf().startswith(b"%PDF")


def test_paper_keeps_closed_what_passed(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(PAGES["report"]())
    page.emulate_media(media="print")
    assert page.locator("summary", has_text="What was measured").count() > 0
    assert not page.locator("summary", has_text="What was measured").first.is_visible()


def test_long_code_scrolls_on_a_screen_and_keeps_its_indentation(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(PAGES["executed"]())
    box = page.locator(".input_area pre")
    assert box.evaluate("e => e.scrollWidth > e.clientWidth && getComputedStyle(e).whiteSpace === 'pre'")
    assert page.locator("math").first.bounding_box()["width"] > 0


def test_a_link_from_a_report_leads_to_the_cell(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(PAGES["executed"]())
    page.evaluate("location.hash = 'cell-2'")
    assert page.locator("#cell-2:target").get_by_text("Cell 2").is_visible()


@pytest.mark.parametrize("width", [360, 1200])
def test_the_words_of_a_picture_stay_legible(show, width: int) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(PAGES["report"](), width=width)
    size = "e => parseFloat(getComputedStyle(e).fontSize) * e.ownerSVGElement.getScreenCTM().a"
    assert page.locator("svg.picture text").first.evaluate(size) >= 10.5


def test_the_way_to_the_first_thing_to_do_is_one_link(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(PAGES["report"]())
    page.locator(".first a").click()
    assert page.locator("#check-4").evaluate("e => e.getBoundingClientRect().top < innerHeight")


def test_the_report_needs_no_script(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(PAGES["report"](), scripts=False)
    page.locator("summary", has_text="2 checks").click()
    assert page.get_by_text("These were not looked at").is_visible()


# --- look-alikes side by side --------------------------------------------------------------------------


def top_of(page, anchor: str) -> float:  # type: ignore[no-untyped-def]
    return float(page.locator(f"#{anchor}").bounding_box()["y"])


@pytest.mark.parametrize("width", [360, 1200])
def test_a_stretch_and_its_counterpart_are_one_key_apart(show, width: int) -> None:  # type: ignore[no-untyped-def]
    page, heard = show(two_alike(), width=width, scripts=False)
    assert page.locator(".jump").count() >= 6
    page.locator("nav a", has_text="3").first.press("Enter")
    assert page.locator("#p1-left-3:target").count() == 1
    page.locator("#p1-left-3").press("Enter")
    assert page.locator("#p1-right-3:target").count() == 1
    page.wait_for_timeout(700)
    assert 0 <= top_of(page, "p1-right-3") < 900
    assert heard.quiet(), heard


def test_a_jump_leaves_the_other_side_where_it_is(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(two_alike(), width=1280)
    page.locator("nav a", has_text="3").first.click()
    page.wait_for_timeout(700)
    page.locator("#p1-left-3").click()
    page.wait_for_timeout(700)
    for side in "left", "right":
        assert 0 <= top_of(page, f"p1-{side}-3") < 900, side
    sides = page.locator(".side")
    assert sides.nth(0).bounding_box()["y"] == sides.nth(1).bounding_box()["y"]


def test_where_it_is_narrow_the_sides_are_stacked_and_on_paper_nothing_is_cut(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(two_alike(), width=360)
    first, second = (page.locator(".side").nth(i).bounding_box() for i in (0, 1))
    assert second["y"] >= first["y"] + first["height"]
    page, _ = show(two_alike(), width=1280)
    page.emulate_media(media="print")
    assert page.locator(".side").first.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    assert page.locator("mark").first.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
