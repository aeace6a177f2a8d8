"""What an evaluation found, told as a table and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorizer.console.terminal import Console
from colorizer.console.verdict import verdict
from colorizer.console.wording import counted

if TYPE_CHECKING:
    from colorizer.evaluation import Evaluation


def tell_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Print each figure beside the gray baseline, and what they come to."""
    predicted, gray, distances = evaluation.predicted, evaluation.gray, evaluation.kernel_distances
    colourfulness, missing = evaluation.true_colourfulness, predicted.colourfulness - evaluation.true_colourfulness
    rows = [
        ("PSNR (dB, more is nearer)", f"{predicted.psnr:.2f}", f"{gray.psnr:.2f}", ""),
        ("SSIM (1 is equal)", f"{predicted.ssim:.4f}", f"{gray.ssim:.4f}", "1.0000"),
        ("CIEDE2000 (less is nearer)", f"{predicted.ciede2000:.2f}", f"{gray.ciede2000:.2f}", "0.00"),
        ("colourfulness (0 is gray)", f"{predicted.colourfulness:.1f}", "0.0", f"{colourfulness:.1f}"),
        ("  its difference to the truth", f"{missing:+.1f}", f"{-colourfulness:+.1f}", "0.0"),
    ]
    if distances:
        rows.append(("KID x 1000 (less is likelier)", f"{distances.predicted:.1f}", f"{distances.gray:.1f}", "0.0"))
    console.table(
        f"{counted(len(evaluation.photos), 'photo')}: loss {evaluation.loss:.5f}, accuracy {evaluation.accuracy:.3f} "
        "(share of pixels whose strongest channel is right)",
        ("", "colorized", "left gray", "truth"),
        rows,
    )
    console.inform(verdict(evaluation))
