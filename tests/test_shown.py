import pytest

from colorizer.errors import ColorizeError, Interrupted, shown


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\tb", r"a\r\tb"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("gnp.\u202egpj", r"gnp.\u202egpj"),
        ("\u2066a\u2069\u2028", r"\u2066a\u2069\u2028"),
        ("bad\udcff.jpg", r"bad\xff.jpg"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_an_escape(text, harmless):
    assert shown(text) == harmless
    assert shown(harmless) == harmless


@pytest.mark.parametrize("text", ["plain.jpg", "שלום.jpg", "😀 é ñ [red].jpg", "C:\\photos", "नमस्ते"])
def test_what_can_be_read_stays_as_it_is(text):
    assert shown(text) == text


def test_an_errors_text_is_one_harmless_line_whatever_it_names():
    for kind in (ColorizeError, Interrupted):
        assert str(kind("Cannot read a\n\x1b[2Jb.jpg: damaged.")) == r"Cannot read a\n\x1b[2Jb.jpg: damaged."
