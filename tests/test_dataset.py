import shutil
from pathlib import Path

import pytest
from conftest import SHIPPED, zipped
from PIL import Image

from colorizer.dataset import (
    check_photos,
    choose_photos,
    fill_default_dataset,
    find_files,
    split_photos,
)
from colorizer.settings import ColorizeError, DatasetSettings


def test_files_are_found_in_nested_folders_with_difficult_names(colour_folder):
    (colour_folder / ".hidden.jpg").write_bytes(b"x")
    (colour_folder / "__MACOSX").mkdir()
    (colour_folder / "__MACOSX" / "a b.jpg").write_bytes(b"x")
    found = find_files(colour_folder)
    names = {str(path.relative_to(colour_folder)) for path in found.files}
    assert {"a b.jpg", "שלום.jpg", "😀.jpg", "cats/deep/er/cat.jpg"} <= names
    assert len(found.files) == 8
    assert found.hidden == 2


def test_a_loop_of_links_does_not_trap_the_walk(colour_folder):
    (colour_folder / "cats" / "loop").symlink_to(colour_folder, target_is_directory=True)
    assert len(find_files(colour_folder).files) == 8


@pytest.mark.parametrize("top", ["a", ".hidden"])
def test_folders_deeper_in_one_another_than_an_archives_are_refused(tmp_path, top):
    folder = tmp_path.joinpath(top, *("d" for _ in range(99)))
    folder.mkdir(parents=True)
    shutil.copy(SHIPPED / "camera.png", folder)
    found = find_files(tmp_path)
    assert len(found.files) + found.hidden == 1
    (folder / "d" / "d").mkdir(parents=True)
    with pytest.raises(ColorizeError, match="more than 100 deep"):
        find_files(tmp_path)


def test_the_check_sorts_every_file_into_one_of_three(colour_folder):
    shutil.copy(SHIPPED / "camera.png", colour_folder / "gray.png")
    shutil.copy(SHIPPED / "horse.png", colour_folder / "gray with alpha.png")
    (colour_folder / "text.jpg").write_text("not a photo")
    (colour_folder / "cut.jpg").write_bytes((colour_folder / "coffee.jpg").read_bytes()[:9000])
    seen = []
    check = check_photos(find_files(colour_folder), True, progress=lambda done, total: seen.append((done, total)))
    assert check.colour_format == "RGB"
    assert len(check.fine) == 8
    assert {path.name for path, _ in check.unreadable} == {"text.jpg", "cut.jpg"}
    assert {path.name for path, _ in check.wrong_format} == {"gray.png", "gray with alpha.png"}
    assert seen == [(done, 12) for done in range(13)]


def test_the_first_usable_photo_decides_the_colour_format(tmp_path, astronaut):
    image = Image.fromarray(astronaut)
    image.convert("L").save(tmp_path / "1 gray.png")
    image.convert("RGBA").save(tmp_path / "2 with alpha.png")
    image.save(tmp_path / "3 without.png")
    check = check_photos(find_files(tmp_path), True)
    assert check.colour_format == "RGBA"
    assert [path.name for path in check.fine] == ["2 with alpha.png"]


def test_for_colorizing_only_unreadable_files_are_left_out(tmp_path, astronaut, camera):
    Image.fromarray(astronaut).save(tmp_path / "colour.png")
    Image.fromarray(camera).save(tmp_path / "gray.png")
    Image.fromarray(camera).convert("1").save(tmp_path / "bits.png")
    (tmp_path / "notes.txt").write_text("where these came from")
    check = check_photos(find_files(tmp_path), False)
    assert [path.name for path in check.fine] == ["bits.png", "colour.png", "gray.png"]
    assert [path.name for path, _ in check.unreadable] == ["notes.txt"]


@pytest.mark.parametrize(("photos", "train", "test"), [(3, 2, 1), (10, 7, 3), (100, 50, 10), (1000, 900, 100)])
def test_a_split_has_no_photo_twice_and_no_empty_part(photos, train, test):
    paths = [Path(f"{number}.jpg") for number in range(photos)]
    split = split_photos(paths, train, test)
    parts = (split.train, split.validation, split.test)
    assert all(parts)
    assert len(split.train) + len(split.validation) == train
    assert len(split.test) == test
    assert len(set().union(*parts)) == train + test
    if train >= 10:
        assert len(split.validation) == round(train * 0.2)


def test_a_split_is_repeatable_and_changes_with_the_seed():
    paths = [Path(f"{number}.jpg") for number in range(50)]
    assert split_photos(paths, 20, 5) == split_photos(list(reversed(paths)), 20, 5)
    assert split_photos(paths, 20, 5) != split_photos(paths, 20, 5, DatasetSettings(seed=7))


def test_more_photos_than_there_are_is_refused_with_the_numbers():
    with pytest.raises(ColorizeError, match=r"8 photos to train with and 3 to test on make 11, .* 10 fine"):
        split_photos([Path(f"{number}.jpg") for number in range(10)], 8, 3)


def test_fewer_photos_are_chosen_at_random_but_repeatably():
    paths = [Path(f"{number:02}.jpg") for number in range(40)]
    chosen = choose_photos(paths, 5, seed=1)
    assert chosen == choose_photos(paths, 5, seed=1)
    assert chosen != choose_photos(paths, 5, seed=2)
    assert chosen != tuple(paths[:5])
    assert choose_photos(paths, 99, seed=1) == tuple(paths)


@pytest.mark.parametrize("for_training", [True, False])
def test_the_default_dataset_is_filled_once_with_photos_that_pass_the_check(tmp_path, for_training):
    folder = fill_default_dataset(tmp_path / "default", for_training)
    check = check_photos(find_files(folder), for_training)
    assert len(check.fine) >= 6
    assert not check.unreadable
    assert not check.wrong_format
    for path in check.fine[1:]:
        path.unlink()
    fill_default_dataset(folder, for_training)
    assert find_files(folder).files == check.fine[:1]


def test_a_zip_dropped_into_the_default_dataset_is_unpacked(tmp_path, colour_folder):
    folder = tmp_path / "dataset"
    folder.mkdir()
    zipped(colour_folder, folder / "holiday.zip")
    found = find_files(fill_default_dataset(folder, True)).files
    assert len(found) == 8
    assert {path.relative_to(folder).parts[0] for path in found} == {"holiday"}
    found[0].unlink()  # a photo the person does not want
    assert find_files(fill_default_dataset(folder, True)).files == found[1:]
