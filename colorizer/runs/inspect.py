"""Look inside a network: what it is, what it makes of some photos, why, how sure it is, and where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from colorizer.errors import ColorizeError
from colorizer.inspection.activations import count_silent_channels, strongest_channels
from colorizer.inspection.attribution import Attribution, attribute
from colorizer.inspection.doubt import doubt, reliability
from colorizer.inspection.errors import chroma_error, errors_by_colour
from colorizer.inspection.filters import filter_patterns
from colorizer.inspection.graph import of_one_size, resolution_layers
from colorizer.inspection.hiding import Hiding, hide_marked
from colorizer.inspection.layers import layer_table
from colorizer.inspection.regions import Region, colourful_regions, region_around
from colorizer.inspection.viewing import ViewedPhoto, view
from colorizer.network.architectures import is_classifier
from colorizer.network.network import Network
from colorizer.pictures.colours import doubt_part, errors_part, why_part
from colorizer.pictures.inside import activations_part, filters_part, layers_part
from colorizer.pictures.report import Part, save_report
from colorizer.progress import Progress, no_progress
from colorizer.runs.folders import REPORT, Run
from colorizer.settings import DEFAULT_READING, Reading

INSPECTED_PHOTOS = 100
"""Photos that figures are taken over, at most, unless another number is asked for."""
SHOWN_PHOTOS = 6
"""Of these, the ones looked at one by one. With these numbers the default photos take less than two minutes on two
cores."""
_ACTIVATION_PHOTOS = 2
"""Of these, the ones whose activations are shown."""
_REGIONS = 2
"""Places of a photo whose colour is explained."""
_PATTERN_LAYERS, _PATTERNS = 4, 4
"""Layers whose filters are shown, the first ones, each on a coarser grid; and filters of each."""


@dataclass(frozen=True)
class InspectJob:
    """A network to look into, and the photos to do it with."""

    network: Network
    photos: Sequence[Path]
    """The first `SHOWN_PHOTOS` are looked at one by one; all count in figures over photos."""
    root: Path
    """The folder the photos' relative names start from."""
    run: Run
    """Where the report goes."""
    truths: Mapping[Path, Path] = field(default_factory=dict)
    """Files with the true colours of photos; a photo in colour has its own."""
    point: tuple[float, float] | None = None
    """The place whose colour is explained, in pixels of the upright photo from its upper left corner; None explains the
    most colourful places."""
    reading: Reading = DEFAULT_READING
    seed: int = 0
    """Of the noise that patterns begin with, and of the places that are hidden."""


@dataclass(frozen=True)
class InspectResult:
    """Where a report lies, and what it found."""

    report: Path
    """One HTML file that needs no other."""
    pictures: tuple[Path, ...]
    """Its pictures as PNG, beside it."""
    findings: tuple[str, ...]
    """The computed sentences of all its parts."""


def inspect_network(job: InspectJob, progress: Progress = no_progress) -> InspectResult:
    """Look into a network and write what is seen as one page; raise ColorizeError.

    Photos are decoded one after the other and kept as small pictures, half a megabyte each, so that memory is that of
    the largest one.
    """
    network = of_one_size(job.network)
    total = 2 * len(job.photos) + _PATTERN_LAYERS + 2
    photos: dict[str, ViewedPhoto] = {}
    for path in job.photos:
        photos[str(path.relative_to(job.root))] = view(network, path, job.truths.get(path), job.reading)
        progress(len(photos), total)
    shown = dict(list(photos.items())[:SHOWN_PHOTOS])
    _refuse_point_outside(job, shown)
    inside = _inside(job, network, photos, shown, progress, total)
    why = _why(job, network, shown)
    done = total - len(photos)
    progress(done, total)
    doubts, errors = {}, {}
    for number, (name, photo) in enumerate(photos.items(), 1):
        doubts[name] = doubt(network, photo.luma)
        error = chroma_error(photo)
        if error is not None:
            errors[name] = error
        progress(done + number, total)
    known = {name: photos[name] for name in errors}
    curve = reliability([doubts[name] for name in errors], list(errors.values())) if errors else None
    parts = [
        *inside,
        why,
        doubt_part(shown, {name: doubts[name] for name in shown}, curve, is_classifier(network.model)),
        errors_part(
            known,
            {name: errors[name] for name in shown if name in errors},
            errors_by_colour(list(known.values())),
            len(known),
        ),
    ]
    saved = save_report(job.run.results, REPORT, f"Inside {job.network.name}", _introduction(job, shown), parts)
    return InspectResult(saved.page, saved.pictures, tuple(said for part in parts for said in part.findings))


