"""Text from outside, such as names of files, shown so that it harms neither a terminal nor a line of text."""

from __future__ import annotations

import re

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters (C0, DEL and C1, ECMA-48), other ends of lines, embeddings, overrides and isolates of direction
(https://www.unicode.org/reports/tr9/, 2), and surrogates, as which bytes that are no text come (PEP 383)."""


def shown(text: str) -> str:
    r"""Return text on one line, with every character that a terminal would obey instead of showing it as an escape.

    Examples:
        >>> shown("a\x1b[31m\nb")
        'a\\x1b[31m\\nb'
    """
    return _HARMFUL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no text
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")
