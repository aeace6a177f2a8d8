"""The page in a real browser."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from colorizer.photos.color import chroma
from tests.conftest import SHIPPED
from tests.studio.browsing import (
    IN_A_BROWSER,
    SECONDS,
    choose,
    click_photo,
    colour_at,
    opened,
    picture,
    saved,
    spread,
    until_shown,
)
from tests.studio.serving import Running

pytestmark = IN_A_BROWSER
AXE = "axe-core@4.14.1"


@pytest.fixture
def page(browser, studio, client) -> Iterator[Page]:
    """The studio's page, freshly opened and empty; whatever it complains of fails the test."""
    yield from opened(browser, studio.address)


def test_from_drop_to_saved_colour_with_two_hints_by_mouse_alone(page):
    content = (SHIPPED / "camera.png").read_bytes()
    page.evaluate(
        """async (bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "camera.png"));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
        }""",
        list(content),
    )
    until_shown(page)
    assert spread(colour_at(page, 0.4, 0.5)) == 0, "the original is on the left"
    click_photo(page, 0.6, 0.25)
    expect(page.locator("#colours")).to_be_visible()
    page.fill("#hex", "#4060c0")
    page.click("#colours-done")
    expect(page.locator(".pin")).to_have_count(1)
    click_photo(page, 0.45, 0.55)
    page.locator("#own .swatch").first.click()  # the same colour, out of the palette
    page.click("#colours-close")
    expect(page.locator("#hints li")).to_have_count(2)
    rgb = picture(saved(page, "#save"))
    assert rgb.shape == (512, 512, 3)
    hints = json.loads(Path(saved(page, "#save-hints").path()).read_text())
    assert [hint["colour"] for hint in hints] == ["#4060c0"] * 2
    for hint in hints:
        cb, cr = chroma(rgb[hint["y"], hint["x"]] / np.float32(255))
        assert cb > 0.03
        assert cr < 0


def test_by_keys_alone(page):
    choose(page, SHIPPED / "camera.png")
    until_shown(page)
    page.locator("#stage").focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#crosshair")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#likely.is-coming")).to_have_count(0)
    page.locator("#hex").focus()
    page.keyboard.type("teal")
    page.keyboard.press("Enter")
    expect(page.locator("#colours")).to_be_hidden()
    pin = page.locator(".pin").first
    expect(pin).to_be_focused()
    before = pin.get_attribute("aria-label")
    page.keyboard.press("ArrowLeft")
    expect(pin).not_to_have_attribute("aria-label", before)
    page.keyboard.press("Delete")
    expect(page.locator(".pin")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator(".pin")).to_have_count(1)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".pin")).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(".pin")).to_have_count(1)
    with page.expect_download() as download:
        page.keyboard.press("Control+s")
    assert download.value.suggested_filename == "camera-color.png"


def test_compare_zoom_and_adjust(page):
    choose(page, SHIPPED / "camera.png")
    until_shown(page)
    page.locator("#divider").focus()
    page.keyboard.press("Home")
    click_photo(page, 0.55, 0.2)
    page.fill("#hex", "#3050d0")
    page.click("#colours-done")
    expect(page.locator("#undo")).to_be_enabled()
    page.locator("#zoom-pixels").click()
    expect(page.locator("#zoom")).to_have_text("100 %")
    page.locator("#zoom-fit").click()
    page.keyboard.down("o")
    expect(page.locator("#hold-original")).to_have_attribute("aria-pressed", "true")
    assert spread(colour_at(page, 0.55, 0.25)) == 0
    page.keyboard.up("o")
    expect(page.locator("#hold-original")).to_have_attribute("aria-pressed", "false")
    page.locator("#vividness").fill("0.5")
    expect(page.locator("#vividness-value")).to_have_text("0.50")
    page.locator("#vividness").dblclick()
    expect(page.locator("#vividness-value")).to_have_text("1.00")


