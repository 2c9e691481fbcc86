"""The class page in a real browser: names and totals in sight at every width, no box that scrolls, sorting,
paper, forced colours, keyboard and screen reader."""

from __future__ import annotations

import functools
import random
from typing import Any

import pytest
from msgspec import structs

from grader import records
from grader.report import class_page
from tests import samples as s
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.test_pages import axe_of, small_class

SEVEN = ("cuda_check", "saturation", "he_init", "gradient_norms", "learning_speeds", "rnn_gradients",
         "thirty_layers")
TWENTY = (*SEVEN, *(f"exercise_{i}" for i in range(13)))
SAME = "Dieter Maximilian Müller-Lüdenscheidt"
WIDTHS = [320, 360, 800, 1024, 1280]
HEADINGS = ["Needs you", "Students", "For the next lecture", "Checks", "Marks", "Unreadable, and why"]


@functools.cache
def made(size: int = 30, exercises: tuple[str, ...] = SEVEN, language: str = "en") -> str:
    """A class with everything in it: two of one name, late, by hand, missing, unreadable, withheld."""
    chance = random.Random(11)
    results: list[records.Result] = []
    for number in range(size):
        for place, exercise in enumerate(exercises):
            one = s._one(str(1000 + number), s.EXERCISES[place % 3], chance)
            results.append(structs.replace(
                one, exercise=exercise, title=f"{exercise}: a title that goes on for quite a while",
                name=SAME if number < 2 else f"{s.NAMES[number % 26]} Example", late=chance.random() < 0.1))
    results[0] = structs.replace(results[0], checks=tuple(
        structs.replace(verdict, by="Tilda") for verdict in results[0].checks))
    results[8] = s.result("1001", exercises[1], (), status=records.Status.MISSING, score=None, name=SAME)
    results[15] = structs.replace(s.withheld("1002", exercises[1]), name=results[14].name)
    results[16] = structs.replace(s.unreadable("1002", exercises[2]), name=results[14].name)
    return class_page.render(
        results, {}, title="Sheet 3", isolated=True, language=language, weights=dict.fromkeys(exercises, 1.0),
        links={(x.student, x.exercise): f"{x.student}/{x.exercise}.html" for x in results})


def settled(page: Any) -> None:
    """What scrolling brought into view is laid out."""
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r())))")


# Is an element inside the window, and is nothing over it?
IN_SIGHT = """e => { const b = e.getBoundingClientRect();
  if (b.left < 0 || b.right > innerWidth || b.top < 0 || b.bottom > innerHeight) return false;
  const top = document.elementFromPoint((b.left + b.right) / 2, (b.top + b.bottom) / 2);
  return e === top || e.contains(top) || top.contains(e); }"""
# Is some of what has the focus in the window, with nothing over it? Browsers do not scroll where some is.
FOCUS_IN_SIGHT = """() => { const e = document.activeElement, b = e.getBoundingClientRect();
  return [1, 3, 5, 7, 9].some(part => { const x = b.left + b.width * part / 10;
    const top = document.elementFromPoint(x, (b.top + b.bottom) / 2);
    return top && (e.contains(top) || top.contains(e)); }); }"""


@pytest.mark.parametrize("width", [360, 1280])
def test_what_needs_the_tutor_comes_first_and_then_the_students(show, width: int) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(), width=width)
    assert page.locator("h2").all_inner_texts() == HEADINGS
    tops = page.locator("h2").evaluate_all("list => list.map(e => e.getBoundingClientRect().top)")
    assert tops == sorted(tops)
    assert page.locator("h2").all_text_contents() == HEADINGS   # the order for a screen reader is the same


@pytest.mark.parametrize("exercises", [SEVEN, TWENTY], ids=["seven", "twenty"])
@pytest.mark.parametrize("width", WIDTHS)
def test_name_and_total_are_in_sight_wherever_one_has_scrolled(show, width: int, exercises) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(exercises=exercises), width=width)
    row = page.locator("#students tbody tr").nth(8)
    row.evaluate("e => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
    page.evaluate("scrollBy({ left: 99999, behavior: 'instant' })")
    settled(page)
    if width > 1024:
        assert (page.evaluate("scrollX") > 0) is (len(exercises) > 7)
        assert page.locator("#students thead").bounding_box()["y"] == 0
    for place in ("th bdi", "th bdi.soft", ".total"):
        assert row.locator(place).first.evaluate(IN_SIGHT), place
    if width <= 1024:
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", WIDTHS)
def test_names_stay_distinct(show, width: int) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(), width=width)
    cells = page.locator("#students tbody th", has_text=SAME)
    shown = cells.all_inner_texts()
    assert shown == [f"{SAME} 1000", f"{SAME} 1001"]
    inside = """e => { const cell = e.getBoundingClientRect(); const range = document.createRange();
      range.selectNodeContents(e);
      return [...range.getClientRects()].every(r => r.left >= cell.left && r.right <= cell.right + 0.5); }"""
    assert [cell.evaluate(inside) for cell in cells.all()] == [True, True]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_box_scrolls_in_the_page(show, width: int) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(exercises=TWENTY), width=width)
    scrolling = """[...document.querySelectorAll('body, body *')].filter(e => {
      const s = getComputedStyle(e);
      return /auto|scroll/.test(s.overflowX + s.overflowY); }).map(e => e.tagName)"""
    assert page.evaluate(scrolling) == []


