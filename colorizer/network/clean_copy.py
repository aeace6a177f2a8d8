"""Clean copies of model files, made by a child process, so that no HDF5 file from elsewhere is opened in this one.

A crafted HDF5 file can make its library loop forever, crash or fill the memory. The child opens it under limits on
memory and time, and writes what Keras needs to a new file. Only that copy is loaded.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from colorizer.errors import ColorizeError, reason
from colorizer.files import is_file
from colorizer.settings import ModelLimits

try:
    import resource
except ImportError:  # Windows, where only the clock limits the child
    resource = None  # type: ignore[assignment]

_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {} import main; main(*sys.argv[2:])"
_ENVIRONMENT = {
    "HDF5_PLUGIN_PRELOAD": "::",  # HDF5 loads no libraries for filters it does not know
    "OPENBLAS_NUM_THREADS": "1",  # each thread would reserve address space
}
_REFUSED, _DAMAGED = 3, 4
"""Exit codes of the child; it writes the reason to standard output."""
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MODEL_CONFIG, _TRAINING_CONFIG = "model_config", "training_config"
_OPTIMIZERS = ("optimizer", "optimizer_weights")
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_TEXT_BYTES = 10_000_000
"""Limit of all attributes together, except the description of the network."""
_SPARE_BYTES = 1_000_000_000
"""Memory of the child besides arrays: Python, NumPy and the HDF5 library reserve about half of it."""
_BYTES_PER_SECOND = 20_000_000
"""Bytes of a file for each additional second of the child's time limit."""
_WAITING = 6
"""Ratio of wall-clock time to processor time, for a busy machine or a slow disk."""


class Refused(Exception):
    """A reason not to open a model file, which completes the sentence "it is refused: ..."."""


@dataclass(frozen=True)
class CleanCopy:
    """The parts of a model file that a child process copied."""

    config: bytes | None
    """The description of the network as JSON; None for a file of weights alone."""
    model: Path
    """What Keras loads as a model: an `.h5` file, or a folder laid out like a `.keras` file."""
    weights: Path
    """What Keras loads as weights."""


@contextmanager
def clean_copy(path: Path, limits: ModelLimits) -> Iterator[CleanCopy]:
    """Copy a model file in a child process; the copy is removed after the block.

    Args:
        path: An HDF5 file or a `.keras` zip, regardless of its name.
        limits: Limits on the file, its content, and the time to read it.

    Raises:
        ColorizeError: The file is damaged, too large, crafted, or takes too long, or there is not enough disk space for
            a copy.
    """
    try:
        stored = path.stat().st_size
        if stored > limits.maximum_bytes:
            raise ColorizeError(f"{path} cannot be used: it is larger than {limits.maximum_bytes / 1e9:.0f} GB.")
        with tempfile.TemporaryDirectory(prefix="colorizer-", ignore_cleanup_errors=True) as folder:
            _copy_in_child(path, Path(folder), stored, limits)
            config, weights = Path(folder, _CONFIG), Path(folder, _WEIGHTS)
            if is_file(weights) and is_file(config):
                yield CleanCopy(config.read_bytes(), Path(folder), weights)
            else:
                ending = ".weights.h5" if path.name.lower().endswith(".weights.h5") else ".h5"
                weights = Path(folder, "model.h5").rename(Path(folder, f"copy{ending}"))
                yield CleanCopy(config.read_bytes() if is_file(config) else None, weights, weights)
    except OSError as error:
        raise ColorizeError(f"{path} cannot be read: {reason(error)}") from error


