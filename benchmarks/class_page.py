"""The class page of a large course in Chromium: how long it takes to open, sort and filter, and its memory.

    python benchmarks/class_page.py                  # 2,000 students and seven exercises, five rounds
    python benchmarks/class_page.py 300 --rounds 1   # a try

The class is made up of the results that the tests use; the page is the one that tutors get.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import psutil
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.test_class_page import made

# What is clicked or typed is on the screen: the next frame but one.
DRAWN = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
  () => done(performance.now()))))"""
SORT = "head => { const begin = performance.now(); head.click(); return begin; }"
FILTER = """find => { const begin = performance.now(); find.value = "ada";
  find.dispatchEvent(new Event("input")); return begin; }"""


def held() -> float:
    """MiB of this browser's processes; what they share counts once."""
    return sum(each.memory_full_info().pss for each in psutil.Process(os.getpid()).children(recursive=True)
               if "chrom" in each.name()) / (1 << 20)


def round_of(playwright: Any, page_file: Path) -> dict[str, float]:
    """One browser from its start: milliseconds, and MiB."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.evaluate(DRAWN)
    empty, begin = held(), time.perf_counter()
    page.goto(page_file.as_uri())
    page.evaluate(DRAWN)
    found = {"open": 1000 * (time.perf_counter() - begin), "memory": held() - empty}
    for name, where, script in (("sort by total", "#students thead th:nth-child(2) button", SORT),
                                ("sort by an exercise", "#students thead th:nth-child(5) button", SORT),
                                ("filter by a name", "#find", FILTER)):
        begun = page.locator(where).evaluate(script)
        found[name] = page.evaluate(DRAWN) - begun
    found["memory at the end"] = held() - empty
    browser.close()
    return found


@click.command()
@click.argument("size", type=click.IntRange(1), default=2000)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
def main(size: int, rounds: int) -> None:
    """Measure the class page of SIZE students and seven exercises."""
    if CHROMIUM is None:
        raise click.ClickException("no Chromium on this machine")
    begin = time.process_time()
    html = made(size)
    click.echo(f"{size} students, 7 exercises: {len(html.encode()) / 1e6:.2f} MB, made in "
               f"{time.process_time() - begin:.1f} s of CPU, the class with it")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "index.html"
        file.write_text(html, encoding="utf-8")
        found = [round_of(playwright, file) for _ in range(rounds)]
    for name in found[0]:
        values = [one[name] for one in found]
        unit = "MiB" if name.startswith("memory") else "ms"
        click.echo(f"{name:20} {statistics.median(values):7.0f} {unit}  ({min(values):.0f} to "
                   f"{max(values):.0f})")


if __name__ == "__main__":
    main()
