import itertools
import json
import math
from dataclasses import replace

import keras
import numpy as np
import pytest
from conftest import SHIPPED

from colorizer.batches import PhotoBatches
from colorizer.classification import class_weights, soft_bins
from colorizer.color import CHROMA_TO_OFFSET, chroma_bins, luma
from colorizer.encoders import encoder_layers
from colorizer.evaluation import evaluate
from colorizer.model import Network, build, load
from colorizer.settings import AugmentationSettings, ColorizeError, ModelSettings, TrainingSettings
from colorizer.training import TrainingStopped, seconds_per_photo, train

PHOTOS = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]


def small_network(seed: int = 42):
    return build(ModelSettings(size=64, filters=(16, 32, 64), seed=seed))


def batches(batch_size: int = 4) -> PhotoBatches:
    return PhotoBatches(PHOTOS, 64, batch_size)


def behind(count: int):
    """Ask a training to stop behind so many batches and one."""
    asked = itertools.count()
    return lambda: next(asked) >= count


def test_a_network_trained_on_a_few_photos_beats_the_gray_baseline_on_them(tmp_path):
    network = small_network()
    reports = []
    settings = TrainingSettings(epochs=60, batch_size=4, learning_rate=5e-3)
    record = train(network, batches(), batches(), settings, tmp_path, reports.append)
    result = evaluate(network, PHOTOS, TrainingSettings(batch_size=4))
    assert result.predicted.psnr > result.gray.psnr + 1
    assert result.predicted.ciede2000 < result.gray.ciede2000
    assert result.predicted.colourfulness > 5
    assert result.gray.colourfulness == pytest.approx(0, abs=0.1)
    assert record.history["loss"][-1] < record.history["loss"][0]
    assert set(record.history) == {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    assert [report.epoch for report in reports if report.finished] == list(range(1, 61))
    assert json.dumps(record.history)


def test_the_network_ends_with_the_best_epoch_and_the_checkpoint_holds_it(tmp_path):
    network = small_network()
    # So large a step makes the loss jump about: the last epoch is hardly ever the best.
    settings = TrainingSettings(epochs=6, batch_size=4, learning_rate=0.05, precision="float32")
    record = train(network, batches(), batches(), settings, tmp_path)
    best = min(record.history["val_loss"])
    assert record.kept_epoch == record.history["val_loss"].index(best) + 1
    assert evaluate(network, PHOTOS, TrainingSettings(batch_size=4)).loss == pytest.approx(best, rel=1e-3)
    gray = batches()[0][0]
    kept = load(tmp_path / "best.h5").model.predict(gray, verbose=0)
    assert np.array_equal(kept, network.model.predict(gray, verbose=0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.h5", "state.npz"]


def test_an_accuracy_monitor_keeps_the_largest(tmp_path):
    settings = TrainingSettings(epochs=5, batch_size=4, learning_rate=0.05, monitor="val_accuracy")
    record = train(small_network(), batches(), batches(), settings, tmp_path)
    assert record.history["val_accuracy"][record.kept_epoch - 1] == max(record.history["val_accuracy"])


def test_without_a_monitor_the_last_epoch_stays_and_no_other_is_written(tmp_path):
    settings = TrainingSettings(epochs=2, batch_size=4, monitor="none")
    record = train(small_network(), batches(), batches(), settings, tmp_path)
    assert record.kept_epoch == 2
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]


def test_training_repeats_for_the_same_seed(tmp_path):
    settings = TrainingSettings(epochs=2, batch_size=2, monitor="none")
    losses = [train(small_network(1), batches(), batches(), settings, tmp_path / name).history for name in "ab"]
    assert losses[0]["loss"] == pytest.approx(losses[1]["loss"], rel=1e-4)


def test_the_learning_rate_falls_fivefold_on_a_plateau(tmp_path):
    # A step of a size that float32 rounds away improves nothing: a plateau from the first epoch on.
    settings = TrainingSettings(epochs=8, batch_size=4, learning_rate=1e-12, monitor="none", precision="float32")
    rates = train(small_network(), batches(), batches(), settings, tmp_path).history["learning_rate"]
    assert rates[0] == pytest.approx(1e-12)
    assert rates[-1] == pytest.approx(2e-13)


def test_the_cosine_schedule_ends_near_nothing(tmp_path):
    settings = TrainingSettings(epochs=10, schedule="cosine", monitor="none")
    singles = PhotoBatches(PHOTOS, 64, 1)
    rates = train(small_network(), singles, batches(), settings, tmp_path).history["learning_rate"]
    assert rates == tuple(sorted(rates, reverse=True))
    assert 0 < rates[-1] < settings.learning_rate / 100


def test_a_loss_that_is_no_number_ends_with_a_sentence(tmp_path):
    network = small_network()
    network.model.set_weights([weight * math.nan for weight in network.model.get_weights()])
    with pytest.raises(ColorizeError, match="no longer a number"):
        train(network, batches(), batches(), TrainingSettings(epochs=2), tmp_path)
    assert not (tmp_path / "state.npz").exists()  # what was good before, were there any, would still be there


def test_measuring_the_speed_leaves_the_network_as_it_was():
    network = small_network()
    before = network.model.get_weights()
    assert seconds_per_photo(network, TrainingSettings(batch_size=2)) > 0
    assert all(np.array_equal(one, other) for one, other in zip(before, network.model.get_weights(), strict=True))


def test_mixed_precision_learns_the_same_and_leaves_a_float32_network(tmp_path):
    losses = {}
    for precision in ("float32", "mixed_bfloat16"):
        network = small_network()
        settings = TrainingSettings(epochs=10, batch_size=4, monitor="none", precision=precision)
        losses[precision] = train(network, batches(), batches(), settings, tmp_path / precision).history["loss"]
        assert {layer.dtype_policy.name for layer in network.model.layers} == {"float32"}
        assert network.model.predict(batches()[0][0], verbose=0).dtype == np.float32
    assert losses["mixed_bfloat16"] != losses["float32"]
    assert losses["mixed_bfloat16"][-1] == pytest.approx(losses["float32"][-1], rel=0.05)


def test_an_average_of_the_weights_is_what_is_validated_and_kept(tmp_path):
    kept = {}
    for average in (0.0, 0.9):
        network = small_network()
        settings = TrainingSettings(
            epochs=6, batch_size=4, learning_rate=5e-3, average=average, precision="float32", schedule="cosine"
        )
        record = train(network, batches(), batches(), settings, tmp_path / str(average))
        loss = evaluate(network, PHOTOS, TrainingSettings(batch_size=4)).loss
        assert loss == pytest.approx(min(record.history["val_loss"]), rel=1e-3)
        kept[average] = record.history
    assert kept[0.0]["loss"][:2] == pytest.approx(kept[0.9]["loss"][:2], rel=1e-4)
    assert kept[0.0]["val_loss"][1] != kept[0.9]["val_loss"][1]


def train_with_encoder(tmp_path, weights, **settings):
    """Train a small mobilenet_unet; return its record and its encoder's weights before and after."""
    network = build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights=str(weights)))
    encoder = [weight for layer in encoder_layers(network.model) for weight in layer.weights]
    before = [weight.numpy() for weight in encoder]
    folder = tmp_path / "-".join(map(str, settings.values()))
    record = train(network, batches(), batches(), TrainingSettings(batch_size=4, **settings), folder)
    return record, before, [weight.numpy() for weight in encoder]