def _copy_in_child(path: Path, folder: Path, stored: int, limits: ModelLimits) -> None:
    seconds = limits.maximum_seconds + stored // _BYTES_PER_SECOND
    program = _PROGRAM.format(__spec__.name)
    places = [str(Path(place).absolute()) for place in sys.path]  # since the child works in another folder
    arguments = [json.dumps(places), str(path.absolute()), str(folder), json.dumps(asdict(limits)), str(seconds)]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ENVIRONMENT,
            cwd=folder,
            timeout=seconds * _WAITING,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ColorizeError(
            f"{path} cannot be used: reading it takes longer than {seconds * _WAITING} seconds."
        ) from error
    if done.returncode == 0:
        return
    why = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == _REFUSED and why:
        raise ColorizeError(f"{path} cannot be used: {why}.")
    if done.returncode == _DAMAGED and why:
        raise ColorizeError(f"{path} cannot be loaded as a Keras model: it is damaged: {why}")
    if done.returncode == 1:  # Python's own exit code
        raise ColorizeError(
            f"{path} cannot be read: the process that reads it did not start. Close other programs to free memory."
        )
    if resource is not None and done.returncode == -signal.SIGXCPU:
        raise ColorizeError(f"{path} cannot be used: reading it takes more than {seconds} seconds of processor time.")
    raise ColorizeError(
        f"{path} cannot be loaded as a Keras model: the process that reads it crashed, so the file is damaged or "
        "malicious. Choose another model."
    )


def main(path: str, folder: str, limits: str, seconds: str) -> None:
    """Copy a model file into a folder; this is all that the child process does."""
    bounds = ModelLimits(**json.loads(limits))
    stored = Path(path).stat().st_size
    # A large file may unpack to its own size, a small compressed one to a fixed size.
    allowed = min(bounds.maximum_bytes, max(bounds.maximum_inflated_bytes, stored))
    _limit_process(_SPARE_BYTES + allowed, int(seconds))
    try:
        _copy(Path(path), Path(folder), bounds, allowed)
    except Refused as refusal:
        _end(_REFUSED, str(refusal))
    except MemoryError:
        _end(_REFUSED, f"reading it takes more than {(_SPARE_BYTES + allowed) / 1e9:.1f} GB of memory")
    except Exception as error:  # a crafted or damaged file can raise almost any exception
        _end(_DAMAGED, reason(error))


def _end(code: int, why: str) -> None:
    sys.stdout.buffer.write(why.encode("utf-8", "replace"))
    sys.stdout.flush()
    os._exit(code)  # skips the HDF5 library's own cleanup, which a damaged file can crash


def _limit_process(memory: int, seconds: int) -> None:
    if resource is None:
        return
    for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        soft, hard = resource.getrlimit(kind)
        lowest = min([limit, *(most for most in (soft, hard) if most != resource.RLIM_INFINITY)])
        with suppress(OSError, ValueError):  # macOS does not support all of these limits
            resource.setrlimit(kind, (lowest, hard))


def _copy(path: Path, folder: Path, limits: ModelLimits, allowed: int) -> None:
    with path.open("rb") as file:
        is_hdf5 = file.read(len(_SIGNATURE)) == _SIGNATURE
    if is_hdf5:
        _copy_hdf5(path, folder / "model.h5", folder / _CONFIG, limits, allowed)
        return
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        foreign = sorted(set(members) - {_CONFIG, _METADATA, _WEIGHTS})
        if foreign:
            raise Refused(_kind_of_zip(members) or f"it contains {foreign[0]!r}, which is not part of a Keras model")
        described, weights = archive.getinfo(_CONFIG), archive.getinfo(_WEIGHTS)
        if described.file_size > limits.maximum_config_bytes:
            raise Refused("the description of its network is too large")
        if weights.file_size > allowed:
            raise Refused(f"it unpacks to more than {allowed / 1e6:,.0f} MB")
        (folder / _CONFIG).write_bytes(archive.read(described))
        unpacked = folder / "unpacked.h5"
        _need_room(folder, weights.file_size)
        with archive.open(weights) as packed, unpacked.open("wb") as file:
            shutil.copyfileobj(packed, file, 1024**2)
    _copy_hdf5(unpacked, folder / _WEIGHTS, None, limits, allowed)
    unpacked.unlink()


