import io
import re

import pytest

from colorizer.console.messages import tell_evaluation, verdict, verdict_on_training
from colorizer.console.terminal import Console
from colorizer.evaluation import Evaluation, PhotoScores
from colorizer.training import TrainingRecord


def evaluation(psnr: float, ciede2000: float, colourfulness: float = 20.0) -> Evaluation:
    return Evaluation(
        loss=0.1,
        accuracy=0.5,
        predicted=PhotoScores(psnr, 0.9, ciede2000, colourfulness),
        gray=PhotoScores(22.0, 0.9, 11.0, 0.0),
        true_colourfulness=40.0,
        hues=(),
        photos=(),
    )


@pytest.mark.parametrize(
    ("psnr", "ciede2000", "sentence"),
    [
        (23.0, 10.0, "Better than gray: nearer to the true colours by 1.00 dB and 1.00 units of CIEDE2000"),
        (22.5, 11.5, "Hardly better than gray: nearer by 0.50 dB, but farther by 0.50 units by CIEDE2000"),
        (22.5, 11.0, "Hardly better than gray: nearer by 0.50 dB, but no nearer by CIEDE2000"),
        (22.05, 11.0, "No better than gray: +0.05 dB"),
        (21.0, 12.0, "Worse than leaving the photos gray, by 1.00 dB"),
    ],
)
def test_figures_are_told_in_words(psnr, ciede2000, sentence):
    said = verdict(evaluation(psnr, ciede2000))
    assert said.startswith(sentence)
    assert said.endswith("as colourful as 50% of the truth.")


@pytest.mark.parametrize(
    ("kept", "figures", "sentence"),
    [
        (3, (23.5, 9.5, 21.0), "Training helped, on photos it did not learn from: PSNR +0.50 dB, CIEDE2000 -0.50"),
        (3, (23.5, 10.2, 19.0), "Training changed little"),
        (3, (23.5, 9.8, 12.0), "Training made the model grayer"),
        (3, (22.5, 10.2, 20.0), "Training did not help, on photos it did not learn from: PSNR -0.50 dB"),
        (0, (23.0, 10.0, 20.0), "Training did not help: on the validation photos no epoch was better"),
    ],
)
def test_a_training_is_compared_with_the_model_it_started_from(kept, figures, sentence):
    record = TrainingRecord({}, (), 1.0, kept, "CPU")
    said = verdict_on_training(record, evaluation(*figures), evaluation(23.0, 10.0, 20.0))
    assert said.startswith(sentence)


def test_the_table_has_a_column_for_the_model_a_training_started_from():
    heard = io.StringIO()
    tell_evaluation(Console(io.StringIO(), heard), evaluation(23.25, 9.5), evaluation(23.0, 10.0))
    assert "before training" in heard.getvalue()
    assert re.search(r"PSNR .* 23\.25 .* 23\.00 .* 22\.00", heard.getvalue())
