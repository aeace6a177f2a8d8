"""Look into an HDF5 file without reading what could fill memory: links, attributes, arrays and how they are packed."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

import h5py
import numpy as np

from colorizer.network.hdf5_indexes import MAXIMUM_PIECES, screen_indexes
from colorizer.network.hdf5_texts import heap_bytes, texts_of
from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits

_ATTRIBUTES, _TEXT_BYTES = 100, 10_000_000
"""Of one object."""
_CONFIG, _TRAINING = "model_config", "training_config"
_CHUNK_BYTES = 256_000_000
_PIPELINES = {
    (): False,
    (h5py.h5z.FILTER_SHUFFLE,): False,
    (h5py.h5z.FILTER_DEFLATE,): True,
    (h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE): True,
}
"""Filters whose output can be bounded, and whether they inflate; others grow without a bound or are libraries:
https://github.com/HDFGroup/hdf5_plugins/blob/master/docs/RegisteredFilterPlugins.md."""
_PLAIN = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING, h5py.h5t.ENUM)


@dataclass
class _Found:
    """What was counted of a file so far."""

    stored: int
    """Bytes the file is long."""
    numbers: int = 0
    """Of all arrays together, whatever they take each."""
    bytes: int = 0
    """What the arrays take in memory."""
    held: int = 0
    """What they take in the file."""
    inflated: int = 0
    chunks: int = 0
    heaps: set[int] = field(default_factory=set)
    """Where the heaps of texts begin that were looked into."""
    heap_bytes: int = 0


@dataclass(frozen=True)
class ScreenedWeights:
    """What is known of an HDF5 file that was let in."""

    config: bytes | None
    """The network's description, if the file holds one."""
    numbers: int
    """How many numbers its arrays have together."""


def screen_hdf5(file: BinaryIO, limits: ModelLimits) -> ScreenedWeights:
    """Follow every link of an open HDF5 file; raise Suspicious for what Keras must not open.

    What is damaged raises nearly any error.
    """
    screen_indexes(file, limits.maximum_objects)
    found = _Found(stored=file.seek(0, 2))
    with h5py.File(file, "r") as opened:
        seen, groups = {h5py.h5o.get_info(opened.id).addr}, [h5py.h5g.open(opened.id, b"/")]
        _screen_attributes(file, groups[0], found, limits)
        while groups:
            group = groups.pop()
            for name in _names(group):
                shown = name.decode("utf-8", "replace")
                if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
                    raise Suspicious(f"its part {shown!r} is a link to elsewhere")
                part = h5py.h5o.open(group, name)
                address = h5py.h5o.get_info(part).addr
                if address in seen:
                    raise Suspicious(f"its part {shown!r} is a link to what it holds already")
                seen.add(address)
                _screen_attributes(file, part, found, limits)
                if isinstance(part, h5py.h5g.GroupID):
                    groups.append(part)
                else:
                    _screen_array(shown, part, found, limits)
        return ScreenedWeights(_config(opened), found.numbers)


def _names(group: h5py.h5g.GroupID) -> list[bytes]:
    names: list[bytes] = []
    group.links.iterate(names.append)
    return names


def _screen_attributes(file: BinaryIO, part: h5py.h5g.GroupID, found: _Found, limits: ModelLimits) -> None:
    """See that no attribute is large or would be read for ever, before any is read.

    One that is no text lies in a header, which has room for 65,535 bytes of it.
    """
    if h5py.h5a.get_num_attrs(part) > _ATTRIBUTES:
        raise Suspicious(f"one of its parts has more than {_ATTRIBUTES} attributes")
    names: list[bytes] = []
    h5py.h5a.iterate(part, names.append)
    counts: dict[bytes, int] = {}
    for name in names:
        shown, attribute = name.decode("utf-8", "replace"), h5py.h5a.open(part, name)
        kind, count = attribute.get_type(), attribute.get_space().get_simple_extent_npoints()
        if kind.get_class() not in _PLAIN:
            raise Suspicious(f"its attribute {shown!r} is neither numbers nor text")
        if shown in (_CONFIG, _TRAINING) and kind.get_size() * count > limits.maximum_config_bytes:
            raise Suspicious("the description of its network is larger than any")
        if isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str():
            counts[name] = count
    if counts:
        _screen_texts(file, h5py.h5o.get_info(part).addr, counts, found, limits)


