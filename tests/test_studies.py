"""The studies of networks in benchmarks/: what they conclude, and what they refuse."""

import pytest

from benchmarks.studies import conclusions, main


def history(*gains: float, penalty: float = 0.0) -> dict[str, list[float]]:
    losses = [0.01 - gain / 1000 + penalty for gain in gains]
    return {"loss": losses, "val_loss": losses, "val_gain": list(gains)}


def test_variants_are_ranked_by_gain_whatever_their_loss_contains():
    best, *_ = conclusions({"nothing": history(0.1, 0.2), "L2": history(0.1, 0.5, penalty=1.0)})
    assert best == "L2 validates best: +0.50 dB over gray, nothing +0.20 dB."
    best, *_ = conclusions({"nothing": history(0.1, 0.2), "L2": history(0.1, 0.21)})
    assert best.startswith("Nothing validates better than nothing (+0.20 dB over gray)")


def test_too_few_photos_are_refused_before_anything_is_trained(colour_folder, tmp_path):
    with pytest.raises(SystemExit, match=r"8 color photos are usable in .*, but a study needs 1,000"):
        main("capacity", colour_folder, tmp_path)
