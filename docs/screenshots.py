"""Make docs/report.png, class.png and review.png: python docs/screenshots.py grades examples/submissions and
takes all three."""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
# page, width and height in pixels
PAGES = {"report.png": ("dmitri/he_init.html", 860, 1960), "class.png": ("index.html", 1120, 1400)}
COLOURS = 64      # a page has few: the files stay small
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def main() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        subprocess.run([sys.executable, "-m", "grader", "batch", "examples/submissions", "--out", folder,
                        "--seed", "3"], cwd=ROOT, check=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, (page, width, height) in PAGES.items():
            save(name, taken(browser, Path(folder, page), width, height))
        save("review.png", reviewed(browser, folder))
        browser.close()


def save(name: str, picture: Image.Image) -> None:
    picture.save(ROOT / "docs" / name, optimize=True)
    print(name, picture.size, (ROOT / "docs" / name).stat().st_size // 1024, "KiB")


def taken(browser: Browser, file: Path, width: int, height: int) -> Image.Image:
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    page.goto(file.as_uri())
    return shot(page)


def reviewed(browser: Browser, folder: str) -> Image.Image:
    """The page of `grader review`, after a word on one check."""
    words = [sys.executable, "-m", "grader", "review", folder, "--no-open"]
    with subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout
            return marked(browser, server.stdout.readline().split()[-1])
        finally:
            server.send_signal(signal.SIGINT)


def marked(browser: Browser, link: str) -> Image.Image:
    page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme="light")
    page.goto(link)
    page.wait_for_url("**/")
    page.goto(link.partition("/enter")[0] + "/submission?student=dmitri&exercise=he_init&of=all")
    page.locator("#points-4").fill("2")
    page.locator("#comment-4").fill("The **factor 2** is all that is missing.")
    page.locator("#save-4").click()
    page.locator("#mark", has_text="14 / 20").wait_for()
    page.wait_for_timeout(4000)    # until the page has asked whether the files are written
    page.locator("#news p").wait_for(state="detached", timeout=120_000)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.wait_for_timeout(1000)
    return shot(page, 2 * COLOURS)


def shot(page: Page, colours: int = COLOURS) -> Image.Image:
    picture = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return picture.convert("RGB").quantize(colours)


if __name__ == "__main__":
    main()
