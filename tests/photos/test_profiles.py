import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab

from benchmarks.wide_gamut import SPACES, lightness, profile_of
from colorizer.photos.color import luma
from colorizer.photos.reading import read_photo


def test_a_gray_profile_is_not_stamped_on_a_colour_photo(tmp_path, camera):
    # The smallest valid gray profile: LittleCMS builds none, so an sRGB one stands in with its space renamed.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"GRAY"
    Image.fromarray(camera).save(tmp_path / "gray.png", icc_profile=bytes(profile))
    assert read_photo(tmp_path / "gray.png").icc_profile is None


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_gray_keeps_its_lightness_whatever_its_profile(tmp_path, camera, name, mode):
    space = SPACES[name]
    ramp = np.linspace(0, 1, 256) if mode != "I;16" else np.linspace(0, 1, 65_536)
    levels = np.rint(ramp * (65_535 if mode == "I;16" else 255)).reshape(256, -1)
    image = Image.fromarray(levels.astype(np.uint16 if mode == "I;16" else np.uint8))
    image = image.convert("RGB") if mode == "RGB" else image
    image.save(tmp_path / "gray.png", icc_profile=profile_of(space))
    photo = read_photo(tmp_path / "gray.png")
    assert photo.image.mode == mode
    assert (photo.icc_profile is None) == (name != "sRGB")
    shown = lightness(np.repeat(photo.luma()[..., None], 3, -1), SPACES["sRGB"])
    expected = lightness(np.repeat(ramp.reshape(256, -1)[..., None], 3, -1), space)
    assert np.abs(shown - expected).max() < (0.03 if mode == "I;16" else 0.35)


@pytest.mark.parametrize("name", SPACES)
def test_colours_of_a_profile_become_those_of_srgb(tmp_path, astronaut, name):
    """That a network knows; of luma alone, since what is outside sRGB is cut off."""
    small = Image.fromarray(astronaut).resize((64, 64))
    light = _light(np.asarray(small) / 255) @ np.array(SPACES["sRGB"].primaries)
    encoded = light @ np.linalg.inv(np.array(SPACES[name].primaries))
    gamma = SPACES[name].gamma
    encoded = encoded.clip(0, 1) ** (1 / gamma) if gamma else _encoded(encoded.clip(0, 1))
    Image.fromarray(np.rint(encoded * 255).astype(np.uint8)).save(
        tmp_path / "a.png", icc_profile=profile_of(SPACES[name])
    )
    shown = np.asarray(read_photo(tmp_path / "a.png").image)
    difference = deltaE_ciede2000(rgb2lab(shown), rgb2lab(np.asarray(small)))
    assert np.median(difference) < 1
    assert np.percentile(difference, 95) < 3


def test_lab_is_read_as_little_cms_converts_it(tmp_path, astronaut):
    small = Image.fromarray(astronaut).resize((64, 64))
    lab = rgb2lab(np.asarray(small))
    stored = np.rint(np.dstack([lab[..., 0] * 2.55, lab[..., 1:]])).astype(int) % 256  # TIFF 6.0, section 23
    tifffile.imwrite(tmp_path / "lab.tif", stored.astype(np.uint8), photometric="cielab")
    shown = np.asarray(read_photo(tmp_path / "lab.tif").image)
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    with Image.open(tmp_path / "lab.tif") as image:
        assert image.mode == "LAB"
        converted = np.asarray(ImageCms.profileToProfile(image, *profiles, outputMode="RGB"))
    assert deltaE_ciede2000(rgb2lab(shown), rgb2lab(converted)).max() < 0.5
    assert np.median(deltaE_ciede2000(rgb2lab(shown), rgb2lab(np.asarray(small)))) < 2


@pytest.mark.parametrize("ending", ["tif", "jpg"])
def test_cmyk_is_read_as_little_cms_converts_it(tmp_path, astronaut, ending):
    icc = cmyk_profile()
    inks = Image.fromarray(astronaut).resize((64, 64)).convert("CMYK")
    inks.save(tmp_path / f"cmyk.{ending}", icc_profile=icc, **({"quality": 100} if ending == "jpg" else {}))
    shown = np.asarray(read_photo(tmp_path / f"cmyk.{ending}").image)
    with Image.open(tmp_path / f"cmyk.{ending}") as image:
        assert image.mode == "CMYK"
        opened = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        converted = np.asarray(
            ImageCms.profileToProfile(image, opened, ImageCms.createProfile("sRGB"), outputMode="RGB")
        )
    assert deltaE_ciede2000(rgb2lab(shown), rgb2lab(converted)).max() < 0.5
    # By hand: CIELAB, linear in the inks between no ink and all of one, and darker by black.
    cyan, magenta, yellow, black = (np.asarray(plane) / 255 for plane in inks.split())
    lab = np.dstack(
        [(1 - black) * (100 - 35 * cyan - 45 * magenta - 10 * yellow), *(np.zeros((2, *black.shape)))]
    ).clip(0)
    expected = lab2rgb(lab)
    assert np.abs(luma(shown / 255) - luma(expected)).mean() < 0.02


def cmyk_profile() -> bytes:
    """Make a CMYK profile: a table of CIELAB at the sixteen corners of the inks; lut8Type, ICC.1:2022, 10.11."""
    corners = []
    for number in range(16):
        cyan, magenta, yellow, black = (number >> shift & 1 for shift in (3, 2, 1, 0))
        lightness_ = max(0, (1 - black) * (100 - 35 * cyan - 45 * magenta - 10 * yellow))
        corners += [round(lightness_ * 2.55), 128, 128]
    same = bytes(range(256))
    unit = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + unit + same * 4 + bytes(corners) + same * 3
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63_190, 65_536, 54_061)
    first = 132 + 2 * 12
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", first, 20, b"A2B0", first + 20, len(table))
    head = srgb[4:12] + b"prtrCMYKLab " + srgb[24:84] + bytes(44)
    return struct.pack(">I", first + 20 + len(table)) + head + tags + white + table


def _light(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _encoded(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
