"""Color a photo like reference photos: match places by what they show, and take the chroma of those that match.

1. An encoder, the first blocks of MobileNetV2 from the shipped model, describes each place of a photo and of every
   reference by a unit vector. Places that show the same material, object or person have similar vectors.
2. Each place of the photo takes the mean chroma of the reference's places, weighted by a softmax over their similarity
   and their difference in luma, as in He et al. 2018, "Deep exemplar-based colorization",
   https://arxiv.org/abs/1807.06587.
3. A small network estimates from eleven properties of a match, such as similarity and agreement in both directions, how
   far to trust it. Of several references, the most trusted one counts most, place by place. Where no reference is
   trusted, the predicted colors stay.

Both networks were trained on pairs of views of recolored photographs, mixed with unrelated pairs
(`python -m benchmarks.references_network`, docs/REFERENCES.md).

Examples:
    >>> from colorizer import colorize_photo, load_model
    >>> colorize_photo("wedding-3.jpg", load_model(), references=["wedding-in-color.jpg"]).save("wedding-3-color.png")
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from colorizer.dataset.find import references_in
from colorizer.errors import ColorizeError
from colorizer.files import is_file, is_folder
from colorizer.inference.full_size import added
from colorizer.inference.proposal import unfaded
from colorizer.network.network import Network
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma, luma
from colorizer.photos.formats import VIDEO, kind_of
from colorizer.photos.photo import DEFAULT_LIMITS
from colorizer.photos.reading import Source, read_photo, read_square
from colorizer.photos.toning import is_gray, is_in_colour
from colorizer.settings import PhotoLimits

if TYPE_CHECKING:
    import keras

    from colorizer.network.engines import Engine

DESCRIBING = Path(__file__).parents[1] / "pretrained" / "references.tflite"
TRUSTING = Path(__file__).parents[1] / "pretrained" / "references.npz"
MAXIMUM_REFERENCES = 20
"""Maximum number of references per photo. Each takes about 20 milliseconds per photo."""
SIDE, GRID = 128, 32
"""Side of the square on which a photo is described, in pixels, and of the grid of described places, in cells."""
_READ_SIDE = 2 * SIDE
_LOCAL = 5
"""Side of the square of cells over which similarity and agreement are averaged."""
_SHARPNESS = 4
"""Power of the trust by which several references are weighted."""
_APART, _LUMA_APART = 0.7, 0.1
"""Standard deviations of the weights with which matches are enlarged: in cells, and in luma."""
_LIKENESS_RANK = 90
"""The likeness of a photo and a reference is this percentile of the local similarity of its cells, so that a tenth of
the photo suffices."""
_UNLIKE, _ALIKE = 0.66, 0.76
"""Likeness up to which a reference changes nothing, and from which it is trusted as much as its matches are. Half of
unrelated pairs are below 0.71, and almost all related ones above it (docs/REFERENCES.md)."""
_LEAST_GIVEN = 0.02
"""Mean trust below which a reference is not named among those that gave colors."""


@dataclass(frozen=True)
class Reference:
    """One reference photo, described."""

    name: str
    places: np.ndarray
    """Unit vectors, float32, shape (cells, dimensions)."""
    luma: np.ndarray
    """float32 in [0, 1], shape (cells,)."""
    chroma: np.ndarray
    """float32 in [-0.5, 0.5], shape (cells, 2)."""


@dataclass(frozen=True)
class References:
    """The references for some photos, each described once."""

    references: tuple[Reference, ...]
    skipped: tuple[str, ...] = ()
    """For each file of a folder that cannot be a reference, the sentence that says why."""

    @property
    def digest(self) -> str:
        """SHA-256 of what is known of all references, in hexadecimal."""
        every = (part for each in self.references for part in (each.places, each.luma, each.chroma))
        return hashlib.sha256(b"".join(part.tobytes() for part in every)).hexdigest()


@dataclass(frozen=True)
class Referenced:
    """A prediction that was changed to match references."""

    offsets: np.ndarray
    """RGB minus luma, float32, shape (rows, columns, 3)."""
    likeness: float
    """Similarity of the most similar tenth of the photo to a reference, up to 1."""
    names: tuple[str, ...]
    """The references that gave colors, by how much they gave."""

    @property
    def is_matched(self) -> bool:
        """Whether a reference is similar enough for at least half of its colors to be used."""
        return self.likeness >= (_UNLIKE + _ALIKE) / 2


def prepare_references(sources: Sequence[Source | Path] | Source, limits: PhotoLimits = DEFAULT_LIMITS) -> References:
    """Read and describe references.

    Args:
        sources: One or more color photos, in any form that `photos.reading.read_photo` accepts, or folders of them.
        limits: Limits on the photos.

    Raises:
        ColorizeError: A reference cannot be read or has no color, a folder has no color photos, or there are more than
            `MAXIMUM_REFERENCES`.
    """
    listed = list(sources) if isinstance(sources, list | tuple) else [sources]
    found, skipped = [], []
    for source in listed:
        if isinstance(source, str | Path) and is_folder(Path(source)):
            inside = sorted(path for path in Path(source).iterdir() if is_file(path) and not path.name.startswith("."))
            _refuse_too_many(len(found) + len(inside))
            before = len(found)
            for path in inside:
                try:
                    found.append(_described(path, limits))
                except ColorizeError as error:
                    skipped.append(str(error))
            if len(found) == before:
                raise ColorizeError(f"The folder {source} contains no color photos that could be references.")
        else:
            _refuse_too_many(len(found) + 1)
            found.append(_described(source, limits))
    return References(tuple(found), tuple(skipped))


def find_references(
    photos: Sequence[Path], given: References | None = None, limits: PhotoLimits = DEFAULT_LIMITS
) -> dict[Path, References]:
    """Find the references for photos: `PHOTO.reference.jpg` next to a photo, of any format, otherwise `given`.

    Raises ColorizeError as `prepare_references` does.
    """
    folders = {folder: references_in(folder) for folder in {photo.parent for photo in photos}}
    found: dict[Path, References] = {}
    for photo in photos:
        names = (unicodedata.normalize("NFC", name) for name in (photo.name, photo.stem))
        beside = next((folders[photo.parent][name] for name in names if name in folders[photo.parent]), None)
        own = [path for path in beside or () if path != photo]
        references = prepare_references(own, limits) if own else given
        if references:
            found[photo] = references
    return found


def color_like(references: References, offsets: np.ndarray, gray: np.ndarray) -> Referenced:
    """Replace predicted colors by those of references wherever a match is trusted.

    Args:
        references: The references.
        offsets: Predicted RGB minus luma, float32, shape (rows, columns, 3).
        gray: The photo's luma as `Photo.square(SIDE)` returns it: float32 in [0, 1], shape (SIDE, SIDE).
    """
    gray = unfaded(gray)
    predicted = chroma(_resized(offsets, SIDE))
    places, cells = _describe(gray), _cells(gray).ravel()
    coarse = _cells(predicted).reshape(-1, 2)
    matches = [_match(places, cells, coarse, reference) for reference in references.references]
    colors, trusts, likenesses = (np.stack(each) for each in zip(*matches, strict=True))
    trusts *= np.clip((likenesses - _UNLIKE) / (_ALIKE - _UNLIKE), 0, 1)[:, None]
    weights = trusts**_SHARPNESS + 1e-12
    weights /= weights.sum(axis=0)
    color, trust = np.einsum("rn,rnc->nc", weights, colors), trusts.max(axis=0)
    color, trust = _enlarged(color, trust, gray)
    change = trust[..., None] * (color - predicted)
    given = (weights * trusts).mean(axis=1)
    names = tuple(references.references[number].name for number in np.argsort(-given) if given[number] > _LEAST_GIVEN)
    return Referenced(added(offsets, change @ CHROMA_TO_OFFSET), float(likenesses.max()), names)


def with_references(network: Network, references: References) -> Network:
    """Return a network that predicts the colors of references wherever they match, for films and evaluations."""
    return replace(network, engine=_ReferencedEngine(network.engine, references))


class _ReferencedEngine:
    """An engine whose predictions take colors from references."""

    def __init__(self, engine: Engine, references: References):
        self._engine, self._references, self.device = engine, references, engine.device

    @property
    def model(self) -> keras.Model:
        return self._engine.model

    @property
    def weights_digest(self) -> str:
        """Digest of the weights and the references, because both determine the predictions."""
        return hashlib.sha256((self._engine.weights_digest + self._references.digest).encode()).hexdigest()

    def predict(self, squares: np.ndarray) -> np.ndarray:
        rgb = np.array(self._engine.predict(squares))
        for number, predicted in enumerate(rgb):
            gray = luma(predicted)[..., None]
            seen = _resized(squares[number], SIDE)[..., 0]
            rgb[number] = gray + color_like(self._references, predicted - gray, seen).offsets
        return rgb


def _refuse_too_many(count: int) -> None:
    if count > MAXIMUM_REFERENCES:
        raise ColorizeError(f"More than {MAXIMUM_REFERENCES} references are too many. Choose those that fit best.")


def _described(source: Source, limits: PhotoLimits) -> Reference:
    path = Path(source) if isinstance(source, str | Path) else None
    if path is not None:
        if kind_of(path) is VIDEO:
            raise ColorizeError(f"{path} is a film. Save one of its frames as a photo, and use that as the reference.")
        square = read_square(path, _READ_SIDE, limits)
    else:
        image = read_photo(source, limits).rgb()
        square = np.asarray(image.resize((_READ_SIDE, _READ_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0))
    if is_gray(square, limits):
        raise ColorizeError(f"{path or 'The photo'} is black and white, so it cannot be a reference.")
    if not is_in_colour(Image.fromarray(square), limits):
        raise ColorizeError(
            f"{path or 'The photo'} is toned, as in sepia, so it cannot be a reference. Choose a photo in color."
        )
    rgb = square.astype(np.float32) / 255
    gray, colors = unfaded(_cells(luma(rgb), SIDE)), _cells(chroma(rgb), GRID)
    return Reference(path.name if path else "a photo", _describe(gray), _cells(gray).ravel(), colors.reshape(-1, 2))


def _match(
    places: np.ndarray, gray: np.ndarray, predicted: np.ndarray, reference: Reference
) -> tuple[np.ndarray, np.ndarray, float]:
    """Match the cells of a photo with those of a reference.

    Returns:
        The color of each cell according to the reference, shape (cells, 2), the trust in it, shape (cells,), and the
        likeness of both.
    """
    learned = _learned()
    similarity = places @ reference.places.T
    apart = np.abs(gray[:, None] - reference.luma)
    scores = learned["temperature"] * similarity - learned["luma_weight"] * apart
    weights = np.exp(scores - learned["temperature"])
    rows, columns = weights.sum(axis=1, keepdims=True), weights.sum(axis=0, keepdims=True)
    shares = weights / rows
    color = shares @ reference.chroma
    variance = shares @ (reference.chroma**2).sum(axis=1) - (color**2).sum(axis=1)
    spread = np.log(rows[:, 0]) + learned["temperature"] - np.einsum("ij,ij->i", shares, scores)
    mutual = np.sqrt(np.einsum("ij,ij->i", shares, weights / columns) + 1e-6)
    best = similarity.max(axis=1)
    nearby = _local_mean(best)
    properties = [
        best,
        np.einsum("ij,ij->i", shares, similarity),
        spread / np.log(len(reference.luma)),
        10 * np.sqrt(np.maximum(variance, 0) + 1e-8),
        mutual,
        4 * np.einsum("ij,ij->i", shares, apart),
        5 * np.sqrt(((color - predicted) ** 2).sum(axis=1) + 1e-8),
        nearby,
        _local_mean(mutual),
        np.full_like(best, best.mean()),
        np.full_like(best, mutual.mean()),
    ]
    hidden = np.maximum(np.stack(properties, axis=-1) @ learned["hidden"] + learned["hidden_bias"], 0)
    trust = 1 / (1 + np.exp(-(hidden @ learned["output"] + learned["output_bias"])[:, 0]))
    return color, trust, float(np.percentile(nearby, _LIKENESS_RANK))


def _local_mean(values: np.ndarray) -> np.ndarray:
    """Average each cell with its neighbors inside the grid."""
    reach = _LOCAL // 2

    def summed(plane: np.ndarray) -> np.ndarray:
        padded = np.pad(plane, reach)
        rows = np.sum([padded[shift : shift + GRID] for shift in range(_LOCAL)], axis=0)
        return np.sum([rows[:, shift : shift + GRID] for shift in range(_LOCAL)], axis=0)

    return (summed(values.reshape(GRID, GRID)) / summed(np.ones((GRID, GRID), np.float32))).ravel()


def _enlarged(color: np.ndarray, trust: np.ndarray, gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Enlarge colors and trust to the square, keeping them on the side of an edge of luma that they belong to.

    Joint bilateral upsampling, Kopf et al. 2007, https://doi.org/10.1145/1276377.1276497.

    Returns:
        Shapes (SIDE, SIDE, 2) and (SIDE, SIDE).
    """
    scale = SIDE // GRID
    coarse = np.concatenate([trust[:, None] * color, trust[:, None], _cells(gray).reshape(-1, 1)], axis=1)
    padded = np.pad(coarse.reshape(GRID, GRID, 4), ((1, 1), (1, 1), (0, 0)), mode="edge")
    position = (np.arange(SIDE) % scale + 0.5) / scale - 0.5
    total, sums = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE, 3), np.float32)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            part = padded[1 + down : 1 + down + GRID, 1 + across : 1 + across + GRID]
            part = part.repeat(scale, axis=0).repeat(scale, axis=1)
            near = ((position - down) ** 2)[:, None] + ((position - across) ** 2)[None]
            weight = np.exp(near / (-2 * _APART**2) - (gray - part[..., 3]) ** 2 / (2 * _LUMA_APART**2)) + 1e-6
            total += weight
            sums += weight[..., None] * part[..., :3]
    return sums[..., :2] / (sums[..., 2:] + 1e-9), sums[..., 2] / total


