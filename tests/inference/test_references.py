from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from benchmarks.made_films import Camera, filmed, gray, shoot
from colorizer import ColorizeError, Hint, colorize_photo, load_model
from colorizer.film.decode import Frame
from colorizer.film.proposals import colour_frames
from colorizer.inference.references import (
    MAXIMUM_REFERENCES,
    find_references,
    prepare_references,
    with_references,
)
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma, luma, merge
from tests.conftest import SHIPPED
from tests.film.test_encode import FACTS


@pytest.fixture(scope="module")
def network():
    return load_model()


def recolored(name: str, turn: float = 2.0, size: int = 256) -> Image.Image:
    """A photograph with its hues turned, so that nothing but a reference tells its colors."""
    with Image.open(SHIPPED / name) as image:
        rgb = np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BOX), np.float32) / 255
    colors = chroma(rgb) @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    turned = merge(luma(rgb), np.moveaxis(colors @ CHROMA_TO_OFFSET, -1, 0))
    return Image.fromarray(np.rint(np.moveaxis(turned, 0, -1) * 255).astype(np.uint8))


def error(picture: Image.Image, truth: Image.Image) -> float:
    """The root mean square difference of two pictures' chroma."""
    first, second = (chroma(np.asarray(each.convert("RGB"), np.float32) / 255) for each in (picture, truth))
    return float(np.sqrt(np.mean((first - second) ** 2)))


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png"])
def test_a_part_of_a_recolored_photo_takes_the_colors_of_the_whole(network, name):
    whole = recolored(name)
    part = whole.crop((20, 30, 230, 240))
    gray = part.convert("L")
    automatic = error(colorize_photo(gray, network), part)
    assert error(colorize_photo(gray, network, references=[whole]), part) < 0.7 * automatic
    assert error(colorize_photo(gray, network, references=[whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]), part) < (
        0.8 * automatic
    )


def test_an_unrelated_reference_leaves_the_automatic_colors_nearly_unchanged(network):
    with Image.open(SHIPPED / "chelsea.png") as image:
        cat = image.convert("RGB")
    automatic = colorize_photo(cat.convert("L"), network)
    for name in ("rocket.jpg", "coffee.png"):
        with Image.open(SHIPPED / name) as image:
            reference = image.convert("RGB")
        picture = colorize_photo(cat.convert("L"), network, references=[reference])
        assert error(picture, automatic) < 0.02
        assert error(picture, cat) < error(automatic, cat) + 0.005


def test_of_several_references_each_place_takes_the_one_that_matches_best(network):
    cat, cup = recolored("chelsea.png"), recolored("coffee.png", -1.5)
    both = Image.new("RGB", (512, 256))
    both.paste(cat, (0, 0))
    both.paste(cup, (256, 0))
    gray = both.convert("L")
    automatic = colorize_photo(gray, network)
    one, two = (colorize_photo(gray, network, references=each) for each in ([cat], [cat, cup]))
    left, right = (0, 0, 256, 256), (256, 0, 512, 256)
    assert error(two.crop(left), cat) < 0.8 * error(automatic.crop(left), cat)
    assert error(two.crop(right), cup) < 0.8 * error(automatic.crop(right), cup)
    assert error(two.crop(right), cup) < error(one.crop(right), cup)


def test_a_hint_overrides_the_reference(network):
    whole = recolored("astronaut.png")
    gray = whole.convert("L")
    picture = colorize_photo(gray, network, hints=[Hint(128, 200, "#208040", radius=3)], references=[whole])
    red, green, blue = picture.getpixel((128, 200))
    assert green > red and green > blue


