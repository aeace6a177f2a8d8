import itertools
from dataclasses import replace

import keras
import numpy as np
import pytest
from conftest import SHIPPED

from colorizer.adversarial import AdversarialGame, discriminator, judgement, judging_loss, least_judging_loss
from colorizer.batches import PhotoBatches
from colorizer.callbacks import Collapse
from colorizer.checkpoint import load_state, save_state
from colorizer.course import BEST, STATE
from colorizer.model import Network, build, load, receptive_field
from colorizer.settings import (
    AdversarialSettings,
    AugmentationSettings,
    ColorizeError,
    ModelSettings,
    TrainingSettings,
)
from colorizer.training import TrainingStopped, train

PHOTOS = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]
GAME = AdversarialSettings(epochs=1, filters=8)


def network():
    return build(ModelSettings(size=64, filters=(8, 16, 16), dropout=0.2))


def photos(batch_size: int = 4) -> PhotoBatches:
    return PhotoBatches(PHOTOS, 64, batch_size, 1, AugmentationSettings())


def validation() -> PhotoBatches:
    return PhotoBatches(PHOTOS, 64, 4)


def settings(**changes) -> TrainingSettings:
    return replace(TrainingSettings(epochs=1, batch_size=4, precision="float32", adversarial=GAME), **changes)


def equal(these, those) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(these, those, strict=True))


def test_the_discriminator_judges_patches_of_70_by_70_pixels():
    judge = discriminator(GAME)
    assert receptive_field(judge) == 70
    logits = judge([np.zeros((2, 128, 96, 1)), np.zeros((2, 128, 96, 2))])
    assert logits.shape == (2, 14, 10, 1)


@pytest.mark.parametrize("loss", ["cross_entropy", "least_squares", "hinge"])
def test_an_epoch_of_the_game_moves_both_players(tmp_path, loss):
    played, game = network(), replace(GAME, loss=loss)
    before = played.model.get_weights()
    record = train(played, photos(), validation(), settings(epochs=0, adversarial=game, monitor="none"), tmp_path)
    assert not equal(before, played.model.get_weights())
    untouched = discriminator(game, seed=settings().seed)
    judge = load_state(tmp_path / STATE).arrays["discriminator"]
    kernels = [place for place, variable in enumerate(untouched.variables) if len(variable.shape) == 4]
    assert len(kernels) == 5
    assert all(not np.array_equal(untouched.variables[place], judge[place]) for place in kernels)
    assert record.kept_epoch == 1


def test_the_history_tells_both_stages_with_the_game_s_own_figures_only_in_the_game(tmp_path):
    reports = []
    record = train(network(), photos(), validation(), settings(epochs=2), tmp_path, reports.append)
    assert [phase.name for phase in record.phases] == ["regression", "adversarial"]
    assert [(each.epoch, each.phase) for each in reports if each.finished] == [
        (1, "regression"),
        (2, "regression"),
        (3, "adversarial"),
    ]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
        assert all(isinstance(value, float) for value in record.history[name])
        assert len(record.history[name]) == 3
    for name in ("generator_loss", "discriminator_loss", "discriminator_accuracy", "val_gain", "val_colourfulness"):
        assert record.history[name][:2] == (None, None)
        assert isinstance(record.history[name][2], float)


def game_of(settings: AdversarialSettings) -> AdversarialGame:
    played = AdversarialGame(network().model, discriminator(settings), settings, "mean_absolute_error")
    played.compile(jit_compile=False)
    return played


def test_the_generator_loss_weighs_the_absolute_error_on_the_scale_of_pix2pix_by_lambda():
    gray, rgb = validation()[0]
    figures = [
        game_of(replace(GAME, l1_weight=weight)).train_on_batch(gray, rgb, return_dict=True) for weight in (0, 50)
    ]
    assert figures[0]["loss"] == pytest.approx(figures[1]["loss"], rel=1e-2)  # dropout differs
    difference = figures[1]["generator_loss"] - figures[0]["generator_loss"]
    assert difference == pytest.approx(50 * 2 * figures[1]["loss"], rel=1e-2)


