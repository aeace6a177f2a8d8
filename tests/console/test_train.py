"""The program as people run it: the real script, in a terminal and through a pipe, typed and by flags."""

import json
import re
import shutil

import pytest
from PIL import Image

from tests.conftest import SCRATCH, SHIPPED, only, pictures, settings_file

pytestmark = pytest.mark.slow


def colorizes(command, model, output) -> None:
    """Colorize a photo with a model."""
    done = command("colorize", "--dataset", SHIPPED / "camera.png", "--model", model, "--output", output, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert pictures(only(output / "results", "colorize-*")) == {"camera.png": (512, 512)}


def test_training_then_colorizing_by_flags(command, colour_folder, tmp_path):
    flags = ["--dataset", colour_folder, "--train-count", 6, "--test-count", 2, "--epochs", 2, "--size", 64, *SCRATCH]
    flags += ["--settings", settings_file(tmp_path, model={"filters": [8, 16, 16]})]
    trained = command("train", *flags, "--batch-size", 4, "--seed", 7, "--output", tmp_path / "out", "--yes")
    assert trained.returncode == 0, trained.stdout + trained.stderr
    assert "5 photos to learn from, 1 to validate with, 2 to test on." in trained.stdout
    assert re.search(r"PSNR .* \d+\.\d+ .* \d+\.\d+", trained.stdout)
    models, results = only(tmp_path / "out" / "models", "train-*"), only(tmp_path / "out" / "results", "train-*")
    assert {path.name for path in models.iterdir()} == {"model.h5", "model.weights.h5", "model.json"}
    record = json.loads((models / "model.json").read_text(encoding="utf-8"))
    assert record["photos"] == {"train": 5, "validation": 1, "test": 2}
    assert len(record["training"]["history"]["val_loss"]) == 2
    assert record["settings"]["seed"] == 7
    assert record["evaluation"]["gray"]["colourfulness"] < 0.1
    assert len(pictures(results)) == 2
    assert (results / "graphs.png").is_file()
    colorizes(command, models / "model.h5", tmp_path / "out")


def test_an_adversarial_training_shows_its_phases_and_leaves_a_model_that_colorizes(command, colour_folder, tmp_path):
    flags = ["--dataset", colour_folder, "--train-count", 6, "--test-count", 2, "--size", 64, *SCRATCH]
    flags += ["--batch-size", 2]
    flags += ["--training", "adversarial", "--epochs", 1, "--adversarial-epochs", 2]
    small = settings_file(tmp_path, model={"filters": [8, 16, 16]}, settings={"adversarial": {"filters": 8}})
    flags += ["--settings", small]
    trained = command("train", *flags, "--output", tmp_path / "out", "--yes")
    assert trained.returncode == 0, trained.stdout + trained.stderr
    assert "Epoch 1 of 3, regression:" in trained.stdout
    assert re.search(r"Epoch 3 of 3, adversarial: .*discriminator_accuracy", trained.stdout)
    models, results = only(tmp_path / "out" / "models", "train-*"), only(tmp_path / "out" / "results", "train-*")
    record = json.loads((models / "model.json").read_text(encoding="utf-8"))
    assert record["settings"]["loss"] == "mean_absolute_error"
    assert record["settings"]["average"] == 0.99
    assert record["settings"]["adversarial"]["epochs"] == 2
    assert [phase["name"] for phase in record["training"]["phases"]] == ["regression", "adversarial"]
    assert record["training"]["history"]["discriminator_loss"][0] is None
    epochs = [f"epoch-{epoch:05}.jpg" for epoch in (1, 2, 3)]
    assert sorted(path.name for path in (results / "samples").iterdir()) == [*epochs, "gray.jpg", "true.jpg"]
    with Image.open(results / "samples.jpg") as strip, Image.open(results / "samples" / epochs[0]) as row:
        assert strip.size == (row.width, 5 * row.height)
    colorizes(command, models / "model.h5", tmp_path / "out")


def test_encoder_weights_are_done_without_and_the_model_is_not_kept_only_when_asked(command, colour_folder, tmp_path):
    damaged = tmp_path / "weights.h5"
    damaged.write_bytes(b"no weights")
    flags = ["train", "--dataset", colour_folder, "--size", 64, "--epochs", 1, "--architecture", "mobilenet_unet"]
    flags += ["--encoder-weights", damaged, "--output", tmp_path / "out", "--yes"]
    refused = command(*flags)
    assert refused.returncode == 1
    assert "--random-encoder" in refused.stdout + refused.stderr
    done = command(*flags, "--random-encoder", "--no-save-model")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Epoch 1 of 1, regression:" in done.stdout
    assert not list((tmp_path / "out" / "models").rglob("*.*"))
    assert (only(tmp_path / "out" / "results", "train-*") / "model.json").is_file()


def test_zero_epochs_begin_with_the_adversarial_phase_and_are_refused_without_one(
    command, colour_folder, small_model, tmp_path
):
    flags = ["train", "--dataset", colour_folder, "--model", small_model, "--epochs", 0, "--batch-size", 2]
    flags += ["--output", tmp_path / "out", "--yes"]
    refused = command(*flags)
    assert refused.returncode == 2
    assert "--epochs: 0 is too small" in refused.stdout + refused.stderr
    assert "Starting TensorFlow" not in refused.stdout
    small = settings_file(tmp_path, settings={"adversarial": {"filters": 8, "epochs": 1}})
    done = command(*flags, "--training", "adversarial", "--average", 0, "--settings", small)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Epoch 1 of 1, adversarial:" in done.stdout
    record = json.loads((only(tmp_path / "out" / "models", "train-*") / "model.json").read_text(encoding="utf-8"))
    assert record["settings"]["average"] == 0


def test_flags_that_only_an_adversarial_training_has_and_blocks_that_are_not_there_are_wrong_flags(
    command, colour_folder, tmp_path
):
    flags = ["train", "--dataset", colour_folder, "--size", 64, *SCRATCH, "--epochs", 1]
    flags += ["--output", tmp_path / "out", "--yes"]
    done = command(*flags, "--adversarial-epochs", 3)
    assert done.returncode == 2
    assert "--adversarial-epochs: only for --training adversarial." in done.stdout
    done = command(*flags, "--settings", settings_file(tmp_path, settings={"fine_tune_from": "block_3"}))
    assert done.returncode == 2
    assert "The network has no block 'block_3' to fine-tune from: it has no encoder." in done.stdout
    assert [*(tmp_path / "out").glob("*/*")] == []


def test_training_typed_through_a_pipe_with_wrong_answers(program, colour_folder, tmp_path):
    (colour_folder / "broken.jpg").write_bytes(b"broken")
    shutil.copy(SHIPPED / "camera.png", colour_folder / "gray.png")
    typed = [
        *("9", "1"),
        *("perhaps", "/nowhere", f'"{colour_folder}"'),
        *("many", "1", "9", "5"),
        *("9", "2"),
        *("neither", "1"),
        "1",
        *("vague", "1"),
        *("4097", "2"),
        *("0", "1"),
        "2",
        *("speed", "val_acc"),
        *("yes", "yes"),
        *("no", "no"),
    ]
    done = program("--output", tmp_path / "out", typed="\n".join(typed) + "\n")
    assert done.returncode == 0, done.stdout + done.stderr
    for sentence in (
        "'9' is not a path or an option. Enter a path, or one of: 1, 2, 3, 4, 5, 6, train, colorize, evaluate, "
        "studio, inspect, film.",
        "perhaps does not exist.",
        "/nowhere does not exist.",
        "Found 10 files",
        "A text file is left out",
        "broken.jpg: not a photo",
        "1 photo is of a wrong color format: not RGB.",
        "8 photos are fine, all RGB.",
        "'many' is not a whole number.",
        "1 is too small: the minimum is 2.",
        "9 is too large: the most is 7",
        "5 training photos and 9 test photos need 14 photos, but only 8 are usable.",
        "0 is too small: the least is 1, but for a loaded model",
        "4097 is too large: the maximum is 4096.",
        "one epoch takes about",
        "'neither' is not an option",
        "'vague' is not an option. Please enter one of: 1, 2, regression, adversarial",
        "Total params",
        "'speed' is not an option",
        "Epoch 1 of 1",
        "left gray",
    ):
        assert sentence in done.stdout, f"{sentence!r} is missing in:\n{done.stdout}"
    assert "gray.png: gray" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_without_a_download_the_shipped_model_lends_its_encoder(program, colour_folder, tmp_path):
    flags = ["train", "--dataset", colour_folder, "--size", 64, "--epochs", 1, "--architecture", "mobilenet_unet"]
    flags += ["--encoder-weights", "imagenet"]
    nowhere = {"https_proxy": "http://127.0.0.1:9", "no_proxy": "", "KERAS_HOME": str(tmp_path / "keras")}
    done = program(*flags, "--name", "cats", "--output", tmp_path / "out", "--yes", **nowhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The encoder of the model that ships takes their place" in done.stdout
    assert "Epoch 1 of 1, feature extraction:" in done.stdout
    record = json.loads((tmp_path / "out" / "models" / "cats" / "model.json").read_text(encoding="utf-8"))
    assert record["model"]["encoder_weights"] == "shipped"
    assert program(*flags, "--name", "cats", "--output", tmp_path / "out", "--yes").returncode == 2
