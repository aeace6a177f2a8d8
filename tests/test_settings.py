from dataclasses import replace

import pytest

from colorizer.conversation.question import WrongAnswer
from colorizer.conversation.questions import BATCH_SIZE, EPOCHS, LEARNING_RATE, SIZE, WORKERS
from colorizer.conversation.settings_file import FILTERS, HEAD, LABEL_SMOOTHING
from colorizer.errors import ColorizeError
from colorizer.settings import AdversarialSettings, ModelSettings, Reading, TrainingSettings


@pytest.mark.parametrize(
    ("kind", "field", "value", "question", "typed"),
    [
        (TrainingSettings, "epochs", -1, EPOCHS, "-1"),
        (TrainingSettings, "epochs", 99999, EPOCHS, "99999"),
        (TrainingSettings, "batch_size", 0, BATCH_SIZE, "0"),
        (TrainingSettings, "learning_rate", 2, LEARNING_RATE, "2"),
        (ModelSettings, "size", 100, SIZE, "100"),
        (ModelSettings, "filters", (16,), FILTERS, "16"),
        (ModelSettings, "filters", (16, 0), FILTERS, "16,0"),
        (ModelSettings, "head", "both", HEAD, "both"),
        (AdversarialSettings, "label_smoothing", 0.7, LABEL_SMOOTHING, "0.7"),
        (Reading, "workers", 0, WORKERS, "0"),
    ],
)
def test_a_value_out_of_range_is_refused_when_made_with_the_sentence_of_its_question(
    kind, field, value, question, typed
):
    with pytest.raises(WrongAnswer) as answered:
        question.parse(typed)
    with pytest.raises(ColorizeError) as made:
        kind(**{field: value})
    assert str(made.value) == f"{field}: {answered.value}"
    with pytest.raises(ValueError, match=field):
        replace(kind(), **{field: value})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"epochs": "many"}, "epochs: 'many' is not a whole number."),
        ({"epochs": 2.5}, "epochs: 2.5 is not a whole number."),
        ({"epochs": True}, "epochs: True is not a whole number."),
        ({"average": float("nan")}, "average: nan is out of range. Please enter a number from 0 to 0.9999."),
        (
            {"loss": "cosine"},
            "loss: 'cosine' is not an option. Please enter one of: mean_squared_error, mean_absolute_error",
        ),
    ],
)
def test_a_value_of_another_kind_is_refused_too(wrong, sentence):
    with pytest.raises(ColorizeError) as made:
        TrainingSettings(**wrong)
    assert str(made.value).startswith(sentence)


def test_what_a_default_says_is_never_refused():
    assert ModelSettings(filters=()).filters == ()
    assert Reading(workers=None).workers is None
