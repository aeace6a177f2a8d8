import io

import pytest

from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation, WrongFlag
from colorizer.conversation.question import WrongAnswer
from colorizer.conversation.training_questions import EPOCHS, SIZE, TRAIN_COUNT


def console(typed: str) -> tuple[Console, io.StringIO]:
    shown = io.StringIO()
    return Console(io.StringIO(typed), shown), shown


def test_a_flag_comes_before_the_person_and_the_person_before_the_default():
    talking = Conversation(console("4\n")[0], {"epochs": 3})
    assert talking.answer(EPOCHS) == 3
    assert Conversation(console("4\n")[0]).answer(EPOCHS) == 4
    assert Conversation(console("4\n")[0], accept_defaults=True).answer(EPOCHS) == 5


def test_a_question_without_words_is_never_asked():
    assert Conversation(console("")[0]).answer(SIZE) == 256


def test_what_only_this_run_can_know_is_asked_again_but_refused_as_a_flag():
    def few(count: int) -> None:
        if count > 10:
            raise WrongAnswer(f"{count} is too large: the most is 10.")

    asking, shown = console("20\n10\n")
    assert Conversation(asking).answer(TRAIN_COUNT, check=few) == 10
    assert "20 is too large: the most is 10." in shown.getvalue()
    with pytest.raises(WrongFlag, match="--train-count: 20 is too large: the most is 10"):
        Conversation(asking, {"train_count": 20}).answer(TRAIN_COUNT, check=few)