def _screen_texts(file: BinaryIO, address: int, counts: dict[bytes, int], found: _Found, limits: ModelLimits) -> None:
    """See how long the texts of an object's attributes are, and that the heaps they lie in are sound."""
    texts = texts_of(file, address, counts)
    descriptions = (_CONFIG.encode(), _TRAINING.encode())
    if any(texts.lengths.get(name, 0) > limits.maximum_config_bytes for name in descriptions):
        raise Suspicious("the description of its network is larger than any")
    if sum(length for name, length in texts.lengths.items() if name not in descriptions) > _TEXT_BYTES:
        raise Suspicious("the names in it are longer than any")
    for heap in texts.heaps - found.heaps:
        found.heaps.add(heap)
        found.heap_bytes += heap_bytes(file, heap)
        if found.heap_bytes > found.stored:
            raise Suspicious("its texts lie over each other")


def _screen_array(name: str, part: h5py.h5d.DatasetID, found: _Found, limits: ModelLimits) -> None:
    """Count what an array takes, and see that it is nothing but numbers, all of them in this file, each once."""
    if not isinstance(part, h5py.h5d.DatasetID) or not _is_numbers(part.get_type()):
        raise Suspicious(f"its part {name!r} is no array of numbers")
    array = h5py.Dataset(part)
    if array.is_virtual or array.external:
        raise Suspicious(f"its part {name!r} lies in another file")
    numbers = math.prod(array.shape or ())
    size = numbers * part.get_type().get_size()
    found.numbers += numbers
    found.bytes += size
    if found.bytes > limits.maximum_bytes:
        raise Suspicious(f"its weights would fill more than {limits.maximum_bytes / 1e9:.0f} GB")
    found.held += part.get_storage_size()
    if found.held > found.stored:
        raise Suspicious("its weights lie over each other")
    if part.get_create_plist().get_layout() == h5py.h5d.CHUNKED:
        _screen_pieces(name, array, found, limits)
    elif part.get_storage_size() < size:
        raise Suspicious(f"its part {name!r} is not in the file")


def _screen_pieces(name: str, array: h5py.Dataset, found: _Found, limits: ModelLimits) -> None:
    """See that the pieces an array is stored in are no more and no larger than it needs."""
    creation, item = array.id.get_create_plist(), array.id.get_type().get_size()
    filters = tuple(creation.get_filter(number)[0] for number in range(creation.get_nfilters()))
    if filters[-1:] == (h5py.h5z.FILTER_FLETCHER32,):
        filters = filters[:-1]
    if filters not in _PIPELINES:
        raise Suspicious(f"its part {name!r} is packed in an unknown way")
    sides = [(side, max(1, whole)) for side, whole in zip(creation.get_chunk(), array.shape, strict=True)]
    size = math.prod(side for side, _ in sides) * item
    if size > _CHUNK_BYTES or any(side > whole for side, whole in sides):
        raise Suspicious(f"its part {name!r} is packed in pieces larger than itself")
    count = math.prod(math.ceil(whole / side) for side, whole in sides)
    found.chunks += count
    if found.chunks > MAXIMUM_PIECES:
        raise Suspicious(f"its weights are packed in more than {MAXIMUM_PIECES:,} pieces")
    if _PIPELINES[filters]:
        found.inflated += math.prod(array.shape) * item
        if found.inflated > limits.maximum_inflated_bytes:
            raise Suspicious(f"its weights inflate to more than {limits.maximum_inflated_bytes / 1e6:.0f} MB")
        _screen_inflation(name, array.id, size, count)


def _is_numbers(kind: h5py.h5t.TypeID) -> bool:
    if kind.get_class() == h5py.h5t.ENUM:  # as h5py stores truth values
        return kind.get_size() == 1 and kind.get_nmembers() == 2
    return kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT) and kind.get_size() <= 16


def _screen_inflation(name: str, part: h5py.h5d.DatasetID, size: int, most: int) -> None:
    """Inflate every piece of an array and see that it has just the size it must: HDF5 has no bound of its own.

    None is larger than the file, or more would be held there than it has.
    """
    pieces: list[h5py.h5d.StoreInfo] = []
    part.chunk_iter(pieces.append)
    if len(pieces) > most or any(piece.filter_mask for piece in pieces):
        raise Suspicious(f"its part {name!r} is packed in an unknown way")
    for piece in pieces:
        _, packed = part.read_direct_chunk(piece.chunk_offset)
        inflate = zlib.decompressobj()
        content = inflate.decompress(packed, size + 1)  # a checksum behind it is none of its own
        if len(content) != size or not inflate.eof:
            raise Suspicious(f"its part {name!r} inflates to another size than it says")


def _config(opened: h5py.File) -> bytes | None:
    """Return the network's description as its bytes, counted before; as text it would take up to four times that."""
    if _CONFIG not in opened.attrs:
        return None
    attribute = opened.attrs.get_id(_CONFIG)
    if attribute.shape == ():
        value = np.empty((), attribute.dtype)
        attribute.read(value)
        if isinstance(text := value[()], bytes):
            return text
    raise Suspicious("the description of its network is no text")
