from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from PIL import Image

from colorizer import ColorizeError, Hint, Rectangle, Scribble, colorize_photo, load_model
from colorizer.evaluation.evaluate import hints_of_truth
from colorizer.inference.colorize import Adjustment, Failure, PhotoTask, colorize_decoded, colorize_files
from colorizer.inference.hinted import HintedPhoto, set_photo
from colorizer.inference.hints import hint_chroma
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma, luma
from colorizer.photos.photo import Photo
from colorizer.photos.reading import read_photo
from tests.conftest import SHIPPED, gray_photo

HINTS = [Hint(60, 400, "#20a040"), Hint(250, 150, "#c09080", radius=6), Rectangle(380, 60, 420, 90, "#508080")]
HINTS += [Scribble(((300, 400), (350, 380), (380, 420)), "#802020", radius=3), Hint(450, 450, "gray")]


@pytest.fixture(scope="module")
def shipped():
    return load_model()


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


def set_gray(levels: np.ndarray, proposal: np.ndarray | None = None) -> HintedPhoto:
    """Set a photo for which nothing is proposed, or some offsets."""
    return HintedPhoto(gray_photo(levels), np.zeros((32, 32, 3), np.float32) if proposal is None else proposal)


def test_without_hints_a_photo_is_what_it_was_to_the_last_pixel(shipped):
    photo = read_photo(SHIPPED / "astronaut.png")
    automatic = pixels(colorize_decoded(shipped, photo).image)
    assert np.array_equal(automatic, pixels(colorize_decoded(shipped, photo, hints=[]).image))
    assert np.array_equal(automatic, pixels(set_photo(photo, shipped).picture().image))


def test_a_hint_s_chroma_is_exact_at_its_place_and_luma_is_the_photo_s(shipped):
    photo = read_photo(SHIPPED / "astronaut.png")
    picture = set_photo(photo, shipped).picture(HINTS)
    rgb = np.asarray(picture.image)
    assert np.abs(luma(rgb) - photo.luma() * 255).max() < 1.01
    for x, y, colour in ((60, 400, "#20a040"), (250, 150, "#c09080"), (252, 153, "#c09080"), (400, 75, "#508080")):
        gray, shown = photo.luma()[y, x], rgb[y, x] / 255
        wanted = gray + hint_chroma(colour) @ CHROMA_TO_OFFSET
        assert wanted.min() > 0 and wanted.max() < 1, "chosen to be in gamut"
        assert np.abs(shown - wanted).max() < 0.6 / 255
    assert np.ptp(rgb[450, 450].astype(int)) == 0


@pytest.mark.parametrize("size", [(512, 512), (511, 507)])
def test_hints_are_exact_in_the_planes_of_a_jpeg_too(shipped, size, astronaut):
    photo = Photo(Image.fromarray(astronaut).crop((0, 0, *size)))
    hinted = set_photo(photo, shipped)
    planes, joined = hinted.picture(HINTS, for_jpeg=True).planes, pixels(hinted.picture(HINTS).image)
    rgb = pixels(planes.rgb(size, Image.Resampling.NEAREST))
    own = (luma(astronaut) / 255)[: size[1], : size[0]]
    assert np.abs(luma(rgb.astype(np.float32)) / 255 - own).mean() < 1 / 255
    assert np.abs(rgb - joined).mean() < 2
    for x, y, colour in ((60, 400, "#20a040"), (252, 153, "#c09080"), (400, 75, "#508080")):
        wanted = own[y, x] + hint_chroma(colour) @ CHROMA_TO_OFFSET
        assert np.abs(rgb[y, x] / 255 - wanted).max() < 1.6 / 255, "a level of chroma is up to 0.9 of a channel"
    assert np.ptp(rgb[450, 450]) == 0


