"""The page while the studio's server does not answer."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.conftest import SHIPPED
from tests.studio.browsing import IN_A_BROWSER, choose, click_photo, opened, saved, until_shown
from tests.studio.serving import TOKEN, Running, running

pytestmark = IN_A_BROWSER


def test_a_private_server_that_is_back_gets_the_photos_again(browser, tmp_path):
    flags = ("--private", "--port", "7971", "--token", TOKEN)
    with running(tmp_path, *flags) as first:
        pages = opened(browser, first.address)
        page = next(pages)
        choose(page, SHIPPED / "camera.png")
        until_shown(page)
        click_photo(page, 0.6, 0.3)
        page.fill("#hex", "#3050d0")
        page.click("#colours-done")
        expect(page.locator(".pin")).to_have_count(1)
    expect(page.locator("#notices")).to_contain_text("The studio does not answer")
    with running(tmp_path, *flags) as second:
        assert second.address == first.address
        expect(page.locator("#notices")).to_be_empty()
        until_shown(page)
        expect(page.locator(".pin")).to_have_count(1)
        hints = json.loads(Path(saved(page, "#save-hints").path()).read_text())
        assert hints[0]["colour"] == "#3050d0"
        next(pages, None)


def test_a_preview_whose_connection_broke_is_asked_for_again(browser, studio: Running, client):
    for page in opened(browser, studio.address):
        choose(page, SHIPPED / "camera.png")
        until_shown(page)
        page.route("**/colours", lambda route: route.abort(), times=1)
        click_photo(page, 0.6, 0.3)
        page.fill("#hex", "#3050d0")
        with page.expect_response("**/colours"):
            page.click("#colours-done")
        expect(page.locator("#notices")).to_be_empty()
