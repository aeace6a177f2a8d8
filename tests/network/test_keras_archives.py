"""`.keras` files whose members are other than they say."""

import shutil
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from colorizer.errors import ColorizeError
from colorizer.network.screening import screen
from colorizer.settings import ModelLimits


def rezipped(source: Path, target: Path, changed: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    """Copy a `.keras` file with some of its members changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", how) as new:
        for name in old.namelist():
            new.writestr(name, changed.get(name, old.read(name)))
    return target


def test_members_that_inflate_to_more_than_they_say_are_refused(tmp_path, harmless):
    with zipfile.ZipFile(harmless[".keras"]) as archive:
        honest = archive.read("model.weights.h5")
    liar = rezipped(harmless[".keras"], tmp_path / "liar.keras", {"model.weights.h5": honest + bytes(50_000_000)})
    data = liar.read_bytes()
    for said in (len, zlib.crc32):
        data = data.replace(struct.pack("<I", said(honest + bytes(50_000_000))), struct.pack("<I", said(honest)))
    liar.write_bytes(data)
    with zipfile.ZipFile(liar) as archive:
        assert archive.read("model.weights.h5") == honest  # as Keras reads it, having inflated all of it
    with pytest.raises(ColorizeError, match="inflates to more than it says"):
        screen(liar)
    with pytest.raises(ColorizeError, match="it inflates to more than 0 MB"):
        screen(rezipped(liar, tmp_path / "packed.keras", {}), ModelLimits(maximum_inflated_bytes=1000))


def test_members_packed_otherwise_or_too_many_are_refused(tmp_path, harmless):
    screen(rezipped(harmless[".keras"], tmp_path / "deflated.keras", {}))
    for how in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(ColorizeError, match="packed in an unknown way"):
            screen(rezipped(harmless[".keras"], tmp_path / "packed.keras", {}, how))
    shutil.copy(harmless[".keras"], tmp_path / "many.keras")
    with zipfile.ZipFile(tmp_path / "many.keras", "a") as archive:
        for number in range(2000):
            archive.writestr(f"{number}", b"")
    with pytest.raises(ColorizeError, match="names more files than any"):
        screen(tmp_path / "many.keras")
