"""The studio's page in a real browser: Chromium without a screen, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Download, Page, expect, sync_playwright

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(not _CHROMIUM, reason="needs the browser chromium, as Debian's package of this name has it"),
]
"""Marks of tests of the page."""
SECONDS = 15_000


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []  # as root in CI, where Chromium's own cannot be made
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=flags)
        yield browser
        browser.close()


def opened(browser: Browser, address: str, width: int = 1200) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 800}, accept_downloads=True)
    context.set_default_timeout(SECONDS)
    expect.set_options(timeout=SECONDS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
    page.goto(address)
    expect(page.locator("#model option")).to_have_count(1)
    yield page
    context.close()
    assert complaints == []


def choose(page: Page, *paths: Path) -> None:
    page.set_input_files("#files", list(paths))


def until_shown(page: Page) -> None:
    """Wait for the open photo in colour."""
    expect(page.locator("#divider")).to_be_visible()
    expect(page.locator("#waiting")).to_be_hidden()


def click_photo(page: Page, across: float, down: float) -> None:
    box = page.locator("#canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)


def saved(page: Page, button: str) -> Download:
    with page.expect_download() as download:
        page.click(button)
    return download.value


def picture(download: Download) -> np.ndarray:
    return np.asarray(Image.open(download.path()).convert("RGB"))


def colour_at(page: Page, across: float, down: float) -> list[int]:
    """What the canvas shows at a place of it."""
    return page.evaluate(
        """([across, down]) => {
          const canvas = document.querySelector("#canvas");
          const [x, y] = [canvas.width * across, canvas.height * down].map(Math.round);
          return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3);
        }""",
        [across, down],
    )


def spread(rgb) -> int:
    return int(max(rgb)) - int(min(rgb))
