from pathlib import Path

import pytest

from colorizer.conversation.question import (
    WrongAnswer,
    a_path,
    menu,
    number_between,
    whole_number,
    with_default,
    yes_or_no,
)
from colorizer.conversation.questions import DATASET, EPOCHS, FIRST, LOOK, MODEL, MONITOR, NAME, SIZE, TRAIN_COUNT
from colorizer.conversation.settings_file import FILTERS


@pytest.mark.parametrize(
    ("question", "typed", "meant"),
    [
        (EPOCHS, "7", 7),
        (TRAIN_COUNT, "2,000", 2000),
        (SIZE, "128", 128),
        (FILTERS, "16, 32,64", (16, 32, 64)),
        (MONITOR, "ACC", "accuracy"),
        (MONITOR, "val_acc", "val_accuracy"),
        (LOOK, "2", "summary"),
        (LOOK, "Nothing", "nothing"),
        (FIRST, "Train", "train"),
        (NAME, " my cats ", "my cats"),
        (MODEL, "Latest", "latest"),
        (MODEL, "my cats", "my cats"),
    ],
)
def test_answers_are_understood(question, typed, meant):
    assert question.parse(typed) == meant


@pytest.mark.parametrize(
    ("question", "typed", "sentence"),
    [
        (EPOCHS, "many", "'many' is not a whole number"),
        (EPOCHS, "2.5", "'2.5' is not a whole number"),
        (EPOCHS, "", "'' is not a whole number"),
        (EPOCHS, "-1", "-1 is too small: the minimum is 0"),
        (EPOCHS, "99999", "99999 is too large: the maximum is 10000"),
        (SIZE, "100", "100 is not a multiple of 32"),
        (MONITOR, "speed", "'speed' is not an option. Please enter one of: loss, accuracy, val_loss"),
        (FILTERS, "16", "2 to 5 whole numbers"),
        (DATASET, "/nowhere/at all", "/nowhere/at all does not exist"),
        (NAME, "../cats", "'../cats' cannot be the name of a run"),
        (NAME, "latest", "but not latest"),
        (MODEL, "nowhere.h5", "nowhere.h5 does not exist"),
    ],
)
def test_wrong_answers_are_explained(question, typed, sentence):
    with pytest.raises(WrongAnswer, match=sentence):
        question.parse(typed)


def test_yes_and_no_in_any_case():
    assert [yes_or_no(text) for text in ("y", "YES", "n", "No")] == [True, True, False, False]
    with pytest.raises(WrongAnswer):
        yes_or_no("perhaps")


def test_paths_are_read_as_people_paste_them(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "my photos" / "שלום"
    folder.mkdir(parents=True)
    escaped = str(folder).replace(" ", "\\ ")
    backslashes = str(folder).replace("/", "\\")
    for typed in (str(folder), f'"{folder}"', f"'{folder}'", f"  {folder} ", escaped, backslashes, "~/my photos/שלום"):
        assert a_path(typed) == folder, typed
    odd = tmp_path / "back\\slash"
    odd.mkdir()
    assert a_path(str(odd)) == odd


@pytest.mark.parametrize("typed", ["", "  ", "''", "a\0b"])
def test_what_is_no_path_is_refused(typed):
    with pytest.raises(WrongAnswer):
        a_path(typed)


def test_a_fraction_begins_with_a_point():
    parse = number_between(0, 2)
    assert (parse("1.5"), parse(" .5 "), parse("1e-3")) == (1.5, 0.5, 0.001)
    assert number_between(0, 10_000)("1,234.5") == 1234.5


def test_an_address_of_a_file_is_its_path(tmp_path):
    photo = tmp_path / "old photo שלום.jpg"
    photo.touch()
    assert a_path(photo.as_uri()) == photo
    assert a_path("file://elsewhere/photo.jpg") != Path("/photo.jpg")


def test_a_size_that_does_not_fit_is_refused_with_those_that_do():
    with pytest.raises(WrongAnswer, match=r"100 is not a multiple of 32\. The nearest multiples are 96 and 128\."):
        SIZE.parse("100")


def test_the_default_is_shown_where_it_stands_in_a_menu():
    prompt = menu("Which?", {"one": "the first", "two": ""})
    assert with_default(prompt, "two") == "Which?\n  1  one: the first\n  2  two [two]"
    assert with_default(prompt, None) == prompt
    assert with_default("How many?", "3") == "How many? [3]"


@pytest.mark.parametrize("parse", [whole_number(0, 10_000_000), number_between(0, 10_000_000)])
def test_a_comma_separates_groups_of_three_digits_in_every_number(parse):
    assert [parse(text) for text in ("1,000", "12,345", "1,234,567", "1_000")] == [1000, 12_345, 1_234_567, 1000]
    for typed in ("1,5", ",5", "0,50", "1,2,3", "1,00", "10,0000", "1000,000", "1,000,00", "1__000", "1,000_000"):
        with pytest.raises(WrongAnswer, match="a comma separates groups of three digits"):
            parse(typed)
