import math
import sys

import pytest

from colorizer.documents import (
    MAXIMUM_DEPTH,
    MAXIMUM_TOML_BYTES,
    InvalidDocument,
    parse_json,
    parse_toml,
    path_below,
    relative_path,
)

BYTES_OF_A_NAME = "\udc80\udcff"
"""How Python shows the bytes 80 and FF of a file's name (PEP 383)."""


def test_what_the_program_writes_is_read_as_it_was():
    assert parse_json('{"a": [1, -2.5, null, true, "\\ud83d\\ude00"]}') == {"a": [1, -2.5, None, True, "😀"]}
    assert parse_json('["\\udc80\\udcff"]') == [BYTES_OF_A_NAME]
    assert parse_json("[" * MAXIMUM_DEPTH + "1" + "]" * MAXIMUM_DEPTH)
    assert math.isnan(parse_json("NaN", allows_nan=True))
    assert parse_toml('[settings]\nepochs = 3\nschedule = "cosine"') == {
        "settings": {"epochs": 3, "schedule": "cosine"}
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ('{"a": {"b": 1, "c": 2, "b": 1}}', "the key 'b' appears twice"),
        ("[" * (MAXIMUM_DEPTH + 1) + "1" + "]" * (MAXIMUM_DEPTH + 1), "more than 32 levels"),
        ('{"a":' * 100_000, "more than 32 levels"),
        ('["\\u0000"]', "NUL"),
        ('{"a\\u0000": 1}', "NUL"),
        ('["\\ud800"]', "half of a surrogate pair"),
        ('["\\udcc3\\udca9"]', "half of a surrogate pair"),  # bytes that are a letter: two texts for one name
        ("[NaN]", "not finite"),
        ("[-Infinity]", "not finite"),
        ("[1e999]", "not finite"),
        ("9" * 31, "more than 30 digits"),
        ("9" * 5_000, "not valid JSON"),
    ],
)
def test_json_that_is_odd_is_refused_with_a_reason(text, sentence):
    with pytest.raises(InvalidDocument, match=sentence):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = 1\na = 2", "not valid TOML"),
        ("[a]\n[a]", "not valid TOML"),
        ("a.b" * 20_000 + " = 1", "a key of more than 32 parts"),
        ('"a" . ' * 20_000 + "b = 1", "a key of more than 32 parts"),
        ("[" + "a." * 20_000 + "b]", "a key of more than 32 parts"),
        ("a = " + "[" * 50_000, "more than 32 levels"),
        ("a = " + "{a = " * 50_000, "more than 32 levels"),
        ('a = "\\u0000"', "NUL"),
        ("a = nan", "not finite"),
        ("a = " + "9" * 31, "more than 30 digits"),
        ("#" * (MAXIMUM_TOML_BYTES + 1), "larger than 1 MB"),
    ],
)
def test_toml_that_is_odd_is_refused_with_a_reason(text, sentence):
    with pytest.raises(InvalidDocument, match=sentence):
        parse_toml(text)


@pytest.mark.parametrize("text", ["a" * 10**6, '"' * 10**6, "'\"" * 500_000, "a " * 500_000, "a-." * 300_000])
def test_the_search_for_deep_keys_takes_linear_time(text):  # quadratic time would be hours
    with pytest.raises(InvalidDocument):
        parse_toml(text)


@pytest.mark.parametrize("name", ["a.jpg", "b/c.jpg", "./a.jpg", "b//c.jpg", "..a/b..", "שלום 😀", BYTES_OF_A_NAME])
def test_names_below_a_folder_become_paths(tmp_path, name):
    assert path_below(tmp_path, name) == tmp_path / relative_path(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "/etc/passwd", "../a", "a/../../b", "a/..", "a\0", "\ud800", "\udcc3\udca9"]
)
def test_names_that_lead_elsewhere_or_that_no_file_has_are_refused(tmp_path, name):
    with pytest.raises(InvalidDocument, match="is not a name below a folder"):
        relative_path(name)
    with pytest.raises(InvalidDocument):
        path_below(tmp_path, name)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_name_that_leads_out_by_a_link_is_refused(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path)
    (folder / "loop").symlink_to("loop")
    (folder / "inside.jpg").symlink_to("a.jpg")
    with pytest.raises(InvalidDocument):
        path_below(folder, "out/a.jpg")
    assert path_below(folder, "inside.jpg") == folder / "inside.jpg"
    assert path_below(folder, "loop") == folder / "loop"
