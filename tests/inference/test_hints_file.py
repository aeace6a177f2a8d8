import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from colorizer import ColorizeError, Hint, Rectangle, Scribble
from colorizer.dataset.find import find_files
from colorizer.inference.hints_file import (
    MAXIMUM_BYTES,
    find_hints,
    hints_beside,
    hints_text,
    read_hints,
    read_palette,
    save_palette,
)
from tests.conftest import PROJECT


@pytest.fixture
def photos(tmp_path) -> tuple[Path, ...]:
    for name in ("a.jpg", "b/c.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(b"never opened")
    return find_files(tmp_path / "photos").files


def read(tmp_path: Path, photos, content) -> dict:
    path = tmp_path / "hints.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_hints(path, tmp_path / "photos", photos)


def test_a_file_names_photos_by_their_place_in_the_dataset(tmp_path, photos):
    content = {
        "palette": {"dress": "#b03030"},
        "a.jpg": [{"x": 120, "y": 80, "colour": "palette:dress"}, {"x": 1, "y": 2, "colour": "gray", "radius": 4}],
        "b/c.png": [
            {"points": [[1, 2], [3, 4]], "colour": "teal", "radius": 2},
            {"rectangle": [0, 1, 5, 6], "colour": "#fff"},
        ],
    }
    assert read(tmp_path, photos, content) == {
        photos[0]: (Hint(120, 80, "#b03030"), Hint(1, 2, "gray", 4)),
        photos[1]: (Scribble(((1, 2), (3, 4)), "teal", 2), Rectangle(0, 1, 5, 6, "#fff")),
    }


def test_hints_in_shares_are_read_and_written(tmp_path, photos):
    hints = (Hint(0.5, 1, "#b03030", 0.1, "share"), Scribble(((0, 0), (1, 1)), "teal", unit="share"), Hint(3, 4, "red"))
    hints += (Rectangle(0, 0, 1, 0.5, "gray", "share"),)
    assert read(tmp_path, photos, f'{{"a.jpg": {hints_text(hints)}}}') == {photos[0]: hints}


def test_the_hints_of_ten_old_photographs_are_read(tmp_path):
    file = Path(__file__).with_name("old_photographs.hints.json")
    paths = tuple(tmp_path / name for name in json.loads(file.read_text()))
    hints = read_hints(file, tmp_path, paths)
    assert len(hints) == 10
    assert all(3 <= len(those) <= 8 for those in hints.values())


def test_hints_beside_a_photo_are_found_and_are_no_photos(tmp_path, photos):
    folder = tmp_path / "photos"
    (folder / "a.jpg.hints.json").write_text('[{"x": 1, "y": 2, "colour": "teal"}]')
    (folder / "b" / "c.hints.json").write_text('[{"x": 3, "y": 4, "colour": "red"}]')
    assert find_files(folder).files == photos
    assert hints_beside(photos) == {photos[0]: (Hint(1, 2, "teal"),), photos[1]: (Hint(3, 4, "red"),)}
    (tmp_path / "hints.json").write_text('{"a.jpg": []}')
    found = find_hints(photos, folder, tmp_path / "hints.json")
    assert found == {photos[0]: (), photos[1]: (Hint(3, 4, "red"),)}
    assert find_hints(photos, folder, beside=False) == {}


def test_a_palette_is_kept_and_used_again(tmp_path, photos):
    save_palette({"dress": "#b03030", "שמלה": "teal"}, tmp_path / "family.json")
    assert read_palette(tmp_path / "family.json") == {"dress": "#b03030", "שמלה": "teal"}
    content = {"palette": "family.json", "a.jpg": [{"x": 1, "y": 2, "colour": "palette:שמלה"}]}
    assert read(tmp_path, photos, content) == {photos[0]: (Hint(1, 2, "teal"),)}
    with pytest.raises(ColorizeError, match="is not a color"):
        save_palette({"dress": "reddish"}, tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


ONE = {"x": 1, "y": 2, "colour": "red"}
WRONG = [
    ({"a.jpg": [{**ONE, "unit": "percent"}]}, 'The unit of a hint must be "pixel" or "share"'),
    ({"a.jpg": [{**ONE, "unit": "share"}]}, "from 0 to 1"),
    ("", "not valid JSON"),
    ("[" * 200_000, "nested more than"),
    ("[1]", "contains no hints"),
    ('{"a.jpg": [{"x": ' + "9" * 5000 + ', "y": 1, "colour": "red"}]}', "not valid JSON|outside"),
    ({"gone.jpg": [ONE]}, "does not exist in .*: 'gone.jpg'"),
    ({"\0": [ONE]}, "the character NUL"),
    ({"\ud800": [ONE]}, "half of a surrogate pair"),
    ({"../photos/a.jpg": [ONE]}, "a photo outside .*photos'?: '../photos/a.jpg'"),
    ({"/etc/hostname": [ONE]}, "a photo outside"),
    ({"a.jpg": [ONE], "./a.jpg": []}, "lists the photo './a.jpg' twice"),
    (f'{{"a.jpg": [{json.dumps(ONE)}], "a.jpg": []}}', "the key 'a.jpg' appears twice"),
    ('{"a.jpg": [{"x": 1, "x": 2, "y": 2, "colour": "red"}]}', "the key 'x' appears twice"),
    ('{"palette": {"dress": "red", "dress": "teal"}}', "the key 'dress' appears twice"),
    ({"a" * 9999: [ONE]}, "does not exist"),
    ({"a.jpg": ONE}, "must be a list of hints"),
    ({"a.jpg": [ONE] * 501}, "too many"),
    ({"a.jpg": [7]}, "number 1: a hint must look like"),
    ({"a.jpg": [{"x": 1, "colour": "red"}]}, "either"),
    ({"a.jpg": [{**ONE, "rectangle": [1, 2, 3, 4]}]}, "either"),
    ({"a.jpg": [{**ONE, "color": "red"}]}, "not both"),
    ({"a.jpg": [{**ONE, "tone": "red"}]}, "'tone' is not a valid key"),
    ({"a.jpg": [{**ONE, "reach": 3}]}, "reach of a hint must be a number from 0.5 to 2"),
    ({"a.jpg": [{**ONE, "reach": True}]}, "reach of a hint must be a number from 0.5 to 2"),
    ({"a.jpg": [{**ONE, "scope": "room"}]}, 'scope of a hint must be "object" or "photo"'),
    ({"a.jpg": [{"x": 1, "y": 2, "color": "keep", "scope": "photo"}]}, "keeps an object"),
    ({"a.jpg": [ONE, {**ONE, "colour": "reddish"}]}, "number 2: 'reddish' is not a color"),
    ({"a.jpg": [{**ONE, "colour": "palette:dress"}]}, "palette has no color 'dress'"),
    ({"a.jpg": [{**ONE, "radius": -1}]}, "outside every photo"),
    ({"a.jpg": [{**ONE, "x": "1"}]}, "numbers"),
    ({"a.jpg": [{"points": [], "colour": "red"}]}, "not 0"),
    ({"a.jpg": [{"points": [[1]], "colour": "red"}]}, "2 numbers"),
    ({"a.jpg": [{"points": 3, "colour": "red"}]}, "lists of numbers"),
    ({"a.jpg": [{"rectangle": [5, 5, 4, 9], "colour": "red"}]}, "contains no pixels"),
    ({"palette": "gone.json"}, "palette that does not exist"),
    ({"palette": "a" * 9999}, "palette that does not exist"),
    ({"palette": {"dress": 7}}, "is not a color"),
]


@pytest.mark.parametrize(("content", "sentence"), WRONG)
def test_a_mistake_is_one_sentence_that_names_the_file(tmp_path, photos, content, sentence):
    with pytest.raises(ColorizeError, match=sentence) as caught:
        read(tmp_path, photos, content)
    assert "json" in str(caught.value)
    assert "\n" not in str(caught.value)
    str(caught.value).encode()


def test_a_file_too_large_or_not_there_or_no_text_is_named(tmp_path, photos):
    path = tmp_path / "hints.json"
    with pytest.raises(ColorizeError, match=r"Cannot read .*hints\.json"):
        read_hints(path, tmp_path, photos)
    path.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ColorizeError, match="not UTF-8 text"):
        read_hints(path, tmp_path, photos)
    with path.open("wb") as file:
        file.truncate(MAXIMUM_BYTES + 1)
    with pytest.raises(ColorizeError, match="larger than 16 MB"):
        read_hints(path, tmp_path, photos)


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Großmutter Ä é.jpg") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(("name", "hinted"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_photo_is_found_whatever_the_normalization_of_its_name(tmp_path, name, hinted):
    photo, left_out = tmp_path / name, tmp_path / "sub" / name
    left_out.parent.mkdir()
    for path in (photo, left_out):
        path.write_bytes(b"never opened")
    file = tmp_path / "hints.json"
    file.write_text(json.dumps({hinted: [ONE], f"sub/{hinted}": [ONE]}))
    assert read_hints(file, tmp_path, [photo]) == {photo: (Hint(1, 2, "red"),)}
    (tmp_path / f"{hinted}.hints.json").write_text(json.dumps([ONE]))
    (tmp_path / "sub" / f"{Path(hinted).stem}.hints.json").write_text(json.dumps([ONE]))
    assert set(hints_beside([photo, left_out])) == {photo, left_out}


@pytest.mark.skipif(sys.platform == "darwin", reason="two such names are one there")
def test_of_two_photos_whose_names_differ_in_normalization_each_has_its_own_hints(tmp_path):
    photos = [tmp_path / COMPOSED, tmp_path / DECOMPOSED]
    for path in photos:
        path.write_bytes(b"never opened")
    file = tmp_path / "hints.json"
    file.write_text(json.dumps({COMPOSED: [ONE], DECOMPOSED: []}))
    assert read_hints(file, tmp_path, photos) == {photos[0]: (Hint(1, 2, "red"),), photos[1]: ()}
    mixed = unicodedata.normalize("NFD", "Großmutter Ä ") + "é.jpg"
    file.write_text(json.dumps({mixed: [ONE]}))
    with pytest.raises(ColorizeError, match=r"several photos in .* have this name"):
        read_hints(file, tmp_path, photos)


ANYTHING = some.recursive(
    some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=12) | some.just("red"),
    lambda inner: some.lists(inner, max_size=5) | some.dictionaries(some.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NUMBER = some.integers(-5, 2_000_000) | some.floats() | ANYTHING
COLOUR = some.sampled_from(["red", "gray", "#b03030", "palette:dress", "palette:coat", "#1"]) | ANYTHING
A_HINT = some.fixed_dictionaries(
    {},
    optional={
        "x": NUMBER,
        "y": NUMBER,
        "colour": COLOUR,
        "radius": NUMBER,
        "points": some.lists(some.lists(NUMBER, min_size=1, max_size=3), max_size=4) | ANYTHING,
        "rectangle": some.lists(NUMBER, min_size=3, max_size=5) | ANYTHING,
    },
)
HINTS = some.lists(A_HINT | some.builds(lambda x, y: {"x": x, "y": y, "colour": "red"}, NUMBER, NUMBER), max_size=4)
A_FILE = some.dictionaries(
    some.sampled_from(["a.jpg", "b/c.png", "gone.jpg"]) | some.text(), HINTS | ANYTHING, max_size=3
)
WITH_PALETTE = some.builds(
    lambda file, palette: {**file, "palette": palette}, A_FILE, some.just({"dress": "red"}) | ANYTHING
)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=some.binary(max_size=60) | (A_FILE | WITH_PALETTE | ANYTHING).map(lambda file: json.dumps(file).encode())
)
def test_a_random_file_of_hints_is_read_or_refused_in_a_sentence(tmp_path, photos, content):
    path = tmp_path / "hints.json"
    path.write_bytes(content)
    try:
        found = read_hints(path, tmp_path / "photos", photos)
    except ColorizeError as error:
        assert str(error)
    else:
        assert all(isinstance(hint, Hint | Scribble | Rectangle) for hints in found.values() for hint in hints)


def test_hints_are_read_without_tensorflow():
    code = "import sys, colorizer.inference.hints_file; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_photo_whose_name_leaves_no_room_for_that_of_hints_has_none(tmp_path):
    photo = tmp_path / f"{'x' * 242}.jpg"
    photo.touch()
    assert hints_beside([photo]) == {}
