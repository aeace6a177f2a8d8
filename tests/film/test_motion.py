import random

import numpy as np
from PIL import Image

from benchmarks.made_films import Camera, filmed, gray, shoot
from colorizer.film.decode import Frame
from colorizer.film.motion import moving
from tests.conftest import SHIPPED
from tests.film.test_encode import FACTS

_PHOTOS = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "rocket.jpg",
    "camera.png",
    "coins.png",
    "motorcycle_left.png",
    "ihc.png",
)
_FADE = 10
"""Frames of a fade, either way."""


def test_fifty_cuts_and_fades_are_found_and_nothing_else():
    levels, cuts = made_scenes(51)
    found = scene_starts(levels)
    assert found[0] == 0
    assert len(cuts) == 50
    # A scene that fades in begins where something is first seen of it.
    matched = [min(abs(cut - start) for start in found[1:]) for cut in cuts]
    assert max(matched) <= _FADE // 2
    assert len(found) - 1 == 50


def test_a_flash_and_a_person_before_the_camera_are_no_cuts():
    photo = np.asarray(Image.open(SHIPPED / "camera.png"))
    still = np.repeat(gray(filmed(photo, 160)[None])[:, :120, :160], 20, axis=0).copy()
    still[6] = np.clip(still[6].astype(int) + 60, 0, 255)
    for number in range(8, 18):
        still[number, 40:110, 10 * (number - 8) : 10 * (number - 8) + 45] = 30
    assert scene_starts(still) == [0]


def scene_starts(levels: np.ndarray) -> list[int]:
    """Return the numbers of the frames with which scenes begin; levels, uint8, shape (n, h, w), are all of black to
    white."""
    frames = [Frame(number, 1, np.rint(16 + each * (219 / 255)).astype(np.uint8)) for number, each in enumerate(levels)]
    return [each.frame.time for each in moving(frames, FACTS, 128) if each.motion is None]


def made_scenes(count: int) -> tuple[np.ndarray, list[int]]:
    """Return the luma of a film of so many scenes, with grain, and the frame each but the first begins with: four of
    five after a cut, every fifth after a fade through black or white."""
    choose, grain = random.Random(4), np.random.default_rng(4)
    scenes, cuts = [], []
    for number in range(count):
        photo = filmed(np.asarray(Image.open(SHIPPED / _PHOTOS[number % len(_PHOTOS)])), 230)
        begin, end = (Camera(choose.random(), choose.random(), choose.uniform(1, 1.2)) for _ in range(2))
        frames = gray(shoot(photo, begin, end, choose.randint(14, 30)).frames).astype(np.float32)
        tone = 0 if number % 10 < 5 else 255
        share = np.ones(len(frames), np.float32)
        if number % 5 == 4 and number < count - 1:
            share[-_FADE:] = np.linspace(1, 0, _FADE)
        if number % 5 == 0 and number > 0:
            tone = 0 if (number - 1) % 10 < 5 else 255
            share[:_FADE] = np.linspace(0, 1, _FADE)
        frames = frames * share[:, None, None] + tone * (1 - share[:, None, None])
        cuts += [sum(map(len, scenes))] if number else []
        scenes.append(np.clip(frames + grain.normal(0, 3, frames.shape), 0, 255).astype(np.uint8))
    return np.concatenate(scenes), cuts
