"""Look into a model file before Keras opens it: it may come from anywhere, and must neither run code nor fill memory.

A network of stock layers needs nothing that could do harm, so this is a list of what is allowed, not of what is not:
`config_screening` reads what the network is, `layer_screening` what it would ask for, `hdf5_screening` its weights.
A file of at most 50 MB is judged within ten seconds and 500 MB of memory, whatever it holds.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from colorizer.errors import ColorizeError, reason
from colorizer.network.config_screening import screen_config
from colorizer.network.hdf5_screening import ScreenedWeights, screen_hdf5
from colorizer.network.layer_screening import screen_layers
from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits
from colorizer.zip_members import Part, SmallDirectory, inflated, packed_at

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_IN_MEMORY = 64 * 1024**2
"""Bytes of inflated weights that are looked into in memory; more lie in a temporary file."""


def screen(path: Path, limits: ModelLimits | None = None) -> None:
    """Refuse a `.h5` or `.keras` file that is broken, too large, or more than a network of stock layers.

    Raises ColorizeError. A file of weights alone has no network to be screened; its weights are.
    """
    limits = limits or ModelLimits()
    try:
        if path.stat().st_size > limits.maximum_bytes:
            raise Suspicious(f"it is larger than {limits.maximum_bytes / 1e9:.0f} GB")
        if path.suffix.lower() == ".keras":  # as Keras decides, not by a content that might be both
            config, weights = _screen_archive(path, limits)
        else:
            with path.open("rb") as file:
                weights = screen_hdf5(file, limits)
            config = weights.config
        if config is not None:
            screen_layers(screen_config(config, limits), weights.numbers, limits)
    except Suspicious as suspicion:
        raise ColorizeError(f"{path} is refused: {suspicion}.") from suspicion
    except Exception as error:  # a crafted or damaged file fails in nearly every way
        raise ColorizeError(f"{path} cannot be loaded as a Keras model: it is damaged: {reason(error)}") from error


def _screen_archive(path: Path, limits: ModelLimits) -> tuple[bytes, ScreenedWeights]:
    """Return the description of a `.keras` file's network, still to be screened, and its weights, screened."""
    with SmallDirectory(path) as file, zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        foreign = sorted(set(names) - {_CONFIG, _METADATA, _WEIGHTS})
        if foreign or len(names) != len(set(names)):
            raise Suspicious(f"it holds {foreign[0] if foreign else 'one file twice'!r}, which no such network needs")
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
            raise Suspicious("it is packed in an unknown way")
        if sum(member.file_size for member in members) > limits.maximum_bytes:
            raise Suspicious(f"it unpacks to more than {limits.maximum_bytes / 1e9:.0f} GB")
        described, stored = archive.getinfo(_CONFIG), archive.getinfo(_WEIGHTS)
        if described.file_size > limits.maximum_config_bytes:
            raise Suspicious("the description of its network is larger than any")
        config = b"".join(inflated(path, archive, described))
        with _unpacked(path, archive, stored, limits) as weights:
            return config, screen_hdf5(weights, limits)


@contextmanager
def _unpacked(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: ModelLimits) -> Iterator[BinaryIO]:
    """Yield a member as a file: as Keras stores it, where it lies; inflated to what it says, and no more."""
    if member.compress_type == zipfile.ZIP_STORED:
        if member.compress_size != member.file_size:
            raise Suspicious(f"its {member.filename} is not as long as it says")
        with path.open("rb") as file:
            yield Part(file, packed_at(file, archive, member), member.file_size)
        return
    if member.file_size > limits.maximum_inflated_bytes:
        raise Suspicious(f"it inflates to more than {limits.maximum_inflated_bytes / 1e6:.0f} MB")
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        for piece in inflated(path, archive, member):
            file.write(piece)
        yield file
