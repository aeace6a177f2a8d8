import shutil

import pytest

from colorizer.dataset.find import find_files, gather
from colorizer.errors import ColorizeError
from tests.conftest import SHIPPED


def test_files_are_found_in_nested_folders_with_difficult_names(colour_folder):
    (colour_folder / ".hidden.jpg").write_bytes(b"x")
    (colour_folder / "__MACOSX").mkdir()
    (colour_folder / "__MACOSX" / "a b.jpg").write_bytes(b"x")
    (colour_folder / ".folder").mkdir()
    (colour_folder / ".folder" / "own.jpg").write_bytes(b"x")
    for name in (".DS_Store", "._a b.jpg", "Thumbs.db", "cats/desktop.ini", ".colorizer-beside.json"):
        (colour_folder / name).write_bytes(b"x")
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


def test_a_folder_that_may_not_be_entered_is_left_out_and_named(colour_folder, closed):
    lost = closed(colour_folder / "lost+found")
    closed(colour_folder / ".Trash-0")
    found = find_files(colour_folder)
    assert (len(found.files), found.closed) == (8, (lost,))
    assert gather([colour_folder, colour_folder / "cats"]).closed == (lost,)
    with pytest.raises(ColorizeError, match=r"Cannot read the folder .*lost\+found: Permission denied"):
        find_files(lost)