def test_what_cannot_be_a_reference_is_refused_with_a_sentence(tmp_path):
    with Image.open(SHIPPED / "camera.png") as image:
        image.save(tmp_path / "gray.png")
        tones = np.asarray(image.convert("L"), np.float32)[..., None] / 255 * [255, 225, 180]
    Image.fromarray(tones.astype(np.uint8)).save(tmp_path / "sepia.png")
    (tmp_path / "notes.jpg").write_text("This is not a photo.")
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(64))
    for name, said in (
        ("gray.png", "is black and white, so it cannot be a reference"),
        ("sepia.png", "is toned"),
        ("film.mp4", "is a film. Save one of its frames as a photo"),
        ("notes.jpg", "notes.jpg"),
        ("gone.jpg", "gone.jpg"),
    ):
        with pytest.raises(ColorizeError, match=said):
            prepare_references(tmp_path / name)
    with pytest.raises(ColorizeError, match="contains no color photos"):
        prepare_references(tmp_path)
    recolored("astronaut.png").save(tmp_path / "color.png")
    references = prepare_references(tmp_path)
    assert [reference.name for reference in references.references] == ["color.png"]
    assert len(references.skipped) == 4
    with pytest.raises(ColorizeError, match="too many"):
        prepare_references([tmp_path / "color.png"] * (MAXIMUM_REFERENCES + 1))


def test_a_reference_next_to_a_photo_is_for_that_photo(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        recolored("camera.png", 0).save(tmp_path / name)
    recolored("astronaut.png").save(tmp_path / "a.reference.jpg")
    recolored("coffee.png").save(tmp_path / "b.png.reference.jpg")
    given = prepare_references(recolored("chelsea.png"))
    photos = [Path(tmp_path / name) for name in ("a.png", "b.png", "c.png")]
    names = [each.references[0].name for each in find_references(photos, given).values()]
    assert names == ["a.reference.jpg", "b.png.reference.jpg", "a photo"]
    assert [path.name for path in find_references(photos)] == ["a.png", "b.png"]


def test_a_suit_has_the_color_of_the_reference_each_time_its_scene_returns(network):
    suited, cat = (filmed(np.asarray(recolored(name, size=512)), 240) for name in ("astronaut.png", "chelsea.png"))
    place = np.array([70, 190])  # on the suit
    takes = [
        shoot(suited, Camera(0, 0.9), Camera(0.3, 0.9), 8),
        shoot(cat, Camera(0, 0), Camera(0.3, 0.2), 8),
        shoot(suited, Camera(0.4, 1), Camera(0.1, 0.8), 8),
        shoot(cat, Camera(0.5, 0.5), Camera(0.3, 0.3), 8),
        shoot(suited, Camera(0.3, 0.9, 1.3), Camera(0, 1, 1.3), 8),
    ]
    levels = gray(np.concatenate([take.frames for take in takes]))
    frames = [Frame(number, 1, each) for number, each in enumerate(levels)]
    seen = {number: take for number, take in enumerate(takes) if number % 2 == 0}

    def colors_of_suit(network) -> list[np.ndarray]:
        """The CIELAB color of the suit in the middle of each of its scenes."""
        colored, found = list(colour_frames(network, FACTS, frames)), []
        for number, take in seen.items():
            view = take.views[4]
            x, y = (place - view[:, 2]) / view[0, 0] / (160, 120) * 128
            middle = colored[8 * number + 4]
            part = np.s_[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4]
            found.append(lab(middle.chroma[part].mean(axis=(0, 1))))
        return found

    def lab(color: np.ndarray) -> np.ndarray:
        return rgb2lab(np.clip(0.45 + color @ CHROMA_TO_OFFSET, 0, 1))

    patch = suited[place[1] - 6 : place[1] + 7, place[0] - 6 : place[0] + 7].astype(np.float32) / 255
    true = lab(chroma(patch).mean(axis=(0, 1)))
    automatic = colors_of_suit(network)
    found = colors_of_suit(with_references(network, prepare_references(Image.fromarray(suited))))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert deltaE_ciede2000(found[one], found[other]) <= 3
    for one, other in zip(found, automatic, strict=True):
        assert deltaE_ciede2000(one, true) < deltaE_ciede2000(other, true) - 1
