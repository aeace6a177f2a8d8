"""TIFFs of every photometric interpretation, depth, sample format, byte order and order of planes."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.photos.color import luma
from colorizer.photos.photo import Picture
from colorizer.photos.reading import examine, read_photo, read_square
from colorizer.photos.writing import write_photo
from tests.conftest import SHIPPED

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
COMPRESSIONS = {"none": 1, "lzw": 5, "deflate": 8}
RARE_COMPRESSIONS = {"packbits": 32773, "lzma": 34925, "zstd": 50000}
SUPPORTED = {
    UNSIGNED: (1, 2, 4, 8, 12, 16, 32),
    SIGNED: (8, 16, 32),
    FLOAT: (16, 32),
}


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A colour photograph in [0, 1], shape (36, 53, 3): an odd width, so that rows of packed samples are padded."""
    image = Image.open(SHIPPED / "chelsea.png").convert("RGB").resize((53, 36))
    return np.asarray(image).astype(np.float64) / 255


def tiff(
    light: np.ndarray,
    photometric: int,
    bits: int,
    form: int = UNSIGNED,
    order: str = "<",
    *,
    is_planar: bool = False,
    compression: str = "none",
    most: float | None = None,
    rows_per_strip: int = 10,
    extra: tuple[int, ...] = (),
    more: dict[int, tuple[int, list[int]]] | None = None,
) -> bytes:
    """Write light in [0, 1], shape (h, w, samples), as the tags say; TIFF 6.0, sections 3 to 7 and 19.

    `most`: the level that stands for 1, if it is not the one that the depth gives.
    """
    height, width, samples = light.shape
    full = {UNSIGNED: 2**bits - 1, SIGNED: 2 ** (bits - 1) - 1, FLOAT: 1}[form] if most is None else most
    levels = (1 - light if photometric == WHITE_IS_ZERO else light) * full
    if form != FLOAT:
        levels = levels.round().astype(np.int64)
    planes = [levels[..., [number]] for number in range(samples)] if is_planar else [levels]
    strips = []
    for plane in planes:
        for top in range(0, height, rows_per_strip):
            rows = plane[top : top + rows_per_strip].reshape(len(plane[top : top + rows_per_strip]), -1)
            strips.append(compressed(b"".join(stored(row, bits, form, order) for row in rows), compression, len(rows)))
    tags = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits] * samples),
        259: (3, [(COMPRESSIONS | RARE_COMPRESSIONS)[compression]]),
        262: (3, [photometric]),
        277: (3, [samples]),
        278: (4, [rows_per_strip]),
        279: (4, [len(strip) for strip in strips]),
        284: (3, [2 if is_planar else 1]),
        339: (3, [form] * samples),
    } | (more or {})
    if extra:
        tags[338] = (3, list(extra))
    return file_of(tags, strips, order)


