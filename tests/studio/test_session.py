import asyncio
import json
import platform
from pathlib import Path

import pytest
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.inference.colorize import Adjustment
from colorizer.inference.hints import Hint, Rectangle
from colorizer.studio import storage
from colorizer.studio.session import Conflict, Session, SessionLimits, TooMuch
from colorizer.studio.storage import Colors, SessionPhoto


async def chunks(*parts: bytes):
    for part in parts:
        yield part


def take(session: Session, name: str = "a.jpg", *parts: bytes, announced: int | None = None):
    return asyncio.run(session.take(name, chunks(*parts), announced))


def test_a_name_from_the_browser_is_no_path(tmp_path):
    folder = tmp_path / "session"
    folder.mkdir()
    for name in ("../../escaped.jpg", "/etc/passwd", "a/b/c.jpg", "nul\0.jpg", "line\nbreak.jpg", "x" * 5_000):
        photo = take(Session(folder), name, b"bytes")
        assert photo.path.parent == folder
        assert photo.path.name == photo.id
        assert "\n" not in photo.name
        assert len(photo.name) <= 1_000
    assert [path.name for path in tmp_path.iterdir()] == ["session"]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (SessionLimits(maximum_photo_bytes=10), "too large"),
        (SessionLimits(maximum_bytes=10), "all photos together"),
        (SessionLimits(maximum_photos=0), "the most at once"),
        (SessionLimits(bytes_left_free=10**18), "disk is nearly full"),
    ],
)
def test_what_is_too_much_is_refused_and_leaves_nothing(tmp_path, limits, said):
    for announced in (None, 12):
        with pytest.raises(TooMuch, match=said):
            take(Session(tmp_path, limits), "a.jpg", b"123456", b"789012", announced=announced)
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_never_ends_is_given_up(tmp_path):
    async def endless():
        yield b"1"
        await asyncio.Event().wait()

    with pytest.raises(ColorizeError, match="took too long"):
        asyncio.run(Session(tmp_path, SessionLimits(maximum_seconds=0.05)).take("a.jpg", endless(), None))
    assert list(tmp_path.iterdir()) == []


def test_a_removed_photo_comes_back_to_its_place_until_its_room_is_needed(tmp_path):
    session = Session(tmp_path, SessionLimits(maximum_bytes=20))
    photos = [take(session, name, b"12345678") for name in ("a.jpg", "b.jpg")]
    session.remove(photos[0].id)
    assert session.photos() == photos[1:]
    restored = session.restore(photos[0].id)
    assert [photo.name for photo in session.photos()] == ["a.jpg", "b.jpg"]
    assert restored.path.read_bytes() == b"12345678"
    session.remove(photos[0].id)
    take(session, "c.jpg", b"12345678")
    assert not photos[0].path.exists()
    with pytest.raises(LookupError):
        session.restore(photos[0].id)


def test_room_comes_back_with_what_is_removed(tmp_path):
    session = Session(tmp_path, SessionLimits(maximum_bytes=10))
    photo = take(session, "a.jpg", b"12345678")
    with pytest.raises(TooMuch):
        take(session, "b.jpg", b"12345678")
    session.remove(photo.id)
    assert take(session, "b.jpg", b"12345678").name == "b.jpg"
    with pytest.raises(LookupError):
        session.photo(photo.id)


def test_a_file_that_cannot_be_removed_yet_is_forgotten_all_the_same(tmp_path, monkeypatch):
    session = Session(tmp_path)
    photo = take(session, "a.mp4", b"12345678")

    def refuse(path: Path, missing_ok: bool = False):
        raise PermissionError(13, "in use by another process", str(path))  # as Windows has it of a film that is read

    monkeypatch.setattr(Path, "unlink", refuse)
    session.remove(photo.id)
    assert session.photos() == []


RED, BLUE, GREEN = (Hint(x, 1, color) for x, color in ((1, "red"), (2, "blue"), (3, "green")))


def changed(session: Session, photo: SessionPhoto, hints: tuple[Hint, ...], vividness: float = 1.0) -> SessionPhoto:
    return session.change(photo.id, hints=hints, adjustment=Adjustment(vividness))


@pytest.mark.parametrize(
    ("theirs", "mine", "merged"),
    [
        (((RED, BLUE), 1.0), ((RED, GREEN), 1.0), ((RED, BLUE, GREEN), 1.0)),
        (((), 1.0), ((RED, GREEN), 1.0), ((GREEN,), 1.0)),
        (((RED,), 0.5), ((RED, BLUE), 1.0), ((RED, BLUE), 0.5)),
        (((RED, BLUE), 1.0), ((), 1.5), ((BLUE,), 1.5)),
        (((), 1.0), ((), 1.0), ((), 1.0)),
        (((RED,), 0.5), ((RED,), 1.5), None),
        (((Hint(5, 5, "red"),), 1.0), ((Hint(6, 6, "red"),), 1.0), None),
        (((RED, Hint(9, 9, "red")), 1.0), ((RED, Hint(9, 9, "blue")), 1.0), None),
    ],
)
def test_changes_of_two_tabs_are_merged_unless_they_contradict(tmp_path, theirs, mine, merged):
    session = Session(tmp_path)
    base = changed(session, take(session, "a.jpg", b"12345678"), (RED,))
    changed(session, base, *theirs)
    colors = Colors(mine[0], Adjustment(mine[1]))
    if merged is None:
        with pytest.raises(Conflict, match="another tab"):
            session.merged(base.id, colors, base.revision)
    else:
        assert session.merged(base.id, colors, base.revision) == Colors(merged[0], Adjustment(merged[1]))


def test_a_session_is_read_back_as_it_was_written(tmp_path):
    session = Session(tmp_path / "first")
    storage.own(session.folder)
    photos = [take(session, name, b"12345678") for name in ("a.jpg", "b.jpg", "c.jpg")]
    kept = changed(session, photos[2], (RED, Rectangle(1, 2, 3, 4, "keep")), 0.5)
    session.remove(photos[0].id)
    (session.folder / "cut-off").write_bytes(b"an upload that did not end")
    again = Session(tmp_path / "second")
    storage.own(again.folder)
    assert again.resume(session.folder) == []
    assert [photo.name for photo in again.photos()] == ["b.jpg", "c.jpg"]
    assert (again.photo(kept.id).colors, again.photo(kept.id).revision) == (kept.colors, kept.revision)
    assert not (session.folder / "cut-off").exists()
    assert not photos[0].path.exists()
    assert not (tmp_path / "second").exists()


def test_a_photo_that_is_opened_again_has_the_colors_that_it_was_left_with(tmp_path, camera):
    album, root = tmp_path / "album", tmp_path / "sessions"
    album.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(camera).save(album / name)
    (album / "b.png.hints.json").write_text('[{"x": 7, "y": 7, "color": "teal"}]')
    first = Session(root / "first")
    storage.own(first.folder)
    first.open([album])
    kept = changed(first, first.photos()[0], (RED, BLUE), 0.5)
    (first.folder / "owner.json").write_text(json.dumps({"process": 2**31 - 2, "started": 0, "host": platform.node()}))
    again = Session(root / "second")
    storage.own(again.folder)
    again.open([album], storage.earlier_work(root))
    one, other = again.photos()
    assert one.colors == kept.colors
    assert [hint.x for hint in other.hints] == [7]
