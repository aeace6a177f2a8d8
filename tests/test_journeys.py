"""The program as people run it: the real script, in a terminal and through a pipe, typed and by flags."""

import csv
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pexpect
import pytest
from conftest import SHIPPED
from PIL import Image


def pictures(folder: Path) -> dict[str, tuple[int, int]]:
    """The colorized photos under a results folder, sheets and graphs left out, and their sizes."""
    sizes = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "sheets" and path.name != "graphs.png" and path.suffix != ".json":
            with Image.open(path) as image:
                sizes[path.name] = image.size
    return sizes


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def colorizes(program, model, output) -> None:
    """Colorize a photo with a model."""
    done = program("colorize", "--dataset", SHIPPED / "camera.png", "--model", model, "--output", output, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert pictures(only(output / "results", "colorize-*")) == {"camera.png": (512, 512)}


def test_every_default_gives_colour_photos(program):
    done = program("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    run = only(program.home / "OUTPUT" / "results", "colorize-*")
    found = pictures(run)
    assert found.keys() == {"brick.png", "camera.png", "coins.png", "grass.png", "gravel.png", "moon.png"}
    assert found["camera.png"] == (512, 512)
    assert len(list((run / "sheets").iterdir())) == 1
    assert np.ptp(np.asarray(Image.open(run / "camera.png")).astype(int), axis=-1).max() > 10


def test_training_then_colorizing_by_flags(program, colour_folder, tmp_path):
    flags = ["--dataset", colour_folder, "--train-count", 6, "--test-count", 2, "--epochs", 2, "--size", 64]
    trained = program("train", *flags, "--batch-size", 4, "--seed", 7, "--output", tmp_path / "out", "--yes")
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
    colorizes(program, models / "model.h5", tmp_path / "out")


def test_an_adversarial_training_shows_its_game_and_leaves_a_model_that_colorizes(program, colour_folder, tmp_path):
    flags = ["--dataset", colour_folder, "--train-count", 6, "--test-count", 2, "--size", 64, "--batch-size", 2]
    flags += ["--training", "adversarial", "--epochs", 1, "--adversarial-epochs", 2, "--discriminator-filters", 8]
    trained = program("train", *flags, "--output", tmp_path / "out", "--yes")
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
    colorizes(program, models / "model.h5", tmp_path / "out")


def test_encoder_weights_that_cannot_be_had_are_done_without_only_when_asked(program, colour_folder, tmp_path):
    damaged = tmp_path / "weights.h5"
    damaged.write_bytes(b"no weights")
    flags = ["train", "--dataset", colour_folder, "--size", 64, "--epochs", 1, "--architecture", "mobilenet_unet"]
    flags += ["--encoder-weights", damaged, "--output", tmp_path / "out", "--yes"]
    refused = program(*flags)
    assert refused.returncode == 1
    assert "--random-encoder" in refused.stdout + refused.stderr
    done = program(*flags, "--random-encoder")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Epoch 1 of 1, regression:" in done.stdout


def test_zero_epochs_begin_with_the_game_and_are_refused_without_one(program, colour_folder, small_model, tmp_path):
    flags = ["train", "--dataset", colour_folder, "--model", small_model, "--epochs", 0, "--batch-size", 2]
    flags += ["--output", tmp_path / "out", "--discriminator-filters", 8, "--adversarial-epochs", 1, "--yes"]
    refused = program(*flags)
    assert refused.returncode == 2
    assert "--epochs: 0 is too small" in refused.stdout + refused.stderr
    assert "Starting TensorFlow" not in refused.stdout
    done = program(*flags, "--training", "adversarial", "--average", 0)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Epoch 1 of 1, adversarial:" in done.stdout
    record = json.loads((only(tmp_path / "out" / "models", "train-*") / "model.json").read_text(encoding="utf-8"))
    assert record["settings"]["average"] == 0


def test_flags_that_only_a_game_has_and_blocks_that_are_not_there_are_wrong_flags(program, colour_folder, tmp_path):
    flags = ["train", "--dataset", colour_folder, "--size", 64, "--epochs", 1, "--output", tmp_path / "out", "--yes"]
    done = program(*flags, "--l1-weight", 10, "--adversarial-epochs", 3)
    assert done.returncode == 2
    assert "--adversarial-epochs, --l1-weight: only for --training adversarial." in done.stdout
    done = program(*flags, "--fine-tune-from", "block_3")
    assert done.returncode == 2
    assert "The network has no block 'block_3' to fine-tune from: it has no encoder." in done.stdout
    assert [*(tmp_path / "out").glob("*/*")] == []


def test_training_typed_through_a_pipe_with_wrong_answers(program, colour_folder, tmp_path):
    (colour_folder / "broken.jpg").write_bytes(b"broken")
    shutil.copy(SHIPPED / "camera.png", colour_folder / "gray.png")
    typed = [
        *("4", "1"),
        *("perhaps", "no"),
        *("/nowhere", f'"{colour_folder}"'),
        *("yes", "no"),
        *("many", "1", "9", "5"),
        *("9", "2"),
        *("0", "1"),
        *("neither", "1"),
        "1",
        *("vague", "1"),
        "2",
        *("speed", "val_acc"),
        *("yes", "no", "yes", "no"),
    ]
    done = program("--output", tmp_path / "out", typed="\n".join(typed) + "\n")
    assert done.returncode == 0, done.stdout + done.stderr
    for sentence in (
        "'4' is none of the options: 1, 2, 3, train, colorize, evaluate.",
        "'perhaps' is none of the options",
        "There is nothing at /nowhere.",
        "Found 10 files",
        "1 files are unreadable.",
        "broken.jpg: not a photo",
        "1 photos are of a wrong colour format: not RGB.",
        "8 photos are fine, all RGB.",
        "'many' is not a whole number.",
        "1 is too small: the least is 2.",
        "9 is too large: the most is 7",
        "5 photos to train with and 9 to test on make 14, but there are 8 fine photos.",
        "0 is too small: the least is 1, but for a loaded model",
        "one epoch takes about",
        "'neither' is none of the options",
        "'vague' is none of the options: 1, 2, regression, adversarial",
        "Total params",
        "'speed' is none of the options",
        "Epoch 1 of 1",
        "left gray",
    ):
        assert sentence in done.stdout, f"{sentence!r} is missing in:\n{done.stdout}"
    assert "gray.png: gray" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_colorizing_in_a_real_terminal(program, small_model, tmp_path):
    photos = tmp_path / "old photos"
    photos.mkdir()
    for number, name in enumerate(("a.png", "b c.png", "שלום.png")):
        with Image.open(SHIPPED / "camera.png") as image:
            image.resize((300 + number, 200)).save(photos / name)
    terminal = pexpect.spawn(
        sys.executable, [str(program.home / "colorize.py")], encoding="utf-8", timeout=120, dimensions=(40, 200)
    )
    for question, answer in (
        ("What would you like to do", ""),
        ("Use the default dataset", "n"),
        ("Where are the photos", f"'{photos}'"),
        ("How many of them", "5"),
        ("5 is too large: the most is 3", "2"),
        ("Which model file", str(photos / "a.png")),
        ("is of the wrong kind", str(small_model)),
        ("Look at the model", "3"),
        ("Adjust how colourful", "yes"),
        ("How colourful?", "1.5"),
        ("black and white back", ""),
        ("Show the first comparison sheet", ""),
    ):
        terminal.expect_exact(question)
        terminal.expect_exact("> ")
        terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    run = only(program.home / "OUTPUT" / "results", "colorize-*")
    assert len(pictures(run)) == 2


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("train", "--epochs", "many"), "'many' is not a whole number."),
        (("train", "--epochs", "-1"), "-1 is too small"),
        (("train", "--monitor", "speed"), "'speed' is none of the options"),
        (("train", "--size", "100"), "100 is not a multiple of 32."),
        (("colorize", "--dataset", "/nowhere"), "There is nothing at /nowhere."),
        (("colorize", "--epochs", "3"), "No such option"),
        (("fly",), "No such command"),
    ],
)
def test_a_wrong_flag_exits_with_2_and_a_sentence(program, flags, sentence):
    done = program(*flags)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_count_above_the_photos_there_are_is_a_wrong_flag(program, colour_folder):
    done = program("colorize", "--dataset", colour_folder, "--count", 9, "--yes")
    assert done.returncode == 2
    assert "--count: 9 is too large: the most is 8" in done.stdout