def stored(row: np.ndarray, bits: int, form: int, order: str) -> bytes:
    if form == FLOAT:
        kind = {16: "f2", 32: "f4", 64: "f8"}.get(bits, "f4")
        return row.astype(f"{order}{kind}").tobytes()
    if bits in (8, 16, 32):
        return (row % 2**bits).astype(f"{order}u{bits // 8}").tobytes()
    digits = "".join(f"{level % 2**bits:0{bits}b}" for level in row.tolist())
    digits += "0" * (-len(digits) % 8)
    return int(digits, 2).to_bytes(len(digits) // 8, "big")


def compressed(content: bytes, compression: str, rows: int) -> bytes:
    if compression == "deflate":
        return zlib.compress(content)
    if compression == "none":
        return content
    file = io.BytesIO()
    size = (len(content) // rows, rows)
    name = "tiff_lzw" if compression == "lzw" else compression
    Image.frombytes("L", size, content).save(file, "TIFF", compression=name, tiffinfo={278: rows})
    with Image.open(file) as opened:
        (start,), (count,) = opened.tag_v2[273], opened.tag_v2[279]
    return file.getvalue()[start : start + count]


def file_of(tags: dict[int, tuple[int, list[int]]], strips: list[bytes], order: str) -> bytes:
    offsets, position = [], 8
    for strip in strips:
        offsets.append(position)
        position += len(strip) + len(strip) % 2
    tags = tags | {273: (4, offsets)}
    data = b"".join(strip + bytes(len(strip) % 2) for strip in strips)
    entries, beyond = b"", b""
    after = position + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            entries += struct.pack(f"{order}HHII", tag, kind, len(values), after + len(beyond))
            beyond += packed + bytes(len(packed) % 4)
        else:
            entries += struct.pack(f"{order}HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    header = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, position)
    return header + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + beyond


@pytest.mark.parametrize("form", [UNSIGNED, SIGNED, FLOAT])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16, 32])
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO, RGB])
def test_each_is_read_at_its_brightness_or_refused_by_name(tmp_path, picture, photometric, bits, form):
    light = picture if photometric == RGB else picture.mean(axis=2, keepdims=True)
    if bits < 8:
        light = (light * (2**bits - 1)).round() / (2**bits - 1)
    expected = luma(light.astype(np.float32)) if photometric == RGB else light[..., 0]
    path = tmp_path / "scan.tif"
    for order, is_planar, compression in itertools.product("<>", (False, True), COMPRESSIONS):
        path.write_bytes(tiff(light, photometric, bits, form, order, is_planar=is_planar, compression=compression))
        if bits not in SUPPORTED[form]:
            number = {SIGNED: "signed", FLOAT: "floating-point"}[form]
            for read in (examine, read_photo, lambda path: read_square(path, 32)):
                with pytest.raises(ColorizeError, match=rf"scan.tif: {bits}-bit {number} (gray|RGB) TIFFs are not"):
                    read(path)
            continue
        photo = read_photo(path)
        most = 0.006 if photometric == RGB or bits <= 8 else 0.0005  # a step and a half of 8 bits
        assert np.abs(photo.luma() - expected).max() < most, (order, is_planar, compression)
        square = luma(read_square(path, 32)).mean() / 255
        assert abs(square - expected.mean()) < 0.02, (order, is_planar, compression)
        assert examine(path).colour_format == ("RGB" if photometric == RGB else "gray")


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_samples_of_an_undefined_format_are_unsigned(tmp_path, picture, bits):
    light = picture.mean(axis=2, keepdims=True)
    (tmp_path / "a.tif").write_bytes(tiff(light, BLACK_IS_ZERO, bits, more={339: (3, [4])}))
    assert np.abs(read_photo(tmp_path / "a.tif").luma() - light[..., 0]).max() < 0.006


@pytest.mark.parametrize("compression", RARE_COMPRESSIONS)
def test_rarer_compressions_are_read(tmp_path, picture, compression):
    light = picture.mean(axis=2, keepdims=True)
    (tmp_path / "a.tif").write_bytes(tiff(light, WHITE_IS_ZERO, 16, order=">", compression=compression))
    assert np.abs(read_photo(tmp_path / "a.tif").luma() - light[..., 0]).max() < 0.0005


def test_floating_point_of_64_bits_is_read(tmp_path, picture):
    tifffile.imwrite(tmp_path / "a.tif", picture[..., 0], photometric="miniswhite")
    assert np.abs(read_photo(tmp_path / "a.tif").luma() - (1 - picture[..., 0])).max() < 0.0005


@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("extra", [0, 1, 2])
def test_gray_with_another_sample_is_read(tmp_path, picture, photometric, bits, planes, extra):
    light, share = picture.mean(axis=2, keepdims=True), np.linspace(0.2, 1, 53)[None, :, None].repeat(36, 0)
    second = 1 - share if photometric == WHITE_IS_ZERO else share  # `tiff` inverts it with the light
    content = tiff(np.dstack([light * share if extra == 1 else light, second]), photometric, bits, is_planar=planes,
                   extra=(extra,))  # fmt: skip
    (tmp_path / "a.tif").write_bytes(content)
    photo = read_photo(tmp_path / "a.tif")
    assert np.abs(photo.luma() - light[..., 0]).mean() < (0.01 if extra == 1 else 0.003)
    assert (photo.alpha is None) == (extra == 0)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_cmyk_of_separate_planes_is_read(tmp_path, astronaut, compression):
    small = Image.fromarray(astronaut).resize((40, 30))
    for planes in (False, True):
        content = tiff(np.asarray(small.convert("CMYK")) / 255, 5, 8, is_planar=planes, compression=compression)
        (tmp_path / "a.tif").write_bytes(content)
        assert np.array_equal(np.asarray(read_photo(tmp_path / "a.tif").image), np.asarray(small))


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("alpha", [1, 2])
def test_transparency_is_read_at_every_depth(tmp_path, picture, bits, planes, alpha):
    share = np.linspace(0.1, 1, 53)[None, :, None].repeat(36, 0)
    colors = picture * share if alpha == 1 else picture
    content = tiff(np.dstack([colors, share]), RGB, bits, is_planar=planes, extra=(alpha,))
    (tmp_path / "a.tif").write_bytes(content)
    photo = read_photo(tmp_path / "a.tif")
    assert np.abs(photo.alpha / 255 - share[..., 0]).max() < 0.005
    assert np.abs(np.asarray(photo.image) / 255 - picture).max() < (0.05 if alpha == 1 else 0.005)


