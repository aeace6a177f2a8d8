"""What tests of archives share."""

from pathlib import Path

import pytest

from colorizer.dataset.unpacking import unpack
from colorizer.errors import ColorizeError
from colorizer.settings import ArchiveLimits
from tests.conftest import zipped


@pytest.fixture
def archive(tmp_path: Path, colour_folder: Path) -> Path:
    """A zip of eight colour photographs."""
    return zipped(colour_folder, tmp_path / "photos.zip")


def refused(archive: Path, reason: str, limits: ArchiveLimits | None = None) -> None:
    """See an archive refused for a reason, with nothing left beside it."""
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(ColorizeError, match=reason) as refusal:
        unpack(archive, archive.parent / "unpacked" / "here", limits)
    assert str(archive) in str(refusal.value)
    assert sorted(path for path in archive.parent.rglob("*") if path != archive.parent / "unpacked") == before
