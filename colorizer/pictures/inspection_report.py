"""Parts of the report about a network: layers, filters, causes of its colors, their uncertainty and errors."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from colorizer.inspection.attribution import MARKED_SHARE, Attribution, Hiding, Region
from colorizer.inspection.filters import STEPS, ChannelCensus, Channels, FilterPattern
from colorizer.inspection.layers import LayerFacts
from colorizer.inspection.uncertainty import ColourGroup, Reliability
from colorizer.inspection.viewing import ViewedPhoto
from colorizer.photos.color import CHROMA_TO_OFFSET
from colorizer.pictures.report import Drawing, Group, Part, Table
from colorizer.pictures.sheets import PAPER

TOWARDS, AWAY = (255, 120, 0), (40, 90, 255)
"""Colors for what pushes towards a hue, and for what pushes away from it."""
_STRONG = 99.0
"""Percentile of a map that is drawn at full strength, so that single pixels do not make all others pale."""
_GAP = 6
_PATCH = 160
"""Side of a patch, in pixels."""


def heat_map(values: np.ndarray, like: Image.Image, most: float, colours: str = "inferno") -> Image.Image:
    """Draw values from 0 to `most`, shape (rows, columns), as a picture with the size of another one.

    Values are not interpolated, so a coarse grid remains visible as one.

    Args:
        values: The values.
        like: The picture with the wanted size.
        most: The value that is drawn brightest.
        colours: Name of a Matplotlib colormap.
    """
    import matplotlib

    shares = np.clip(values / max(most, 1e-9), 0, 1)
    rgb = matplotlib.colormaps[colours](shares, bytes=True)[..., :3]
    return Image.fromarray(np.ascontiguousarray(rgb)).resize(like.size, Image.Resampling.NEAREST)


def heat_over(values: np.ndarray, like: Image.Image, most: float) -> Image.Image:
    """Blend a heat map with a gray photo."""
    return Image.blend(like.convert("RGB"), heat_map(values, like, most), 0.65)


def signed_over(values: np.ndarray, gray: Image.Image) -> Image.Image:
    """Tint a gray photo: `TOWARDS` for positive and `AWAY` for negative values, with strength by magnitude.

    `values` has shape (rows, columns).
    """
    most = max(float(np.percentile(np.abs(values), _STRONG)), 1e-12)
    strength = Image.fromarray(np.clip(np.abs(values) / most, 0, 1).astype(np.float32) * np.float32(220))
    mask = strength.resize(gray.size, Image.Resampling.BICUBIC).convert("L")
    sign = np.where((values > 0)[..., None], TOWARDS, AWAY).astype(np.uint8)
    colour = Image.fromarray(sign).resize(gray.size, Image.Resampling.NEAREST)
    return Image.composite(colour, gray.convert("RGB"), mask)


def with_regions(picture: Image.Image, regions: Sequence[Region], size: int) -> Image.Image:
    """Outline regions of the network's grid of `size` x `size` on a picture."""
    drawn = picture.convert("RGB")
    pen = ImageDraw.Draw(drawn)
    across, down = drawn.width / size, drawn.height / size
    for region in regions:
        left, top = region.left * across, region.top * down
        right, bottom = region.right * across - 1, region.bottom * down - 1
        pen.rectangle((left, top, right, bottom), outline=(0, 0, 0), width=4)
        pen.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=(255, 255, 255), width=2)
    return drawn


def patch_of(photo: ViewedPhoto, left: int, top: int, side: int) -> Image.Image:
    """Crop a part of a photo's gray picture, in pixels of the network's grid, keeping the grid's square shape."""
    across, down = photo.gray.width / len(photo.luma), photo.gray.height / len(photo.luma)
    box = (left * across, top * down, (left + side) * across, (top + side) * down)
    return photo.gray.resize((_PATCH, _PATCH), Image.Resampling.BICUBIC, box)


def strip(pictures: Sequence[Image.Image], cell: int) -> Image.Image:
    """Arrange pictures next to each other, each scaled to fit a square of `cell` pixels."""
    return grid([pictures], cell)


def grid(rows: Sequence[Sequence[Image.Image]], cell: int) -> Image.Image:
    """Arrange rows of pictures below each other, each picture scaled to fit a square of `cell` pixels."""
    fitted = [[_fitted(picture, cell) for picture in row] for row in rows]
    width = max(sum(picture.width for picture in row) + _GAP * (len(row) - 1) for row in fitted)
    heights = [max(picture.height for picture in row) for row in fitted]
    sheet = Image.new("RGB", (width, sum(heights) + _GAP * (len(rows) - 1)), PAPER)
    top = 0
    for row, height in zip(fitted, heights, strict=True):
        left = 0
        for picture in row:
            sheet.paste(picture, (left, top))
            left += picture.width + _GAP
        top += height + _GAP
    return sheet


def _fitted(picture: Image.Image, cell: int) -> Image.Image:
    scale = cell / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    window = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC
    return picture.convert("RGB").resize(size, window)


_CELL = 150
_NAMED_CHANNELS = 12
"""Maximum number of silent channels listed per layer."""


