"""Two pages of the same studio, which must agree at all times."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import SHIPPED
from tests.studio.browsing import IN_A_BROWSER, choose, click_photo, opened, picture, saved, until_shown

pytestmark = IN_A_BROWSER


@pytest.fixture
def tabs(browser, studio, client) -> Iterator[tuple[Page, Page]]:
    """Two pages that have the same photo open."""
    first, second = (opened(browser, studio.address) for _ in range(2))
    pages = next(first), next(second)
    choose(pages[0], SHIPPED / "camera.png")
    for page in pages:
        until_shown(page)
    yield pages
    for opening in (first, second):
        next(opening, None)


def give(page: Page, across: float, down: float, color: str) -> None:
    click_photo(page, across, down)
    page.fill("#hex", color)
    page.click("#colours-done")


def holding(page: Page) -> list:
    """Hold the next change that a page sends; it is listed once it has been sent."""
    held = []

    def hold(route):
        held.append(route)

    page.route("**/colours", hold, times=1)
    return held


def test_interleaved_changes_end_equal_and_what_is_shown_is_saved(tabs):
    one, other = tabs
    held = holding(one)
    with one.expect_request("**/colours"):
        give(one, 0.62, 0.3, "#3050d0")
    give(other, 0.45, 0.75, "#20a040")
    other.locator("#vividness").fill("0.5")
    expect(one.locator("#vividness-value")).to_have_text("1.00"), "its own change is on its way"
    held[0].continue_()
    for page in tabs:
        expect(page.locator("#hints li")).to_have_count(2)
        expect(page.locator("#vividness-value")).to_have_text("0.50")
    pictures = [picture(saved(page, "#save")) for page in tabs]
    assert np.array_equal(*pictures)
    give(one, 0.5, 0.6, "#b03030")
    expect(other.locator("#hints li")).to_have_count(3)
    other.click("#undo")  # its own last step, not the hint of the other tab
    expect(one.locator("#vividness-value")).to_have_text("1.00")
    for page in tabs:
        expect(page.locator("#hints li")).to_have_count(3)
    assert np.array_equal(*(picture(saved(page, "#save")) for page in tabs))


def test_of_two_changes_of_the_same_the_later_is_refused_and_can_be_had_back(tabs):
    one, other = tabs
    held = holding(one)
    with one.expect_request("**/colours"):
        one.locator("#vividness").fill("1.5")
    other.locator("#vividness").fill("0.5")
    expect(other.locator("#waiting")).to_be_hidden()
    other.wait_for_function("fetch('session').then((a) => a.json()).then((told) => told.photos[0].vividness === 0.5)")
    held[0].continue_()
    expect(one.locator("#notices")).to_contain_text("Another tab changed camera.png at the same time")
    for page in tabs:
        expect(page.locator("#vividness-value")).to_have_text("0.50")
    one.click("#undo")
    for page in tabs:
        expect(page.locator("#vividness-value")).to_have_text("1.50")
    with one.expect_response("**/photos/*") as response:
        one.click("#remove")
    assert response.value.request.method == "DELETE"
    expect(other.locator("body")).to_have_class("is-empty")
    one.get_by_role("button", name="Undo").last.click()
    for page in tabs:
        until_shown(page)
        expect(page.locator("#vividness-value")).to_have_text("1.50")
