import json
import unicodedata

import pytest

from colorizer.errors import ColorizeError
from colorizer.film.propagation import film_hints
from colorizer.inference.hints import Hint, Rectangle


def test_hints_beside_a_film_are_found_and_ordered_by_time(tmp_path):
    film = tmp_path / "film.mp4"
    assert film_hints(film) == {}
    said = [
        {"time": 2.5, "rectangle": [0, 0, 9, 9], "colour": "teal"},
        {"time": 1, "x": 4, "y": 5, "colour": "#b03030"},
    ]
    (tmp_path / "film.mp4.hints.json").write_text(json.dumps(said))
    assert film_hints(film) == {1.0: (Hint(4, 5, "#b03030"),), 2.5: (Rectangle(0, 0, 9, 9, "teal"),)}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{}", "must be a list of hints"),
        ("[", "not valid JSON"),
        ('[{"x": 1, "y": 1, "colour": "teal"}]', '"time" must be'),
        ('[{"time": -1, "x": 1, "y": 1, "colour": "teal"}]', '"time" must be'),
        ('[{"time": 1, "x": 1, "y": 1, "colour": "no colour"}]', "no colour"),
        ('[{"time": NaN, "x": 1, "y": 1, "colour": "teal"}]', "not finite"),
        ('[{"time": 1, "time": 2, "x": 1, "y": 1, "colour": "teal"}]', "the key 'time' appears twice"),
    ],
)
def test_what_is_no_hint_is_a_sentence_with_the_files_name(tmp_path, text, wrong):
    path = tmp_path / "my hints.json"
    path.write_text(text)
    with pytest.raises(ColorizeError, match=wrong) as error:
        film_hints(tmp_path / "film.mp4", path)
    assert str(error.value).count("my hints.json") == 1


def test_hints_of_a_film_are_found_whatever_the_normalization_of_its_name_and_with_a_byte_order_mark(tmp_path):
    said = json.dumps([{"time": 1, "x": 4, "y": 5, "colour": "#b03030"}])
    path = tmp_path / unicodedata.normalize("NFC", "Größe.mp4.hints.json")
    path.write_text(said, encoding="utf-8-sig")
    assert film_hints(tmp_path / unicodedata.normalize("NFD", "Größe.mp4")) == {1.0: (Hint(4, 5, "#b03030"),)}


def test_a_film_whose_name_is_as_long_as_can_be_has_no_hints_beside_it(tmp_path):
    film = tmp_path / f"{'a' * 251}.nut"
    film.touch()
    assert film_hints(film) == {}
