import pytest

from colorizer.console.verdict import verdict
from colorizer.evaluation import Evaluation, PhotoScores


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
