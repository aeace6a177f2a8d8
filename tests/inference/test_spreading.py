import numpy as np
import pytest
from PIL import Image

from benchmarks import spreading as learning
from benchmarks.spreading_in_tensorflow import change_of
from colorizer.inference.spreading import LEARNED, Spreading
from colorizer.photos.color import chroma, luma


@pytest.mark.parametrize("count", [1, 5, 10])
def test_hints_spread_as_the_kernels_were_learned(astronaut, count):
    tensorflow = pytest.importorskip("tensorflow")
    true = np.asarray(Image.fromarray(astronaut).resize((320, 256)))
    small = np.asarray(Image.fromarray(astronaut).resize((160, 128)), np.float32) / 255
    gray, proposed = luma(small), np.ascontiguousarray(chroma(small)[:, ::-1] / 2)
    samples = learning.samples_of((gray, proposed), true[:, ::-1], true, hints=10, seed=0)
    batch = learning.batch_of({name: values[None] for name, values in samples.items()}, [0], range(count), range(50))
    differences = batch["differences"]
    with np.load(LEARNED) as stored:
        learned = dict(stored)
    weights = learned | {name: np.log(learned[name]) for name in ("reaches", "common")}
    change = change_of(tensorflow, batch, differences, weights, learned).numpy()[0]
    expected = np.clip(change, np.minimum(differences[0].min(axis=0), 0), np.maximum(differences[0].max(axis=0), 0))

    _, (rows, columns) = learning.places_of(true.shape[:2], gray.shape, 10 + learning.PLACES, 0)
    spread = Spreading(gray, proposed).spread(list(zip(rows[:count], columns[:count], strict=True)), differences[0])
    compared = [*range(count), *range(10, 60)]
    assert np.abs(spread[rows[compared], columns[compared]] - expected).max() < 2e-3
    assert np.abs(expected).max() > 0.005
