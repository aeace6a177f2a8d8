from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from colorizer.film.decode import FULL_RANGE, STUDIO_RANGE, FilmFacts
from colorizer.film.encode import chroma_planes, gray_levels
from colorizer.photos.color import chroma
from tests.film.scenes import ASTRONAUT, photograph

FACTS = FilmFacts(
    "film", 160, 120, Fraction(1, 25), Fraction(25), 0, 0.0, Fraction(1), 8, STUDIO_RANGE, 1, 1, 1, None, False
)


@pytest.mark.parametrize("colour_range", [STUDIO_RANGE, FULL_RANGE])
@pytest.mark.parametrize("matrix", [1, 5, 9])
@pytest.mark.parametrize("bits", [8, 10])
def test_a_player_shows_the_chroma_that_was_proposed(matrix, colour_range, bits):
    facts = replace(FACTS, matrix=matrix, colour_range=colour_range, bits=bits)
    wanted = np.clip(photograph(ASTRONAUT)[:120, :160].astype(np.float32) / 255, 0.2, 0.8)
    half = {STUDIO_RANGE: 125.5, FULL_RANGE: 127.5}[colour_range] * (1 << (bits - 8))
    luma = np.full((120, 160), round(half), np.uint8 if bits == 8 else np.uint16)
    planes = chroma_planes(luma, chroma(wanted), facts, halved=False)
    shown = _shown(luma, planes, facts)
    # Where the colours lie in gamut at this luma, which most of them do.
    error = np.abs(chroma(shown) - chroma(wanted))
    assert np.median(error) < 0.006
    assert np.percentile(error, 90) < 0.03


def _shown(luma: np.ndarray, planes, facts: FilmFacts) -> np.ndarray:
    """Return the RGB in [0, 1] that FFmpeg makes of three planes."""
    frame = av.VideoFrame(160, 120, "yuv444p" if facts.bits == 8 else "yuv444p10le")
    for plane, levels in zip(frame.planes, (luma, *planes), strict=True):
        np.frombuffer(plane, levels.dtype).reshape(120, -1)[:, :160] = levels
    frame.colorspace, frame.color_range = facts.matrix, facts.colour_range
    return frame.to_ndarray(format="rgb48le").astype(np.float32) / 65535


def test_black_and_white_stay_without_colour_and_gray_levels_fill_their_scale():
    luma = np.repeat(np.array([[16, 235]], np.uint8), 120, axis=0).repeat(80, axis=1)
    blue, red = chroma_planes(luma, np.full((8, 8, 2), 0.3, np.float32), FACTS, halved=True)
    assert blue.shape == red.shape == (60, 80)
    assert (blue == 128).all()
    assert (red == 128).all()
    assert sorted(set(gray_levels(luma, FACTS).ravel())) == [0, 255]


def test_the_bluest_blue_is_the_last_level_and_no_level_after_it():
    facts = replace(FACTS, matrix=5, colour_range=FULL_RANGE)
    blue = chroma(np.tile(np.array([0, 0, 1], np.float32), (8, 8, 1)))
    levels, _ = chroma_planes(np.full((120, 160), 18, np.uint8), blue, facts, halved=True)
    assert levels.min() >= 254
