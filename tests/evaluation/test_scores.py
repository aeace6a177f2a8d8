import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from colorizer.evaluation.scores import score
from colorizer.photos.color import luma


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
