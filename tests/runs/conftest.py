import pytest

from colorizer.runs import film


@pytest.fixture
def short_parts(monkeypatch):
    """Parts of few frames, so that a small film has several."""
    monkeypatch.setattr(film, "PART_FRAMES", 16)
