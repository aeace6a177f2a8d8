import numpy as np
import pytest

from benchmarks.made_films import gray
from colorizer.film import proposals
from colorizer.film.proposals import colour_frames
from colorizer.film.reading import Frame
from colorizer.network.model_files import load_model
from tests.film.scenes import ASTRONAUT, CAT, pan
from tests.film.test_chroma_planes import FACTS


def film() -> list[Frame]:
    """Two scenes of 16 and 21 frames."""
    levels = gray(np.concatenate([pan(ASTRONAUT, 16).frames, pan(CAT, 21).frames]))
    return [Frame(number, 1, each) for number, each in enumerate(levels)]


@pytest.mark.parametrize("most", [16, 5, 1])
def test_a_film_that_goes_on_at_a_part_has_the_colours_of_one_that_did_not_stop(small_model, monkeypatch, most):
    monkeypatch.setattr(proposals, "BATCH_PIXELS", most * FACTS.width * FACTS.height)
    network, frames = load_model(small_model), film()
    whole = list(colour_frames(network, FACTS, frames))
    after = list(colour_frames(network, FACTS, frames[16:], whole[15].carried))
    assert [each.begins_scene for each in whole] == [number in (0, 16) for number in range(37)]
    for one, other in zip(whole[16:], after, strict=True):
        assert np.array_equal(one.chroma, other.chroma)


def test_frames_that_the_network_does_not_see_are_near_to_what_it_would_propose():
    network, frames = load_model(), film()
    coloured = [each.chroma for each in colour_frames(network, FACTS, frames)]
    alone = [next(colour_frames(network, FACTS, [frame])).chroma for frame in frames]
    apart = np.array([np.abs(one - other).mean() for one, other in zip(coloured, alone, strict=True)])
    spread = np.mean([np.abs(each - each.mean(axis=(0, 1))).mean() for each in alone])
    assert apart.mean() < spread / 4
    assert apart.max() < 0.6 * spread
