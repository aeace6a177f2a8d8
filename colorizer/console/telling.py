"""Reports of an evaluation, as a table and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorizer.console.terminal import Console
from colorizer.console.verdict import verdict
from colorizer.console.wording import counted

if TYPE_CHECKING:
    from colorizer.evaluation import Evaluation, PhotoScores


def tell_evaluation(console: Console, evaluation: Evaluation, start: Evaluation | None = None) -> None:
    """Print each score next to the gray baseline, and a verdict.

    Args:
        console: The console.
        evaluation: The scores.
        start: Scores of a training's starting model on the same photos, for an additional column.
    """
    predicted, gray, distances = evaluation.predicted, evaluation.gray, evaluation.kernel_distances
    colorfulness = evaluation.true_colourfulness
    columns = {
        "": (
            "PSNR (dB, more is nearer)",
            "SSIM (1 is equal)",
            "CIEDE2000 (less is nearer)",
            "colorfulness (0 is gray)",
            "  its difference to the truth",
        ),
        "colorized": _figures(predicted, colorfulness),
        "before training": _figures(start.predicted, colorfulness) if start else (),
        "left gray": _figures(gray, colorfulness),
        "truth": ("", "1.0000", "0.00", f"{colorfulness:.1f}", "0.0"),
    }
    columns = {name: figures for name, figures in columns.items() if figures}
    rows = list(zip(*columns.values(), strict=True))
    if distances:
        rows.append(("KID x 1000 (less is likelier)", f"{distances.predicted:.1f}", f"{distances.gray:.1f}", "0.0"))
    console.table(
        f"{counted(len(evaluation.photos), 'photo')}: loss {evaluation.loss:.5f}, accuracy {evaluation.accuracy:.3f} "
        "(share of pixels whose strongest channel is right)",
        tuple(columns),
        rows,
    )
    console.inform(verdict(evaluation))


def _figures(scores: PhotoScores, true_colorfulness: float) -> tuple[str, ...]:
    return (
        f"{scores.psnr:.2f}",
        f"{scores.ssim:.4f}",
        f"{scores.ciede2000:.2f}",
        f"{scores.colourfulness:.1f}",
        f"{scores.colourfulness - true_colorfulness:+.1f}",
    )