def test_two_hundred_photos_a_hostile_one_among_them_and_all_as_a_zip(page, gray_folder):
    hostile = gray_folder / "<img src=x onerror=alert(1)>.png"
    hostile.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * 5_000)
    fetched = set()
    page.on("request", lambda request: "/thumbnail" in request.url and fetched.add(request.url.split("/")[-2]))
    choose(page, *sorted(gray_folder.iterdir()))
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(201, timeout=5 * SECONDS)
    expect(page.locator(".tile[data-state=waiting]")).to_have_count(0, timeout=5 * SECONDS)
    expect(page.locator(".tile[data-state=ready]")).to_have_count(200)
    assert len(fetched) < 60, "only pictures that are near"
    page.evaluate("document.querySelector('#thumbnails').scrollLeft = 1e6")
    expect(tiles.nth(199).locator("img")).to_be_visible()
    bad = page.locator(".tile[data-state=failed]")
    expect(bad).to_have_attribute("title", "Cannot read <img src=x onerror=alert(1)>.png: damaged from the start.")
    bad.click()
    expect(page.locator("#failure")).to_contain_text("Cannot read <img src=x")
    with page.expect_download(timeout=5 * SECONDS) as download:
        page.click("#save-all")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert len(archive.namelist()) == 201
        assert Image.open(io.BytesIO(archive.read("007.png"))).size == (307, 300)


def test_the_palette_goes_with_a_person_to_the_next_photo(page, tmp_path):
    choose(page, SHIPPED / "camera.png", SHIPPED / "moon.png")
    until_shown(page)
    with page.expect_file_chooser() as chooser:
        page.click("#load-palette")
    palette = tmp_path / "palette.json"
    palette.write_text('{"dress": "#b03030", "sea": "teal"}')
    chooser.value.set_files(palette)
    expect(page.locator("#palette li")).to_have_count(2)
    page.keyboard.press("Escape")
    page.locator(".tile").nth(1).click()
    until_shown(page)
    click_photo(page, 0.6, 0.5)
    page.locator("#own .swatch").nth(1).click()
    expect(page.locator("#hints li")).to_contain_text("Teal")
    assert json.loads(Path(saved(page, "#save-palette").path()).read_text())["dress"] == "#b03030"


def test_what_was_changed_last_is_known_to_the_studio_though_another_photo_was_opened(page, client):
    choose(page, SHIPPED / "camera.png", SHIPPED / "moon.png")
    until_shown(page)
    held = []

    def hold(route):
        held.append(route)

    page.route("**/colours", hold, times=1)
    with page.expect_request("**/colours"):
        page.locator("#vividness").fill("0.5")
    page.locator("#vividness").fill("0")
    page.keyboard.press("]")
    with page.expect_response(lambda answer: '"vividness":0,' in (answer.request.post_data or ""), timeout=20_000):
        held[0].continue_()
    until_shown(page)
    assert client.get("session").json()["photos"][0]["vividness"] == 0


@pytest.mark.parametrize("content", ["[null]", '[{"X": 3, "colour": "red"}]', '{"camera.png": [{"x": 1, "y": 2}]}'])
def test_a_file_without_hints_is_refused_with_a_sentence(page, tmp_path, content):
    choose(page, SHIPPED / "camera.png")
    until_shown(page)
    with page.expect_file_chooser() as chooser:
        page.click("#load-hints")
    (tmp_path / "hints.json").write_text(content)
    chooser.value.set_files(tmp_path / "hints.json")
    expect(page.locator("#notices")).to_contain_text("hints.json holds something that is not a hint")
    expect(page.locator(".pin")).to_have_count(0)


