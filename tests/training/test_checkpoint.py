import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from colorizer.training.checkpoint import STATE, load_checkpoint
from colorizer.training.train import TrainingStopped, train_network
from tests.adversarial_trainings import ADVERSARIAL, equal, network, photos, settings, validation


@pytest.mark.slow
def test_an_adversarial_phase_interrupted_again_and_again_ends_with_the_same_players(tmp_path):
    how = settings(epochs=2, batch_size=2, average=0.9, adversarial=replace(ADVERSARIAL, epochs=3))
    whole = network()
    record = train_network(whole, photos(2), validation(), how, tmp_path / "whole")
    # In the first step of the adversarial phase, and in that of its last epoch.
    for count, epoch in ((6, 3), (6, 5)):
        asked = itertools.count()
        with pytest.raises(TrainingStopped) as stopped:
            train_network(
                network(),
                photos(2),
                validation(),
                how,
                tmp_path / "parts",
                should_stop=lambda asked=asked, count=count: next(asked) >= count,
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
        train_network(network(), photos(), validation(), how, tmp_path / "parts", should_stop=lambda: True)
    asked = itertools.count()
    with pytest.raises(TrainingStopped):
        train_network(network(), photos(), validation(), how, tmp_path / "parts", should_stop=lambda: next(asked) >= 2)
    path = tmp_path / "parts" / STATE
    with np.load(path) as stored:
        written = dict(stored)
    numbers = json.loads(str(written["numbers"]))
    for name in ("version", "least_gain", "collapse", "is_playing"):
        del numbers[name]
    np.savez(path, **(written | {"numbers": np.array(json.dumps(numbers))}))
    train_network(resumed, photos(), validation(), how, tmp_path / "parts")
    assert equal(whole.model.get_weights(), resumed.model.get_weights())