def _kind_of_zip(names: Any) -> str:
    """Describe a zip that is not a `.keras` file; return "" if its kind is unknown."""
    if any(name.endswith("data.pkl") for name in names):
        return "it is a PyTorch model, whose weights do not fit Keras networks; choose a .keras or .h5 file"
    inside = next((name for name in names if name.lower().endswith((".keras", ".h5", ".hdf5"))), None)
    if inside is not None and inside != _WEIGHTS:
        return f"it is a zip that contains {inside!r}; unpack it and choose that file"
    if any(name.endswith("saved_model.pb") for name in names):
        return "it is a zip of a TensorFlow SavedModel; load that with Keras 2 and save it as an .h5 file"
    return ""


def _need_room(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size + 10_000_000:
        raise Refused(f"there is not enough disk space in {folder.parent} for a copy of its weights; free some")


def _copy_hdf5(path: Path, target: Path, config: Path | None, limits: ModelLimits, allowed: int) -> None:
    """Copy the groups, arrays and attributes of an HDF5 file that Keras reads to load a model or weights."""
    import h5py

    left, text_left = allowed, _TEXT_BYTES
    with h5py.File(path, "r", locking=False) as source, h5py.File(target, "w") as clean:
        is_whole = _MODEL_CONFIG in source.attrs
        if is_whole and config is not None:
            config.write_bytes(_description(source, limits))
        seen, waiting = {source}, [(source, clean)]
        while waiting:
            group, copied = waiting.pop()
            text_left -= _copy_attributes(group, copied, text_left)
            for name in group:
                if group is source and name in _OPTIMIZERS and "layer_names" not in group.attrs:
                    continue
                if group.id.links.get_info(name.encode("utf-8", "surrogateescape")).type != h5py.h5l.TYPE_HARD:
                    raise Refused(f"its part {name!r} is a link to elsewhere")
                part = group[name]
                if part in seen:
                    raise Refused(f"its part {name!r} is a link to another part")
                seen.add(part)
                if len(seen) > limits.maximum_objects:
                    raise Refused(f"it has more than {limits.maximum_objects:,} parts")
                if isinstance(part, h5py.Group):
                    waiting.append((part, copied.create_group(name)))
                else:
                    left -= _check_array(name, part, left)
                    _need_room(target.parent, part.nbytes)
                    copy = copied.create_dataset(name, data=part[()])
                    text_left -= _copy_attributes(part, copy, text_left)
        if is_whole and config is not None:
            clean.attrs[_MODEL_CONFIG] = config.read_text("utf-8")


def _description(source: Any, limits: ModelLimits) -> bytes:
    text = source.attrs[_MODEL_CONFIG]
    if not isinstance(text, str | bytes):
        raise Refused("the description of its network is not text")
    config = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else bytes(text)
    if len(config) > limits.maximum_config_bytes:
        raise Refused("the description of its network is too large")
    return config


def _check_array(name: str, part: Any, left: int) -> int:
    """Return the size of an array in bytes; raise Refused unless it holds numbers, is in this file and fits."""
    import h5py

    if not isinstance(part, h5py.Dataset) or part.dtype.kind not in "biuf":
        raise Refused(f"its part {name!r} is not an array of numbers")
    if part.is_virtual or part.external:
        raise Refused(f"its part {name!r} is stored in another file")
    if part.nbytes > left:
        raise Refused(f"its weights need more than {left / 1e6:,.0f} MB")
    if part.shape is None or (part.size and not part.id.get_storage_size()):
        raise Refused(f"the data of its part {name!r} is missing")
    return part.nbytes


def _copy_attributes(part: Any, copied: Any, left: int) -> int:
    """Copy the attributes of a group or an array that Keras needs; return their size in bytes."""
    import h5py
    import numpy as np

    size = 0
    for name in part.attrs if h5py.h5a.get_num_attrs(part.id) else ():
        if name in (_MODEL_CONFIG, _TRAINING_CONFIG):
            continue
        value = part.attrs[name]
        array = np.asarray(value)
        if array.dtype.kind == "O" and all(isinstance(each, str) for each in array.flat):
            array = array.astype(str)
        if array.dtype.kind not in "biufSU":
            raise Refused(f"its attribute {name!r} is neither numbers nor text")
        size += array.nbytes
        if size > left:
            raise Refused("its names and attributes are too long")
        copied.attrs[name] = value
    return size