def test_a_colour_is_taken_from_another_photo(page):
    choose(page, SHIPPED / "camera.png", SHIPPED / "astronaut.png")
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    until_shown(page)
    click_photo(page, 0.6, 0.3)
    page.click("#eyedropper")
    page.locator(".tile").nth(1).click()
    expect(page.locator("#in-color")).to_be_visible()
    expect(page.locator("#waiting")).to_be_hidden()
    click_photo(page, 0.4, 0.5)
    expect(page.locator(".tile").nth(0)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#hints li")).to_have_count(1)


def test_an_adjustment_for_all_photos_is_undone_one_by_one(page):
    choose(page, SHIPPED / "camera.png", SHIPPED / "moon.png")
    until_shown(page)
    expect(page.locator(".tile")).to_have_count(2)
    page.locator("#vividness").fill("0.5")
    page.click("#adjust-all")
    expect(page.locator("#notices")).to_contain_text("2 photos have this adjustment now.")
    page.locator(".tile").nth(1).click()
    until_shown(page)
    expect(page.locator("#vividness-value")).to_have_text("0.50")
    page.click("#undo")
    expect(page.locator("#vividness-value")).to_have_text("1.00")
    page.locator(".tile").nth(0).click()
    expect(page.locator("#vividness-value")).to_have_text("0.50")


def test_a_photo_in_color_is_left_alone_until_new_colors_are_asked_for(page):
    choose(page, SHIPPED / "astronaut.png")
    expect(page.locator("#in-color")).to_contain_text("This photo is already in color.")
    expect(page.locator("#waiting")).to_be_hidden()
    page.wait_for_function(
        """() => {
          const canvas = document.querySelector("#canvas");
          const at = [canvas.width * 0.3, canvas.height * 0.35].map(Math.round);
          const [red, green] = canvas.getContext("2d").getImageData(...at, 1, 1).data;
          return red - green > 60; // the red stripe of the flag
        }"""
    )
    click_photo(page, 0.55, 0.4)
    expect(page.locator("#colours")).to_be_hidden()
    expect(page.locator("#save")).to_be_disabled()
    expect(page.locator("#recolor-all")).to_be_hidden()
    choose(page, SHIPPED / "coffee.png")
    page.click("#recolor-all")
    until_shown(page)
    page.locator(".tile").nth(1).click()
    until_shown(page)
    expect(page.locator("#in-color")).to_be_hidden()
    page.locator(".tile").nth(0).click()
    until_shown(page)
    expect(page.locator("#in-color")).to_be_hidden()
    click_photo(page, 0.7, 0.4)
    expect(page.locator("#colours")).to_be_visible()
    page.keyboard.press("Escape")
    assert picture(saved(page, "#save")).shape == (512, 512, 3)


def test_a_sample_is_one_click_away_and_shared_before_and_after(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#sample")
    until_shown(page)
    page.locator("#divider").focus()
    page.keyboard.press("Home")
    page.click("#open-share")
    side_by_side = picture(saved(page, "#share-save"))
    height, width = side_by_side.shape[:2]
    assert height == 512
    assert width >= 2 * 512
    assert np.ptp(side_by_side[:, :500].astype(int), axis=-1).max() < 16, "gray before"
    assert np.ptp(side_by_side[:, -500:].astype(int), axis=-1).max() > 60, "in color after"
    page.get_by_label("Split at the divider").check()
    page.get_by_label("PNG", exact=True).check()
    split = picture(saved(page, "#share-save"))
    assert split.shape == (512, 512, 3)
    assert np.ptp(split.astype(int), axis=-1).max() > 60, "the divider is at the left edge"
    page.click("#share-copy")
    expect(page.locator("#share-said")).to_have_text("The picture is in your clipboard.")
    size = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const bitmap = await createImageBitmap(await item.getType("image/png"));
          return [bitmap.width, bitmap.height];
        }"""
    )
    assert size == [512, 512]


def test_at_a_phone_s_width_nothing_is_cut_off(browser, studio, client):
    for page in opened(browser, studio.address, width=390):
        choose(page, SHIPPED / "camera.png")
        until_shown(page)
        click_photo(page, 0.7, 0.5)
        expect(page.locator("#colours")).to_be_in_viewport(ratio=1)
        page.fill("#hex", "#b03030")
        page.click("#colours-done")
        expect(page.locator(".pin")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.locator("#save").scroll_into_view_if_needed()
        assert picture(saved(page, "#save")).shape == (512, 512, 3)


def test_without_javascript_there_is_a_sentence(browser, studio):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(studio.address)
    expect(page.locator("#unscripted")).to_be_visible()
    expect(page.locator("#unscripted")).to_contain_text("This page needs JavaScript")
    context.close()


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """The accessibility checker's script, from the npm registry."""
    folder = tmp_path_factory.mktemp("axe")
    if not shutil.which("npm"):
        pytest.skip("needs npm, for axe-core")
    subprocess.run(["npm", "pack", AXE], cwd=folder, check=True, capture_output=True, timeout=120)
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        return packed.extractfile("package/axe.min.js").read().decode()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it(browser, studio: Running, client, axe, scheme):
    for page in opened(browser, studio.address):
        page.emulate_media(color_scheme=scheme)
        found = findings(page, axe)
        choose(page, SHIPPED / "camera.png")
        until_shown(page)
        expect(page.locator(".tile[data-state=ready]")).to_have_count(1)
        click_photo(page, 0.6, 0.3)
        page.fill("#hex", "#3050d0")
        expect(page.locator("#likely.is-coming")).to_have_count(0)
        found += findings(page, axe)
        page.click("#colours-done")
        page.click("#open-about")
        found += findings(page, axe)
        assert found == []


def findings(page: Page, axe: str) -> list[str]:
    """What the checker finds serious or worse, as `rule: element`."""
    page.evaluate(axe)
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{violation['id']}: {node['target']}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
