"""Inspect a network: its layers, its results on some photos, their causes, its uncertainty and its errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from colorizer.errors import ColorizeError
from colorizer.inspection.attribution import (
    Attribution,
    Hiding,
    Region,
    attribute,
    colourful_regions,
    hide_marked,
    region_around,
)
from colorizer.inspection.filters import count_silent_channels, filter_patterns, strongest_channels
from colorizer.inspection.layers import layer_table, of_one_size, resolution_layers
from colorizer.inspection.uncertainty import chroma_error, errors_by_colour, reliability, uncertainty_map
from colorizer.inspection.viewing import ViewedPhoto, view
from colorizer.network.architectures import is_classifier
from colorizer.network.network import Network
from colorizer.pictures.inspection_report import (
    activations_part,
    errors_part,
    filters_part,
    layers_part,
    uncertainty_part,
    why_part,
)
from colorizer.pictures.report import Part, save_report
from colorizer.progress import Progress, no_progress
from colorizer.runs.folders import REPORT, Run
from colorizer.settings import DEFAULT_READING, Reading

INSPECTED_PHOTOS = 100
"""Default for the maximum number of photos that figures are averaged over."""
SHOWN_PHOTOS = 6
"""How many of these are shown individually. With these numbers, the default photos take less than two minutes on two
cores."""
_ACTIVATION_PHOTOS = 2
"""How many of these are shown with their activations."""
_REGIONS = 2
"""Number of places per photo whose color is explained."""
_PATTERN_LAYERS, _PATTERNS = 4, 4
"""Number of layers whose filters are shown (the first ones, each on a coarser grid), and of filters per layer."""


@dataclass(frozen=True)
class InspectJob:
    """A network to inspect, and the photos for it."""

    network: Network
    photos: Sequence[Path]
    """The first `SHOWN_PHOTOS` are shown individually; all count in figures over photos."""
    root: Path
    """The folder to which the photos' names are relative."""
    run: Run
    """The run that receives the report."""
    truths: Mapping[Path, Path] = field(default_factory=dict)
    """Files with the true colors of photos; a color photo is its own truth."""
    point: tuple[float, float] | None = None
    """The place whose color is explained, in pixels of the upright photo from its upper left corner; None explains the
    most colorful places."""
    reading: Reading = DEFAULT_READING
    seed: int = 0
    """Seed for the noise from which patterns start, and for the hidden places."""


@dataclass(frozen=True)
class InspectResult:
    """The files and findings of a report."""

    report: Path
    """A self-contained HTML file."""
    pictures: tuple[Path, ...]
    """The report's pictures as PNG, next to it."""
    findings: tuple[str, ...]
    """The generated sentences of all parts."""


def inspect_network(job: InspectJob, progress: Progress = no_progress) -> InspectResult:
    """Inspect a network and write a report; raise ColorizeError.

    Photos are decoded one at a time and kept as small pictures of half a megabyte each, so the peak memory is that of
    the largest photo.
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
    uncertainties, errors = {}, {}
    for number, (name, photo) in enumerate(photos.items(), 1):
        uncertainties[name] = uncertainty_map(network, photo.luma)
        error = chroma_error(photo)
        if error is not None:
            errors[name] = error
        progress(done + number, total)
    known = {name: photos[name] for name in errors}
    curve = reliability([uncertainties[name] for name in errors], list(errors.values())) if errors else None
    parts = [
        *inside,
        why,
        uncertainty_part(shown, {name: uncertainties[name] for name in shown}, curve, is_classifier(network.model)),
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
    raise ColorizeError(f"The point {x:g},{y:g} lies outside every inspected photo. Choose a point inside one.")


def _has_point(photo: ViewedPhoto, point: tuple[float, float]) -> bool:
    return point[0] < photo.width and point[1] < photo.height


def _introduction(job: InspectJob, shown: Mapping[str, ViewedPhoto]) -> tuple[str, ...]:
    many = "one photo" if len(job.photos) == 1 else f"{len(job.photos):,} photos"
    less = f", of which the first {len(shown)} are shown individually" if len(shown) < len(job.photos) else ""
    return (
        f"This report shows what the network {job.network.name} has learned, based on {many}{less}. The network "
        f"works on squares of {job.network.size} x {job.network.size} pixels. Every photo is resized to that, the "
        "network receives only its brightness, and the predicted colors are combined with the photo's own "
        "brightness.",
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