def _cells(plane: np.ndarray, side: int = GRID) -> np.ndarray:
    """Average blocks of a square plane, shape (n, n) or (n, n, channels), to `side` x `side` cells."""
    step = len(plane) // side
    return plane.reshape(side, step, side, step, *plane.shape[2:]).mean(axis=(1, 3), dtype=np.float32)


def _resized(offsets: np.ndarray, side: int) -> np.ndarray:
    if offsets.shape[:2] == (side, side):
        return offsets
    planes = (Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(offsets, -1, 0))
    return np.stack([np.asarray(plane.resize((side, side), Image.Resampling.BICUBIC)) for plane in planes], axis=-1)


def _describe(gray: np.ndarray) -> np.ndarray:
    """Return the unit vector of each cell: float32, shape (cells, dimensions)."""
    return _encoder()(gray)


@cache
def _learned() -> dict[str, np.ndarray]:
    with np.load(TRUSTING) as file:
        return dict(file)


@cache
def _encoder():
    """Load the encoder as a function of luma, shape (SIDE, SIDE)."""
    from colorizer.network.engines import interpreter

    opened, lock = interpreter(DESCRIBING.read_bytes()), Lock()
    given, described = opened.get_input_details()[0]["index"], opened.get_output_details()[0]["index"]

    def describe(gray: np.ndarray) -> np.ndarray:
        with lock:
            opened.set_tensor(given, np.ascontiguousarray(gray[None, ..., None], np.float32))
            opened.invoke()
            return opened.get_tensor(described)[0].reshape(GRID * GRID, -1)

    return describe
