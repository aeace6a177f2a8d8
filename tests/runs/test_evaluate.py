import csv

import pytest

from colorizer.dataset.find import find_files
from colorizer.inference.colorize import Adjustment
from colorizer.network.model_files import load_model
from colorizer.runs.evaluate import EvaluateJob, save_evaluation, score_photos
from colorizer.runs.folders import new_run


def test_an_evaluation_is_kept_as_a_table_a_drawing_and_sheets(tmp_path, small_model, colour_folder):
    photos, seen = find_files(colour_folder), []
    job = EvaluateJob(load_model(small_model), photos.files, photos.root, new_run(tmp_path, "evaluate"), batch_size=4)
    evaluation = score_photos(job, lambda done, total: seen.append((done, total)))
    assert seen == [(number, 8) for number in range(1, 9)]
    saved = save_evaluation(job, evaluation)
    with saved.scores.open(encoding="utf-8", newline="") as file:
        rows = {row["photo"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {str(path.relative_to(colour_folder)) for path in photos.files}
    assert float(rows["rocket.jpg"]["gray_colourfulness"]) < 0.1
    assert all(path.is_file() for path in (saved.hues, *saved.best, *saved.worst))
    assert all(path.is_relative_to(job.run.results) for path in (saved.scores, saved.hues, *saved.best))


@pytest.mark.slow
def test_scoring_leaves_the_network_as_its_owner_compiled_it(tmp_path, small_model, colour_folder):
    network, photos = load_model(small_model), find_files(colour_folder)
    network.model.compile(optimizer="sgd", loss="mean_absolute_error")
    before = network.model.optimizer
    run = new_run(tmp_path, "evaluate")
    lively = score_photos(EvaluateJob(network, photos.files[:2], photos.root, run, 2))
    gray = score_photos(EvaluateJob(network, photos.files[:2], photos.root, run, 2, adjustment=Adjustment(0)))
    assert network.model.optimizer is before
    assert gray.predicted.psnr == pytest.approx(gray.gray.psnr, abs=0.02)
    assert gray.predicted.colourfulness < 1 < lively.predicted.colourfulness
    assert gray.loss == lively.loss


def test_true_colours_revealed_at_some_places_bring_the_scores_nearer(tmp_path, small_model, colour_folder):
    photos, network = find_files(colour_folder), load_model(small_model)
    run = new_run(tmp_path, "evaluate")
    jobs = [
        EvaluateJob(network, photos.files[:3], photos.root, run, 4, hints_per_photo=count, seed=3) for count in (0, 20)
    ]
    plain, hinted = map(score_photos, jobs)
    assert hinted.predicted.psnr > plain.predicted.psnr + 1
    assert hinted.gray == plain.gray
    assert save_evaluation(jobs[1], hinted).scores.is_file()
