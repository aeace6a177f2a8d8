"""Photos and folders that the studio opens where they are."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import SHIPPED
from tests.studio.browsing import IN_A_BROWSER, opened, until_shown
from tests.studio.serving import running

pytestmark = pytest.mark.slow


@pytest.fixture
def album(tmp_path) -> Path:
    folder = tmp_path / "album"
    (folder / "1931").mkdir(parents=True)
    shutil.copy(SHIPPED / "camera.png", folder / "1931" / "camera.png")
    shutil.copy(SHIPPED / "moon.png", folder / "moon.png")
    (folder / "moon.png.hints.json").write_text('[{"x": 100, "y": 100, "color": "#3050d0"}]')
    (folder / "letter.txt").write_text("Dear Grandmother,")
    return folder


@IN_A_BROWSER[1]
def test_a_folder_is_opened_in_place_and_saved_next_to_it_or_into_another_one(browser, album, tmp_path):
    before = {path: path.read_bytes() for path in album.rglob("*") if path.is_file()}
    with running(tmp_path, str(album), "--to", str(tmp_path / "results")) as studio:
        for page in opened(browser, studio.address):
            until_shown(page)
            expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
            page.locator(".tile").nth(1).click()
            until_shown(page)
            expect(page.locator("#hints li")).to_have_count(1)
            page.click("#save")
            expect(page.locator("#saving")).to_have_text(f"Saved as moon.png in {tmp_path / 'results'}.")
            page.select_option("#place", "original")
            page.click("#save-all")
            expect(page.locator("#saving")).to_have_text("2 of 2 photos were saved.")
        (session,) = studio.sessions.iterdir()
        assert not [path for path in session.iterdir() if path.suffix not in (".json", "")], "no copies"
        studio.process.send_signal(signal.SIGINT)
        said, _ = studio.process.communicate(timeout=30)
        assert "Not saved" not in said
    assert {path: path.read_bytes() for path in before} == before
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*-color.png")}
    assert made == {"album/moon-color.png", "album/1931/camera-color.png"}
    assert (tmp_path / "results" / "moon.png").exists()
    with running(tmp_path, str(album)) as studio, studio.client() as client:
        told = client.get("session").json()
        assert [photo["name"] for photo in told["photos"]] == ["1931/camera.png", "moon.png"], "not its own results"
        assert told["photos"][1]["hints"][0]["x"] == 100


def test_what_cannot_be_opened_is_refused_before_anything_is_served(command, album, tmp_path):
    done = command("studio", "--no-browser", str(album / "letter.txt"))
    assert done.returncode == 1
    assert "not a photo but a text file" in " ".join((done.stdout + done.stderr).split())
    assert command("studio", "--no-browser", str(tmp_path / "missing")).returncode == 2
