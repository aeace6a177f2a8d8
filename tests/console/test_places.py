import os
import subprocess
import sys
from pathlib import Path

import pytest

from colorizer.console import messages
from colorizer.console.model import model_path, refuse_unknown_model
from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation, WrongFlag
from colorizer.errors import ColorizeError
from colorizer.settings import DEFAULT_READING
from tests.conftest import PROJECT


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
