import tracemalloc

import numpy as np
import png
import pytest
import tifffile
from PIL import Image

from colorizer.photos.photo import Photo, Picture
from colorizer.photos.writing import write_photo


@pytest.mark.parametrize("size", [(1301, 701), (5, 700), (3, 2)])
def test_a_picture_of_sixteen_bits_is_made_small_as_one_of_eight_is(size, astronaut):
    image = Image.fromarray(astronaut).resize(size)
    deep = np.asarray(image).astype(np.uint16) * 257
    small = tuple(max(1, side // 7) for side in size)
    expected = image.resize(small, Image.Resampling.HAMMING, reducing_gap=2.0)
    assert np.array_equal(np.asarray(Picture(deep=deep).resized(small, Image.Resampling.HAMMING)), np.asarray(expected))
    assert np.array_equal(np.asarray(Picture(deep=deep).image), np.asarray(image))


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_writing_a_large_scan_takes_no_memory_of_its_size(tmp_path, ending):
    ramp = np.arange(2500, dtype=np.uint16) * 25
    deep = np.stack([np.tile(ramp, (2400, 1)) + channel for channel in range(3)], axis=-1)
    alpha = np.tile((np.arange(2500) % 256).astype(np.uint8), (2400, 1))
    scan = Photo(Image.new("I;16", (2500, 2400)), alpha, "TIFF")
    tracemalloc.start()
    write_photo(tmp_path / f"scan.{ending}", Picture(deep=deep), scan)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < deep.nbytes / 1.5
    if ending == "tif":
        written = tifffile.imread(tmp_path / "scan.tif")
    else:
        _, _, rows, _ = png.Reader(filename=str(tmp_path / "scan.png")).read()
        written = np.stack([np.asarray(row, np.uint16).reshape(-1, 4) for row in rows])
    assert np.array_equal(written[..., :3], deep)
    assert np.array_equal(written[..., 3], alpha * np.uint16(257))