@pytest.mark.parametrize(
    ("most", "white"), [(1, 1), (1.05, 1), (0.02, 1), (3, 3), (255, 255), (240, 255), (4095, 4095), (65535, 65535)]
)
def test_white_of_floating_point_samples_is_found_by_the_brightest(tmp_path, picture, most, white):
    light = picture.mean(axis=2, keepdims=True)
    light /= light.max()
    (tmp_path / "a.tif").write_bytes(tiff(light, BLACK_IS_ZERO, 32, FLOAT, most=most))
    expected = (light[..., 0] * most / white).clip(0, 1)
    assert np.abs(read_photo(tmp_path / "a.tif").luma() - expected).max() < 0.001


@pytest.mark.parametrize("form", [UNSIGNED, SIGNED])
def test_sixteen_bits_in_32_are_not_nearly_black(tmp_path, picture, form):
    light = picture.mean(axis=2, keepdims=True)
    (tmp_path / "a.tif").write_bytes(tiff(light, BLACK_IS_ZERO, 32, form, most=65535))
    assert np.abs(read_photo(tmp_path / "a.tif").luma() - light[..., 0]).max() < 0.001


def test_levels_below_zero_are_noise_around_black_or_refused(tmp_path, camera):
    levels = camera.astype(np.int16) * 128
    levels[0, :10] = -5
    tifffile.imwrite(tmp_path / "noise.tif", levels)
    assert read_photo(tmp_path / "noise.tif").luma()[0, 0] == 0
    tifffile.imwrite(tmp_path / "centered.tif", levels - 16000)
    for read in (examine, read_photo, lambda path: read_square(path, 32)):
        with pytest.raises(ColorizeError, match="16-bit signed gray TIFFs with levels below zero are not supported"):
            read(tmp_path / "centered.tif")


