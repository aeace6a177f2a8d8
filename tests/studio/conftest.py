"""One studio for all tests of a worker that need one, and one browser for all of a file: both take seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.studio.browsing import chromium
from tests.studio.serving import Running, running


@pytest.fixture(scope="session")
def studio(tmp_path_factory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("studio")) as started:
        yield started


@pytest.fixture
def client(studio: Running) -> Iterator[httpx2.Client]:
    """A client of a studio without photos, and without colors in its palette."""
    with studio.client() as client:
        for photo in client.get("session").json()["photos"]:
            client.delete(f"photos/{photo['id']}")
        client.put("page", json={"palette": []})
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: while Playwright runs, no test of its thread can run an event loop."""
    with chromium() as browser:
        yield browser
