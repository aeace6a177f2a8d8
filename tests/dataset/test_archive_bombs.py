"""Archives that would fill the disk or the memory."""

import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from colorizer.dataset.unpacking import unpack
from colorizer.settings import ArchiveLimits
from tests.conftest import PROJECT
from tests.dataset.conftest import refused


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("blank.bmp", bytes(5_000_000))
    refused(tmp_path / "bomb.zip", "bomb", ArchiveLimits(bytes_never_refused=1_000_000))
    assert unpack(tmp_path / "bomb.zip", tmp_path / "blank").is_dir()


def test_a_bomb_of_members_lying_over_each_other_is_refused(tmp_path, archive):
    """The central directory names one member's data many times (Fifield 2019, https://www.bamsoftware.com/hacks/zipbomb)."""
    with zipfile.ZipFile(archive) as opened:
        largest = max(opened.infolist(), key=lambda member: member.file_size)
    data = archive.read_bytes()
    start = next(at for at in range(len(data)) if data[at : at + 4] == b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    records = b""
    for number in range(200):
        name = f"{number:03}.jpg".encode()
        records += struct.pack(
            "<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0x21, largest.CRC, largest.compress_size, largest.file_size,
            len(name), 0, 0, 0, 0, 0, largest.header_offset,
        ) + name  # fmt: skip
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 200, 200, len(records), start, 0)
    assert end > start
    archive.write_bytes(data[:start] + records + tail)
    refused(archive, "its members overlap")


def liar(archive: Path, how: int, size: int = 50_000_000) -> Path:
    """A zip of one blank picture that says it has a thousand bytes, and has just their checksum."""
    with zipfile.ZipFile(archive, "w", how) as opened:
        opened.writestr("a.bmp", bytes(size))
    data = archive.read_bytes()
    for said in (len, zlib.crc32):
        data = data.replace(struct.pack("<I", said(bytes(size))), struct.pack("<I", said(bytes(1000))))
    archive.write_bytes(data)
    return archive


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_inflates_to_more_than_its_header_says_ends_there(tmp_path, how):
    refused(liar(tmp_path / "liar.zip", how, 5_000_000), "is larger than its declared size")


@pytest.mark.slow
@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_that_understates_itself_takes_no_memory(tmp_path, how):
    """300 MB in a kilobyte, unpacked in a process that may take 100 MB more than it has."""
    archive = liar(tmp_path / "bomb.zip", how, 300_000_000)
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from colorizer.dataset.unpacking import unpack\n"
        "from colorizer.errors import ColorizeError\n"
        "now = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (now + 100_000_000,) * 2)\n"
        "try:\n"
        "    unpack(Path(sys.argv[1]), Path(sys.argv[1]).with_suffix(''))\n"
        "except ColorizeError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(archive)],
        capture_output=True, text=True, cwd=PROJECT, check=False, timeout=300,
    )  # fmt: skip
    assert "is larger than its declared size" in done.stdout, done.stderr
