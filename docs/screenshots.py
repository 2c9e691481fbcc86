"""Make docs/report.png and docs/class.png from the sample results: python docs/screenshots.py"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grader.report import class_page, student  # noqa: E402
from tests import samples as s  # noqa: E402

COLOURS = 64      # a page has few: the files stay small
WIDTH = 860
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def main() -> None:
    """Write both pictures."""
    results, notebooks = s.cohort(120, ("he_init", "gradient_flow"))
    links = {key: f"{key[0].replace(' ', '%20')}/{key[1]}.html" for key in notebooks}
    pages = {"report.png": (student.render(s.result("Ada", events=s.EVENTS), s.NOTEBOOK), 1500),
             "class.png": (class_page.render(results, notebooks, title="Deep learning, sheet 3", links=links,
                                             isolated=True), 1720)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, (html, height) in pages.items():
            picture = taken(browser, html, height)
            picture.save(ROOT / "docs" / name, optimize=True)
            print(name, picture.size, (ROOT / "docs" / name).stat().st_size // 1024, "KiB")
        browser.close()


def taken(browser: Browser, html: str, height: int) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(html, encoding="utf-8")
        page = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme="light")
        page.goto(file.as_uri())
        shot = Image.open(io.BytesIO(page.screenshot()))
        page.close()
    return shot.convert("RGB").quantize(COLOURS)


if __name__ == "__main__":
    main()