def layers_part(rows: Sequence[LayerFacts], size: int) -> Part:
    """Build the part with the table of layers and its summary."""
    learning = sum(row.parameters for row in rows if row.is_learning)
    dearest = max(rows, key=lambda row: row.time_share if np.isfinite(row.time_share) else 0)
    largest = max(rows, key=lambda row: row.parameters)
    total = sum(row.parameters for row in rows)
    fields = [(row.receptive_field, row.measured_field) for row in rows]
    checked = [(formula, measured) for formula, measured in fields if formula is not None and measured is not None]
    agreeing = sum(min(formula, size) == measured for formula, measured in checked)
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


_HUES = (
    ("red", 15),
    ("orange", 45),
    ("yellow", 65),
    ("green", 165),
    ("cyan", 195),
    ("blue", 255),
    ("violet", 290),
    ("pink", 345),
)
"""Hue names, each with the HSV angle at which it ends, in degrees."""
_MOST_ERROR = 30.0
"""CIEDE2000 that is drawn brightest: an entirely different color."""
_TOLD_SHARE = 0.02
"""Fraction of all places below which a kind of place is not mentioned in the text."""
_CHART_WIDTH = 7.2


def why_part(photos: Mapping[str, ViewedPhoto], whys: Mapping[str, Sequence[tuple[Attribution, Hiding]]]) -> Part:
    """Build the part that explains the colors of places; both mappings are by photo name."""
    groups, held, asked = [], 0, 0
    for place, (name, of_photo) in enumerate(whys.items(), 1):
        photo = photos[name]
        size = len(photo.luma)
        drawings = []
        for number, (each, hiding) in enumerate(of_photo, 1):
            cam = heat_over(each.grad_cam, photo.gray, float(each.grad_cam.max()))
            pictures = (photo.coloured, signed_over(each.signed, photo.gray), cam)
            caption = (
                f"Why {hue_name(each.direction)}? Middle: orange parts push the color towards it, blue parts away "
                "from it. Right: plain Grad-CAM. Hiding the tenth of the photo with the strongest marks changes the "
                f"color by {hiding.marked:.0%}; hiding equal areas elsewhere changes it by {hiding.elsewhere:.0%}."
            )
            drawn = strip([with_regions(picture, [each.region], size) for picture in pictures], max(photo.gray.size))
            drawings.append(Drawing(f"why-{place}-{number}", drawn, caption))
            asked += 1
            held += hiding.marked > hiding.elsewhere
        groups.append(Group(name, tuple(drawings)))
    findings = [f"In {held} of {asked} places, hiding the marked parts changed the color more than hiding other parts."]
    return Part(
        "Why this color?",
        (
            "These pictures show which parts of the photo made the network choose the hue of each outlined place. "
            "Orange parts push towards that hue: without them, the color would be paler or different. Blue parts "
            "push away from it. Untinted parts hardly matter.",
            "The tint is the gradient of the color with respect to the network's features, times the difference "
            "between those features and the features of fog, summed over every path through the network (HiResCAM "
            "on a cut through the U-Net). Plain Grad-CAM uses only one coarse layer and shows no parts that push "
            f"away; it is included for comparison. As a check, the {MARKED_SHARE:.0%} of the photo with the "
            "strongest marks are blurred, then equal areas elsewhere. If the explanation is right, blurring the "
            "marked parts changes the color more.",
        ),
        tuple(findings)
        if asked
        else ("The network leaves all of these photos nearly gray, so there are no colors to explain.",),
        tuple(groups),
    )


def hue_name(direction: np.ndarray) -> str:
    """Return the name of the hue of a (Cb, Cr) vector."""
    rgb = 0.5 + 0.2 * direction @ CHROMA_TO_OFFSET
    turn = colorsys.rgb_to_hsv(*map(float, rgb))[0] * 360
    return next((name for name, last in _HUES if turn < last), _HUES[0][0])


def uncertainty_part(
    photos: Mapping[str, ViewedPhoto],
    uncertainties: Mapping[str, np.ndarray],
    curve: Reliability | None,
    is_entropy: bool,
) -> Part:
    """Build the part about uncertainty and whether it predicts errors; `curve` is None if no colors are known."""
    most = float(np.percentile(np.concatenate([each.ravel() for each in uncertainties.values()]), 99))
    drawings = [
        Drawing(f"doubt-{place}", heat_over(each, photos[name].gray, most), name)
        for place, (name, each) in enumerate(uncertainties.items(), 1)
    ]
    findings = [] if curve is None else [_said_of(curve)]
    charts = () if curve is None else (Group("Does uncertainty predict error?", (_reliability_chart(curve),)),)
    how = (
        "Uncertainty is the entropy of the predicted colors of each place. It is small where the network favors one "
        "color, and large where many colors are likely."
        if is_entropy
        else (
            "The network colorized each photo ten times, mirrored and shifted by a sixteenth of its side. "
            "Uncertainty is the distance between the colors that the same place received. A network that recognizes "
            "an object gives it the same color at every position."
        )
    )
    return Part(
        "Uncertainty",
        ("Bright areas are those where the network is unsure of its colors. All photos use the same scale.", how),
        tuple(findings),
        (Group("", tuple(drawings)), *charts),
    )


