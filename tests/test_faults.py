"""File operations that fail, one after another: `benchmarks.failing`; whole commands: `python -m benchmarks.faults`."""

import itertools
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.failing import FAULTS, FULL, INTERRUPTED, failing, resource
from colorizer.dataset.check import Findings
from colorizer.dataset.unpacking import holds, unpack
from colorizer.errors import ColorizeError
from colorizer.files import write_text
from colorizer.marks import made_beside, mark_beside
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.writing import write_photo
from colorizer.pictures.sheets import save_jpeg
from colorizer.runs.folders import reserved_run
from tests.conftest import SHIPPED

pytestmark = pytest.mark.skipif(resource is None, reason="the length of files cannot be limited")


def each_failure(tmp_path: Path, fault: str, work: Callable[[Path], None], sees: Callable[[Path, bool], None]) -> None:
    """Do a piece of work in a folder of its own, once for each of its file operations, which then fails.

    `sees` is told the folder and whether the work said it was done. What it raises must be a sentence, or Ctrl-C.
    """
    for number in itertools.count():
        place = tmp_path / f"{fault} {number}"
        place.mkdir(parents=True)
        is_done = True
        with failing(place, number, fault) as operations:
            try:
                work(place)
            except KeyboardInterrupt:
                assert fault == INTERRUPTED
                is_done = False
            except ColorizeError as error:
                assert str(tmp_path) in str(error)
                is_done = False
        if operations.met is None:
            assert is_done and number > 2
            return
        sees(place, is_done)


def left(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def half_written(place: Path) -> list[str]:
    return [name for name in left(place) if "/.writing-" in f"/{name}"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_record_is_the_new_one_or_the_old_one(tmp_path, fault):
    old, new = "old" * 100, "new" * 100

    def work(place: Path) -> None:
        write_text(place / "record.json", old)
        write_text(place / "record.json", new)

    def sees(place: Path, is_done: bool) -> None:
        path = place / "record.json"
        assert not path.exists() or path.read_text() in (old, new)
        assert not is_done or path.read_text() == new
        # Where taking the hidden file away is what fails, or Ctrl-C comes then, it stays for the next run to sweep.
        assert len(half_written(place)) <= (fault == INTERRUPTED)

    each_failure(tmp_path, fault, work, sees)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_archive_is_unpacked_whole_or_not_at_all(tmp_path, fault):
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("a/one.jpg", b"1" * 1000)
        opened.writestr("b/two.jpg", b"2" * 1000)

    def sees(place: Path, is_done: bool) -> None:
        assert holds(place / "photos", archive) == is_done
        assert is_done or not (place / "photos").exists()
        assert unpack(archive, place / "photos") == place / "photos"
        assert [path.name for path in place.iterdir()] == ["photos"]

    each_failure(tmp_path, fault, lambda place: unpack(archive, place / "photos"), sees)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_sheet_opens_or_is_not_there(tmp_path, fault):
    with Image.open(SHIPPED / "astronaut.png") as image:
        picture = image.resize((64, 64))

    def sees(place: Path, is_done: bool) -> None:
        path = place / "sheets" / "sheet-001.jpg"
        assert path.exists() or not is_done
        if path.exists():
            with Image.open(path) as written:
                written.load()

    each_failure(tmp_path, fault, lambda place: save_jpeg(picture, place / "sheets" / "sheet-001.jpg"), sees)


@pytest.mark.parametrize(
    "name",
    [f"photo.{ending}" for ending in ("png", "tif", "webp", "gif", "heic", "jpg", "bmp")],
)
def test_a_colour_photo_on_a_disk_that_fills_up_opens_or_is_not_there(tmp_path, name):
    with Image.open(SHIPPED / "astronaut.png") as image:
        picture = image.convert("RGB").resize((64, 64))
    gray = Photo(picture.convert("L"), None, "PNG", None, None, None)

    def sees(place: Path, is_done: bool) -> None:
        assert (place / name).exists() == is_done
        if is_done:
            with Image.open(place / name) as written:
                written.load()

    each_failure(tmp_path, FULL, lambda place: write_photo(place / name, Picture(picture), gray), sees)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_leaves_what_it_finished_and_the_next_one_sweeps_the_rest(tmp_path, fault):
    def work(place: Path) -> None:
        with reserved_run(place, "colorize") as run:
            for name in ("one.json", "two.json"):
                write_text(run.results / name, name * 100)

    def sees(place: Path, is_done: bool) -> None:
        assert len(list(place.glob("results/*/*.json"))) == 2 or not is_done
        assert all(path.read_text() == path.name * 100 for path in place.glob("results/*/*.json"))
        with reserved_run(place, "colorize"):
            pass
        assert half_written(place) == []
        assert not [path.name for path in place.glob("results/.*") if path.name != ".colorizer-results"]

    each_failure(tmp_path, fault, work, sees)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != INTERRUPTED])
def test_a_cache_that_cannot_be_written_fails_nothing(tmp_path, fault):
    def work(place: Path) -> None:
        findings = Findings(place / "cache", tmp_path)
        findings.remember("photo.jpg", (1, 2), ["x" * 100])
        findings.save()

    def sees(place: Path, is_done: bool) -> None:
        assert is_done
        assert Findings(place / "cache", tmp_path).recall("photo.jpg", (1, 2)) in (None, ["x" * 100])

    each_failure(tmp_path, fault, work, sees)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_written_beside_photos_stays_known(tmp_path, fault):
    names = [f"{number:02}-color.jpg" for number in range(20)]

    def work(place: Path) -> None:
        mark_beside(place, names[:10])
        mark_beside(place, names[10:])

    def sees(place: Path, is_done: bool) -> None:
        assert made_beside(place) in (frozenset(), frozenset(names[:10]), frozenset(names))
        assert not is_done or made_beside(place) == frozenset(names)

    each_failure(tmp_path, fault, work, sees)
