"""The page in the system's Chromium: by keyboard alone, by two at once, with hostile content, and for
everybody."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest

from grader.keep.gradebook import Gradebook
from grader.keep.publish import opened
from grader.review.answers import worth
from tests.browser.conftest import CHROMIUM
from tests.review import course
from tests.review.conftest import Served

sync_api = pytest.importorskip("playwright.sync_api")
axe_of = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = [pytest.mark.browser,
              pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]
Pages = Callable[..., Any]


def address(path: str = "/submission", **said: str) -> str:
    plain = {"exercise": "he_init", "of": "all"} if path == "/submission" else {}
    return f"{path}?{urlencode({**plain, **said})}"


EVERY = {
    "queue": "/", "all": "/?of=all", "comments": "/bank", "history": "/history",
    "submission": address(student="1001"), "withheld": address(student="1003"),
    "stale": address(student="1004"), "hostile": address(student=course.EVIL_ID),
    "answers": address("/answers", exercise="he_init", question=course.QUESTION),
    "alike": address("/alike", exercise="he_init", student="1001"), "nothing": "/nothing-of-ours"}


@pytest.fixture
def book(served: Served) -> Iterator[Gradebook]:
    with opened(served.out) as book:
        yield book


def score(served: Served, student: str) -> object:
    """As results.jsonl has it."""
    rows = map(json.loads, (served.out / "results.jsonl").read_text().splitlines())
    return next(row["score"] for row in rows if row["student"] == student)


def until(page: Any, true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to be")


# What has the focus: null at the end of the page; what it is where it does not show the focus or lies out of
# sight; else "", as of a frame, which has a focus of its own.
UNSEEN = """() => new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const there = document.activeElement, come = window.come = window.come || new Set();
    if (!there || there === document.body || come.has(there)) return told(null);
    come.add(there);
    const style = getComputedStyle(there), box = there.getBoundingClientRect();
    const shown = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    told(there.tagName === "IFRAME" || (shown && inside) ? "" : there.outerHTML.slice(0, 120));
})))"""
# Fields without a label: axe takes a placeholder for one.
UNLABELLED = """() => [...document.querySelectorAll("input:not([type=hidden]), textarea, select")]
    .filter((field) => !field.labels.length).map((field) => field.outerHTML)"""
TABS = 30     # steps of the keyboard through a page


def violations(page: Any) -> dict[str, list[str]]:
    """By axe's rules, what breaks them, also in what is closed at first."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    bare = page.evaluate(UNLABELLED)
    return {"no label": bare} if bare else {one["id"]: [node["html"] for node in one["nodes"]]
            for one in axe_of.Axe().run(page).response["violations"]}


def unseen(page: Any) -> list[str]:
    """What the keyboard comes to and nobody sees it."""
    page.emulate_media(reduced_motion="reduce")     # or what is come to is still on its way into sight
    found = list[str]()
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if (told := page.evaluate(UNSEEN)) is None:
            break
        found += [told] if told else []
    return found


