"""Parts of a report about a network's colors: their causes, their uncertainty and their errors."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from colorizer.inspection.attribution import Attribution
from colorizer.inspection.doubt import Reliability
from colorizer.inspection.errors import ColourGroup
from colorizer.inspection.hiding import MARKED_SHARE, Hiding
from colorizer.inspection.viewing import ViewedPhoto
from colorizer.photos.color import CHROMA_TO_OFFSET
from colorizer.pictures.maps import heat_map, heat_over, signed_over, strip, with_regions
from colorizer.pictures.report import Drawing, Group, Part, Table

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
                f"Why {hue_name(each.direction)}? In the middle, orange pushes towards it and blue away; on the right "
                f"plain Grad-CAM. Hiding the tenth of the photo that is marked most moves the colour by "
                f"{hiding.marked:.0%}, hiding equal areas elsewhere by {hiding.elsewhere:.0%}."
            )
            drawn = strip([with_regions(picture, [each.region], size) for picture in pictures], max(photo.gray.size))
            drawings.append(Drawing(f"why-{place}-{number}", drawn, caption))
            asked += 1
            held += hiding.marked > hiding.elsewhere
        groups.append(Group(name, tuple(drawings)))
    findings = [f"Hiding what is marked changed the colour more than hiding elsewhere in {held} of {asked} places."]
    return Part(
        "Why this colour?",
        (
            "For each outlined place, what in the photo made the network choose its hue. Orange parts push towards "
            "that hue: without them it would be paler or another. Blue parts push away from it. What is not tinted "
            "hardly matters.",
            "It is the gradient of the colour with respect to the network's features, times how much those features "
            "differ from what fog would give, summed over every way through the network (HiResCAM on a cut through the "
            "U-Net). Plain Grad-CAM looks at one coarse layer only, and knows no against; it is here to be compared. "
            f"As a check the most marked {MARKED_SHARE:.0%} of the photo are blurred away, then equal areas elsewhere: "
            "an explanation that is true names what the colour hangs on.",
        ),
        tuple(findings) if asked else ("The network gives none of these photos any colour worth asking about.",),
        tuple(groups),
    )


def hue_name(direction: np.ndarray) -> str:
    """Return the name of the hue of a (Cb, Cr) vector."""
    rgb = 0.5 + 0.2 * direction @ CHROMA_TO_OFFSET
    turn = colorsys.rgb_to_hsv(*map(float, rgb))[0] * 360
    return next((name for name, last in _HUES if turn < last), _HUES[0][0])


def doubt_part(
    photos: Mapping[str, ViewedPhoto], doubts: Mapping[str, np.ndarray], curve: Reliability | None, is_entropy: bool
) -> Part:
    """Build the part about uncertainty and whether it predicts errors; `curve` is None if no colors are known."""
    most = float(np.percentile(np.concatenate([each.ravel() for each in doubts.values()]), 99))
    drawings = [
        Drawing(f"doubt-{place}", heat_over(each, photos[name].gray, most), name)
        for place, (name, each) in enumerate(doubts.items(), 1)
    ]
    findings = [] if curve is None else [_said_of(curve)]
    charts = () if curve is None else (Group("Does doubt predict error?", (_reliability_chart(curve),)),)
    how = (
        "It is the entropy of what the network says of each place: small where it is set on one colour, large where "
        "many would do."
        if is_entropy
        else "The photo was shown ten times, mirrored and moved by a sixteenth of its side; doubt is how far the "
        "colours of the same place then lie apart. A network that knows what a thing is gives it the same colour "
        "wherever it stands."
    )
    return Part(
        "Doubt",
        ("Bright is where the network is unsure of its own colours. Every photo is drawn on the same scale.", how),
        tuple(findings),
        (Group("", tuple(drawings)), *charts),
    )


def _said_of(curve: Reliability) -> str:
    ratio = curve.error[-1] / max(curve.error[0], 1e-6)
    if curve.correlation > 0.5:
        worth = "Doubt is a good guide to error here"
    elif curve.correlation > 0.2:
        worth = "Doubt says something about error here, not much"
    elif curve.correlation > -0.1:
        worth = "Doubt says next to nothing about error here"
    else:
        worth = "Doubt is no guide to error here, the network errs more where it is sure"
    return (
        f"{worth}: the most doubtful tenth of all places is {ratio:.1f} times as wrong as the surest tenth, and the "
        f"rank correlation of doubt and error is {curve.correlation:.2f} (1 would be perfect, 0 none)."
    )


def errors_part(
    photos: Mapping[str, ViewedPhoto], errors: Mapping[str, np.ndarray], kinds: Sequence[ColourGroup], count: int
) -> Part:
    """Build the part about errors: maps of photos, and figures over the `count` photos with known colors."""
    groups = []
    if kinds:
        table = Table(
            ("places", "share", "error", "left gray", "chroma, of the true"),
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
        groups.append(Group(f"By kind of place, over {many}", (_groups_chart(kinds),), table))
    for place, (name, error) in enumerate(errors.items(), 1):
        photo = photos[name]
        drawn = heat_map(error, photo.gray, _MOST_ERROR, "magma")
        mean = float(error.mean())
        groups.append(
            Group(
                name,
                (
                    Drawing(f"truth-{place}", photo.truth, "True colours."),
                    Drawing(f"result-{place}", photo.coloured, "The network's colours."),
                    Drawing(f"error-{place}", drawn, f"Error: {mean:.1f} on average; brightest at {_MOST_ERROR:.0f}."),
                ),
            )
        )
    return Part(
        "Errors",
        (
            "How far the network's colours are from the true ones, place by place: black is right, bright is another "
            "colour. The unit is CIEDE2000, in which 2 is just noticeable; brightness is not compared, since the photo "
            "keeps its own.",
            "Places are sorted by their true colour with rules of thumb: light blue in the upper half is sky, pale "
            "orange is skin, sand and wood too. Beside each error stands that of leaving the photo gray.",
        ),
        _said_of_kinds(kinds),
        tuple(groups),
    )


def _said_of_kinds(kinds: Sequence[ColourGroup]) -> tuple[str, ...]:
    if not kinds:
        return ("None of these photos has known colours, so nothing can be said of errors.",)
    coloured = [kind for kind in kinds if kind.name != "nearly gray" and kind.share >= _TOLD_SHARE] or list(kinds)
    gained = max(coloured, key=lambda kind: kind.gray_error - kind.error)
    worst = min(coloured, key=lambda kind: kind.gray_error - kind.error)
    said = [f"Most is gained on {gained.name}: {gained.error:.1f} instead of {gained.gray_error:.1f} if left gray."]
    if worst is not gained:
        better = "least is gained" if worst.gray_error > worst.error else "gray would have been nearer"
        said.append(f"On {worst.name} {better}: {worst.error:.1f} instead of {worst.gray_error:.1f}.")
    return tuple(said)


def _reliability_chart(curve: Reliability) -> Drawing:
    figure = Figure(figsize=(_CHART_WIDTH, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(curve.doubt, curve.error, "o-", color="tab:purple")
    axes.set(xlabel="doubt (mean of each tenth of all places)", ylabel="error (CIEDE2000)", ylim=(0, None))
    axes.grid(alpha=0.3)
    caption = "Error of each tenth of all places, from the surest to the most doubtful. It rises if doubt is a guide."
    return Drawing("reliability", _drawn(figure), caption)


def _groups_chart(kinds: Sequence[ColourGroup]) -> Drawing:
    figure = Figure(figsize=(_CHART_WIDTH, 3.6), layout="constrained")
    axes, places = figure.subplots(), np.arange(len(kinds))
    axes.bar(places - 0.2, [kind.gray_error for kind in kinds], 0.4, color="silver", label="left gray")
    axes.bar(places + 0.2, [kind.error for kind in kinds], 0.4, color="tab:purple", label="colorized")
    axes.set(ylabel="error (CIEDE2000)", xticks=places, xticklabels=[kind.name for kind in kinds])
    axes.legend()
    axes.grid(alpha=0.3, axis="y")
    return Drawing("errors-by-kind", _drawn(figure), "Error of each kind of place, beside leaving it gray.")


def _drawn(figure: Figure) -> Image.Image:
    data = BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return Image.open(data).convert("RGB")
