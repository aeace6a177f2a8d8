import io
from contextlib import contextmanager
from functools import partial

import pytest

from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation, TakenBack, WrongFlag
from colorizer.conversation.question import WrongAnswer
from colorizer.conversation.questions import BATCH_SIZE, EPOCHS, TEST_COUNT, TRAIN_COUNT


def console(typed: str) -> tuple[Console, io.StringIO]:
    shown = io.StringIO()
    return Console(io.StringIO(typed), shown), shown


def test_a_flag_comes_before_the_person_and_the_person_before_the_default():
    talking = Conversation(console("4\n")[0], {"epochs": 3})
    assert talking.answer(EPOCHS) == 3
    assert Conversation(console("4\n")[0]).answer(EPOCHS) == 4
    assert Conversation(console("4\n")[0], accept_defaults=True).answer(EPOCHS, default=5) == 5


def test_a_question_without_words_is_never_asked():
    assert Conversation(console("")[0]).answer(BATCH_SIZE) == 16


def test_what_only_this_run_can_know_is_asked_again_but_refused_as_a_flag():
    def few(count: int) -> None:
        if count > 10:
            raise WrongAnswer(f"{count} is too large: the most is 10.")

    asking, shown = console("20\n10\n")
    assert Conversation(asking).answer(TRAIN_COUNT, check=few) == 10
    assert "20 is too large: the most is 10." in shown.getvalue()
    with pytest.raises(WrongFlag, match="--train-count: 20 is too large: the most is 10"):
        Conversation(asking, {"train_count": 20}).answer(TRAIN_COUNT, check=few)


def ask_in_order(talking: Conversation, done: list[str]) -> list[int]:
    """Ask for three counts, with a piece of work after the first, as a driver does that lets answers be taken back."""
    while True:
        try:
            first = talking.answer(EPOCHS)
            talking.do(partial(done.append, f"work for {first}"))
            return [first, talking.answer(TRAIN_COUNT), talking.answer(TEST_COUNT)]
        except TakenBack:
            continue


def test_back_takes_one_question_back_and_nothing_before_it_is_asked_or_done_again():
    asking, shown = console("3\n10\nback\n20\n5\n")
    done = []
    assert ask_in_order(Conversation(asking), done) == [3, 20, 5]
    assert done == ["work for 3"]
    assert shown.getvalue().count("For how many epochs?") == 1
    assert shown.getvalue().count("How many photos to train with?") == 2


def test_back_goes_as_far_as_the_first_question_and_flags_stay_before_answers():
    asking, shown = console("10\nback\nBACK\n20\n5\n")
    done = []
    assert ask_in_order(Conversation(asking, {"epochs": 7}), done) == [7, 20, 5]
    assert "There is nothing to take back: this is the first question." in shown.getvalue()
    asking, _ = console("3\n10\nback\nback\n4\n20\n5\n")
    done = []
    assert ask_in_order(Conversation(asking), done) == [4, 20, 5]
    assert done == ["work for 3", "work for 4"]


def test_what_is_being_done_cannot_be_taken_back():
    asking, shown = console("3\nback\n10\n")
    talking = Conversation(asking)
    talking.answer(EPOCHS)
    talking.settle()
    assert talking.answer(TRAIN_COUNT) == 10
    assert "There is nothing to take back: what was decided is being done." in shown.getvalue()


def test_an_answer_that_came_to_nothing_is_not_what_back_leads_to():
    asking, shown = console("3\n10\n20\nback\n30\n5\n")
    talking, taken_back = Conversation(asking), 0
    while True:
        try:
            talking.answer(EPOCHS)
            mark = talking.mark()
            if talking.answer(TRAIN_COUNT) == 10:
                talking.forget(mark)
                talking.answer(TRAIN_COUNT)
            assert talking.answer(TEST_COUNT) == 5
            break
        except TakenBack:
            taken_back += 1
    assert taken_back == 1
    assert shown.getvalue().count("How many photos to train with?") == 3


def test_what_is_held_is_entered_once_and_left_at_the_end():
    entered = []

    @contextmanager
    def folder():
        entered.append("in")
        yield "folder"
        entered.append("out")

    asking, _ = console("3\nback\n4\n10\n5\n")
    with Conversation(asking) as talking:
        while True:
            try:
                talking.answer(EPOCHS)
                assert talking.hold("train", folder) == "folder"
                talking.answer(TRAIN_COUNT)
                break
            except TakenBack:
                continue
        assert entered == ["in"]
    assert entered == ["in", "out"]


def test_flags_added_by_one_who_asks_are_gone_when_the_answer_that_led_there_is_taken_back():
    talking = Conversation(console("3\nback\n4\n")[0], {"seed": 7})
    assert talking.answer(EPOCHS) == 3
    talking.flags["train_count"] = 10
    with pytest.raises(TakenBack):
        talking.answer(TEST_COUNT)
    assert talking.flags == {"seed": 7}
    assert talking.answer(EPOCHS) == 4
