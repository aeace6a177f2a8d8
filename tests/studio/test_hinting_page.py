"""The tools for hints in the page, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import SHIPPED
from tests.film.scenes import two_scenes
from tests.studio.browsing import IN_A_BROWSER, choose, click_photo, opened, saved, until_shown

pytestmark = IN_A_BROWSER
BUTTONS = """() => {
  const parse = (text) => {
    const [red, green, blue, alpha = 1] = text.match(/[\\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const light = ([...rgb]) => {
    const [red, green, blue] = rgb.map((level) => {
      const share = level / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const below = (element) => {
    const layers = [];
    for (let part = element; part; part = part.parentElement) {
      const layer = parse(getComputedStyle(part).backgroundColor);
      layers.push(layer);
      if (layer.alpha === 1) break;
    }
    return layers.reverse().reduce(
      (rgb, layer) => rgb.map((level, at) => level * (1 - layer.alpha) + layer.rgb[at] * layer.alpha),
      [255, 255, 255],
    );
  };
  window.isOnTop = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
  };
  window.contrastOf = (element) => {
    const [text, ground] = [light(parse(getComputedStyle(element).color).rgb), light(below(element))];
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  };
}"""


@pytest.fixture
def page(browser, studio, client) -> Iterator[Page]:
    """The page with one photo in it, shown."""
    for page in opened(browser, studio.address):
        choose(page, SHIPPED / "camera.png")
        until_shown(page)
        yield page


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Drag the mouse through places, given as shares of the stage."""
    box = page.locator("#canvas").bounding_box()
    points = [(box["x"] + box["width"] * across, box["y"] + box["height"] * down) for across, down in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()


def use(page: Page, tool: str) -> None:
    page.click(f"#hint-tools [value={tool}]")


def name_color(page: Page, name: str) -> None:
    page.fill("#hex", name)
    page.keyboard.press("Enter")
    expect(page.locator("#colours")).to_be_hidden()


def hints_of(page: Page) -> list[dict]:
    return json.loads(Path(saved(page, "#save-hints").path()).read_text())


def test_a_stroke_a_rectangle_and_a_pin_are_drawn_listed_saved_and_undone(page):
    use(page, "brush")
    page.locator("#brush-size").fill("30")
    drag(page, (0.55, 0.5), (0.6, 0.55), (0.65, 0.5))
    name_color(page, "sea green")
    use(page, "rectangle")
    drag(page, (0.6, 0.1), (0.7, 0.25))
    name_color(page, "#87ceeb")
    use(page, "keep")
    click_photo(page, 0.4, 0.8)
    expect(page.locator("#colours")).to_be_hidden()
    rows = page.locator("#hints .hint")
    expect(rows).to_have_text(["Sea green stroke", "Sky blue rectangle", "Left as it is"])
    expect(page.locator(".pin").nth(2).locator(".icon")).to_be_visible()
    stroke, rectangle, pin = hints_of(page)
    assert len(stroke["points"]) > 3
    assert stroke["radius"] > 5
    left, top, right, bottom = rectangle["rectangle"]
    assert 0 <= left < right <= 512
    assert 0 <= top < bottom <= 512
    assert pin["colour"] == "keep"
    for left_over in (2, 1, 0):
        page.click("#undo")
        expect(rows).to_have_count(left_over)
    page.click("#redo")
    expect(rows).to_have_text(["Sea green stroke"])


def test_dragging_with_the_point_moves_the_photo_and_gives_no_hint(page):
    before = page.evaluate("document.querySelector('#canvas').toDataURL()")
    drag(page, (0.55, 0.5), (0.65, 0.5))
    expect(page.locator(".pin")).to_have_count(0)
    expect(page.locator("#colours")).to_be_hidden()
    assert page.evaluate("document.querySelector('#canvas').toDataURL()") != before


def test_reach_and_scope_of_a_hint_are_changed_and_undone_one_by_one(page):
    click_photo(page, 0.6, 0.3)
    page.locator("#reach").fill("1.5")
    page.fill("#hex", "teal")
    page.keyboard.press("Tab")
    expect(page.locator("#hints .hint")).to_have_text(["Teal reach 1.50"])
    page.locator("#reach").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#reach-value")).to_have_text("1.60")
    page.check("#for-all")
    expect(page.locator("#reach")).to_be_disabled()
    expect(page.locator("#hints .hint")).to_have_text(["Teal whole picture"])
    page.click("#colours-done")
    (hint,) = hints_of(page)
    assert (hint["reach"], hint["scope"]) == (1.6, "photo")
    page.click("#undo")
    expect(page.locator("#hints .hint")).to_have_text(["Teal reach 1.60"])
    page.click("#undo")
    expect(page.locator("#hints .hint")).to_have_text(["Teal reach 1.50"])


def test_a_hint_becomes_a_pin_which_cannot_be_meant_for_the_whole_picture(page):
    click_photo(page, 0.6, 0.3)
    page.fill("#hex", "teal")
    page.keyboard.press("Tab")
    page.check("#for-all")
    page.click("#keep")
    expect(page.locator("#for-all")).to_be_disabled()
    expect(page.locator("#hints .hint")).to_have_text(["Left as it is"])
    page.click("#colours-done")
    assert [(hint["colour"], "scope" in hint) for hint in hints_of(page)] == [("keep", False)]


def test_strokes_and_rectangles_are_drawn_and_moved_by_keys_alone(page):
    page.locator("#stage").focus()
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#likely.is-coming")).to_have_count(0)
    page.locator("#hex").focus()
    name_color(page, "firebrick")
    page.locator("#stage").focus()
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#likely.is-coming")).to_have_count(0)
    page.locator("#hex").focus()
    name_color(page, "teal")
    before = hints_of(page)
    assert [sorted(hint) for hint in before] == [["colour", "points", "radius"], ["colour", "rectangle"]]
    page.locator(".pin").nth(1).focus()
    page.keyboard.press("ArrowLeft")
    page.locator(".pin").nth(0).focus()
    page.keyboard.press("ArrowUp")
    after = hints_of(page)
    assert after[1]["rectangle"][0] < before[1]["rectangle"][0]
    assert after[0]["points"][0][1] < before[0]["points"][0][1]
    page.locator(".pin").nth(0).focus()
    page.keyboard.press("Delete")
    expect(page.locator("#hints .hint")).to_have_text(["Teal rectangle"])


def test_a_finger_paints_and_two_fingers_zoom(browser, studio, client):
    for page in opened(browser, studio.address, width=390):
        choose(page, SHIPPED / "camera.png")
        until_shown(page)
        use(page, "brush")
        touch = Touch(page)
        zoom = page.locator("#zoom").text_content()
        touch.send("touchStart", (0.6, 0.4))
        touch.send("touchMove", (0.65, 0.45))
        touch.send("touchStart", (0.65, 0.45), (0.3, 0.3))
        touch.send("touchMove", (0.8, 0.6), (0.2, 0.2))
        touch.send("touchEnd")
        expect(page.locator("#colours")).to_be_hidden()
        expect(page.locator("#zoom")).not_to_have_text(zoom)
        touch.send("touchStart", (0.5, 0.4))
        touch.send("touchMove", (0.6, 0.45))
        touch.send("touchMove", (0.65, 0.5))
        touch.send("touchEnd")
        expect(page.locator("#colours")).to_be_in_viewport(ratio=1)
        name_color(page, "teal")
        expect(page.locator("#hints .hint")).to_have_text(["Teal stroke"])
        assert page.evaluate("document.documentElement.scrollWidth") == 390


class Touch:
    """Fingers on the stage."""

    def __init__(self, page: Page):
        self._session = page.context.new_cdp_session(page)
        self._box = page.locator("#canvas").bounding_box()

    def send(self, kind: str, *places: tuple[float, float]) -> None:
        """Send an event of fingers at places, given as shares of the stage."""
        box = self._box
        points = [
            {"x": box["x"] + box["width"] * across, "y": box["y"] + box["height"] * down, "id": number}
            for number, (across, down) in enumerate(places)
        ]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_the_tools_work_on_frames_of_films(browser, studio, client, tmp_path):
    film = tmp_path / "wedding.mp4"
    two_scenes(film, 12)
    for page in opened(browser, studio.address):
        choose(page, film)
        until_shown(page)
        use(page, "rectangle")
        drag(page, (0.6, 0.3), (0.7, 0.5))
        name_color(page, "firebrick")
        use(page, "keep")
        click_photo(page, 0.4, 0.8)
        expect(page.locator("#hints li")).to_have_count(2)
        rectangle, pin = hints_of(page)
        assert (rectangle["time"], pin["time"], pin["colour"]) == (0, 0, "keep")
        page.click("#film-colour")
        expect(page.locator("#film-said")).to_have_text("The film is in color.")


def test_a_click_on_the_divider_is_one_on_the_photo_and_dragging_still_moves_it(page):
    click_photo(page, 0.5, 0.4)
    expect(page.locator("#colours")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#divider")).to_have_attribute("aria-valuenow", "50")
    drag(page, (0.5, 0.4), (0.55, 0.4))
    expect(page.locator("#divider")).not_to_have_attribute("aria-valuenow", "50")
    expect(page.locator("#colours")).to_be_hidden()


def test_escape_closes_the_window_from_anywhere(page):
    for place in ("#vividness", "#stage", "#palette-help", ".tile", "#hex"):
        click_photo(page, 0.6, 0.3)
        expect(page.locator("#colours")).to_be_visible()
        page.evaluate("(place) => { document.activeElement.blur(); document.querySelector(place).focus(); }", place)
        page.keyboard.press("Escape")
        expect(page.locator("#colours")).to_be_hidden()
    expect(page.locator(".pin")).to_have_count(0)


@pytest.mark.parametrize("text", ["nonsense", "inherit", "keep"])
def test_what_is_no_color_is_refused_with_a_sentence(page, text):
    click_photo(page, 0.6, 0.3)
    page.fill("#hex", text)
    page.keyboard.press("Enter")
    expect(page.locator("#hex-wrong")).to_have_text("Please enter #rrggbb or a CSS color name, such as sea green.")
    expect(page.locator("#hints li")).to_have_count(0)
    page.locator("#hex").clear()
    page.locator("#hex").press_sequentially("light goldenrod yellow")
    page.keyboard.press("Enter")
    expect(page.locator("#hints .hint")).to_have_text(["Light goldenrod yellow"])


def test_likely_colors_that_come_late_do_not_take_the_focus_from_typing(page):
    held = []

    def hold(route) -> None:
        held.append(route)

    page.route("**/likeliest*", hold)
    with page.expect_request("**/likeliest*"):
        click_photo(page, 0.6, 0.3)
    page.fill("#hex", "x")
    page.locator("#hex").clear()
    with page.expect_response("**/likeliest*"):
        held[0].continue_()
    expect(page.locator("#likely")).not_to_have_class(re.compile("is-coming"))
    page.keyboard.type("sea green")
    page.keyboard.press("Enter")
    expect(page.locator("#hints .hint")).to_have_text(["Sea green"])


def test_a_photo_that_loads_is_seen_gray_and_cannot_be_clicked_yet(browser, studio, client):
    held = []

    def hold(route) -> None:
        held.append(route)

    for page in opened(browser, studio.address):
        page.route("**/colours", hold, times=1)
        page.route("**/thumbnail?*", lambda route: route.abort())
        choose(page, SHIPPED / "coins.png")
        expect(page.locator("#waiting")).to_be_visible()
        page.wait_for_function(
            """() => {
              const { width, height } = document.querySelector("#canvas");
              const at = [Math.round(width * 0.5), Math.round(height * 0.4), 1, 1];
              return document.querySelector("#canvas").getContext("2d").getImageData(...at).data[3] === 255;
            }"""
        )
        expect(page.locator(".tile canvas")).to_be_visible()
        click_photo(page, 0.55, 0.4)
        page.locator("#stage").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#colours")).to_be_hidden()
        held[0].continue_()
        until_shown(page)
        click_photo(page, 0.55, 0.4)
        expect(page.locator("#colours")).to_be_visible()


def test_remove_is_undone_with_hints_and_what_was_undone_before(page, client):
    choose(page, SHIPPED / "coins.png")
    expect(page.locator(".tile")).to_have_count(2)
    click_photo(page, 0.6, 0.3)
    name_color(page, "teal")
    page.click("#remove")
    expect(page.locator(".tile")).to_have_count(1)
    page.click("#notices button:text('Undo')")
    expect(page.locator(".tile").first).to_have_attribute("aria-selected", "true")
    assert [photo["name"] for photo in client.get("session").json()["photos"]] == ["camera.png", "coins.png"]
    expect(page.locator(".tile span")).to_have_text(["camera.png", "coins.png"])
    expect(page.locator("#hints .hint")).to_have_text(["Teal"])
    until_shown(page)
    page.click("#undo")
    expect(page.locator("#hints .hint")).to_have_count(0)
    assert saved(page, "#save").suggested_filename == "camera-color.png"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_words_on_every_button_are_read_easily_under_the_mouse_and_with_the_focus(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.evaluate(BUTTONS)
    use(page, "brush")
    page.click("#hold-original")
    faint = faint_buttons(page)
    page.click("#hold-original")
    click_photo(page, 0.6, 0.3)
    page.click("#keep")
    faint += faint_buttons(page)
    page.click("#colours-done")
    page.click("#open-about")
    faint += faint_buttons(page, "#about ")
    page.keyboard.press("Escape")
    page.click("#remove")
    expect(page.locator("#welcome")).to_be_visible()
    assert faint + faint_buttons(page) == []


def faint_buttons(page: Page, where: str = "") -> list[str]:
    """Return buttons whose words or icon have too little contrast, as ``state of label: contrast``."""
    found = []
    buttons = page.locator(f"{where}button:enabled:visible:not(.swatch):not(.pin)").all()
    assert buttons
    for button in buttons:
        for state in ("hover", "focus"):
            button.focus()
            if state == "hover" and not button.evaluate("(element) => isOnTop(element)"):
                continue  # covered by an open window, so the mouse cannot reach it
            if state == "hover":
                button.hover()
            contrast = button.evaluate("(element) => contrastOf(element)")
            if contrast < 4.5:
                found.append(f"{state} of {button.inner_text()}: {contrast:.1f}")
    return found


def test_icons_are_not_clipped(page):
    clipped = page.evaluate(
        """() => [...document.querySelectorAll("#tools .icon, #hint-tools .icon")].filter((icon) => {
          const { x, y, width, height } = icon.getBBox();
          const stroke = 0.7; // half of it
          const { clientWidth, clientHeight } = icon;
          return x < stroke || y < stroke || x + width > clientWidth - stroke || y + height > clientHeight - stroke;
        }).length"""
    )
    assert clipped == 0
