"""The studio's beginning and its end, as scripts rely on them."""

from __future__ import annotations

import signal

import httpx2
import pytest

from tests.conftest import SHIPPED
from tests.studio.serving import TOKEN, running

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_once_its_address_is_printed_and_a_signal_ends_it_and_its_folder(tmp_path, number):
    with running(tmp_path, "--private", "--port", "7991", "--token", TOKEN) as studio:
        assert studio.address.startswith("http://127.0.0.1:79")
        assert studio.address.endswith(f"/?token={TOKEN}")
        with studio.client() as client, client.stream("GET", "events"):  # a page is open
            photo = client.post("photos", content=(SHIPPED / "camera.png").read_bytes()).json()
            assert client.put(f"photos/{photo['id']}/colours", json={"hints": []}).status_code == 200
            (folder,) = studio.folder.glob("colorizer-studio-*")
            assert folder.stat().st_mode & 0o077 == 0, "nobody else's business"
            studio.process.send_signal(number)
            assert studio.process.wait(20) == 0
        assert list(studio.folder.glob("colorizer-studio-*")) == []
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(studio.base)


def test_a_port_that_is_taken_gives_way_to_the_next(tmp_path, studio):
    taken = httpx2.URL(studio.base).port
    with running(tmp_path, "--port", str(taken), "--host", "0.0.0.0") as other:
        assert httpx2.URL(other.address).port > taken
        assert f"Port {taken} is taken" in " ".join(other.said)
        assert "Listening on 0.0.0.0: anyone who can reach this machine" in " ".join(other.said)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--token", "short"), "at least 16 characters"),
        (("--root-path", "javascript:alert(1)"), "neither a path"),
        (("--port", "99999"), "the maximum is 65535"),
    ],
)
def test_wrong_flags_are_refused_with_a_sentence(command, flags, said):
    done = command("studio", *flags)
    assert done.returncode == 2
    assert said in done.stderr