def test_a_hint_on_the_last_pixel_of_an_odd_size_is_exact_in_planes():
    planes = set_gray(np.full((63, 61), 120, np.uint8)).picture([Hint(60, 62, "#604858")], for_jpeg=True).planes
    rgb = np.asarray(planes.rgb((61, 63), Image.Resampling.NEAREST), np.float32)
    assert np.abs(chroma(rgb[-1, -1] / 255) - hint_chroma("#604858")).max() < 0.005
    assert np.abs(luma(rgb) - 120).max() < 1.1


def test_what_is_out_of_gamut_loses_chroma_and_keeps_its_hue():
    rgb = np.asarray(set_gray(np.full((60, 60), 20, np.uint8)).picture([Hint(30, 30, "#ff2000")]).image)[30, 30] / 255
    shown, wanted = chroma(rgb), hint_chroma("#ff2000")
    assert np.hypot(*shown) < np.hypot(*wanted) / 2
    assert np.arctan2(*shown) == pytest.approx(np.arctan2(*wanted), abs=0.05)


def change_of(automatic: np.ndarray, network, photo: Photo, hints: list) -> np.ndarray:
    """Return by how many levels hints change each pixel at most, shape (h, w)."""
    return np.abs(pixels(colorize_decoded(network, photo, hints=hints).image) - automatic).max(axis=-1)


SUIT = [(60, 400), (120, 420), (90, 350), (300, 420), (350, 440), (250, 400), (200, 470), (380, 380)]


@pytest.mark.parametrize("count", [1, 5, 8])
def test_hints_on_the_suit_color_the_suit_and_nothing_else(shipped, count):
    photo = read_photo(SHIPPED / "astronaut.png")
    automatic = pixels(colorize_decoded(shipped, photo).image)
    change = change_of(automatic, shipped, photo, [Hint(x, y, "#20a040") for x, y in SUIT[:count]])
    suit, face, sky = change[330:420, 60:120], change[90:150, 210:260], change[20:120, 320:380]
    assert np.median(suit) > 35
    assert np.median(face) < 6
    assert np.median(sky) < 6


def test_five_true_colors_bring_photographs_closer_to_the_truth(shipped):
    gains = []
    for name in ("astronaut.png", "coffee.png", "chelsea.png"):
        photo = read_photo(SHIPPED / name)
        truth, hinted = pixels(photo.rgb()), set_photo(photo, shipped)
        hints = hints_of_truth(5, 0)(SHIPPED / name, photo)
        before, after = (np.mean((pixels(hinted.picture(each).image) - truth) ** 2) for each in ([], hints))
        gains.append(10 * np.log10(before / after))
    assert min(gains) > 1
    assert np.mean(gains) > 3.4


def test_a_pin_keeps_its_object_as_it_is(shipped):
    photo = read_photo(SHIPPED / "astronaut.png")
    automatic = pixels(colorize_decoded(shipped, photo).image)
    red, pin = [Hint(60, 400, "#b03030"), Hint(300, 420, "#b03030")], Hint(330, 100, "keep")
    shown = colorize_decoded(shipped, photo, hints=[*red, pin]).image
    assert np.abs(pixels(shown)[100, 330] - automatic[100, 330]).max() <= 1
    flag = np.s_[60:140, 300:360]
    with_pin = np.abs(pixels(shown) - automatic)[flag].mean()
    assert with_pin <= change_of(automatic, shipped, photo, red)[flag].mean() + 0.5


def test_reach_makes_the_object_of_a_hint_smaller_or_larger(shipped):
    photo = read_photo(SHIPPED / "astronaut.png")
    automatic = pixels(colorize_decoded(shipped, photo).image)
    areas = [
        (change_of(automatic, shipped, photo, [Hint(60, 400, "#20a040", reach=reach)]) > 15).mean()
        for reach in (0.5, 1.0, 2.0)
    ]
    assert areas[0] < 0.8 * areas[1]
    assert areas[2] > 1.1 * areas[1]


def test_a_hint_for_the_photo_tints_all_of_it(shipped):
    photo = read_photo(SHIPPED / "astronaut.png")
    automatic = pixels(colorize_decoded(shipped, photo).image)
    change = change_of(automatic, shipped, photo, [Hint(330, 100, "#a06030", scope="photo")])
    gray = photo.luma()
    assert (change > 10)[(gray > 0.15) & (gray < 0.9)].mean() > 0.95


