"""`spreading.Spreading` in TensorFlow's words, for places that are known already: what gives gradients to learn by."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from colorizer.inference.spreading import COUNTS, NARROW, WIDE
from colorizer.photos.color import CHROMA_TO_OFFSET

EMBEDDING = 8
MOST = {"path": 1.0, "tone": 0.22, "proposed": 0.16, "embedding": 1.0}
"""Lengths of the narrow kernel: longer ones score more, but chosen colours flow around things."""
MOST_COMMON = (0.009, 0.075, 0.095, 0.11)
"""Of a difference, for `spreading.COUNTS` hints: one hint is to repaint a thing, not the photo."""
FIRST = {"wide_path": 5.7, "wide_tone": 1.5, "wide_proposed": 0.8, "wide_row": 1.7, "wide_embedding": 1.0}
FIRST |= {"wide_doubt": 3e-3, "linear": 550.0, "linear_embedding": 0.1, "doubt": 5e-3}
FIRST |= {"path": 0.95, "tone": 0.2, "proposed": 0.15, "embedding": 1.0}
"""What the reaches begin with."""


def bounds() -> np.ndarray:
    """Return the logarithm of the largest each reach may be."""
    return np.log([MOST.get(name, np.inf) for name in FIRST]).astype(np.float32)


def gain_of(tf: ModuleType, batch: dict, weights: dict, fixed: dict, exact: bool = False):
    """Return what hints gain, in dB, of each photo of a batch."""
    count = batch["differences"].shape[1]
    errors = (CHROMA_TO_OFFSET @ CHROMA_TO_OFFSET.T).astype(np.float32) / 3
    missing, differences = batch["missing"], batch["differences"]
    change = change_of(tf, batch, differences, weights, fixed)
    least = tf.minimum(tf.reduce_min(differences, 1, keepdims=True), 0)
    most = tf.maximum(tf.reduce_max(differences, 1, keepdims=True), 0)
    clipped = tf.clip_by_value(change, least, most)
    # What is clipped has no gradient: a tenth of it stays as it was.
    spread = clipped if exact else 0.9 * clipped + 0.1 * change

    def error(rest):
        return tf.reduce_mean(tf.einsum("bpc,cd,bpd->bp", rest, errors, rest)[:, count:], 1) + 1e-5

    return 10 / np.log(10) * tf.math.log(error(missing) / error(missing - spread))


def change_of(tf: ModuleType, batch: dict, differences, weights: dict, fixed: dict):
    """Return how the chroma of each place changes, before it is clipped, shape (photos, places, 2)."""
    count, paths, proposed = differences.shape[1], batch["paths"], batch["proposed"]
    statistics = _statistics(tf, differences, proposed[:, :count], paths[:, :, :count])
    factors = tf.exp(tf.clip_by_value(statistics @ weights["by_hints"], -2.0, 2.0))
    reach = dict(zip(WIDE + NARROW, tf.unstack(tf.exp(tf.minimum(weights["reaches"], bounds()))), strict=True))
    reach |= {name: reach[name] * factors[:, number, None, None] for number, name in enumerate(WIDE)}
    common = tf.exp(tf.minimum(weights["common"], np.log(MOST_COMMON).astype(np.float32)))
    where = COUNTS.index(min(COUNTS, key=lambda known: abs(np.log(known / count))))

    hidden = tf.tanh(
        (batch["descriptors"] - fixed["mean"]) / fixed["deviation"] @ weights["hidden"] + weights["hidden_bias"]
    )
    parts = [EMBEDDING, EMBEDDING, 1, 1, 3]
    wide_at, narrow_at, wide_scale, scale, linear = tf.split(
        hidden @ weights["output"] + weights["output_bias"], parts, -1
    )

    def squared(values):
        squares = tf.reduce_sum(values**2, -1)
        products = tf.matmul(values[:, :count], values, transpose_b=True)
        return tf.maximum(squares[:, :count, None] + squares[:, None] - 2 * products, 0)

    def scaled(logarithms):
        scales = tf.exp(tf.clip_by_value(logarithms[..., 0], -3, 3))
        return scales[:, :count, None] * scales[:, None]

    def difference(values):
        return tf.abs(values[:, :count, None] - values[:, None])

    tone, apart = difference(batch["tone"]), squared(proposed)
    wide = paths / reach["wide_path"] + tone / reach["wide_tone"] + difference(batch["row"]) / reach["wide_row"]
    wide += tf.sqrt(apart + 1e-8) / reach["wide_proposed"] + tf.sqrt(squared(wide_at) + 1e-6) / reach["wide_embedding"]
    far = tf.exp(-wide)
    wide = scaled(wide_scale) * far
    wide += reach["linear"] * tf.matmul(proposed[:, :count], proposed, transpose_b=True)
    wide += reach["linear_embedding"] * tf.matmul(linear[:, :count], linear, transpose_b=True)
    narrow = paths / reach["path"] + (tone / reach["tone"]) ** 2 + apart / reach["proposed"] ** 2
    near = tf.exp(-narrow - squared(narrow_at) / reach["embedding"] ** 2)
    narrow = scaled(scale) * near

    def kriged(kernel, values, doubt):
        between = (kernel[:, :, :count] + tf.transpose(kernel[:, :, :count], [0, 2, 1])) / 2
        between += doubt * tf.linalg.diag(tf.linalg.diag_part(between))
        return tf.matmul(kernel, tf.linalg.solve(between, values), transpose_a=True)

    length = tf.sqrt(tf.reduce_sum(differences**2, -1, keepdims=True) + 1e-12)
    widely = kriged(wide, differences * tf.minimum(1.0, common[where] / length), reach["wide_doubt"])
    narrowly = kriged(narrow, differences - widely[:, :count], reach["doubt"])
    known = _evidence(tf, far, near, differences)
    hints = _described(tf, differences, proposed[:, :count], batch["tone"][:, :count], batch["row"][:, :count])
    for kernel in (near, far):
        known += _compared(tf, kernel, hints, batch, proposed)
    known += _seen(tf, widely, narrowly, proposed)
    of_all = tf.repeat(statistics[:, None], tf.shape(proposed)[1], axis=1)
    units = tf.concat([hidden, tf.stack(known, -1), of_all], -1) @ weights["gate"] + weights["gate_bias"]
    numbers = tf.tanh(units) @ weights["gate_output"]
    factors = tf.exp(tf.clip_by_value(numbers[..., :2], -2.0, 0.5))
    share = 0.5 * tf.tanh(numbers[..., 2]) * _size(tf, widely + narrowly) / (_size(tf, proposed) + 0.02)
    change = factors[..., :1] * widely + factors[..., 1:] * narrowly + share[..., None] * proposed
    return change + kriged(narrow, differences - change[:, :count], reach["doubt"])


def _evidence(tf: ModuleType, far, near, differences) -> list:
    """Return what `gates.evidence` begins with, five numbers of each place."""
    shares = near / (tf.reduce_sum(near, 1, keepdims=True) + 1e-3)
    mean = tf.matmul(shares, differences, transpose_a=True)
    apart = tf.reduce_sum(shares * tf.reduce_sum((differences[:, :, None] - mean[:, None]) ** 2, -1), 1)
    return [
        _tens(tf, tf.reduce_sum(near, 1) + 0.01) + 0.5,
        _tens(tf, tf.reduce_sum(far, 1) + 0.01) - 0.3,
        _tens(tf, tf.sqrt(apart + 1e-8) + 0.003) + 1.7,
        2 * tf.reduce_max(far, 1) - 1,
        2 * tf.reduce_max(near, 1) - 1,
    ]


def _described(tf: ModuleType, differences, proposed, tone, row):
    """Return what `gates._described` tells of hints, shape (photos, hints, 8)."""
    asked = proposed + differences
    sizes = [_tens(tf, _size(tf, differences) + 0.005) + 1.3, _tens(tf, _size(tf, asked) + 0.01) + 1.1]
    return tf.concat([tf.stack([*sizes, 3 * tone, 2 * row], -1), 8 * asked, 8 * proposed], -1)


def _compared(tf: ModuleType, kernel, hints, batch: dict, proposed) -> list:
    """Return `gates._compared`, eight numbers of each place."""
    means = tf.matmul(kernel, hints, transpose_a=True) / (tf.reduce_sum(kernel, 1) + 1e-3)[..., None]
    asked, there = means[..., 4:6], means[..., 6:]
    size = _size(tf, proposed) + 0.01
    return [
        means[..., 0],
        means[..., 1],
        means[..., 2] - 3 * batch["tone"],
        means[..., 3] - 2 * batch["row"],
        tf.reduce_sum(asked * proposed, -1) / size,
        tf.reduce_sum(there * proposed, -1) / size,
        _size(tf, asked),
        _size(tf, there - 8 * proposed),
    ]


def _seen(tf: ModuleType, wide, narrow, proposed) -> list:
    """Return what `gates.gated` sees of the changes themselves, seven numbers of each place."""
    sizes = [_size(tf, vectors) for vectors in (wide, narrow, proposed, proposed + wide + narrow)]
    along = [(wide, proposed, 0, 2), (narrow, proposed, 1, 2), (narrow, wide, 1, 0)]
    return [
        _tens(tf, sizes[0] + 0.003) + 1.7,
        _tens(tf, sizes[1] + 0.003) + 1.7,
        _tens(tf, sizes[2] + 0.01) + 1.2,
        _tens(tf, sizes[3] + 0.01) + 1.2,
        *(tf.reduce_sum(one * other, -1) / (sizes[i] * sizes[j] + 1e-3) for one, other, i, j in along),
    ]


def _size(tf: ModuleType, vectors):
    return tf.sqrt(tf.reduce_sum(vectors**2, -1) + 1e-10)


def _tens(tf: ModuleType, values):
    return tf.math.log(values) / np.log(10).astype(np.float32)


def _statistics(tf: ModuleType, differences, proposed, paths):
    """Return `spreading._statistics` of each photo, shape (photos, 8)."""
    count = differences.shape[1]

    def size(vectors):
        return tf.sqrt(tf.reduce_mean(tf.reduce_sum(vectors**2, -1), 1) + 1e-8)

    length = size(differences)
    alike = tf.sqrt(tf.reduce_sum(tf.reduce_mean(differences, 1) ** 2, -1) + 1e-10)
    factor = tf.reduce_sum(differences * proposed, [1, 2]) / (tf.reduce_sum(proposed**2, [1, 2]) + 4e-4 * count)
    apart = tf.reduce_sum(paths, [1, 2]) / (count * (count - 1)) if count > 1 else tf.ones_like(length)
    return tf.stack(
        [
            tf.zeros_like(length) + np.float32(np.log10(count) - 0.7),
            _tens(tf, length + 0.005) + 1.3,
            _tens(tf, size(differences + proposed) + 0.01) + 1.1,
            _tens(tf, size(proposed) + 0.01) + 1.2,
            alike / (length + 0.003) - 0.5,
            tf.clip_by_value(factor, -1.0, 2.0),
            tf.tanh(apart) - 0.5,
            tf.ones_like(length),
        ],
        -1,
    )
