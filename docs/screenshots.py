"""Make docs/report.png and docs/class.png: python docs/screenshots.py grades examples/submissions and takes
both."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
# page, width and height in pixels
PAGES = {"report.png": ("dmitri/he_init.html", 860, 1960), "class.png": ("index.html", 1120, 1400)}
COLOURS = 64      # a page has few: the files stay small
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def main() -> None:
    """Write both pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        subprocess.run([sys.executable, "-m", "grader", "batch", "examples/submissions", "--out", folder,
                        "--seed", "3"], cwd=ROOT, check=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, (page, width, height) in PAGES.items():
            picture = taken(browser, Path(folder, page), width, height)
            picture.save(ROOT / "docs" / name, optimize=True)
            print(name, picture.size, (ROOT / "docs" / name).stat().st_size // 1024, "KiB")
        browser.close()


def taken(browser: Browser, file: Path, width: int, height: int) -> Image.Image:
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    page.goto(file.as_uri())
    shot = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return shot.convert("RGB").quantize(COLOURS)


if __name__ == "__main__":
    main()
