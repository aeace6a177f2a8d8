"""Pictures for the user: shown automatically in a notebook, elsewhere on request."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from colorizer.console.terminal import Console, in_notebook
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.question import Question


def show_pictures(console: Console, talk: Conversation, question: Question, pictures: Iterable[Path]) -> None:
    """Show pictures, unless their question is answered with no; in a notebook only its flag can prevent it."""
    is_wanted = talk.flags.get(question.name, True) if in_notebook() else talk.answer(question)
    if is_wanted:
        for picture in pictures:
            console.picture(picture)
