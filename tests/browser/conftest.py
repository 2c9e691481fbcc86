"""The system's Chromium, without a network and with ears for everything that must not happen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Heard:
    """What a page did besides being shown."""

    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    def quiet(self) -> bool:
        return not (self.requests or self.dialogs or self.errors or self.console or self.pages)


Shown = tuple[Any, Heard]  # a page of Playwright
Show = Callable[..., Shown]


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Show]:
    """show(html, width=..., scheme=...): the page in a window of its own, and what was heard of it."""
    contexts: list[Any] = []

    def opened(html: str, *, width: int = 1200, scheme: str = "light", scripts: bool = True) -> Shown:
        file = tmp_path / f"page{len(contexts)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme,
                                      java_script_enabled=scripts)
        contexts.append(context)
        page, heard = context.new_page(), Heard()

        def dismissed(dialog: Any) -> None:
            heard.dialogs.append(dialog.message)
            dialog.dismiss()

        context.on("page", lambda other: heard.pages.append(other.url))
        page.on("request", lambda request: None if request.url == file.as_uri()
                else heard.requests.append(request.url))
        page.on("dialog", dismissed)
        page.on("pageerror", lambda error: heard.errors.append(str(error)))
        page.on("console", lambda message: heard.console.append(message.text))
        page.goto(file.as_uri())
        return page, heard

    yield opened
    for context in contexts:
        context.close()
