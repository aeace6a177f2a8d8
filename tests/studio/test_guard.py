"""Nobody gets in: real requests, over a real connection, to an application that answers everyone."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from colorizer.studio.address import Address
from colorizer.studio.guard import HEADERS, OWN_HEADER, Guard
from tests.studio.serving import TOKEN, served

PASS = "a-pass-that-opens-once"
CLIENT = httpx2.Client(verify=False)


def guarded(port: int, host: str = "127.0.0.1", public: str = "") -> Guard:
    def answer(request):
        return PlainTextResponse("reached")

    routes = [Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE"])]
    return Guard(Starlette(routes=routes), Address(host, port, public), TOKEN, (PASS,))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(guarded) as port:
        yield port


def request(port: int, method: str = "GET", path: str = "/photos", cookie: bool = True, **headers: str):
    own = {"Cookie": f"colorizer-studio-{port}={TOKEN}"} if cookie else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    CLIENT.cookies.clear()
    return CLIENT.request(method, f"http://127.0.0.1:{port}{path}", headers={**own, **named})


def changing(port: int, **headers: str):
    return request(port, "POST", **{OWN_HEADER.replace("-", "_"): "1", **headers})


def test_the_printed_address_opens_the_page_and_its_cookie_everything_else(port):
    opened = CLIENT.get(Address("127.0.0.1", port).page(TOKEN))
    assert opened.text == "reached"
    cookie = opened.headers["set-cookie"]
    assert cookie == f"colorizer-studio-{port}={TOKEN}; Path=/; HttpOnly; SameSite=Strict"
    assert request(port, Cookie=cookie.partition(";")[0]).text == "reached"


@pytest.mark.parametrize("other", ['a={"x": 1}', "theme=dark mode", "naked", 'b="'])
def test_a_cookie_of_another_program_on_this_machine_locks_nobody_out(port, other):
    own = f"colorizer-studio-{port}={TOKEN}"
    for cookies in (f"{other}; {own}", f"{own}; {other}"):
        assert request(port, cookie=False, Cookie=cookies).text == "reached"
    assert request(port, cookie=False, Cookie=other).status_code == 403


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "a", "tokén"])
def test_without_the_token_nothing_is_answered(port, token):
    assert request(port, path=f"/?token={token}", cookie=False).status_code == 403
    assert request(port, cookie=False).status_code == 403
    assert request(port, cookie=False, Cookie=f"colorizer-studio-{port}={token.replace('é', 'e')}").status_code == 403
    assert request(port, path=f"/photos?token={TOKEN}", cookie=False).status_code == 403


def test_a_pass_opens_the_page_once(port):
    assert request(port, path=f"/?token={PASS}", cookie=False).status_code == 200
    assert request(port, path=f"/?token={PASS}", cookie=False).status_code == 403


@pytest.mark.parametrize("host", ["localhost:{port}", "[::1]:{port}", "127.0.0.1:{port}", "LOCALHOST:{port}"])
def test_its_own_names_are_answered(port, host):
    assert request(port, Host=host.format(port=port)).text == "reached"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "[::2]:{port}", "[::1",
        "me@127.0.0.1:{port}", "127.0.0.1:{port}/x", "192.168.1.4:{port}", "localhost.:{port}", "",
    ],
)  # fmt: skip
def test_a_name_that_was_pointed_at_this_machine_is_refused(port, host):
    refused = request(port, Host=host.format(port=port))
    assert refused.status_code == 400
    assert "reached" not in refused.text


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1", "file://", "http://"])
def test_a_foreign_origin_is_refused(port, origin):
    assert changing(port, Origin=origin).status_code == 403
    assert request(port, Origin=origin).status_code == 403


def test_its_own_origin_is_answered(port):
    assert changing(port, Origin=f"http://127.0.0.1:{port}", Sec_Fetch_Site="same-origin").text == "reached"
    assert request(port, Sec_Fetch_Site="none", path="/").text == "reached"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_page_sends_is_refused(port, site):
    assert request(port, Sec_Fetch_Site=site).status_code == 403
    assert changing(port, Sec_Fetch_Site=site).status_code == 403
    assert changing(port, Sec_Fetch_Site="none").status_code == 403


def test_the_printed_address_may_be_clicked_in_another_page(port):
    assert request(port, path=f"/?token={TOKEN}", cookie=False, Sec_Fetch_Site="cross-site").text == "reached"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_change_needs_a_header_that_no_foreign_page_can_send(port, method):
    refused = request(port, method)
    assert refused.status_code == 403
    assert not [name for name in refused.headers if name.startswith("access-control")]


def test_every_answer_allows_the_page_nothing_but_its_own_files(port):
    for answer in (request(port), request(port, cookie=False), request(port, Host="evil.example")):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_behind_a_proxy_its_public_name_is_its_own():
    with served(lambda port: guarded(port, public="https://photos.example/studio")) as port:
        origin = {"Host": "photos.example", "Origin": "https://photos.example"}
        assert changing(port, **origin).text == "reached"
        assert changing(port, Host=f"127.0.0.1:{port}", Origin="https://photos.example").text == "reached"
        assert changing(port, Host="other.example").status_code == 400
        for path in ("/", "/studio/"):  # whether or not the proxy takes its path away
            opened = request(port, path=f"{path}?token={TOKEN}", cookie=False, **origin)
            assert "Path=/studio/;" in opened.headers["set-cookie"]
        assert Address("127.0.0.1", port, "/studio").page("t") == f"http://127.0.0.1:{port}/studio/?token=t"


def test_on_another_address_numbers_are_answered_and_names_are_not():
    address = Address("0.0.0.0", 7860)
    assert not address.is_local
    assert address.is_own("192.168.1.4:7860")
    assert address.is_own("[fd00::1]:7860")
    assert not address.is_own("evil.example:7860")
