import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from colorizer.console import messages
from colorizer.console.colorize import colorize
from colorizer.console.messages import advised, tell_evaluation, verdict, verdict_on_training
from colorizer.console.model import model_path, refuse_unknown_model
from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation, WrongFlag
from colorizer.errors import ColorizeError, Diverged, MissingWeights, NoRoomToUnpack, OutOfMemory, TrainingFinished
from colorizer.evaluation import Evaluation, PhotoScores
from colorizer.inference.colorize import Failure
from colorizer.runs import ColorizeResult
from colorizer.settings import DEFAULT_READING
from colorizer.training import TrainingRecord
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    ("error", "flag"),
    [
        (OutOfMemory(16), "Try --batch-size 8."),
        (OutOfMemory(1), "--size"),
        (Diverged("The loss is no longer a number."), "--learning-rate"),
        (MissingWeights("They cannot be had."), "--random-encoder"),
        (NoRoomToUnpack("Choose another folder."), "--unpack-to"),
        (
            TrainingFinished(Path("my run"), Path("my run/model.h5")),
            "colorize --model 'my run/model.h5' --dataset PHOTOS",
        ),
    ],
)
def test_an_error_is_followed_by_the_flag_that_helps(error, flag):
    assert advised(error).startswith(str(error))
    assert flag in advised(error)


def test_an_error_that_no_flag_mends_stays_as_it_is():
    assert advised(ColorizeError("The disk is full.")) == "The disk is full."


def talk(**flags) -> Conversation:
    return Conversation(Console(), flags, accept_defaults=True)


def test_results_lie_beside_the_script_or_where_a_flag_says(tmp_path):
    assert messages.output_folder(talk()) == PROJECT / "OUTPUT"
    assert messages.output_folder(talk(output=tmp_path)) == tmp_path
    assert messages.default_dataset(for_training=True) == PROJECT / "dataset" / "color"


def test_without_a_checkout_they_lie_where_the_person_stands(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "colorizer").symlink_to(PROJECT / "colorizer")
    code = "from colorizer.console import messages; print(messages.home())"
    # A link would be followed to the checkout: a package that is installed lies elsewhere.
    (tmp_path / "site" / "colorizer").unlink()
    copy = tmp_path / "site" / "colorizer"
    subprocess.run(["cp", "-r", PROJECT / "colorizer", copy], check=True)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == tmp_path.resolve()


def test_flags_say_how_photos_are_read(tmp_path):
    read = messages.reading(talk(cache=Path("none"), workers=3, maximum_megapixels=2.0))
    assert (read.cache_folder, read.workers, read.limits.maximum_pixels) == (None, 3, 2_000_000)
    assert messages.reading(talk(cache=tmp_path)).cache_folder == tmp_path
    assert messages.reading(talk()).limits == DEFAULT_READING.limits


def test_a_name_that_is_taken_is_refused_and_a_model_is_found_by_it(tmp_path):
    assert messages.run_name(talk(output=tmp_path)) == ""
    assert messages.run_name(talk(output=tmp_path, name="cats")) == "cats"
    (tmp_path / "models" / "cats").mkdir(parents=True)
    (tmp_path / "models" / "cats" / "model.h5").touch()
    with pytest.raises(WrongFlag, match="--name: A run named cats already exists"):
        messages.run_name(talk(output=tmp_path, name="cats"))
    for named in ("cats", "latest"):
        assert model_path(talk(output=tmp_path, model=named)) == tmp_path / "models" / "cats" / "model.h5"
    with pytest.raises(ColorizeError, match="No model file or trained model named dogs"):
        refuse_unknown_model(talk(output=tmp_path, model="dogs"))


def test_a_user_without_a_home_has_no_cache(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert messages.reading(talk()).cache_folder is None


def told(pictures: int, made_before: int = 0, failures: int = 0, folders: tuple[str, ...] = ("results",)) -> str:
    heard = io.StringIO()
    console = Console(io.StringIO(), heard)
    result = ColorizeResult(
        folder=Path("results"),
        pictures={
            Path(f"{number}.png"): Path(folders[number % len(folders)], f"{number}.png") for number in range(pictures)
        },
        made_before=made_before,
        failures=tuple(Failure(Path(f"broken-{number}.png"), "It is broken.") for number in range(failures)),
        sheets=(),
        page=Path("results/index.html"),
    )
    try:
        colorize(console, Conversation(console), lambda progress: result, "doing it again makes")
    except ColorizeError as error:
        return f"{heard.getvalue()}{error}"
    return heard.getvalue()


def test_pictures_next_to_their_photos_are_reported_there():
    assert "1 color photo is at photos/0.png." in told(1, folders=("photos",))
    assert "3 color photos are next to the originals in photos." in told(3, folders=("photos",))
    assert "3 color photos are next to the originals in 2 folders below photos." in told(
        3, folders=("photos/a", "photos/b")
    )
    assert "All 2 color photos are already next to the originals in photos." in told(2, 2, folders=("photos",))


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ({"pictures": 1}, "1 color photo is at results/0.png."),
        ({"pictures": 2_000}, "2,000 color photos are in results."),
        ({"pictures": 1, "made_before": 1}, "The color photo is already at results/0.png."),
        ({"pictures": 1_000, "made_before": 1_000}, "All 1,000 color photos are already in results."),
        ({"pictures": 2, "made_before": 1}, "1 of 2 photos is already in results."),
        ({"pictures": 1, "failures": 1}, "1 of 2 photos could not be colorized; the others are done. Once"),
        ({"pictures": 0, "failures": 1}, "1 of 1 photo could not be colorized. Once"),
    ],
)
def test_what_became_of_photos_is_told_in_singular_and_plural(result, sentence):
    assert sentence in told(**result)


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
        (23.0, 10.0, "Better than gray: closer to the true colors by 1.00 dB and 1.00 units of CIEDE2000"),
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
