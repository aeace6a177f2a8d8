"""Networks converted for LiteRT: the one that ships, and those kept in the cache."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.photos import shipped_photographs
from colorizer.inference.proposal import unfaded
from colorizer.network import converted
from colorizer.network.converted import Converted, digest_of_file, made_record
from colorizer.network.engines import KerasEngine, LiteRTEngine
from colorizer.network.model_files import PRETRAINED, load, load_converted, load_model, save
from colorizer.photos.reading import read_photo

MOST_LEVELS, LARGEST = 0.1, 15_000_000


def levels_apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() * 255)


@pytest.mark.slow
def test_the_converted_model_that_ships_is_the_keras_model_that_ships():
    whole, quick = load(PRETRAINED), load_model()
    assert isinstance(quick.engine, LiteRTEngine), "run python -m benchmarks.convert_shipped_model"
    assert (quick.size, quick.name, quick.weights_digest) == (whole.size, whole.name, whole.weights_digest)
    squares = np.stack([unfaded(read_photo(path).square(whole.size)) for path in shipped_photographs()])[..., None]
    assert levels_apart(whole.predict(squares), quick.predict(squares)) <= MOST_LEVELS
    assert np.ptp(quick.predict(squares), axis=-1).mean() > 0.02
    assert PRETRAINED.stat().st_size + converted.SHIPPED.stat().st_size <= LARGEST


def test_what_ships_was_made_of_what_ships():
    assert converted.find(PRETRAINED, None) is not None, "run python -m benchmarks.convert_shipped_model"


def test_a_photo_is_coloured_alike_whatever_goes_with_it():
    network = load_model()
    squares = np.random.default_rng(0).random((3, network.size, network.size, 1), np.float32)
    assert np.array_equal(network.predict(squares)[1], network.predict(squares[1:2])[0])


@pytest.fixture
def kept(tmp_path) -> tuple[Path, Path]:
    """A model file of some content, and a cache that has a network for it."""
    model, cache = tmp_path / "model.h5", tmp_path / "cache"
    model.write_bytes(b"some content")
    flatbuffer = converted.find(PRETRAINED, None).flatbuffer
    converted.keep(Converted(made_record(flatbuffer, digest_of_file(model), "0", 128), flatbuffer), cache)
    return model, cache


def test_a_kept_network_is_found_by_the_model_s_content_and_belongs_to_no_other(kept, tmp_path):
    model, cache = kept
    network = load_converted(model, cache)
    assert (network.name, network.size) == ("model.h5", 128)
    assert load_converted(model) is None
    (tmp_path / "renamed.keras").write_bytes(model.read_bytes())
    assert load_converted(tmp_path / "renamed.keras", cache) is not None
    model.write_bytes(b"other content")
    assert load_converted(model, cache) is None


@pytest.mark.parametrize("place", [20, 3_000_000, -400, -1])
def test_a_damaged_file_in_the_cache_is_thrown_away(kept, place):
    model, cache = kept
    (file,) = cache.glob("*/*.tflite")
    content = bytearray(file.read_bytes())
    content[place] ^= 255
    file.write_bytes(content[: place or None] if place == -1 else content)
    assert load_converted(model, cache) is None
    assert not file.exists()


def test_a_file_that_others_may_write_is_not_trusted(kept, tmp_path):
    model, cache = kept
    (file,) = cache.glob("*/*.tflite")
    file.chmod(0o666)
    assert load_converted(model, cache) is None
    file.chmod(0o600)
    elsewhere = file.rename(tmp_path / "elsewhere.tflite")
    file.symlink_to(elsewhere)
    assert load_converted(model, cache) is None


def test_only_the_networks_used_last_are_kept(kept):
    _, cache = kept
    (first,) = cache.glob("*/*.tflite")
    for number in range(10):
        converted.keep(Converted(made_record(b"x", f"{number}", "0", 64), b"x"), cache)
    assert len(list(cache.glob("*/*.tflite"))) == 8
    assert not first.exists()


@pytest.mark.slow
def test_a_model_of_one_s_own_is_converted_once_and_follows_its_keras_model(small_model, tmp_path):
    from colorizer.network.conversion import keep_converted

    assert load_converted(small_model, tmp_path) is None
    keep_converted(small_model, tmp_path)
    quick, whole = load_converted(small_model, tmp_path), load(small_model)
    squares = np.random.default_rng(0).random((3, 64, 64, 1), np.float32)
    assert levels_apart(quick.predict(squares), whole.predict(squares)) <= MOST_LEVELS
    assert quick.weights_digest == whole.weights_digest
    before = quick.predict(squares)
    chroma = quick.model.get_layer("chroma")  # whoever has the model may train it
    chroma.set_weights([weight * 0 for weight in chroma.get_weights()])
    assert levels_apart(quick.predict(squares), before) > 1
    assert levels_apart(quick.predict(squares), squares) < 1e-3


@pytest.mark.slow
def test_a_model_that_does_not_survive_conversion_stays_keras_and_is_not_tried_again(small_model, tmp_path):
    from colorizer.network.conversion import keep_converted

    model = load(small_model).model
    model.set_weights([weight * 1e20 for weight in model.get_weights()])
    save(model, tmp_path / "odd.h5")
    keep_converted(tmp_path / "odd.h5", tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").glob("*/*")] == [".none"]
    assert isinstance(load_model(tmp_path / "odd.h5", tmp_path / "cache").engine, KerasEngine)
