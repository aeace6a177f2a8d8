from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from benchmarks.repair import damaged
from colorizer import ColorizeError, colorize_photo, load_model
from colorizer.dataset.find import find_files
from colorizer.inference.colorize import (
    Adjustment,
    Colorized,
    Failure,
    PhotoTask,
    colorize_decoded,
    colorize_files,
    propose,
)
from colorizer.inference.full_size import join
from colorizer.network.engines import KerasEngine
from colorizer.network.network import Network
from colorizer.photos.color import luma
from colorizer.photos.reading import read_photo
from tests.conftest import SHIPPED, gray_photo


def test_a_photo_comes_back_at_its_own_size_with_its_own_luma(small_model):
    photo = read_photo(SHIPPED / "camera.png")
    rgb = np.asarray(colorize_decoded(load_model(small_model), photo).image)
    assert rgb.shape == (512, 512, 3)
    assert np.abs(luma(rgb) - np.asarray(photo.image)).max() < 1.01
    assert np.ptp(rgb.astype(int), axis=-1).mean() > 5


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (2000, 1), (4000, 6000), (333, 777)])
def test_every_size_is_kept(small_model, height, width):
    pixels = np.linspace(0, 255, height * width, dtype=np.uint8).reshape(height, width)
    assert colorize_decoded(load_model(small_model), gray_photo(pixels)).image.size == (width, height)


def test_a_colour_photo_is_judged_by_its_luma_alone(small_model, tmp_path, astronaut):
    gray = np.rint(luma(astronaut)).astype(np.uint8)
    Image.fromarray(gray).save(tmp_path / "gray.png")
    network = load_model(small_model)
    from_gray = np.asarray(colorize_photo(tmp_path / "gray.png", network)).astype(int)
    from_colour = np.asarray(colorize_photo(SHIPPED / "astronaut.png", network)).astype(int)
    assert np.abs(from_gray - from_colour).mean() < 1


