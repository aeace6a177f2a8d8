import json
from dataclasses import replace

import pytest

from colorizer.network.architectures import build
from colorizer.network.model_files import PRETRAINED
from colorizer.runs.specification import fine_tuning_settings
from colorizer.settings import FINE_TUNING, SHIPPED_WEIGHTS, ModelSettings


@pytest.fixture(scope="module")
def plain():
    return build(ModelSettings(size=32, filters=(4, 8)))


@pytest.fixture(scope="module")
def with_encoder():
    return build(
        ModelSettings(architecture="mobilenet_unet", size=32, filters=(4, 4, 4), encoder_weights=SHIPPED_WEIGHTS)
    )


def recorded(folder, record) -> object:
    (folder / "model.json").write_text(record if isinstance(record, str) else json.dumps(record), encoding="utf-8")
    return folder / "model.h5"


def test_the_shipped_model_goes_on_with_the_loss_it_was_trained_with(with_encoder):
    proposed = fine_tuning_settings(replace(with_encoder, path=PRETRAINED))
    assert proposed == FINE_TUNING
    assert proposed.loss == "log_squared_error"
    assert proposed.colourfulness_weight > 0


def test_a_model_goes_on_with_the_loss_of_its_record(plain, tmp_path):
    made_with = {"loss": "log_squared_error", "colourfulness_weight": 0.02, "colour_difference_weight": 0.1}
    path = recorded(tmp_path, {"settings": made_with | {"learning_rate": 1e-3, "epochs": 40}})
    proposed = fine_tuning_settings(replace(plain, path=path))
    assert {name: getattr(proposed, name) for name in made_with} == made_with
    assert proposed.learning_rate == FINE_TUNING.learning_rate
    assert proposed.fine_tune_from == ""
    assert proposed.start_share == 0


def test_weights_that_a_record_does_not_name_are_zero(plain, tmp_path):
    path = recorded(tmp_path, {"settings": {"loss": "mean_absolute_error"}})
    proposed = fine_tuning_settings(replace(plain, path=path))
    assert (proposed.loss, proposed.colourfulness_weight) == ("mean_absolute_error", 0.0)


@pytest.mark.parametrize(
    "record", ["no JSON", "[]", {"settings": []}, {"settings": {"loss": "huber"}}, {"settings": {"loss": {}}}]
)
def test_a_record_that_says_nothing_is_passed_over(plain, tmp_path, record):
    proposed = fine_tuning_settings(replace(plain, path=recorded(tmp_path, record)))
    assert proposed == replace(FINE_TUNING, fine_tune_from="")