def test_a_frozen_encoder_keeps_its_weights_and_then_learns(tmp_path, encoder_weights):
    record, before, after = train_with_encoder(tmp_path, encoder_weights, epochs=2, frozen_epochs=2)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert record.history["learning_rate"] == pytest.approx((3e-4, 3e-4))
    # What is loaded to go on with is not frozen for ever.
    (best,) = tmp_path.rglob("best.h5")
    frozen = [layer for layer in encoder_layers(load(best).model) if not layer.trainable]
    assert all("bn" in layer.name.lower() for layer in frozen)
    record, before, after = train_with_encoder(tmp_path, encoder_weights, epochs=3, frozen_epochs=1, monitor="none")
    assert not all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert record.history["learning_rate"] == pytest.approx((3e-4, 1.5e-4, 1.5e-4))


def test_averaging_changes_what_is_kept_but_not_the_way_there(tmp_path, encoder_weights):
    how = {"epochs": 3, "frozen_epochs": 1, "monitor": "none", "precision": "float32"}
    plain, _, last = train_with_encoder(tmp_path, encoder_weights, **how)
    averaged, _, mean = train_with_encoder(tmp_path, encoder_weights, average=0.9, **how)
    assert averaged.history["loss"] == pytest.approx(plain.history["loss"], rel=1e-3)
    assert not all(np.array_equal(one, other) for one, other in zip(last, mean, strict=True))


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "plateau", "learning_rate": 0.01, "plateau_epochs": 1},
        {"schedule": "cosine", "average": 0.9, "monitor": "val_accuracy"},
        {"schedule": "cosine", "precision": "mixed_bfloat16"},
    ],
)
def test_a_training_interrupted_again_and_again_ends_with_the_same_weights(tmp_path, settings):
    settings = TrainingSettings(epochs=5, batch_size=2, **settings)

    def network():
        return build(ModelSettings(size=64, filters=(8, 16, 16), dropout=0.2))

    def photos():
        return PhotoBatches(PHOTOS, 64, 2, 1, AugmentationSettings())

    whole = network()
    record = train(whole, photos(), batches(), settings, tmp_path / "whole")
    # Within the first epoch, within the second, right behind the third, and within the last.
    for count, epoch in ((1, 1), (4, 2), (5, 3), (4, 5)):
        with pytest.raises(TrainingStopped) as stopped:
            train(network(), photos(), batches(), settings, tmp_path / "parts", should_stop=behind(count))
        assert stopped.value.epoch == epoch
    assert load(tmp_path / "parts" / "last.h5").size == 64
    resumed = network()
    again = train(resumed, photos(), batches(), settings, tmp_path / "parts")
    assert again.history == record.history
    assert again.kept_epoch == record.kept_epoch
    pairs = zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_training_stopped_between_its_phases_goes_on_to_the_same_weights(tmp_path, encoder_weights):
    settings = TrainingSettings(epochs=3, batch_size=2, frozen_epochs=1, average=0.9, schedule="cosine")

    def network():
        return build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights=str(encoder_weights)))

    whole, resumed = network(), network()
    train(whole, batches(2), batches(), settings, tmp_path / "whole")
    for _ in range(2):  # in the first step behind the frozen epoch, and one epoch later
        with pytest.raises(TrainingStopped):
            train(network(), batches(2), batches(), settings, tmp_path / "parts", should_stop=behind(3))
    train(resumed, batches(2), batches(), settings, tmp_path / "parts")
    pairs = zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_state_that_is_damaged_or_another_networks_is_refused(tmp_path):
    settings = TrainingSettings(epochs=1, batch_size=4)
    train(small_network(), batches(), batches(), settings, tmp_path)
    other = build(ModelSettings(size=64, filters=(8, 8)))
    with pytest.raises(ColorizeError, match="another network"):
        train(other, batches(), batches(), settings, tmp_path)
    state = tmp_path / "state.npz"
    state.write_bytes(state.read_bytes()[:5000])
    with pytest.raises(ColorizeError, match="damaged"):
        train(small_network(), batches(), batches(), settings, tmp_path)


