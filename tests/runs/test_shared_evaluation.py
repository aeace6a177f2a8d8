import json
import math
from dataclasses import astuple

import pytest
from PIL import Image

from colorizer.dataset.check import colour_format
from colorizer.dataset.find import find_files
from colorizer.dataset.split import Shard
from colorizer.errors import ColorizeError
from colorizer.evaluation.scores import HUE_BINS
from colorizer.inference.colorize import AS_MEANT
from colorizer.machines.portions import SharedEvaluation, evaluate_portion, join_evaluation, unscored
from colorizer.network.model_files import load_model
from colorizer.runs.evaluate import EvaluateJob, score_photos
from colorizer.runs.folders import new_run
from colorizer.runs.journal import EVALUATION, appended, journal_path
from colorizer.settings import Reading
from tests.conftest import SHIPPED


def test_figures_of_shards_are_those_of_one_process_and_a_part_that_was_torn_is_scored_again(
    tmp_path, small_model, colour_folder
):
    Image.open(SHIPPED / "camera.png").save(colour_folder / "gray.png")
    photos, network = find_files(colour_folder), load_model(small_model)
    fine = [path for path in photos.files if path.name != "gray.png"]
    single = score_photos(EvaluateJob(network, fine, photos.root, new_run(tmp_path / "single", "evaluate")))
    settings = {"adjustment": AS_MEANT, "reading": Reading(), "hints_per_photo": 0, "seed": 0}
    job = SharedEvaluation(photos.root, tmp_path / "out", colour_format(photos), settings, "this model")
    for number in range(2):
        part = [str(path.relative_to(photos.root)) for path in Shard(number, 2).of(photos.files)]
        path = journal_path(job.folder, EVALUATION, Shard(number, 2))
        for line in (None, 1):  # the second portion of each shard is torn, and done by its second process
            with appended(path) as append:
                for portion in unscored(job, part, 3):
                    append(evaluate_portion(job, network, portion))
            if line is None:
                path.write_bytes(path.read_bytes()[:-10])
    joined = join_evaluation(job.folder)
    assert joined.left_out == {"in another color format": 1}
    together = joined.evaluation
    assert [photo.path for photo in together.photos] == [path.relative_to(photos.root) for path in fine]
    for name in ("predicted", "gray"):
        for one, other in zip((*together.photos, together), (*single.photos, single), strict=True):
            # Keras' sums over a batch differ in their last digits with how many photos it has.
            assert astuple(getattr(one, name)) == pytest.approx(astuple(getattr(other, name)), rel=1e-4)
    for name in ("loss", "accuracy", "true_chroma", "true_colourfulness"):
        assert getattr(together, name) == pytest.approx(getattr(single, name), rel=1e-5)
    for row, true in zip(together.hues, single.hues, strict=True):
        assert row == pytest.approx(true, abs=1e-5)


def test_figures_of_two_models_are_not_joined(tmp_path):
    with appended(journal_path(tmp_path, EVALUATION)) as append:
        for model in ("one", "other"):
            append({"made_from": model, "photos": [model], "left_out": [], "evaluation": None})
    with pytest.raises(ColorizeError, match="from several models or settings"):
        join_evaluation(tmp_path)


SCORES = {"psnr": 20.0, "ssim": 0.9, "ciede2000": 5.0, "colourfulness": 10.0}
PHOTO = {"path": "a.png", "predicted": SCORES, "gray": SCORES, "true_colourfulness": 9.0}
FIGURES = {
    **{
        "loss": 0.1,
        "accuracy": 0.5,
        "true_colourfulness": 9.0,
        "true_chroma": 1.0,
        "predicted": SCORES,
        "gray": SCORES,
    },
    "hues": [[0.0] * (HUE_BINS + 1)] * (HUE_BINS + 1),
    "photos": [PHOTO],
}
LINE = {"made_from": "m", "photos": ["a.png"], "left_out": [["b.txt", "a text", "why"]], "evaluation": FIGURES}


@pytest.mark.parametrize(
    "odd",
    [
        {"made_from": None},
        {"made_from": []},
        {"photos": 1},
        {"photos": []},
        {"photos": "a.png"},
        {"photos": [[]]},
        {"photos": ["/a.png"]},
        {"photos": ["\ud800"]},
        {"left_out": [["b.txt", [], "why"]]},
        {"left_out": [["b.txt", "why"]]},
        {"evaluation": {"loss": 1}},
        {"evaluation": {**FIGURES, "hues": [[1.0]]}},
        {"evaluation": {**FIGURES, "photos": []}},
        {"evaluation": {**FIGURES, "photos": [{**PHOTO, "path": "/etc/hostname"}]}},
        {"evaluation": {**FIGURES, "photos": [{**PHOTO, "gray": {**SCORES, "psnr": "high"}}]}},
        {"evaluation": {**FIGURES, "loss": math.nan}},
    ],
)
def test_lines_that_cannot_be_ours_are_ignored_and_counted(tmp_path, odd):
    journal_path(tmp_path, EVALUATION).write_text(json.dumps({**LINE, **odd}) + "\n")
    with pytest.raises(ColorizeError, match="contains no scores"):
        join_evaluation(tmp_path)
    with journal_path(tmp_path, EVALUATION).open("a") as file:
        file.write(json.dumps(LINE) + "\n")
    joined = join_evaluation(tmp_path)
    assert joined.ignored == 1
    assert joined.left_out == {"a text": 1}
    assert [str(photo.path) for photo in joined.evaluation.photos] == ["a.png"]
