import pytest

from colorizer.conversation.question import WrongAnswer, a_path, yes_or_no
from colorizer.conversation.questions import DATASET, JOURNEY, LOOK, MODEL
from colorizer.conversation.research_settings import FILTERS
from colorizer.conversation.training_questions import EPOCHS, MONITOR, SIZE, TRAIN_COUNT


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
        (JOURNEY, "Train", "train"),
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
        (EPOCHS, "-1", "-1 is too small: the least is 0"),
        (EPOCHS, "99999", "99999 is too large: the most is 10000"),
        (SIZE, "100", "100 is not a multiple of 32"),
        (MONITOR, "speed", "'speed' is none of the options: loss, accuracy, val_loss"),
        (FILTERS, "16", "two to five counts"),
        (DATASET, "/nowhere/at all", "There is nothing at /nowhere/at all"),
        (MODEL, __file__, "must end in .h5 or .keras"),
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
