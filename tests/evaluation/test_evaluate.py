from dataclasses import astuple

import numpy as np
import pytest
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.evaluation.evaluate import EvaluationOptions, evaluate_network
from colorizer.network.architectures import build
from colorizer.photos.color import colourfulness
from colorizer.settings import ModelSettings
from tests.conftest import SHIPPED


def test_a_network_that_leaves_photos_gray_scores_what_gray_scores(astronaut):
    # Untrained, the chroma network proposes next to no colour.
    network = build(ModelSettings(size=64, filters=(4, 6, 8)))
    result = evaluate_network(
        network, [SHIPPED / "astronaut.png", SHIPPED / "retina.jpg"], EvaluationOptions(batch_size=2)
    )
    assert [photo.path.name for photo in result.photos] == ["astronaut.png", "retina.jpg"]
    assert result.predicted.psnr == pytest.approx(result.gray.psnr, abs=0.1)
    assert result.predicted.ciede2000 == pytest.approx(result.gray.ciede2000, abs=0.2)
    assert result.predicted.colourfulness < 1
    truths = [colourfulness(astronaut / 255)]
    assert result.true_colourfulness > truths[0] / 2
    assert 0 <= result.accuracy <= 1


def test_photos_of_every_shape_are_scored(tmp_path, astronaut):
    paths = []
    for height, width in ((1, 40), (40, 3), (6, 6), (700, 20)):
        paths.append(tmp_path / f"{height}x{width}.png")
        Image.fromarray(astronaut).resize((width, height)).save(paths[-1])
    result = evaluate_network(build(ModelSettings(size=64, filters=(4, 6, 8))), paths, EvaluationOptions(batch_size=4))
    assert [photo.path for photo in result.photos] == paths
    assert all(np.isfinite(astuple(photo.predicted)).all() for photo in result.photos)


def test_a_photo_that_vanished_is_named(tmp_path):
    network = build(ModelSettings(size=64, filters=(4, 6, 8)))
    with pytest.raises(ColorizeError, match=r"gone\.png"):
        evaluate_network(network, [tmp_path / "gone.png"])
