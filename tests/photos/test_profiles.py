from PIL import Image, ImageCms

from colorizer.photos.reading import read_photo


def test_a_gray_profile_is_not_stamped_on_a_colour_photo(tmp_path, camera):
    # The smallest valid gray profile: LittleCMS builds none, so an sRGB one stands in with its space renamed.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"GRAY"
    Image.fromarray(camera).save(tmp_path / "gray.png", icc_profile=bytes(profile))
    assert read_photo(tmp_path / "gray.png").icc_profile is None
