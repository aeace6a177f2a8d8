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
        f"{len(rows)} layers with {total:,} parameters, {learning:,} of them in layers that training changes. "
        f"The most lie in {largest.name} ({largest.parameters / max(total, 1):.0%}); the most time goes into "
        f"{dearest.name} ({dearest.time_share:.0%} of a step)."
    ]
    if checked:
        why = (
            "" if agreeing == len(checked) else " Where it is smaller, what lies at its rim has weight zero, or is off."
        )
        findings.append(
            f"The measured receptive field is the one of the formula in {agreeing} of the {len(checked)} layers where "
            f"both are known; a layer that looks beyond the photo sees all of it.{why}"
        )
    table = Table(
        ("layer", "kind", "output", "parameters", "how they come about", "sees, pixels", "measured", "time"),
        tuple(_layer_row(row) for row in rows),
    )
    return Part(
        "Layers",
        (
            "Every step the photo takes through the network, from top to bottom. A layer's output has rows, columns "
            "and channels; its parameters are the numbers it has learned, written as the sizes of its kernels.",
            'The column "sees" is the receptive field: how many pixels along one side one output depends on, by a '
            "formula of kernel sizes and steps; on some layers it was also measured, by asking which pixels of a noisy "
            f"photo of {size} x {size} have a gradient. The time is each layer's share of a training step, measured "
            "layer by layer.",
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
        f"Of {counted:,} channels in these layers {silent:,} are silent: the same at every place of every photo."
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
        groups.append(Group(name, (Drawing(f"gray-{place}", photo.gray, "What the network sees."), *drawings)))
    return Part(
        "Activations",
        (
            "What layers make of the photo: one layer for each size of grid, on the way down, where the network finds "
            "out what is there, and on the way up, where it decides on colours. Of each layer the channels that differ "
            "most between the places of this photo; bright is where a channel fires.",
            "Early layers answer to edges and tones on a fine grid, the ones in the middle to parts and things on a "
            "grid so coarse that one patch covers a face. A silent channel says the same whatever the photo shows; one "
            "of a rectifier that stays at zero cannot learn any more either. Of few photos it may only mean that none "
            "shows what it looks for.",
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
            f"{layer}, filters {names} from top to bottom: on the left the pattern, on the right what one output of it "
            f"sees ({side} pixels of the network's grid) where the photos excite it most."
        )
        groups.append(Group(layer, (Drawing(f"filters-{layer}", grid(rows, _CELL), caption),)))
    return Part(
        "What filters look for",
        (
            "A filter is a question the network asks of every place. On the left, the picture that answers it most "
            "loudly; on the right, the parts of the photos that do. Where both show the same thing, that is what the "
            "filter looks for.",
            f"The picture is made by gradient ascent: beginning with noise (seed {seed}), brightness is changed in "
            f"{STEPS} steps to what excites the filter more, as a sum of waves and moved a little before each step, "
            "so that patterns come out instead of noise. Nobody has ever photographed it. With few photos, the parts "
            "on the right are only the best there are.",
        ),
        (),
        tuple(groups),
    )