def test_the_generator_learns_what_the_discriminator_takes_for_real():
    # A discriminator that stands still, and no other error: all the generator can do is to please it.
    played = game_of(replace(GAME, l1_weight=0, learning_rate=1e-3, discriminator_learning_rate=1e-30))
    gray, rgb = validation()[0]
    losses = [float(played.train_on_batch(gray, rgb, return_dict=True)["generator_loss"]) for _ in range(30)]
    single = np.diff(np.array(losses) * np.arange(1, 31))  # Keras reports the mean so far
    assert single[-5:].mean() < single[:5].mean()


def test_a_game_interrupted_again_and_again_ends_with_the_same_players(tmp_path):
    how = settings(epochs=2, batch_size=2, average=0.9, adversarial=replace(GAME, epochs=3))
    whole = network()
    record = train(whole, photos(2), validation(), how, tmp_path / "whole")
    # Twice in the regression, in the first step of the game, one epoch later, and in the last.
    for count, epoch in ((1, 1), (3, 2), (3, 3), (3, 4), (3, 5)):
        asked = itertools.count()
        with pytest.raises(TrainingStopped) as stopped:
            train(
                network(),
                photos(2),
                validation(),
                how,
                tmp_path / "parts",
                should_stop=lambda asked=asked, count=count: next(asked) >= count,
            )
        assert stopped.value.epoch == epoch
    resumed = network()
    again = train(resumed, photos(2), validation(), how, tmp_path / "parts")
    assert again.history == record.history
    assert again.kept_epoch == record.kept_epoch
    assert equal(whole.model.get_weights(), resumed.model.get_weights())
    ends = [load_state(tmp_path / name / STATE).arrays for name in ("whole", "parts")]
    assert ends[0].keys() == ends[1].keys() >= {"discriminator", "discriminator_optimizer"}
    assert all(equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_the_game_begins_from_the_best_epoch_of_the_regression(tmp_path):
    # So large a step makes the loss jump about: the last epoch is hardly ever the best.
    how = settings(epochs=6, learning_rate=0.05, adversarial=None)
    regression, shown = network(), {}
    record = train(regression, photos(), validation(), how, tmp_path / "regression")
    assert record.kept_epoch < 6
    # A game of steps that float32 rounds away shows, behind its epoch, what it began with.
    still = replace(how, adversarial=replace(GAME, learning_rate=1e-30))
    train(
        network(),
        photos(),
        validation(),
        still,
        tmp_path / "game",
        show=lambda epoch, played: shown.update({epoch.epoch: played.model.get_weights()}),
    )
    assert sorted(shown) == list(range(1, 8))
    assert equal(regression.model.get_weights(), shown[7])
    assert not equal(regression.model.get_weights(), shown[6])


def test_a_game_that_goes_astray_leaves_the_network_it_began_with(tmp_path):
    played = network()
    before = played.model.get_weights()
    # A step this large throws colours about, and none of them remains nearer to the truth than gray.
    how = settings(epochs=0, adversarial=replace(GAME, learning_rate=0.3))
    record = train(played, photos(), validation(), how, tmp_path)
    assert record.history["val_gain"][-1] < 0
    assert record.kept_epoch == 0
    assert equal(before, played.model.get_weights())
    assert equal(before, load(tmp_path / BEST).model.get_weights())


def test_a_collapsed_game_is_ended_and_explained(tmp_path):
    # Every loss is below this one.
    game = replace(GAME, epochs=5, collapse_loss=100, collapse_steps=3)
    record = train(network(), photos(), validation(), settings(adversarial=game), tmp_path)
    assert "for 3 steps the discriminator has told generated colours from real ones" in record.collapse
    assert len(record.history["loss"]) == 1 + 3
    again = train(network(), photos(), validation(), settings(adversarial=game), tmp_path)
    assert again.collapse == record.collapse
    assert again.history == record.history


def test_smoothed_labels_do_not_hide_a_collapse():
    for loss in ("cross_entropy", "least_squares", "hinge"):
        game = AdversarialSettings(loss=loss, label_smoothing=0.1)
        best = {"cross_entropy": (np.log(9), -50.0), "least_squares": (0.9, 0.0), "hinge": (0.9, -1.0)}[loss]
        real, fake = (np.full((1, 6, 6, 1), logit, np.float32) for logit in best)
        best_loss = float(judging_loss(real, fake, game))
        assert best_loss == pytest.approx(least_judging_loss(game), abs=1e-6)
        collapse = Collapse(replace(game, collapse_steps=5))
        collapse.set_model(network().model)
        collapse.on_epoch_begin(0)
        for batch in range(5):
            assert not collapse.reason
            collapse.on_train_batch_end(batch, {"discriminator_loss": best_loss + 0.001, "generator_loss": 5.0})
        assert "for 5 steps" in collapse.reason


def test_a_game_whose_losses_are_no_numbers_is_ended_and_the_best_network_kept(tmp_path):
    game = replace(GAME, epochs=5, learning_rate=1e30)
    played = network()
    record = train(played, photos(1), validation(), settings(adversarial=game), tmp_path)
    assert "no longer a number" in record.collapse
    assert record.kept_epoch == 1
    assert all(np.isfinite(weight).all() for weight in played.model.get_weights())
    for _ in range(2):  # interrupted behind its end, it ends alike
        resumed = network()
        again = train(resumed, photos(1), validation(), settings(adversarial=game), tmp_path)
        assert (again.kept_epoch, again.collapse) == (1, record.collapse)
        assert equal(played.model.get_weights(), resumed.model.get_weights())


def test_without_a_monitor_a_game_that_lost_its_numbers_leaves_the_regression(tmp_path):
    how = settings(epochs=2, monitor="none", adversarial=replace(GAME, learning_rate=1e30))
    played, regression = network(), network()
    record = train(played, photos(1), validation(), how, tmp_path / "game")
    train(regression, photos(1), validation(), replace(how, adversarial=None), tmp_path / "regression")
    assert "no longer a number" in record.collapse
    assert record.kept_epoch == 2
    assert equal(played.model.get_weights(), regression.model.get_weights())


def test_a_state_written_before_there_were_games_is_still_taken_up(tmp_path):
    how = settings(epochs=2, adversarial=None)
    whole, resumed = network(), network()
    train(whole, photos(), validation(), how, tmp_path / "whole")
    with pytest.raises(TrainingStopped):
        train(network(), photos(), validation(), how, tmp_path / "parts", should_stop=lambda: True)
    asked = itertools.count()
    with pytest.raises(TrainingStopped):
        train(network(), photos(), validation(), how, tmp_path / "parts", should_stop=lambda: next(asked) >= 2)
    state = load_state(tmp_path / "parts" / STATE)
    for name in ("least_gain", "collapse", "is_playing"):
        del state.numbers[name]
    save_state(tmp_path / "parts" / STATE, state)
    train(resumed, photos(), validation(), how, tmp_path / "parts")
    assert equal(whole.model.get_weights(), resumed.model.get_weights())


def test_networks_too_small_for_a_patch_are_refused(tmp_path):
    luma = keras.Input((16, 16, 1))
    tiny = Network(keras.Model(luma, keras.layers.Conv2D(3, 1)(luma)), "tiny", 16)
    with pytest.raises(ColorizeError, match="24 pixels at least"):
        train(tiny, PhotoBatches(PHOTOS, 16, 4), PhotoBatches(PHOTOS, 16, 4), settings(), tmp_path)


@pytest.mark.parametrize(("loss", "undecided"), [("cross_entropy", 0.693), ("least_squares", 0.25), ("hinge", 1.0)])
def test_losses_tell_a_sure_discriminator_from_an_undecided_one(loss, undecided):
    game = AdversarialSettings(loss=loss)
    # The logits that a discriminator should give real and generated patches, and those of one that cannot tell.
    sure, middle = {"cross_entropy": ((50, -50), 0), "least_squares": ((1, 0), 0.5), "hinge": ((1, -1), 0)}[loss]
    real, fake = (np.full((1, 6, 6, 1), logit, np.float32) for logit in sure)
    unsure = np.full((1, 6, 6, 1), middle, np.float32)
    assert float(judging_loss(real, fake, game)) == pytest.approx(0, abs=1e-6)
    assert float(judging_loss(unsure, unsure, game)) == pytest.approx(undecided, abs=1e-3)
    assert float(judgement(real, game)) < float(judgement(fake, game))