def too_wide(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_every_page(pages: Pages, served: Served, width: int, scheme: str) -> None:
    page = pages("ada", width=width, scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for name, path in EVERY.items():
        page.goto(served.base + path)
        if path == EVERY["nothing"]:
            continue
        if scheme == "light":
            assert unseen(page) == [], name
        assert not too_wide(page), name
        assert violations(page) == {}, name
        for frame in page.locator("iframe").all():
            assert frame.bounding_box()["width"] > min(600, 0.8 * width), f"{name}: room to read the report"
    page.goto(served.base)
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert violations(page) == {}
    assert [line for line in said if "404" not in line] == []


@pytest.mark.parametrize(("file", "old", "new", "found"), [
    ("/submission?**", r'<label for="points-\d+">(.*?)</label>', r"\1", "no label"),
    ("/submission?**", r'(<iframe[^>]*?) title="[^"]*"', r"\1", "frame-title"),
    ("/submission?**", r'<html lang="en">', "<html>", "html-has-lang"),
    ("/submission?**", r"<h1[ >].*?</h1>", "<h4>Too deep</h4>", "page-has-heading-one"),
    ("/submission?**", r'<main (id="main".*)</main>', r"<div \1</div>", "landmark-one-main"),
    ("/submission?**", r'(<button id="save-1"[^>]*>)Save', r"\1", "button-name"),
    ("/submission?**", r"</body>", '<p id="who">Twice</p><b role="buton">x</b></body>', "aria-roles"),
    ("/static/page.css", r"--soft: [^;]*;", "--soft: #ccc;", "color-contrast"),
    ("/static/page.css", r"(:focus-visible \{) outline: [^;]*;", r"\1 outline: none;", "unseen"),
    ("/static/page.css", r"\Z", "h1 { min-width: 200rem; }", "too wide"),
], ids=["label", "frame", "language", "heading", "main", "button", "role", "contrast", "focus", "width"])
def test_what_is_broken_on_purpose_is_found(pages: Pages, served: Served, file: str, old: str,
                                            new: str, found: str) -> None:
    page, changed = pages("ada"), list[int]()

    def broken(route: Any) -> None:
        answer = route.fetch()
        text, count = re.subn(old, new, answer.text(), flags=re.DOTALL)
        changed.append(count)
        route.fulfill(response=answer, body=text)
    page.route(f"**{file}", broken)
    page.goto(served.base + EVERY["submission"])
    assert sum(changed), "nothing was broken"
    told = {"too wide": too_wide(page), "unseen": bool(unseen(page)), **violations(page)}
    assert told.get(found)


def test_a_submission_is_marked_by_keyboard_alone(pages: Pages, served: Served, book: Gradebook) -> None:
    page = pages("ada")
    keys = page.keyboard
    page.goto(f"{served.base}/?of=all")
    for _ in range(7):                      # past the answers, down to Elif
        keys.press("j")
    assert "Elif Kaya" in page.evaluate("document.activeElement.textContent")
    keys.press("Enter")
    page.wait_for_url("**/submission?student=1005**")
    keys.press(".")                         # the first check that was not passed
    assert "variance" in page.evaluate("document.activeElement.textContent")
    keys.press("m")
    keys.type("2.5")
    keys.press("Tab")
    keys.press("Escape")
    keys.press("c")
    keys.type("The **gain** is right.")
    keys.press("Control+Enter")
    page.locator("#mark", has_text="9.5 / 22").wait_for()
    assert page.evaluate("document.activeElement.id") == "comment-4", "the focus stays where it was"
    assert page.locator("#said").text_content() == "Recorded."
    frame = page.frame_locator("iframe[name=report]")
    frame.locator("strong", has_text="gain").first.wait_for()
    keys.press("Escape")
    keys.press(".")
    keys.press("f")                         # forgive the next one
    page.locator("#mark", has_text="11.5 / 22").wait_for()
    keys.press("u")                         # and not
    page.locator("#mark", has_text="9.5 / 22").wait_for()
    keys.press("2")                         # "Well argued.", which carries 2 points
    page.locator("#mark", has_text="11.5 / 22").wait_for()
    keys.press("r")                         # reviewed: the next one is there
    page.wait_for_url("**/submission?student=1006**")
    assert [(one.check, one.points, one.comment, one.by) for one in book.desk.overrides(student="1005")] == [
        ("depth", 2.0, "Well argued.", "ada"), ("variance", 2.5, "The **gain** is right.", "ada")]
    assert [(one.student, one.by) for one in book.desk.reviewed()] == [("1005", "ada")]
    until(page, lambda: score(served, "1005") == 11.5)
    assert "<strong>gain</strong>" in (served.out / "1005" / "he_init.html").read_text()
    keys.press("k")
    page.wait_for_url("**/submission?student=1005**")


def test_keys_can_be_turned_off(pages: Pages, served: Served) -> None:
    page = pages("ada")
    page.goto(f"{served.base}/?of=all")
    page.keyboard.press("?")
    page.get_by_label("Single keys work").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert not page.evaluate("document.activeElement.matches('a.row')")
    page.reload()
    page.keyboard.press("j")
    assert not page.evaluate("document.activeElement.matches('a.row')")


def test_two_mark_one_check_at_once(pages: Pages, served: Served, book: Gradebook) -> None:
    ada, bo = pages("ada"), pages("bo")
    for page in ada, bo:
        page.goto(served.base + address(student="1007"))
    bo.locator("#points-4").fill("3")
    bo.locator("#save-4").click()
    bo.locator("#mark", has_text="10 / 22").wait_for()
    ada.locator("#points-4").fill("1")
    ada.locator("#save-4").click()
    ada.locator("[role=alert]", has_text="bo was here before you: variance: 3 points").wait_for()
    assert ada.locator("#points-4").input_value() == "1"
    assert ada.evaluate("document.activeElement.id") in ("points-4", "save-4")
    assert [one.points for one in book.desk.overrides(student="1007")] == [3]
    ada.locator("#save-4").click()
    ada.locator("#mark", has_text="8 / 22").wait_for()
    bo.locator("#news", has_text="This submission has changed").wait_for()
    assert "ada" in bo.locator("#news").text_content()
    assert [(one.points, one.by) for one in book.desk.overrides(student="1007")] == [(1, "ada")]


def test_one_sees_what_the_other_did_in_the_queue(pages: Pages, served: Served) -> None:
    ada, bo = pages("ada"), pages("bo")
    ada.goto(f"{served.base}/?of=stale-override")
    ada.locator("a.row", has_text="Dmitri").wait_for()
    bo.goto(served.base + address(student="1004"))
    bo.locator("#let-go").click()
    bo.locator("#panel:not(:has(#let-go))").wait_for()
    ada.locator("text=Nothing waits here.").wait_for()


def test_equal_answers_are_marked_with_a_key(pages: Pages, served: Served, book: Gradebook) -> None:
    page = pages("bo")
    page.goto(served.base + EVERY["answers"])
    page.keyboard.press(".")
    page.keyboard.press("2")
    page.keyboard.press("s")
    page.locator("#left", has_text="3 of 4").wait_for()
    bank = {one.id: one for one in book.written.comments()}
    asked = {(one.exercise, one.id): one for one in book.questions()}
    marked = [(one.student, worth(one, bank, asked), one.by)
              for one in book.written.answers() if one.comments]
    assert marked == [("1005", 2, "bo"), ("1006", 2, "bo")]


def test_hostile_content_is_inert(pages: Pages, served: Served) -> None:
    """In a name, an id, code, an answer, and in what a marker pastes into a comment."""
    page = pages("ada")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.goto(served.base + EVERY["hostile"])
    page.locator("#word-0 summary").click()
    page.locator("#comment-0").fill(course.EVIL)
    page.locator("#save-0").click()
    page.frame_locator("iframe[name=report]").locator(".written").first.wait_for()
    page.goto(f"{served.base}/bank")
    page.locator("#text-new").fill(course.EVIL)
    page.locator("button", has_text="Add").click()
    for name in "queue", "comments", "history", "answers", "hostile":
        page.goto(served.base + EVERY[name])
        page.wait_for_timeout(300)
        assert page.evaluate("window.hacked") is None, name
        assert page.locator("img, b[hx-get], a[href^='javascript:']").count() == 0, name
        for frame in page.frames[1:]:
            assert frame.locator("script, img, a[href^='javascript:']").count() == 0
    assert [url for url in asked if not url.startswith(served.base)] == []


def test_whatever_escaped_the_escaping_would_still_run_nothing(pages: Pages, served: Served) -> None:
    """A report with a script in it, served as reports are."""
    page = pages("ada")
    page.route("**/report?**", lambda route: route.fulfill(
        response=(answer := route.fetch()),
        body=answer.text().replace("<body>", "<body><script>parent.hacked=1;document.title='hacked'</script>"
                                             "<img src=x onerror='parent.hacked=1'>").replace(
            'http-equiv="Content-Security-Policy"', 'name="none"')))
    page.goto(served.base + address(student="1007"))
    page.wait_for_timeout(500)
    (frame,) = page.frames[1:]
    assert frame.locator("img").count() == 1, "it is there"
    assert page.evaluate("window.hacked") is None
    assert frame.title() != "hacked"


@pytest.fixture
def stranger() -> Iterator[str]:
    """A page of somebody else's on another port of this machine."""
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><title>elsewhere</title>")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_another_site_in_the_same_browser_reads_and_changes_nothing(
        pages: Pages, served: Served, book: Gradebook, stranger: str, host: str) -> None:
    """`127.0.0.1` is the same site to a browser, whatever the port: it sends our cookie along."""
    page = pages("ada")
    page.goto(f"{served.base}/bank")
    token = page.locator("[name=form]").first.get_attribute("value")
    before = len(book.desk.events())
    page.goto(stranger.replace("127.0.0.1", host))
    tried = page.evaluate("""async ([base, token]) => {
        const tell = (name, answer) => answer.then((got) => got.type + got.status, () => "refused");
        const body = new URLSearchParams({form: token, text: "From elsewhere."});
        const read = await tell("read", fetch(base + "/", {credentials: "include"}));
        const sent = await tell("sent", fetch(base + "/bank",
            {method: "POST", body, mode: "no-cors", credentials: "include"}));
        const frame = document.createElement("iframe");
        frame.src = base + "/";
        document.body.append(frame);
        await new Promise((done) => { frame.onload = done; setTimeout(done, 2000); });
        let inside = "nothing";
        try { inside = frame.contentDocument.title; } catch { /* another origin's */ }
        return [read, sent, inside];
    }""", [served.base, token])
    assert tried[0] == "refused"
    assert tried[2] in ("nothing", "")
    page.evaluate("""([base, token]) => {
        const form = document.createElement("form");
        form.method = "post"; form.action = base + "/bank";
        for (const [name, value] of [["form", token], ["text", "From elsewhere."]]) {
            const field = document.createElement("input");
            field.name = name; field.value = value; form.append(field);
        }
        document.body.append(form); form.submit();
    }""", [served.base, token])
    page.wait_for_url(f"{served.base}/bank")
    assert "Not from another site." in page.content()
    assert len(book.desk.events()) == before
