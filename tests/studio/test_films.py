"""Films over a real connection, in this process: looked at, hinted, coloured, stopped, played in parts."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx2
import numpy as np
import pytest
from PIL import Image

from colorizer import packages
from colorizer.film.decode import examine_film, read_frames
from colorizer.network.model_files import PRETRAINED, load_model
from colorizer.progress import Pace
from colorizer.runs import film as film_run
from colorizer.settings import PhotoLimits
from colorizer.studio.application import Studio, application
from colorizer.studio.events import Events
from colorizer.studio.films import Films
from colorizer.studio.models import identifier
from colorizer.studio.photos import Photos
from colorizer.studio.session import Session, SessionLimits
from tests.film.scenes import on_its_side, two_scenes
from tests.studio.serving import served

NAME = "../Grandmother's wedding.mp4"


@pytest.fixture
def films(tmp_path, monkeypatch) -> Iterator[Films]:
    monkeypatch.setattr(film_run, "PART_FRAMES", 16)
    (tmp_path / "session").mkdir()
    session = Session(tmp_path / "session", SessionLimits(maximum_film_bytes=1_000_000))
    photos = Photos(load_model(), identifier(PRETRAINED), session, PhotoLimits(), lambda *now: None)
    films = Films(photos, lambda *now: None)
    yield films
    assert films.close(30)
    assert photos.close(30)


@pytest.fixture
def client(films, tmp_path) -> Iterator[httpx2.Client]:
    photos = films._photos
    studio = Studio(photos.session, photos, films, Events(), tmp_path, PRETRAINED, "colorize")
    with (
        served(lambda port: application(studio)) as port,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, verify=False) as client,
    ):
        yield client


def send(client: httpx2.Client, content: bytes, name: str = NAME) -> httpx2.Response:
    return client.post("photos", content=content, headers={"X-Photo-Name": quote(name)})


def until(client: httpx2.Client, is_so: Callable[[dict], bool]) -> dict:
    """The only film, once something is so of it."""
    latest = time.monotonic() + 60
    while not is_so(photo := client.get("session").json()["photos"][0]):
        assert time.monotonic() < latest, photo
    return photo


def coloured(client: httpx2.Client, **said) -> dict:
    (photo,) = client.get("session").json()["photos"]
    assert client.post(f"films/{photo['id']}/colouring", json=said).status_code == 204
    return until(client, lambda photo: photo["film"]["stage"] in ("done", "broken"))


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


@pytest.fixture
def film(client, tmp_path) -> dict:
    two_scenes(tmp_path / "a.mp4", 20, sound=True)
    assert send(client, (tmp_path / "a.mp4").read_bytes()).status_code == 201
    return until(client, lambda photo: photo["state"] == "ready")


def test_from_a_frame_with_a_hint_to_a_film_that_plays(client, film, films, tmp_path):
    told = film["film"]
    assert (film["name"], film["width"], film["height"]) == (NAME, 160, 120)
    assert (told["seconds"], told["rate"], told["frames"], told["sound"]) == (1.6, 25, 40, "aac")
    place, address = {"x": 25, "y": 105}, f"films/{film['id']}"
    hint = {"time": 0.4, **place, "colour": "#20a040", "radius": 4}

    def at(seconds: float, *hints: dict) -> httpx2.Response:
        return client.put(f"{address}/colours", json={"time": seconds, "hints": hints})

    plain, hinted = at(0.41), at(0.41, hint)
    assert (plain.headers["x-frame-time"], plain.headers["x-photo-size"]) == ("0.4", "160x120")
    assert (pixels(plain.content) != pixels(hinted.content)).any()
    assert pixels(hinted.content)[105, 25].argmax() == 1, "the green that was asked for"
    assert np.abs(pixels(at(0.48, hint).content) - pixels(at(0.48).content)).max() > 30, "it rides along"
    assert np.array_equal(pixels(at(1.2, hint).content), pixels(at(1.2).content)), "to its scene's end"
    at(0.4, hint)
    assert client.get(f"{address}/hints").json() == [hint]
    part = {"time": 0.4, "left": 0, "top": 0, "right": 160, "bottom": 120, "width": 160, "height": 120}
    seen = pixels(client.get(f"{address}/view", params={**part, "side": "original"}).content)
    assert np.ptp(seen, axis=-1).max() == 0
    assert len(client.get(f"{address}/likeliest", params={"time": 0.4, **place}).json()["colours"]) > 1

    done = coloured(client, side_by_side=True)
    assert (done["film"]["stage"], done["film"]["done"], done["film"]["has_side_by_side"]) == ("done", 40, True)
    whole = client.get(f"{address}/colour", params={"save": 1})
    assert whole.headers["content-disposition"].endswith("Grandmother%27s%20wedding-color.mp4")
    some = client.get(f"{address}/colour", headers={"Range": "bytes=100-199"})
    assert (some.status_code, some.content, some.headers["content-type"]) == (206, whole.content[100:200], "video/mp4")
    (tmp_path / "colour.mp4").write_bytes(whole.content)
    assert len(list(read_frames(examine_film(tmp_path / "colour.mp4")))) == 40
    assert client.get(f"{address}/colour", params={"side": "both"}).status_code == 200
    at(0.4)
    assert client.get("session").json()["photos"][0]["film"]["is_changed"]
    client.delete(f"photos/{film['id']}")
    assert {path.stem for path in (tmp_path / "session").iterdir()} == {film["id"]}, "only what can be restored"


def test_a_film_that_lies_on_its_side_is_seen_upright_and_hinted_there(client, tmp_path):
    luma = on_its_side(tmp_path / "a.mp4", 90)[0]
    send(client, (tmp_path / "a.mp4").read_bytes())
    film = until(client, lambda photo: photo["state"] == "ready")
    assert (film["width"], film["height"]) == (120, 160)
    hint = {"time": 0, "x": 30, "y": 140, "colour": "#20a040", "radius": 4}
    preview = client.put(f"films/{film['id']}/colours", json={"time": 0, "hints": [hint]})
    assert preview.headers["x-photo-size"] == "120x160"
    assert pixels(preview.content)[140, 30].argmax() == 1, "the green that was asked for"
    part = {"time": 0, "left": 0, "top": 0, "right": 120, "bottom": 160, "width": 120, "height": 160}
    seen = pixels(client.get(f"films/{film['id']}/view", params={**part, "side": "original"}).content)
    assert np.abs(seen[..., 0] - luma).mean() < 3


def test_a_film_is_stopped_keeps_what_is_written_and_goes_on(client, film, films, monkeypatch):
    begun = []

    def stop(id_: str, pace: Pace, done: int, total: int) -> None:
        begun.append(done)
        if done == 32 and len(begun) <= 2:
            films.stop(id_)

    monkeypatch.setattr(films, "_progress", stop)
    client.post(f"films/{film['id']}/colouring", json={})
    stopped = until(client, lambda photo: photo["film"]["done"] > 0)
    assert (stopped["film"]["stage"], stopped["film"]["done"], stopped["film"]["has_result"]) == ("stopped", 32, False)
    assert client.get(f"films/{film['id']}/colour").status_code == 404
    done = coloured(client)
    assert (done["film"]["stage"], done["film"]["done"], begun) == ("done", 40, [16, 32, 40])


def test_what_is_no_film_and_what_is_too_much_are_sentences(client, film, monkeypatch):
    refused = send(client, b" " * 1_000_001, "long.mkv")
    assert (refused.status_code, refused.json()["error"]) == (
        413,
        "long.mkv is too large: 1 MB are the most for one file.",
    )
    send(client, b"not a film at all", "letter.avi")
    latest = time.monotonic() + 60
    while (broken := client.get("session").json()["photos"][1])["state"] == "waiting":
        assert time.monotonic() < latest
    assert broken["sentence"].startswith("letter.avi is not a film")
    assert client.put(f"films/{broken['id']}/colours", json={"time": 0, "hints": []}).status_code == 422
    for body in (
        {}, {"time": -1, "hints": []}, {"time": 10**400, "hints": []}, {"time": 0, "hints": {}}, {"time": "NaN"},
        {"time": 0, "hints": [{"x": 1, "y": 1, "colour": "red"}]},
        {"time": 0, "hints": [{"time": 0, "x": 1000, "y": 1, "colour": "red"}]},
        {"time": 0, "hints": [{"time": 99, "x": 1, "y": 1, "colour": "red"}]},
        {"time": 0, "hints": [], "vividness": 3},
    ):  # fmt: skip
        answer = client.put(f"films/{film['id']}/colours", json=body)
        assert answer.status_code == 422, body
        assert str(client.get("session").json()["photos"][0]["id"]) == film["id"]
        assert "/" not in answer.json()["error"].replace(NAME, ""), "no path of this machine's"
    assert client.post(f"films/{film['id']}/colouring", json={"side_by_side": 1}).status_code == 422
    photo = send(client, b"no photo", "a.png").json()
    assert client.put(f"films/{photo['id']}/colours", json={"time": 0, "hints": []}).status_code == 404
    assert client.get("films/nobody/colour").status_code == 404


def test_without_pyav_one_sentence_says_how_to_get_it(client, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    sentence = client.get("session").json()["films"]["refusal"]
    assert "Run: pip install " in sentence
    assert send(client, b"a film", "a.mp4").json()["error"] == sentence
    assert send(client, b"a photo", "a.jpg").status_code == 201
