"""Parts of a report about the network itself: its layers, their outputs on photos, what filters detect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from colorizer.inspection.activations import ChannelCensus, Channels
from colorizer.inspection.filters import STEPS, FilterPattern
from colorizer.inspection.layers import LayerFacts
from colorizer.inspection.viewing import ViewedPhoto
from colorizer.pictures.maps import grid, heat_map, patch_of, strip
from colorizer.pictures.report import Drawing, Group, Part, Table

_CELL = 150
_NAMED_CHANNELS = 12
"""Maximum number of silent channels listed per layer."""


def layers_part(rows: Sequence[LayerFacts], size: int) -> Part:
    """Build the part with the table of layers and its summary."""
    learning = sum(row.parameters for row in rows if row.is_learning)
    dearest = max(rows, key=lambda row: row.time_share if np.isfinite(row.time_share) else 0)
    largest = max(rows, key=lambda row: row.parameters)
    total = sum(row.parameters for row in rows)
    checked = [row for row in rows if row.measured_field is not None and row.receptive_field is not None]
    agreeing = sum(min(row.receptive_field, size) == row.measured_field for row in checked)
    findings = [
        f"{len(rows)} layers with {total:,} parameters, {learning:,} of them in trainable layers. {largest.name} has "
        f"the most parameters ({largest.parameters / max(total, 1):.0%}), and {dearest.name} takes the most time "
        f"({dearest.time_share:.0%} of a step)."
    ]
    if checked:
        why = (
            ""
            if agreeing == len(checked)
            else (" In the other layers, weights at its edge are zero, or units there are inactive.")
        )
        findings.append(
            f"The measured receptive field equals the computed one in {agreeing} of the {len(checked)} layers where "
            f"both are known. A receptive field larger than the photo counts as the whole photo.{why}"
        )
    table = Table(
        ("layer", "kind", "output", "parameters", "kernel sizes", "sees, pixels", "measured", "time"),
        tuple(_layer_row(row) for row in rows),
    )
    return Part(
        "Layers",
        (
            "The table lists the layers in the order in which the photo passes through them. A layer's output has "
            "rows, columns and channels. Its parameters are the numbers it has learned; their count follows from "
            "the kernel sizes.",
            'The column "sees" is the receptive field: the side length, in pixels, of the area on which one output '
            "depends, computed from kernel sizes and strides. For some layers it was also measured, by finding the "
            f"pixels of a {size} x {size} photo of noise that have a gradient. The time is each layer's share of a "
            "training step, measured layer by layer.",
        ),
        tuple(findings),
        (Group(table=table),),
    )


def _layer_row(row: LayerFacts) -> tuple[str, ...]:
    return (
        row.name,
        row.kind,
        " x ".join("any" if side is None else str(side) for side in row.output),
        f"{row.parameters:,}" if row.parameters else "",
        row.formula,
        "" if row.receptive_field is None else f"{row.receptive_field:,}",
        "" if row.measured_field is None else f"{row.measured_field:,}",
        f"{row.time_share:.1%}" if np.isfinite(row.time_share) else "",
    )


def activations_part(
    photos: Mapping[str, ViewedPhoto], channels: Mapping[str, Sequence[Channels]], census: Sequence[ChannelCensus]
) -> Part:
    """Build the part about layer outputs on photos; `channels` is by photo name."""
    counted = sum(each.channels for each in census)
    silent = sum(len(each.silent) for each in census)
    findings = [
        f"{silent:,} of {counted:,} channels in these layers are silent: their output is the same at every place of "
        "every photo."
    ]
    findings += [
        f"{each.layer}: {len(each.silent)} of {each.channels} are silent: {_some(each.silent)}."
        for each in census
        if each.silent
    ]
    groups, by_layer = [], {each.layer: each for each in census}
    for place, (name, of_photo) in enumerate(channels.items(), 1):
        photo, drawings = photos[name], []
        for each in of_photo:
            rows, columns, _ = each.maps.shape
            maps = np.moveaxis(np.maximum(each.maps - each.maps.min((0, 1)), 0), -1, 0)
            pictures = [heat_map(one, photo.gray, float(one.max())) for one in maps]
            caption = (
                f"{each.layer}: {rows} x {columns} places, channels {', '.join(map(str, each.numbers))} of "
                f"{by_layer[each.layer].channels}"
            )
            drawings.append(Drawing(f"activations-{place}-{each.layer}", strip(pictures, _CELL), caption))
        groups.append(Group(name, (Drawing(f"gray-{place}", photo.gray, "Input of the network."), *drawings)))
    return Part(
        "Activations",
        (
            "These pictures show the outputs of one layer for each grid size: on the way down, where the network "
            "recognizes objects, and on the way up, where it chooses colors. For each layer, they show the channels "
            "that vary most across the photo. Bright areas are those where a channel is active.",
            "Early layers respond to edges and tones on a fine grid. Layers in the middle respond to parts and "
            "objects on a grid so coarse that one cell covers a face. The output of a silent channel does not "
            "depend on the photo; if it follows a rectifier and stays at zero, it can no longer learn. With few "
            "photos, a channel may be silent only because no photo contains what it detects.",
        ),
        tuple(findings),
        tuple(groups),
    )


def _some(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:_NAMED_CHANNELS]))
    left = len(numbers) - _NAMED_CHANNELS
    return f"{named} and {left} more" if left > 0 else named


def filters_part(photos: Sequence[ViewedPhoto], patterns: Sequence[Sequence[FilterPattern]], seed: int) -> Part:
    """Build the part about what filters detect, in the order of the layers."""
    groups = []
    for of_layer in patterns:
        rows = []
        for each in of_layer:
            pattern = Image.fromarray(np.rint(each.pattern * 255).astype(np.uint8))
            best = [patch_of(photos[one.photo], one.left, one.top, one.side) for one in each.patches]
            rows.append([pattern, *best])
        layer = of_layer[0].layer
        names = ", ".join(str(each.number) for each in of_layer)
        side = of_layer[0].patches[0].side if of_layer[0].patches else 0
        caption = (
            f"{layer}, filters {names} from top to bottom. Left: the pattern. Right: the parts of the photos that "
            f"activate the filter most, each the size of its receptive field ({side} pixels of the network's grid)."
        )
        groups.append(Group(layer, (Drawing(f"filters-{layer}", grid(rows, _CELL), caption),)))
    return Part(
        "What filters detect",
        (
            "A filter detects a pattern at every place of a photo. The picture on the left activates it most; the "
            "parts of photos on the right activate it most among these photos. If both show the same thing, the "
            "filter detects that.",
            f"The picture is computed by gradient ascent, not photographed. Starting with noise (seed {seed}), its "
            f"brightness changes in {STEPS} steps to activate the filter more. It is represented as a sum of waves "
            "and shifted slightly before each step, so that patterns emerge instead of noise. With few photos, the "
            "parts on the right are only the best available.",
        ),
        (),
        tuple(groups),
    )
