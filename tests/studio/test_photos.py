import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue

import numpy as np
from PIL import Image

from colorizer import Hint
from colorizer.inference.colorize import AS_MEANT
from colorizer.inference.hints import Rectangle
from colorizer.network.network import Network
from colorizer.photos.photo import Photo
from colorizer.settings import PhotoLimits
from colorizer.studio.photos import Photos
from colorizer.studio.session import Session
from colorizer.studio.storage import READY, Colors
from colorizer.studio.views import OpenPhoto
from tests.conftest import SHIPPED


@dataclass
class OneColour:
    """An engine that does something, and then proposes one colour everywhere."""

    rgb: tuple[float, float, float]
    before: Callable[[], None] = lambda: None

    def predict(self, luma: np.ndarray) -> np.ndarray:
        self.before()
        return np.broadcast_to(np.float32(self.rgb), (*luma.shape[:3], 3)).copy()


async def content():
    yield (SHIPPED / "camera.png").read_bytes()


def test_a_photo_at_hand_when_the_model_changes_gets_the_new_model_s_colours(tmp_path):
    told = Queue()
    blue = Network(OneColour((0.0, 0.0, 1.0)), "blue", 32)
    red = Network(OneColour((1.0, 0.0, 0.0), lambda: photos.use(blue, "blue")), "red", 32)
    photos = Photos(red, "red", Session(tmp_path, changed=told.put), PhotoLimits(), lambda *now: None)
    photo = asyncio.run(photos.session.take("camera.png", content(), None))
    photos.wake()
    for _ in range(2):  # in the colours of red, and then in those of blue
        while told.get(timeout=30).state != READY:
            pass
    assert photos.close(30)
    shown = np.asarray(Image.open(io.BytesIO(photos.thumbnail(photo.id))).convert("RGB"), float).mean(axis=(0, 1))
    assert shown[2] > shown[0]


def test_hints_that_are_faster_than_the_first_colors_keep_the_thumbnail(tmp_path):
    told, clicked = Queue(), []

    def click() -> None:
        if not clicked:
            clicked.append(photos.session.photos()[0].id)
            photos.recolour(clicked[0], Colors((Rectangle(0, 0, 512, 512, "#208040"),)))

    blue = Network(OneColour((0.3, 0.3, 0.9), click), "blue", 32)
    photos = Photos(blue, "blue", Session(tmp_path, changed=told.put), PhotoLimits(), lambda *now: None)
    asyncio.run(photos.session.take("camera.png", content(), None))
    photos.wake()
    while told.get(timeout=30).state != READY:
        pass
    assert photos.close(30)
    small = Image.open(io.BytesIO(photos.thumbnail(clicked[0]))).convert("RGB")
    red, green, blue = np.asarray(small, float).mean(axis=(0, 1))
    assert green > max(red, blue)


def test_a_full_view_after_new_hints_does_not_run_the_network_again(camera):
    asked = []
    network = Network(OneColour((0.4, 0.4, 0.6), lambda: asked.append(1)), "blue", 32)
    opened = OpenPhoto(Photo(Image.fromarray(camera)), network, PhotoLimits())
    before = len(asked)
    pictures = [opened.picture((Hint(250, 150, color),), AS_MEANT).image for color in ("teal", "#b03030")]
    assert len(asked) == before
    assert not np.array_equal(*(np.asarray(picture) for picture in pictures))


def test_every_page_of_a_scan_is_saved(tmp_path, camera):
    scan = io.BytesIO()
    first, second = Image.fromarray(camera), Image.fromarray(camera[::-1])
    first.save(scan, "TIFF", save_all=True, append_images=[second])

    async def pages():
        yield scan.getvalue()

    network = Network(OneColour((0.4, 0.4, 0.6)), "blue", 32)
    photos = Photos(network, "blue", Session(tmp_path), PhotoLimits(), lambda *now: None)
    photo = asyncio.run(photos.session.take("album.tif", pages(), None))
    saved = photos.save(photo.id)
    with Image.open(saved.path) as image:
        assert (saved.name, image.n_frames) == ("album.tif", 2)
        image.seek(1)
        assert np.abs(np.asarray(image.convert("L"), int) - camera[::-1]).mean() < 4
