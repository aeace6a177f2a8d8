from pathlib import Path

from colorizer.conversation.flags import page
from tests.conftest import PROJECT


def test_the_page_of_flags_is_the_one_the_questions_make():
    assert Path(PROJECT, "docs", "FLAGS.md").read_text(encoding="utf-8") == page()