def _said_of(curve: Reliability) -> str:
    ratio = curve.error[-1] / max(curve.error[0], 1e-6)
    if curve.correlation > 0.5:
        worth = "Uncertainty predicts error well here"
    elif curve.correlation > 0.2:
        worth = "Uncertainty predicts error weakly here"
    elif curve.correlation > -0.1:
        worth = "Uncertainty hardly predicts error here"
    else:
        worth = "Uncertainty does not predict error here, because errors are larger where the network is sure"
    return (
        f"{worth}. The error of the least certain tenth of all places is {ratio:.1f} times that of the most certain "
        f"tenth, and the rank correlation of uncertainty and error is {curve.correlation:.2f} (1 is perfect, 0 is "
        "none)."
    )


def errors_part(
    photos: Mapping[str, ViewedPhoto], errors: Mapping[str, np.ndarray], kinds: Sequence[ColourGroup], count: int
) -> Part:
    """Build the part about errors: maps of photos, and figures over the `count` photos with known colors."""
    groups = []
    if kinds:
        table = Table(
            ("places", "share", "error", "left gray", "chroma / true chroma"),
            tuple(
                (
                    kind.name,
                    f"{kind.share:.0%}",
                    f"{kind.error:.1f}",
                    f"{kind.gray_error:.1f}",
                    f"{kind.chroma_share:.0%}",
                )
                for kind in kinds
            ),
        )
        many = "1 photo" if count == 1 else f"{count:,} photos"
        groups.append(Group(f"By kind of place, from {many}", (_groups_chart(kinds),), table))
    for place, (name, error) in enumerate(errors.items(), 1):
        photo = photos[name]
        drawn = heat_map(error, photo.gray, _MOST_ERROR, "magma")
        mean = float(error.mean())
        groups.append(
            Group(
                name,
                (
                    Drawing(f"truth-{place}", photo.truth, "True colors."),
                    Drawing(f"result-{place}", photo.coloured, "Predicted colors."),
                    Drawing(
                        f"error-{place}",
                        drawn,
                        f"Error: {mean:.1f} on average. The brightest color stands for {_MOST_ERROR:.0f} or more.",
                    ),
                ),
            )
        )
    return Part(
        "Errors",
        (
            "These pictures show the distance between the predicted and the true color of each place: black is a "
            "correct color, bright a wrong one. The unit is CIEDE2000, in which 2 is just noticeable. Brightness is "
            "not compared, since the photo keeps its own.",
            "Places are grouped by their true color with rules of thumb: light blue in the upper half counts as "
            "sky, and pale orange as skin, which includes sand and wood. Next to each error is the error of leaving "
            "the photo gray.",
        ),
        _said_of_kinds(kinds),
        tuple(groups),
    )


def _said_of_kinds(kinds: Sequence[ColourGroup]) -> tuple[str, ...]:
    if not kinds:
        return ("The true colors of these photos are unknown, so errors cannot be measured.",)
    coloured = [kind for kind in kinds if kind.name != "nearly gray" and kind.share >= _TOLD_SHARE] or list(kinds)
    gained = max(coloured, key=lambda kind: kind.gray_error - kind.error)
    worst = min(coloured, key=lambda kind: kind.gray_error - kind.error)
    said = [
        f"Colorizing helps most for {gained.name}: the error is {gained.error:.1f}, compared to "
        f"{gained.gray_error:.1f} if left gray."
    ]
    if worst is not gained:
        better = "it helps least" if worst.gray_error > worst.error else "gray would be closer"
        said.append(f"For {worst.name}, {better}: the error is {worst.error:.1f}, compared to {worst.gray_error:.1f}.")
    return tuple(said)


def _reliability_chart(curve: Reliability) -> Drawing:
    figure = Figure(figsize=(_CHART_WIDTH, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(curve.uncertainty, curve.error, "o-", color="tab:purple")
    axes.set(xlabel="uncertainty (mean of each tenth of all places)", ylabel="error (CIEDE2000)", ylim=(0, None))
    axes.grid(alpha=0.3)
    caption = (
        "Error of each tenth of all places, from the most to the least certain. It rises if uncertainty predicts error."
    )
    return Drawing("reliability", _drawn(figure), caption)


def _groups_chart(kinds: Sequence[ColourGroup]) -> Drawing:
    figure = Figure(figsize=(_CHART_WIDTH, 3.6), layout="constrained")
    axes, places = figure.subplots(), np.arange(len(kinds))
    axes.bar(places - 0.2, [kind.gray_error for kind in kinds], 0.4, color="silver", label="left gray")
    axes.bar(places + 0.2, [kind.error for kind in kinds], 0.4, color="tab:purple", label="colorized")
    axes.set(ylabel="error (CIEDE2000)", xticks=places, xticklabels=[kind.name for kind in kinds])
    axes.legend()
    axes.grid(alpha=0.3, axis="y")
    return Drawing(
        "errors-by-kind", _drawn(figure), "Error of each kind of place, next to the error of leaving it gray."
    )


def _drawn(figure: Figure) -> Image.Image:
    data = BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return Image.open(data).convert("RGB")
