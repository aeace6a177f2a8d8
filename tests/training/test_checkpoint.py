import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from colorizer.errors import ColorizeError
from colorizer.training.checkpoint import BEST, LAST, STATE, Checkpoint, assign, load_checkpoint, save_checkpoint
from colorizer.training.train import TrainingControl, TrainingStopped, train_network
from tests.adversarial_trainings import ADVERSARIAL, equal, network, photos, settings, validation
from tests.small_trainings import after


@pytest.mark.slow
def test_an_adversarial_phase_interrupted_again_and_again_ends_with_the_same_players(tmp_path):
    how = settings(epochs=2, batch_size=2, average=0.9, adversarial=replace(ADVERSARIAL, epochs=3))
    whole = network()
    record = train_network(whole, photos(2), validation(), how, tmp_path / "whole")
    # In the first step of the adversarial phase, and in that of its last epoch.
    for count, epoch in ((6, 3), (6, 5)):
        with pytest.raises(TrainingStopped) as stopped:
            train_network(
                network(), photos(2), validation(), how, tmp_path / "parts", TrainingControl(should_stop=after(count))
            )
        assert stopped.value.epoch == epoch
    resumed = network()
    again = train_network(resumed, photos(2), validation(), how, tmp_path / "parts")
    assert again.history == record.history
    assert again.kept_epoch == record.kept_epoch
    assert equal(whole.model.get_weights(), resumed.model.get_weights())
    ends = [load_checkpoint(tmp_path / name / STATE).arrays for name in ("whole", "parts")]
    assert ends[0].keys() == ends[1].keys() >= {"discriminator", "discriminator_optimizer"}
    assert all(equal(ends[0][name], ends[1][name]) for name in ends[0])


@pytest.mark.slow
def test_a_state_written_before_there_were_adversarial_phases_is_still_taken_up(tmp_path):
    how = settings(epochs=2, adversarial=None)
    whole, resumed = network(), network()
    train_network(whole, photos(), validation(), how, tmp_path / "whole")
    with pytest.raises(TrainingStopped):
        train_network(network(), photos(), validation(), how, tmp_path / "parts", TrainingControl(should_stop=after(2)))
    path = tmp_path / "parts" / STATE
    with np.load(path) as stored:
        written = dict(stored)
    numbers = json.loads(str(written["numbers"]))
    for name in ("version", "least_gain", "collapse", "is_playing"):
        del numbers[name]
    np.savez(path, **(written | {"numbers": np.array(json.dumps(numbers))}))
    train_network(resumed, photos(), validation(), how, tmp_path / "parts")
    assert equal(whole.model.get_weights(), resumed.model.get_weights())


def whole() -> Checkpoint:
    return Checkpoint(
        epochs=3,
        history={"loss": [0.5, 0.25, 0.125], "val_gain": [None, None, 1.5]},
        seconds=12.5,
        best=(0.25, 2),
        is_adversarial=True,
        plateau={"best": 0.25, "wait": 1.0},
        average=7,
        collapse=(4, "the discriminator has won"),
        least_gain=0.75,
        arrays={
            # More than ten, and than a hundred: in the order they had, not in that of their names as text.
            "model": [np.full((2, 3), number, np.float32) for number in range(120)],
            "optimizer": [np.arange(4), np.float32(1e-3).reshape(())],
            "discriminator_optimizer": [np.zeros((0, 5), np.float32)],
        },
    )


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    save_checkpoint(tmp_path / STATE, whole())
    again = load_checkpoint(tmp_path / STATE)
    assert replace(again, arrays={}) == replace(whole(), arrays={})
    assert again.arrays.keys() == whole().arrays.keys()
    for name, arrays in whole().arrays.items():
        assert len(again.arrays[name]) == len(arrays)
        for one, other in zip(again.arrays[name], arrays, strict=True):
            assert one.dtype == other.dtype
            assert np.array_equal(one, other)
    assert [path.name for path in tmp_path.iterdir()] == [STATE]


