from dataclasses import replace

import numpy as np
import pytest

from colorizer.inspection.errors import chroma_error, errors_by_colour
from colorizer.inspection.viewing import view
from tests.conftest import SHIPPED


@pytest.fixture(scope="module")
def photos(plain_network):
    paths = [SHIPPED / name for name in ("astronaut.png", "chelsea.png")]
    return [view(plain_network, path, path) for path in paths]


def test_who_proposes_the_true_colours_makes_no_error_and_who_leaves_gray_gains_nothing(photos):
    right = [replace(photo, chroma=photo.true_chroma) for photo in photos]
    assert max(chroma_error(photo).max() for photo in right) < 1e-3
    gray = [replace(photo, chroma=np.zeros_like(photo.chroma)) for photo in photos]
    for kind in errors_by_colour(gray):
        assert kind.error == pytest.approx(kind.gray_error)
        assert kind.chroma_share < 0.01
    kinds = {kind.name: kind for kind in errors_by_colour(right)}
    assert sum(kind.share for kind in kinds.values()) == pytest.approx(1)
    assert kinds["skin"].share > 0.1  # a face, and a ginger cat
    assert all(kind.chroma_share == pytest.approx(1, abs=0.01) for kind in kinds.values())


def test_without_true_colours_nothing_is_said_of_errors(plain_network):
    photo = view(plain_network, SHIPPED / "camera.png")
    assert photo.truth is None
    assert chroma_error(photo) is None
    assert errors_by_colour([photo]) == ()