@pytest.mark.parametrize("predictor", [2, 3])
@pytest.mark.parametrize("color", [False, True])
def test_predictors_are_undone(tmp_path, picture, predictor, color):
    samples = 3 if color else 1
    light = picture if color else picture.mean(axis=2, keepdims=True)
    if predictor == 2:
        levels = (light * 65535).round().astype(np.uint16)
        stored = np.diff(levels, axis=1, prepend=np.zeros((36, 1, samples), np.uint16))
        content = stored.astype(">u2").tobytes()
    else:  # Adobe Photoshop TIFF Technical Note 3
        values = light.astype(">f4").reshape(36, -1)
        planes = values.view(np.uint8).reshape(36, -1, 4).transpose(0, 2, 1).reshape(36, -1, samples)
        content = np.diff(planes, axis=1, prepend=np.zeros((36, 1, samples), np.uint8)).tobytes()
    bits = 16 if predictor == 2 else 32
    tags = {
        256: (4, [53]), 257: (4, [36]), 258: (3, [bits] * samples), 259: (3, [8]), 262: (3, [RGB if color else 0]),
        277: (3, [samples]), 278: (4, [36]), 279: (4, [len(zlib.compress(content))]), 317: (3, [predictor]),
        339: (3, [UNSIGNED if predictor == 2 else FLOAT] * samples),
    }  # fmt: skip
    (tmp_path / "a.tif").write_bytes(file_of(tags, [zlib.compress(content)], ">"))
    expected = luma(light.astype(np.float32)) if color else 1 - light[..., 0]
    assert np.abs(read_photo(tmp_path / "a.tif").luma() - expected).max() < 0.005


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_tiles_are_put_together(tmp_path, astronaut, planar):
    deep = astronaut[:300, :200].astype(np.uint32) * 16_843_009
    stored = deep if planar == "contig" else deep.transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, tile=(64, 128), bigtiff=True)
    assert np.array_equal(np.asarray(read_photo(tmp_path / "a.tif").image), astronaut[:300, :200])


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ({258: 12, 262: 5, 277: 4}, "12-bit CMYK TIFFs"),
        ({258: 16, 262: 8, 277: 3}, "16-bit CIELAB TIFFs"),
        ({258: 8, 262: 8, 277: 3, 284: 2}, "8-bit CIELAB TIFFs with separate planes"),
        ({258: 8, 262: 6, 277: 3, 284: 2}, "8-bit YCbCr TIFFs with separate planes"),
        ({258: 32, 339: 6}, "32-bit complex gray TIFFs"),
        ({258: 16, 259: 7}, "16-bit gray TIFFs with JPEG compression"),
        ({258: 8, 259: 6, 262: 6, 277: 3}, "8-bit YCbCr TIFFs with old-style JPEG compression"),
        ({258: 8, 259: 34712}, "8-bit gray TIFFs with JPEG 2000 compression"),
        ({258: 8, 259: 50_002}, "8-bit gray TIFFs with JPEG XL compression"),
        ({258: 8, 259: 99}, "8-bit gray TIFFs with compression 99"),
        ({258: 16, 262: 32803}, "16-bit color filter array TIFFs"),
        ({258: 16, 262: 32844, 259: 34676}, "16-bit LogL TIFFs with SGI Log compression"),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_what_is_not_supported_is_named(tmp_path, tags, named, order):
    samples = tags.get(277, 1)
    whole = {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 277: 1, 278: 8, 279: 4096, 339: 1} | tags
    filled = {tag: (4, [value] * (samples if tag in (258, 339) else 1)) for tag, value in whole.items()}
    (tmp_path / "odd.tif").write_bytes(file_of(filled, [bytes(4096)], order))
    for read in (examine, read_photo, lambda path: read_square(path, 32)):
        with pytest.raises(ColorizeError, match=rf"odd.tif: {named} are not supported; save "):
            read(tmp_path / "odd.tif")


def test_of_several_pages_each_is_read_by_its_own_tags(tmp_path, camera):
    with tifffile.TiffWriter(tmp_path / "scan.tif", byteorder=">") as file:
        file.write(camera)
        file.write(65535 - camera.astype(np.uint16) * 257, photometric="miniswhite", resolution=(300, 300))
        file.write(camera[:100] / np.float32(255))
        file.write(camera.astype(np.int16) * 128, extratags=[(274, "H", 1, 6, True)])
        file.write(camera, photometric="miniswhite")
    assert examine(tmp_path / "scan.tif").pages == 5
    for number, expected in enumerate((camera, camera, camera[:100], np.rot90(camera, -1), 255 - camera)):
        photo = read_photo(tmp_path / "scan.tif", page=number)
        assert np.abs(photo.luma() * 255 - expected).mean() < 0.6, number
        assert (photo.resolution is not None) == (number == 1)


def test_a_page_that_is_not_supported_is_named_with_its_number(tmp_path, camera):
    with tifffile.TiffWriter(tmp_path / "scan.tif") as file:
        file.write(camera)
        file.write(camera.astype(np.complex64))
    with pytest.raises(ColorizeError, match=r"scan.tif, page 2: 64-bit complex gray TIFFs are not supported"):
        examine(tmp_path / "scan.tif")


def test_deep_scans_are_written_with_their_brightness(tmp_path, camera):
    tifffile.imwrite(tmp_path / "a.tif", 65535 - camera.astype(np.uint16) * 257, photometric="miniswhite")
    original = read_photo(tmp_path / "a.tif")
    write_photo(tmp_path / "b.tif", Picture(original.rgb(), np.dstack([np.asarray(original.image)] * 3)), original)
    assert np.array_equal(tifffile.imread(tmp_path / "b.tif")[..., 0], camera.astype(np.uint16) * 257)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_truncated_scan_is_damaged(tmp_path, camera, share, compression):
    levels = 65535 - camera.astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", levels, photometric="miniswhite", compression=compression, rowsperstrip=16)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(content[: int(len(content) * share)])
    for read in (examine, read_photo, lambda path: read_square(path, 32)):
        with pytest.raises(ColorizeError, match=r"cut.tif: damaged"):
            read(tmp_path / "cut.tif")