def test_sixteen_bit_and_transparent_photos_are_colorized(small_model, tmp_path, camera):
    network = load_model(small_model)
    Image.fromarray(camera.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    transparent = Image.fromarray(camera).convert("LA")
    transparent.putalpha(Image.linear_gradient("L").resize(transparent.size))
    transparent.save(tmp_path / "transparent.png")
    deep, plain = colorize_photo(tmp_path / "deep.png", network), colorize_photo(SHIPPED / "camera.png", network)
    assert np.abs(np.asarray(deep).astype(int) - np.asarray(plain)).mean() < 1
    with_alpha = colorize_photo(tmp_path / "transparent.png", network)
    assert with_alpha.mode == "RGBA"
    assert np.array_equal(np.asarray(with_alpha.getchannel("A")), np.asarray(transparent.getchannel("A")))


def test_a_proposal_that_is_no_number_is_a_failure_of_that_photo(small_model, colour_folder):
    """Some weights give no numbers for some photos only."""
    network = load_model(small_model)

    def spoiled(squares: np.ndarray) -> np.ndarray:
        rgb = network.model.predict_on_batch(squares)
        rgb[1, 3, 5] = np.nan
        return rgb

    spoiling = Network(KerasEngine(SimpleNamespace(predict_on_batch=spoiled)), network.name, network.size)
    files = find_files(colour_folder).files
    outcomes = list(colorize_files(spoiling, files, lambda path, photo, picture: picture.image))
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [number == 1 for number in range(len(files))]
    assert outcomes[1].reason.startswith(f"Cannot colorize {files[1]}: the model returned colors")

    def no_numbers(squares: np.ndarray) -> np.ndarray:
        return squares.repeat(3, -1) * np.nan

    odd = Network(KerasEngine(SimpleNamespace(predict_on_batch=no_numbers)), "odd", 64)
    with pytest.raises(ColorizeError, match="are not numbers"):
        colorize_decoded(odd, read_photo(files[0]))


def test_many_photos_come_in_order_and_a_failure_stops_nothing(small_model, colour_folder):
    (colour_folder / "broken.jpg").write_bytes(b"broken")
    files = find_files(colour_folder).files
    network = load_model(small_model)
    outcomes = list(colorize_files(network, files, lambda path, photo, picture: picture.image))
    assert [outcome.path for outcome in outcomes] == list(files)
    assert [outcome.path.name for outcome in outcomes if isinstance(outcome, Failure)] == ["broken.jpg"]
    for outcome in outcomes:
        if isinstance(outcome, Colorized):
            alone = np.asarray(colorize_photo(outcome.path, network)).astype(int)
            assert np.abs(np.asarray(outcome.delivered, int) - alone).max() <= 1


def test_a_delivery_that_fails_is_a_failure_of_that_photo(small_model, colour_folder):
    files = find_files(colour_folder).files

    def deliver(task, photo, rgb):
        if task.path.name == "coffee.jpg":
            raise ColorizeError("The disk is full.")

    outcomes = list(colorize_files(load_model(small_model), files, deliver))
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert [(failure.path.name, failure.reason) for failure in failures] == [("coffee.jpg", "The disk is full.")]


def test_a_photo_for_which_memory_does_not_suffice_is_named_and_the_others_go_on(
    small_model, colour_folder, monkeypatch
):
    def join_in_little_memory(photo, *arguments):
        if photo.width == 512:
            raise MemoryError
        return join(photo, *arguments)

    monkeypatch.setattr("colorizer.inference.colorize.join", join_in_little_memory)
    network, files = load_model(small_model), find_files(colour_folder).files
    outcomes = list(colorize_files(network, files, lambda path, photo, picture: picture.image.size))
    assert sum(isinstance(outcome, Failure) for outcome in outcomes) == 1
    for path, outcome in zip(files, outcomes, strict=True):
        with Image.open(path) as image:
            if image.width == 512:
                assert outcome == Failure(path, outcome.reason)
                assert f"{path}: not enough memory for 512 x 512 pixels" in outcome.reason
            else:
                assert outcome.delivered == image.size
    with pytest.raises(ColorizeError, match="not enough memory for 512 x 512 pixels"):
        colorize_photo(SHIPPED / "astronaut.png", network)


def on_a_small_device(network: Network, most: int, error: Exception) -> Network:
    def predict_on_batch(squares):
        if len(squares) > most:
            raise error
        return network.model.predict_on_batch(squares)

    return replace(network, engine=KerasEngine(SimpleNamespace(predict_on_batch=predict_on_batch)))


@pytest.mark.parametrize("error", [MemoryError(), tf.errors.ResourceExhaustedError(None, None, "out of memory")])
def test_photos_go_through_the_network_in_parts_where_memory_is_short(small_model, colour_folder, error):
    network = load_model(small_model)
    photos = [read_photo(path) for path in find_files(colour_folder).files]
    offsets = propose(on_a_small_device(network, 3, error), photos)
    assert np.abs(offsets - propose(network, photos)).max() < 1e-5
    with pytest.raises(ColorizeError, match=f"Not enough memory for {network.name}, which works on {network.size} x"):
        colorize_decoded(on_a_small_device(network, 0, error), photos[0])


def test_a_photo_printed_the_other_way_round_gets_the_same_colours_the_other_way_round(small_model):
    pixels, network = np.asarray(Image.open(SHIPPED / "camera.png")), load_model(small_model)
    there, back = propose(network, [gray_photo(pixels), gray_photo(np.ascontiguousarray(pixels[:, ::-1]))])
    assert np.ptp(there) > 0.02
    assert np.abs(there - back[:, ::-1]).max() < 1e-4


def test_vividness_goes_from_gray_to_twice_the_chroma(small_model):
    network, photo = load_model(small_model), read_photo(SHIPPED / "camera.png")
    chroma = [
        np.ptp(np.asarray(colorize_decoded(network, photo, Adjustment(dial)).image, int), axis=-1)
        for dial in (0, 0.5, 1, 2)
    ]
    assert chroma[0].max() == 0
    gray, half, plain, double = (plane.mean() for plane in chroma)
    assert gray < half < plain < double
    assert half == pytest.approx(plain / 2, rel=0.2)


def test_a_faded_photo_is_seen_as_it_was_and_restored_only_when_asked(small_model, camera):
    network = load_model(small_model)
    photo = gray_photo(camera)
    faded = gray_photo((80 + camera * 0.4).astype(np.uint8))
    fresh, seen = (propose(network, [each])[0] for each in (photo, faded))
    assert np.abs(fresh - seen).mean() < 0.2 * np.abs(fresh).mean()
    kept, restored = (
        luma(np.asarray(colorize_decoded(network, faded, Adjustment(1, asked)).image)) for asked in (False, True)
    )
    assert np.abs(kept - faded.luma() * 255).max() < 1.01
    assert np.ptp(np.percentile(faded.luma() * 255, (0.5, 99.5))) < 110
    assert np.ptp(np.percentile(restored, (0.5, 99.5))) > 250
    assert np.corrcoef(restored.ravel(), camera.ravel())[0, 1] > 0.99


def test_the_contrast_of_a_photo_that_is_not_faded_is_left_alone(small_model, camera):
    photo = gray_photo(camera)
    plain, asked = (
        colorize_decoded(load_model(small_model), photo, Adjustment(1, restore)).image for restore in (False, True)
    )
    assert np.array_equal(np.asarray(plain), np.asarray(asked))


def test_a_photo_is_mended_before_it_is_colorized_and_delivered_as_it_was(small_model, tmp_path, camera):
    scratched = damaged(np.asarray(Image.fromarray(camera).resize((256, 256))), "scratches", 6)[0]
    Image.fromarray(scratched).save(tmp_path / "scratched.png")
    network = load_model(small_model)
    (outcome,) = colorize_files(
        network, [tmp_path / "scratched.png"], lambda *delivered: delivered[1:], Adjustment(repair=True)
    )
    original, picture = outcome.delivered
    assert np.array_equal(np.asarray(original.image), scratched)
    alone = colorize_photo(tmp_path / "scratched.png", network, Adjustment(repair=True))
    assert np.abs(np.asarray(alone, int) - np.asarray(picture.image)).max() <= 1
    assert np.abs(luma(np.asarray(picture.image)) - scratched).max() > 50


def test_photos_larger_than_a_batch_are_in_memory_alone(small_model, colour_folder, monkeypatch):
    monkeypatch.setattr("colorizer.inference.colorize.BATCH_BYTES", 500_000)
    files, at_work, most = find_files(colour_folder).files, set(), []

    def hints_of(path, photo):
        at_work.add(path)
        most.append(len(at_work))
        return ()

    def deliver(task, photo, picture):
        at_work.discard(task.path)
        return picture.image.size

    tasks = [PhotoTask(path, hints=hints_of) for path in files]
    outcomes = list(colorize_files(load_model(small_model), tasks, deliver))
    assert [outcome.path for outcome in outcomes] == list(files)
    assert max(most) == 1
