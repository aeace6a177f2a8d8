"""Sessions on disk: what is kept when the studio ends in whatever way, and what is not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from colorizer.studio import storage
from tests.conftest import SHIPPED
from tests.studio.browsing import IN_A_BROWSER, choose, click_photo, opened, saved, until_shown
from tests.studio.serving import Running, running

pytestmark = pytest.mark.slow
HINTS = [{"x": 60, "y": 400, "color": "#20a040"}]


def give(page: Page, across: float, down: float, color: str) -> None:
    click_photo(page, across, down)
    page.fill("#hex", color)
    page.click("#colours-done")


def hints_of(page: Page) -> list:
    return json.loads(Path(saved(page, "#save-hints").path()).read_text())


@IN_A_BROWSER[1]
def test_everything_is_there_again_after_a_kill_and_a_reload(browser, tmp_path):
    with running(tmp_path) as first:
        for page in opened(browser, first.address):
            choose(page, SHIPPED / "camera.png", SHIPPED / "moon.png")
            until_shown(page)
            page.locator(".tile").nth(1).click()
            until_shown(page)
            give(page, 0.6, 0.5, "teal")
            expect(page.locator(".pin")).to_have_count(1)
            with page.expect_response("**/history"):
                page.locator("#vividness").fill("0.5")
            before = hints_of(page)
            page.reload()
            until_shown(page)
            expect(page.locator(".tile").nth(1)).to_have_attribute("aria-selected", "true")
            expect(page.locator(".pin")).to_have_count(1)
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
    with running(tmp_path) as second:
        for page in opened(browser, second.address):
            expect(page.locator("#recent")).to_contain_text("2 photos")
            expect(page.locator("#recent")).to_contain_text("camera.png, moon.png")
            page.get_by_role("button", name="Continue").click()
            until_shown(page)
            expect(page.locator(".tile")).to_have_count(2)
            expect(page.locator(".tile").nth(1)).to_have_attribute("aria-selected", "true")
            expect(page.locator("#vividness-value")).to_have_text("0.50")
            expect(page.locator("#palette li")).to_have_count(1)
            assert hints_of(page) == before
            page.click("#undo")
            expect(page.locator("#vividness-value")).to_have_text("1.00")
            page.click("#undo")
            expect(page.locator(".pin")).to_have_count(0)
            page.click("#redo")
            expect(page.locator(".pin")).to_have_count(1)


@IN_A_BROWSER[1]
def test_a_page_that_stayed_open_goes_on_with_the_studio_that_is_started_again(browser, tmp_path):
    flags = ("--port", "7981", "--token", "a-token-for-tests-alone")
    with running(tmp_path, *flags) as first:
        pages = opened(browser, first.address)
        page = next(pages)
        choose(page, SHIPPED / "camera.png")
        until_shown(page)
        give(page, 0.6, 0.3, "#3050d0")
        expect(page.locator(".pin")).to_have_count(1)
        id_ = page.evaluate("fetch('session').then((answer) => answer.json()).then((told) => told.photos[0].id)")
    expect(page.locator("#notices")).to_contain_text("The studio does not answer")
    with running(tmp_path, *flags) as second, second.client() as client:
        expect(page.locator("#notices")).to_be_empty()
        until_shown(page)
        assert "#3050d0" in hints_of(page)[0].values()
        assert [photo["id"] for photo in client.get("session").json()["photos"]] == [id_], "the copy, not sent again"
        next(pages, None)


def kept(studio: Running) -> list[Path]:
    return sorted(studio.sessions.glob("*"))


def test_the_end_names_what_is_unsaved_and_a_private_session_leaves_nothing(tmp_path):
    for flags, leaves in (((), 1), (("--private",), 0)):
        with running(tmp_path, *flags) as studio:
            with studio.client() as client:
                content = (SHIPPED / "camera.png").read_bytes()
                photos = [
                    client.post("photos", content=content, headers={"X-Photo-Name": name}).json()
                    for name in ("saved.png", "changed.png", "left.png")
                ]
                for photo in photos[:2]:
                    ready = client.post(f"photos/{photo['id']}/saved").json()
                    client.get(f"saved/{ready['id']}")
                client.put(f"photos/{photos[1]['id']}/colours", json={"hints": HINTS})
            studio.process.send_signal(signal.SIGINT)
            said, _ = studio.process.communicate(timeout=30)
        assert "2 of 3 photos and films (changed.png, left.png)" in said
        assert len(kept(studio)) == leaves
        assert ("kept for 30 days" in said) == bool(leaves)
        for folder in kept(studio):
            assert folder.stat().st_mode & 0o077 == 0, "nobody else's business"
            client_sees = storage.saved_sessions(studio.sessions)
            assert [session.names for session in client_sees] == [("saved.png", "changed.png", "left.png")]
            shutil.rmtree(folder)
        assert list(studio.folder.glob(f"{storage.PREFIX}*")) == []


def test_what_killed_studios_left_and_old_sessions_are_cleared_at_the_next_start(tmp_path):
    with running(tmp_path, "--private") as killed:
        (left,) = killed.folder.glob(f"{storage.PREFIX}*")
    old, recent = killed.sessions / "old", killed.sessions / "recent"
    for folder in (old, recent):
        folder.mkdir(parents=True)
        (folder / "a.json").write_text('{"version": 1, "is_removed": false, "number": 1, "name": "a.png"}')
        (folder / "owner.json").write_text('{"process": 1, "started": 0, "host": "elsewhere"}')
    os.utime(old, (time.time() - 31 * 86_400,) * 2)
    os.utime(recent, (time.time() - 29 * 86_400,) * 2)
    with running(tmp_path) as studio, studio.client() as client:
        assert not left.exists()
        assert not old.exists()
        (session,) = client.get("session").json()["recent"]
        assert (session["photos"], session["names"]) == (1, ["a.png"])
        assert client.post("sessions/..%2f..%2fetc/continued").status_code == 404
        assert client.delete("sessions").status_code == 204
        assert not recent.exists()
        assert client.get("session").json()["recent"] == []
