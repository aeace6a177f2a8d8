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
    axes.plot(curve.doubt, curve.error, "o-", color="tab:purple")
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
