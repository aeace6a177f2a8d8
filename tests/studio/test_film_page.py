"""A film in the page, in a real browser."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks import made_films
from colorizer.film.decode import examine_film
from tests.film.scenes import ASTRONAUT, pan, two_scenes
from tests.studio.browsing import IN_A_BROWSER, choose, click_photo, opened, saved, until_shown

pytestmark = IN_A_BROWSER


def test_a_film_from_scrubbing_and_a_hint_to_a_film_that_plays_and_is_saved(browser, studio, client, tmp_path):
    film = tmp_path / "wedding.mp4"
    two_scenes(film, 12, sound=True)
    for page in opened(browser, studio.address, width=390):
        choose(page, film)
        until_shown(page)
        expect(page.locator("#film-facts")).to_have_text(re.compile(r"160 . 120 · 0:01 · 25 frames/s · sound \(AAC\)"))
        page.locator("#time").focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        page.keyboard.press(".")
        expect(page.locator("#time")).to_have_attribute("aria-valuetext", "0:00.16 of 0:01")
        click_photo(page, 0.7, 0.5)
        page.fill("#hex", "#b03030")
        page.click("#colours-done")
        expect(page.locator(".pin")).to_have_count(1)
        page.locator("#time").fill("8")
        expect(page.locator(".pin")).to_have_count(0)
        page.locator("#elsewhere button").click()
        expect(page.locator(".pin")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.click("#film-colour")
        expect(page.locator("#film-said")).to_have_text("The film is in color.")
        page.click("#film-play")
        page.evaluate(
            """async () => {
              const player = document.querySelector("#player");
              while (player.currentTime < 0.2) await new Promise((go) => player.addEventListener("timeupdate", go));
            }"""
        )
        page.click("#film-play")
        expect(page.locator("#player")).to_be_hidden()
        download = saved(page, "#film-save")
        assert download.suggested_filename == "wedding-color.mp4"
        assert examine_film(Path(download.path())).frames == 24
        assert json.loads(Path(saved(page, "#save-hints").path()).read_text())[0]["time"] == 0.16


def test_every_frame_of_a_film_of_rounded_times_is_reached_and_its_hints_are_found_again(
    browser, studio, client, tmp_path
):
    film = tmp_path / "wedding.mkv"
    times = [round(1000 * number / 24) for number in range(12)]
    made_films.write_film(
        film,
        made_films.gray(pan(ASTRONAUT).frames),
        times=times,
        time_base=Fraction(1, 1000),
        codec="ffv1",
        rate=Fraction(24),
    )
    for page in opened(browser, studio.address):
        choose(page, film)
        until_shown(page)
        page.locator("#time").focus()
        for shown in ("0:00.04", "0:00.08"):
            with page.expect_response("**/colours"):
                page.keyboard.press(".")
            expect(page.locator("#time")).to_have_attribute("aria-valuetext", re.compile(shown))
        click_photo(page, 0.7, 0.5)
        page.fill("#hex", "#b03030")
        page.click("#colours-done")
        expect(page.locator(".pin")).to_have_count(1)
        (hint,) = json.loads(Path(saved(page, "#save-hints").path()).read_text())
        assert hint["time"] == pytest.approx(0.083, abs=0.0005)
        page.locator("#time").fill("8")
        expect(page.locator(".pin")).to_have_count(0)
        page.locator("#elsewhere button").click()
        expect(page.locator(".pin")).to_have_count(1)
