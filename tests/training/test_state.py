import numpy as np
import pytest

from colorizer.dataset.batches import Augmentation, PhotoBatches
from colorizer.errors import ColorizeError
from colorizer.network.architectures import build
from colorizer.network.model_files import load
from colorizer.settings import ModelSettings, TrainingSettings
from colorizer.training.train import TrainingControl, TrainingStopped, train_network
from tests.small_trainings import PHOTOS, after, batches, small_network

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("settings", "moments"),
    [
        # Within the first epoch, within the second, right after the third, and within the last.
        (
            {"learning_rate": 0.01, "schedule": "plateau", "plateau_epochs": 1, "precision": "mixed_bfloat16"},
            ((1, 1), (4, 2), (5, 3), (4, 5)),
        ),
        ({"optimizer": "rmsprop", "schedule": "cosine", "average": 0.9, "monitor": "val_accuracy"}, ((4, 2), (5, 3))),
        ({"optimizer": "sgd", "monitor": "none"}, ((4, 2),)),
    ],
)
def test_a_training_interrupted_again_and_again_ends_with_the_same_weights(tmp_path, settings, moments):
    settings = TrainingSettings(epochs=5, batch_size=2, **settings)

    def network():
        return build(ModelSettings(size=64, filters=(8, 16, 16), dropout=0.2))

    def photos():
        return PhotoBatches(PHOTOS, 64, 2, augmentation=Augmentation(seed=1))

    whole = network()
    record = train_network(whole, photos(), batches(), settings, tmp_path / "whole")
    for count, epoch in moments:
        with pytest.raises(TrainingStopped) as stopped:
            train_network(
                network(), photos(), batches(), settings, tmp_path / "parts", TrainingControl(should_stop=after(count))
            )
        assert stopped.value.epoch == epoch
    assert load(tmp_path / "parts" / "last.h5").size == 64
    resumed = network()
    again = train_network(resumed, photos(), batches(), settings, tmp_path / "parts")
    assert again.history == record.history
    assert again.kept_epoch == record.kept_epoch
    pairs = zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_training_stopped_between_its_phases_goes_on_to_the_same_weights(tmp_path, encoder_weights):
    settings = TrainingSettings(epochs=2, batch_size=2, frozen_epochs=1, average=0.9, schedule="cosine")

    def network():
        return build(ModelSettings(architecture="mobilenet_unet", size=64, encoder_weights=str(encoder_weights)))

    whole, resumed = network(), network()
    train_network(whole, batches(2), batches(), settings, tmp_path / "whole")
    with pytest.raises(TrainingStopped):  # in the first step after the frozen epoch
        train_network(
            network(), batches(2), batches(), settings, tmp_path / "parts", TrainingControl(should_stop=after(2))
        )
    train_network(resumed, batches(2), batches(), settings, tmp_path / "parts")
    pairs = zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_state_that_is_damaged_or_another_networks_is_refused(tmp_path):
    settings = TrainingSettings(epochs=1, batch_size=4)
    train_network(small_network(), batches(), batches(), settings, tmp_path)
    other = build(ModelSettings(size=64, filters=(8, 8)))
    with pytest.raises(ColorizeError, match="another network"):
        train_network(other, batches(), batches(), settings, tmp_path)
    state = tmp_path / "state.npz"
    state.write_bytes(state.read_bytes()[:5000])
    with pytest.raises(ColorizeError, match="damaged"):
        train_network(small_network(), batches(), batches(), settings, tmp_path)