@pytest.mark.parametrize(
    ("flags", "typed", "flag"),
    [
        ((), "", "train | colorize | evaluate"),
        (("train",), "no\n", "--dataset"),
        (("colorize", "--dataset", SHIPPED / "camera.png"), "", "--count"),
    ],
)
def test_the_end_of_input_names_the_missing_flag(program, flags, typed, flag):
    done = program(*flags, typed=typed)
    assert done.returncode == 2
    assert flag in done.stdout


def test_the_first_question_comes_without_tensorflow(program):
    sentinel = program.home / "tensorflow.py"
    sentinel.write_text("raise SystemExit('TensorFlow was imported')")
    done = program(typed="2\nno\n")
    assert "Where are the photos?" in done.stdout
    assert "TensorFlow was imported" not in done.stdout + done.stderr


def test_a_photo_that_fails_is_named_and_the_others_are_done(program, small_model, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("stays.png", "goes.png"):
        shutil.copy(SHIPPED / "camera.png", photos / name)
    flags = ["colorize", "--dataset", str(photos), "--model", str(small_model), "--output", str(tmp_path / "out")]
    terminal = pexpect.spawn(
        sys.executable, [str(program.home / "colorize.py"), *flags], encoding="utf-8", timeout=120, dimensions=(40, 200)
    )
    terminal.expect_exact("How many of them")
    (photos / "goes.png").unlink()
    for _ in range(4):
        terminal.expect_exact("> ")
        terminal.sendline("")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 1
    assert "goes.png" in terminal.before
    assert "1 of 2 photos could not be colorized" in terminal.before
    assert pictures(only(tmp_path / "out" / "results", "colorize-*")) == {"stays.png": (512, 512)}


def test_too_few_photos_is_said_and_by_flag_ends_with_1(program, tmp_path):
    (tmp_path / "empty").mkdir()
    done = program("train", "--dataset", tmp_path / "empty", "--yes")
    assert done.returncode == 1
    assert "0 fine photos" in done.stdout
    assert "--dataset" in done.stdout


def test_a_model_that_is_not_wanted_leaves_only_the_results(program, colour_folder, tmp_path):
    flags = ["--dataset", colour_folder, "--epochs", 1, "--size", 64, "--output", tmp_path / "out", "--no-save-model"]
    done = program("train", *flags, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list((tmp_path / "out" / "models").rglob("*.*"))
    assert (only(tmp_path / "out" / "results", "train-*") / "model.json").is_file()


def test_an_output_that_is_a_file_ends_with_1(program, tmp_path, small_model):
    (tmp_path / "file").write_text("in the way")
    done = program("colorize", "--model", small_model, "--output", tmp_path / "file", "--yes")
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stdout


@pytest.mark.parametrize("journey", ["train", "colorize", "evaluate"])
def test_a_model_that_does_not_serve_ends_with_1_and_leaves_no_empty_folder(program, tmp_path, colour_folder, journey):
    (tmp_path / "broken.h5").write_bytes(b"broken")
    flags = ["--dataset", colour_folder, "--model", tmp_path / "broken.h5", "--yes", "--output", tmp_path / "out"]
    done = program(journey, *flags)
    assert done.returncode == 1
    assert "broken.h5" in done.stdout
    assert list((tmp_path / "out" / "results").iterdir()) == []


def test_evaluating_gives_a_table_and_sheets_of_the_best_and_the_worst(program, small_model, tmp_path, colour_folder):
    flags = ["--dataset", colour_folder, "--model", small_model, "--count", 7, "--output", tmp_path / "out", "--yes"]
    done = program("evaluate", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 photos: loss" in done.stdout
    run = only(tmp_path / "out" / "results", "evaluate-*")
    with (run / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    assert all(float(row["gray_colourfulness"]) < 0.1 < float(row["true_colourfulness"]) for row in rows)
    assert all((run / name).is_file() for name in ("best/sheet-001.jpg", "worst/sheet-001.jpg", "hues.png"))


def test_a_zip_is_unpacked_beside_itself_and_colorized(program, small_model, tmp_path, colour_folder):
    archive = shutil.make_archive(str(tmp_path / "my photos"), "zip", colour_folder)
    done = program("colorize", "--dataset", archive, "--model", small_model, "--output", tmp_path / "out", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "my photos").is_dir()
    run = only(tmp_path / "out" / "results", "colorize-*")
    assert (run / "cats" / "cat.jpg").is_file()
    assert (run / "cats" / "deep" / "er" / "cat.jpg").is_file()
