"""Make text from outside, such as file names, safe for terminals and for single lines of text."""

from __future__ import annotations

import re

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters (C0, DEL and C1, ECMA-48), other line separators, embeddings, overrides and isolates of direction
(https://www.unicode.org/reports/tr9/, 2), and surrogates, which represent bytes that are not text (PEP 383).
"""


def shown(text: str) -> str:
    r"""Return text on one line, with characters that control a terminal replaced by escapes.

    Examples:
        >>> shown("a\x1b[31m\nb")
        'a\\x1b[31m\\nb'
    """
    return _HARMFUL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not text
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")
