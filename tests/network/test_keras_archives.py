"""`.keras` files whose members are other than they say."""

import shutil
import struct
import tempfile
import zipfile
import zlib
from contextlib import suppress
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


def test_a_model_of_just_the_size_that_is_allowed_is_taken(tmp_path, harmless):
    packed = rezipped(harmless[".keras"], tmp_path / "packed.keras", {})
    with zipfile.ZipFile(packed) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
    for limit, allowed, reason in (
        ("maximum_bytes", sum(sizes.values()), "it unpacks to more than 0 GB"),
        ("maximum_config_bytes", sizes["config.json"], "the description of its network is larger than any"),
        ("maximum_inflated_bytes", sizes["model.weights.h5"], "it inflates to more than 0 MB"),
    ):
        screen(packed, ModelLimits(**{limit: allowed}))
        with pytest.raises(ColorizeError, match=f"^{packed} is refused: {reason}"):
            screen(packed, ModelLimits(**{limit: allowed - 1}))
    plain = harmless[".h5"]
    screen(plain, ModelLimits(maximum_bytes=plain.stat().st_size))
    with pytest.raises(ColorizeError, match="is refused: it is larger than 0 GB"):
        screen(plain, ModelLimits(maximum_bytes=plain.stat().st_size - 1))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("name", "told"), [("config.json", "one file twice"), ("assets/vocabulary.txt", "assets")])
def test_members_that_no_network_needs_are_refused(tmp_path, harmless, name, told):
    path = Path(shutil.copy(harmless[".keras"], tmp_path / "more.keras"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"{}")
    with pytest.raises(ColorizeError, match=f"it holds '{told}.*', which no such network needs"):
        screen(path)


def test_a_member_that_is_stored_and_not_as_long_as_it_says_is_refused(tmp_path, harmless):
    path = rezipped(harmless[".keras"], tmp_path / "stored.keras", {}, zipfile.ZIP_STORED)
    screen(path)
    data = bytearray(path.read_bytes())
    listed = data.rindex(b"model.weights.h5") - 46  # its entry in the directory: APPNOTE.TXT 4.3.12
    (size,) = struct.unpack_from("<I", data, listed + 24)
    struct.pack_into("<I", data, listed + 24, size - 1)
    path.write_bytes(data)
    with pytest.raises(ColorizeError, match=r"its model\.weights\.h5 is not as long as it says"):
        screen(path)


def test_a_model_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ColorizeError, match=r"nowhere\.h5 cannot be loaded as a Keras model"):
        screen(tmp_path / "nowhere.h5")


def test_inflated_weights_lie_in_memory_up_to_64_megabytes_and_in_a_file_beyond(tmp_path, harmless, monkeypatch):
    opened = []

    class Seen(tempfile.SpooledTemporaryFile):
        is_in_file = False

        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            opened.append(self)

        def rollover(self):
            self.is_in_file = True
            super().rollover()

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", Seen)
    with zipfile.ZipFile(harmless[".keras"]) as archive:
        weights = archive.read("model.weights.h5")
    for more, is_in_file in ((1_000_000, False), (70_000_000, True)):
        path = rezipped(harmless[".keras"], tmp_path / f"{more}.keras", {"model.weights.h5": weights + bytes(more)})
        with suppress(ColorizeError):
            screen(path)
        assert opened.pop().is_in_file == is_in_file


def test_a_long_description_is_read_whole(tmp_path, harmless):
    with zipfile.ZipFile(harmless[".keras"]) as archive:
        config = archive.read("config.json")
    screen(rezipped(harmless[".keras"], tmp_path / "long.keras", {"config.json": config + b" " * 2_500_000}))