def test_memory_that_does_not_suffice_is_a_sentence_naming_a_batch_size_and_the_training_goes_on(tmp_path):
    luma = keras.Input((64, 64, 1))
    # 275 GB for every photo, more than any machine gives to one array.
    large = keras.layers.AveragePooling2D(4096)(keras.layers.UpSampling2D(4096)(luma))
    model = keras.Model(luma, keras.layers.Conv2D(3, 1)(large))
    with pytest.raises(ColorizeError, match="batches of 4 photos; try --batch-size 2"):
        train(Network(model, "large", 64), batches(), batches(), TrainingSettings(batch_size=4), tmp_path / "large")
    settings = TrainingSettings(epochs=4, batch_size=4, schedule="cosine")
    with pytest.raises(TrainingStopped):
        train(small_network(), batches(), batches(), settings, tmp_path, should_stop=behind(2))
    record = train(small_network(), batches(2), batches(), replace(settings, batch_size=2), tmp_path)
    assert len(record.history["loss"]) == 4
    assert record.history["learning_rate"][-1] < settings.learning_rate / 5


def test_a_classifying_network_learns_the_colours_of_a_few_photos(tmp_path):
    network = build(ModelSettings(size=64, filters=(16, 32, 64), head="classification"))
    settings = TrainingSettings(epochs=60, batch_size=4, learning_rate=5e-3)
    record = train(network, batches(), batches(), settings, tmp_path)
    result = evaluate(network, PHOTOS, TrainingSettings(batch_size=4))
    assert set(record.history) == {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    assert record.history["val_loss"][-1] < record.history["val_loss"][0]
    assert result.predicted.ciede2000 < result.gray.ciede2000
    assert result.predicted.colourfulness > 10
    gray = batches()[0][0]
    kept = load(tmp_path / "best.h5").model.predict(gray, verbose=0)
    assert np.abs(kept - network.model.predict(gray, verbose=0)).max() < 1e-6


def test_colours_are_divided_among_the_bins_around_them():
    rgb = batches()[0][1]
    shares = np.asarray(soft_bins(rgb, 4))
    assert shares.shape == (4, 16, 16, len(chroma_bins()))
    assert np.abs(shares.sum(axis=-1) - 1).max() < 1e-5
    small = rgb.reshape(4, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    offset = shares @ chroma_bins() @ CHROMA_TO_OFFSET
    assert np.abs(luma(small)[..., None] + offset - small).max() < 0.02


def test_rare_colours_weigh_more_and_all_weigh_one_on_average():
    weights = class_weights(batches())
    shares = np.asarray(soft_bins(batches()[0][1], 4)).mean(axis=(0, 1, 2))
    assert weights[shares.argmax()] == weights.min()
    assert (weights * shares).sum() == pytest.approx(1, rel=1e-4)