def _refuse_point_outside(job: InspectJob, shown: Mapping[str, ViewedPhoto]) -> None:
    if job.point is None or any(_has_point(photo, job.point) for photo in shown.values()):
        return
    x, y = job.point
    raise ColorizeError(f"The point {x:g},{y:g} lies outside every photo that is looked at; take one inside.")


def _has_point(photo: ViewedPhoto, point: tuple[float, float]) -> bool:
    return point[0] < photo.width and point[1] < photo.height


def _introduction(job: InspectJob, shown: Mapping[str, ViewedPhoto]) -> tuple[str, ...]:
    many = "one photo" if len(job.photos) == 1 else f"{len(job.photos):,} photos"
    less = f", the first {len(shown)} of them one by one" if len(shown) < len(job.photos) else ""
    return (
        f"What the network {job.network.name} has learned, looked at with {many}{less}. It works on squares of "
        f"{job.network.size} x {job.network.size} pixels: every photo is squeezed to that, its brightness alone is "
        "shown to the network, and the colours that come out are joined with the photo's own brightness.",
    )


def _inside(
    job: InspectJob,
    network: Network,
    photos: Mapping[str, ViewedPhoto],
    shown: Mapping[str, ViewedPhoto],
    progress: Progress,
    total: int,
) -> list[Part]:
    """Return the parts about the network itself."""
    model, done = network.model, len(photos)
    layers = resolution_layers(model)
    rows = layer_table(model, network.size, [layer.name for layer in layers])
    progress(done + 1, total)
    census = count_silent_channels(model, layers, np.stack([photo.luma for photo in photos.values()]))
    looked_at = dict(list(shown.items())[:_ACTIVATION_PHOTOS])
    channels = {name: strongest_channels(model, layers, photo.luma) for name, photo in looked_at.items()}
    progress(done + 2, total)
    fields = {row.name: row.receptive_field or network.size for row in rows}
    patterns = []
    for layer, counted in list(zip(layers, census, strict=True))[:_PATTERN_LAYERS]:
        numbers = counted.liveliest[:_PATTERNS]
        if numbers:
            viewed = list(photos.values())
            patterns.append(filter_patterns(network, layer, numbers, viewed, fields[layer.name], job.seed))
        progress(done + 2 + len(patterns), total)
    return [
        layers_part(rows, network.size),
        activations_part(looked_at, channels, census),
        filters_part(list(photos.values()), patterns, job.seed),
    ]


def _why(job: InspectJob, network: Network, shown: Mapping[str, ViewedPhoto]) -> Part:
    whys: dict[str, list[tuple[Attribution, Hiding]]] = {}
    for name, photo in shown.items():
        for region in _regions(job, photo, network.size):
            explained = attribute(network, photo.luma, region)
            hiding = hide_marked(network, photo.luma, explained, job.seed)
            whys.setdefault(name, []).append((explained, hiding))
    return why_part(shown, whys)


def _regions(job: InspectJob, photo: ViewedPhoto, size: int) -> tuple[Region, ...]:
    if job.point is None:
        return colourful_regions(photo.chroma, _REGIONS)
    if not _has_point(photo, job.point):
        return ()
    return (region_around(*job.point, photo.width, photo.height, size),)
