import numpy as np
import pytest

from colorizer.network.architectures import build
from colorizer.settings import ModelSettings, TrainingSettings
from colorizer.training.callbacks import gradient_norms
from colorizer.training.diagnosis import gradient_history, said_of_gradients
from colorizer.training.phases import compile_model
from colorizer.training.train import train_network
from tests.small_trainings import batches, small_network


def _compiled(network):
    settings = TrainingSettings()
    compile_model(network.model, settings, settings.learning_rate)
    return network.model


def test_a_layer_that_a_rectifier_has_cut_off_gets_no_gradient_and_is_named():
    model = _compiled(build(ModelSettings(size=64, filters=(8, 8, 16))))
    photos, truth = batches()[0]
    before = gradient_norms(model, photos, truth)
    assert min(before.values()) > 0
    assert said_of_gradients({name: (value,) for name, value in before.items()}) == ()
    last = model.get_layer("chroma")
    last.set_weights([last.get_weights()[0] * 0, last.get_weights()[1]])
    after = gradient_norms(model, photos, truth)
    assert after["gradient/chroma"] > 0
    assert {value for name, value in after.items() if name != "gradient/chroma"} == {0.0}
    (said,) = said_of_gradients({name: (value,) for name, value in after.items()})
    assert "No gradient reaches" in said


def test_vanishing_and_exploding_gradients_are_told_apart():
    well = {f"gradient/layer{number}": (1e-3, 1e-3) for number in range(6)}
    assert said_of_gradients(well) == ()
    assert said_of_gradients({"loss": (1.0,)}) == ()
    (vanishing,) = said_of_gradients({**well, "gradient/layer0": (1e-3, 1e-8)})
    assert "vanish on their way to layer0" in vanishing
    (exploding,) = said_of_gradients(dict.fromkeys(well, (1e-3, 1.0)))
    assert "explode" in exploding


@pytest.mark.slow
def test_a_training_records_them_where_wanted_and_ends_with_the_same_weights(tmp_path):
    ends = []
    for number, is_wanted in enumerate((False, True)):
        network = small_network()
        settings = TrainingSettings(epochs=2, batch_size=4, gradients=is_wanted)
        record = train_network(network, batches(), batches(), settings, tmp_path / str(number))
        gradients = gradient_history(record.history)
        assert bool(gradients) == is_wanted
        ends.append(network.model.get_weights())
    assert all(values.shape == (2,) and (values > 0).all() for values in gradients.values())
    assert all(np.array_equal(one, other) for one, other in zip(*ends, strict=True))
