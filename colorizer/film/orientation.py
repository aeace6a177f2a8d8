"""Convert frames between stored and upright orientation, using a film's display matrix.

FFmpeg's libavutil/display.h defines the matrix, nine numbers (a, b, u, c, d, v, x, y, w). The pixel stored at column p
and row q is shown at column a p + c q and row b p + d q, both relative to the edge of the shown picture. Quarter turns
and mirrored frames, which are all that cameras write, are supported. Frames with any other matrix are used as stored.
"""

from __future__ import annotations

import av
import numpy as np

Matrix = tuple[int, ...]
_DISPLAY_MATRIX = "DISPLAYMATRIX"


def upright(plane: np.ndarray, matrix: Matrix | None) -> np.ndarray:
    """Return a view of a stored plane or picture, shape (rows, columns, ...), in upright orientation."""
    swapped, rows, columns = _orientation(matrix)
    return (plane.swapaxes(0, 1) if swapped else plane)[::rows, ::columns]


def stored(plane: np.ndarray, matrix: Matrix | None) -> np.ndarray:
    """Return a view of an upright plane, shape (rows, columns, ...), in stored orientation."""
    swapped, rows, columns = _orientation(matrix)
    plane = plane[::rows, ::columns]
    return plane.swapaxes(0, 1) if swapped else plane


def swaps_sides(matrix: Matrix | None) -> bool:
    """Return whether the upright width is the stored height."""
    return _orientation(matrix)[0]


def display_matrix(frame: av.VideoFrame) -> Matrix | None:
    """Return the display matrix of a decoded frame, or None."""
    for data in frame.side_data:
        if data.type.name == _DISPLAY_MATRIX:
            return tuple(int(number) for number in np.frombuffer(data, np.int32)[:9])
    return None


def _orientation(matrix: Matrix | None) -> tuple[bool, int, int]:
    """Return whether rows and columns are swapped, and the steps (1 or -1) through rows and columns."""
    a, b, _, c, d = matrix[:5] if matrix else (1, 0, 0, 0, 1)
    if a and d and not b and not c:
        return False, _step(d), _step(a)
    if b and c and not a and not d:
        return True, _step(b), _step(c)
    return False, 1, 1


def _step(number: int) -> int:
    return 1 if number > 0 else -1