def test_what_a_training_that_has_just_begun_has_not_seen_is_nothing(tmp_path):
    save_checkpoint(tmp_path / STATE, Checkpoint(epochs=0, history={}, seconds=0.0, best=(np.inf, 0)))
    assert load_checkpoint(tmp_path / STATE) == Checkpoint(
        epochs=0, history={}, seconds=0.0, best=(np.inf, 0), is_adversarial=False, plateau={}, average=0,
        collapse=(0, ""), least_gain=0.0, arrays={},
    )  # fmt: skip


def test_the_files_of_an_unfinished_training_keep_their_names(tmp_path):
    # What was interrupted before an update is taken up after it.
    assert (BEST, LAST, STATE) == ("best.h5", "last.h5", "state.npz")
    save_checkpoint(tmp_path / STATE, whole())
    with np.load(tmp_path / STATE) as stored:
        numbers = json.loads(str(stored["numbers"]))
        assert stored["model-00119"][0, 0] == 119
    assert numbers == {
        "version": 1, "epochs": 3, "is_playing": True, "history": whole().history, "seconds": 12.5,
        "plateau": whole().plateau, "best": [0.25, 2], "average": 7, "collapse": [4, "the discriminator has won"],
        "least_gain": 0.75,
    }  # fmt: skip


def rewritten(path, **changed) -> None:
    """Write a sound checkpoint with other numbers; those that are None are left out."""
    save_checkpoint(path, whole())
    with np.load(path) as stored:
        written = dict(stored)
    numbers = json.loads(str(written["numbers"])) | changed
    numbers = {name: value for name, value in numbers.items() if value is not None}
    np.savez(path, **(written | {"numbers": np.array(json.dumps(numbers))}))


def test_a_checkpoint_of_before_there_were_versions_is_read_and_one_of_a_newer_program_is_not(tmp_path):
    path = tmp_path / STATE
    later = ("version", "is_playing", "plateau", "average", "collapse", "least_gain")
    rewritten(path, **dict.fromkeys(later))
    first = load_checkpoint(path)
    assert replace(first, arrays={}) == Checkpoint(3, whole().history, 12.5, (0.25, 2))
    rewritten(path, version=2)
    with pytest.raises(ColorizeError, match=rf"{path} was written by a newer version of this program"):
        load_checkpoint(path)


def test_there_is_no_checkpoint_where_nothing_was_written(tmp_path):
    assert load_checkpoint(tmp_path / STATE) is None


@pytest.mark.parametrize("name", ["epochs", "history", "seconds", "best"])
def test_a_checkpoint_that_lacks_what_every_one_has_is_damaged(tmp_path, name):
    rewritten(tmp_path / STATE, **{name: None})
    with pytest.raises(ColorizeError, match=rf"Cannot resume from {tmp_path / STATE}: it is damaged"):
        load_checkpoint(tmp_path / STATE)


def test_pickled_objects_are_neither_written_nor_read(tmp_path):
    path = tmp_path / STATE
    objects = np.array([{}], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle"):
        save_checkpoint(path, replace(whole(), arrays={"model": [objects]}))
    assert not path.exists()
    save_checkpoint(path, whole())
    with np.load(path) as stored:
        written = dict(stored)
    np.savez(path, **(written | {"model-00000": objects}))
    with pytest.raises(ColorizeError, match="it is damaged"):
        load_checkpoint(path)


def test_variables_get_the_values_they_had_unless_these_are_another_networks(tmp_path):
    variables = [keras.Variable(np.zeros((2, 3))), keras.Variable(np.zeros(4))]
    values = [np.full((2, 3), 5.0), np.arange(4.0)]
    assign(variables, values, tmp_path / STATE)
    assert np.array_equal(variables[0].numpy(), values[0])
    assert np.array_equal(variables[1].numpy(), values[1])
    for others in (values[::-1], values[:1], [*values, values[0]]):
        with pytest.raises(ColorizeError, match=rf"{tmp_path / STATE}: it belongs to another network"):
            assign(variables, others, tmp_path / STATE)
    assert np.array_equal(variables[0].numpy(), values[0])