@pytest.mark.parametrize("contrast", [90, 150])
def test_no_colour_leaks_across_a_strong_edge_by_more_than_a_few_pixels(camera, contrast):
    # The photographer's coat before a sky: a photograph's own textures on both sides, and an edge that is known.
    left, right = camera[300:500, 40:140] // 4 + 20, camera[20:220, 20:120] // 8 + contrast + 40
    levels = np.concatenate([left, right], axis=1).astype(np.uint8)
    wanted = np.hypot(*hint_chroma("#c03060"))
    shown = chroma(np.asarray(set_gray(levels).picture([Hint(40, 100, "#c03060", radius=3)]).image) / np.float32(255))
    amount = np.hypot(shown[..., 0], shown[..., 1])
    assert np.median(amount[80:120, 20:60]) > 0.5 * np.median(amount[97:103, 37:43])
    assert amount[:, 106:].max() < 0.12 * wanted


def test_the_order_of_hints_does_not_matter(shipped):
    photo = read_photo(SHIPPED / "astronaut.png")
    expected = pixels(set_photo(photo, shipped).picture(HINTS).image)
    asked_before = set_photo(photo, shipped)
    asked_before.preview(HINTS[2:4])
    for order in (HINTS[::-1], HINTS[2:] + HINTS[:2], HINTS * 2):
        assert np.array_equal(pixels(asked_before.picture(order).image), expected)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(places=some.lists(some.tuples(some.integers(0, 511), some.integers(0, 511)), min_size=1, max_size=8))
def test_hints_of_the_colours_that_are_there_change_nothing_beyond_rounding(shipped, places):
    photo = read_photo(SHIPPED / "astronaut.png")
    automatic = pixels(colorize_decoded(shipped, photo).image)
    same = [Hint(x, y, "#{:02x}{:02x}{:02x}".format(*automatic[y, x])) for x, y in places]
    changed = np.abs(pixels(colorize_decoded(shipped, photo, hints=same).image) - automatic)
    # A hint names its colour in whole levels: half a level of each channel is what several of them disagree by.
    assert changed.max() <= 6
    assert changed.mean() < 0.5


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    places=some.lists(some.tuples(some.integers(0, 255), some.integers(0, 255)), min_size=1, max_size=6, unique=True),
    colours=some.lists(some.sampled_from(["#b03030", "teal", "gray", "#e0c020"]), min_size=6, max_size=6),
)
def test_hints_mirrored_with_the_photo_give_the_mirrored_picture(camera, places, colours):
    levels = camera[::2, ::2]
    ramp = np.linspace(-0.1, 0.1, 32, dtype=np.float32)[None, :, None] * np.array([1, -0.2126 / 0.7152, 0], np.float32)
    proposal = np.ascontiguousarray(np.broadcast_to(ramp, (32, 32, 3)))
    hints = [Hint(x, y, colour) for (x, y), colour in zip(places, colours, strict=False)]
    mirrored = [replace(hint, x=255 - hint.x) for hint in hints]
    picture = pixels(set_gray(levels, proposal).picture(hints).image)
    other = pixels(set_gray(levels[:, ::-1].copy(), proposal[:, ::-1].copy()).picture(mirrored).image)
    assert np.abs(picture - other[:, ::-1]).max() <= 2


def test_hints_in_shares_colour_the_photo_as_those_in_pixels_do(camera):
    photo = set_gray(camera[:400])
    shares = [Hint(0.25, 0.5, "teal", 0.05, "share"), Rectangle(0.5, 0, 1, 0.25, "#b03030", "share")]
    in_pixels = [Hint(128, 200, "teal", 20), Rectangle(256, 0, 512, 100, "#b03030")]
    assert np.array_equal(pixels(photo.picture(shares).image), pixels(photo.picture(in_pixels).image))
    assert np.array_equal(pixels(photo.preview(shares)), pixels(photo.preview(in_pixels)))


