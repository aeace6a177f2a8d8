import json
import math
from dataclasses import asdict, fields

import pytest

from colorizer.conversation.conversation import WrongFlag
from colorizer.conversation.settings_file import IN_A_FILE, read_settings, with_settings
from colorizer.settings import AdversarialSettings, AugmentationSettings, ModelSettings, TrainingSettings


def test_every_setting_of_a_record_may_be_said_in_a_file():
    names = {f"model.{field.name}" for field in fields(ModelSettings)}
    names |= {f"settings.{field.name}" for field in fields(TrainingSettings)} - {
        "settings.adversarial",
        "settings.augmentation",
    }
    names |= {f"settings.augmentation.{field.name}" for field in fields(AugmentationSettings)}
    names |= {f"settings.adversarial.{field.name}" for field in fields(AdversarialSettings)}
    assert set(IN_A_FILE) == names


@pytest.mark.parametrize("adversarial", [None, AdversarialSettings(l1_weight=187.5, epochs=3)])
def test_the_record_beside_a_model_gives_the_answers_it_was_trained_with(tmp_path, adversarial):
    settings = TrainingSettings(epochs=9, learning_rate=1e-3, loss="mean_absolute_error", adversarial=adversarial)
    model = ModelSettings("mobilenet_unet", 128, filters=(8, 16, 32), dropout=0.25)
    record = {"version": 1, "network": {"name": "mobilenet_unet"}, "model": asdict(model)}
    others = {"photos": {"train": 3}, "start_evaluation": None, "learned_from": ["0123456789ab"]}
    (tmp_path / "model.json").write_text(json.dumps(record | {"settings": asdict(settings), **others}))
    answers = read_settings(tmp_path / "model.json")
    assert answers["architecture"] == "mobilenet_unet"
    assert answers["model_filters"] == (8, 16, 32)
    assert answers["model_dropout"] == 0.25
    assert (answers["epochs"], answers["learning_rate"], answers["loss"]) == (9, 1e-3, "mean_absolute_error")
    assert answers["training"] == ("adversarial" if adversarial else "regression")
    assert answers.get("adversarial_l1_weight") == (187.5 if adversarial else None)
    assert "encoder_weights" not in answers


def test_toml_is_read_too(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('[model]\nfilters = [8, 16]\n\n[settings]\nfrozen_epochs = 2\nschedule = "cosine"\n')
    answers = read_settings(path)
    assert answers == {"model_filters": (8, 16), "frozen_epochs": 2, "schedule": "cosine"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"settings": {"epochz": 3}}', "there is no setting 'settings.epochz'; did you mean 'settings.epochs'?"),
        ('{"settings": {"dropout_rate": {"x": 1}}}', "there is no setting 'settings.dropout_rate.x'"),
        ('{"settings": {"epochs": "many"}}', "settings.epochs: 'many' is not a whole number."),
        ('{"settings": {"epochs": true}}', "settings.epochs: 'True' is not a whole number."),
        ('{"model": {"dropout": 2}}', "model.dropout: 2 is out of range. Please enter a number from 0 to 0.9."),
        (
            '{"model": {"head": "both"}}',
            "model.head: 'both' is not an option. Please enter one of: regression, classification.",
        ),
        ("{", "it cannot be read"),
        ("[1, 2]", "it holds no table of settings."),
        ('{"settings": {"adversarial": true}}', "there is no setting 'settings.adversarial'"),
        ('{"settings": 3}', "there is no setting 'settings'"),
        ('{"settings": {"epochs": 3, "epochs": 4}}', "the key 'epochs' appears twice."),
        (
            '{"settings": {"epochs": 3}, "settings.epochs": 4}',
            "settings.epochs is given twice, with two values: 3",
        ),
        ('{"settings": {"seed": 3}, "model": {"seed": 4}}', "model.seed is given twice, with two values: 3 and 4."),
        ('{"version": 99}', "it has version 99, but this program reads up to 1: update it."),
        ('{"version": "1"}', "its version must be a whole number from 1 to 1."),
        ('{"version": 0}', "its version must be a whole number from 1 to 1."),
        ('{"settings": {"dropout": NaN}}', "there is no setting 'settings.dropout'"),
        ('{"model": {"dropout": NaN}}', "model.dropout: nan is out of range"),
        (
            '{"settings": {"epochs": "' + "9" * 2_000 + '"}}',
            "settings.epochs has a value of more than 1,000 char",
        ),
        ('{"a": ' * 50 + "1" + "}" * 50, "it cannot be read: it is nested more than 32 levels deep."),
    ],
)
def test_a_wrong_name_or_value_gets_a_sentence(tmp_path, text, sentence):
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(WrongFlag) as wrong:
        read_settings(tmp_path / "settings.json")
    assert str(wrong.value).startswith(f"--settings {tmp_path / 'settings.json'}: ")
    assert sentence in str(wrong.value)


def test_a_key_of_many_parts_or_given_twice_in_toml_gets_a_sentence(tmp_path):
    path = tmp_path / "settings.toml"
    for text, sentence in (("a.b" * 20_000 + "=1", "a key of more than 32 parts"), ("a=1\na=2", "not valid TOML")):
        path.write_text(text)
        with pytest.raises(WrongFlag, match=sentence):
            read_settings(path)


def test_a_record_with_the_history_of_a_training_that_diverged_is_read(tmp_path):
    record = {"version": 1, "settings": {"epochs": 3, "seed": 7}, "model": {"seed": 7}, "learned_from": ["a"]}
    (tmp_path / "model.json").write_text(json.dumps({**record, "training": {"history": {"loss": [math.nan]}}}))
    assert read_settings(tmp_path / "model.json") == {"epochs": 3, "seed": 7}


def test_an_empty_table_of_adversarial_settings_makes_the_training_adversarial(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("[settings.adversarial]\n")
    assert read_settings(path) == {"training": "adversarial"}


def test_what_is_typed_comes_before_the_file(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("[settings]\nepochs = 9\nbatch_size = 4\n[settings.adversarial]\nepochs = 3\nl1_weight = 5\n")
    assert with_settings({"epochs": 2, "training": "regression"}, path) == {
        "training": "regression",
        "epochs": 2,
        "batch_size": 4,
    }
    assert with_settings({}, path)["adversarial_epochs"] == 3


def test_a_training_with_random_weights_can_be_repeated_from_its_record(tmp_path):
    (tmp_path / "model.json").write_text(json.dumps({"model": asdict(ModelSettings(encoder_weights="random"))}))
    assert read_settings(tmp_path / "model.json")["encoder_weights"] == "random"
