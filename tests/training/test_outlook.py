import pytest

from colorizer.training.diagnosis import outlook_of


@pytest.mark.parametrize(
    ("losses", "validation", "overfitting", "improving", "best"),
    [
        ([5, 4, 3, 2, 1], [5, 4, 3.1, 2.2, 1.5], False, True, 5),
        ([5, 4, 3, 2, 1, 0.5], [5, 4, 4.1, 4.2, 4.4, 4.6], True, False, 2),
        ([5, 4, 4, 4, 4, 4], [5, 4, 4.1, 4.1, 4.1, 4.1], False, False, 2),
        ([5, 4, 3, 2.9], [5, 4, 3.9, 3.95], False, False, 3),
        ([5, 4.99, 4.98], [5, 4.999, 4.998], False, False, 3),
    ],
)
def test_the_curves_tell_learning_by_heart_from_learning_on(losses, validation, overfitting, improving, best):
    found = outlook_of({"loss": losses, "val_loss": validation})
    assert (found.is_overfitting, found.is_improving, found.best_epoch) == (overfitting, improving, best)


def test_nothing_is_said_of_a_training_too_short_to_tell():
    assert outlook_of({"loss": [5, 4], "val_loss": [5, 4]}) is None
    assert outlook_of({}) is None
