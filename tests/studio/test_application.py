"""What the page asks for, asked over a real connection of the program as a person starts it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from http.client import HTTPConnection
from urllib.parse import quote

import httpx2
import numpy as np
import pytest
from PIL import Image

from benchmarks.repair import damaged
from colorizer.photos.color import luma
from tests.conftest import SHIPPED

pytestmark = pytest.mark.slow
HINTS = [{"x": 60, "y": 400, "colour": "#20a040"}]


def send(client: httpx2.Client, content: bytes, name: str = "camera.png") -> dict:
    sent = client.post("photos", content=content, headers={"X-Photo-Name": quote(name)})
    assert sent.status_code == 201, sent.text
    return sent.json()


def recoloured(client: httpx2.Client, photo: dict, hints: list | None = None, **adjustment) -> httpx2.Response:
    return client.put(f"photos/{photo['id']}/colours", json={"hints": hints or [], **adjustment})


def settled(client: httpx2.Client) -> list[dict]:
    """The photos, once none of them waits any more."""
    latest = time.monotonic() + 120
    while any(photo["state"] == "waiting" for photo in client.get("session").json()["photos"]):
        assert time.monotonic() < latest
    return client.get("session").json()["photos"]


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


@pytest.fixture
def photo(client) -> dict:
    return send(client, (SHIPPED / "camera.png").read_bytes())


def test_a_hint_changes_the_preview_and_the_saved_photo_keeps_its_luma(client, photo, camera):
    plain, hinted = recoloured(client, photo), recoloured(client, photo, HINTS)
    assert np.abs(pixels(plain.content) - pixels(hinted.content)).max() > 60
    saved = client.post(f"photos/{photo['id']}/saved").json()
    answer = client.get(f"saved/{saved['id']}")
    assert answer.headers["content-disposition"] == 'attachment; filename="camera-color.png"'
    picture = pixels(answer.content)
    assert np.abs(luma(picture) - camera).max() < 1.01
    assert picture[400, 60].argmax() == 1, "the green that was asked for"
    assert client.get(f"saved/{saved['id']}").status_code == 404, "once saved, it is gone here"


def test_vividness_and_contrast_are_those_of_the_program(client, photo, camera):
    gray = pixels(recoloured(client, photo, vividness=0).content)
    assert np.ptp(gray, axis=-1).max() <= 6, "but for the JPEG's own rounding"
    faded = io.BytesIO()
    Image.fromarray((80 + camera * 0.4).astype(np.uint8)).save(faded, "PNG")
    restored = pixels(recoloured(client, send(client, faded.getvalue()), restore_contrast=True).content)
    assert np.ptp(np.percentile(luma(restored), (1, 99))) > 230


def test_a_part_of_a_photo_is_seen_at_its_single_pixels(client, photo, camera):
    recoloured(client, photo, HINTS)
    asked = {"side": "original", "left": 100, "top": 50, "right": 140, "bottom": 80, "width": 40, "height": 30}
    seen = client.get(f"photos/{photo['id']}/view", params=asked)
    assert np.array_equal(pixels(seen.content)[..., 0], camera[50:80, 100:140])
    coloured = pixels(client.get(f"photos/{photo['id']}/view", params={**asked, "side": "colour"}).content)
    assert np.abs(luma(coloured) - camera[50:80, 100:140]).max() < 1.01


def test_a_bad_file_gets_its_sentence_and_stops_no_other(client):
    send(client, b"not a photo at all, but a text", "letter\n<b>.jpg")
    send(client, (SHIPPED / "camera.png").read_bytes()[:20_000], "cut short.png")
    send(client, (SHIPPED / "camera.png").read_bytes(), "fine.png")
    text, cut, fine = settled(client)
    assert text["state"] == cut["state"] == "failed"
    assert text["sentence"].startswith("Cannot read letter\\n<b>.jpg: ")
    assert cut["sentence"].startswith("Cannot read cut short.png: ")
    assert fine["state"] == "ready"
    assert client.get(f"photos/{fine['id']}/thumbnail").headers["content-type"] == "image/jpeg"
    assert recoloured(client, text).status_code == 422


def test_the_zip_holds_every_photo_its_hints_and_what_stayed_gray(client, photo, tmp_path):
    recoloured(client, photo, HINTS)
    send(client, (SHIPPED / "camera.png").read_bytes(), "1931/camera.png")
    send(client, b"no photo", "broken.jpg")
    answer = client.get("zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="color-photos.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            "camera.png",
            "camera.png.hints.json",
            "1931/camera.png",
            "not in color.txt",
        }
        assert json.loads(archive.read("camera.png.hints.json")) == HINTS
        assert b"broken.jpg" in archive.read("not in color.txt")
        assert pixels(archive.read("camera.png"))[400, 60].argmax() == 1
    assert client.get(f"photos/{photo['id']}/hints").json() == HINTS


def test_sixteen_bits_alpha_and_profile_are_kept(client, camera):
    deep = io.BytesIO()
    Image.fromarray(camera.astype(np.uint16) * 257).save(deep, "TIFF", dpi=(300, 300))
    saved = client.post(f"photos/{send(client, deep.getvalue(), 'scan.tif')['id']}/saved").json()
    content = client.get(f"saved/{saved['id']}").content
    with Image.open(io.BytesIO(content)) as written:
        assert written.tag_v2[258] == (16, 16, 16)
        assert round(written.info["dpi"][0]) == 300
    transparent = io.BytesIO()
    image = Image.fromarray(camera).convert("LA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(transparent, "PNG")
    saved = client.post(f"photos/{send(client, transparent.getvalue(), 'cut-out.png')['id']}/saved").json()
    assert Image.open(io.BytesIO(client.get(f"saved/{saved['id']}").content)).mode == "RGBA"


def test_scratches_are_repaired_in_the_preview_and_in_what_is_saved(client, camera):
    clean = np.asarray(Image.fromarray(camera).resize((256, 256), Image.Resampling.LANCZOS))
    scratched, where = damaged(clean, "scratches", 6)
    content = io.BytesIO()
    Image.fromarray(scratched).save(content, "PNG")
    photo = send(client, content.getvalue(), "scratched.png")
    repaired = recoloured(client, photo, repair=True)
    saved = client.post(f"photos/{photo['id']}/saved").json()
    before = np.abs(scratched - clean.astype(float))[where].mean()
    for answer in (repaired, client.get(f"saved/{saved['id']}")):
        assert np.abs(luma(pixels(answer.content)) - clean)[where].mean() < before / 2


def test_one_adjustment_is_given_to_all_photos(client, photo):
    other = send(client, (SHIPPED / "moon.png").read_bytes(), "moon.png")
    hinted = recoloured(client, photo, HINTS)
    assert client.post("adjusted", json={"vividness": 0.0, "restore_contrast": True}).status_code == 204
    told = settled(client)
    assert [(each["vividness"], each["restore_contrast"]) for each in told] == [(0.0, True)] * 2
    assert told[0]["hints"] == HINTS
    assert told[0]["revision"] == int(hinted.headers["x-photo-revision"]) + 1
    thumbnail = pixels(client.get(f"photos/{other['id']}/thumbnail").content)
    assert np.ptp(thumbnail, axis=-1).max() <= 6, "gray, but for the JPEG's own rounding"


def test_transparency_is_shown_as_it_is(client, camera):
    cut = io.BytesIO()
    image = Image.fromarray(camera).convert("LA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(cut, "PNG")
    photo = send(client, cut.getvalue(), "cut-out.png")
    preview = Image.open(io.BytesIO(recoloured(client, photo).content))
    part = {"left": 0, "top": 0, "right": 512, "bottom": 512, "width": 512, "height": 512, "side": "colour"}
    seen = Image.open(io.BytesIO(client.get(f"photos/{photo['id']}/view", params=part).content))
    for shown in (preview, seen):
        alpha = np.asarray(shown.getchannel("A"), int)
        assert np.abs(alpha - np.asarray(image.getchannel("A"), int)).max() <= 1


def test_a_photo_in_color_keeps_its_colors_until_it_is_recolored(client):
    photo = send(client, (SHIPPED / "astronaut.png").read_bytes(), "astronaut.png")
    own = np.asarray(Image.open(SHIPPED / "astronaut.png").convert("RGB"), int)
    assert np.abs(pixels(recoloured(client, photo).content) - own).mean() < 4
    assert settled(client)[0]["keeps_colors"]
    assert "already in color" in client.post(f"photos/{photo['id']}/saved").json()["error"]
    assert client.post(f"photos/{photo['id']}/recolored").status_code == 204
    assert np.abs(pixels(recoloured(client, photo).content) - own).mean() > 4
    assert client.post(f"photos/{photo['id']}/saved").status_code == 200


def test_nothing_of_the_private_folder_or_beside_it_can_be_asked_for(studio, client, photo):
    for path in (
        "photos/..%2f..%2fetc%2fpasswd/thumbnail", "saved/..%2fcamera.png", "..%2fserver.py", "page/../server.py",
        f"saved/{photo['id']}", "photos/%00/hints", "static/server.py", "server.py",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert "error" in answer.json() or answer.text == "Not Found"
    assert str(studio.folder) not in client.get("session").text


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"[" * 100_000, b'{"hints": 3}', b'{"hints": [{"x": 1}]}', b'{"hints": [], "vividness": 3}',
        b'{"hints": [{"x": 9999, "y": 1, "colour": "red"}]}', b'{"hints": [], "restore_contrast": 1}',
        b'{"hints": [{"x": 1, "y": 1, "colour": "url(http://evil)"}]}', b'{"hints": [], "vividness": NaN}',
    ],
)  # fmt: skip
def test_wrong_colours_get_a_sentence(client, photo, body):
    answer = client.put(f"photos/{photo['id']}/colours", content=body)
    assert answer.status_code == 422
    assert answer.json()["error"].endswith(".")
    assert recoloured(client, photo).status_code == 200


def test_too_much_is_refused(client, photo):
    answer = client.put(f"photos/{photo['id']}/colours", content=b" " * 2_000_000)
    assert answer.status_code == 413
    connection = HTTPConnection(client.base_url.host, client.base_url.port)
    connection.putrequest("POST", "/photos")
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    for name, value in {**client.headers, "Cookie": cookie, "Content-Length": 10**12}.items():
        connection.putheader(name, value)
    connection.endheaders()  # and no body: what it claims is too much already
    assert connection.getresponse().status == 413
    connection.close()


def test_photos_that_wait_can_be_stopped_and_gone_on_with(client):
    content = (SHIPPED / "camera.png").read_bytes()
    for number in range(12):
        send(client, content, f"{number}.png")
    assert client.post("stop").status_code == 204
    states = {photo["state"] for photo in client.get("session").json()["photos"]}
    assert states <= {"ready", "stopped", "waiting"}
    client.post("go-on")
    assert {photo["state"] for photo in settled(client)} == {"ready"}


def test_the_models_are_told_and_an_unknown_one_is_refused(client):
    told = client.get("session").json()
    (shipped,) = told["models"]
    assert shipped["id"] == told["model"]
    assert client.post("model", json={"id": "../../model.h5"}).status_code == 404
    assert client.post("model", json={"id": shipped["id"]}).json() == {"id": shipped["id"]}
