import numpy as np
import pytest
from PIL import Image

from colorizer.photos.jpeg import encoded_planes
from colorizer.photos.photo import JpegPlanes


@pytest.mark.parametrize("size", [(301, 233), (300, 233), (301, 234), (1, 1)])
def test_what_lies_behind_planes_in_memory_changes_no_file(size, camera):
    height, width = size
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 120, np.uint8)
    files = set()
    for behind in (0, 255):
        memory = np.full((height + 2) * width, behind, np.uint8)
        luma = memory[: height * width].reshape(height, width)
        luma[:] = Image.fromarray(camera).resize((width, height))
        files.add(b"".join(encoded_planes(JpegPlanes(luma, chroma, chroma), 97, {})))
    assert len(files) == 1
