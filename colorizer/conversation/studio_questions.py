"""Questions about the studio's address and access, which are answered by flags only."""

from __future__ import annotations

import re

from colorizer.conversation.question import STUDIO, Question, WrongAnswer, whole_number, yes_or_no

SHORTEST_TOKEN = 16
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_TOKEN},200}}")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_PUBLIC = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+)?(/[A-Za-z0-9._~/-]*)?")


def host_name(text: str) -> str:
    """Accept the name or number of a network address."""
    if not _HOST.fullmatch(text.strip()):
        raise WrongAnswer(f"{text!r} is no address of this machine, such as 127.0.0.1 or 0.0.0.0.")
    return text.strip().lower()


def public_address(text: str) -> str:
    """Accept a path or a whole address under which a proxy serves the page."""
    if not text.strip() or not _PUBLIC.fullmatch(text.strip()):
        raise WrongAnswer(f'{text!r} is neither a path such as "/studio" nor an address such as "https://example.org".')
    return text.strip()


def access_token(text: str) -> str:
    """Accept a token that cannot be guessed."""
    if not _TOKEN.fullmatch(text):
        raise WrongAnswer(f"A token has at least {SHORTEST_TOKEN} characters, which are letters, digits, - and _.")
    return text


PORT = Question(
    "--port",
    "port the page is served on; where it is taken, the next free one",
    whole_number(1, 65_535),
    (STUDIO,),
    default="7860",
)
BROWSER = Question("--browser", "open the page in the browser", yes_or_no, (STUDIO,), default="yes")
HOST = Question(
    "--host",
    "address to listen on; any other than the default lets others in who know the token",
    host_name,
    (STUDIO,),
    default="127.0.0.1",
)
ROOT_PATH = Question(
    "--root-path",
    "where a proxy shows the page: a path such as /studio, or the whole address",
    public_address,
    (STUDIO,),
    shown_default="no proxy",
)
TOKEN = Question(
    "--token",
    f"token that opens the page, of at least {SHORTEST_TOKEN} characters; other users of this machine can read it in "
    "the list of its processes",
    access_token,
    (STUDIO,),
    shown_default="a random one",
)