def test_contradicting_hints_and_repeated_ones_give_a_picture():
    hinted = set_gray(np.full((90, 90), 128, np.uint8))
    hints = [Hint(40, 40, "red"), Hint(40, 40, "teal"), Hint(41, 40, "blue"), Hint(41, 40, "blue")]
    shown = chroma(np.asarray(hinted.picture(hints).image) / np.float32(255))
    assert np.isfinite(shown).all()
    assert np.abs(shown).max() <= max(np.abs(hint_chroma(colour)).max() for colour in ("red", "teal", "blue")) + 0.01


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 700), (700, 1), (2, 3), (900, 40), (130, 129)])
def test_photos_of_every_shape_take_hints(height, width):
    levels = np.linspace(60, 190, height * width).astype(np.uint8).reshape(height, width)
    hints = [Hint(width - 1, height - 1, "#806070"), Rectangle(0, 0, 1, 1, "#608070")]
    hinted = set_gray(levels)
    assert hinted.picture(hints).image.size == (width, height)
    assert hinted.picture(hints, for_jpeg=True).image.size == (width, height)
    assert max(hinted.preview(hints).size) <= 512


def test_a_preview_is_the_picture_made_small(shipped, astronaut):
    large = Photo(Image.fromarray(astronaut).resize((1500, 1500)))
    hinted, hints = set_photo(large, shipped), [hint.scaled(1500 / 512, 1500 / 512) for hint in HINTS]
    preview = hinted.preview(hints)
    small = hinted.picture(hints).image.resize(preview.size, Image.Resampling.BOX)
    assert np.abs(pixels(preview) - pixels(small)).mean() < 3


def test_photos_of_sixteen_bits_faded_and_transparent_ones_take_hints(shipped, camera, tmp_path):
    deep = Photo(Image.fromarray(camera.astype(np.uint16) * 257))
    picture = set_photo(deep, shipped).picture(HINTS)
    assert np.abs(luma(picture.deep.astype(np.float64)) - camera.astype(float) * 257).max() < 2
    assert np.abs(pixels(picture.image) - picture.deep / 257).max() <= 1
    faded = gray_photo((80 + camera * 0.4).astype(np.uint8))
    restored = colorize_decoded(shipped, faded, Adjustment(restore_contrast=True), HINTS[:2])
    assert np.ptp(np.percentile(luma(np.asarray(restored.image)), (0.5, 99.5))) > 250
    transparent = Image.fromarray(camera).convert("LA")
    transparent.putalpha(Image.linear_gradient("L").resize(transparent.size))
    assert colorize_photo(transparent, shipped, hints=HINTS).mode == "RGBA"


def test_a_vivid_picture_keeps_hints_as_they_were_given(shipped):
    photo = read_photo(SHIPPED / "astronaut.png")
    for vividness in (0, 2):
        rgb = np.asarray(colorize_decoded(shipped, photo, Adjustment(vividness), HINTS).image)
        assert np.abs(chroma(rgb[400, 60] / np.float32(255)) - hint_chroma("#20a040")).max() < 0.005


def test_a_hint_outside_fails_its_photo_and_no_other(shipped, colour_folder):
    paths = [colour_folder / "coffee.jpg", colour_folder / "rocket.jpg"]
    hints = {paths[0]: [Hint(5000, 3, "red")], paths[1]: [Hint(50, 3, "red")]}
    tasks = [PhotoTask(path, hints=hints[path]) for path in paths]
    failed, done = colorize_files(shipped, tasks, lambda *made: made[2])
    assert isinstance(failed, Failure)
    assert failed.reason.startswith(f"Cannot colorize {paths[0]}: The point (5000, 3) of a hint lies outside the photo")
    alone = colorize_photo(paths[1], shipped, hints=hints[paths[1]])
    assert np.abs(pixels(done.delivered.image) - pixels(alone)).max() <= 1
    with pytest.raises(ColorizeError, match="outside the photo"):
        colorize_photo(paths[0], shipped, hints=hints[paths[0]])
