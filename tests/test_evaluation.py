from dataclasses import astuple

import numpy as np
import pytest
from conftest import SHIPPED
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from colorizer.color import colourfulness, luma
from colorizer.evaluation import evaluate, score
from colorizer.model import build
from colorizer.settings import ColorizeError, ModelSettings, TrainingSettings


def test_scores_agree_with_scikit_image_and_with_themselves(astronaut):
    truth = astronaut.astype(np.float32) / 255
    gray = np.repeat(luma(truth)[..., None], 3, axis=-1)
    scores = score(gray, truth)
    assert scores.psnr == pytest.approx(peak_signal_noise_ratio(truth, gray, data_range=1), abs=1e-3)
    assert scores.ssim == pytest.approx(structural_similarity(truth, gray, channel_axis=-1, data_range=1))
    assert scores.colourfulness == pytest.approx(0, abs=1e-3)
    assert scores.ciede2000 > 5
    assert score(truth, truth).psnr == 100
    assert score(truth, truth).ciede2000 == pytest.approx(0, abs=1e-4)


def test_a_network_that_leaves_photos_gray_scores_what_gray_scores(astronaut):
    # Untrained, the chroma network proposes next to no colour.
    network = build(ModelSettings(size=64, filters=(4, 6, 8)))
    result = evaluate(network, [SHIPPED / "astronaut.png", SHIPPED / "retina.jpg"], TrainingSettings(batch_size=2))
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
    result = evaluate(build(ModelSettings(size=64, filters=(4, 6, 8))), paths, TrainingSettings(batch_size=4))
    assert [photo.path for photo in result.photos] == paths
    assert all(np.isfinite(astuple(photo.predicted)).all() for photo in result.photos)


def test_a_photo_that_vanished_is_named(tmp_path):
    network = build(ModelSettings(size=64, filters=(4, 6, 8)))
    with pytest.raises(ColorizeError, match=r"gone\.png"):
        evaluate(network, [tmp_path / "gone.png"], TrainingSettings())