@pytest.mark.parametrize("colours", ["none", "active"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_a_class_of_seven_exercises(show, width: int, scheme: str, colours: str) -> None:  # type: ignore[no-untyped-def]
    page, heard = show(made(), width=width, scheme=scheme)
    page.emulate_media(forced_colors=colours)
    found = axe_of.Axe().run(page, options={"resultTypes": ["violations"]})
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found.response["violations"]] == []
    assert heard.quiet(), heard


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_nothing_shows_through_what_stays_in_sight(show, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(exercises=TWENTY), width=1280, scheme=scheme)
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    canvas = "rgb(255, 255, 255)" if scheme == "light" else "rgb(0, 0, 0)"
    for place in "thead th", "tbody th", ".total":
        cell = page.locator(f"#students {place}").first
        assert cell.evaluate("e => getComputedStyle(e).backgroundColor") == canvas
    line = "getComputedStyle(document.querySelector('#students tbody tr')).borderTopWidth"
    assert page.evaluate(line) == "1px"


def accessible(page: Any) -> list[Any]:
    """What a screen reader is told of, in order."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return [node for node in nodes if not node["ignored"]]


def named(nodes: list[Any], role: str) -> list[str]:
    return [node.get("name", {}).get("value", "").replace("\u200b", "") for node in nodes
            if node["role"]["value"] == role]


@pytest.mark.parametrize("width", [360, 1280])
def test_a_screen_reader_finds_a_table_with_heads_whatever_it_looks_like(show, width: int) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(60), width=width)
    nodes = accessible(page)
    assert "Students" in named(nodes, "table")
    heads = named(nodes, "columnheader")
    assert heads[:2] == ["Student", "Total / 133"]
    assert [head.split()[0] for head in heads[2:9]] == list(SEVEN)
    people = [name for name in named(nodes, "rowheader") if name.split()[-1].isdigit()]
    assert len(people) == 60
    assert people.count(f"{SAME} 1000") == 1
    described = {node.get("description", {}).get("value") for node in nodes
                 if node["role"]["value"] == "button"}
    assert f"{SEVEN[0]}: a title that goes on for quite a while" in described


def test_a_screen_reader_finds_those_too_who_are_not_drawn_yet(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "page.html"
    file.write_text(made(250), encoding="utf-8")
    reading = browser.browser_type.launch(executable_path=CHROMIUM, args=[
        *ARGUMENTS, "--force-renderer-accessibility"])
    page = reading.new_page()
    page.goto(file.as_uri())
    assert page.locator("#students.many tbody tr").last.evaluate(
        "e => !e.lastElementChild.checkVisibility({ contentVisibilityAuto: true })")
    nodes = accessible(page)
    assert len([name for name in named(nodes, "rowheader") if name.split()[-1].isdigit()]) == 250
    reading.close()


def test_the_keyboard_reaches_everything_and_what_has_the_focus_is_in_sight(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(exercises=TWENTY), width=1280)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_label("Show").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText").startswith("Total")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentNode.getAttribute('aria-sort')") == "descending"
    page.locator("#students tbody tr").nth(20).locator("a").last.focus()
    for key in ["Shift+Tab"] * 50 + ["Tab"] * 50:
        page.keyboard.press(key)
        settled(page)
        assert page.evaluate(FOCUS_IN_SIGHT), page.evaluate("document.activeElement.outerHTML")


def test_a_link_within_a_long_page_leads_there(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(400, SEVEN[:3]), width=1280)
    page.emulate_media(reduced_motion="reduce")
    page.locator("nav").get_by_text("For the next lecture").click()
    settled(page)
    assert page.locator("#talk").evaluate(IN_SIGHT)


def test_all_charts_stand_on_one_line_and_have_one_scale(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(), width=1280)
    charts = page.locator("figure").evaluate_all("""list => list.map(f => {
      const height = f.querySelector('rect').getBoundingClientRect().height;
      const count = Number(f.querySelector('rect + text').textContent);
      return [f.getBoundingClientRect().top, f.querySelector('.frame').getBoundingClientRect().bottom,
              height / count]; })""")
    assert len(charts) == 7
    assert len({round(top) for top, _, _ in charts}) == len({round(line) for _, line, _ in charts}) == 2
    assert [unit for *_, unit in charts] == pytest.approx([charts[0][2]] * 7, rel=0.05)


def test_a_class_on_paper_stays_on_the_sheet_and_is_all_there(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made(60), width=680)  # A4 without its margins
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 680
    assert page.evaluate("""[...document.querySelectorAll('th, td')]
        .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).length""") == 0
    names = page.locator("#students tbody th").evaluate_all("list => list.map(e => e.offsetWidth)")
    assert min(names) > 120   # and no name goes down the sheet letter by letter
    arrow = "getComputedStyle(document.querySelector('#students thead button'), '::after').content"
    assert page.evaluate(arrow) == "none"
    assert page.locator("#students tbody tr").evaluate_all("""list => list.every(e =>
        e.checkVisibility({ contentVisibilityAuto: true }) && e.getBoundingClientRect().height > 10)""")
    assert page.pdf().startswith(b"%PDF")


def test_paper_shows_the_names_that_are_folded_on_a_screen(show) -> None:  # type: ignore[no-untyped-def]
    results = [s.withheld(f"w{i}") for i in range(12)]
    page, _ = show(class_page.render(results, {}, title="t", links={}, isolated=True))
    name = page.locator("details bdi", has_text="w7")
    seen = "e => e.checkVisibility({ contentVisibilityAuto: true })"
    assert not name.evaluate(seen)
    page.emulate_media(media="print")
    assert name.evaluate(seen)


# --- the script --------------------------------------------------------------------------------------


def names(page: Any) -> list[str]:
    return page.locator("#students tbody tr:not([hidden]) th bdi").all_inner_texts()  # type: ignore[no-any-return]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_table_sorts_both_ways_and_says_so(show, language: str) -> None:  # type: ignore[no-untyped-def]
    results = [s.result(f"s{i}", checks=[structs.replace(s.VARIANCE, points=points)], max_score=40.0)
               for i, points in enumerate((9.5, 10.25, 0.0, 31.0, 9.75))]
    results += [s.withheld("wim"), s.unreadable("uma")]
    page, _ = show(class_page.render(results, {}, title="t", links={}, isolated=True, language=language))
    header = page.locator("#students thead th").nth(2)
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert names(page) == ["s3", "s1", "s4", "s0", "s2", "uma", "wim"]
    header.locator("button").press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert names(page) == ["wim", "s2", "uma", "s0", "s4", "s1", "s3"]
    page.locator("#students thead button").first.click()
    assert header.get_attribute("aria-sort") is None
    assert names(page) == ["s0", "s1", "s2", "s3", "s4", "uma", "wim"]


def test_the_table_filters_by_name_and_by_what_needs_a_look(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(small_class())
    page.get_by_label("Find a student").fill("ada")
    assert names(page) == ["Ada 1", "Ada 2"]
    assert page.get_by_role("status").inner_text() == "2 of 40 students"
    page.get_by_label("Show").select_option("alike")
    assert names(page) == ["Ada 1"]
    page.get_by_label("Find a student").fill("")
    assert names(page) == ["Ada 1", "Ben 1"]


def test_who_was_late_or_marked_by_hand_is_found(show) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(made())
    page.get_by_label("Show").select_option("tutor")
    assert names(page) == [SAME, "1000"]
    page.get_by_label("Show").select_option("late")
    assert page.locator("#students tbody tr:not([hidden])").count() == page.locator(
        "#students tbody tr", has=page.locator("i", has_text="late")).count() > 0


def test_somebody_is_found_by_name_and_by_id(show) -> None:  # type: ignore[no-untyped-def]
    results = [s.result("1003", name="Anna Schmidt"), s.result("1007", name="Anna Schmidt"),
               s.result("1010", name="Bert Weber")]
    page, _ = show(class_page.render(results, {}, title="t", links={}, isolated=True))
    for text, ids in ("schmidt", ["1003", "1007"]), ("1007", ["1007"]), ("weber 1010", ["1010"]):
        page.get_by_label("Find a student").fill(text)
        assert names(page)[1::2] == ids


@pytest.mark.parametrize("width", [360, 1280])
def test_without_script_the_table_is_all_there(show, width: int) -> None:  # type: ignore[no-untyped-def]
    page, _ = show(small_class(), scripts=False, width=width)
    assert len(names(page)) == 40
    assert not page.get_by_label("Find a student").is_visible()
    assert page.locator("#students tbody th").nth(20).bounding_box()["height"] > 10


def test_two_thousand_students_are_sorted_and_filtered(show) -> None:  # type: ignore[no-untyped-def]
    results, _ = s.cohort(2000)
    html = class_page.render(results, {}, title="t",
                             links={(x.student, x.exercise): "a/b.html" for x in results}, isolated=True)
    page, heard = show(html)
    assert page.locator("#students tbody tr").count() == 2000
    page.locator("#students thead button").nth(1).click()
    page.get_by_label("Find a student").fill("ada")
    assert len(names(page)) == 77
    assert page.locator("#students tbody tr").count() == 2000
    assert heard.quiet(), heard


def test_a_withheld_row_is_found_and_shows_no_zero(show) -> None:  # type: ignore[no-untyped-def]
    results = [s.withheld("wim"), s.result("ada")]
    page, _ = show(class_page.render(results, {}, title="t", links={}, isolated=True))
    page.get_by_label("Show").select_option("withheld")
    assert names(page) == ["wim"]
    assert "withheld" in page.locator("#students tbody tr:not([hidden]) td").first.inner_text()
